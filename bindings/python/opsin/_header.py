"""opsin.h for ctypes. Made by Scripts/python_header.py; not to be edited."""

import ctypes
from typing import Any

OPSIN_VERSION_MAJOR = 0
OPSIN_VERSION_MINOR = 1
OPSIN_VERSION_PATCH = 0
OPSIN_ABI_VERSION = 2
OPSIN_OK = 0
OPSIN_PENDING = 1
OPSIN_E_ARGUMENT = -1
OPSIN_E_VERSION = -2
OPSIN_E_BUSY = -3
OPSIN_E_UNSUPPORTED = -4
OPSIN_E_NOT_FOUND = -5
OPSIN_E_IO = -6
OPSIN_E_IMAGE = -7
OPSIN_E_MODEL = -8
OPSIN_E_DEVICE = -9
OPSIN_E_MEMORY = -10
OPSIN_E_TIMEOUT = -11
OPSIN_E_CANCELLED = -12
OPSIN_E_PARTIAL = -13
OPSIN_E_STATE = -14
OPSIN_E_INTERNAL = -15
OPSIN_LOG_DEBUG = 0
OPSIN_LOG_INFO = 1
OPSIN_LOG_WARNING = 2
OPSIN_LOG_ERROR = 3
OPSIN_DEVICE_CPU = 0
OPSIN_DEVICE_VULKAN = 1
OPSIN_GPU_NONE = 0
OPSIN_GPU_DISCRETE = 1
OPSIN_GPU_INTEGRATED = 2
OPSIN_GPU_VIRTUAL = 3
OPSIN_GPU_SOFTWARE = 4
OPSIN_DEVICE_FP16 = 0x01
OPSIN_DEVICE_BF16 = 0x02
OPSIN_DEVICE_INT8 = 0x04
OPSIN_DEVICE_COOPERATIVE_MATRIX = 0x08
OPSIN_DEVICE_AUTO = 0x10
OPSIN_DEVICE_USABLE = 0x20
OPSIN_RUNTIME_NO_CPU_FALLBACK = 0x1
OPSIN_RUNTIME_DETERMINISTIC = 0x2
OPSIN_MAX_RANK = 8
OPSIN_DTYPE_F32 = 0
OPSIN_DTYPE_F16 = 1
OPSIN_DTYPE_BF16 = 2
OPSIN_DTYPE_I32 = 3
OPSIN_DTYPE_I64 = 4
OPSIN_DTYPE_U8 = 5
OPSIN_DTYPE_I8 = 6
OPSIN_DTYPE_U16 = 7
OPSIN_LAYOUT_NHWC = 0
OPSIN_LAYOUT_NCHW = 1
OPSIN_LAYOUT_FLAT = 2
OPSIN_TASK_NONE = 0
OPSIN_TASK_CLASSIFY = 1
OPSIN_TASK_DETECT = 2
OPSIN_TASK_SEGMENT = 3
OPSIN_TASK_DEPTH = 4
OPSIN_MODEL_USE_TEST_SIZE = 0x1
OPSIN_PRECISION_DEFAULT = 0
OPSIN_PRECISION_FP32 = 1
OPSIN_PRECISION_FP16 = 2
OPSIN_PRECISION_BF16 = 3
OPSIN_PRECISION_INT8 = 4
OPSIN_PRECISION_AUTO = 5
OPSIN_SESSION_PROFILE = 0x1
OPSIN_FIT_MODEL = 0
OPSIN_FIT_WHOLE = 1
OPSIN_TASK_NO_CLIP = 0x01
OPSIN_TASK_LOGITS = 0x02
OPSIN_TASK_CONFIDENCE = 0x04
OPSIN_TASK_PROBABILITIES = 0x08
OPSIN_TASK_REGIONS = 0x10
OPSIN_FORMAT_RGB8 = 0
OPSIN_FORMAT_BGR8 = 1
OPSIN_FORMAT_RGBA8 = 2
OPSIN_FORMAT_BGRA8 = 3
OPSIN_FORMAT_GRAY8 = 4
OPSIN_FORMAT_GRAY16 = 5
OPSIN_FORMAT_RGB16 = 6
OPSIN_FORMAT_GRAY_F32 = 7
OPSIN_FORMAT_RGB_F32 = 8
OPSIN_DECODE_KEEP_GRAY = 0x1
OPSIN_DECODE_KEEP_DEPTH = 0x2
OPSIN_DECODE_AS_STORED = 0x4
OPSIN_FILTER_NEAREST = 0
OPSIN_FILTER_LANCZOS = 1
OPSIN_FILTER_BILINEAR = 2
OPSIN_FILTER_BICUBIC = 3
OPSIN_FILTER_BOX = 4
OPSIN_FILTER_HAMMING = 5
OPSIN_MASK_OUTSIDE = 65535
OPSIN_DEPTH_RELATIVE_INVERSE = 0
OPSIN_DEPTH_RELATIVE = 1
OPSIN_DEPTH_METRIC = 2
OPSIN_DRAW_OVERLAY = 0
OPSIN_DRAW_MAP = 1
OPSIN_COLORMAP_DEFAULT = 0
OPSIN_COLORMAP_GRAY = 1
OPSIN_COLORMAP_VIRIDIS = 2
OPSIN_COLORMAP_INFERNO = 3
OPSIN_COLORMAP_MAGMA = 4
OPSIN_COLORMAP_TURBO = 5
OPSIN_COLORMAP_SPECTRAL = 6
OPSIN_DRAW_NO_LABELS = 0x1
OPSIN_DRAW_LEGEND = 0x2
OPSIN_SUBMIT_COPY = 0x1
OPSIN_DROP_NOTHING = 0
OPSIN_DROP_OLDEST = 1
OPSIN_DROP_NEWEST = 2
OPSIN_STREAM_UNORDERED = 0x1
OPSIN_BUFFER_HOST = 0
OPSIN_BUFFER_OPAQUE_FD = 1
OPSIN_BUFFER_DMA_BUF = 2
OPSIN_BUFFER_VULKAN = 3

