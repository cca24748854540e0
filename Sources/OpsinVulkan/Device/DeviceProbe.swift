internal import CVulkan

/// Asks a driver about one physical device. Structures of extensions are chained only where the device has them.
@safe struct DeviceProbe {
    private let vk: VulkanFunctions
    private let device: VkPhysicalDevice
    private let extensions: Set<String>
    private let properties: VkPhysicalDeviceProperties

    init(_ vk: VulkanFunctions, _ device: VkPhysicalDevice) {
        unsafe (self.vk, self.device) = (vk, device)
        let list = unsafe enumerate(VkExtensionProperties()) { unsafe vk.enumerateDeviceExtensionProperties(device, nil, $0, $1) }
        extensions = Set(list.map { text($0.extensionName) })
        var basic = unsafe VkPhysicalDeviceProperties2()
        unsafe basic.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2
        unsafe vk.getPhysicalDeviceProperties2(device, &basic)
        unsafe properties = basic.properties
    }

    var apiVersion: Version { Version(packed: properties.apiVersion) }
    /// Vulkan 1.2 took in extensions that older devices list.
    var isVulkan12: Bool { apiVersion >= Version(major: 1, minor: 2, patch: 0) }

    func has(_ name: String) -> Bool { extensions.contains(name) }

    /// How memory can be shared.
    var memoryHandles: Set<MemoryHandle> { Set(MemoryHandle.allCases.filter { $0.extensions.allSatisfy(has) }) }

    /// What is known of the device; `family` is the queue family that is used, nil the best one.
    func info(family: UInt32? = nil) -> DeviceInfo {
        var info = DeviceInfo(
            name: text(properties.deviceName), kind: kind, vendorID: properties.vendorID, deviceID: properties.deviceID, driverName: "", driverInfo: "",
            driverVersion: properties.driverVersion, apiVersion: apiVersion, uuid: [], memoryBytes: memoryBytes, features: DeviceFeatures(),
            limits: limits, queueFamily: nil)
        guard apiVersion >= Version(major: 1, minor: 1, patch: 0) else { return info }
        readProperties(&info)
        readQueue(&info, family)
        info.features = readFeatures(subgroupOperations: info.features.subgroupOperations)
        return info
    }

    private var kind: DeviceInfo.Kind {
        switch properties.deviceType {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: .discrete
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: .integrated
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: .virtual
        case VK_PHYSICAL_DEVICE_TYPE_CPU: .cpu
        default: .other
        }
    }

    private var limits: DeviceLimits {
        let raw = properties.limits
        var limits = DeviceLimits()
        limits.maximumStorageRange = Int(raw.maxStorageBufferRange)
        limits.maximumPushConstants = Int(raw.maxPushConstantsSize)
        limits.maximumInvocations = Int(raw.maxComputeWorkGroupInvocations)
        limits.maximumGroupSize = [Int(raw.maxComputeWorkGroupSize.0), Int(raw.maxComputeWorkGroupSize.1), Int(raw.maxComputeWorkGroupSize.2)]
        limits.maximumGroupCount = [Int(raw.maxComputeWorkGroupCount.0), Int(raw.maxComputeWorkGroupCount.1), Int(raw.maxComputeWorkGroupCount.2)]
        limits.sharedMemory = Int(raw.maxComputeSharedMemorySize)
        limits.storageAlignment = max(16, Int(clamping: raw.minStorageBufferOffsetAlignment))
        limits.atomSize = max(1, Int(clamping: raw.nonCoherentAtomSize))
        return limits
    }

    private var memoryBytes: UInt64 {
        var memory = VkPhysicalDeviceMemoryProperties()
        unsafe vk.getPhysicalDeviceMemoryProperties(device, &memory)
        return memory.heaps.filter { $0.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT.rawValue != 0 }.map(\.size).max() ?? 0
    }

