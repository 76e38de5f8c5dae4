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

/// All that a run reads from and writes to, open.
///
/// Opening is all or nothing: when one thing cannot be opened, no file has lost its contents, and files that were
/// made on the way are gone again.
struct Endpoints: Sendable {
    let sources: [OpenSource]
    let sinks: [SinkEnd]
    let deadLetter: SinkEnd?
    /// The store of the durable queue, and what is in it.
    let store: OpenStore?

    /// Opens everything, then empties the files of the sinks; nil when it was ordered to stop before all was open.
    init?(
        opening description: PipelineDescription,
        time: TimeSource,
        tasks: LiveTasks,
        until order: Channel<Void>
    ) async throws(PipelineProblem) {
        var sources: [OpenSource] = []
        for source in description.sources {
            sources.append(
                try PipelineProblem.of(.source(source.name)) { () throws(PenstockError) in
                    try OpenSource(opening: source)
                }
            )
        }
        var opened: [OpenedSink] = []
        var isComplete = false
        defer { if !isComplete { for sink in opened { sink.remove() } } }
        for sink in SinkPlace.all(of: description) {
            opened.append(
                try PipelineProblem.of(sink.part) { () throws(PenstockError) in try OpenedSink(opening: sink) }
            )
        }
        try Self.refuseDoubles(sources, opened)
        for sink in opened {
            try PipelineProblem.of(sink.sink.part) { () throws(PenstockError) in try sink.claim() }
        }
        let store = StoreOpening(description.queue.store)
        let own = Opening(
            description.name,
            opened.compactMap(\.part) + sources.compactMap(\.part) + (store.map { [$0.part] } ?? []),
            time: time,
            timeMax: description.openTimeMax,
            tasks: tasks
        )
        switch await own.run(until: order) {
        case .open: break
        case .failed(let error): throw error
        case .ordered: return nil
        }
        do throws(PipelineProblem) {
            var ends: [SinkEnd] = []
            for sink in opened {
                ends.append(
                    try PipelineProblem.of(sink.sink.part) { () throws(PenstockError) in try sink.end(time: time) }
                )
            }
            let hasLetters = description.deadLetter != nil
            self.sources = sources
            self.sinks = ends.dropLast(hasLetters ? 1 : 0)
            self.deadLetter = hasLetters ? ends.last : nil
            self.store = store?.result
            isComplete = true
        } catch {
            await own.close()
            throw error
        }
    }

    /// Bytes there are to read; nil when a source has no known end, or none in bytes.
    var bytesTotal: Int? {
        var total = 0
        for source in self.sources {
            guard let bytes = source.bytesTotal else { return nil }
            total += bytes
        }
        return total
    }

    /// Events there are to make; nil unless all sources are generators with a count.
    var countTotal: Int? {
        var total = 0
        for source in self.sources {
            guard case .generator(_, .some(let count)) = source.input else { return nil }
            total += count
        }
        return total
    }

    /// What opening would refuse, without opening a sink.
    ///
    /// Opens no pipe either: whoever waits at its other end would take that for the run.
    static func problems(of description: PipelineDescription) -> [PipelineProblem] {
        var problems: [PipelineProblem] = []
        var users: [FileDescriptor.Identity: String] = [:]
        var paths: [String: String] = [:]
        for source in description.sources {
            do throws(PenstockError) {
                guard let open = try OpenSource(lookingAt: source) else { continue }
                if let identity = open.identity { users[identity] = "the source \"\(source.name)\"" }
                if let problem = open.problem { problems.append(.init(.source(source.name), problem)) }
            } catch {
                problems.append(.init(.source(source.name), error))
            }
        }
        if case .durable(let own, _) = description.queue.store {
            do {
                try own.store.check()
            } catch {
                problems.append(.init(.queue, OpenStore.failure(error, of: own.store)))
            }
        }
        for sink in SinkPlace.all(of: description) {
            if let problem = sink.problem {
                problems.append(.init(sink.part, problem))
                continue
            }
            let other: String?
            if let facts = sink.facts, facts.isRegular {
                other = users.updateValue(sink.title, forKey: facts.identity)
            } else {
                other = paths.updateValue(sink.title, forKey: sink.place)
            }
            if let other, sink.isExclusive {
                problems.append(.init(sink.part, doubleUse(sink.title, other, sink.place)))
            }
        }
        return problems
    }

