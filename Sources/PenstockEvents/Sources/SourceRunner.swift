//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How a source came to its end.
enum SourceEnd: Sendable {
    /// It has nothing more.
    case exhausted
    /// It was told to stop, or the queue takes nothing more.
    case stopped
    /// It could not be read.
    case failed(PenstockError)
}

/// Takes events from one source to the queue.
///
/// What counts as offered is what was handed to the queue. Bytes that were read when the order to stop comes, and not
/// handed over, are not offered and not lost: nobody has promised anything about them.
struct SourceRunner: Sendable {
    let index: Int
    let source: OpenSource
    let pool: EventBufferPool
    let limits: LineFramer.Limits
    let stop: StopSignal
    let time: TimeSource
    let intake: SourceIntake

    /// Runs until there is nothing more, or until told to stop.
    ///
    /// Blocks its thread while it reads.
    func run() async -> SourceEnd {
        switch self.source.input {
        case .file(let file, let times): await self.read(file, times: times)
        case .generator(nil, let count): await self.generate(count ?? .max)
        case .generator(.some(let rate), let count): await self.generate(count ?? .max, rate: rate)
        // Not here: it runs as a job of a pool, which can leave it behind.
        case .own: .exhausted
        }
    }

    // MARK: - Private

    /// Whether the source goes on: the queue took a batch, or has none of its policy's room for this one.
    private func handOver(_ batch: EventBatch) async -> Bool {
        guard !self.stop.isStopped else { return false }
        let refusal = await self.intake.handOver(batch)
        return refusal == nil || refusal?.code == .full
    }

    private func read(_ file: FileDescriptor, times: Int) async -> SourceEnd {
        var framer = LineFramer(limits: self.limits, pool: self.pool, sourceIndex: self.index)
        for pass in 0..<times {
            if pass > 0 {
                guard lseek(file.number, 0, SEEK_SET) == 0 else { return .failed(self.error(errno)) }
                framer.restart()
            }
            var isEmpty = true
            while true {
                let count: Int
                switch self.readOnce(file, into: framer.space()) {
                case .success(let read): count = read
                case .failure(let failure): return .failed(self.error(failure.code))
                }
                if count < 0 { return .stopped }
                if count == 0 { break }
                let arrival = self.time.now()
                isEmpty = false
                self.intake.counts.read(bytes: count)
                framer.received(count)
                while let batch = framer.next(arrival: arrival) {
                    guard await self.handOver(batch) else { return .stopped }
                }
            }
            framer.finish()
            while let batch = framer.next(arrival: self.time.now()) {
                guard await self.handOver(batch) else { return .stopped }
            }
            // An empty file stays so, however often it is read.
            if isEmpty { break }
        }
        return .exhausted
    }

    /// How many bytes were read: 0 at the end, -1 when it is time to stop.
    private func readOnce(
        _ file: FileDescriptor,
        into space: UnsafeMutableRawBufferPointer
    ) -> Result<Int, SystemError> {
        while !self.stop.isStopped {
            if !self.source.isRegular, !self.stop.waitToRead(file) { return .success(-1) }
            let count = readBytes(file.number, space)
            if count >= 0 { return .success(count) }
            if errno != EINTR, errno != EAGAIN, errno != EWOULDBLOCK { return .failure(SystemError(errno)) }
        }
        return .success(-1)
    }

    private func error(_ code: Int32) -> PenstockError {
        let failure = SystemError(code)
        return PenstockError(
            .inputOutput,
            "The source \"\(self.source.name)\" failed: reading \(self.source.place): \(failure).",
            underlyingError: failure
        )
    }

    private func generator() -> EventGenerator {
        EventGenerator(
            templates: EventTemplates(),
            pool: self.pool,
            sourceIndex: self.index,
            eventsMax: self.limits.eventsMax
        )
    }

    /// Makes events as fast as they are taken.
    private func generate(_ count: Int) async -> SourceEnd {
        var generator = self.generator()
        while generator.made < count {
            let batch = generator.batch(of: count - generator.made, arrival: self.time.now())
            guard await self.handOver(batch) else { return .stopped }
        }
        return .exhausted
    }

    /// Makes events by a schedule: event n is meant for the beginning plus n / rate, and counts from then, whatever
    /// holds it up.
    private func generate(_ count: Int, rate: Double) async -> SourceEnd {
        var generator = self.generator()
        let beginning = self.time.now()
        let period = 1e9 / rate
        func instant(of event: Int) -> UInt64 { beginning &+ UInt64(min(Double(event) * period, 1e18)) }
        while generator.made < count {
            let now = self.time.now()
            let elapsed = Double(now &- beginning)
            let due = min(count, Int(min(elapsed / period, 1e18)) + 1) - generator.made
            if due > 0 {
                let batch = generator.batch(of: due, arrival: instant(of: generator.made))
                guard await self.handOver(batch) else { return .stopped }
                continue
            }
            // Not before a millisecond has passed: waking up costs far more than an event.
            let next = max(instant(of: generator.made), now &+ 1_000_000)
            do {
                try await self.time.sleep(until: next)
            } catch {
                return .stopped
            }
        }
        return .exhausted
    }
}

private func readBytes(_ number: Int32, _ space: UnsafeMutableRawBufferPointer) -> Int {
    read(number, space.baseAddress, space.count)
}
