/**
 * @file opsin.h
 * Opsin, a perception SDK: hand it an image and a task, and it answers with labels, boxes, a mask or a depth map.
 *
 * @code
 * #include <opsin.h>
 * #include <stdio.h>
 *
 * int main(int argc, char **argv) {
 *     opsin_runtime *runtime = NULL;
 *     opsin_model *model = NULL;
 *     opsin_session *session = NULL;
 *     opsin_result *result = NULL;
 *     opsin_classes classes;
 *     opsin_classes_init(&classes, sizeof classes);
 *     int ok = opsin_runtime_create(NULL, &runtime) == OPSIN_OK
 *         && opsin_model_open_default(runtime, OPSIN_TASK_CLASSIFY, NULL, &model) == OPSIN_OK
 *         && opsin_session_create(model, NULL, &session) == OPSIN_OK
 *         && opsin_run_file(session, argc > 1 ? argv[1] : "cat.jpg", &result) == OPSIN_OK
 *         && opsin_result_classes(result, &classes) == OPSIN_OK;
 *     if (!ok) fprintf(stderr, "%s\n", opsin_last_error());
 *     for (uint32_t i = 0; ok && i < classes.count; i++) printf("%5.1f %%  %s\n", 100.0 * classes.score[i], classes.label[i]);
 *     opsin_result_release(result);
 *     opsin_session_release(session);
 *     opsin_model_release(model);
 *     opsin_runtime_release(runtime);
 *     return ok ? 0 : 1;
 * }
 * @endcode
 *
 * The rules that hold for every function, so that the comments below need not repeat them:
 *
 * - Text is UTF-8 and ends with a zero byte. Paths are UTF-8.
 * - A call that can fail answers an opsin_status. On failure every out parameter that is a handle is NULL, and opsin_last_error() says why in one sentence.
 * - Handles are counted references. Release each one you were given, in any order: a child keeps its parents alive. Releasing NULL does nothing.
 * - What a function lends ("borrowed") lives as long as the handle it came from, unless its comment says less. Nothing from here is ever given to free().
 * - Structs begin with struct_size: call the struct's _init function, then change what you want. Zero is always the default. Structs only grow at their end.
 * - "Any thread" means: from any thread, also at the same time as other calls. Runtimes, models, pictures, inputs and results may be shared between threads;
 *   a session takes one call at a time and answers OPSIN_E_BUSY to a second one.
 * - Every function exists in every build. What a build cannot do answers OPSIN_E_UNSUPPORTED.
 * - Coordinates are pixels of the upright original image, the origin at its top left corner, the centre of the first pixel at (0.5, 0.5).
 * - Do not fork() while a runtime lives and use it in the child: such calls answer OPSIN_E_STATE. Start processes afresh instead (exec, "spawn" in Python).
 *
 * More on ownership, errors, threads and struct_size: docs/c-api.md.
 */
#ifndef OPSIN_H
#define OPSIN_H

#include <stddef.h>
#include <stdint.h>

/** @def OPSIN_API
 * Before every function of this header: it is the library's, and seen from outside of it. */
#if defined(_WIN32)
#define OPSIN_API __declspec(dllimport)
#elif defined(__GNUC__)
#define OPSIN_API __attribute__((visibility("default")))
#else
#define OPSIN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------- version and status */

#define OPSIN_VERSION_MAJOR 0 /**< grows when programs must change */
#define OPSIN_VERSION_MINOR 1 /**< grows with additions */
#define OPSIN_VERSION_PATCH 0 /**< grows with corrections */

/** Grows by one with every addition to this header. The library's own number is opsin_abi_version(): at least this one, or functions are missing there. */
#define OPSIN_ABI_VERSION 2u

/** What a call answers. Values never change; new ones may come: treat an unknown negative value as a failure. */
typedef int32_t opsin_status;
#define OPSIN_OK            ((opsin_status)0)   /**< done */
#define OPSIN_PENDING       ((opsin_status)1)   /**< no failure: there is no answer yet (requests and streams only) */
#define OPSIN_E_ARGUMENT    ((opsin_status)-1)  /**< a NULL, a size, a name or a value that the call cannot take; a handle of another type */
#define OPSIN_E_VERSION     ((opsin_status)-2)  /**< a struct has fields set that this library is too old to know */
#define OPSIN_E_BUSY        ((opsin_status)-3)  /**< the session is inside another call, or is lent to a stream */
#define OPSIN_E_UNSUPPORTED ((opsin_status)-4)  /**< this build, model or device cannot do that */
#define OPSIN_E_NOT_FOUND   ((opsin_status)-5)  /**< no such file, folder, default model, tensor, label or device */
#define OPSIN_E_IO          ((opsin_status)-6)  /**< a file is there and cannot be read or written */
#define OPSIN_E_IMAGE       ((opsin_status)-7)  /**< the bytes are no image, are damaged, or are larger than the limit */
#define OPSIN_E_MODEL       ((opsin_status)-8)  /**< config or weights are wrong or do not fit each other */
#define OPSIN_E_DEVICE      ((opsin_status)-9)  /**< the device failed or is absent, and falling back to the CPU was forbidden */
#define OPSIN_E_MEMORY      ((opsin_status)-10) /**< not enough memory on the host or the device */
#define OPSIN_E_TIMEOUT     ((opsin_status)-11) /**< the deadline passed */
#define OPSIN_E_CANCELLED   ((opsin_status)-12) /**< opsin_request_cancel() or the release of a stream came first */
#define OPSIN_E_PARTIAL     ((opsin_status)-13) /**< some items of a batch failed; the results of the others are there */
#define OPSIN_E_STATE       ((opsin_status)-14) /**< not at this moment: a result taken twice, a process that forked */
#define OPSIN_E_INTERNAL    ((opsin_status)-15) /**< a fault of ours; the text is worth a bug report */

/** The OPSIN_ABI_VERSION with which the library was built. Any thread; never fails. */
OPSIN_API uint32_t opsin_abi_version(void);

/** The library's version, such as "0.1.0". Lives as long as the process. Any thread; never fails. */
OPSIN_API const char *opsin_version_string(void);

/**
 * How the library was built, as a JSON object: "version", "abi", "compiler", "optimized", "backends", "isas", "codecs".
 * Lives as long as the process. Any thread; never fails.
 */
OPSIN_API const char *opsin_build_info_json(void);

/** The name of a status, such as "OPSIN_E_BUSY"; "OPSIN_E_UNKNOWN" for a value this library does not know. Lives as long as the process. Any thread. */
OPSIN_API const char *opsin_status_name(opsin_status status);

/**
 * Why the calling thread's last failing call failed: one sentence that names the file, tensor or value, what was expected and what was found.
 *
 * Never NULL; "" before the first failure. Every thread has its own text. It stays until that thread's next failing call and is cut at 1023 bytes.
 * A call that succeeds leaves it alone. The errors of asynchronous requests are in the request: opsin_request_error(). Any thread; never fails.
 */
OPSIN_API const char *opsin_last_error(void);

#define OPSIN_LOG_DEBUG   0 /**< for who works on Opsin itself */
#define OPSIN_LOG_INFO    1 /**< what was chosen, and how long it took */
#define OPSIN_LOG_WARNING 2 /**< it goes on, otherwise than was asked for */
#define OPSIN_LOG_ERROR   3 /**< what a call that fails says too */

/**
 * Receives one line of log, without a newline; message is borrowed until the function returns.
 * Must not throw or block for long, and calls no function of this header.
 */
typedef void (*opsin_log_fn)(void *user, int32_t level, const char *message);

/**
 * Sends the library's log to a function. Without one nothing is written anywhere.
 *
 * @param log       called from any thread, one call at a time; NULL ends logging, and no call runs after this function has returned
 * @param user      handed to log as it is
 * @param min_level OPSIN_LOG_*; lines below it are not made
 * Any thread, but not from inside log. Waits for a running call of the previous function. Never fails.
 */
OPSIN_API void opsin_set_log_callback(opsin_log_fn log, void *user, int32_t min_level);

/* ---------------------------------------------------------------------------------------------------------------- devices */

#define OPSIN_DEVICE_CPU    0 /**< the processor; always there */
#define OPSIN_DEVICE_VULKAN 1 /**< a GPU, or a driver that behaves like one */

#define OPSIN_GPU_NONE       0 /**< not a Vulkan device */
#define OPSIN_GPU_DISCRETE   1 /**< a card with memory of its own */
#define OPSIN_GPU_INTEGRATED 2 /**< shares the processor's memory */
#define OPSIN_GPU_VIRTUAL    3 /**< of a virtual machine */
#define OPSIN_GPU_SOFTWARE   4 /**< a Vulkan driver that runs on the CPU; "auto" never takes it */

#define OPSIN_DEVICE_FP16               0x01u /**< half precision storage and arithmetic */
#define OPSIN_DEVICE_BF16               0x02u /**< bfloat16 dot products */
#define OPSIN_DEVICE_INT8               0x04u /**< 8-bit dot products */
#define OPSIN_DEVICE_COOPERATIVE_MATRIX 0x08u /**< matrix tiles in hardware: cooperative matrices, AMX */
#define OPSIN_DEVICE_AUTO               0x10u /**< what the device string "auto" takes on this machine */
#define OPSIN_DEVICE_USABLE             0x20u /**< a runtime can be created on it */

