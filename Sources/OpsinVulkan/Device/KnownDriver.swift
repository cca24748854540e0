internal import CVulkan

/// What is known of a driver beyond what it says of itself, by its `VkDriverId`.
package struct KnownDriver: Sendable {
    let id: VkDriverId
    package let name: String
    /// The interface that it translates to; nil for a driver of the hardware itself. `VK_MSFT_layered_driver` says it too, on newer drivers.
    let below: String?
    /// Which driver of one GPU is taken where conformance and version do not tell: the smallest.
    let order: Int

    /// The driver of that number; nil for one that we know nothing of.
    static func of(_ id: UInt32) -> KnownDriver? { table.first { $0.id.rawValue == id } }

    private init(_ id: VkDriverId, _ name: String, below: String? = nil, _ order: Int) {
        (self.id, self.name, self.below, self.order) = (id, name, below, order)
    }

    /// Only drivers that share hardware with another one of the list need an order. llama.cpp's `ggml-vulkan` has the same order for AMD, Intel, NVIDIA and
    /// Qualcomm; Mesa's documentation (docs.mesa3d.org/drivers) names the hardware of its drivers.
    static let table: [KnownDriver] = [
        // AMD: RADV is what distributions ship and test; AMDVLK ended with 2025 (GPUOpen-Drivers/AMDVLK, README); the proprietary one is built from its sources.
        KnownDriver(VK_DRIVER_ID_MESA_RADV, "RADV", 0),
        KnownDriver(VK_DRIVER_ID_AMD_OPEN_SOURCE, "AMDVLK", 1),
        KnownDriver(VK_DRIVER_ID_AMD_PROPRIETARY, "AMD's proprietary driver", 2),
        // Intel: one of the two is there, by the system.
        KnownDriver(VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, "ANV", 0),
        KnownDriver(VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS, "Intel's driver for Windows", 1),
        // NVIDIA: NVK has no cooperative matrices in the NV form.
        KnownDriver(VK_DRIVER_ID_NVIDIA_PROPRIETARY, "NVIDIA's driver", 0),
        KnownDriver(VkDriverId(rawValue: 24), "NVK", 1),  // VK_DRIVER_ID_MESA_NVK, newer than our headers
        // Qualcomm and Arm: the vendor's driver is tuned for the phone it comes with.
        KnownDriver(VK_DRIVER_ID_QUALCOMM_PROPRIETARY, "Qualcomm's driver", 0),
        KnownDriver(VK_DRIVER_ID_MESA_TURNIP, "Turnip", 1),
        KnownDriver(VK_DRIVER_ID_ARM_PROPRIETARY, "Arm's driver", 0),
        KnownDriver(VK_DRIVER_ID_MESA_PANVK, "PanVK", 1),
        // Apple: both translate or not; Honeykrisp drives the hardware (Asahi Linux), MoltenVK needs macOS.
        KnownDriver(VkDriverId(rawValue: 26), "Honeykrisp", 0),  // VK_DRIVER_ID_MESA_HONEYKRISP
        KnownDriver(VK_DRIVER_ID_MOLTENVK, "MoltenVK", below: "Metal", 1),
        // On any GPU: Direct3D 12 below (WSL), or the host's Vulkan below (a virtual machine).
        KnownDriver(VK_DRIVER_ID_MESA_DOZEN, "Dozen", below: "Direct3D 12", 9),
        KnownDriver(VK_DRIVER_ID_MESA_VENUS, "Venus", below: "the host's Vulkan", 8),
        // Processors.
        KnownDriver(VK_DRIVER_ID_MESA_LLVMPIPE, "llvmpipe", 0),
        KnownDriver(VK_DRIVER_ID_GOOGLE_SWIFTSHADER, "SwiftShader", 1),
    ]
}
