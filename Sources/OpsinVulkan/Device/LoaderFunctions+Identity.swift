internal import CVulkan
internal import Glibc

extension LoaderFunctions {
    /// The newest Vulkan that the loader knows, `1.3.239`; nil on a Vulkan 1.0 loader.
    package var version: String? {
        var packed: UInt32 = 0
        guard let ask = unsafe enumerateInstanceVersion, unsafe ask(&packed) == VK_SUCCESS else { return nil }
        return Version(packed: packed).description
    }

    /// The file that the open loader was mapped from; its plain name where the system does not say.
    package var path: String {
        var bytes: [UInt8] = []
        if let file = unsafe fopen("/proc/self/maps", "rb") {
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            while bytes.count < 16 << 20 {
                let count = unsafe fread(&chunk, 1, chunk.count, file)
                guard count > 0 else { break }
                bytes += chunk.prefix(count)
            }
            unsafe _ = fclose(file)
        }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { line in
            line.split(separator: "/").last?.hasPrefix("libvulkan.so") ?? false
        }
        let path = line.flatMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
        return path ?? LoaderFunctions.libraryNames[0]
    }
}
