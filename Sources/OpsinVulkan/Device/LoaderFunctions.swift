package import CVulkan
internal import Glibc

/// The entry points of libvulkan that need no instance. Tests replace entries to make them fail.
@safe package struct LoaderFunctions: @unchecked Sendable {  // addresses of code, which nothing changes
    package var getInstanceProcAddr: PFN_vkGetInstanceProcAddr
    package var createInstance: PFN_vkCreateInstance
    /// Nil on a Vulkan 1.0 loader.
    package var enumerateInstanceVersion: PFN_vkEnumerateInstanceVersion?

    /// The names under which distributions ship the loader.
    package static let libraryNames = ["libvulkan.so.1", "libvulkan.so"]

    /// Opens the loader. It stays open for the life of the process: drivers do not survive `dlclose`.
    package init(libraries: [String] = libraryNames) throws(VulkanError) {
        guard let library = unsafe libraries.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
            throw VulkanError(.noLoader, "the Vulkan loader \(libraries.first ?? "") is not installed or cannot be opened")
        }
        guard let symbol = unsafe dlsym(library, "vkGetInstanceProcAddr") else {
            throw VulkanError(.noLoader, "the Vulkan loader \(libraries.first ?? "") has no vkGetInstanceProcAddr")
        }
        unsafe getInstanceProcAddr = unsafeBitCast(symbol, to: PFN_vkGetInstanceProcAddr.self)
        unsafe createInstance = try FunctionReader(getInstanceProcAddr, nil).required("vkCreateInstance")
        unsafe enumerateInstanceVersion = FunctionReader(getInstanceProcAddr, nil).optional("vkEnumerateInstanceVersion")
    }
}

/// Looks entry points up by name; the type comes from where the result goes.
@safe struct FunctionReader {
    private let get: PFN_vkGetInstanceProcAddr
    private let instance: VkInstance?

    init(_ get: @escaping PFN_vkGetInstanceProcAddr, _ instance: VkInstance?) { unsafe (self.get, self.instance) = (get, instance) }

    /// The function `name`, or the error that the driver lacks it. `F` must be the function's `PFN_` type.
    func required<F>(_ name: String) throws(VulkanError) -> F {
        guard let function: F = optional(name) else { throw VulkanError(.driver, "the Vulkan driver has no \(name)") }
        return function
    }

    func optional<F>(_ name: String) -> F? {
        unsafe get(instance, name).map { unsafe unsafeBitCast($0, to: F.self) }
    }
}