opsin_log_fn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)
opsin_done_fn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class opsin_device_info(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("kind", ctypes.c_int32),
        ("gpu_type", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("cores", ctypes.c_uint32),
        ("subgroup_size", ctypes.c_uint32),
        ("api_version", ctypes.c_uint32),
        ("vendor_id", ctypes.c_uint32),
        ("memory_bytes", ctypes.c_uint64),
        ("uuid", ctypes.c_uint8 * 16),
        ("id", ctypes.c_char * 64),
        ("name", ctypes.c_char * 256),
        ("driver", ctypes.c_char * 256),
        ("reason", ctypes.c_char * 256),
        ("other_drivers", ctypes.c_char * 256),
    ]


class opsin_runtime_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("device", ctypes.c_char_p),
        ("cache_dir", ctypes.c_char_p),
        ("extra", ctypes.c_char_p),
    ]


class opsin_memory(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
        ("host_now", ctypes.c_uint64),
        ("host_peak", ctypes.c_uint64),
        ("device_now", ctypes.c_uint64),
        ("device_peak", ctypes.c_uint64),
        ("weights", ctypes.c_uint64),
        ("activations", ctypes.c_uint64),
        ("staging", ctypes.c_uint64),
        ("cache", ctypes.c_uint64),
    ]


class opsin_tensor(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("dtype", ctypes.c_int32),
        ("layout", ctypes.c_int32),
        ("rank", ctypes.c_uint32),
        ("dims", ctypes.c_int64 * OPSIN_MAX_RANK),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("byte_count", ctypes.c_uint64),
        ("buffer", ctypes.c_void_p),
        ("buffer_offset", ctypes.c_uint64),
    ]


class opsin_model_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("extra", ctypes.c_char_p),
    ]


class opsin_model_files(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
        ("config", ctypes.c_void_p),
        ("config_bytes", ctypes.c_uint64),
        ("preprocessor", ctypes.c_void_p),
        ("preprocessor_bytes", ctypes.c_uint64),
        ("weights", ctypes.c_void_p),
        ("weights_bytes", ctypes.c_uint64),
    ]


