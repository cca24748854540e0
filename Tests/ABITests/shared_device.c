/* A program that owns its Vulkan instance, device and queue and lends them: answers as on the library's own device, the queue only between lock and unlock,
 * everything destroyed in order by its owner, the validation layer silent where it is installed.
 *
 * Arguments: the folder of a classifier, a photo of an Egyptian cat. Exits with 77 where there is no Vulkan. */
#define _DEFAULT_SOURCE
#include "check.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#define VK_NO_PROTOTYPES 1
#include <vulkan/vulkan.h>

static PFN_vkGetInstanceProcAddr get;
static int complaints;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static int locked, locks;

static VKAPI_ATTR VkBool32 VKAPI_CALL complain(
    VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT type, const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
    (void)type, (void)user;
    if (severity < VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT) return VK_FALSE;
    complaints++;
    fprintf(stderr, "validation: %s\n", data->pMessage);
    return VK_FALSE;
}

static void lock_queue(void *user) {
    pthread_mutex_lock(&queue_lock);
    CHECK(user == &locks && !locked);
    locked = 1;
    locks++;
}

static void unlock_queue(void *user) {
    CHECK(user == &locks && locked);
    locked = 0;
    pthread_mutex_unlock(&queue_lock);
}

/* Through the application's own entry: every submit must come while the queue is locked. */
static PFN_vkQueueSubmit real_submit;

