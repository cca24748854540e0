internal import CVulkan

/// Why Vulkan cannot do what was asked, in one sentence: what was called and what the driver said.
package struct VulkanError: Error, CustomStringConvertible, Sendable, Equatable {
    package enum Code: Sendable {
        /// libvulkan cannot be opened.
        case noLoader
        /// There is a loader, and no driver that makes an instance.
        case noDriver
        /// No device, or none that fits the request.
        case noDevice
        /// The device lacks what the call needs.
        case unsupported
        /// Host or device memory, or a limit on it.
        case outOfMemory
        /// The device is gone; everything made on it is useless.
        case deviceLost
        /// A fence did not signal before its deadline; the device counts as lost.
        case timeout
        /// A size or a count that the call cannot take.
        case argument
        /// Any other failure of the driver.
        case driver
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) { (self.code, self.description) = (code, description) }

    /// What `call` answered.
    init(_ result: VkResult, _ call: String) {
        let code: Code =
            switch result {
            case VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY, VK_ERROR_OUT_OF_POOL_MEMORY, VK_ERROR_TOO_MANY_OBJECTS: .outOfMemory
            case VK_ERROR_DEVICE_LOST: .deviceLost
            case VK_ERROR_INCOMPATIBLE_DRIVER: .noDriver
            case VK_ERROR_FEATURE_NOT_PRESENT, VK_ERROR_EXTENSION_NOT_PRESENT, VK_ERROR_FORMAT_NOT_SUPPORTED: .unsupported
            case VK_TIMEOUT: .timeout
            default: .driver
            }
        self.init(code, "\(call): \(VulkanError.name(result))")
    }

    /// The specification's name of a result, `VkResult -1000` where we know none.
    static func name(_ result: VkResult) -> String {
        switch result {
        case VK_SUCCESS: "VK_SUCCESS"
        case VK_TIMEOUT: "VK_TIMEOUT"
        case VK_ERROR_OUT_OF_HOST_MEMORY: "VK_ERROR_OUT_OF_HOST_MEMORY"
        case VK_ERROR_OUT_OF_DEVICE_MEMORY: "VK_ERROR_OUT_OF_DEVICE_MEMORY"
        case VK_ERROR_OUT_OF_POOL_MEMORY: "VK_ERROR_OUT_OF_POOL_MEMORY"
        case VK_ERROR_INITIALIZATION_FAILED: "VK_ERROR_INITIALIZATION_FAILED"
        case VK_ERROR_DEVICE_LOST: "VK_ERROR_DEVICE_LOST"
        case VK_ERROR_MEMORY_MAP_FAILED: "VK_ERROR_MEMORY_MAP_FAILED"
        case VK_ERROR_LAYER_NOT_PRESENT: "VK_ERROR_LAYER_NOT_PRESENT"
        case VK_ERROR_EXTENSION_NOT_PRESENT: "VK_ERROR_EXTENSION_NOT_PRESENT"
        case VK_ERROR_FEATURE_NOT_PRESENT: "VK_ERROR_FEATURE_NOT_PRESENT"
        case VK_ERROR_INCOMPATIBLE_DRIVER: "VK_ERROR_INCOMPATIBLE_DRIVER"
        case VK_ERROR_TOO_MANY_OBJECTS: "VK_ERROR_TOO_MANY_OBJECTS"
        default: "VkResult \(result.rawValue)"
        }
    }
}

/// Throws unless `result` is `VK_SUCCESS`.
func check(_ result: VkResult, _ call: String) throws(VulkanError) {
    guard result == VK_SUCCESS else { throw VulkanError(result, call) }
}
