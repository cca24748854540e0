import OpsinGraph
import OpsinModels
import Testing

@Suite struct MobileNetV4Tests {
    /// timm's published counts (MODELS.md 2.1); those of the narrow variants to the digits that are published.
    @Test(arguments: [
        ("mobilenetv4_conv_small", 3_774_024), ("mobilenetv4_conv_medium", 9_715_512), ("mobilenetv4_conv_large", 32_590_864),
        ("mobilenetv4_hybrid_medium", 11_074_648), ("mobilenetv4_hybrid_large", 37_764_624),
    ])
    func parameterCount(_ name: String, expected: Int) throws {
        let network = try Network(#require(MobileNetV4(name: name, classCount: 1000)), weights: .madeUp)
        #expect(network.parameterCount == expected)
    }

    @Test(arguments: [("mobilenetv4_conv_small_050", 2_239), ("mobilenetv4_conv_small_035", 1_905)])
    func parameterCountOfNarrowVariants(_ name: String, thousands: Int) throws {
        let network = try Network(#require(MobileNetV4(name: name, classCount: 1000)), weights: .madeUp)
        #expect((network.parameterCount + 500) / 1000 == thousands)
    }
}