/** What is known of a device before a runtime exists. */
typedef struct opsin_device_info {
    uint32_t struct_size;    /**< bytes of this struct as the caller was compiled */
    int32_t kind;            /**< OPSIN_DEVICE_CPU or OPSIN_DEVICE_VULKAN */
    int32_t gpu_type;        /**< OPSIN_GPU_* */
    uint32_t flags;          /**< OPSIN_DEVICE_FP16 and so on */
    uint32_t cores;          /**< physical CPU cores this process may use; 0 for a GPU */
    uint32_t subgroup_size;  /**< threads that run in step; 0 for the CPU */
    uint32_t api_version;    /**< Vulkan version as Vulkan packs it; 0 for the CPU */
    uint32_t vendor_id;      /**< PCI vendor; 0 when unknown */
    uint64_t memory_bytes;   /**< device-local memory; for the CPU what the machine or its cgroup grants */
    uint8_t uuid[16];        /**< deviceUUID; zeros for the CPU */
    char id[64];             /**< what opsin_runtime_options.device takes: "cpu", "vulkan:0" */
    char name[256];          /**< as the driver or the CPU calls itself */
    char driver[256];        /**< driver name and version; for the CPU its best instruction set ("avx512", "avx2", "neon", "generic") */
    char reason[256];        /**< why it is, or is not, what "auto" takes; why it is not usable */
    char other_drivers[256]; /**< other drivers of the same GPU, which are not counted: a line each, "vulkan:1: DRIVER: why it is left out"; since 2 */
} opsin_device_info;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_device_info). */
OPSIN_API void opsin_device_info_init(opsin_device_info *info, uint32_t size);

/**
 * Counts the devices. The CPU is always there, so the count is at least 1; a missing Vulkan loader or driver is no failure.
 *
 * @param count receives the number of devices; not NULL
 * Any thread. The first call looks for drivers and may take 100 ms; the list then stays the same for the life of the process.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: count is NULL
 */
OPSIN_API opsin_status opsin_device_count(uint32_t *count);

/**
 * Describes one device.
 *
 * @param index 0 to opsin_device_count() - 1; the CPU is 0
 * @param info  initialised; receives the description
 * Any thread. As opsin_device_count().
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: info is NULL or not initialised; OPSIN_E_NOT_FOUND: no such index
 */
OPSIN_API opsin_status opsin_device_get(uint32_t index, opsin_device_info *info);

/* ---------------------------------------------------------------------------------------------------------------- runtime */

/** A device ready for work, with its thread pool, memory and caches. May be shared between threads. Release with opsin_runtime_release(). */
typedef struct opsin_runtime opsin_runtime;

#define OPSIN_RUNTIME_NO_CPU_FALLBACK 0x1u /**< a GPU that is absent or fails is OPSIN_E_DEVICE, not a run on the CPU */
#define OPSIN_RUNTIME_DETERMINISTIC   0x2u /**< the same bits every time on one device, at some cost in speed */

/** What a runtime is created with. Call opsin_runtime_options_init(), then change what you want. */
typedef struct opsin_runtime_options {
    uint32_t struct_size;  /**< bytes of this struct as the caller was compiled */
    uint32_t flags;        /**< OPSIN_RUNTIME_* */
    const char *device;    /**< "auto", "cpu", "vulkan" (the best), "vulkan:N", "vulkan:UUID"; NULL: "auto" */
    const char *cache_dir; /**< folder for compiled pipelines and tuning, made when absent; NULL: $OPSIN_CACHE, else the user's cache folder; "": none */
    const char *extra;     /**< rare settings, one "key=value" a line; an unknown key is OPSIN_E_ARGUMENT; NULL: none */
} opsin_runtime_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_runtime_options). */
OPSIN_API void opsin_runtime_options_init(opsin_runtime_options *options, uint32_t size);

/**
 * Creates a runtime on a device. A GPU that cannot be used falls back to the CPU, and opsin_runtime_report_json() says why, unless that was forbidden.
 *
 * @param options read until the call returns; NULL: all defaults
 * @param runtime receives the runtime; release with opsin_runtime_release()
 * Any thread. Blocks until the device is open, up to some seconds with a GPU's first use.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: a NULL, an unknown device string, key or flag; OPSIN_E_VERSION; OPSIN_E_DEVICE: no such device and no fallback;
 *         OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_runtime_create(const opsin_runtime_options *options, opsin_runtime **runtime);

/** Adds a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_runtime_retain(opsin_runtime *runtime);

/** Ends a reference. NULL is ignored. Any thread. Blocks while the device finishes when it was the last one, children included. */
OPSIN_API void opsin_runtime_release(opsin_runtime *runtime);

/**
 * Says on which device the runtime really works.
 *
 * @param runtime not NULL
 * @param info    initialised; receives the description
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_runtime_device(const opsin_runtime *runtime, opsin_device_info *info);

/**
 * The runtime's report as a JSON object: "schema_version", "device" {"kind", "name"}, "isa", "fallbacks" [{"what", "reason"}].
 *
 * @param runtime not NULL
 * @param json    receives the text; borrowed until the runtime is released
 * Any thread; does not block. Each call makes a new text that stays until the last release of the runtime: not for loops.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_runtime_report_json(opsin_runtime *runtime, const char **json);

/** Memory in bytes, now and at the highest moment so far. "host" is what the library allocated itself, not what malloc or the driver keeps. */
typedef struct opsin_memory {
    uint32_t struct_size;        /**< bytes of this struct as the caller was compiled */
    uint32_t unused;             /**< 0 */
    uint64_t host_now;           /**< all host memory */
    uint64_t host_peak;          /**< its highest value */
    uint64_t device_now;         /**< all GPU memory */
    uint64_t device_peak;        /**< its highest value */
    uint64_t weights;            /**< weights as the device uses them, host and GPU; mapped files count once */
    uint64_t activations;        /**< arenas of the plans */
    uint64_t staging;            /**< upload and readback buffers */
    uint64_t cache;              /**< plans and pipelines kept for later */
} opsin_memory;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_memory). */
OPSIN_API void opsin_memory_init(opsin_memory *memory, uint32_t size);

/**
 * Says how much memory the runtime and everything made from it hold.
 *
 * @param runtime not NULL
 * @param memory  initialised; receives the bytes
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_runtime_memory(const opsin_runtime *runtime, opsin_memory *memory);

/**
 * Gives back memory that is only kept for speed: plans of idle sessions, staging buffers, free blocks. Later runs build it again.
 *
 * @param runtime not NULL
 * Any thread; does not block. Sessions that are inside a call keep what they have.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_runtime_trim(opsin_runtime *runtime);

/* ---------------------------------------------------------------------------------------------------------------- tensors */

#define OPSIN_MAX_RANK 8 /**< most dims of a tensor */

#define OPSIN_DTYPE_F32  0 /**< float */
#define OPSIN_DTYPE_F16  1 /**< half precision */
#define OPSIN_DTYPE_BF16 2 /**< bfloat16: the upper half of a float */
#define OPSIN_DTYPE_I32  3 /**< int32_t */
#define OPSIN_DTYPE_I64  4 /**< int64_t */
#define OPSIN_DTYPE_U8   5 /**< uint8_t */
#define OPSIN_DTYPE_I8   6 /**< int8_t */
#define OPSIN_DTYPE_U16  7 /**< uint16_t */

#define OPSIN_LAYOUT_NHWC 0 /**< images, rows, columns, channels next to each other: the library's own */
#define OPSIN_LAYOUT_NCHW 1 /**< images, channels, rows, columns: PyTorch's */
#define OPSIN_LAYOUT_FLAT 2 /**< no image: vectors, boxes, tokens; dims are taken as they come */

/** Memory that host and device can share: see opsin_buffer_import(). Release with opsin_buffer_release(). */
typedef struct opsin_buffer opsin_buffer;

/** A tensor, dense and in the order of its dims. As a parameter it is the caller's; filled by the library, its pointers are borrowed. */
typedef struct opsin_tensor {
    uint32_t struct_size;         /**< bytes of this struct as the caller was compiled */
    int32_t dtype;                /**< OPSIN_DTYPE_* */
    int32_t layout;               /**< OPSIN_LAYOUT_* */
    uint32_t rank;                /**< number of dims, 0 to OPSIN_MAX_RANK */
    int64_t dims[OPSIN_MAX_RANK]; /**< outermost first, the rest 0; -1 in a description: any number */
    const char *name;             /**< as the model calls it ("pixel_values", "logits"); NULL where there is but one */
    const void *data;             /**< host memory, aligned to the element; NULL in a description, or with a buffer */
    uint64_t byte_count;          /**< exactly the product of the dims times the element's bytes */
    opsin_buffer *buffer;         /**< where the bytes are instead of data; NULL: data */
    uint64_t buffer_offset;       /**< bytes from the start of buffer, a multiple of 16 */
} opsin_tensor;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_tensor). */
OPSIN_API void opsin_tensor_init(opsin_tensor *tensor, uint32_t size);

/* ---------------------------------------------------------------------------------------------------------------- models */

/** Graph and weights of a network, ready for any number of sessions. May be shared between threads. Release with opsin_model_release(). */
typedef struct opsin_model opsin_model;

#define OPSIN_TASK_NONE     0 /**< a model that gives tensors only: features */
#define OPSIN_TASK_CLASSIFY 1 /**< labels of the whole image */
#define OPSIN_TASK_DETECT   2 /**< objects with boxes */
#define OPSIN_TASK_SEGMENT  3 /**< a label for each pixel */
#define OPSIN_TASK_DEPTH    4 /**< a distance for each pixel */

#define OPSIN_MODEL_USE_TEST_SIZE 0x1u /**< timm: preprocess at test_input_size and test_crop_pct where the folder has them */

/** How a model is opened. Call opsin_model_options_init(), then change what you want. */
typedef struct opsin_model_options {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    uint32_t flags;       /**< OPSIN_MODEL_* */
    const char *extra;    /**< rare settings, one "key=value" a line; an unknown key is OPSIN_E_ARGUMENT; NULL: none */
} opsin_model_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_model_options). */
OPSIN_API void opsin_model_options_init(opsin_model_options *options, uint32_t size);