static VKAPI_ATTR VkResult VKAPI_CALL watched_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence) {
    CHECK(locked);
    return real_submit(queue, count, submits, fence);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL watched_get(VkInstance instance, const char *name) {
    PFN_vkVoidFunction function = get(instance, name);
    if (strcmp(name, "vkQueueSubmit") != 0) return function;
    real_submit = (PFN_vkQueueSubmit)function;
    return (PFN_vkVoidFunction)watched_submit;
}

#define LOAD(instance, name) PFN_##name name = (PFN_##name)get(instance, #name)

static double best(opsin_runtime *runtime, const char *folder, const char *photo, const char *device, uint32_t precision) {
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_session_options options;
    opsin_session_options_init(&options, sizeof options);
    options.precision = precision;
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    const char *report = NULL;
    GIVES(OPSIN_OK, opsin_model_open(runtime, folder, NULL, &model));
    GIVES(OPSIN_OK, opsin_session_create(model, &options, &session));
    GIVES(OPSIN_OK, opsin_run_file(session, photo, &result));
    GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
    GIVES(OPSIN_OK, opsin_result_report_json(result, &report));
    CHECK(report && strstr(report, device) && strstr(report, "\"fallbacks\": []"));
    const double score = classes.count && strstr(classes.label[0], "Egyptian cat") ? classes.score[0] : -1;
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
    return score;
}

/* A tensor in a VkBuffer of the application's gives the bits that it gives from plain memory; a picture there is out of the host's sight. */
static void buffer_of_ours(opsin_runtime *runtime, VkInstance instance, VkPhysicalDevice physical, VkDevice device, const char *folder, const char *photo) {
    LOAD(instance, vkGetPhysicalDeviceMemoryProperties);
    LOAD(instance, vkCreateBuffer);
    LOAD(instance, vkDestroyBuffer);
    LOAD(instance, vkGetBufferMemoryRequirements);
    LOAD(instance, vkAllocateMemory);
    LOAD(instance, vkFreeMemory);
    LOAD(instance, vkBindBufferMemory);
    LOAD(instance, vkMapMemory);
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_picture *picture = NULL;
    opsin_input *input = NULL;
    opsin_result *plain = NULL, *shared = NULL;
    opsin_buffer *buffer = NULL;
    opsin_image image;
    opsin_tensor tensor, one, other;
    opsin_image_init(&image, sizeof image);
    opsin_tensor_init(&tensor, sizeof tensor);
    opsin_tensor_init(&one, sizeof one);
    opsin_tensor_init(&other, sizeof other);
    GIVES(OPSIN_OK, opsin_model_open(runtime, folder, NULL, &model));
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    GIVES(OPSIN_OK, opsin_picture_decode_file(photo, NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &image));
    GIVES(OPSIN_OK, opsin_preprocess(session, &image, &input));
    GIVES(OPSIN_OK, opsin_input_tensor(input, 0, &tensor));
    CHECK(tensor.layout == OPSIN_LAYOUT_NHWC);
    GIVES(OPSIN_OK, opsin_run_tensors(session, &tensor, 1, &plain));
    GIVES(OPSIN_OK, opsin_result_tensor_named(plain, "logits", &one));

    const VkBufferCreateInfo wanted = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = tensor.byte_count + 256, .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT};
    VkBuffer ours = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkMemoryRequirements needs;
    VkPhysicalDeviceMemoryProperties types;
    CHECK(vkCreateBuffer(device, &wanted, NULL, &ours) == VK_SUCCESS);
    vkGetBufferMemoryRequirements(device, ours, &needs);
    vkGetPhysicalDeviceMemoryProperties(physical, &types);
    const VkMemoryPropertyFlags seen = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    uint32_t type = 0;
    while (type < types.memoryTypeCount && !((needs.memoryTypeBits >> type & 1) && (types.memoryTypes[type].propertyFlags & seen) == seen)) type++;
    const VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = type};
    char *mapped = NULL;
    CHECK(vkAllocateMemory(device, &allocate, NULL, &memory) == VK_SUCCESS && vkBindBufferMemory(device, ours, memory, 0) == VK_SUCCESS);
    CHECK(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, (void **)&mapped) == VK_SUCCESS);
    memcpy(mapped + 64, tensor.data, tensor.byte_count);

    opsin_buffer_source source;
    opsin_buffer_source_init(&source, sizeof source);
    source.kind = OPSIN_BUFFER_VULKAN;
    memcpy(&source.handle, &ours, sizeof ours);
    source.byte_count = wanted.size;
    GIVES(OPSIN_OK, opsin_buffer_import(runtime, &source, &buffer));
    tensor.data = NULL;
    tensor.buffer = buffer;
    tensor.buffer_offset = 64;
    GIVES(OPSIN_OK, opsin_run_tensors(session, &tensor, 1, &shared));
    GIVES(OPSIN_OK, opsin_result_tensor_named(shared, "logits", &other));
    CHECK(one.byte_count == other.byte_count && memcmp(one.data, other.data, one.byte_count) == 0);
    image.data = NULL;
    image.buffer = buffer;
    image.width = image.height = 8;
    image.stride_bytes = 0;
    opsin_result *none = NULL;
    FAILS(OPSIN_E_UNSUPPORTED, opsin_run(session, &image, &none));
    opsin_buffer_release(buffer);
    vkDestroyBuffer(device, ours, NULL);
    vkFreeMemory(device, memory, NULL);
    opsin_result_release(shared);
    opsin_result_release(plain);
    opsin_input_release(input);
    opsin_picture_release(picture);
    opsin_session_release(session);
    opsin_model_release(model);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    void *library = dlopen("libvulkan.so.1", RTLD_NOW);
    if (!library) return 77;
    *(void **)&get = dlsym(library, "vkGetInstanceProcAddr");
    LOAD(NULL, vkCreateInstance);
    LOAD(NULL, vkEnumerateInstanceLayerProperties);

    const char *layer = "VK_LAYER_KHRONOS_validation", *utilities = "VK_EXT_debug_utils";
    VkLayerProperties layers[64];
    uint32_t count = 64;
    vkEnumerateInstanceLayerProperties(&count, layers);
    uint32_t validates = 0;
    for (uint32_t i = 0; i < count; i++) validates |= strcmp(layers[i].layerName, layer) == 0;
    VkDebugUtilsMessengerCreateInfoEXT listen = {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    listen.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    listen.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    listen.pfnUserCallback = complain;
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1};
    VkInstanceCreateInfo create = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
    create.enabledLayerCount = create.enabledExtensionCount = validates;
    create.ppEnabledLayerNames = &layer;
    create.ppEnabledExtensionNames = &utilities;
    create.pNext = validates ? &listen : NULL;
    VkInstance instance = NULL;
    if (vkCreateInstance(&create, NULL, &instance) != VK_SUCCESS) return 77;
    LOAD(instance, vkEnumeratePhysicalDevices);
    LOAD(instance, vkGetPhysicalDeviceFeatures2);
    LOAD(instance, vkGetPhysicalDeviceProperties);
    LOAD(instance, vkCreateDevice);
    LOAD(instance, vkGetDeviceQueue);
    LOAD(instance, vkDeviceWaitIdle);
    LOAD(instance, vkDestroyDevice);
    LOAD(instance, vkDestroyInstance);
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
    if (validates) {
        LOAD(instance, vkCreateDebugUtilsMessengerEXT);
        CHECK(vkCreateDebugUtilsMessengerEXT(instance, &listen, NULL, &messenger) == VK_SUCCESS);
    }
    VkPhysicalDevice physical = NULL;
    count = 1;
    vkEnumeratePhysicalDevices(instance, &count, &physical);
    if (count == 0 || !physical) return 77;
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(physical, &properties);

    /* With 16-bit storage, which the library is told of by the extension's name. */
    const char *extensions[] = {"VK_KHR_16bit_storage"};
    VkPhysicalDevice16BitStorageFeatures half = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
    VkPhysicalDeviceFeatures2 has = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &half};
    vkGetPhysicalDeviceFeatures2(physical, &has);
    const uint32_t fp16 = half.storageBuffer16BitAccess;
    VkPhysicalDevice16BitStorageFeatures wanted = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES, .storageBuffer16BitAccess = fp16};
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueFamilyIndex = 0, .queueCount = 1, .pQueuePriorities = &priority};
    VkDeviceCreateInfo device_info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &wanted, .queueCreateInfoCount = 1};
    device_info.pQueueCreateInfos = &queue_info;
    device_info.enabledExtensionCount = fp16;
    device_info.ppEnabledExtensionNames = extensions;
    VkDevice device = NULL;
    CHECK(vkCreateDevice(physical, &device_info, NULL, &device) == VK_SUCCESS);
    VkQueue queue = NULL;
    vkGetDeviceQueue(device, 0, 0, &queue);

    opsin_vulkan_handles handles;
    opsin_vulkan_handles_init(&handles, sizeof handles);
    opsin_runtime *runtime = NULL;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create_from_vulkan(NULL, NULL, &runtime));
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create_from_vulkan(&handles, NULL, &runtime));
    handles.api_version = VK_API_VERSION_1_0;
    handles.instance = instance;
    handles.physical_device = physical;
    handles.device = device;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create_from_vulkan(&handles, NULL, &runtime));
    CHECK(strstr(opsin_last_error(), "1.0"));
    handles.api_version = VK_API_VERSION_1_1;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create_from_vulkan(&handles, NULL, &runtime));
    CHECK(strstr(opsin_last_error(), "queue"));
    handles.queue = queue;
    handles.lock_queue = lock_queue;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create_from_vulkan(&handles, NULL, &runtime));
    handles.unlock_queue = unlock_queue;
    handles.user = &locks;
    handles.queue_family = 77;
    FAILS(OPSIN_E_DEVICE, opsin_runtime_create_from_vulkan(&handles, NULL, &runtime));
    CHECK(strstr(opsin_last_error(), "77") && runtime == NULL);
    handles.queue_family = 0;
    PFN_vkGetInstanceProcAddr watched = watched_get;
    memcpy(&handles.get_instance_proc_addr, &watched, sizeof watched);

    opsin_runtime_options options;
    opsin_runtime_options_init(&options, sizeof options);
    options.cache_dir = "";
    options.flags = OPSIN_RUNTIME_NO_CPU_FALLBACK;
    GIVES(OPSIN_OK, opsin_runtime_create_from_vulkan(&handles, &options, &runtime));
    opsin_device_info info;
    opsin_device_info_init(&info, sizeof info);
    GIVES(OPSIN_OK, opsin_runtime_device(runtime, &info));
    CHECK(info.kind == OPSIN_DEVICE_VULKAN && strcmp(info.name, properties.deviceName) == 0);
    const double score = best(runtime, argv[1], argv[2], properties.deviceName, OPSIN_PRECISION_FP32);
    CHECK(score > 0 && locks > 0);
    buffer_of_ours(runtime, instance, physical, device, argv[1], argv[2]);
    /* 16-bit storage was not named: it counts as off, whatever the device has. */
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_session_options half_options;
    opsin_session_options_init(&half_options, sizeof half_options);
    half_options.precision = OPSIN_PRECISION_FP16;
    GIVES(OPSIN_OK, opsin_model_open(runtime, argv[1], NULL, &model));
    FAILS(OPSIN_E_UNSUPPORTED, opsin_session_create(model, &half_options, &session));
    opsin_model_release(model);
    opsin_runtime_release(runtime);

    handles.extension_count = fp16;
    handles.extensions = extensions;
    GIVES(OPSIN_OK, opsin_runtime_create_from_vulkan(&handles, &options, &runtime));
    if (fp16) CHECK(fabs(best(runtime, argv[1], argv[2], properties.deviceName, OPSIN_PRECISION_FP16) - score) < 0.02);
    opsin_runtime_release(runtime);

    /* The library's own device gives the same bits. */
    char name[] = "vulkan:0";
    options.device = name;
    GIVES(OPSIN_OK, opsin_runtime_create(&options, &runtime));
    CHECK(best(runtime, argv[1], argv[2], properties.deviceName, OPSIN_PRECISION_FP32) == score);
    opsin_runtime_release(runtime);

    /* The device is still the application's, and whole. */
    CHECK(vkDeviceWaitIdle(device) == VK_SUCCESS && !locked);
    vkDestroyDevice(device, NULL);
    if (messenger) {
        LOAD(instance, vkDestroyDebugUtilsMessengerEXT);
        vkDestroyDebugUtilsMessengerEXT(instance, messenger, NULL);
    }
    vkDestroyInstance(instance, NULL);
    CHECK(complaints == 0);
    printf("shared_device.c: %d checks, %d failed%s\n", checks_made, checks_failed, validates ? ", validated" : "");
    return checks_failed ? 1 : 0;
}
