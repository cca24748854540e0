// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is compiled this way: Swift 6 mode, explicit existentials and imports, and each unsafe operation marked as such.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
]

/// What makes `libopsin.so` stand alone: the Swift runtime inside, only `opsin_*` outside (docs/dependencies.md).
let standaloneLibrary: [LinkerSetting] = [
    .unsafeFlags([
        "-static-stdlib", "-Xlinker", "-soname=libopsin.so.0", "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/OpsinShared/opsin.map",
        "-Xlinker", "--gc-sections",
    ])
]

let package = Package(
    name: "Opsin",
    products: [
        .library(name: "Opsin", targets: ["Opsin"]),
        .library(name: "OpsinShared", type: .dynamic, targets: ["OpsinShared"]),
        .executable(name: "opsin", targets: ["OpsinCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .systemLibrary(name: "COpsin", path: "include"),
        .target(
            name: "CCodecs", cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16"), .linkedLibrary("webp")]),
        .target(name: "CKernels", cSettings: [.define("_GNU_SOURCE")], linkerSettings: [.linkedLibrary("m")]),
        .target(name: "OpsinGraph", swiftSettings: swift),
        .target(name: "OpsinCPU", dependencies: ["CKernels", "OpsinGraph"], swiftSettings: swift),
        .target(name: "OpsinModels", dependencies: ["OpsinGraph"], swiftSettings: swift),
        .target(name: "OpsinVision", dependencies: ["CCodecs", "CKernels", "OpsinGraph", "OpsinModels"], swiftSettings: swift),
        .target(name: "Opsin", dependencies: ["OpsinCPU", "OpsinGraph", "OpsinModels", "OpsinVision"], swiftSettings: swift),
        .target(name: "OpsinShared", dependencies: ["COpsin", "Opsin"], exclude: ["opsin.map"], swiftSettings: swift, linkerSettings: standaloneLibrary),
        .executableTarget(
            name: "OpsinCommand", dependencies: ["Opsin", .product(name: "ArgumentParser", package: "swift-argument-parser")], swiftSettings: swift),
        .testTarget(name: "GraphTests", dependencies: ["OpsinGraph"], swiftSettings: swift),
        .testTarget(name: "VisionTests", dependencies: ["CKernels", "OpsinModels", "OpsinVision"], exclude: ["Resources"], swiftSettings: swift),
    ],
    cLanguageStandard: .gnu11
)