/**
 * Opens a model as its publisher ships it: a timm or transformers folder, or a TensorFlow checkpoint of MOAT. The form is recognised.
 *
 * @param runtime not NULL; the model keeps it alive
 * @param path    a folder with config.json and model.safetensors; or the prefix, ".index" file or ".tar.gz" of a checkpoint
 * @param options read until the call returns; NULL: all defaults
 * @param model   receives the model; release with opsin_model_release()
 * Any thread. Blocks while files are read. The weights stay mapped: do not overwrite the file while the model lives (replacing it by rename is fine).
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_NOT_FOUND: no such path, or no weights in it; OPSIN_E_IO;
 *         OPSIN_E_MODEL: damaged, or a tensor is missing, unknown or of another shape; OPSIN_E_UNSUPPORTED: an architecture or file kind we do not run;
 *         OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_model_open(opsin_runtime *runtime, const char *path, const opsin_model_options *options, opsin_model **model);

/**
 * Opens the model that comes with the library for a task. It is looked for in $OPSIN_MODELS, beside the library and in the source tree, in this order.
 *
 * @param runtime not NULL; the model keeps it alive
 * @param task    OPSIN_TASK_CLASSIFY, _DETECT, _SEGMENT or _DEPTH
 * @param options read until the call returns; NULL: all defaults
 * @param model   receives the model; release with opsin_model_release()
 * As opsin_model_open().
 *
 * @return as opsin_model_open(); OPSIN_E_NOT_FOUND names the folders that were searched; OPSIN_E_UNSUPPORTED: this build has no such task
 */
OPSIN_API opsin_status opsin_model_open_default(opsin_runtime *runtime, int32_t task, const opsin_model_options *options, opsin_model **model);

/** The files of a model folder, in memory. Call opsin_model_files_init(), then set pointers and byte counts. */
typedef struct opsin_model_files {
    uint32_t struct_size;          /**< bytes of this struct as the caller was compiled */
    uint32_t unused;               /**< 0 */
    const void *config;            /**< config.json; not NULL */
    uint64_t config_bytes;         /**< its size */
    const void *preprocessor;      /**< preprocessor_config.json; NULL: the recipe of config.json or the architecture's own */
    uint64_t preprocessor_bytes;   /**< its size */
    const void *weights;           /**< model.safetensors; not NULL */
    uint64_t weights_bytes;        /**< its size */
} opsin_model_files;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_model_files). */
OPSIN_API void opsin_model_files_init(opsin_model_files *files, uint32_t size);

/**
 * Opens a model from memory. All bytes are copied (through files in $TMPDIR or /tmp that are gone when the call returns), so they may go then.
 *
 * @param runtime not NULL; the model keeps it alive
 * @param files   the bytes, read until the call returns
 * @param options read until the call returns; NULL: all defaults
 * @param model   receives the model; release with opsin_model_release()
 * Any thread. Blocks while the bytes are copied and checked.
 *
 * @return as opsin_model_open()
 */
OPSIN_API opsin_status opsin_model_open_memory(
    opsin_runtime *runtime, const opsin_model_files *files, const opsin_model_options *options, opsin_model **model);

/** Adds a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_model_retain(opsin_model *model);

/** Ends a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_model_release(opsin_model *model);

/** The model's task, OPSIN_TASK_*; OPSIN_TASK_NONE also when model is NULL. Any thread; does not block. */
OPSIN_API int32_t opsin_model_task(const opsin_model *model);

/** The architecture's name, such as "mobilenet_v2"; borrowed from the model; "" when model is NULL. Any thread; does not block. */
OPSIN_API const char *opsin_model_architecture(const opsin_model *model);

/**
 * What `opsin info --json` prints: "architecture", "task", "parameters", "input" [height, width], "labels", "flops", "weights_bytes", "activations_bytes",
 * "peak_bytes", and "preprocess" with the recipe: "resize", "filter", "crop", "scale" (of 0 to 255), "mean", "std", "channels".
 *
 * @param model not NULL
 * @param json  receives the text; borrowed from the model, which makes it once
 * Any thread. The first call plans the graph and may take some milliseconds.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_model_info_json(const opsin_model *model, const char **json);

/** Number of labels; 0 when the model has none or is NULL. Label ids are 0 to this number - 1, the model's own indices. Any thread; does not block. */
OPSIN_API uint32_t opsin_model_label_count(const opsin_model *model);

/** The label of an id, such as "Egyptian cat"; borrowed from the model. NULL: no such id, or model is NULL. Any thread; does not block. */
OPSIN_API const char *opsin_model_label(const opsin_model *model, uint32_t label_id);

/**
 * The colours in which masks and boxes are drawn, one per label.
 *
 * @param model  not NULL
 * @param colors receives 3 bytes (red, green, blue) per label; borrowed from the model
 * @param count  receives the number of colours, the same as opsin_model_label_count() or more
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_model_palette(const opsin_model *model, const uint8_t **colors, uint32_t *count);

/** Number of tensors the model takes; 0 when model is NULL. Any thread; does not block. */
OPSIN_API uint32_t opsin_model_input_count(const opsin_model *model);

/**
 * Describes a tensor that the model takes: name, dtype, layout and dims at the recipe's size, -1 for the number of images. data is NULL.
 *
 * @param model not NULL
 * @param index 0 to opsin_model_input_count() - 1
 * @param input initialised; receives the description; the name is borrowed from the model
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_NOT_FOUND: no such index
 */
OPSIN_API opsin_status opsin_model_input(const opsin_model *model, uint32_t index, opsin_tensor *input);

/** Number of tensors the model gives; 0 when model is NULL. Any thread; does not block. */
OPSIN_API uint32_t opsin_model_output_count(const opsin_model *model);

/**
 * Describes a tensor that the model gives, as opsin_model_input() does.
 *
 * @param model  not NULL
 * @param index  0 to opsin_model_output_count() - 1
 * @param output initialised; receives the description; the name is borrowed from the model
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_NOT_FOUND: no such index
 */
OPSIN_API opsin_status opsin_model_output(const opsin_model *model, uint32_t index, opsin_tensor *output);

/** Number of named endpoints that opsin_session_options.features may ask for; 0 when model is NULL. Any thread; does not block. */
OPSIN_API uint32_t opsin_model_feature_count(const opsin_model *model);

/** The name of an endpoint, such as "stage3"; borrowed from the model. NULL: no such index, or model is NULL. Any thread; does not block. */
OPSIN_API const char *opsin_model_feature(const opsin_model *model, uint32_t index);

/* ---------------------------------------------------------------------------------------------------------------- sessions */

/** One stream of work over a model, which it keeps alive. Takes one call at a time. Release with opsin_session_release(). */
typedef struct opsin_session opsin_session;

#define OPSIN_PRECISION_DEFAULT 0u /**< fp32 on every device: the reference's answer */
#define OPSIN_PRECISION_FP32    1u /**< as the default, said aloud */
#define OPSIN_PRECISION_FP16    2u /**< half precision storage, fp32 sums; GPU */
#define OPSIN_PRECISION_BF16    3u /**< bfloat16 products, fp32 sums; CPU */
#define OPSIN_PRECISION_INT8    4u /**< bytes; CPU, for a folder that `opsin quantize` wrote */
#define OPSIN_PRECISION_AUTO    5u /**< the fastest that passed its self-test on this device */

#define OPSIN_SESSION_PROFILE 0x1u /**< measure every op; costs a little time in each run */

/** How a session runs. Call opsin_session_options_init(), then change what you want. */
typedef struct opsin_session_options {
    uint32_t struct_size;  /**< bytes of this struct as the caller was compiled */
    uint32_t flags;        /**< OPSIN_SESSION_* */
    uint32_t precision;    /**< OPSIN_PRECISION_*; one that the device cannot run is OPSIN_E_UNSUPPORTED */
    uint32_t threads;      /**< CPU threads, 1 to 256; 0: one per physical core that this process may use, at most 8 */
    uint32_t timeout_ms;   /**< longest wait for the GPU, in milliseconds; 0: 10000, on a Vulkan driver that runs on the CPU 120000 */
    uint32_t max_batch;    /**< images that opsin_run_batch() brings through the network together, 1 to 1024; 0: 1 */
    uint32_t input_width;  /**< pixels the model sees, instead of the recipe's, which else stays as it is; 0, both: the recipe's */
    uint32_t input_height; /**< as input_width */
    uint32_t kept_plans;   /**< compiled plans kept, one per input shape, 1 to 64; 0: 4 */
    uint32_t depth_scale;  /**< which head of a depth model with several: 1, 4 or 8; finer ones are then not planned; 0: 1 */
    const char *features;  /**< endpoints to give as tensors, separated by commas ("stage3,stage5"); NULL: none */
    const char *extra;     /**< rare settings, one "key=value" a line, the same as opsin_session_set() takes; NULL: none */
} opsin_session_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_session_options): a newer library must not write past an older struct. */
OPSIN_API void opsin_session_options_init(opsin_session_options *options, uint32_t size);

/**
 * Creates a session. Plans are compiled at the first run of each input shape, or by opsin_session_warmup().
 *
 * @param model   not NULL; the session keeps it alive
 * @param options read until the call returns; NULL: all defaults
 * @param session receives the session; release with opsin_session_release()
 * Any thread. Blocks while threads start.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_NOT_FOUND: an endpoint the model does not have;
 *         OPSIN_E_UNSUPPORTED: a precision or input size that this device or model cannot run; OPSIN_E_STATE: the process forked
 */
