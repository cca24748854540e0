/// COCO's run-length encoding of masks (pycocotools, `maskApi.c`: rleEncode, rleToString).
extension LabelMask {
    /// The pixels of `label`, column by column from the top: how many are not, how many are, and so on. The first run is of pixels that are not.
    package static func runs(of label: Int, in labels: [UInt16], width: Int, height: Int) -> [Int] {
        guard width >= 1, height >= 1, labels.count == width * height else { return [] }
        let wanted = UInt16(exactly: label)
        var runs: [Int] = []
        var current = false, length = 0
        // Columns in groups, since a mask lies in memory row by row.
        for left in stride(from: 0, to: width, by: 64) {
            let columns = left..<min(left + 64, width)
            var changes = [[Int]](repeating: [], count: columns.count)
            var last = [Bool](repeating: false, count: columns.count)
            for row in 0..<height {
                for column in columns where (labels[row * width + column] == wanted) != last[column - left] {
                    last[column - left].toggle()
                    changes[column - left].append(row)
                }
            }
            for rows in changes {
                var value = false, from = 0
                for row in rows + [height] {
                    if value == current {
                        length += row - from
                    } else if row > from {
                        runs.append(length)
                        (current, length) = (value, row - from)
                    }
                    (value, from) = (!value, row)
                }
            }
        }
        runs.append(length)
        return runs
    }

    /// `runs` as COCO's compressed text: each from the third one on as the difference to the one before the last, five bits a character.
    package static func compressed(_ runs: [Int]) -> String {
        var text: [UInt8] = []
        for (index, run) in runs.enumerated() {
            var rest = index > 2 ? run - runs[index - 2] : run
            var isMore = true
            while isMore {
                var bits = UInt8(truncatingIfNeeded: rest & 0x1F)
                rest >>= 5
                isMore = bits & 0x10 != 0 ? rest != -1 : rest != 0
                if isMore { bits |= 0x20 }
                text.append(bits + 48)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
