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

/// Writes whole lines to a file or a stream, one caller at a time, in the caller's thread.
///
/// A regular file always ends with a whole line: what a failed write has left of the next one is taken back. A write that
/// failed for want of space may be tried again, and succeeds once there is some; after any other failure the sink takes
/// nothing more.
final class SinkWriter: Sendable {
    /// Why lines were not written.
    struct Failure: Sendable, Equatable {
        /// What failed and why, without a full stop.
        var reason: String
        /// Whether nothing will ever be written.
        var isBroken: Bool
    }

    /// What became of the lines of one call.
    struct Outcome: Sendable {
        /// How many lines were written whole: the first ones.
        var delivered: Int
        /// Why the others were not; nil when all were written.
        var failure: Failure?
    }

    /// Whether a sink takes lines.
    private enum Phase {
        /// It does. Can transition to: `broken`.
        case open
        /// It does not any more, for a reason. Final.
        case broken(String)
    }

    private struct State {
        var phase = Phase.open
        var file: FileDescriptor
        /// How many bytes the file has; counted only if the file is rotated.
        var size: Int
        /// When the file was synchronised last.
        var syncedAt: UInt64
        var hasUnsynced = false
    }

    /// Its name, as the report shows it.
    let name: String
    /// Whether a line that was not written whole can be taken back; and no reader can hold up a write.
    let isRegular: Bool
    private let place: String
    private let options: FileOptions
    private let path: String?
    private let time: TimeSource
    private let state: Locked<State>
    /// The file that others are kept from; not under the lock of the state, which a write may hold for ever.
    private let claimed: Locked<FileDescriptor>

    /// How often a file is synchronised whose option says `interval`.
    static let syncInterval = Duration.seconds(1)

    /// Creates a sink on an open file.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - place: Where it writes to, for people.
    ///   - file: The open file.
    ///   - facts: What the system says about it, once it is as the run begins with it.
    ///   - path: Where it stands, if it may be rotated.
    ///   - options: How it is written.
    ///   - time: The clock of `interval`.
    init(
        name: String,
        place: String,
        file: FileDescriptor,
        facts: FileDescriptor.Facts,
        path: String?,
        options: FileOptions,
        time: TimeSource
    ) {
        self.name = name
        self.place = place
        self.isRegular = facts.isRegular
        self.path = path
        self.options = options
        self.time = time
        self.state = Locked(State(file: file, size: facts.size, syncedAt: time.now()))
        self.claimed = Locked(file)
    }

    /// Writes lines; each ends with LF and has no other.
    ///
    /// - Parameters:
    ///   - bytes: The lines, one behind the other.
    ///   - count: How many lines they are.
    func write(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> Outcome {
        self.state.withLock { state in
            if case .broken(let reason) = state.phase {
                return Outcome(delivered: 0, failure: Failure(reason: reason, isBroken: true))
            }
            var written = 0
            do throws(SystemError) {
                if let rotation = self.options.rotation, let path = self.path, self.isRegular {
                    try self.write(bytes, rotating: rotation, path, &state, &written)
                } else {
                    try Self.write(bytes, to: state.file, &written)
                }
                try self.syncIfDue(&state)
                return Outcome(delivered: count, failure: nil)
            } catch {
                return self.fail(error, bytes: bytes, written: written, &state)
            }
        }
    }

    /// Makes what was written safe, as far as the options ask for it, and lets others have the file.
    func close() throws(PenstockError) {
        defer { self.claimed.withLock { $0 }.letGo() }
        // Not the lock of a stream: a write may hold it for ever.
        guard self.options.sync != .never, self.isRegular else { return }
        let failure = self.state.withLock { state -> SystemError? in
            guard state.hasUnsynced else { return nil }
            state.hasUnsynced = false
            return fsync(state.file.number) == 0 ? nil : SystemError(errno)
        }
        if let failure {
            throw PenstockError(.inputOutput, "synchronising \(self.place): \(failure)", underlyingError: failure)
        }
    }

    // MARK: - Private

    private static func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: FileDescriptor,
        _ written: inout Int
    ) throws(SystemError) {
        while written < bytes.count {
            let result = writeBytes(file.number, UnsafeRawBufferPointer(rebasing: bytes[written...]))
            if result > 0 {
                written += result
                continue
            }
            let code = result == 0 ? EIO : errno
            if code == EINTR { continue }
            guard code == EAGAIN || code == EWOULDBLOCK else { throw SystemError(code) }
            var polled = pollfd(fd: file.number, events: Int16(POLLOUT), revents: 0)
            _ = poll(&polled, 1, -1)
        }
    }

