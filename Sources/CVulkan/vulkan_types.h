// Types and constants only: every function comes from libvulkan at run time (dlopen), so that a machine without it still starts.
#ifndef OPSIN_VULKAN_TYPES_H
#define OPSIN_VULKAN_TYPES_H
#define VK_NO_PROTOTYPES 1
#include <vulkan/vulkan.h>
#endif