    // MARK: - Private

    private static func refuseDoubles(_ sources: [OpenSource], _ sinks: [OpenedSink]) throws(PipelineProblem) {
        var users: [FileDescriptor.Identity: String] = [:]
        var hasStdout: String?
        for source in sources {
            if let identity = source.identity { users[identity] = "the source \"\(source.name)\"" }
        }
        for sink in sinks {
            let title = sink.sink.title
            if case .stdout = sink.sink.kind {
                if let other = hasStdout {
                    throw PipelineProblem(sink.sink.part, doubleUse(title, other, sink.sink.place))
                }
                hasStdout = title
            }
            guard let facts = sink.facts, facts.isRegular else { continue }
            if let other = users.updateValue(title, forKey: facts.identity) {
                throw PipelineProblem(sink.sink.part, doubleUse(title, other, sink.sink.place))
            }
        }
    }
}

extension PipelineProblem {
    /// Says whose fault it is when something throws.
    fileprivate static func of<Result>(
        _ part: Part,
        _ body: () throws(PenstockError) -> Result
    ) throws(PipelineProblem) -> Result {
        do throws(PenstockError) {
            return try body()
        } catch {
            throw PipelineProblem(part, error)
        }
    }
}

extension PenstockError.Code {
    /// The code of what cannot be opened: a configuration that nothing could be opened with stays one.
    static func ofOpening(_ error: any Error) -> PenstockError.Code {
        (error as? PenstockError)?.code == .invalidConfiguration ? .invalidConfiguration : .inputOutput
    }
}

private func doubleUse(_ one: String, _ other: String, _ place: String) -> PenstockError {
    PenstockError(
        .invalidConfiguration,
        "\(one.prefix(1).uppercased() + one.dropFirst()) writes to \(place), which \(other) uses too."
    )
}

extension OpenSource {
    /// How the user's own source is opened; nil when it is one of Penstock's.
    fileprivate var part: Opening.Part? {
        guard case .own(let own) = self.input else { return nil }
        let name = self.name
        return Opening.Part { error in
            PipelineProblem(.source(name), Self.cannotStart(name, error))
        } open: {
            try await own.open()
        } close: {
            await own.close()
        }
    }

    /// Why it could not be opened; nil when it could, as far as a look can tell.
    fileprivate var problem: PenstockError? {
        guard let tail = self.own as? FileTail else { return nil }
        do throws(PenstockError) {
            try tail.check()
            return nil
        } catch {
            return Self.cannotStart(self.name, error)
        }
    }

    private static func cannotStart(_ name: String, _ error: any Error) -> PenstockError {
        let reason = (error as? PenstockError)?.message ?? "\(error)."
        return PenstockError(
            .inputOutput,
            "The source \"\(name)\" cannot start: \(reason)",
            underlyingError: error
        )
    }
}

/// Where a sink writes to, before it is open.
private struct SinkPlace: Sendable {
    let name: String
    /// What it is in the middle of a sentence.
    let title: String
    let kind: SinkDescription
    /// Whether dead letters go there.
    var isForLetters = false

    /// The sinks in order, and behind them the one for dead letters.
    static func all(of description: PipelineDescription) -> [SinkPlace] {
        var places = description.sinks.map {
            SinkPlace(name: $0.name, title: "the sink \"\($0.name)\"", kind: $0.kind)
        }
        if let deadLetter = description.deadLetter {
            places.append(
                SinkPlace(name: "dead_letter", title: "the dead-letter sink", kind: deadLetter, isForLetters: true)
            )
        }
        return places
    }

