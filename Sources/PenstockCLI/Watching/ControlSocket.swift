//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the sockets of running pipelines are.
enum ControlSocket {
    /// How a socket's name ends.
    private static let suffix = ".sock"

    /// The folder of this user's sockets.
    static var folder: String {
        if let folder = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), folder.hasPrefix("/") {
            return "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)/penstock"
        }
        return "/tmp/penstock-\(getuid())"
    }

    /// The path of a pipeline's socket.
    static func path(of pipeline: String) -> String { "\(Self.folder)/\(pipeline)\(Self.suffix)" }

    /// The pipelines that have a socket, by name; those of runs that were killed have left theirs.
    static func pipelines() -> [String] {
        guard let folder = opendir(Self.folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(Self.suffix), !name.hasPrefix(".") {
                names.append(String(name.dropLast(Self.suffix.count)))
            }
        }
        return names.sorted()
    }

    /// Makes the folder, for this user alone; tells why not.
    static func makeFolder() -> String? {
        let folder = Self.folder
        if mkdir(folder, 0o700) == 0 { return nil }
        guard errno == EEXIST else { return "the folder '\(folder)' cannot be made: \(SystemError.last)" }
        return Self.problem()
    }

    /// Why the folder could not be made or used; nil when it could, as far as a look tells.
    static func problemMakingFolder() -> String? {
        let folder = Self.folder
        if let problem = Self.problem() { return problem }
        guard (try? FileStatus(path: folder)) == nil,
            let problem = FileStatus.problemMaking(in: FileStatus.folder(of: folder))
        else { return nil }
        return "the folder '\(folder)' cannot be made: \(problem)"
    }

    /// Why the folder cannot be trusted; nil when it can, or is not there.
    ///
    /// Whoever else could write into it could put a socket of his own there.
    static func problem() -> String? {
        let folder = Self.folder
        var status = cpenstock_file()
        guard cpenstock_look_at(folder, 0, &status) == 0 else {
            return errno == ENOENT ? nil : "the folder '\(folder)': \(SystemError.last)"
        }
        guard mode_t(truncatingIfNeeded: status.mode) & S_IFMT == S_IFDIR else { return "'\(folder)' is no folder" }
        guard status.owner == getuid(), status.mode & 0o077 == 0 else {
            return "others may write into the folder '\(folder)', or look into it"
        }
        return nil
    }
}
