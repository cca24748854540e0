import OpsinModels
import OpsinVision
import Testing

extension CommandTests.Segment {
    /// With the model that ships: transformers 5.23 answers 81.88 % cat for its weights in fp32 (`interpolate`, bilinear, `align_corners=False`, argmax).
    @Test func theCatPhotoIsMostlyCat() throws {
        let folder = try TemporaryFolder()
        let outcome = try opsin(["segment", "--json", Files.cat, "--mask", folder.file("mask.png")])
        expectGood(outcome)
        let result = try object(outcome)
        #expect(result.names == ["image", "task", "device", "segments", "timings_ms"])
        let segments = result["segments"]?.array ?? []
        #expect(segments.allSatisfy { $0.names == ["label_id", "label", "share"] })
        #expect(segments.first?["label"]?.string == "cat" && segments.first?["label_id"]?.int == 8)
        #expect(abs((segments.first?["share"]?.double ?? 0) - 0.8188) < 0.002)
        #expect(abs(segments.reduce(0) { $0 + ($1["share"]?.double ?? 0) } - 1) < 1e-9)
        // The mask has the photo's size, and VOC's colour of a cat as often as the share says.
        let mask = try Image(contentsOf: folder.file("mask.png"))
        #expect(mask.width == 451 && mask.height == 300)
        let cats = stride(from: 0, to: mask.pixels.count, by: 3).count { Array(mask.pixels[$0..<$0 + 3]) == [64, 0, 0] }
        #expect(Double(cats) / Double(451 * 300) == segments.first?["share"]?.double)
    }

    @Test func theTableHasATitleAndShares() throws {
        let outcome = try opsin(["segment", Files.cat, "--regions"])
        expectGood(outcome)
        let lines = outcome.lines
        #expect(lines[0].hasPrefix("\(Files.cat)  451 x 300  ") && lines[0].hasSuffix(" ms on cpu"))
        #expect(lines[1].hasPrefix("  cat ") && lines[1].contains(" %  ████████████████"))
        #expect(lines.dropFirst().contains { $0.hasPrefix("  cat ") && $0.contains(" pixels at [") })
        #expect(lines.dropFirst().allSatisfy { $0.count <= 80 })
    }

    @Test func regionsAndRunLengthsAreForTheAsking() throws {
        let outcome = try opsin(["segment", "--json", Files.cat, "--regions", "--rle"])
        expectGood(outcome)
        let result = try object(outcome), cat = try #require(result["segments"]?.array?.first)
        #expect(cat["rle"]?["size"]?.array?.compactMap(\.int) == [300, 451] && cat["rle"]?["counts"]?.string?.isEmpty == false)
        let regions = result["regions"]?.array ?? []
        #expect(regions.first?.names == ["label_id", "label", "pixels", "box", "outline"] && regions.first?["label"]?.string == "cat")
        let pixels = regions.filter { $0["label_id"]?.int == 8 }.reduce(0) { $0 + ($1["pixels"]?.int ?? 0) }
        #expect(Double(pixels) / Double(451 * 300) == cat["share"]?.double)
        let box = regions.first?["box"]?.array?.compactMap(\.int) ?? []
        #expect(box.count == 4 && box[0] >= 0 && box[2] <= 451 && box[1] >= 0 && box[3] <= 300 && box[0] < box[2])
        #expect(regions.first?["outline"]?.array?.count ?? 0 >= 8)
    }

    /// The whole photo at its aspect is another picture to the model, with the same cat on it; a crop leaves pixels outside.
    @Test func fitsSayWhatTheModelSees() throws {
        func cat(_ arguments: String...) throws -> Double {
            let outcome = try opsin(["segment", "--json", Files.cat] + arguments)
            expectGood(outcome)
            let segments = try object(outcome)["segments"]?.array ?? []
            return segments.first { $0["label"]?.string == "cat" }?["share"]?.double ?? 0
        }
        let squashed = try cat(), whole = try cat("--fit", "whole")
        #expect(abs(whole - squashed) < 0.05 && whole != squashed)
        let folder = try croppingFolder()
        let cropped = try cat("--model", folder.path)
        // 282 of 300 rows and of 451 columns are seen: 59 %.
        #expect(cropped < 0.6 && cropped > 0.4)
        #expect(abs(try cat("--model", folder.path, "--fit", "whole") - whole) < 1e-9)
        let outcome = try opsin(["segment", Files.cat, "--model", folder.path, "--mask", folder.file("mask.png"), "--quiet"])
        expectGood(outcome)
        let mask = try Image(contentsOf: folder.file("mask.png"))
        #expect(Array(mask.pixels[0..<3]) == [224, 224, 192])
    }

