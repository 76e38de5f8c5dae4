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

/// A file of dead letters, read line by line.
///
/// Memory holds one line, and lines beyond the limit not even that: they are passed over.
final class LetterFile {
    /// One line of the file.
    struct Line {
        /// Its number, from 1.
        var number: Int
        /// Where it begins in the file, and how many bytes it has with its end.
        var offset: Int
        var length: Int
        /// The letter; nil when the line is none.
        var letter: Letter?
    }

    /// The longest line that is looked into: the letter of the longest event that is not unusual, escapes included.
    static let lineBytesMax = 16 << 20

    let path: String
    let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Where in the buffer the next line begins, and up to where no line end is.
    private var start = 0
    private var searched = 0
    /// Where in the file the buffer begins.
    private var offset = 0
    private var number = 0
    private var hasEnded = false
    private var part = [UInt8](repeating: 0, count: 64 << 10)

    /// Opens a file for reading.
    init(_ path: String) throws(SystemError) {
        self.path = path
        self.descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw .last }
    }

    deinit {
        close(self.descriptor)
    }

    /// Keeps runs from writing to the file, and others from changing it, until this is gone.
    ///
    /// - Returns: False when a run, or somebody else, has the file.
    func lock() -> Bool {
        flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
    }

    /// Begins at the first line again.
    func rewind() throws(SystemError) {
        guard lseek(self.descriptor, 0, SEEK_SET) == 0 else { throw .last }
        self.buffer = []
        (self.start, self.searched, self.offset, self.number, self.hasEnded) = (0, 0, 0, 0, false)
    }

    /// The next line that is not empty; nil at the end.
    func next() throws(SystemError) -> Line? {
        while let line = try self.nextLine() {
            if line.length > 1 || line.letter != nil { return line }
        }
        return nil
    }

    // MARK: - Private

    private func nextLine() throws(SystemError) -> Line? {
        var skipped = 0
        while true {
            if let end = self.buffer[self.searched...].firstIndex(of: UInt8(ascii: "\n")) {
                return self.take(upTo: end + 1, skipped: skipped)
            }
            self.searched = self.buffer.count
            if self.hasEnded {
                guard skipped > 0 || self.start < self.buffer.count else { return nil }
                return self.take(upTo: self.buffer.count, skipped: skipped)
            }
            if self.buffer.count - self.start > Self.lineBytesMax {
                skipped += self.buffer.count - self.start
                self.offset += self.buffer.count
                self.buffer = []
                (self.start, self.searched) = (0, 0)
            }
            try self.fill()
        }
    }

    private func take(upTo end: Int, skipped: Int) -> Line {
        self.number += 1
        let bytes = self.buffer[self.start..<end]
        let content = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
        let line = Line(
            number: self.number,
            offset: self.offset + self.start - skipped,
            length: skipped + bytes.count,
            letter: skipped == 0 ? Letter(Array(content)) : nil
        )
        self.start = end
        self.searched = end
        return line
    }

    private func fill() throws(SystemError) {
        if self.start > 0 {
            self.offset += self.start
            self.buffer.removeFirst(self.start)
            self.searched -= self.start
            self.start = 0
        }
        let count = systemRead(self.descriptor, into: &self.part)
        if count > 0 {
            self.buffer += self.part[..<count]
        } else if count == 0 {
            self.hasEnded = true
        } else if errno != EINTR {
            throw .last
        }
    }
}