OPSIN_API opsin_status opsin_session_create(opsin_model *model, const opsin_session_options *options, opsin_session **session);

/** Adds a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_session_retain(opsin_session *session);

/** Ends a reference. NULL is ignored. Any thread, also while a call runs in another: that call ends as usual, and the session goes after it. */
OPSIN_API void opsin_session_release(opsin_session *session);

/**
 * Sets a rare knob, for the runs that follow. The keys are listed in docs/c-api.md.
 *
 * @param session not NULL
 * @param key     not NULL
 * @param value   not NULL
 * Any thread, one call per session at a time; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: an unknown key, or a value the key cannot take; OPSIN_E_BUSY
 */
OPSIN_API opsin_status opsin_session_set(opsin_session *session, const char *key, const char *value);

/**
 * Compiles the plan for the session's own input size and runs it on zeros, so that the first photo is as fast as the second.
 *
 * @param session not NULL
 * @param runs    runs after compiling; 0: compile only
 * Any thread, one call per session at a time. Blocks until done.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_BUSY; OPSIN_E_DEVICE; OPSIN_E_MEMORY; OPSIN_E_TIMEOUT; OPSIN_E_STATE
 */
OPSIN_API opsin_status opsin_session_warmup(opsin_session *session, uint32_t runs);

#define OPSIN_FIT_MODEL 0 /**< as the model's own recipe says */
#define OPSIN_FIT_WHOLE 1 /**< the whole photo, its aspect kept, padded to the model's size */

#define OPSIN_TASK_NO_CLIP       0x01u /**< boxes may reach beyond the image */
#define OPSIN_TASK_LOGITS        0x02u /**< keep the model's outputs as tensors of the result */
#define OPSIN_TASK_CONFIDENCE    0x04u /**< masks carry the probability of each pixel's label */
#define OPSIN_TASK_PROBABILITIES 0x08u /**< segmentation gives a tensor "probabilities" [height, width, labels] at the image's size: large */
#define OPSIN_TASK_REGIONS       0x10u /**< masks are cut into connected regions: opsin_result_regions() */

/** What is wanted of a result. Call opsin_task_options_init(), then change what you want; fields of other tasks are ignored. */
typedef struct opsin_task_options {
    uint32_t struct_size;         /**< bytes of this struct as the caller was compiled */
    uint32_t flags;               /**< OPSIN_TASK_NO_CLIP and so on */
    uint32_t top_k;               /**< classify: most classes given; 0: 5 */
    uint32_t max_count;           /**< detect: most objects given; 0: the model's own (100) */
    float threshold;              /**< classify, detect: least score given, 0 to 1; 0: none for classes, the model's own for objects; below 0: none */
    int32_t fit;                  /**< OPSIN_FIT_* */
    const char *const *allow;     /**< only these labels, by name or by id in decimal; NULL: all */
    const char *const *deny;      /**< not these labels; not together with allow; NULL: none denied */
    uint32_t allow_count;         /**< number of texts in allow */
    uint32_t deny_count;          /**< number of texts in deny */
} opsin_task_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_task_options). */
OPSIN_API void opsin_task_options_init(opsin_task_options *options, uint32_t size);

/**
 * Says what the runs that follow shall give.
 *
 * @param session not NULL
 * @param options copied; NULL: all defaults
 * Any thread, one call per session at a time; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_NOT_FOUND: no such label; OPSIN_E_BUSY; OPSIN_E_UNSUPPORTED: not with this model
 */
OPSIN_API opsin_status opsin_session_configure(opsin_session *session, const opsin_task_options *options);

/**
 * The mean time of every op over the session's runs so far, as a JSON object: "device", "precision", "runs",
 * "ops" [{"name", "op", "kernel", "ms", "gflops", "gbytes_per_s", "share"}].
 *
 * @param session created with OPSIN_SESSION_PROFILE
 * @param json    receives the text; borrowed from the session; each call makes a new text: not for loops
 * Any thread, one call per session at a time; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_BUSY; OPSIN_E_STATE: the session does not measure
 */
OPSIN_API opsin_status opsin_session_profile_json(opsin_session *session, const char **json);

/**
 * Says how much memory the session holds, its plans included, its model's weights not.
 *
 * @param session not NULL
 * @param memory  initialised; receives the bytes
 * Any thread, one call per session at a time; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_BUSY
 */
OPSIN_API opsin_status opsin_session_memory(opsin_session *session, opsin_memory *memory);

/* ---------------------------------------------------------------------------------------------------------------- images */

#define OPSIN_FORMAT_RGB8     0 /**< red, green, blue; a byte each */
#define OPSIN_FORMAT_BGR8     1 /**< OpenCV's */
#define OPSIN_FORMAT_RGBA8    2 /**< alpha is ignored */
#define OPSIN_FORMAT_BGRA8    3 /**< alpha is ignored */
#define OPSIN_FORMAT_GRAY8    4 /**< one byte */
#define OPSIN_FORMAT_GRAY16   5 /**< 0 to 65535, in the machine's byte order */
#define OPSIN_FORMAT_RGB16    6 /**< as GRAY16 */
#define OPSIN_FORMAT_GRAY_F32 7 /**< 0 to 1 */
#define OPSIN_FORMAT_RGB_F32  8 /**< 0 to 1 */

/** Pixels to look at, wherever they lie. Call opsin_image_init(), then set format, width, height and data. */
typedef struct opsin_image {
    uint32_t struct_size;   /**< bytes of this struct as the caller was compiled */
    int32_t format;         /**< OPSIN_FORMAT_* */
    int32_t width;          /**< pixels in a stored row, 1 to 65535 */
    int32_t height;         /**< stored rows, 1 to 65535 */
    int64_t stride_bytes;   /**< from a row to the one below; negative when the bottom row comes first in memory; 0: rows without gap */
    const void *data;       /**< first byte of the top row, aligned to the channel's type */
    int32_t orientation;    /**< EXIF orientation of the stored rows, 1 to 8; 0: 1, upright */
    int32_t has_roi;        /**< 1: only the region below is looked at */
    float roi_x;            /**< left edge, in pixels of the upright image */
    float roi_y;            /**< top edge */
    float roi_width;        /**< above 0; what lies outside the image is cut off, a pixel that is touched counts */
    float roi_height;       /**< above 0 */
    int64_t timestamp_us;   /**< the caller's own, handed on to the result; microseconds by custom */
    opsin_buffer *buffer;   /**< where the pixels are instead of data; NULL: data */
    uint64_t buffer_offset; /**< bytes from the start of buffer */
} opsin_image;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_image). */
OPSIN_API void opsin_image_init(opsin_image *image, uint32_t size);

/** Decoded pixels that the library owns. Never changes; may be shared between threads. Release with opsin_picture_release(). */
typedef struct opsin_picture opsin_picture;

#define OPSIN_DECODE_KEEP_GRAY  0x1u /**< gray files give GRAY8, not RGB8 */
#define OPSIN_DECODE_KEEP_DEPTH 0x2u /**< 16-bit files give 16 bits a channel, not 8 */
#define OPSIN_DECODE_AS_STORED  0x4u /**< rows stay as they lie in the file; the view's orientation says how to turn them */

/** How a file is decoded. Call opsin_decode_options_init(), then change what you want. */
typedef struct opsin_decode_options {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    uint32_t flags;       /**< OPSIN_DECODE_* */
    uint32_t min_width;   /**< with min_height: a JPEG may be decoded at 1/2, 1/4 or 1/8 while it stays at least this large; other pixels; 0: full size */
    uint32_t min_height;  /**< as min_width */
    uint64_t max_pixels;  /**< a larger image is OPSIN_E_IMAGE; 0: 178956970, which is also the most */
} opsin_decode_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_decode_options). */
OPSIN_API void opsin_decode_options_init(opsin_decode_options *options, uint32_t size);

/**
 * Decodes a JPEG, PNG, WebP, BMP, PPM or PGM file and turns it upright.
 *
 * @param path    not NULL
 * @param options read until the call returns; NULL: all defaults
 * @param picture receives the pixels; release with opsin_picture_release()
 * Any thread. Blocks while the file is read. A JPEG above a megapixel is decoded on up to four threads, to the same pixels.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_NOT_FOUND; OPSIN_E_IO; OPSIN_E_IMAGE; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_picture_decode_file(const char *path, const opsin_decode_options *options, opsin_picture **picture);

/**
 * Decodes the bytes of an image file, as opsin_picture_decode_file() does.
 *
 * @param bytes      the file, read until the call returns; not NULL
 * @param byte_count its size
 * @param options    read until the call returns; NULL: all defaults
 * @param picture    receives the pixels; release with opsin_picture_release()
 * Any thread. Blocks while decoding.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_IMAGE; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_picture_decode_memory(
    const void *bytes, uint64_t byte_count, const opsin_decode_options *options, opsin_picture **picture);

#define OPSIN_FILTER_NEAREST  0 /**< the pixel under the centre */
#define OPSIN_FILTER_LANCZOS  1 /**< 3 lobes */
#define OPSIN_FILTER_BILINEAR 2 /**< a triangle, as wide as the pixels it makes one of */
#define OPSIN_FILTER_BICUBIC  3 /**< a = -0.5 */
#define OPSIN_FILTER_BOX      4 /**< the mean */
#define OPSIN_FILTER_HAMMING  5 /**< a windowed sinc of one lobe */

