/// Where a GPU sits (VK_EXT_pci_bus_info).
package struct PCIAddress: Hashable, Sendable {
    package let domain, bus, device, function: UInt32

    package init(domain: UInt32, bus: UInt32, device: UInt32, function: UInt32) {
        (self.domain, self.bus, self.device, self.function) = (domain, bus, device, function)
    }

    /// Nobody's place: 0000:00:00.0 is a host bridge, and what drivers say that do not know.
    var isUnknown: Bool { domain == 0 && bus == 0 && device == 0 && function == 0 }
}

extension DeviceInfo {
    /// Whether both are one GPU, seen through two drivers or twice through one. The place on the bus counts most, since drivers have given equal UUIDs to equal
    /// cards; then the number that the system gave (LUID, Windows); then the UUID, which Vulkan wants equal under every driver.
    package func isSameGPU(as other: DeviceInfo) -> Bool {
        if let here = pci, let there = other.pci { return here == there }
        if let here = luid, let there = other.luid { return here == there }
        return uuid == other.uuid && uuid.contains { $0 != 0 }
    }

    /// Why this driver of one GPU is better than `other`; nil where it is not.
    package func advantage(over other: DeviceInfo) -> String? {
        for criterion in DriverCriterion.inOrder {
            let (mine, its) = (criterion.score(self), criterion.score(other))
            if mine != its { return mine > its ? criterion.reason(self, other) : nil }
        }
        return nil
    }

    /// The driver's name with its version, as people know it.
    package var driverText: String { [driverName, driverInfo].filter { !$0.isEmpty }.joined(separator: " ") }

    fileprivate var known: KnownDriver? { KnownDriver.of(driverID) }
}

/// One thing by which two drivers of one GPU are compared; a larger score is better.
private struct DriverCriterion {
    let score: @Sendable (DeviceInfo) -> Int
    /// Why the first, which has the larger score, is better than the second.
    let reason: @Sendable (DeviceInfo, DeviceInfo) -> String

    /// The first that tells two drivers apart decides.
    static let inOrder: [DriverCriterion] = [
        DriverCriterion(score: { $0.defect == nil ? 1 : 0 }, reason: { $1.defect ?? "it cannot be used, unlike \($0.driverText)" }),
        DriverCriterion(
            score: { $0.known?.below == nil ? 1 : 0 },
            reason: { "it translates to \($1.known?.below ?? "another interface"), unlike \($0.known?.name ?? $0.driverName)" }),
        DriverCriterion(
            score: { $0.conformance.isEmpty ? 0 : 1 }, reason: { _, _ in "it names no conformance tests that it passed" }),
        DriverCriterion(
            score: { DriverCriterion.twoParts($0.conformance) },
            reason: { "it passed the conformance tests of \(DriverCriterion.text($1.conformance)) only, not \(DriverCriterion.text($0.conformance))" }),
        DriverCriterion(
            score: { DriverCriterion.twoParts([$0.apiVersion.major, $0.apiVersion.minor]) },
            reason: { "it has Vulkan \($1.apiVersion), not \($0.apiVersion)" }),
        DriverCriterion(
            score: { -($0.known?.order ?? 5) }, reason: { "\($0.known?.name ?? $0.driverName) is preferred to \($1.known?.name ?? $1.driverName)" }),
        DriverCriterion(score: { $0.apiVersion.patch }, reason: { "it has Vulkan \($1.apiVersion), not \($0.apiVersion)" }),
    ]

    /// 1.3 as a number; patches of conformance tests say nothing about a driver's quality.
    private static func twoParts(_ version: [Int]) -> Int { version.prefix(2).reduce(0) { $0 * 1024 + $1 } }

    private static func text(_ version: [Int]) -> String { version.prefix(2).map(String.init).joined(separator: ".") }
}
