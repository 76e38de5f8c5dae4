//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
/// The requests of one connection: whether one is coming, and how many are to be answered.
struct AdminRequests: Sendable, Equatable {
    /// Whole requests less answers; below 0 when an answer did not wait for the end of its request.
    private var owed = 0
    /// Whether a request has begun to come; the first is due as soon as there is a connection.
    private var isComing = true

    /// Whether a whole request is being answered.
    var isBusy: Bool { self.owed > 0 }

    /// Something has come.
    ///
    /// - Returns: Whether the time of a request begins.
    mutating func bytesCame() -> Bool {
        guard !self.isComing else { return false }
        self.isComing = true
        return !self.isBusy
    }

    /// A request has come as a whole.
    mutating func requestEnded() {
        self.owed += 1
        self.isComing = false
    }

    /// A request was answered.
    ///
    /// - Returns: Whether the time of a request begins, of which a part has come before.
    mutating func answerEnded() -> Bool {
        self.owed -= 1
        return self.isComing && !self.isBusy
    }
}
#endif