/**
 * Resizes an image, turned upright and cut to its region of interest, as Pillow does, to the bit.
 *
 * @param image   read until the call returns
 * @param width   pixels, 1 to 65535
 * @param height  pixels, 1 to 65535
 * @param filter  OPSIN_FILTER_*, numbered as in Pillow
 * @param picture receives the pixels in the image's format without alpha; release with opsin_picture_release()
 * Any thread. Blocks while resizing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_UNSUPPORTED: the pixels lie in a device's buffer; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_picture_resize(const opsin_image *image, uint32_t width, uint32_t height, int32_t filter, opsin_picture **picture);

/**
 * Shows the pixels of a picture, ready for opsin_run().
 *
 * @param picture not NULL
 * @param image   initialised; receives format, size, stride, orientation and data; data is borrowed from the picture
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_picture_view(const opsin_picture *picture, opsin_image *image);

/** Adds a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_picture_retain(opsin_picture *picture);

/** Ends a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_picture_release(opsin_picture *picture);

/**
 * Writes an image, turned upright and cut to its region of interest.
 *
 * @param image read until the call returns; 8 or 16 bits a channel
 * @param path  ".png", ".jpg" or ".jpeg" (quality 92), ".ppm" or ".pgm"; an existing file is replaced
 * Any thread. Blocks while writing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_IO; OPSIN_E_UNSUPPORTED: another extension, or a format that the file cannot hold
 */
OPSIN_API opsin_status opsin_image_save(const opsin_image *image, const char *path);

/* ---------------------------------------------------------------------------------------------------------------- running */

/** What a run gave. Never changes; may be shared between threads; outlives session and model. Release with opsin_result_release(). */
typedef struct opsin_result opsin_result;

/**
 * Looks at an image: preprocesses it, runs the model, and makes of its outputs what the model's task is.
 *
 * @param session not NULL
 * @param image   read until the call returns
 * @param result  receives the result; release with opsin_result_release(), which ends every view into it
 * Any thread, one call per session at a time. Blocks until the device answers or timeout_ms has passed.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: a NULL, or pixels that make no image, nothing was run; OPSIN_E_VERSION; OPSIN_E_BUSY; OPSIN_E_IMAGE: a size that the
 *         model cannot take; OPSIN_E_DEVICE; OPSIN_E_MEMORY; OPSIN_E_TIMEOUT; OPSIN_E_UNSUPPORTED; OPSIN_E_STATE
 */
OPSIN_API opsin_status opsin_run(opsin_session *session, const opsin_image *image, opsin_result **result);

/**
 * Decodes an image file and looks at it. The same as opsin_picture_decode_file(), opsin_picture_view() and opsin_run(); decoding is in the timings.
 * A large JPEG is resized while it is decoded and is never in memory as a whole.
 *
 * @param session not NULL
 * @param path    not NULL
 * @param result  receives the result; release with opsin_result_release()
 * As opsin_run().
 *
 * @return as opsin_picture_decode_file() and opsin_run()
 */
OPSIN_API opsin_status opsin_run_file(opsin_session *session, const char *path, opsin_result **result);

/**
 * Looks at several images. Each gets the answer that opsin_run() would give it, whatever the others are, with a max_batch above 1 on a GPU or in bf16 within
 * rounding; one bad image does not lose the rest.
 *
 * @param session not NULL
 * @param images  count pointers, read until the call returns; a NULL among them is a bad image
 * @param count   1 to 65536; at most max_batch neighbours whose inputs have one size go through the network together
 * @param results room for count results. Each receives one, also for an image that failed: see opsin_result_status(). Release each.
 * Any thread, one call per session at a time. Blocks until the last one is done.
 *
 * @return OPSIN_OK: all are good; OPSIN_E_PARTIAL: some failed; OPSIN_E_ARGUMENT, OPSIN_E_BUSY, OPSIN_E_STATE: nothing was run, every result is NULL
 */
OPSIN_API opsin_status opsin_run_batch(opsin_session *session, const opsin_image *const *images, uint32_t count, opsin_result **results);

/* One step at a time: what opsin_run() does is opsin_preprocess(), opsin_run_tensors(), opsin_postprocess(). */

/** Where an image's pixels lie in the model's input: a point x of the photo is at (x - source_x) * target_width / source_width + target_x. */
typedef struct opsin_geometry {
    uint32_t struct_size;   /**< bytes of this struct as the caller was compiled */
    int32_t image_width;    /**< of the upright original image, in pixels */
    int32_t image_height;   /**< as image_width */
    int32_t input_width;    /**< of the model's input, in pixels */
    int32_t input_height;   /**< as input_width */
    int32_t unused;         /**< 0 */
    double source_x;        /**< left edge of the part of the photo that was used, in pixels of the photo */
    double source_y;        /**< its top edge */
    double source_width;    /**< its width; above 0 */
    double source_height;   /**< its height; above 0 */
    double target_x;        /**< where that part's left edge lies in the model's input, in pixels of the input; below 0 when it was cropped */
    double target_y;        /**< where its top edge lies */
    double target_width;    /**< how wide it lies there; above 0 */
    double target_height;   /**< how high it lies there; above 0 */
} opsin_geometry;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_geometry). */
OPSIN_API void opsin_geometry_init(opsin_geometry *geometry, uint32_t size);

/** What the model is given of one image: tensors and geometry. Never changes. Release with opsin_input_release(). */
typedef struct opsin_input opsin_input;

/**
 * Makes of an image what the model is given: upright, resized, cropped or padded, normalised.
 *
 * @param session not NULL
 * @param image   read until the call returns
 * @param input   receives tensors and geometry; release with opsin_input_release()
 * Any thread, one call per session at a time. Blocks while resizing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_BUSY; OPSIN_E_IMAGE; OPSIN_E_MEMORY; OPSIN_E_STATE
 */
OPSIN_API opsin_status opsin_preprocess(opsin_session *session, const opsin_image *image, opsin_input **input);

/** Number of tensors of an input; 0 when input is NULL. Any thread; does not block. */
OPSIN_API uint32_t opsin_input_tensor_count(const opsin_input *input);

/**
 * Shows a tensor of an input, ready for opsin_run_tensors(): "pixel_values" [1, height, width, channels], NHWC, float.
 *
 * @param input  not NULL
 * @param index  0 to opsin_input_tensor_count() - 1
 * @param tensor initialised; receives the tensor; name and data are borrowed from the input
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_NOT_FOUND: no such index
 */
OPSIN_API opsin_status opsin_input_tensor(const opsin_input *input, uint32_t index, opsin_tensor *tensor);

/**
 * Says where the photo lies in the input.
 *
 * @param input    not NULL
 * @param geometry initialised; receives the geometry
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_input_geometry(const opsin_input *input, opsin_geometry *geometry);

/** Ends an input and every view into it. NULL is ignored. Any thread. */
OPSIN_API void opsin_input_release(opsin_input *input);

/**
 * Runs tensors through the model, without preprocessing. The result has tensors only.
 *
 * @param session not NULL
 * @param inputs  count tensors, all of the same struct_size: name, dtype, dims and layout (NHWC unless it says otherwise), values scaled as the recipe in
 *                opsin_model_info_json() says; read until the call returns
 * @param count   at least 1, at most opsin_model_input_count()
 * @param result  receives a result with the raw outputs; release with opsin_result_release(), which ends every view into it
 * Any thread, one call per session at a time. Blocks until the device answers or timeout_ms has passed.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: a NULL, or a tensor does not fit, nothing was run; OPSIN_E_NOT_FOUND: the model has no input of that name;
 *         OPSIN_E_VERSION; OPSIN_E_BUSY; OPSIN_E_DEVICE; OPSIN_E_MEMORY; OPSIN_E_TIMEOUT; OPSIN_E_STATE
 */
OPSIN_API opsin_status opsin_run_tensors(opsin_session *session, const opsin_tensor *inputs, uint32_t count, opsin_result **result);

/**
 * Makes of a model's outputs, wherever they were computed, what opsin_run() would give. Boxes are not clipped to the image.
 *
 * @param session  not NULL; its opsin_task_options apply
 * @param outputs  count tensors, all of the same struct_size, for one image, under the names of opsin_model_output(); read until the call returns
 * @param count    number of tensors
 * @param geometry from opsin_input_geometry() or of the caller's making; NULL: the model's input is the image
 * @param result   receives the result; release with opsin_result_release()
 * Any thread, one call per session at a time. Blocks while computing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT: a tensor or the geometry does not fit; OPSIN_E_NOT_FOUND: an output is missing; OPSIN_E_VERSION; OPSIN_E_BUSY;
 *         OPSIN_E_UNSUPPORTED: the model has no task; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_postprocess(
    opsin_session *session, const opsin_tensor *outputs, uint32_t count, const opsin_geometry *geometry, opsin_result **result);

/* ---------------------------------------------------------------------------------------------------------------- results */

/** Adds a reference. NULL is ignored. Any thread. */
OPSIN_API void opsin_result_retain(opsin_result *result);

/** Ends a reference; the last one ends every view into the result. NULL is ignored. Any thread. */
OPSIN_API void opsin_result_release(opsin_result *result);

/** OPSIN_OK, or why this image of a batch failed; OPSIN_E_ARGUMENT when result is NULL. Any thread; does not block. */
OPSIN_API opsin_status opsin_result_status(const opsin_result *result);

/** Why this image of a batch failed; borrowed from the result; "" when it did not, or result is NULL. Any thread; does not block. */
OPSIN_API const char *opsin_result_error(const opsin_result *result);

/** The task, OPSIN_TASK_*; OPSIN_TASK_NONE for results of opsin_run_tensors() and when result is NULL. Any thread; does not block. */
OPSIN_API int32_t opsin_result_task(const opsin_result *result);

/**
 * The size of the upright original image, in whose pixels boxes, masks and depth maps are given.
 *
 * @param result not NULL
 * @param width  receives pixels; not NULL
 * @param height receives pixels; not NULL
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result has no image, or failed
 */
OPSIN_API opsin_status opsin_result_image_size(const opsin_result *result, int32_t *width, int32_t *height);

