/*
 * Sizes and offsets of every struct of opsin.h on 64-bit machines, pinned: a struct only grows at its end, so a line here never changes.
 * What is added gets new lines; ROW(struct, size in its first version), GREW(struct, first new field, size before, size now), then FIELD lines in order.
 * Compiled, not run.
 */
#include <opsin.h>

#define ROW(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define GREW(type, first_new, bytes, now) \
    _Static_assert(offsetof(type, first_new) == (bytes) && sizeof(type) == (now), "size of " #type)
#define FIELD(type, field, at) _Static_assert(offsetof(type, field) == (at), "offset of " #type "." #field)

_Static_assert(sizeof(void *) == 8, "the numbers are those of 64-bit machines");
_Static_assert(sizeof(opsin_status) == 4, "opsin_status is 32 bits");

GREW(opsin_device_info, other_drivers, 888, 1144);
FIELD(opsin_device_info, struct_size, 0);
FIELD(opsin_device_info, kind, 4);
FIELD(opsin_device_info, gpu_type, 8);
FIELD(opsin_device_info, flags, 12);
FIELD(opsin_device_info, cores, 16);
FIELD(opsin_device_info, subgroup_size, 20);
FIELD(opsin_device_info, api_version, 24);
FIELD(opsin_device_info, vendor_id, 28);
FIELD(opsin_device_info, memory_bytes, 32);
FIELD(opsin_device_info, uuid, 40);
FIELD(opsin_device_info, id, 56);
FIELD(opsin_device_info, name, 120);
FIELD(opsin_device_info, driver, 376);
FIELD(opsin_device_info, reason, 632);
FIELD(opsin_device_info, other_drivers, 888);

ROW(opsin_runtime_options, 32);
FIELD(opsin_runtime_options, struct_size, 0);
FIELD(opsin_runtime_options, flags, 4);
FIELD(opsin_runtime_options, device, 8);
FIELD(opsin_runtime_options, cache_dir, 16);
FIELD(opsin_runtime_options, extra, 24);

ROW(opsin_memory, 72);
FIELD(opsin_memory, struct_size, 0);
FIELD(opsin_memory, unused, 4);
FIELD(opsin_memory, host_now, 8);
FIELD(opsin_memory, host_peak, 16);
FIELD(opsin_memory, device_now, 24);
FIELD(opsin_memory, device_peak, 32);
FIELD(opsin_memory, weights, 40);
FIELD(opsin_memory, activations, 48);
FIELD(opsin_memory, staging, 56);
FIELD(opsin_memory, cache, 64);

ROW(opsin_tensor, 120);
FIELD(opsin_tensor, struct_size, 0);
FIELD(opsin_tensor, dtype, 4);
FIELD(opsin_tensor, layout, 8);
FIELD(opsin_tensor, rank, 12);
FIELD(opsin_tensor, dims, 16);
FIELD(opsin_tensor, name, 80);
FIELD(opsin_tensor, data, 88);
FIELD(opsin_tensor, byte_count, 96);
FIELD(opsin_tensor, buffer, 104);
FIELD(opsin_tensor, buffer_offset, 112);

ROW(opsin_model_options, 16);
FIELD(opsin_model_options, struct_size, 0);
FIELD(opsin_model_options, flags, 4);
FIELD(opsin_model_options, extra, 8);

ROW(opsin_model_files, 56);
FIELD(opsin_model_files, struct_size, 0);
FIELD(opsin_model_files, unused, 4);
FIELD(opsin_model_files, config, 8);
FIELD(opsin_model_files, config_bytes, 16);
FIELD(opsin_model_files, preprocessor, 24);
FIELD(opsin_model_files, preprocessor_bytes, 32);
FIELD(opsin_model_files, weights, 40);
FIELD(opsin_model_files, weights_bytes, 48);

ROW(opsin_session_options, 56);
FIELD(opsin_session_options, struct_size, 0);
FIELD(opsin_session_options, flags, 4);
FIELD(opsin_session_options, precision, 8);
FIELD(opsin_session_options, threads, 12);
FIELD(opsin_session_options, timeout_ms, 16);
FIELD(opsin_session_options, max_batch, 20);
FIELD(opsin_session_options, input_width, 24);
FIELD(opsin_session_options, input_height, 28);
FIELD(opsin_session_options, kept_plans, 32);
FIELD(opsin_session_options, depth_scale, 36);
FIELD(opsin_session_options, features, 40);
FIELD(opsin_session_options, extra, 48);

ROW(opsin_task_options, 48);
FIELD(opsin_task_options, struct_size, 0);
FIELD(opsin_task_options, flags, 4);
FIELD(opsin_task_options, top_k, 8);
FIELD(opsin_task_options, max_count, 12);
FIELD(opsin_task_options, threshold, 16);
FIELD(opsin_task_options, fit, 20);
FIELD(opsin_task_options, allow, 24);
FIELD(opsin_task_options, deny, 32);
FIELD(opsin_task_options, allow_count, 40);
FIELD(opsin_task_options, deny_count, 44);

ROW(opsin_image, 80);
FIELD(opsin_image, struct_size, 0);
FIELD(opsin_image, format, 4);
FIELD(opsin_image, width, 8);
FIELD(opsin_image, height, 12);
FIELD(opsin_image, stride_bytes, 16);
FIELD(opsin_image, data, 24);
FIELD(opsin_image, orientation, 32);
FIELD(opsin_image, has_roi, 36);
FIELD(opsin_image, roi_x, 40);
FIELD(opsin_image, roi_y, 44);
FIELD(opsin_image, roi_width, 48);
FIELD(opsin_image, roi_height, 52);
FIELD(opsin_image, timestamp_us, 56);
FIELD(opsin_image, buffer, 64);
FIELD(opsin_image, buffer_offset, 72);

ROW(opsin_decode_options, 24);
FIELD(opsin_decode_options, struct_size, 0);
FIELD(opsin_decode_options, flags, 4);
FIELD(opsin_decode_options, min_width, 8);
FIELD(opsin_decode_options, min_height, 12);
FIELD(opsin_decode_options, max_pixels, 16);

ROW(opsin_geometry, 88);
FIELD(opsin_geometry, struct_size, 0);
FIELD(opsin_geometry, image_width, 4);
FIELD(opsin_geometry, image_height, 8);
FIELD(opsin_geometry, input_width, 12);
FIELD(opsin_geometry, input_height, 16);
FIELD(opsin_geometry, unused, 20);
FIELD(opsin_geometry, source_x, 24);
FIELD(opsin_geometry, source_y, 32);
FIELD(opsin_geometry, source_width, 40);
FIELD(opsin_geometry, source_height, 48);
FIELD(opsin_geometry, target_x, 56);
FIELD(opsin_geometry, target_y, 64);
FIELD(opsin_geometry, target_width, 72);
FIELD(opsin_geometry, target_height, 80);

ROW(opsin_timings, 88);
FIELD(opsin_timings, struct_size, 0);
FIELD(opsin_timings, unused, 4);
FIELD(opsin_timings, total_ms, 8);
FIELD(opsin_timings, decode_ms, 16);
FIELD(opsin_timings, preprocess_ms, 24);
FIELD(opsin_timings, run_ms, 32);
FIELD(opsin_timings, postprocess_ms, 40);
FIELD(opsin_timings, plan_ms, 48);
FIELD(opsin_timings, upload_ms, 56);
FIELD(opsin_timings, device_ms, 64);
FIELD(opsin_timings, readback_ms, 72);
FIELD(opsin_timings, queue_ms, 80);

ROW(opsin_classes, 32);
FIELD(opsin_classes, struct_size, 0);
FIELD(opsin_classes, count, 4);
FIELD(opsin_classes, label_id, 8);
FIELD(opsin_classes, score, 16);
FIELD(opsin_classes, label, 24);

ROW(opsin_detections, 40);
FIELD(opsin_detections, struct_size, 0);
FIELD(opsin_detections, count, 4);
FIELD(opsin_detections, box, 8);
FIELD(opsin_detections, score, 16);
FIELD(opsin_detections, label_id, 24);
FIELD(opsin_detections, label, 32);

ROW(opsin_mask, 32);
FIELD(opsin_mask, struct_size, 0);
FIELD(opsin_mask, width, 4);
FIELD(opsin_mask, height, 8);
FIELD(opsin_mask, label_count, 12);
FIELD(opsin_mask, label_id, 16);
FIELD(opsin_mask, confidence, 24);

ROW(opsin_segments, 40);
FIELD(opsin_segments, struct_size, 0);
FIELD(opsin_segments, count, 4);
FIELD(opsin_segments, label_id, 8);
FIELD(opsin_segments, share, 16);
FIELD(opsin_segments, pixels, 24);
FIELD(opsin_segments, label, 32);

ROW(opsin_regions, 40);
FIELD(opsin_regions, struct_size, 0);
FIELD(opsin_regions, count, 4);
FIELD(opsin_regions, label_id, 8);
FIELD(opsin_regions, pixels, 16);
FIELD(opsin_regions, box, 24);
FIELD(opsin_regions, label, 32);

ROW(opsin_depth, 32);
FIELD(opsin_depth, struct_size, 0);
FIELD(opsin_depth, kind, 4);
FIELD(opsin_depth, width, 8);
FIELD(opsin_depth, height, 12);
FIELD(opsin_depth, min, 16);
FIELD(opsin_depth, max, 20);
FIELD(opsin_depth, data, 24);

ROW(opsin_canvas, 32);
FIELD(opsin_canvas, struct_size, 0);
FIELD(opsin_canvas, format, 4);
FIELD(opsin_canvas, width, 8);
FIELD(opsin_canvas, height, 12);
FIELD(opsin_canvas, stride_bytes, 16);
FIELD(opsin_canvas, data, 24);

ROW(opsin_draw_options, 48);
FIELD(opsin_draw_options, struct_size, 0);
FIELD(opsin_draw_options, flags, 4);
FIELD(opsin_draw_options, style, 8);
FIELD(opsin_draw_options, colormap, 12);
FIELD(opsin_draw_options, opacity, 16);
FIELD(opsin_draw_options, line_width, 20);
FIELD(opsin_draw_options, text_height, 24);
FIELD(opsin_draw_options, near_value, 28);
FIELD(opsin_draw_options, far_value, 32);
FIELD(opsin_draw_options, palette_count, 36);
FIELD(opsin_draw_options, palette, 40);

ROW(opsin_stream_options, 20);
FIELD(opsin_stream_options, struct_size, 0);
FIELD(opsin_stream_options, flags, 4);
FIELD(opsin_stream_options, queue_depth, 8);
FIELD(opsin_stream_options, drop, 12);
FIELD(opsin_stream_options, in_flight, 16);

ROW(opsin_stream_stats, 56);
FIELD(opsin_stream_stats, struct_size, 0);
FIELD(opsin_stream_stats, waiting, 4);
FIELD(opsin_stream_stats, pushed, 8);
FIELD(opsin_stream_stats, done, 16);
FIELD(opsin_stream_stats, dropped, 24);
FIELD(opsin_stream_stats, failed, 32);
FIELD(opsin_stream_stats, latency_ms, 40);
FIELD(opsin_stream_stats, per_second, 48);

ROW(opsin_vulkan_handles, 88);
FIELD(opsin_vulkan_handles, struct_size, 0);
FIELD(opsin_vulkan_handles, api_version, 4);
FIELD(opsin_vulkan_handles, get_instance_proc_addr, 8);
FIELD(opsin_vulkan_handles, instance, 16);
FIELD(opsin_vulkan_handles, physical_device, 24);
FIELD(opsin_vulkan_handles, device, 32);
FIELD(opsin_vulkan_handles, queue, 40);
FIELD(opsin_vulkan_handles, queue_family, 48);
FIELD(opsin_vulkan_handles, extension_count, 52);
FIELD(opsin_vulkan_handles, extensions, 56);
FIELD(opsin_vulkan_handles, lock_queue, 64);
FIELD(opsin_vulkan_handles, unlock_queue, 72);
FIELD(opsin_vulkan_handles, user, 80);

ROW(opsin_buffer_source, 32);
FIELD(opsin_buffer_source, struct_size, 0);
FIELD(opsin_buffer_source, kind, 4);
FIELD(opsin_buffer_source, handle, 8);
FIELD(opsin_buffer_source, fd, 16);
FIELD(opsin_buffer_source, unused, 20);
FIELD(opsin_buffer_source, byte_count, 24);

