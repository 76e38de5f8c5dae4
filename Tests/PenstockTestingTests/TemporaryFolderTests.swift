//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct TemporaryFolderTests {
    @Test func isGoneWithAllThatIsInIt() {
        let other = TemporaryFolder()
        other.write("kept", to: "file")
        var folder: TemporaryFolder? = TemporaryFolder()
        let path = folder?.path ?? ""
        #expect(access(path, F_OK) == 0)
        #expect(path.utf8.count < 60)
        folder?.write("a\nb\n", to: "file")
        mkdir("\(path)/inner", 0o700)
        folder?.write("", to: "inner/file")
        symlink(other.path, "\(path)/link")
        #expect(folder?.names == ["file", "inner", "link"])
        #expect(folder?.lines(of: "file") == ["a", "b"])
        folder = nil
        #expect(access(path, F_OK) != 0)
        #expect(other.lines(of: "file") == ["kept"])
    }
}
