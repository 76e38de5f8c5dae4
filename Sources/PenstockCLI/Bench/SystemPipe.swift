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

/// A pipe(2) that other programs do not inherit.
final class SystemPipe {
    let readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .last }
        self.readEnd = ends[0]
        self.writeEnd = ends[1]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(self.readEnd)
        self.closeWriteEnd()
    }

    /// Closes this process's own end: the reader comes to the end of the pipe when the others have closed theirs.
    func closeWriteEnd() {
        guard self.writeEnd >= 0 else { return }
        close(self.writeEnd)
        self.writeEnd = -1
    }
}