    /// Writes lines to as many files as they need: none is larger than the limit, but for a single line that is.
    private func write(
        _ bytes: UnsafeRawBufferPointer,
        rotating rotation: FileOptions.Rotation,
        _ path: String,
        _ state: inout State,
        _ written: inout Int
    ) throws(SystemError) {
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            var fitting = rest.count
            if state.size + fitting > rotation.bytesMax {
                let room = max(0, rotation.bytesMax - state.size)
                fitting = rest[..<min(room, rest.count)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
                if fitting == 0, state.size > 0 {
                    state.file = try FileRotation.rotate(path, keep: rotation.keep, closing: state.file, self.options)
                    let next = state.file
                    self.claimed.withLock { $0 = next }
                    state.size = 0
                    state.hasUnsynced = false
                    continue
                }
                if fitting == 0 { fitting = (rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count - 1) + 1 }
            }
            var count = 0
            defer {
                written += count
                state.size += count
            }
            try Self.write(UnsafeRawBufferPointer(rebasing: rest[..<fitting]), to: state.file, &count)
        }
    }

    private func syncIfDue(_ state: inout State) throws(SystemError) {
        switch self.options.sync {
        case .never: return
        case .batch: break
        case .interval:
            let now = self.time.now()
            state.hasUnsynced = true
            guard now >= state.syncedAt.advanced(by: Self.syncInterval) else { return }
            state.syncedAt = now
        }
        guard self.isRegular else { return }
        state.hasUnsynced = false
        guard fsync(state.file.number) == 0 else { throw SystemError(errno) }
    }

    private func fail(
        _ error: SystemError,
        bytes: UnsafeRawBufferPointer,
        written: Int,
        _ state: inout State
    ) -> Outcome {
        let prefix = bytes[..<written]
        let whole = prefix.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let delivered = prefix.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        var isWhole = true
        if whole < written {
            isWhole = self.isRegular && Self.takeBack(written - whole, of: state.file)
            if isWhole { state.size -= written - whole }
        }
        let reason = "writing to \(self.place): \(error)"
        // A line that could not be taken back would run into the next one.
        guard isWhole, written < bytes.count, Self.mayPass(error) else {
            state.phase = .broken(reason)
            // Everything was written, and could not be made safe.
            let safe = written == bytes.count ? 0 : delivered
            return Outcome(delivered: safe, failure: Failure(reason: reason, isBroken: true))
        }
        return Outcome(delivered: delivered, failure: Failure(reason: reason, isBroken: false))
    }

    /// Whether what was refused may be taken later: there may be space again, or a file to spare.
    private static func mayPass(_ error: SystemError) -> Bool {
        [ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EAGAIN].contains(error.code)
    }

    /// Cuts the beginning of a line off a file's end; false when it is not certain to be the end.
    ///
    /// What somebody else may have appended is left alone.
    private static func takeBack(_ count: Int, of file: FileDescriptor) -> Bool {
        let end = lseek(file.number, 0, SEEK_CUR)
        guard end >= count, let facts = file.facts(), facts.size == Int(end) else { return false }
        guard ftruncate(file.number, end - off_t(count)) == 0 else { return false }
        return lseek(file.number, end - off_t(count), SEEK_SET) >= 0
    }
}

private func writeBytes(_ number: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(number, bytes.baseAddress, bytes.count)
}
