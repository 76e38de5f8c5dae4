//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockTesting

extension TemporaryFolder {
    /// What a process that dies now leaves of a database: a copy of the file and its log.
    func copyAsAfterACrash(_ name: String, to other: String) {
        for suffix in ["", "-wal"] where self.names.contains(name + suffix) {
            self.write(self.read(name + suffix), to: other + suffix)
        }
    }
}
#endif