/** The timestamp_us of the image; 0 when result is NULL. Any thread; does not block. */
OPSIN_API int64_t opsin_result_timestamp_us(const opsin_result *result);

/** Where the time went, in milliseconds. Of a pass over several images each image has its own share of run, upload and readback. */
typedef struct opsin_timings {
    uint32_t struct_size;  /**< bytes of this struct as the caller was compiled */
    uint32_t unused;       /**< 0 */
    double total_ms;       /**< the sum of decoding, preprocessing, running and postprocessing */
    double decode_ms;      /**< file to pixels; 0 when pixels were given */
    double preprocess_ms;  /**< pixels to tensors */
    double run_ms;         /**< the model, as the host saw it */
    double postprocess_ms; /**< tensors to the result */
    double plan_ms;        /**< compiling a plan; 0 when it was there already */
    double upload_ms;      /**< host to GPU; part of run_ms */
    double device_ms;      /**< GPU by its own timestamps; part of run_ms; 0 on the CPU */
    double readback_ms;    /**< GPU to host; part of run_ms */
    double queue_ms;       /**< waiting before the run; requests and streams */
} opsin_timings;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_timings). */
OPSIN_API void opsin_timings_init(opsin_timings *timings, uint32_t size);

/**
 * Says where the time went.
 *
 * @param result  not NULL
 * @param timings initialised; receives milliseconds
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_result_timings(const opsin_result *result, opsin_timings *timings);

/** The classes of an image, best first. The pointers are borrowed from the result. */
typedef struct opsin_classes {
    uint32_t struct_size;     /**< bytes of this struct as the caller was compiled */
    uint32_t count;           /**< number of classes */
    const int32_t *label_id;  /**< [count] the model's own indices */
    const float *score;       /**< [count] probabilities, 0 to 1 */
    const char *const *label; /**< [count] names; "" where the model has none */
} opsin_classes;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_classes). */
OPSIN_API void opsin_classes_init(opsin_classes *classes, uint32_t size);

/**
 * Shows the classes: at most opsin_task_options.top_k, none below its threshold.
 *
 * @param result  of OPSIN_TASK_CLASSIFY
 * @param classes initialised; receives count and pointers
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result is of another task, or failed
 */
OPSIN_API opsin_status opsin_result_classes(const opsin_result *result, opsin_classes *classes);

/** The objects in an image, best first. The pointers are borrowed from the result. */
typedef struct opsin_detections {
    uint32_t struct_size;     /**< bytes of this struct as the caller was compiled */
    uint32_t count;           /**< number of objects */
    const float *box;         /**< [count][4] x0, y0, x1, y1 in pixels of the upright original */
    const float *score;       /**< [count] 0 to 1 */
    const int32_t *label_id;  /**< [count] the model's own indices */
    const char *const *label; /**< [count] names; "" where the model has none */
} opsin_detections;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_detections). */
OPSIN_API void opsin_detections_init(opsin_detections *detections, uint32_t size);

/**
 * Shows the objects. No object at all is a good result.
 *
 * @param result     of OPSIN_TASK_DETECT
 * @param detections initialised; receives count and pointers
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result is of another task, or failed
 */
OPSIN_API opsin_status opsin_result_detections(const opsin_result *result, opsin_detections *detections);

#define OPSIN_MASK_OUTSIDE 65535u /**< the label of a pixel that the model did not see, because its recipe crops */

/** A label for each pixel of the upright original. The pointers are borrowed from the result. */
typedef struct opsin_mask {
    uint32_t struct_size;    /**< bytes of this struct as the caller was compiled */
    int32_t width;           /**< pixels */
    int32_t height;          /**< pixels */
    uint32_t label_count;    /**< number of labels of the model */
    const uint16_t *label_id; /**< [height][width] label ids, or OPSIN_MASK_OUTSIDE; rows without gap */
    const float *confidence; /**< [height][width] probability of that label, 0 outside; NULL unless OPSIN_TASK_CONFIDENCE was asked for */
} opsin_mask;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_mask). */
OPSIN_API void opsin_mask_init(opsin_mask *mask, uint32_t size);

/**
 * Shows the mask.
 *
 * @param result of OPSIN_TASK_SEGMENT
 * @param mask   initialised; receives size and pointers
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result is of another task, or failed
 */
OPSIN_API opsin_status opsin_result_mask(const opsin_result *result, opsin_mask *mask);

/** The labels that a mask holds, the largest first. The pointers are borrowed from the result. */
typedef struct opsin_segments {
    uint32_t struct_size;     /**< bytes of this struct as the caller was compiled */
    uint32_t count;           /**< number of labels that occur */
    const int32_t *label_id;  /**< [count] the model's own indices */
    const double *share;      /**< [count] 0 to 1, of all pixels of the image */
    const uint64_t *pixels;   /**< [count] number of pixels */
    const char *const *label; /**< [count] names; "" where the model has none */
} opsin_segments;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_segments). */
OPSIN_API void opsin_segments_init(opsin_segments *segments, uint32_t size);

/**
 * Shows which labels a mask holds, and how much of each.
 *
 * @param result   of OPSIN_TASK_SEGMENT
 * @param segments initialised; receives count and pointers
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result is of another task, or failed
 */
OPSIN_API opsin_status opsin_result_segments(const opsin_result *result, opsin_segments *segments);

/** The connected regions of a mask (4 neighbours), the largest first. The pointers are borrowed from the result. */
typedef struct opsin_regions {
    uint32_t struct_size;     /**< bytes of this struct as the caller was compiled */
    uint32_t count;           /**< number of regions */
    const int32_t *label_id;  /**< [count] the model's own indices */
    const uint64_t *pixels;   /**< [count] number of pixels */
    const float *box;         /**< [count][4] x0, y0, x1, y1 in pixels of the upright original */
    const char *const *label; /**< [count] names; "" where the model has none */
} opsin_regions;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_regions). */
OPSIN_API void opsin_regions_init(opsin_regions *regions, uint32_t size);

/**
 * Shows the connected regions of a mask.
 *
 * @param result  of OPSIN_TASK_SEGMENT, run with OPSIN_TASK_REGIONS
 * @param regions initialised; receives count and pointers
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result is of another task, failed, or regions were not asked for; OPSIN_E_UNSUPPORTED
 */
OPSIN_API opsin_status opsin_result_regions(const opsin_result *result, opsin_regions *regions);

/**
 * Shows the outer outline of a region as a closed polygon along the pixels' edges.
 *
 * @param result of OPSIN_TASK_SEGMENT, run with OPSIN_TASK_REGIONS
 * @param index  0 to opsin_regions.count - 1
 * @param points receives [count][2] x, y in pixels of the upright original, clockwise; borrowed from the result
 * @param count  receives the number of points; the first is not repeated at the end
 * Any thread. Blocks while the outline is traced, the first time.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_NOT_FOUND: no such index; OPSIN_E_STATE; OPSIN_E_UNSUPPORTED; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_result_region_outline(const opsin_result *result, uint32_t index, const float **points, uint32_t *count);

/**
 * The pixels of a label as COCO's compressed run-length encoding, the "counts" text of {"size": [height, width], "counts"}.
 *
 * @param result   of OPSIN_TASK_SEGMENT
 * @param label_id the label; one that does not occur gives an empty mask
 * @param counts   receives the text; borrowed from the result
 * Any thread. Blocks while the text is made, the first time.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE; OPSIN_E_UNSUPPORTED; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_result_mask_rle(const opsin_result *result, int32_t label_id, const char **counts);

#define OPSIN_DEPTH_RELATIVE_INVERSE 0 /**< larger is nearer; scale and shift are unknown */
#define OPSIN_DEPTH_RELATIVE         1 /**< larger is farther; the scale is unknown */
#define OPSIN_DEPTH_METRIC           2 /**< metres from the camera */

/** A number for each pixel of the upright original. The pointer is borrowed from the result. */
typedef struct opsin_depth {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    int32_t kind;         /**< what the numbers mean: OPSIN_DEPTH_* */
    int32_t width;        /**< pixels */
    int32_t height;       /**< pixels */
    float min;            /**< least finite value */
    float max;            /**< largest finite value */
    const float *data;    /**< [height][width], rows without gap */
} opsin_depth;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_depth). */
OPSIN_API void opsin_depth_init(opsin_depth *depth, uint32_t size);

/**
 * Shows the depth map.
 *
 * @param result of OPSIN_TASK_DEPTH
 * @param depth  initialised; receives size, kind, range and pointer
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: the result is of another task, or failed
 */
OPSIN_API opsin_status opsin_result_depth(const opsin_result *result, opsin_depth *depth);

/**
 * The value below which a share of a depth map's pixels lie.
 *
 * @param result  of OPSIN_TASK_DEPTH
 * @param percent 0 to 100
 * @param value   receives the value, interpolated linearly between neighbours as numpy.percentile does
 * Any thread. Blocks while sorting, the first time.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE; OPSIN_E_UNSUPPORTED; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_result_depth_percentile(const opsin_result *result, double percent, float *value);

/**
 * Writes metric depth as a coloured point cloud in PLY.
 *
 * @param result       of OPSIN_TASK_DEPTH whose kind is OPSIN_DEPTH_METRIC
 * @param image        the photo, for the colours; of the result's image size when upright; NULL: no colours
 * @param focal_pixels focal length of the camera in pixels of the upright original; above 0
 * @param path         ".ply"; an existing file is replaced
 * Any thread. Blocks while writing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE: not metric; OPSIN_E_IO; OPSIN_E_UNSUPPORTED
 */
OPSIN_API opsin_status opsin_result_save_point_cloud(const opsin_result *result, const opsin_image *image, double focal_pixels, const char *path);

