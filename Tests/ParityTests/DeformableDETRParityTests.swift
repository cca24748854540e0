import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// Deformable DETR's forms on the CPU against transformers.
@Suite(.serialized) struct DeformableDETRParityTests {
    /// Queries of `found` that are not where the reference has them, within 1e-4 of the largest number; and of these, those that are nowhere.
    static func strangers(_ found: [String: [Float]], _ expected: [String: OracleTensor]) throws -> (moved: Int, lost: Int) {
        let logits = try #require(expected["logits"]), boxes = try #require(expected["pred_boxes"]), classes = logits.dimensions[2]
        let foundLogits = try #require(found["logits"]), foundBoxes = try #require(found["pred_boxes"])
        try #require(foundLogits.count == logits.values.count && foundBoxes.count == boxes.values.count)
        let largest = logits.values.reduce(0) { max($0, abs($1)) }
        func same(_ query: Int, _ other: Int) -> Bool {
            (0..<4).allSatisfy { abs(foundBoxes[4 * other + $0] - boxes.values[4 * query + $0]) <= 1e-4 }
                && (0..<classes).allSatisfy { abs(foundLogits[classes * other + $0] - logits.values[classes * query + $0]) <= 1e-4 * largest }
        }
        let queries = logits.dimensions[1]
        let moved = (0..<queries).filter { !same($0, $0) }
        return (moved.count, moved.filter { query in !(0..<queries).contains { same(query, $0) } }.count)
    }

    /// The case in the repository, else the one of `../shared/oracle`.
    func oracle(_ name: String) throws -> OracleCase {
        guard let shared = OracleCase.sharedOracle, !Self.inRepository.contains(name) else { return try OracleCase(name) }
        return try OracleCase(folder: shared + "/cases/" + name, name: name)
    }

    static let inRepository = ["deformable_detr", "deformable_detr_two_stage", "deformable_detr_hf_resnet", "deformable_detr_dc5"]

    func outputs(_ oracle: OracleCase, _ isa: ISA, _ precision: CPUPrecision = .fp32) throws -> [String: [Float]] {
        let (input, shape) = try oracle.input()
        let graph = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w).optimized()
        let plan = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: PackedWeights(), isa: isa, precision: precision)
        plan.poison()
        return Dictionary(uniqueKeysWithValues: zip(plan.outputs.map(\.name), try plan.run([input])))
    }

    func check(_ name: String, _ isas: [ISA], moved: Int = 0) throws {
        let oracle = try oracle(name), expected = try oracle.expected()
        for isa in isas {
            let strangers = try Self.strangers(outputs(oracle, isa), expected)
            #expect(strangers.moved <= moved && strangers.lost == 0, "\(name) \(isa.rawValue): \(strangers)")
        }
    }

    @Test func multiScale() throws { try check("deformable_detr", ISA.available) }

    /// transformers' own ResNet with other stages, heads and points, refined boxes; a dilated last stage on one level. Of Scripts/deformable_detr_golden.py.
    @Test(arguments: ["deformable_detr_hf_resnet", "deformable_detr_dc5"])
    func smallForms(_ name: String) throws { try check(name, ISA.available) }

    /// Forms whose cases are too large for the repository.
    @Test(
        .enabled(if: OracleCase.sharedOracle != nil, "../shared/oracle is not here"),
        arguments: ["deformable_detr_single_scale", "deformable_detr_box_refine"])
    func otherForms(_ name: String) throws { try check(name, [ISA.usable()]) }

    /// The order of the queries is a top-k: scores that differ by rounding may change places.
    @Test func twoStages() throws { try check("deformable_detr_two_stage", [ISA.usable()], moved: 9) }

    /// bf16 factors: finite, and near by the root mean square over the expected values' deviation.
    @Test func bf16StaysClose() throws {
        guard (try? CPUPrecision.bf16.check(ISA.usable())) != nil else { return }
        for name in ["deformable_detr_hf_resnet", "deformable_detr_dc5"] {
            let oracle = try oracle(name), found = try outputs(oracle, ISA.usable(), .bf16)
            for (key, tensor) in try oracle.expected() {
                let values = try #require(found[key]), deviation = Self.deviation(values, tensor.values)
                #expect(deviation < 0.1 && deviation > 1e-6, "\(name) \(key): \(deviation)")
            }
        }
    }

    /// Root mean square of the difference over the expected values' standard deviation.
    static func deviation(_ found: [Float], _ expected: [Float]) -> Double {
        guard found.count == expected.count, !found.isEmpty else { return .infinity }
        let mean = expected.reduce(0.0) { $0 + Double($1) } / Double(expected.count)
        var error = 0.0, spread = 0.0
        for (f, e) in zip(found, expected) {
            error += (Double(f) - Double(e)) * (Double(f) - Double(e))
            spread += (Double(e) - mean) * (Double(e) - mean)
        }
        return error.isNaN ? .infinity : (error / max(spread, 1e-30)).squareRoot()
    }
}
