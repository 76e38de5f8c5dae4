//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// A window that takes no more events, with all that was added to it.
struct ClosedWindow: Sendable {
    /// Its beginning, in nanoseconds since 1970.
    var start: Int64
    /// Its end, in nanoseconds since 1970; not part of it.
    var end: Int64
    /// What the workers have added, apart.
    var tables: [AggregateTable]
    /// Who waits for its rows.
    var receipts: [WindowReceipt] = []
}

/// Knows the windows of an aggregate, and which table belongs to which.
///
/// A worker borrows a table for the time of a batch, so no two add to one, and none waits for another. The window is
/// that of the time at which the worker begins the batch. A window closes when its time has passed and the last of its
/// tables is back: so its rows are made once, of all that was added.
final class WindowKeeper: Sendable {
    /// A table that one worker has to itself.
    struct Lease: Sendable {
        /// The number of the window, counted from 1970.
        var window: Int64
        var table: AggregateTable
    }

    /// What comes of giving a table back.
    enum Release: Sendable {
        /// The window goes on, or others still have tables of it.
        case kept
        /// It was the last table of a window whose time has passed: its rows are to be written.
        case closed(ClosedWindow)
        /// All windows were closed before, without this table: the run is over.
        case tooLate
    }

    /// A window that events may still be added to.
    private struct Window {
        var number: Int64
        var idle: [AggregateTable] = []
        var leased = 0
        /// Who waits for its rows: one entry a batch, of sources that are told only.
        var receipts: [WindowReceipt] = []
        /// Its time has passed.
        var isPassed = false
    }

    private struct State {
        /// Few: the current one, and those before it that still have tables out.
        var windows: [Window] = []
        /// The earliest window that may begin: the ones before it have passed.
        var earliest = Int64.min
        /// Windows whose rows nobody could write yet.
        var givenBack: [ClosedWindow] = []
        var isFinished = false

        mutating func indexOfWindow(_ number: Int64) -> Int {
            if let index = self.windows.firstIndex(where: { $0.number == number }) { return index }
            self.windows.append(Window(number: number))
            return self.windows.count - 1
        }
    }

    private let specification: AggregateSpecification
    private let every: Int64
    /// Nanoseconds since 1970 at the origin of the pipeline's clock.
    private let origin: Int64
    private let state = Locked(State())

    /// Creates a keeper without windows.
    init(_ specification: AggregateSpecification, every: Duration, origin: Int64) {
        self.specification = specification
        self.every = Int64(every.wholeNanoseconds)
        self.origin = origin
    }

    /// When the window of a time ends, on the pipeline's clock.
    func end(at time: UInt64) -> UInt64 {
        let end = (self.number(at: time) + 1) * self.every - self.origin
        return UInt64(max(0, end))
    }

    /// A table of the window of a time, or of the first one after it that has not passed.
    func lease(at time: UInt64) -> Lease {
        self.state.withLock { state in
            let number = max(self.number(at: time), state.earliest)
            let index = state.indexOfWindow(number)
            state.windows[index].leased += 1
            let table = state.windows[index].idle.popLast() ?? AggregateTable(self.specification)
            return Lease(window: number, table: table)
        }
    }

    /// Takes a table back, and notes who waits for what was added to it.
    func release(_ lease: consuming Lease, _ waiting: WindowReceipt? = nil) -> Release {
        let number = lease.window
        let table = lease.table
        return self.state.withLock { state in
            guard !state.isFinished else { return .tooLate }
            guard let index = state.windows.firstIndex(where: { $0.number == number }) else { return .tooLate }
            state.windows[index].leased -= 1
            state.windows[index].idle.append(table)
            if let waiting { state.windows[index].receipts.append(waiting) }
            guard state.windows[index].isPassed, state.windows[index].leased == 0 else { return .kept }
            return .closed(self.close(state.windows.remove(at: index)))
        }
    }

    /// Closes the windows that have passed at a time.
    ///
    /// One that still has tables out closes when the last comes back.
    func closePassed(at time: UInt64) -> [ClosedWindow] {
        self.state.withLock { state in
            let current = self.number(at: time)
            state.earliest = max(state.earliest, current)
            for index in state.windows.indices where state.windows[index].number < current {
                state.windows[index].isPassed = true
            }
            let closed = state.windows.filter { $0.isPassed && $0.leased == 0 }
            state.windows.removeAll { $0.isPassed && $0.leased == 0 }
            return closed.map(self.close)
        }
    }

    /// Takes a closed window back whose rows could not be handed on; it comes again with `closeAll()`.
    func giveBack(_ window: ClosedWindow) {
        self.state.withLock { $0.givenBack.append(window) }
    }

    /// Closes all windows, with the tables that are there.
    func closeAll() -> [ClosedWindow] {
        self.state.withLock { state in
            state.isFinished = true
            let closed = state.givenBack + state.windows.map(self.close)
            state.givenBack = []
            state.windows = []
            return closed
        }
    }

    // MARK: - Private

    private func number(at time: UInt64) -> Int64 {
        floorDivision(self.origin + Int64(clamping: time), self.every)
    }

    private func close(_ window: Window) -> ClosedWindow {
        let start = window.number * self.every
        return ClosedWindow(start: start, end: start + self.every, tables: window.idle, receipts: window.receipts)
    }
}