/** Number of tensors of a result: model outputs and features; 0 when there are none or result is NULL. Any thread; does not block. */
OPSIN_API uint32_t opsin_result_tensor_count(const opsin_result *result);

/**
 * Shows a tensor of a result. opsin_run() keeps outputs only with OPSIN_TASK_LOGITS; features always.
 *
 * @param result not NULL
 * @param index  0 to opsin_result_tensor_count() - 1
 * @param tensor initialised; receives the tensor, float, NHWC or flat; name and data are borrowed from the result
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_NOT_FOUND: no such index
 */
OPSIN_API opsin_status opsin_result_tensor(const opsin_result *result, uint32_t index, opsin_tensor *tensor);

/**
 * Shows the tensor of a name, as opsin_result_tensor() does.
 *
 * @param result not NULL
 * @param name   such as "logits" or "stage3"; not NULL
 * @param tensor initialised; receives the tensor; name and data are borrowed from the result
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_NOT_FOUND: no tensor of that name; the message lists those there are
 */
OPSIN_API opsin_status opsin_result_tensor_named(const opsin_result *result, const char *name, opsin_tensor *tensor);

/**
 * The result as the JSON object that the command prints with --json, on one line.
 *
 * @param result     not NULL
 * @param image_name put under "image"; NULL: none
 * @param json       receives the text; borrowed from the result, which makes one for each image_name
 * Any thread. Blocks while the text is made.
 *
 * @return OPSIN_OK, also for the result of a failed image: "error"; OPSIN_E_ARGUMENT; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_result_to_json(opsin_result *result, const char *image_name, const char **json);

/**
 * What ran, as a JSON object: "schema_version", "device" {"kind", "name"}, "precision", "isa", "threads", "dispatches",
 * "fallbacks" [{"what", "reason"}], "preprocessing" and "postprocessing" ("cpu", "vulkan", or null without an image), "timings_ms", "memory_bytes".
 *
 * @param result not NULL
 * @param json   receives the text; borrowed from the result, which makes it once
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_result_report_json(opsin_result *result, const char **json);

/* ---------------------------------------------------------------------------------------------------------------- drawing */

/** Pixels to write into, the caller's. Call opsin_canvas_init(), then set the fields. */
typedef struct opsin_canvas {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    int32_t format;       /**< OPSIN_FORMAT_RGB8, _BGR8, _RGBA8 or _BGRA8 */
    int32_t width;        /**< pixels */
    int32_t height;       /**< pixels */
    int64_t stride_bytes; /**< from a row to the one below; negative when the bottom row comes first in memory; 0: rows without gap */
    void *data;           /**< first byte of the top row; not NULL */
} opsin_canvas;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_canvas). */
OPSIN_API void opsin_canvas_init(opsin_canvas *canvas, uint32_t size);

#define OPSIN_DRAW_OVERLAY 0 /**< over the pixels that the canvas holds: the upright photo, at any size */
#define OPSIN_DRAW_MAP     1 /**< mask or depth alone, in colours; whatever the canvas held is lost */

#define OPSIN_COLORMAP_DEFAULT  0 /**< inferno */
#define OPSIN_COLORMAP_GRAY     1 /**< black to white */
#define OPSIN_COLORMAP_VIRIDIS  2 /**< matplotlib's */
#define OPSIN_COLORMAP_INFERNO  3 /**< matplotlib's */
#define OPSIN_COLORMAP_MAGMA    4 /**< matplotlib's */
#define OPSIN_COLORMAP_TURBO    5 /**< Google's rainbow */
#define OPSIN_COLORMAP_SPECTRAL 6 /**< red to blue by way of yellow */

#define OPSIN_DRAW_NO_LABELS 0x1u /**< boxes without names and scores */
#define OPSIN_DRAW_LEGEND    0x2u /**< names of the colours, or the scale of a depth map, in a corner */

/** How a result is drawn. Call opsin_draw_options_init(), then change what you want. */
typedef struct opsin_draw_options {
    uint32_t struct_size;   /**< bytes of this struct as the caller was compiled */
    uint32_t flags;         /**< OPSIN_DRAW_NO_LABELS and so on */
    int32_t style;          /**< OPSIN_DRAW_OVERLAY or OPSIN_DRAW_MAP */
    int32_t colormap;       /**< depth: OPSIN_COLORMAP_* */
    float opacity;          /**< of mask and depth over the photo, above 0 to 1; 0: 0.55 */
    float line_width;       /**< of boxes, in pixels of the canvas; 0: by its size */
    float text_height;      /**< of labels, in pixels of the canvas; 0: by its size */
    float near_value;       /**< depth: value that gets the near end of the colour map; both 0: the map's own range */
    float far_value;        /**< depth: value that gets the far end */
    uint32_t palette_count; /**< number of colours in palette */
    const uint8_t *palette; /**< 3 bytes (red, green, blue) per label; NULL: opsin_model_palette() */
} opsin_draw_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_draw_options). */
OPSIN_API void opsin_draw_options_init(opsin_draw_options *options, uint32_t size);

/**
 * Draws a result into the caller's pixels: boxes with labels, a mask's colours, a depth map, a list of classes. A canvas of another size than the image is
 * drawn to scale. Nothing outside of the canvas is touched; a fourth channel stays as it is.
 *
 * @param result  not NULL
 * @param options read until the call returns; NULL: all defaults
 * @param canvas  written until the call returns
 * Any thread. Blocks while drawing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_STATE: the result failed or has no picture; OPSIN_E_UNSUPPORTED
 */
OPSIN_API opsin_status opsin_result_draw(const opsin_result *result, const opsin_draw_options *options, const opsin_canvas *canvas);

/**
 * Writes what a result holds for each pixel: a mask as a PNG with the model's palette (8 bits, 16 when there are more than 256 labels),
 * a depth map as ".npy" or ".pfm" (float32 [height, width]) or as a 16-bit ".png" stretched over its range.
 *
 * @param result of OPSIN_TASK_SEGMENT or OPSIN_TASK_DEPTH
 * @param path   the extension picks the form; an existing file is replaced
 * Any thread. Blocks while writing.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_STATE; OPSIN_E_IO; OPSIN_E_UNSUPPORTED: another extension, or not in this build
 */
OPSIN_API opsin_status opsin_result_save(const opsin_result *result, const char *path);

/* ---------------------------------------------------------------------------------------------------------------- requests */

/** One image on its way through a session. May be shared between threads. Release with opsin_request_release(). */
typedef struct opsin_request opsin_request;

#define OPSIN_SUBMIT_COPY 0x1u /**< the pixels are copied before the call returns; otherwise they must stay until the request is done */

/**
 * Hears that a request is done, cancelled or failed: opsin_request_status() says which. Comes once, on a thread of the library.
 * May call any function; releasing the request in it is fine. Must not throw. A binding that polls (opsin_request_wait) needs no callback.
 */
typedef void (*opsin_done_fn)(void *user, opsin_request *request);

/**
 * Puts an image into the session's queue and returns. Requests of a session are done in the order in which they came.
 *
 * @param session not NULL; the request keeps it alive; calls other than this one answer OPSIN_E_BUSY until its requests are done
 * @param image   its struct is read until the call returns, its pixels until the request is done unless flags has OPSIN_SUBMIT_COPY
 * @param flags   OPSIN_SUBMIT_*
 * @param done    hears of the end; NULL: nobody
 * @param user    handed to done as it is
 * @param request receives the request; release with opsin_request_release()
 * Any thread. Does not wait for the device; blocks while pixels are copied, and while the queue of 64 is full.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_BUSY; OPSIN_E_MEMORY; OPSIN_E_UNSUPPORTED; OPSIN_E_STATE
 */
OPSIN_API opsin_status opsin_submit(
    opsin_session *session, const opsin_image *image, uint32_t flags, opsin_done_fn done, void *user, opsin_request **request);

/**
 * Waits until a request is done.
 *
 * @param request    not NULL
 * @param timeout_us longest wait in microseconds; 0: only look; below 0: without end
 * Any thread, several too. Blocks up to timeout_us.
 *
 * @return OPSIN_OK; OPSIN_PENDING: still under way; OPSIN_E_ARGUMENT; otherwise why it failed, OPSIN_E_CANCELLED among them; the sentence is in
 *         opsin_request_error()
 */
OPSIN_API opsin_status opsin_request_wait(opsin_request *request, int64_t timeout_us);

/** What opsin_request_wait(request, 0) answers. Any thread; does not block. */
OPSIN_API opsin_status opsin_request_status(const opsin_request *request);

/** Why a request failed; borrowed from the request; "" when it did not, is under way, or is NULL. Any thread; does not block. */
OPSIN_API const char *opsin_request_error(const opsin_request *request);

/**
 * Asks a request to end early: at once while it waits in the queue, on the GPU at the next submission. One that is done already stays as it is.
 *
 * @param request not NULL
 * Any thread; does not block. opsin_request_wait() tells when and how it ended.
 *
 * @return OPSIN_OK: it was asked; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_request_cancel(opsin_request *request);

/**
 * Hands the result of a finished request to the caller.
 *
 * @param request not NULL
 * @param result  receives the result; release with opsin_result_release()
 * Any thread; does not block. Once per request.
 *
 * @return OPSIN_OK; OPSIN_PENDING: still under way; OPSIN_E_ARGUMENT; OPSIN_E_STATE: taken already; otherwise why the request failed
 */
OPSIN_API opsin_status opsin_request_take_result(opsin_request *request, opsin_result **result);

/** Ends the caller's hold on a request. One that is under way goes on to its end. NULL is ignored. Any thread. */
OPSIN_API void opsin_request_release(opsin_request *request);

