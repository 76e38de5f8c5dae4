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

/// What stands on disk under a path.
struct FileStatus {
    /// What kind of thing it is.
    enum Kind {
        case regular, folder, pipe, other
    }

    /// One file, whatever its paths.
    struct Identity: Hashable {
        var device: UInt64
        var number: UInt64
        /// The name in the folder that `number` means, for a file that is not there yet.
        var newName: String?
    }

    var kind: Kind
    var identity: Identity

    /// Looks at a path, through links.
    init(path: String) throws(SystemError) {
        var status = cpenstock_file()
        guard cpenstock_look_at(path, 1, &status) == 0 else { throw .last }
        switch mode_t(truncatingIfNeeded: status.mode) & S_IFMT {
        case S_IFREG: self.kind = .regular
        case S_IFDIR: self.kind = .folder
        case S_IFIFO: self.kind = .pipe
        default: self.kind = .other
        }
        self.identity = Identity(device: status.device, number: status.number)
    }

    /// The folder that holds what a path names: `.` for a bare name.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        let folder = path[..<slash]
        return folder.isEmpty ? "/" : String(folder)
    }

    /// What tells one file from another; nil for what is no file, such as a terminal or `/dev/null`.
    static func identity(of path: String) -> Identity? {
        if let status = try? FileStatus(path: path) {
            return status.kind == .regular ? status.identity : nil
        }
        guard var identity = try? FileStatus(path: Self.folder(of: path)).identity else { return nil }
        identity.newName = String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
        return identity
    }

    /// Why a file cannot be read; nil when it can.
    static func problemReading(_ path: String) -> String? {
        do throws(SystemError) {
            let status = try FileStatus(path: path)
            if status.kind == .folder { return "it is a folder" }
            return access(path, R_OK) == 0 ? nil : SystemError.last.description
        } catch {
            return error.description
        }
    }

    /// Why a file cannot be written, or made where it is not there; nil when it can.
    ///
    /// Changes nothing.
    static func problemWriting(_ path: String) -> String? {
        if path.hasSuffix("/") { return "it is a folder" }
        do throws(SystemError) {
            let status = try FileStatus(path: path)
            if status.kind == .folder { return "it is a folder" }
            return access(path, W_OK) == 0 ? nil : SystemError.last.description
        } catch  where error.code == ENOENT {
            return Self.problemMaking(in: Self.folder(of: path))
        } catch {
            return error.description
        }
    }

    /// Why nothing can be made in a folder; nil when something can.
    static func problemMaking(in folder: String) -> String? {
        do throws(SystemError) {
            let status = try FileStatus(path: folder)
            guard status.kind == .folder else { return "'\(folder)' is no folder" }
            if access(folder, W_OK | X_OK) == 0 { return nil }
            return "the folder '\(folder)' cannot be written: \(SystemError.last)"
        } catch  where error.code == ENOENT {
            return "there is no folder '\(folder)'"
        } catch {
            return "the folder '\(folder)': \(error)"
        }
    }
}
