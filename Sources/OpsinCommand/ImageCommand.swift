internal import ArgumentParser
internal import Opsin

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Decodes a picture, turns it upright, resizes it as Pillow does, writes it.")

    @Argument(help: ArgumentHelp("JPEG, PNG, WebP, BMP, PPM or PGM.", valueName: "file"))
    var input: String

    @Option(help: ArgumentHelp("PNG, PPM or PGM by its extension. A gray picture stays gray.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Size of the result.", valueName: "WxH"))
    var resize: String?

    @Option(help: "nearest, box, bilinear, hamming, bicubic or lanczos.")
    var filter = "bicubic"

    @Option(help: ArgumentHelp("The part to resize, in pixels; fractions are fine.", valueName: "l,t,r,b"))
    var box: String?

    mutating func run() throws {
        var picture = try Image(path: input)
        if let resize {
            let sides = resize.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sides.count == 2, let width = sides[0], let height = sides[1] else {
                throw OpsinError(.argument, "--resize is \"\(resize.prefix(40))\", expected WIDTHxHEIGHT")
            }
            picture = try picture.resized(width: width, height: height, filter: filter, box: try parsedBox())
        } else if box != nil {
            throw OpsinError(.argument, "--box needs --resize")
        }
        try picture.write(to: output)
    }

    private func parsedBox() throws(OpsinError) -> [Double]? {
        guard let box else { return nil }
        let sides = box.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard sides.count == 4, !sides.contains(nil) else { throw OpsinError(.argument, "--box is \"\(box.prefix(60))\", expected LEFT,TOP,RIGHT,BOTTOM") }
        return sides.compactMap { $0 }
    }
}
