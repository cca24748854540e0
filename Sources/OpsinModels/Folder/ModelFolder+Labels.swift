extension ModelFolder {
    /// How many classes the configuration says that there are: timm's `num_classes`; transformers' `id2label`, else `num_labels`.
    package func classCount() throws(ModelError) -> Int {
        let range = 1...Self.maximumClasses
        switch format {
        case .moat:
            return try config.int("num_classes", in: 0...Self.maximumClasses) ?? 1000
        case .timm:
            if config.value("num_classes")?.int == 0 {
                throw ModelError(.unsupported, file: config.file, "num_classes is 0: a model without a classifier is not supported")
            }
            if let count = try config.int("num_classes", in: range) { return count }
            return try config.object("pretrained_cfg").int("num_classes", in: range) ?? 1000
        case .transformers:
            if let value = config.value("id2label") {
                guard let count = value.members?.count, range.contains(count) else {
                    throw config.wrong("id2label", value, "an object of 1 to \(Self.maximumClasses) names")
                }
                return count
            }
            // transformers' own default is two classes.
            return try config.int("num_labels", in: range) ?? 2
        }
    }

    /// The classes' names in the order of their numbers: those of the configuration; ImageNet-1k's for a timm model of 1000 or 1001 classes that has
    /// none; else `class N`.
    package func labels() throws(ModelError) -> [String] {
        let count = try classCount()
        let named: [Int: String] =
            switch format {
            case .timm, .moat: try timmLabels(count)
            case .transformers: try names("id2label", config.value("id2label"), count)
            }
        if named.isEmpty, !format.isTransformers {
            if count == ImageNetLabels.all.count { return ImageNetLabels.all }
            if count == ImageNetLabels.all.count - 1 { return Array(ImageNetLabels.all.dropFirst()) }
        }
        return (0..<count).map { named[$0] ?? "class \($0)" }
    }

    /// timm's `label_names` (or `labels`): an array, or an object from numbers to names; `label_descriptions` gives a name that people read.
    private func timmLabels(_ count: Int) throws(ModelError) -> [Int: String] {
        let pretrained = try config.object("pretrained_cfg")
        func find(_ key: String) -> JSON? { config.value(key) ?? pretrained.value(key) }
        let key = find("label_names") == nil ? "labels" : "label_names"
        var labels = try names(key, find(key), count)
        guard let descriptions = find("label_descriptions") else { return labels }
        if labels.isEmpty { return try names("label_descriptions", descriptions, count) }
        guard let members = descriptions.members else { throw config.wrong("label_descriptions", descriptions, "an object from names to texts") }
        var texts: [String: String] = [:]
        for member in members { texts[member.name] = member.value.string }
        labels = labels.mapValues { texts[$0] ?? $0 }
        return labels
    }

    /// Names by number, from an array or from an object whose keys are numbers. Empty when there is no value.
    private func names(_ key: String, _ value: JSON?, _ count: Int) throws(ModelError) -> [Int: String] {
        guard let value else { return [:] }
        var names: [Int: String] = [:]
        if let array = value.array {
            guard array.count == count else { throw config.wrong(key, value, "\(count) names, one a class") }
            for (index, name) in array.enumerated() {
                guard let text = name.string else { throw config.wrong("\(key)[\(index)]", name, "a string") }
                names[index] = text
            }
            return names
        }
        guard let members = value.members else { throw config.wrong(key, value, "names by number") }
        for member in members {
            guard let number = Int(member.name), (0..<count).contains(number) else {
                throw ModelError(.config, file: config.file, "\(key) names class \"\(shown(member.name, limit: 30))\", expected numbers of 0 to \(count - 1)")
            }
            guard let text = member.value.string else { throw config.wrong("\(key).\(number)", member.value, "a string") }
            names[number] = text
        }
        return names
    }
}
