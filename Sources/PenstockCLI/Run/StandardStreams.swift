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

/// The standard streams of a process whose parent may have closed them.
enum StandardStreams {
    /// Takes the numbers of standard streams that are closed, so that no file of a pipeline gets one and is written to as
    /// if it were the stream.
    ///
    /// They stay as good as closed: each is open for what a stream is not used for, and so to use it is an error.
    static func occupy() {
        for number in STDIN_FILENO...STDERR_FILENO {
            guard fcntl(number, F_GETFD) < 0, errno == EBADF else { continue }
            // The lowest number that is free is the one that is given.
            _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