    /// The part of the pipeline that it is.
    var part: PipelineProblem.Part { self.isForLetters ? .deadLetter : .sink(self.name) }

    /// The place for people.
    var place: String {
        switch self.kind {
        case .stdout: "the standard output"
        case .file(let path, _): "\"\(path)\""
        case .null: "nowhere"
        case .own(let own): (own.sink as? any DescribedSink)?.place ?? "a sink of its own"
        }
    }

    var facts: FileDescriptor.Facts? {
        switch self.kind {
        case .stdout: FileDescriptor(STDOUT_FILENO).facts()
        case .file(let path, _): FileDescriptor.facts(ofPath: path)
        case .null, .own: nil
        }
    }

    /// Whether nobody else may write there: devices such as `/dev/null` take from everybody.
    var isExclusive: Bool {
        switch self.kind {
        case .stdout: true
        case .file: self.facts?.isRegular ?? true
        case .null, .own: false
        }
    }

    /// Why it could not be opened; nil when it could.
    var problem: PenstockError? {
        if case .own(let own) = self.kind, let described = own.sink as? any DescribedSink {
            do {
                try described.check()
                return nil
            } catch {
                return Self.cannotBeOpened(self.title, error)
            }
        }
        if case .stdout = self.kind { return FileDescriptor(STDOUT_FILENO).isWritable ? nil : self.closed }
        guard case .file(let path, _) = self.kind else { return nil }
        if let facts = self.facts {
            if facts.isDirectory { return self.error(SystemError(EISDIR)) }
            if access(path, W_OK) != 0 { return self.error(SystemError(errno)) }
            guard facts.isRegular, case .success(let file) = FileDescriptor.open(path, O_WRONLY | O_NONBLOCK)
            else { return nil }
            return file.claim(self.claim) ? nil : self.inUse
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        return access(folder, W_OK | X_OK) == 0 ? nil : self.error(SystemError(errno))
    }

    /// Whom its file is kept from: dead letters that are appended may come from several runs.
    var claim: FileDescriptor.Claim {
        if self.isForLetters, case .file(_, let options) = self.kind, options.mode == .append { return .shared }
        return .exclusive
    }

    /// Somebody else has claimed its file.
    var inUse: PenstockError {
        let isShared = self.claim == .shared
        let reason = isShared ? "somebody else writes it anew" : "another run, or somebody else, writes to it"
        return self.error(HintedCause(reason, hint: "wait until that has ended, or write to another file"))
    }

    /// It is the standard output, which the process was started without.
    var closed: PenstockError {
        PenstockError(.inputOutput, "\(self.capitalised) cannot write to \(self.place): it is closed.")
    }

    private var capitalised: String { self.title.prefix(1).uppercased() + self.title.dropFirst() }

    static func cannotBeOpened(_ title: String, _ error: any Error) -> PenstockError {
        let reason = (error as? PenstockError)?.message ?? "\(error)"
        return PenstockError(
            .ofOpening(error),
            "\(title.prefix(1).uppercased() + title.dropFirst()) cannot be opened: \(reason).",
            underlyingError: error
        )
    }

    func error(_ failure: any Error) -> PenstockError {
        PenstockError(
            .inputOutput,
            "\(self.capitalised) cannot write to \(self.place): \(failure).",
            underlyingError: failure
        )
    }
}

/// A sink that is open and has not been emptied.
private struct OpenedSink {
    let sink: SinkPlace
    /// The file; nil for a sink that has none.
    private let file: FileDescriptor?
    let facts: FileDescriptor.Facts?
    /// The path, when the file was made by opening it.
    private let madePath: String?