/* ---------------------------------------------------------------------------------------------------------------- streams */

/** Frames in, results out, with a bounded queue between. Release with opsin_stream_release(). */
typedef struct opsin_stream opsin_stream;

#define OPSIN_DROP_NOTHING 0 /**< opsin_stream_push() waits for room */
#define OPSIN_DROP_OLDEST  1 /**< the oldest waiting frame makes room: a live camera */
#define OPSIN_DROP_NEWEST  2 /**< the frame that comes is not taken */

#define OPSIN_STREAM_UNORDERED 0x1u /**< results come as they are done, not in the order of the frames */

/** How a stream runs. Call opsin_stream_options_init(), then change what you want. */
typedef struct opsin_stream_options {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    uint32_t flags;       /**< OPSIN_STREAM_* */
    uint32_t queue_depth; /**< frames that may wait, 1 to 1024; 0: 4 */
    int32_t drop;         /**< what happens to a frame when the queue is full: OPSIN_DROP_* */
    uint32_t in_flight;   /**< frames worked on at the same time, 1 to 16; 0: 2 */
} opsin_stream_options;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_stream_options). */
OPSIN_API void opsin_stream_options_init(opsin_stream_options *options, uint32_t size);

/**
 * Opens a stream over a session. Until it is released every other call on the session answers OPSIN_E_BUSY.
 *
 * @param session not NULL; the stream keeps it alive
 * @param options read until the call returns; NULL: all defaults
 * @param stream  receives the stream; release with opsin_stream_release()
 * Any thread. Blocks while threads start.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_BUSY; OPSIN_E_MEMORY; OPSIN_E_UNSUPPORTED; OPSIN_E_STATE
 */
OPSIN_API opsin_status opsin_stream_create(opsin_session *session, const opsin_stream_options *options, opsin_stream **stream);

/**
 * Gives a stream its next frame. The pixels are copied.
 *
 * @param stream not NULL
 * @param image  read until the call returns; its timestamp_us comes back with the result and need not grow
 * Any thread. Blocks while pixels are copied; with OPSIN_DROP_NOTHING also until there is room.
 *
 * @return OPSIN_OK: taken; OPSIN_PENDING: not taken, the queue is full (OPSIN_DROP_NEWEST); OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_MEMORY;
 *         OPSIN_E_CANCELLED: the stream is being released
 */
OPSIN_API opsin_status opsin_stream_push(opsin_stream *stream, const opsin_image *image);

/**
 * Takes the next result. A frame that failed comes too, as a result whose opsin_result_status() says why; a dropped one does not.
 *
 * @param stream     not NULL
 * @param timeout_us longest wait in microseconds; 0: only look; below 0: as long as frames are under way
 * @param result     receives the result, NULL when there is none; release with opsin_result_release()
 * Any thread. Blocks up to timeout_us.
 *
 * @return OPSIN_OK; OPSIN_PENDING: none yet, or no frame is under way; OPSIN_E_ARGUMENT; OPSIN_E_CANCELLED: the stream is being released
 */
OPSIN_API opsin_status opsin_stream_poll(opsin_stream *stream, int64_t timeout_us, opsin_result **result);

/**
 * Waits until every frame that was pushed is done or dropped. Results stay for opsin_stream_poll().
 *
 * @param stream     not NULL
 * @param timeout_us longest wait in microseconds; 0: only look; below 0: without end
 * Any thread. Blocks up to timeout_us.
 *
 * @return OPSIN_OK; OPSIN_PENDING: some are under way; OPSIN_E_ARGUMENT; OPSIN_E_CANCELLED: the stream is being released
 */
OPSIN_API opsin_status opsin_stream_flush(opsin_stream *stream, int64_t timeout_us);

/** What a stream has done since it was opened. */
typedef struct opsin_stream_stats {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    uint32_t waiting;     /**< frames in the queue now */
    uint64_t pushed;      /**< frames given */
    uint64_t done;        /**< frames that gave a result */
    uint64_t dropped;     /**< frames not looked at */
    uint64_t failed;      /**< frames that gave an error */
    double latency_ms;    /**< mean from push to result of the last 100 frames */
    double per_second;    /**< results a second over the last 100 frames */
} opsin_stream_stats;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_stream_stats). */
OPSIN_API void opsin_stream_stats_init(opsin_stream_stats *stats, uint32_t size);

/**
 * Says what a stream has done.
 *
 * @param stream not NULL
 * @param stats  initialised; receives the counts
 * Any thread; does not block.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT
 */
OPSIN_API opsin_status opsin_stream_stats_get(const opsin_stream *stream, opsin_stream_stats *stats);

/** Ends a stream: waiting frames are dropped, running ones end, the session is free again. NULL is ignored. Any thread. Blocks until running frames end. */
OPSIN_API void opsin_stream_release(opsin_stream *stream);

/* ---------------------------------------------------------------------------------------------------------------- sharing with an application's Vulkan */

/** The application's own Vulkan device. Handles are passed as void *, so that this header needs none of Vulkan's. */
typedef struct opsin_vulkan_handles {
    uint32_t struct_size;                  /**< bytes of this struct as the caller was compiled */
    uint32_t api_version;                  /**< with which the instance was created; at least 1.1 */
    void *get_instance_proc_addr;          /**< PFN_vkGetInstanceProcAddr; NULL: from libvulkan */
    void *instance;                        /**< VkInstance */
    void *physical_device;                 /**< VkPhysicalDevice */
    void *device;                          /**< VkDevice */
    void *queue;                           /**< VkQueue with compute */
    uint32_t queue_family;                 /**< its family */
    uint32_t extension_count;              /**< number of texts in extensions */
    const char *const *extensions;         /**< device extensions that are enabled; their features are taken as enabled too */
    void (*lock_queue)(void *user);        /**< called before the queue is used; NULL: the application does not use it meanwhile */
    void (*unlock_queue)(void *user);      /**< called after it; NULL together with lock_queue */
    void *user;                            /**< handed to both */
} opsin_vulkan_handles;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_vulkan_handles). */
OPSIN_API void opsin_vulkan_handles_init(opsin_vulkan_handles *handles, uint32_t size);

/**
 * Creates a runtime on a Vulkan device that the application made. The device must outlive the runtime and everything made from it; it is never destroyed here.
 *
 * @param handles the struct is read until the call returns
 * @param options as opsin_runtime_create(), device is ignored; NULL: all defaults
 * @param runtime receives the runtime; release with opsin_runtime_release()
 * Any thread. Blocks until the device's features are known.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_DEVICE: the device lacks what we need; OPSIN_E_UNSUPPORTED: this build has no Vulkan
 */
OPSIN_API opsin_status opsin_runtime_create_from_vulkan(
    const opsin_vulkan_handles *handles, const opsin_runtime_options *options, opsin_runtime **runtime);

#define OPSIN_BUFFER_HOST      0 /**< host memory, aligned to 4096 bytes, the caller's until the buffer is released */
#define OPSIN_BUFFER_OPAQUE_FD 1 /**< a file descriptor of Vulkan memory; on success it belongs to the library */
#define OPSIN_BUFFER_DMA_BUF   2 /**< a dma-buf file descriptor; on success it belongs to the library */
#define OPSIN_BUFFER_VULKAN    3 /**< a VkBuffer of the device of opsin_runtime_create_from_vulkan(), the caller's until the buffer is released */

/** Memory to share. Call opsin_buffer_source_init(), then set the fields of its kind. */
typedef struct opsin_buffer_source {
    uint32_t struct_size; /**< bytes of this struct as the caller was compiled */
    int32_t kind;         /**< OPSIN_BUFFER_* */
    void *handle;         /**< HOST: address; VULKAN: VkBuffer; otherwise NULL */
    int32_t fd;           /**< OPAQUE_FD, DMA_BUF: file descriptor */
    uint32_t unused;      /**< 0 */
    uint64_t byte_count;  /**< usable bytes */
} opsin_buffer_source;

/** Zeroes size bytes, sets struct_size. Pass sizeof(opsin_buffer_source). */
OPSIN_API void opsin_buffer_source_init(opsin_buffer_source *source, uint32_t size);

/**
 * Makes memory of the caller usable as opsin_tensor.buffer and opsin_image.buffer, without a copy.
 *
 * @param runtime not NULL; the buffer keeps it alive
 * @param source  read until the call returns
 * @param buffer  receives the buffer; release with opsin_buffer_release()
 * Any thread; may block on the driver.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_VERSION; OPSIN_E_UNSUPPORTED: the device cannot import that; OPSIN_E_DEVICE; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_buffer_import(opsin_runtime *runtime, const opsin_buffer_source *source, opsin_buffer **buffer);

/**
 * Makes memory that others can import.
 *
 * @param runtime    not NULL; the buffer keeps it alive
 * @param kind       OPSIN_BUFFER_OPAQUE_FD or OPSIN_BUFFER_DMA_BUF
 * @param byte_count at least 1
 * @param buffer     receives the buffer; release with opsin_buffer_release()
 * @param fd         receives a file descriptor that the caller closes; -1 on failure
 * Any thread; may block on the driver.
 *
 * @return OPSIN_OK; OPSIN_E_ARGUMENT; OPSIN_E_UNSUPPORTED: the device cannot export that; OPSIN_E_DEVICE; OPSIN_E_MEMORY
 */
OPSIN_API opsin_status opsin_buffer_export(opsin_runtime *runtime, int32_t kind, uint64_t byte_count, opsin_buffer **buffer, int32_t *fd);

/** Ends a buffer; runs that use it end first. NULL is ignored. Any thread. Blocks until they have. */
OPSIN_API void opsin_buffer_release(opsin_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif /* OPSIN_H */