class opsin_session_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("precision", ctypes.c_uint32),
        ("threads", ctypes.c_uint32),
        ("timeout_ms", ctypes.c_uint32),
        ("max_batch", ctypes.c_uint32),
        ("input_width", ctypes.c_uint32),
        ("input_height", ctypes.c_uint32),
        ("kept_plans", ctypes.c_uint32),
        ("depth_scale", ctypes.c_uint32),
        ("features", ctypes.c_char_p),
        ("extra", ctypes.c_char_p),
    ]


class opsin_task_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("top_k", ctypes.c_uint32),
        ("max_count", ctypes.c_uint32),
        ("threshold", ctypes.c_float),
        ("fit", ctypes.c_int32),
        ("allow", ctypes.POINTER(ctypes.c_char_p)),
        ("deny", ctypes.POINTER(ctypes.c_char_p)),
        ("allow_count", ctypes.c_uint32),
        ("deny_count", ctypes.c_uint32),
    ]


class opsin_image(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("format", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("stride_bytes", ctypes.c_int64),
        ("data", ctypes.c_void_p),
        ("orientation", ctypes.c_int32),
        ("has_roi", ctypes.c_int32),
        ("roi_x", ctypes.c_float),
        ("roi_y", ctypes.c_float),
        ("roi_width", ctypes.c_float),
        ("roi_height", ctypes.c_float),
        ("timestamp_us", ctypes.c_int64),
        ("buffer", ctypes.c_void_p),
        ("buffer_offset", ctypes.c_uint64),
    ]


class opsin_decode_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("min_width", ctypes.c_uint32),
        ("min_height", ctypes.c_uint32),
        ("max_pixels", ctypes.c_uint64),
    ]


class opsin_geometry(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("image_width", ctypes.c_int32),
        ("image_height", ctypes.c_int32),
        ("input_width", ctypes.c_int32),
        ("input_height", ctypes.c_int32),
        ("unused", ctypes.c_int32),
        ("source_x", ctypes.c_double),
        ("source_y", ctypes.c_double),
        ("source_width", ctypes.c_double),
        ("source_height", ctypes.c_double),
        ("target_x", ctypes.c_double),
        ("target_y", ctypes.c_double),
        ("target_width", ctypes.c_double),
        ("target_height", ctypes.c_double),
    ]


class opsin_timings(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
        ("total_ms", ctypes.c_double),
        ("decode_ms", ctypes.c_double),
        ("preprocess_ms", ctypes.c_double),
        ("run_ms", ctypes.c_double),
        ("postprocess_ms", ctypes.c_double),
        ("plan_ms", ctypes.c_double),
        ("upload_ms", ctypes.c_double),
        ("device_ms", ctypes.c_double),
        ("readback_ms", ctypes.c_double),
        ("queue_ms", ctypes.c_double),
    ]


class opsin_classes(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("label_id", ctypes.POINTER(ctypes.c_int32)),
        ("score", ctypes.POINTER(ctypes.c_float)),
        ("label", ctypes.POINTER(ctypes.c_char_p)),
    ]


class opsin_detections(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("box", ctypes.POINTER(ctypes.c_float)),
        ("score", ctypes.POINTER(ctypes.c_float)),
        ("label_id", ctypes.POINTER(ctypes.c_int32)),
        ("label", ctypes.POINTER(ctypes.c_char_p)),
    ]


class opsin_mask(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("label_count", ctypes.c_uint32),
        ("label_id", ctypes.POINTER(ctypes.c_uint16)),
        ("confidence", ctypes.POINTER(ctypes.c_float)),
    ]


class opsin_segments(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("label_id", ctypes.POINTER(ctypes.c_int32)),
        ("share", ctypes.POINTER(ctypes.c_double)),
        ("pixels", ctypes.POINTER(ctypes.c_uint64)),
        ("label", ctypes.POINTER(ctypes.c_char_p)),
    ]


