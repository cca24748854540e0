private import OpsinGraph

extension ModelFolder {
    /// The LR-ASPP that a configuration with `model_type` "lraspp" describes: `backbone`, `id2label`, `image_size` (a side, or height and width) and
    /// `inter_channels`. torchvision ships no configuration with its weights, so the keys are Opsin's.
    func lraspp() throws(ModelError) -> LRASPP {
        guard let name = try config.string("backbone") else {
            throw ModelError(.config, file: config.file, "backbone is missing, expected \(Self.lrasppBackbones)")
        }
        let size = try lrasppInputSize()
        let width = try config.int("inter_channels", in: 1...65536) ?? 128
        return LRASPP(backbone: try lrasppBackbone(name, size), classCount: try classCount(), inputSize: size, width: width)
    }

    private static let lrasppBackbones = "mobilenet_v3_large, a MobileNetV4 (mobilenetv4_conv_small, ...) or a MOAT (tiny-moat-0, ...)"

    private func lrasppBackbone(_ name: String, _ size: InputSize) throws(ModelError) -> any FeatureBackbone {
        if name == "mobilenet_v3_large" { return MobileNetV3() }
        // Dense tasks pool their shortcuts three by three.
        if let network = MOAT(name: name, classCount: 0, inputSize: size, options: try moatOptions(poolSize: 3)) { return network }
        if let network = MobileNetV4(name: name, classCount: 1, inputSize: size) { return network }
        throw ModelError(.unsupported, file: config.file, "backbone \"\(shown(name))\" is not supported, expected \(Self.lrasppBackbones)")
    }

    private func lrasppInputSize() throws(ModelError) -> InputSize {
        let sides = 1...Network.maximumSide
        guard let value = config.value("image_size"), value.int == nil else {
            // torchvision's recipe has shorter sides of 520.
            let side = try config.int("image_size", in: sides) ?? 520
            return InputSize(height: side, width: side)
        }
        let numbers = value.array?.compactMap(\.int) ?? []
        guard numbers.count == 2, numbers.allSatisfy({ sides.contains($0) }) else {
            throw config.wrong("image_size", value, "a side of 1 to \(Network.maximumSide), or [height, width]")
        }
        return InputSize(height: numbers[0], width: numbers[1])
    }
}