    private func readProperties(_ info: inout DeviceInfo) {
        let chain = StructureChain()
        var plain = unsafe (VkPhysicalDeviceIDProperties(), VkPhysicalDeviceSubgroupProperties(), VkPhysicalDeviceMaintenance3Properties())
        unsafe plain.0.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES
        unsafe plain.1.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES
        unsafe plain.2.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES
        let identity = unsafe chain.add(plain.0)
        let subgroup = unsafe chain.add(plain.1)
        let memory = unsafe chain.add(plain.2)
        var named = unsafe VkPhysicalDeviceDriverProperties()
        unsafe named.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES
        let driver = isVulkan12 || has("VK_KHR_driver_properties") ? unsafe chain.add(named) : nil
        var place = unsafe VkPhysicalDevicePCIBusInfoPropertiesEXT()
        unsafe place.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT
        let bus = has("VK_EXT_pci_bus_info") ? unsafe chain.add(place) : nil
        let cores = CoreChain(chain, self)
        var shared = unsafe VkPhysicalDeviceExternalMemoryHostPropertiesEXT()
        unsafe shared.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT
        let host = has("VK_EXT_external_memory_host") ? unsafe chain.add(shared) : nil
        var all = unsafe VkPhysicalDeviceProperties2()
        unsafe all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2
        unsafe all.pNext = chain.head
        unsafe vk.getPhysicalDeviceProperties2(device, &all)
        info.cores = cores.count
        info.uuid = unsafe withUnsafeBytes(of: identity.pointee.deviceUUID) { unsafe Array($0) }
        if unsafe identity.pointee.deviceLUIDValid != 0 {
            let (name, nodes) = unsafe (identity.pointee.deviceLUID, identity.pointee.deviceNodeMask)
            info.luid = unsafe withUnsafeBytes(of: name) { unsafe Array($0) } + withUnsafeBytes(of: nodes) { unsafe Array($0) }
        }
        if let bus = unsafe bus?.pointee {
            let place = unsafe PCIAddress(domain: bus.pciDomain, bus: bus.pciBus, device: bus.pciDevice, function: bus.pciFunction)
            info.pci = place.isUnknown ? nil : place
        }
        if let driver = unsafe driver?.pointee {
            unsafe (info.driverName, info.driverInfo, info.driverID) = (text(driver.driverName), text(driver.driverInfo), driver.driverID.rawValue)
            let passed = unsafe driver.conformanceVersion
            if passed.major > 0 { info.conformance = [passed.major, passed.minor, passed.subminor, passed.patch].map { Int($0) } }
        }
        if let step = unsafe host?.pointee.minImportedHostPointerAlignment { info.limits.hostPointerAlignment = max(1, Int(clamping: step)) }
        info.limits.subgroupSize = unsafe max(1, Int(subgroup.pointee.subgroupSize))
        if unsafe subgroup.pointee.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT.rawValue != 0 {
            info.features.subgroupOperations = unsafe subgroup.pointee.supportedOperations
        }
        info.limits.maximumAllocation = unsafe Int(clamping: memory.pointee.maxMemoryAllocationSize)
        withExtendedLifetime(chain) {}
    }

    /// A family that computes and does not draw where there is one: its work runs beside the desktop's.
    private func readQueue(_ info: inout DeviceInfo, _ wanted: UInt32?) {
        var count: UInt32 = 0
        unsafe vk.getPhysicalDeviceQueueFamilyProperties(device, &count, nil)
        guard count > 0, count < 256 else { return }
        var families = [VkQueueFamilyProperties](repeating: VkQueueFamilyProperties(), count: Int(count))
        unsafe families.withUnsafeMutableBufferPointer { unsafe vk.getPhysicalDeviceQueueFamilyProperties(device, &count, $0.baseAddress) }
        let compute = families.indices.filter { families[$0].queueFlags & VK_QUEUE_COMPUTE_BIT.rawValue != 0 && families[$0].queueCount > 0 }
        let alone = compute.first { families[$0].queueFlags & VK_QUEUE_GRAPHICS_BIT.rawValue == 0 }
        let best = alone ?? compute.first
        guard let family = wanted == nil ? best : compute.first(where: { UInt32($0) == wanted }) else { return }
        info.queueFamily = UInt32(family)
        if families[family].timestampValidBits > 0 { info.limits.timestampPeriod = Double(properties.limits.timestampPeriod) }
    }

    private func readFeatures(subgroupOperations: UInt32) -> DeviceFeatures {
        let chain = FeatureChain(self)
        var all = unsafe VkPhysicalDeviceFeatures2()
        unsafe all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2
        unsafe all.pNext = chain.head
        unsafe vk.getPhysicalDeviceFeatures2(device, &all)
        var features = chain.features
        features.int16 = unsafe all.features.shaderInt16 != 0
        features.cooperativeMatrixKHR = features.cooperativeMatrixKHR && multipliesSquares
        features.memoryHandles = memoryHandles
        features.subgroupOperations = subgroupOperations
        return features
    }

    /// Whether subgroups multiply fp16 matrices of 16 x 16 with fp32 sums: KHR's form has other shapes on some devices, Intel's for instance.
    private var multipliesSquares: Bool {
        guard let list = unsafe vk.getPhysicalDeviceCooperativeMatrixPropertiesKHR else { return false }
        var empty = unsafe opsin_cooperative_matrix_khr()
        unsafe empty.sType = VkStructureType(rawValue: OPSIN_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR)
        let (half, float, subgroup) = (OPSIN_COMPONENT_FLOAT16_KHR, OPSIN_COMPONENT_FLOAT32_KHR, OPSIN_SCOPE_SUBGROUP_KHR)
        return unsafe enumerate(empty) { unsafe list(device, $0, $1) }.contains {
            unsafe [$0.m, $0.n, $0.k, $0.a, $0.b, $0.c, $0.result, $0.scope] == [16, 16, 16, half, half, float, float, subgroup]
        }
    }

    var hasFloat16Int8: Bool { isVulkan12 || has("VK_KHR_shader_float16_int8") }
    var has8BitStorage: Bool { isVulkan12 || has("VK_KHR_8bit_storage") }
    var hasMemoryModel: Bool { isVulkan12 || has("VK_KHR_vulkan_memory_model") }
}

extension VkPhysicalDeviceMemoryProperties {
    /// The heaps, as an array.
    var heaps: [VkMemoryHeap] {
        unsafe withUnsafeBytes(of: memoryHeaps) { unsafe Array($0.bindMemory(to: VkMemoryHeap.self).prefix(Int(memoryHeapCount))) }
    }

    /// The memory types, as an array.
    var types: [VkMemoryType] {
        unsafe withUnsafeBytes(of: memoryTypes) { unsafe Array($0.bindMemory(to: VkMemoryType.self).prefix(Int(memoryTypeCount))) }
    }
}
