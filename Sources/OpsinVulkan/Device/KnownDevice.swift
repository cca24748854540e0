internal import CVulkan

/// A row of what is known of devices that they do not say of themselves: traits that choose kernels, and faults that a feature is left off for.
///
/// Facts with their sources, none tried here but those of llvmpipe. What a row says wrongly costs speed, not answers: kernels are correct everywhere, and what a
/// row does not know the self-test of a device's first use finds. `OPSIN_VK_KNOWN=0` reads no row, `OPSIN_VK_WORKGROUPS=N` replaces the number of workgroups.
package struct KnownDevice: Sendable {
    /// How `opsin doctor` calls it.
    package let name: String
    private let drivers: [VkDriverId]
    /// PCI vendors; empty: any.
    private let vendors: [UInt32]
    /// Vendors that it is not.
    private let otherVendors: [UInt32]
    /// Sizes that a subgroup may have there; what one has in a run is `DeviceLimits.subgroupSize` or lies in this range.
    package let subgroups: ClosedRange<Int>?
    /// Bytes of shared memory that its devices usually have.
    package let sharedMemory: Int?
    /// Shapes of cooperative matrices in the form that our compiler knows, rows x columns x depth.
    package let matrices: [String]
    /// False where shared memory is main memory: staging factors of products there only copies.
    package let stagesInShared: Bool
    /// Features that are not used, and why.
    package let distrusted: [Feature: String]
    /// What else to know, for people.
    package let remarks: [String]

    private init(
        _ name: String, _ drivers: [VkDriverId], vendors: [UInt32] = [], otherVendors: [UInt32] = [], subgroups: ClosedRange<Int>? = nil,
        sharedMemory: Int? = nil, matrices: [String] = [], stagesInShared: Bool = true, distrusted: [Feature: String] = [:], remarks: [String] = []
    ) {
        (self.name, self.drivers, self.vendors, self.otherVendors, self.subgroups) = (name, drivers, vendors, otherVendors, subgroups)
        (self.sharedMemory, self.matrices, self.stagesInShared, self.distrusted, self.remarks) = (sharedMemory, matrices, stagesInShared, distrusted, remarks)
    }

    /// The rows that hold for a device.
    package static func rows(of info: DeviceInfo) -> [KnownDevice] {
        table.filter { row in
            row.drivers.contains { $0.rawValue == info.driverID } && (row.vendors.isEmpty || row.vendors.contains(info.vendorID))
                && !row.otherVendors.contains(info.vendorID)
        }
    }

    private static let nvidia: UInt32 = 0x10de, amd: UInt32 = 0x1002, intel: UInt32 = 0x8086, arm: UInt32 = 0x13b5, qualcomm: UInt32 = 0x5143
    private static let apple: UInt32 = 0x106b, broadcom: UInt32 = 0x14e4

    static let table: [KnownDevice] = [
        // VK_NV_cooperative_matrix (registry.khronos.org) since Turing; a warp has 32 threads and 48 KiB are what every card since Maxwell gives a workgroup
        // (CUDA programming guide, table of compute capabilities).
        KnownDevice(
            "NVIDIA's driver", [VK_DRIVER_ID_NVIDIA_PROPRIETARY], vendors: [nvidia], subgroups: 32...32, sharedMemory: 49_152,
            matrices: ["16x16x16", "16x8x16", "16x8x8"]),
        KnownDevice(
            "NVK", [VkDriverId(rawValue: 24)], vendors: [nvidia], subgroups: 32...32, sharedMemory: 49_152,
            remarks: ["cooperative matrices only in the KHR form, which is not used"]),
        // GCN runs 64 threads in step; RDNA 32 or 64, and RADV takes 64 for compute unless it is told (docs.mesa3d.org, RADV). 64 KiB; 32 on older drivers.
        KnownDevice("RADV", [VK_DRIVER_ID_MESA_RADV], vendors: [amd], subgroups: 32...64, sharedMemory: 65_536),
        // llama.cpp (ggml-vulkan.cpp, KHR cooperative matrices): both list them on GPUs that have none in hardware. The NV form, which we use, they do not list.
        KnownDevice(
            "AMDVLK and AMD's proprietary driver", [VK_DRIVER_ID_AMD_OPEN_SOURCE, VK_DRIVER_ID_AMD_PROPRIETARY], vendors: [amd], subgroups: 32...64,
            sharedMemory: 32_768, remarks: ["lists KHR cooperative matrices on GPUs without them; they are not used"]),
        // The compiler chooses 8, 16 or 32 for each shader, whatever the property says (Intel's Vulkan drivers; VK_EXT_subgroup_size_control, issue 1). Shaders
        // ask gl_SubgroupSize. llama.cpp pull request 18814: some products of fp16 arithmetic are wrong on ANV; our fp16 is storage, sums are fp32.
        KnownDevice(
            "ANV", [VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA], vendors: [intel], subgroups: 8...32, sharedMemory: 65_536,
            remarks: ["the size of a subgroup varies from shader to shader"]),
        KnownDevice(
            "Intel's driver for Windows", [VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS], vendors: [intel], subgroups: 8...32, sharedMemory: 32_768,
            remarks: ["the size of a subgroup varies from shader to shader"]),
        // Arm, "Mali GPU Best Practices", compute shaders: shared memory is backed by the same cached main memory, copying into it gains nothing. Warps of 4
        // (Bifrost, first), 8 and 16 (Valhall).
        KnownDevice(
            "Mali", [VK_DRIVER_ID_ARM_PROPRIETARY, VK_DRIVER_ID_MESA_PANVK], vendors: [arm], subgroups: 4...16, sharedMemory: 32_768, stagesInShared: false,
            remarks: ["shared memory is main memory: products are not staged"]),
        // Waves of 64 or 128 (Mesa, Turnip: subgroup size control). 16-bit storage is absent before the 6xx.
        KnownDevice("Adreno", [VK_DRIVER_ID_QUALCOMM_PROPRIETARY], vendors: [qualcomm], subgroups: 64...128, sharedMemory: 32_768),
        // llama.cpp issue 25906: products of few columns wrong on an Adreno 702, cause unknown, subgroups one suspect.
        KnownDevice(
            "Turnip", [VK_DRIVER_ID_MESA_TURNIP], vendors: [qualcomm], subgroups: 64...128, sharedMemory: 32_768,
            remarks: ["small Adrenos have computed narrow products wrongly (llama.cpp issue 25906): opsin verify tells"]),
        // MoltenVK issue 231, open: shared arrays whose size is a specialization constant become wrong Metal.
        KnownDevice(
            "MoltenVK", [VK_DRIVER_ID_MOLTENVK], subgroups: 8...64, sharedMemory: 32_768,
            distrusted: [.sharedSizes: "MoltenVK translates them wrongly (its issue 231)"]),
        // MoltenVK issue 1553, open: on AMD and Intel, invocation numbers that do not reach the size of the subgroup. Apple's own GPUs have 32.
        KnownDevice(
            "MoltenVK on AMD and Intel", [VK_DRIVER_ID_MOLTENVK], otherVendors: [apple],
            distrusted: [.subgroups: "MoltenVK numbers threads wrongly on this GPU (its issue 1553)"]),
        // QPUs of 16 lanes; 16 KiB and 256 threads are what Vulkan demands at least (docs.mesa3d.org, V3D).
        KnownDevice("V3DV", [VK_DRIVER_ID_MESA_V3DV], vendors: [broadcom], subgroups: 16...16, sharedMemory: 16_384),
        // Measured here, Mesa 22.3: a loop ends after 65,535 rounds without a word (GlobalAveragePool goes row by row), subgroupClusteredAdd is wrong (no shader
        // has it), large unrolled shaders compile for seconds. 8 lanes with 256-bit vectors, 4 with 128.
        KnownDevice(
            "llvmpipe", [VK_DRIVER_ID_MESA_LLVMPIPE], subgroups: 4...16, sharedMemory: 32_768, stagesInShared: false,
            remarks: ["it computes on the processor: barriers are loops, shared memory is memory"]),
        // Vectors of four lanes (SwiftShader, docs/ProcessorsAndSIMD).
        KnownDevice(
            "SwiftShader", [VK_DRIVER_ID_GOOGLE_SWIFTSHADER], subgroups: 4...4, sharedMemory: 32_768, stagesInShared: false,
            remarks: ["it computes on the processor"]),
    ]
}
