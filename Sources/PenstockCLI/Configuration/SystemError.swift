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

/// What the system said when a call failed.
struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The value of `errno`.
    let code: Int32

    /// Takes the present value of `errno`; to be made right after the call that failed.
    static var last: SystemError { SystemError(code: errno) }

    /// What the system calls it, such as "No such file or directory".
    var description: String {
        guard let text = strerror(self.code) else { return "error \(self.code)" }
        return String(cString: text)
    }
}
