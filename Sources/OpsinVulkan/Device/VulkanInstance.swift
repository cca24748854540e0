internal import CVulkan

/// A Vulkan instance and the devices that it sees. Everything that is made on a device keeps its instance alive.
@safe package final class VulkanInstance: @unchecked Sendable {  // immutable; the calls on it are free-threaded but for destruction
    /// What is there, in the driver's order: `vulkan:N` counts it.
    package let devices: [DeviceInfo]
    let functions: VulkanFunctions
    let physicalDevices: [VkPhysicalDevice]
    private let handle: VkInstance
    /// The application whose instance it is; nil is our own.
    let shared: SharedDevice?

    /// Starts the drivers. `edit` replaces entry points, for tests.
    package init(loader: LoaderFunctions, edit: (inout VulkanFunctions) -> Void = { _ in }) throws(VulkanError) {
        var version: UInt32 = 0
        guard let enumerateVersion = unsafe loader.enumerateInstanceVersion, unsafe enumerateVersion(&version) == VK_SUCCESS,
            Version(packed: version) >= Version(major: 1, minor: 1, patch: 0)
        else { throw VulkanError(.unsupported, "the Vulkan loader is older than 1.1") }
        let handle = try unsafe VulkanInstance.create(loader)
        do {
            var functions = try unsafe VulkanFunctions(loader.getInstanceProcAddr, instance: handle)
            edit(&functions)
            let physical = unsafe enumerate(nil as VkPhysicalDevice?) { unsafe functions.enumeratePhysicalDevices(handle, $0, $1) }.compactMap { unsafe $0 }
            let probe = functions
            unsafe (self.handle, self.functions, physicalDevices, shared) = (handle, functions, physical, nil)
            devices = unsafe physical.map { unsafe DeviceProbe(probe, $0).info() }
        } catch {
            if let destroy: PFN_vkDestroyInstance = unsafe FunctionReader(loader.getInstanceProcAddr, handle).optional("vkDestroyInstance") {
                unsafe destroy(handle, nil)
            }
            throw error
        }
    }

    /// An application's instance with its one device; `edit` replaces entry points, for tests.
    package init(_ shared: SharedDevice, edit: (inout VulkanFunctions) -> Void = { _ in }) throws(VulkanError) {
        let get: PFN_vkGetInstanceProcAddr
        if let given = unsafe shared.getInstanceProcAddr { unsafe get = given } else { unsafe get = try LoaderFunctions().getInstanceProcAddr }
        var functions = try unsafe VulkanFunctions(get, instance: shared.instance)
        edit(&functions)
        let probe = unsafe DeviceProbe(functions, shared.physical)
        var info = probe.info(family: shared.queueFamily)
        info.features = shared.enabled(info.features)
        unsafe (handle, self.functions, physicalDevices) = (shared.instance, functions, [shared.physical])
        (devices, self.shared) = ([info], shared)
    }

    deinit {
        if shared == nil { unsafe functions.destroyInstance(handle, nil) }
    }

    /// The device for `request`, or the reasons against each.
    package func choose(_ request: DeviceRequest) throws(VulkanError) -> Int {
        let list = judge(devices, for: request)
        if let index = list.firstIndex(where: \.chosen) { return index }
        guard !list.isEmpty else { throw VulkanError(.noDevice, "no Vulkan device is there") }
        throw VulkanError(.noDevice, "no Vulkan device fits: " + list.enumerated().map { "\($0): \($1.info.name): \($1.reason)" }.joined(separator: "; "))
    }

    private static func create(_ loader: LoaderFunctions) throws(VulkanError) -> VkInstance {
        var application = unsafe VkApplicationInfo()
        unsafe application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO
        // Drivers offer what the application names; 1.3 is the newest that our headers know, and a 1.1 device stays a 1.1 device.
        unsafe application.apiVersion = 1 << 22 | 3 << 12
        var instance: VkInstance?
        let result = unsafe withUnsafePointer(to: &application) { application in
            var info = unsafe VkInstanceCreateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO
            unsafe info.pApplicationInfo = application
            return unsafe loader.createInstance(&info, nil, &instance)
        }
        try check(result, "vkCreateInstance")
        guard let instance = unsafe instance else { throw VulkanError(.driver, "vkCreateInstance gave no instance") }
        return unsafe instance
    }
}
