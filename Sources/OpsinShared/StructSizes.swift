internal import COpsin

// The size of each struct in its first version: these numbers never change (Tests/ABITests/layout.c).
extension opsin_device_info: VersionedStruct { static var firstBytes: Int { 888 } }
extension opsin_runtime_options: VersionedStruct { static var firstBytes: Int { 32 } }
extension opsin_memory: VersionedStruct { static var firstBytes: Int { 72 } }
extension opsin_tensor: VersionedStruct { static var firstBytes: Int { 120 } }
extension opsin_model_options: VersionedStruct { static var firstBytes: Int { 16 } }
extension opsin_model_files: VersionedStruct { static var firstBytes: Int { 56 } }
extension opsin_session_options: VersionedStruct { static var firstBytes: Int { 56 } }
extension opsin_task_options: VersionedStruct { static var firstBytes: Int { 48 } }
extension opsin_image: VersionedStruct { static var firstBytes: Int { 80 } }
extension opsin_decode_options: VersionedStruct { static var firstBytes: Int { 24 } }
extension opsin_geometry: VersionedStruct { static var firstBytes: Int { 88 } }
extension opsin_timings: VersionedStruct { static var firstBytes: Int { 88 } }
extension opsin_classes: VersionedStruct { static var firstBytes: Int { 32 } }
extension opsin_detections: VersionedStruct { static var firstBytes: Int { 40 } }
extension opsin_mask: VersionedStruct { static var firstBytes: Int { 32 } }
extension opsin_segments: VersionedStruct { static var firstBytes: Int { 40 } }
extension opsin_regions: VersionedStruct { static var firstBytes: Int { 40 } }
extension opsin_depth: VersionedStruct { static var firstBytes: Int { 32 } }
extension opsin_canvas: VersionedStruct { static var firstBytes: Int { 32 } }
extension opsin_draw_options: VersionedStruct { static var firstBytes: Int { 48 } }
extension opsin_stream_options: VersionedStruct { static var firstBytes: Int { 20 } }
extension opsin_stream_stats: VersionedStruct { static var firstBytes: Int { 56 } }
extension opsin_vulkan_handles: VersionedStruct { static var firstBytes: Int { 88 } }
extension opsin_buffer_source: VersionedStruct { static var firstBytes: Int { 32 } }
