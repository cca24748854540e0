internal import Glibc
internal import Opsin

/// The pictures of `--save DIR`: each photo with its result drawn on it, as DIR/STEM.TASK.jpg.
struct SavedPictures {
    let folder: String
    private var used: Set<String> = []

    /// Makes the folder when it is not there.
    init(folder: String) throws(OpsinError) {
        self.folder = folder
        guard unsafe mkdir(folder, mode_t(0o755)) == 0 || errno == EEXIST else {
            throw OpsinError(.io, "\(folder): cannot be made (\(unsafe String(cString: strerror(errno))))")
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else {
            throw OpsinError(.io, "\(folder): no files can be written there (\(unsafe String(cString: strerror(errno))))")
        }
    }

    /// Draws a result on its photo, which was read from `path`, and answers the name of the file.
    @discardableResult
    mutating func save(_ result: TaskResult, on image: Image, from path: String, _ options: DrawOptions) throws(OpsinError) -> String {
        try write(try result.draw(on: image, options), from: path, result.task.rawValue)
    }

    /// Writes a picture that was made of the photo at `path` as DIR/STEM.KIND.EXTENSION; two photos of one name get different files.
    @discardableResult
    mutating func write(_ picture: Image, from path: String, _ kind: String, extension ending: String = "jpg") throws(OpsinError) -> String {
        let name = free(path, kind, ending)
        try picture.write(to: name)
        return name
    }

    /// A name in the folder that this run has not given yet.
    mutating func free(_ path: String, _ kind: String, _ ending: String) -> String {
        let file = path.split(separator: "/").last.map { String($0) } ?? "image"
        let stem = file.lastIndex(of: ".").map { $0 > file.startIndex ? String(file[..<$0]) : file } ?? file
        var name = "\(folder)/\(stem).\(kind).\(ending)"
        var number = 2
        while !used.insert(name).inserted {
            name = "\(folder)/\(stem)-\(number).\(kind).\(ending)"
            number += 1
        }
        return name
    }
}
