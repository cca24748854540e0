public import COpsin

// One line a struct: see `initialize` for what they do, opsin.h for what they are for.

@c @implementation
public func opsin_device_info_init(_ info: UnsafeMutablePointer<opsin_device_info>?, _ size: UInt32) { unsafe initialize(info, size) }

@c @implementation
public func opsin_runtime_options_init(_ options: UnsafeMutablePointer<opsin_runtime_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_memory_init(_ memory: UnsafeMutablePointer<opsin_memory>?, _ size: UInt32) { unsafe initialize(memory, size) }

@c @implementation
public func opsin_tensor_init(_ tensor: UnsafeMutablePointer<opsin_tensor>?, _ size: UInt32) { unsafe initialize(tensor, size) }

@c @implementation
public func opsin_model_options_init(_ options: UnsafeMutablePointer<opsin_model_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_model_files_init(_ files: UnsafeMutablePointer<opsin_model_files>?, _ size: UInt32) { unsafe initialize(files, size) }

@c @implementation
public func opsin_session_options_init(_ options: UnsafeMutablePointer<opsin_session_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_task_options_init(_ options: UnsafeMutablePointer<opsin_task_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_image_init(_ image: UnsafeMutablePointer<opsin_image>?, _ size: UInt32) { unsafe initialize(image, size) }

@c @implementation
public func opsin_decode_options_init(_ options: UnsafeMutablePointer<opsin_decode_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_geometry_init(_ geometry: UnsafeMutablePointer<opsin_geometry>?, _ size: UInt32) { unsafe initialize(geometry, size) }

@c @implementation
public func opsin_timings_init(_ timings: UnsafeMutablePointer<opsin_timings>?, _ size: UInt32) { unsafe initialize(timings, size) }

@c @implementation
public func opsin_classes_init(_ classes: UnsafeMutablePointer<opsin_classes>?, _ size: UInt32) { unsafe initialize(classes, size) }

@c @implementation
public func opsin_detections_init(_ detections: UnsafeMutablePointer<opsin_detections>?, _ size: UInt32) { unsafe initialize(detections, size) }

@c @implementation
public func opsin_mask_init(_ mask: UnsafeMutablePointer<opsin_mask>?, _ size: UInt32) { unsafe initialize(mask, size) }

@c @implementation
public func opsin_segments_init(_ segments: UnsafeMutablePointer<opsin_segments>?, _ size: UInt32) { unsafe initialize(segments, size) }

@c @implementation
public func opsin_regions_init(_ regions: UnsafeMutablePointer<opsin_regions>?, _ size: UInt32) { unsafe initialize(regions, size) }

@c @implementation
public func opsin_depth_init(_ depth: UnsafeMutablePointer<opsin_depth>?, _ size: UInt32) { unsafe initialize(depth, size) }

@c @implementation
public func opsin_canvas_init(_ canvas: UnsafeMutablePointer<opsin_canvas>?, _ size: UInt32) { unsafe initialize(canvas, size) }

@c @implementation
public func opsin_draw_options_init(_ options: UnsafeMutablePointer<opsin_draw_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_stream_options_init(_ options: UnsafeMutablePointer<opsin_stream_options>?, _ size: UInt32) { unsafe initialize(options, size) }

@c @implementation
public func opsin_stream_stats_init(_ stats: UnsafeMutablePointer<opsin_stream_stats>?, _ size: UInt32) { unsafe initialize(stats, size) }

@c @implementation
public func opsin_vulkan_handles_init(_ handles: UnsafeMutablePointer<opsin_vulkan_handles>?, _ size: UInt32) { unsafe initialize(handles, size) }

@c @implementation
public func opsin_buffer_source_init(_ source: UnsafeMutablePointer<opsin_buffer_source>?, _ size: UInt32) { unsafe initialize(source, size) }
