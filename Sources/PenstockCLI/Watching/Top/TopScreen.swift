//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What `penstock top` shows, as lines that fit a terminal.
struct TopScreen {
    /// How a line is shown.
    enum Style: Equatable {
        case plain, head, soft, good, warning, problem, keys
    }

    /// One line, as wide as the screen or narrower.
    struct Line: Equatable {
        var text: String
        var style: Style

        init(_ text: String, _ style: Style = .plain) {
            self.text = text
            self.style = style
        }
    }

    /// A terminal's size.
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    /// What is shown besides the status.
    enum Mode: Equatable {
        case watching
        case help
        /// A question, to be answered with y.
        case asking(String)
        /// A note in place of the keys.
        case noting(String)
    }

    /// The narrowest screen that lines are made for.
    private static let columnsMin = 60
    private static let keys = "q quit   p pause   r resume   d drain   + - workers   ? help"

    private let status: JSONValue
    private let size: Size

    /// Creates a screen of a status that a server has told.
    init(_ status: JSONValue, size: Size) {
        self.status = status
        self.size = Size(columns: max(Self.columnsMin, size.columns), rows: max(1, size.rows))
    }

    /// The text of `--once`, for a screen of 80 columns that is as high as it needs to be.
    static func once(_ text: String) throws(WatchProblem) -> String {
        guard let status = JSONValue(text), status["phase"] != nil else {
            throw WatchProblem(message: "what the server has answered is no status")
        }
        let lines = TopScreen(status, size: Size(columns: 80, rows: 1000)).body
        return lines.map(\.text).joined(separator: "\n") + "\n"
    }

    /// The lines, as many as the screen has.
    func lines(_ mode: Mode = .watching) -> [Line] {
        var lines = mode == .help ? Self.help : self.body
        let room = self.size.rows - 1
        if lines.count > room { lines = Array(lines.prefix(room)) }
        lines += Array(repeating: Line(""), count: max(0, room - lines.count))
        switch mode {
        case .watching: lines.append(Line(Self.keys, .keys))
        case .help: lines.append(Line("any key goes back", .keys))
        case .asking(let question): lines.append(Line(question, .warning))
        case .noting(let note): lines.append(Line(note, .problem))
        }
        return lines.map { Line(self.fitted($0.text), $0.style) }
    }

    // MARK: - Private

    private static let help = [
        Line("penstock top", .head), Line(""), Line("q, Ctrl-C   leave; the pipeline goes on"),
        Line("p           pause: workers take nothing more from the queue"), Line("r           resume"),
        Line("d           drain: sources stop, accepted events are finished, the run ends"),
        Line("+ and -     one worker more, one fewer"), Line("?           this"), Line(""),
        Line("Rates and shares look back five seconds. 'blocked' is time that workers wait for", .soft),
        Line("sinks; 'held' is time that sources wait for a place in the queue.", .soft),
    ]

    private var body: [Line] {
        self.head + self.figures + self.diagnoses + self.sources + self.sinks + self.workers + self.slowest
    }

    private var head: [Line] {
        let status = self.status
        var isReady = false
        if case .bool(true) = status["ready"] { isReady = true }
        let reasons = (status["reasons"]?.elements ?? []).compactMap(\.text).joined(separator: "; ")
        let ready = isReady ? "ready" : "not ready: \(shown(reasons, limit: 200))"
        let left = "\(shown(status.text("pipeline")))  \(status.text("phase"))  \(ready)"
        let right = Self.clock(status.number("elapsed_seconds"))
        let gap = max(1, self.size.columns - left.count - right.count)
        return [Line(left + String(repeating: " ", count: gap) + right, .head), Line("")]
    }

    private var figures: [Line] {
        let (status, rates) = (self.status, self.status["events_per_second"] ?? .null)
        let (events, queue) = (status["events"] ?? .null, status["queue"] ?? .null)
        let (latency, budget) = (status["latency_seconds"] ?? .null, status["time_budget"] ?? .null)
        let dropped = events.counts("dropped").values.reduce(0, +)
        let percentiles = ["p50", "p95", "p99", "max"].map { "\($0) \(Self.time(latency.number($0)))" }
        let depth = Self.depth(of: queue)
        var isBalanced = false
        if case .bool(true) = status["balanced"] { isBalanced = true }
        return [
            Line(
                "events    in \(shown(jobsPerSecond: rates.number("accepted")))   out "
                    + "\(shown(jobsPerSecond: rates.number("ended")))   accepted \(grouped(events.count("accepted")))"
            ),
            Line("latency   " + percentiles.joined(separator: "   ")),
            Line(
                "queue     \(self.bar([(queue.number("utilization"), "█")]))  \(percent(queue.number("utilization")))  "
                    + "\(depth)  age \(Self.time(queue.number("oldest_age_seconds")))  "
                    + "held \(percent(queue.number("held_share")))"
            ),
        ] + self.store(queue["store"]) + [
            Line(
                "workers   \(self.bar([(budget.number("busy"), "█"), (budget.number("blocked"), "▒")]))  "
                    + "busy \(percent(budget.number("busy")))  blocked \(percent(budget.number("blocked")))  "
                    + "idle \(percent(budget.number("idle")))  of \(grouped(status["workers"]?.count("count") ?? 0))"
            ),
            Line(
                "ledger    \(isBalanced ? "balanced" : "NOT BALANCED")   in flight \(grouped(events.count("in_flight")))   "
                    + "dead letters \(grouped(events.count("dead_lettered")))   dropped \(grouped(dropped))",
                isBalanced ? .plain : .problem
            ),
            Line(""),
        ]
    }

