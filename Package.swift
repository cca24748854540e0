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

/// Every C target: its functions are named opsin_* too, and must not leave the library among those of opsin.h.
let c: [CSetting] = [.define("_GNU_SOURCE"), .unsafeFlags(["-fvisibility=hidden"])]

/// What makes `libopsin.so` stand alone: the Swift runtime inside, only `opsin_*` outside (docs/dependencies.md).
let standaloneLibrary: [LinkerSetting] = [
    .unsafeFlags([
        "-static-stdlib", "-Xlinker", "-soname=libopsin.so.0", "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/OpsinShared/opsin.map",
        "-Xlinker", "--gc-sections", "-use-ld=lld",
    ])
]

/// What makes the command stand alone: a setting of the link alone, since `--static-swift-stdlib` would compile everything once more for the tests.
/// ArgumentParser brings FoundationEssentials, whose static archive does not name the three that it needs.
let standaloneCommand: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib", "-use-ld=lld", "-Xlinker", "--gc-sections"]),
    .unsafeFlags(["-l_FoundationCollections", "-l_FoundationCShims", "-lswiftSynchronization"]),
]

/// glslang's static archives in link order, for the build-time ShaderCompiler only.
let glslang: [LinkerSetting] = [
    "glslang", "MachineIndependent", "GenericCodeGen", "OGLCompiler", "OSDependent", "SPIRV", "SPIRV-Tools-opt", "SPIRV-Tools",
    "glslang-default-resource-limits", "stdc++",
].map { .linkedLibrary($0) }

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
            name: "CCodecs", cSettings: c,
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16"), .linkedLibrary("webp")]),
        .target(name: "CKernels", cSettings: c, linkerSettings: [.linkedLibrary("m")]),
        .target(name: "OpsinGraph", swiftSettings: swift),
        .systemLibrary(name: "CVulkan"),
        .systemLibrary(name: "CGlslang"),
        .executableTarget(name: "ShaderCompiler", dependencies: ["CGlslang"], swiftSettings: swift, linkerSettings: glslang),
        .plugin(name: "CompileShaders", capability: .buildTool(), dependencies: ["ShaderCompiler"]),
        .target(name: "OpsinVulkan", dependencies: ["CVulkan", "OpsinGraph"], swiftSettings: swift, plugins: ["CompileShaders"]),
        .target(name: "OpsinCPU", dependencies: ["CKernels", "OpsinGraph"], swiftSettings: swift),
        .target(name: "CInflate", cSettings: c, linkerSettings: [.linkedLibrary(":libz.a")]),
        .target(name: "OpsinModels", dependencies: ["CInflate", "OpsinGraph"], swiftSettings: swift),
        .target(name: "OpsinVision", dependencies: ["CCodecs", "CKernels", "OpsinGraph", "OpsinModels"], swiftSettings: swift),
        .target(name: "Opsin", dependencies: ["CPlatform", "OpsinCPU", "OpsinGraph", "OpsinModels", "OpsinVision", "OpsinVulkan"], swiftSettings: swift),
        .target(name: "CPlatform", cSettings: c),
        .target(name: "CThreadLocal", cSettings: c),
        .target(
            name: "OpsinShared", dependencies: ["COpsin", "CThreadLocal", "Opsin", "OpsinModels", "OpsinVision", "OpsinVulkan"], exclude: ["opsin.map"],
            swiftSettings: swift, linkerSettings: standaloneLibrary),
        .executableTarget(
            name: "OpsinCommand", dependencies: ["Opsin", .product(name: "ArgumentParser", package: "swift-argument-parser")], swiftSettings: swift,
            linkerSettings: standaloneCommand),
        .executableTarget(name: "TasksExample", dependencies: ["Opsin"], path: "Examples/swift", swiftSettings: swift),
        .target(name: "OracleSupport", dependencies: ["OpsinGraph", "OpsinModels", "OpsinVision"], path: "Tests/OracleSupport", swiftSettings: swift),
        .executableTarget(name: "OpsinFuzz", dependencies: ["OpsinGraph", "OpsinModels", "OpsinVision"], path: "Tests/Fuzz", swiftSettings: swift),
        .testTarget(name: "CommandTests", dependencies: ["OpsinGraph", "OpsinModels", "OpsinVision", "OracleSupport"], swiftSettings: swift),
        .testTarget(name: "GraphTests", dependencies: ["OpsinGraph"], swiftSettings: swift),
        .testTarget(name: "OpTests", dependencies: ["CKernels", "OpsinCPU", "OpsinGraph", "OpsinVulkan"], swiftSettings: swift),
        .testTarget(name: "ParityTests", dependencies: ["OpsinCPU", "OpsinGraph", "OpsinModels", "OracleSupport"], swiftSettings: swift),
        .testTarget(name: "ModelTests", dependencies: ["OpsinGraph", "OpsinModels", "OracleSupport"], swiftSettings: swift),
        .testTarget(
            name: "TaskTests", dependencies: ["Opsin", "OpsinCPU", "OpsinGraph", "OpsinModels", "OpsinVision"], swiftSettings: swift),
        .testTarget(name: "VisionTests", dependencies: ["CCodecs", "CKernels", "OpsinModels", "OpsinVision"], exclude: ["Resources"], swiftSettings: swift),
        .testTarget(
            name: "VulkanTests",
            dependencies: ["CVulkan", "Opsin", "OpsinCPU", "OpsinGraph", "OpsinModels", "OpsinVision", "OpsinVulkan", "OracleSupport", "ShaderCompiler"],
            swiftSettings: swift),
    ],
    cLanguageStandard: .gnu11
)
