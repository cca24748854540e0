import Testing

extension CommandTests.Usage {
    static let commands = [
        "classify", "detect", "segment", "depth", "run", "preprocess", "image", "info", "convert", "verify", "eval", "devices", "doctor", "bench", "peak",
        "tune",
    ]

    @Test func helpNamesEveryCommand() throws {
        for arguments in [["--help"], ["-h"], ["help"], []] {
            let outcome = try opsin(arguments)
            expectGood(outcome)
            for command in Self.commands { #expect(outcome.out.contains("\n  \(command) "), "\(arguments): \(command)") }
        }
    }

    @Test(arguments: commands) func everyCommandHasHelp(_ command: String) throws {
        for arguments in [[command, "--help"], ["help", command]] {
            let outcome = try opsin(arguments)
            expectGood(outcome)
            #expect(outcome.out.contains("USAGE: opsin \(command)") && outcome.out.contains("OVERVIEW: "))
        }
    }

    @Test func versionIsOneLine() throws {
        let outcome = try opsin(["--version"])
        expectGood(outcome)
        #expect(outcome.out.split(separator: ".").count == 3 && outcome.lines.count == 1)
    }

    @Test(arguments: [
        (["classify"], "Missing expected argument"),
        (["classify", "--bogus", Files.cat], "--bogus"),
        (["classify", Files.cat, "--top-k"], "--top-k"),
        (["classify", Files.cat, "--top-k", "x"], "'x'"),
        (["classify", Files.cat, "--top-k", "-1"], "--top-k is -1, expected 0 or more"),
        (["classify", Files.cat, "--top-k=-1"], "--top-k is -1, expected 0 or more"),
        (["classify", Files.cat, "--top-k", "99999999999999999999"], "99999999999999999999"),
        (["classify", Files.cat, "--threshold", "high"], "'high'"),
        (["classify", Files.cat, "--threads", "-1"], "threads is -1, expected"),
        (["classify", Files.cat, "--threads", "257"], "threads is 257, expected"),
        (["classify", Files.cat, "--device", "gpu"], "device \"gpu\" is unknown (expected auto, cpu, vulkan"),
        (["classify", Files.cat, "--device", "vulkan:"], "device \"vulkan:\" is unknown"),
        (["classify", Files.cat, "--precision", "int4"], "precision \"int4\" is unknown (expected default, auto, fp32, fp16, bf16, int8)"),
        (["bogus"], "\"bogus\" is no command (expected classify, detect, segment, depth, run"),
        (["run"], "Missing expected argument"),
        (["run", Files.model], "--output"),
        (["run", Files.model, "--output", "/tmp/never"], "either --image or --input"),
        (["run", Files.model, "--output", "/tmp/never", "--image", Files.cat, "--input", "x"], "either --image or --input"),
        (["run", Files.model, "--image", Files.cat, "--output", "/tmp/never", "--features", "nope"], "no feature \"nope\" (expected some of"),
        (["preprocess", Files.model, "--output", "/tmp/never"], "--image"),
        (["image", Files.cat], "--output"),
        (["image", Files.cat, "--output", "/tmp/never.gif"], "expected a name that ends in .png"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "0x0"], "expected a size of at least 1 x 1, found 0 x 0"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7"], "--resize is \"7\", expected WIDTHxHEIGHT"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x"], "expected WIDTHxHEIGHT"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x7x7"], "expected WIDTHxHEIGHT"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "9223372036854775808x1"], "expected WIDTHxHEIGHT"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x7", "--filter", "best"], "filter \"best\" is unknown (expected nearest, box"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--box", "0,0,1,1"], "--box needs --resize"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x7", "--box", "0,0,1"], "expected LEFT,TOP,RIGHT,BOTTOM"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x7", "--box", "0,0,nan,1"], "box"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x7", "--box", "0,0,1e300,1"], "box"),
        (["image", Files.cat, "--output", "/tmp/never.png", "--resize", "7x7", "--box", "9,9,3,3"], "box"),
        (["convert", Files.model], "Missing expected argument"),
        (["convert", Files.model, "/tmp/never", "--dtype", "q8"], "dtype \"q8\" is unknown (expected f16, bf16 or f32)"),
        (["verify"], "Missing expected argument"),
        (["bench", Files.model, "--threads", "1,x"], "--threads is \"1,x\", expected numbers separated by commas"),
        (["bench", Files.model, "--threads", ""], "--threads"),
        (["bench", Files.model, "--batch", "0"], "batch is 0, expected 1 to 1024"),
        (["bench", Files.model, "--device", ""], "--device"),
        (["bench", Files.model, "--device", "cpu,gpu"], "device \"gpu\" is unknown"),
        (["bench", Files.model, "--precision", "fp32,int4"], "precision \"int4\" is unknown"),
        (["bench", Files.model, "--iters", "0"], "--iters"),
        (["bench", Files.model, "--duration", "nan"], "--duration"),
        (["peak", "--threads", "0x2"], "0x2"),
        (["peak", "--threads", "1000"], "threads is 1000"),
        (["devices", "--what"], "--what"),
        (["info", "a", "b"], "'b'"),
    ])
    func wrongUseIsOneLineAndExit2(_ arguments: [String], says: String) throws {
        expectRefused(try opsin(arguments), exit: 2, says)
    }

    /// The end of the line leads to the right page.
    @Test func wrongUsePointsToTheHelpOfTheCommand() throws {
        #expect(try opsin(["classify", "--bogus"]).err.hasSuffix("(see opsin classify --help)\n"))
        #expect(try opsin(["--bogus"]).err.hasSuffix("(see opsin --help)\n"))
    }

    /// A reader that went away is no reason to trap: the program ends by itself or by SIGPIPE, as programs in a pipe do.
    @Test func aClosedPipeIsNoTrap() throws {
        for arguments in [["--help"], ["classify", "--json", Files.cat, Files.cat], ["info", Files.model]] {
            let outcome = try opsin(arguments, environment: ["OPSIN_MODELS": Files.models], output: .closedPipe)
            #expect(outcome.signal == nil || outcome.signal == 13, "\(arguments): signal \(outcome.signal ?? 0)")
            #expect(outcome.err.isEmpty)
        }
    }

    @Test func aFullDiskIsAnError() throws {
        let outcome = try opsin(["info", Files.model], output: .file("/dev/full"))
        expectRefused(outcome, exit: 1, "standard output", "No space left on device")
    }
}
