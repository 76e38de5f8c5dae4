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
/// Once a write has failed the sink takes nothing more, and a regular file ends with its last whole line.
final class SinkWriter: Sendable {
    /// What became of the lines of one call.
    struct Outcome: Sendable {
        /// How many lines were written whole.
        var delivered: Int
        /// Why the others were not; nil after the first call that failed, and when all were written.
        var failure: PenstockError?
    }

    /// Whether a sink takes lines.
    private enum State {
        /// It does. Can transition to: `failed`.
        case open
        /// It does not any more. Final.
        case failed
    }

    /// Its name, as the report shows it.
    let name: String
    private let title: String
    private let place: String
    private let file: FileDescriptor
    private let isRegular: Bool
    private let state = Locked(State.open)

    /// Creates a sink on an open file.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - title: What it is in a sentence, as `The sink "out"`.
    ///   - place: Where it writes to, for people.
    ///   - file: The open file.
    ///   - isRegular: Whether a line that was not written whole can be taken back.
    init(name: String, title: String, place: String, file: FileDescriptor, isRegular: Bool) {
        self.name = name
        self.title = title
        self.place = place
        self.file = file
        self.isRegular = isRegular
    }

    /// Writes lines; each ends with LF and has no other.
    ///
    /// - Parameters:
    ///   - bytes: The lines, one behind the other.
    ///   - count: How many lines they are.
    func write(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> Outcome {
        self.state.withLock { state in
            guard case .open = state else { return Outcome(delivered: 0, failure: nil) }
            var written = 0
            while written < bytes.count {
                let result = writeBytes(self.file.number, UnsafeRawBufferPointer(rebasing: bytes[written...]))
                if result > 0 {
                    written += result
                    continue
                }
                let code = result == 0 ? EIO : errno
                if code == EINTR { continue }
                if code == EAGAIN || code == EWOULDBLOCK {
                    self.waitToWrite()
                    continue
                }
                state = .failed
                return self.fail(code, bytes: bytes, written: written)
            }
            return Outcome(delivered: count, failure: nil)
        }
    }

    // MARK: - Private

    private func fail(_ code: Int32, bytes: UnsafeRawBufferPointer, written: Int) -> Outcome {
        let prefix = bytes[..<written]
        let whole = prefix.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let delivered = prefix.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        if self.isRegular, whole < written { self.takeBack(written - whole) }
        let failure = SystemError(code)
        let error = PenstockError(
            .inputOutput,
            "\(self.title) failed: writing to \(self.place): \(failure).",
            underlyingError: failure
        )
        return Outcome(delivered: delivered, failure: error)
    }

    /// Cuts the beginning of a line off a file's end.
    ///
    /// What somebody else may have appended is left alone.
    private func takeBack(_ count: Int) {
        let end = lseek(self.file.number, 0, SEEK_CUR)
        guard end >= count, let facts = self.file.facts(), facts.size == Int(end) else { return }
        guard ftruncate(self.file.number, end - off_t(count)) == 0 else { return }
        _ = lseek(self.file.number, end - off_t(count), SEEK_SET)
    }

    private func waitToWrite() {
        var polled = pollfd(fd: self.file.number, events: Int16(POLLOUT), revents: 0)
        _ = poll(&polled, 1, -1)
    }
}

private func writeBytes(_ number: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(number, bytes.baseAddress, bytes.count)
}