    /// The model that ships with transformers' other recipe.
    private func croppingFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder(), model = Files.models + "/deeplabv3_mobilenet_v2_1.0_513"
        for name in ["config.json", "model.safetensors"] { try folder.copy(model + "/" + name, to: name) }
        try folder.write(
            #"{"image_processor_type": "MobileNetV2ImageProcessor", "size": {"shortest_edge": 545}, "resample": 2, "do_center_crop": true, "#
                + #""crop_size": {"height": 513, "width": 513}, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}"#,
            to: "preprocessor_config.json")
        return folder
    }

    @Test func severalPhotosOneOfThemBad() throws {
        let outcome = try opsin(["segment", "--json", "/nowhere.jpg", Files.cat])
        #expect(outcome.exit == 1 && outcome.complaint?.contains("/nowhere.jpg") ?? false)
        let results = try objects(outcome)
        #expect(results.count == 2 && results[0].names == ["image", "task", "error"] && results[1]["segments"] != nil)
    }

    @Test func wrongUseIsRefused() throws {
        expectRefused(try opsin(["segment", Files.cat, "--fit", "stretch"]), exit: 2, "--fit is \"stretch\", expected model or whole")
        expectRefused(try opsin(["segment", Files.cat, Files.rocket, "--mask", "m.png"]), exit: 2, "--mask names one file, expected one photo, found 2")
        expectRefused(try opsin(["segment", Files.cat, "--mask", "mask.jpg"]), exit: 2, "mask.jpg", ".png")
        expectRefused(try opsin(["segment", Files.cat, "--model", Files.model]), exit: 3, "a model to classify, expected one to segment")
        let unwritable = try opsin(["segment", Files.cat, "--mask", "/nowhere/mask.png"])
        expectRefused(unwritable, exit: 1, "/nowhere/mask.png: cannot be written")
    }

    @Test func foldersThatMakeNoSense() throws {
        let folder = try TemporaryFolder(), model = Files.models + "/deeplabv3_mobilenet_v2_1.0_513"
        try folder.copy(model + "/model.safetensors", to: "model.safetensors")
        let segmenter = #""architectures": ["MobileNetV2ForSemanticSegmentation"], "model_type": "mobilenet_v2""#
        for (config, part) in [
            (#"{"architectures": ["MobileNetV2ForDepth"], "model_type": "mobilenet_v2"}"#, "MobileNetV2ForDepth is not supported"),
            ("{\(segmenter), \"output_stride\": 12}", "output_stride"), ("{\(segmenter), \"num_labels\": 3}", "classifier.convolution.weight"),
            ("{\(segmenter), \"depth_multiplier\": 0.5}", "mobilenet_v2.conv_stem"),
            (#"{"model_type": "lraspp"}"#, "backbone is missing, expected mobilenet_v3_large"),
            (#"{"model_type": "lraspp", "backbone": "resnet50"}"#, "backbone \"resnet50\" is not supported"),
            (#"{"model_type": "lraspp", "backbone": "mobilenet_v3_large", "image_size": [0, 5]}"#, "image_size"),
            (#"{"model_type": "lraspp", "backbone": "mobilenet_v3_large", "inter_channels": 0}"#, "inter_channels"),
            (#"{"model_type": "lraspp", "backbone": "mobilenet_v3_large", "num_labels": 21}"#, "tensor backbone.0.0.weight is missing"),
        ] {
            try folder.write(config, to: "config.json")
            expectRefused(try opsin(["segment", Files.cat, "--model", folder.path], seconds: 30), exit: 3, folder.path, part)
        }
    }
}
