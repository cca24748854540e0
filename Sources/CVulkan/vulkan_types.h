// Types and constants only: every function comes from libvulkan at run time (dlopen), so that a machine without it still starts.
#ifndef OPSIN_VULKAN_TYPES_H
#define OPSIN_VULKAN_TYPES_H
#define VK_NO_PROTOTYPES 1
#include <vulkan/vulkan.h>
#include <stdint.h>

// VK_KHR_cooperative_matrix revision 2, which Debian 12's headers (1.3.239) do not have yet: under names of our own, so that newer headers change nothing.
#define OPSIN_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FEATURES_KHR 1000506000u
#define OPSIN_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR 1000506001u
#define OPSIN_COMPONENT_FLOAT16_KHR 0u
#define OPSIN_COMPONENT_FLOAT32_KHR 1u
#define OPSIN_SCOPE_SUBGROUP_KHR 3u

/** VkPhysicalDeviceCooperativeMatrixFeaturesKHR */
typedef struct opsin_cooperative_matrix_features_khr {
    VkStructureType sType;
    void *pNext;
    VkBool32 cooperativeMatrix;
    VkBool32 cooperativeMatrixRobustBufferAccess;
} opsin_cooperative_matrix_features_khr;

/** VkCooperativeMatrixPropertiesKHR: result[m][n] = a[m][k] * b[k][n] + c[m][n], types by VkComponentTypeKHR */
typedef struct opsin_cooperative_matrix_khr {
    VkStructureType sType;
    void *pNext;
    uint32_t m, n, k;
    uint32_t a, b, c, result;
    VkBool32 saturates;
    uint32_t scope;
} opsin_cooperative_matrix_khr;

/** vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR */
typedef VkResult(VKAPI_PTR *opsin_get_cooperative_matrices_khr)(VkPhysicalDevice device, uint32_t *count, opsin_cooperative_matrix_khr *matrices);
#endif
