//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where the processor limits of this process's cgroups stand: in its own group's folder, and in each above that.
///
/// `/proc/self/cgroup` names the group, `/proc/self/mountinfo` says where the folders are. What a group may use, all
/// groups below it share, so the least of the limits holds.
struct CgroupFolders: Equatable {
    /// How a folder tells its limit.
    enum Version {
        /// In `cpu.cfs_quota_us` and `cpu.cfs_period_us`.
        case v1
        /// In `cpu.max`.
        case v2
    }

    let version: Version
    /// From the mount point down to the process's own folder.
    let folders: [String]

    /// Reads the texts of the two files; nil when they name no group, or no folder of it can be seen.
    init?(groups: String, mounts: String) {
        guard let (version, group) = Self.group(in: groups) else { return nil }
        let steps = group.steps
        let mounts = mounts[...].pieces(at: "\n").compactMap { Mount($0, version) }
        // In a container the mount's root may be the container's own group, or one in between, instead of the first of
        // all. A mount whose root does not lead to the group, as in a namespace of another's, shows its root only.
        guard let mount = mounts.first(where: { steps.starts(with: $0.root) }) ?? mounts.first else { return nil }
        var folders = [mount.point]
        if steps.starts(with: mount.root), !steps.contains("..") {
            for step in steps.dropFirst(mount.root.count) { folders.append("\(folders[folders.count - 1])/\(step)") }
        }
        self.version = version
        self.folders = folders
    }

    /// The least of the limits in processors, rounded up; nil without one.
    ///
    /// - Parameter contents: The text of a file; nil when it cannot be read. A group need not have the files.
    func share(reading contents: (String) -> String?) -> Int? {
        self.folders.compactMap { folder in
            switch self.version {
            case .v1:
                guard let quota = contents(folder + "/cpu.cfs_quota_us") else { return nil }
                guard let period = contents(folder + "/cpu.cfs_period_us") else { return nil }
                return Self.share(quota + " " + period)
            case .v2:
                return contents(folder + "/cpu.max").flatMap(Self.share)
            }
        }.min()
    }

    /// The share that a quota and a period make, as "50000 100000", rounded up; nil for "max" and -1, which limit
    /// nothing.
    static func share(_ text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota >= 0, period > 0
        else { return nil }
        return max(1, quota / period + (quota % period > 0 ? 1 : 0))
    }

    // MARK: - Private

    /// The group whose limits hold: that of the old `cpu` controller where there is one, else that of version 2.
    private static func group(in text: String) -> (Version, Substring)? {
        var unified: Substring?
        for line in text[...].pieces(at: "\n") {
            // A number, controllers, and a path, which may have colons.
            let fields = line.pieces(at: ":", most: 3)
            guard fields.count == 3 else { continue }
            if fields[1].pieces(at: ",").contains("cpu") { return (.v1, fields[2]) }
            if fields[0] == "0", fields[1].isEmpty { unified = fields[2] }
        }
        return unified.map { (.v2, $0) }
    }
}

/// A line of `mountinfo` that shows the folders of processor limits.
private struct Mount {
    /// Which group's folder is at ``point``, step by step from the first group of all.
    let root: [Substring]
    let point: String

    /// Reads a line; nil when it is of another file system, or of other controllers.
    init?(_ line: Substring, _ version: CgroupFolders.Version) {
        // 36 35 98:0 /root /point rw,noatime master:1 - cgroup cgroup rw,cpu,cpuacct
        let fields = line.pieces(at: " ")
        guard let end = fields.dropFirst(6).firstIndex(of: "-"), fields.count > end + 3 else { return nil }
        switch version {
        case .v1:
            guard fields[end + 1] == "cgroup", fields[end + 3].pieces(at: ",").contains("cpu") else { return nil }
        case .v2: guard fields[end + 1] == "cgroup2" else { return nil }
        }
        self.root = Self.unescaped(fields[3])[...].steps
        self.point = Self.unescaped(fields[4])
    }

    /// The text without the escapes that `mountinfo` has for spaces and the like: a backslash and three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(Substring(rest.prefix(3)), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    /// The text between separators. By bytes: by characters, a machine with a thousand mounts takes 8 ms instead of 1.
    fileprivate func pieces(at separator: Unicode.Scalar, most: Int = .max) -> [Substring] {
        self.utf8.split(separator: UInt8(ascii: separator), maxSplits: most - 1, omittingEmptySubsequences: false)
            .map(Substring.init)
    }

    /// The folders of a path.
    fileprivate var steps: [Substring] { self.pieces(at: "/").filter { !$0.isEmpty } }
}
