//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension Channel: AsyncSequence {
    /// Receives one element after another.
    ///
    /// It takes none ahead: what an iterator has not returned is still in the channel.
    public struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let channel: Channel

        @inlinable
        init(_ channel: Channel) { self.channel = channel }

        /// The next element; nil when the channel is finished and empty, or the task is cancelled while it waits.
        @inlinable
        public mutating func next() async -> Element? {
            try? await self.channel.receive()
        }

        /// The next element; nil when the channel is finished and empty, or the task is cancelled while it waits.
        @inlinable
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
            try? await self.channel.receive()
        }
    }

    /// Creates an iterator; several may run at once, each element goes to one of them.
    @inlinable
    public func makeAsyncIterator() -> Iterator { Iterator(self) }
}
