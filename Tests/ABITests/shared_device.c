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