class opsin_regions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("label_id", ctypes.POINTER(ctypes.c_int32)),
        ("pixels", ctypes.POINTER(ctypes.c_uint64)),
        ("box", ctypes.POINTER(ctypes.c_float)),
        ("label", ctypes.POINTER(ctypes.c_char_p)),
    ]


class opsin_depth(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("kind", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("min", ctypes.c_float),
        ("max", ctypes.c_float),
        ("data", ctypes.POINTER(ctypes.c_float)),
    ]


class opsin_canvas(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("format", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("stride_bytes", ctypes.c_int64),
        ("data", ctypes.c_void_p),
    ]


class opsin_draw_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("style", ctypes.c_int32),
        ("colormap", ctypes.c_int32),
        ("opacity", ctypes.c_float),
        ("line_width", ctypes.c_float),
        ("text_height", ctypes.c_float),
        ("near_value", ctypes.c_float),
        ("far_value", ctypes.c_float),
        ("palette_count", ctypes.c_uint32),
        ("palette", ctypes.POINTER(ctypes.c_uint8)),
    ]


class opsin_stream_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("queue_depth", ctypes.c_uint32),
        ("drop", ctypes.c_int32),
        ("in_flight", ctypes.c_uint32),
    ]


class opsin_stream_stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("waiting", ctypes.c_uint32),
        ("pushed", ctypes.c_uint64),
        ("done", ctypes.c_uint64),
        ("dropped", ctypes.c_uint64),
        ("failed", ctypes.c_uint64),
        ("latency_ms", ctypes.c_double),
        ("per_second", ctypes.c_double),
    ]


