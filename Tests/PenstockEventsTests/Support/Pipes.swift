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

/// Puts bytes into a pipe until it takes no more: whoever writes next is held.
func fillPipe(_ path: String) {
    let number = open(path, O_WRONLY | O_NONBLOCK)
    precondition(number >= 0, "A test cannot open the pipe \(path).")
    defer { close(number) }
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
    while bytes.withUnsafeBytes({ write(number, $0.baseAddress, $0.count) }) > 0 {}
    while bytes.withUnsafeBytes({ write(number, $0.baseAddress, 1) }) > 0 {}
}

func writeAll(_ bytes: [UInt8], to number: Int32) {
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
        precondition(count > 0, "A test cannot write.")
        written += count
    }
}

/// Everything up to the end of a file that waits for no one.
func readAll(from number: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = part.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
        if count <= 0 { return all }
        all += part.prefix(count)
    }
}
