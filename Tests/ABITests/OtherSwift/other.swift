// Another library with Swift's runtime inside, as a process may load one beside libopsin.so (Tests: bindings/python/tests/test_runtimes.py).
//
// It hides nothing of its runtime, unlike ours: every swift_* is exported. What it calls is what two runtimes could take from each other: metadata of generic
// types, conformances that are looked up while it runs, types by their name, boxes, reflection.

protocol Shape {
    var area: Double { get }
}

struct Square: Shape, Hashable, Codable {
    var side: Double
    var area: Double { side * side }
}

final class Circle: Shape {
    let radius: Double
    init(radius: Double) { self.radius = radius }
    var area: Double { 3 * radius * radius }
}

/// A generic type whose metadata is made while the program runs.
struct Pair<First, Second> {
    var first: First
    var second: Second
}

/// Works for a while in every part of the runtime, and gives a number that says whether all of it went well: 0, or where it went wrong.
@_cdecl("other_work")
public func work(_ rounds: Int32) -> Int32 {
    for round in 1...max(Int(rounds), 1) {
        let shapes: [Any] = [Square(side: Double(round)), Circle(radius: Double(round)), "neither", round]
        let areas = shapes.compactMap { ($0 as? any Shape)?.area }
        guard areas == [Double(round * round), Double(3 * round * round)] else { return 1 }
        guard shapes.filter({ $0 is any Hashable }).count == 3 else { return 2 }
        var counts: [Square: [String]] = [:]
        for side in 0..<20 { counts[Square(side: Double(side % 5)), default: []].append("side \(side)") }
        guard counts.count == 5, counts[Square(side: 2)]?.joined(separator: ",") == "side 2,side 7,side 12,side 17" else { return 3 }
        guard Mirror(reflecting: Pair(first: round, second: "two")).children.map(\.label) == ["first", "second"] else { return 4 }
        guard "\(type(of: Pair(first: [1: "a"], second: Optional(2.5))))" == "Pair<Dictionary<Int, String>, Optional<Double>>" else { return 5 }
        let path: any Hashable = \Square.side
        guard let known = path as? WritableKeyPath<Square, Double>, Square(side: 4)[keyPath: known] == 4 else { return 6 }
    }
    return 0
}
