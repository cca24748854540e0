/// Finds places for tags: inside of the canvas, near their boxes, not over each other.
package struct TagPlacer {
    private let width: Int
    private let height: Int
    private var taken: [PixelRect] = []

    /// For a canvas of that size.
    package init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// Takes a place for a tag of that size at a box; nil when there is no room left near it.
    package mutating func place(width tagWidth: Int, height tagHeight: Int, at box: PixelRect) -> PixelRect? {
        let place = candidates(tagWidth, tagHeight, box)
            .map { PixelRect(x: min(max($0.x, 0), width - tagWidth), y: $0.y, width: tagWidth, height: tagHeight) }
            .first { tag in tag.x >= 0 && tag.y >= 0 && tag.y + tagHeight <= height && !taken.contains { $0.overlaps(tag) } }
        if let place { taken.append(place) }
        return place
    }

    /// Left and top of the places to try, the best first.
    private func candidates(_ w: Int, _ h: Int, _ box: PixelRect) -> [(x: Int, y: Int)] {
        let right = box.columns.upperBound, bottom = box.rows.upperBound
        let above = box.y - h, alignedRight = right - w
        // A small object must stay visible: its tag may not lie on it.
        let hasRoomInside = box.height >= 3 * h && box.width >= w
        var places: [(x: Int, y: Int)] = [(box.x, above)]
        if hasRoomInside { places.append((box.x, max(box.y, 0))) }
        places += [(alignedRight, above), (box.x, bottom), (alignedRight, bottom)]
        if hasRoomInside { places += [(alignedRight, max(box.y, 0)), (box.x, min(bottom, height) - h), (alignedRight, min(bottom, height) - h)] }
        places += [(right, box.y), (box.x - w, box.y), (right, bottom - h), (box.x - w, bottom - h)]
        for step in 1...6 {
            places += [(box.x, above - step * h), (box.x, bottom + step * h)]
            if hasRoomInside { places += [(box.x, max(box.y, 0) + step * h), (alignedRight, max(box.y, 0) + step * h)] }
        }
        return places
    }
}