    init(opening sink: SinkPlace) throws(PenstockError) {
        var madePath: String?
        let file: FileDescriptor
        switch sink.kind {
        case .null, .own:
            self.sink = sink
            self.file = nil
            self.facts = nil
            self.madePath = nil
            return
        case .stdout:
            file = FileDescriptor(STDOUT_FILENO)
            guard file.isWritable else { throw sink.closed }
        case .file(let path, let options):
            // Without waiting: a named pipe would hold the start until somebody reads.
            let flags = O_WRONLY | O_NONBLOCK | (options.mode == .append ? O_APPEND : 0)
            var result = FileDescriptor.open(path, flags)
            if case .failure(let failure) = result, failure.code == ENOENT {
                result = FileDescriptor.open(path, flags | O_CREAT | O_EXCL)
                if case .success = result { madePath = path }
            }
            switch result {
            case .success(let opened): file = opened
            case .failure(let failure) where failure.code == ENXIO && sink.facts?.isPipe == true:
                throw sink.error(HintedCause("nobody reads this pipe", hint: "start what reads it first"))
            case .failure(let failure): throw sink.error(failure)
            }
            file.setBlocking(true)
        }
        guard let facts = file.facts() else { throw sink.error(SystemError(errno)) }
        self.sink = sink
        self.file = file
        self.facts = facts
        self.madePath = madePath
    }

    /// Keeps other runs from the file, which would write over it, and whoever would write dead letters anew.
    func claim() throws(PenstockError) {
        guard let file = self.file, let facts = self.facts, facts.isRegular, case .file(let path, _) = self.sink.kind
        else { return }
        // Whoever had it may have put another file in its place meanwhile.
        guard file.claim(self.sink.claim), FileDescriptor.facts(ofPath: path)?.identity == facts.identity
        else { throw self.sink.inUse }
    }

    /// How the user's own sink is opened; nil when it is one of Penstock's.
    var part: Opening.Part? {
        guard case .own(let own) = self.sink.kind else { return nil }
        let (title, part) = (self.sink.title, self.sink.part)
        return Opening.Part {
            PipelineProblem(part, SinkPlace.cannotBeOpened(title, $0))
        } open: {
            try await own.sink.open()
        } close: {
            try? await own.sink.close()
        }
    }

    /// What the run writes to. A file has lost its old contents by then, or ends with a whole line.
    func end(time: TimeSource) throws(PenstockError) -> SinkEnd {
        switch self.sink.kind {
        case .null: return .null
        case .own(let own): return .custom(own.sink)
        case .stdout: return try self.writer(path: nil, FileOptions(), time: time)
        case .file(let path, let options):
            // Its size as it is by now: until it was claimed others could write to it.
            if let file = self.file, let facts = file.facts(), facts.isRegular, facts.size > 0 {
                switch options.mode {
                // What the standard output already holds is somebody else's.
                case .truncate: try self.check(ftruncate(file.number, 0) == 0)
                case .append: try self.endLine(path, file, size: facts.size)
                }
            }
            return try self.writer(path: path, options, time: time)
        }
    }

    private func writer(path: String?, _ options: FileOptions, time: TimeSource) throws(PenstockError) -> SinkEnd {
        guard let file = self.file, let facts = file.facts() else { throw self.sink.error(SystemError(errno)) }
        return .writer(
            SinkWriter(
                name: self.sink.name,
                place: self.sink.place,
                file: file,
                facts: facts,
                path: path,
                options: options,
                time: time
            )
        )
    }

    /// Ends a last line that lacks its end: what comes next would run into it.
    private func endLine(_ path: String, _ file: FileDescriptor, size: Int) throws(PenstockError) {
        var last: UInt8 = 0
        guard case .success(let reading) = FileDescriptor.open(path, O_RDONLY | O_NONBLOCK),
            pread(reading.number, &last, 1, off_t(size - 1)) == 1, last != UInt8(ascii: "\n")
        else { return }
        var end = UInt8(ascii: "\n")
        try self.check(write(file.number, &end, 1) == 1)
    }

    private func check(_ isDone: Bool) throws(PenstockError) {
        guard isDone else { throw self.sink.error(SystemError(errno)) }
    }

    /// Removes a file that was made by opening it, and that nobody else has begun to use.
    func remove() {
        if let path = self.madePath, self.file?.claim(.exclusive) == true { unlink(path) }
    }
}
