"""A Vulkan device that a program made by itself, through libvulkan and ctypes alone: what an application lends to Opsin."""

import ctypes
from ctypes import POINTER, Structure, byref, c_char_p, c_float, c_int32, c_uint32, c_void_p
from typing import Any, Optional

API_VERSION = 1 << 22 | 1 << 12
_COMPUTE = 2


class _ApplicationInfo(Structure):
    _fields_ = [
        ("type", c_int32), ("next", c_void_p), ("name", c_char_p), ("version", c_uint32), ("engine", c_char_p), ("engine_version", c_uint32), ("api", c_uint32)]


class _InstanceInfo(Structure):
    _fields_ = [
        ("type", c_int32), ("next", c_void_p), ("flags", c_uint32), ("application", POINTER(_ApplicationInfo)), ("layer_count", c_uint32),
        ("layers", c_void_p), ("extension_count", c_uint32), ("extensions", c_void_p)]


class _QueueInfo(Structure):
    _fields_ = [
        ("type", c_int32), ("next", c_void_p), ("flags", c_uint32), ("family", c_uint32), ("count", c_uint32), ("priorities", POINTER(c_float))]


class _DeviceInfo(Structure):
    _fields_ = [
        ("type", c_int32), ("next", c_void_p), ("flags", c_uint32), ("queue_count", c_uint32), ("queues", POINTER(_QueueInfo)), ("layer_count", c_uint32),
        ("layers", c_void_p), ("extension_count", c_uint32), ("extensions", POINTER(c_char_p)), ("features", c_void_p)]


class VulkanDevice:
    """Instance, first physical device, device and queue; ``handles`` are what ``opsin.Runtime.from_vulkan`` takes."""

    def __init__(self, vulkan: Any, extensions: tuple[str, ...]) -> None:
        self._vulkan = vulkan
        application = _ApplicationInfo(type=0, api=API_VERSION)
        instance = c_void_p()
        self._good(vulkan.vkCreateInstance(byref(_InstanceInfo(type=1, application=ctypes.pointer(application))), None, byref(instance)))
        self.instance = instance
        count, physical = c_uint32(1), c_void_p()
        vulkan.vkEnumeratePhysicalDevices(instance, byref(count), byref(physical))
        if not physical:
            raise OSError("no Vulkan device")
        vulkan.vkGetPhysicalDeviceQueueFamilyProperties(physical, byref(count), None)
        # VkQueueFamilyProperties is six words, of which the first is the flags.
        families = (c_uint32 * 6 * count.value)()
        vulkan.vkGetPhysicalDeviceQueueFamilyProperties(physical, byref(count), families)
        family = next(index for index, words in enumerate(families) if words[0] & _COMPUTE)
        priority = c_float(1)
        queues = _QueueInfo(type=2, family=family, count=1, priorities=ctypes.pointer(priority))
        names = (c_char_p * max(len(extensions), 1))(*(name.encode() for name in extensions))
        device, queue = c_void_p(), c_void_p()
        info = _DeviceInfo(type=3, queue_count=1, queues=ctypes.pointer(queues), extension_count=len(extensions), extensions=names)
        self._good(vulkan.vkCreateDevice(physical, byref(info), None, byref(device)))
        vulkan.vkGetDeviceQueue(device, c_uint32(family), c_uint32(0), byref(queue))
        self.device = device
        self.handles: dict[str, Any] = {
            "instance": instance.value, "physical_device": physical.value, "device": device.value, "queue": queue.value, "queue_family": family,
            "api_version": API_VERSION, "extensions": extensions}

    @staticmethod
    def _good(result: int) -> None:
        if result != 0:
            raise OSError(f"Vulkan says {result}")

    def close(self) -> None:
        self._vulkan.vkDestroyDevice(self.device, None)
        self._vulkan.vkDestroyInstance(self.instance, None)


def vulkan_device(*extensions: str) -> Optional[VulkanDevice]:
    """A device with these extensions; None where there is none."""
    try:
        return VulkanDevice(ctypes.CDLL("libvulkan.so.1"), extensions)
    except (OSError, StopIteration):
        return None