    /// The line of a durable queue; none for one in memory.
    private func store(_ store: JSONValue?) -> [Line] {
        guard let store else { return [] }
        var isFull = false
        if case .bool(true) = store["full"] { isFull = true }
        let isFailing = store["failure"] != nil
        let used = "\(shown(bytes: store.count("bytes"))) of \(shown(bytes: store.count("bytes_max")))"
        let text =
            "stored    \(self.bar([(store.number("utilization"), "█")]))  \(percent(store.number("utilization")))  "
            + "\(used)  \(grouped(store.count("events"))) events"
        let state = isFailing ? "  CANNOT WRITE" : isFull ? "  FULL" : ""
        return [Line(text + state, isFailing ? .problem : isFull ? .warning : .plain)]
    }

    /// What of the queue's limits is nearest to being reached, as numbers.
    private static func depth(of queue: JSONValue) -> String {
        let (depth, capacity) = (queue.number("depth"), queue.number("capacity"))
        let (bytes, bytesMax) = (queue.number("bytes"), queue.number("bytes_max"))
        guard bytesMax > 0, bytes / bytesMax > depth / max(1, capacity) else {
            return "\(grouped(queue.count("depth"))) of \(grouped(queue.count("capacity")))"
        }
        return "\(shown(bytes: queue.count("bytes"))) of \(shown(bytes: queue.count("bytes_max")))"
    }

    private var diagnoses: [Line] {
        let found = self.status["diagnoses"]?.elements ?? []
        guard !found.isEmpty else {
            return [Line("all well: no bottleneck and no fault is to be seen", .good), Line("")]
        }
        let lines = found.prefix(max(2, self.size.rows / 6)).flatMap { diagnosis in
            let style: Style =
                switch diagnosis.text("level") {
                case "problem": .problem
                case "warning": .warning
                default: .soft
                }
            let text = "\(diagnosis.text("level")): \(shown(diagnosis.text("text"), limit: 400))"
            return self.wrapped(text).map { Line($0, style) }
        }
        return lines + [Line("")]
    }

    private var sources: [Line] {
        self.table(
            ["SOURCE", "type", "events/s", "bytes/s", "events"],
            self.status["sources"]?.elements ?? []
        ) { source in
            [
                source.text("name"), source.text("type"), shown(jobsPerSecond: source.number("events_per_second")),
                shown(bytes: Int(source.number("bytes_per_second"))) + "/s", grouped(source.count("events")),
            ]
        }
    }

    private var sinks: [Line] {
        self.table(
            ["SINK", "type", "events/s", "queue", "write p99", "failed", "waited for"],
            self.status["sinks"]?.elements ?? []
        ) { sink in
            return [
                sink.text("name"), sink.text("type"), shown(jobsPerSecond: sink.number("delivered_per_second")),
                sink.number("capacity") > 0 ? percent(sink.number("utilization")) : "-",
                Self.time(sink["write_seconds"]?.number("p99") ?? 0), grouped(sink.count("failures")),
                percent(sink.number("wait_share")),
            ]
        }
    }

    private var workers: [Line] {
        self.table(["WORKER", "does", "for", "events"], self.status["workers"]?["list"]?.elements ?? []) { worker in
            [
                worker.text("name"), worker.text("activity"), Self.time(worker.number("elapsed_seconds")),
                grouped(worker.count("events")),
            ]
        }
    }

    private var slowest: [Line] {
        self.table(
            ["SLOWEST BATCH", "position", "events", "took", "ago"],
            self.status["slowest"]?.elements ?? []
        ) { batch in
            [
                batch.text("source"), grouped(batch.count("position")), grouped(batch.count("events")),
                Self.time(batch.number("elapsed_seconds")), Self.time(batch.number("age_seconds")),
            ]
        }
    }

    /// A table with its head, and an empty line below; nothing without rows.
    private func table(_ heads: [String], _ rows: [JSONValue], _ cells: (JSONValue) -> [String]) -> [Line] {
        guard !rows.isEmpty else { return [] }
        var table = TextTable(heads)
        for row in rows { table.add(cells(row).map { shown($0, limit: 24) }) }
        let lines = table.text.split(separator: "\n").map(String.init)
        return [Line(lines[0], .soft)] + lines.dropFirst().map { Line($0) } + [Line("")]
    }

    /// Shares of a whole as a bar.
    private func bar(_ parts: [(share: Double, mark: Character)]) -> String {
        let width = max(10, min(40, self.size.columns / 4 - 6))
        var bar = ""
        for part in parts {
            let count = Int((min(1, max(0, part.share)) * Double(width)).rounded())
            bar += String(repeating: part.mark, count: min(count, width - bar.count))
        }
        return bar + String(repeating: "░", count: width - bar.count)
    }

    /// A text in lines that are no longer than the screen is wide, those after the first one indented.
    private func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= self.size.columns {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(lines.isEmpty ? String(word) : "  \(word)")
            }
        }
        return lines
    }

    /// A line that is cut where the screen ends.
    private func fitted(_ text: String) -> String {
        text.count > self.size.columns ? String(text.prefix(self.size.columns - 1)) + "…" : text
    }

    private static func time(_ seconds: Double) -> String {
        seconds <= 0 ? "0 s" : shown(nanoseconds: UInt64(min(seconds, 1e9) * 1e9))
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(min(max(0, seconds), 1e9))
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(whole / 3600):\(padded(whole / 60 % 60)):\(padded(whole % 60))"
    }
}