class opsin_vulkan_handles(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("api_version", ctypes.c_uint32),
        ("get_instance_proc_addr", ctypes.c_void_p),
        ("instance", ctypes.c_void_p),
        ("physical_device", ctypes.c_void_p),
        ("device", ctypes.c_void_p),
        ("queue", ctypes.c_void_p),
        ("queue_family", ctypes.c_uint32),
        ("extension_count", ctypes.c_uint32),
        ("extensions", ctypes.POINTER(ctypes.c_char_p)),
        ("lock_queue", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("unlock_queue", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("user", ctypes.c_void_p),
    ]


class opsin_buffer_source(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("kind", ctypes.c_int32),
        ("handle", ctypes.c_void_p),
        ("fd", ctypes.c_int32),
        ("unused", ctypes.c_uint32),
        ("byte_count", ctypes.c_uint64),
    ]


#: Name of every function to its result and its arguments.
PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "opsin_abi_version": (None, []),
    "opsin_version_string": (ctypes.c_char_p, []),
    "opsin_build_info_json": (ctypes.c_char_p, []),
    "opsin_status_name": (ctypes.c_char_p, [ctypes.c_int32]),
    "opsin_last_error": (ctypes.c_char_p, []),
    "opsin_set_log_callback": (None, [opsin_log_fn, ctypes.c_void_p, ctypes.c_int32]),
    "opsin_device_info_init": (None, [ctypes.POINTER(opsin_device_info), ctypes.c_uint32]),
    "opsin_device_count": (ctypes.c_int32, [ctypes.POINTER(ctypes.c_uint32)]),
    "opsin_device_get": (ctypes.c_int32, [ctypes.c_uint32, ctypes.POINTER(opsin_device_info)]),
    "opsin_runtime_options_init": (None, [ctypes.POINTER(opsin_runtime_options), ctypes.c_uint32]),
    "opsin_runtime_create": (ctypes.c_int32, [ctypes.POINTER(opsin_runtime_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_runtime_retain": (None, [ctypes.c_void_p]),
    "opsin_runtime_release": (None, [ctypes.c_void_p]),
    "opsin_runtime_device": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_device_info)]),
    "opsin_runtime_report_json": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)]),
    "opsin_memory_init": (None, [ctypes.POINTER(opsin_memory), ctypes.c_uint32]),
    "opsin_runtime_memory": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_memory)]),
    "opsin_runtime_trim": (ctypes.c_int32, [ctypes.c_void_p]),
    "opsin_tensor_init": (None, [ctypes.POINTER(opsin_tensor), ctypes.c_uint32]),
    "opsin_model_options_init": (None, [ctypes.POINTER(opsin_model_options), ctypes.c_uint32]),
    "opsin_model_open": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(opsin_model_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_model_open_default": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_int32, ctypes.POINTER(opsin_model_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_model_files_init": (None, [ctypes.POINTER(opsin_model_files), ctypes.c_uint32]),
    "opsin_model_open_memory": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_model_files), ctypes.POINTER(opsin_model_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_model_retain": (None, [ctypes.c_void_p]),
    "opsin_model_release": (None, [ctypes.c_void_p]),
    "opsin_model_task": (ctypes.c_int32, [ctypes.c_void_p]),
    "opsin_model_architecture": (ctypes.c_char_p, [ctypes.c_void_p]),
    "opsin_model_info_json": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)]),
    "opsin_model_label_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "opsin_model_label": (ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_uint32]),
    "opsin_model_palette": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_uint8)), ctypes.POINTER(ctypes.c_uint32)]),
    "opsin_model_input_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "opsin_model_input": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(opsin_tensor)]),
    "opsin_model_output_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "opsin_model_output": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(opsin_tensor)]),
    "opsin_model_feature_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "opsin_model_feature": (ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_uint32]),
    "opsin_session_options_init": (None, [ctypes.POINTER(opsin_session_options), ctypes.c_uint32]),
    "opsin_session_create": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_session_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_session_retain": (None, [ctypes.c_void_p]),
    "opsin_session_release": (None, [ctypes.c_void_p]),
    "opsin_session_set": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "opsin_session_warmup": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32]),
    "opsin_task_options_init": (None, [ctypes.POINTER(opsin_task_options), ctypes.c_uint32]),
    "opsin_session_configure": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_task_options)]),
    "opsin_session_profile_json": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)]),
    "opsin_session_memory": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_memory)]),
    "opsin_image_init": (None, [ctypes.POINTER(opsin_image), ctypes.c_uint32]),
    "opsin_decode_options_init": (None, [ctypes.POINTER(opsin_decode_options), ctypes.c_uint32]),
    "opsin_picture_decode_file": (ctypes.c_int32, [ctypes.c_char_p, ctypes.POINTER(opsin_decode_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_picture_decode_memory": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(opsin_decode_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_picture_resize": (ctypes.c_int32, [ctypes.POINTER(opsin_image), ctypes.c_uint32, ctypes.c_uint32, ctypes.c_int32, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_picture_view": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_image)]),
    "opsin_picture_retain": (None, [ctypes.c_void_p]),
    "opsin_picture_release": (None, [ctypes.c_void_p]),
    "opsin_image_save": (ctypes.c_int32, [ctypes.POINTER(opsin_image), ctypes.c_char_p]),
    "opsin_run": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_image), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_run_file": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_run_batch": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(opsin_image)), ctypes.c_uint32, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_geometry_init": (None, [ctypes.POINTER(opsin_geometry), ctypes.c_uint32]),
    "opsin_preprocess": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_image), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_input_tensor_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "opsin_input_tensor": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(opsin_tensor)]),
    "opsin_input_geometry": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_geometry)]),
    "opsin_input_release": (None, [ctypes.c_void_p]),
    "opsin_run_tensors": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_tensor), ctypes.c_uint32, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_postprocess": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_tensor), ctypes.c_uint32, ctypes.POINTER(opsin_geometry), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_result_retain": (None, [ctypes.c_void_p]),
    "opsin_result_release": (None, [ctypes.c_void_p]),
    "opsin_result_status": (ctypes.c_int32, [ctypes.c_void_p]),
    "opsin_result_error": (ctypes.c_char_p, [ctypes.c_void_p]),
    "opsin_result_task": (ctypes.c_int32, [ctypes.c_void_p]),
    "opsin_result_image_size": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int32), ctypes.POINTER(ctypes.c_int32)]),
    "opsin_result_timestamp_us": (ctypes.c_int64, [ctypes.c_void_p]),
    "opsin_timings_init": (None, [ctypes.POINTER(opsin_timings), ctypes.c_uint32]),
    "opsin_result_timings": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_timings)]),
    "opsin_classes_init": (None, [ctypes.POINTER(opsin_classes), ctypes.c_uint32]),
    "opsin_result_classes": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_classes)]),
    "opsin_detections_init": (None, [ctypes.POINTER(opsin_detections), ctypes.c_uint32]),
    "opsin_result_detections": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_detections)]),
    "opsin_mask_init": (None, [ctypes.POINTER(opsin_mask), ctypes.c_uint32]),
    "opsin_result_mask": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_mask)]),
    "opsin_segments_init": (None, [ctypes.POINTER(opsin_segments), ctypes.c_uint32]),
    "opsin_result_segments": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_segments)]),
    "opsin_regions_init": (None, [ctypes.POINTER(opsin_regions), ctypes.c_uint32]),
    "opsin_result_regions": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_regions)]),
    "opsin_result_region_outline": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(ctypes.POINTER(ctypes.c_float)), ctypes.POINTER(ctypes.c_uint32)]),
    "opsin_result_mask_rle": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_char_p)]),
    "opsin_depth_init": (None, [ctypes.POINTER(opsin_depth), ctypes.c_uint32]),
    "opsin_result_depth": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_depth)]),
    "opsin_result_depth_percentile": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_double, ctypes.POINTER(ctypes.c_float)]),
    "opsin_result_save_point_cloud": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_image), ctypes.c_double, ctypes.c_char_p]),
    "opsin_result_tensor_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "opsin_result_tensor": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(opsin_tensor)]),
    "opsin_result_tensor_named": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(opsin_tensor)]),
    "opsin_result_to_json": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)]),
    "opsin_result_report_json": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)]),
    "opsin_canvas_init": (None, [ctypes.POINTER(opsin_canvas), ctypes.c_uint32]),
    "opsin_draw_options_init": (None, [ctypes.POINTER(opsin_draw_options), ctypes.c_uint32]),
    "opsin_result_draw": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_draw_options), ctypes.POINTER(opsin_canvas)]),
    "opsin_result_save": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p]),
    "opsin_submit": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_image), ctypes.c_uint32, opsin_done_fn, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_request_wait": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_int64]),
    "opsin_request_status": (ctypes.c_int32, [ctypes.c_void_p]),
    "opsin_request_error": (ctypes.c_char_p, [ctypes.c_void_p]),
    "opsin_request_cancel": (ctypes.c_int32, [ctypes.c_void_p]),
    "opsin_request_take_result": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_request_release": (None, [ctypes.c_void_p]),
    "opsin_stream_options_init": (None, [ctypes.POINTER(opsin_stream_options), ctypes.c_uint32]),
    "opsin_stream_create": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_stream_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_stream_push": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_image)]),
    "opsin_stream_poll": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_stream_flush": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_int64]),
    "opsin_stream_stats_init": (None, [ctypes.POINTER(opsin_stream_stats), ctypes.c_uint32]),
    "opsin_stream_stats_get": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_stream_stats)]),
    "opsin_stream_release": (None, [ctypes.c_void_p]),
    "opsin_vulkan_handles_init": (None, [ctypes.POINTER(opsin_vulkan_handles), ctypes.c_uint32]),
    "opsin_runtime_create_from_vulkan": (ctypes.c_int32, [ctypes.POINTER(opsin_vulkan_handles), ctypes.POINTER(opsin_runtime_options), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_buffer_source_init": (None, [ctypes.POINTER(opsin_buffer_source), ctypes.c_uint32]),
    "opsin_buffer_import": (ctypes.c_int32, [ctypes.c_void_p, ctypes.POINTER(opsin_buffer_source), ctypes.POINTER(ctypes.c_void_p)]),
    "opsin_buffer_export": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint64, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int32)]),
    "opsin_buffer_release": (None, [ctypes.c_void_p]),
}
