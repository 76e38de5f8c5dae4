//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Waits until a file, or the folder it stands in, has changed.
///
/// On Linux the system tells; elsewhere, and on file systems that tell nothing, the wait ends after a while by itself.
final class FileWatch {
    private let descriptor: FileDescriptor?
    private var fileWatch: Int32 = -1

    /// How long a wait takes at most, in milliseconds.
    private var waitMax: Int32 { self.descriptor == nil ? 100 : 1000 }

    /// Begins to watch the folder of a path.
    init(_ path: String) {
        #if os(Linux)
        let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        self.descriptor = number < 0 ? nil : FileDescriptor(number)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if number >= 0 { _ = inotify_add_watch(number, folder, UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM)) }
        #else
        self.descriptor = nil
        #endif
    }

    /// Watches a file, instead of the one before.
    func follow(_ path: String) {
        #if os(Linux)
        guard let descriptor else { return }
        if self.fileWatch >= 0 { inotify_rm_watch(descriptor.number, self.fileWatch) }
        self.fileWatch = inotify_add_watch(descriptor.number, path, UInt32(IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF))
        #endif
    }

    /// Blocks until something has changed, or for a while.
    func wait(_ feed: SourceFeed) {
        feed.waitToRead(self.descriptor, milliseconds: self.waitMax)
        guard let descriptor else { return }
        var events = [UInt8](repeating: 0, count: 4096)
        while events.withUnsafeMutableBytes({ read(descriptor.number, $0.baseAddress, $0.count) }) > 0 {}
    }
}
