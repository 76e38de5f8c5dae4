//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

/// Runs the events of dead letters through a pipeline.
///
/// Each letter is a batch of its own, so that it is known of each what became of it. The pipeline's own sources and its sink
/// for dead letters have no part in it.
final class LetterReplay: Sendable {
    let typeName = "dead_letters"

    /// What became of a letter.
    enum Fate: Sendable {
        /// Its event is where it was to go: the letter has no use any more.
        case done
        /// It became a dead letter again, and this is the newer one.
        case failed(Letter)
    }

    /// The most failures whose reasons are remembered; letters beyond keep the reason that they have.
    private static let failuresMax = 100_000

    private struct State {
        /// For each line of the file whether its letter is done.
        var done: [UInt64] = []
        var doneCount = 0
        var failures: [Int: Letter] = [:]
    }

    private let path: String
    private let filter: LetterFilter
    private let state = Locked(State())

    init(of path: String, filter: LetterFilter) {
        self.path = path
        self.filter = filter
    }

    /// How many letters have no use any more.
    var doneCount: Int { self.state.withLock { $0.doneCount } }

    /// The pipeline that does it.
    func pipeline(_ description: PipelineDescription) throws(PenstockError) -> Pipeline {
        var description = description
        description.sources = [NamedSource(name: "dead_letter", kind: .own(OwnSource(self)))]
        // A letter that a full queue would drop is a letter still.
        description.queue.whenFull = .wait
        // Events stand in letters as the pipeline's decoding has left them, without their line ends.
        description.deadLetter = .own(OwnSink(self))
        return try Pipeline(description)
    }

    /// What became of the letter of a line; nil when it is to stay as it is.
    func fate(ofLine number: Int) -> Fate? {
        self.state.withLock { state in
            if let failure = state.failures[number] { return .failed(failure) }
            let word = number >> 6
            guard word < state.done.count, state.done[word] & 1 << UInt64(number & 63) != 0 else { return nil }
            return .done
        }
    }
}

extension LetterReplay: AcknowledgedSource {
    // It is a source and a sink, and has to say which of their defaults it means: neither has anything to do.

    func open() async throws {}

    func close() async {}

    func run(_ feed: SourceFeed) async throws {
        let file: LetterFile
        do throws(SystemError) {
            file = try LetterFile(self.path)
        } catch {
            throw PenstockError(.inputOutput, "the dead letters cannot be read: \(error)")
        }
        while let line = try file.next() {
            if feed.isStopping { return }
            guard let letter = line.letter, self.filter.takes(letter), !letter.isCut else { continue }
            let number = UInt64(line.number)
            try await feed.send(SourceBatch(id: number, lines: letter.event, firstPosition: number))
        }
    }

    func settle(_ settlements: [Settlement]) async {
        self.state.withLock { state in
            for settlement in settlements where settlement.isSafe && settlement.deadLettered == 0 {
                let number = Int(settlement.batch)
                while state.done.count <= number >> 6 { state.done.append(0) }
                state.done[number >> 6] |= 1 << UInt64(number & 63)
                state.doneCount += 1
            }
        }
    }
}

extension LetterReplay: EventSink {
    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let failures = batch.events.compactMap { event -> (number: Int, letter: Letter)? in
            guard let letter = Letter(Array(event.bytes)), let number = letter.value["position"]?.integer else {
                return nil
            }
            return (number, letter)
        }
        self.state.withLock { state in
            for failure in failures where state.failures.count < Self.failuresMax {
                state.failures[failure.number] = failure.letter
            }
        }
        return .delivered
    }
}
