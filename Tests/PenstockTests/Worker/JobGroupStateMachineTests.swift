//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

@Suite
struct JobGroupStateMachineTests {
    private typealias Machine = JobGroupStateMachine<String, Int>

    private enum State: CaseIterable { case open, stopped, ended, endedStopped }

    private func machine(_ state: State) async -> Machine {
        var machine = Machine(cancelsRest: true)
        switch state {
        case .open: break
        case .stopped: machine.stop(JobFailure(job: 1))
        case .ended: await self.end(&machine)
        case .endedStopped:
            machine.stop(JobFailure(job: 1))
            await self.end(&machine)
        }
        return machine
    }

    /// Ends a group none of whose jobs is pending.
    private func end(_ machine: inout Machine) async {
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            let waits = machine.wait(continuation)
            #expect(!waits)
            continuation.resume()
        }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `every call does in every state what the table says`(index: Int) async {
        let state = State.allCases[index]
        var machine = await self.machine(state)
        let number = machine.enroll("a")
        #expect((number != nil) == (state == .open))
        machine = await self.machine(state)
        machine.stop(JobFailure(job: 2))
        switch (state, machine.phase) {
        case (.open, .stopped(let reason)): #expect(reason as? JobFailure == JobFailure(job: 2))
        case (.stopped, .stopped(let reason)): #expect(reason as? JobFailure == JobFailure(job: 1))
        case (.ended, .ended(let reason)): #expect(reason == nil)
        case (.endedStopped, .ended(let reason)): #expect(reason as? JobFailure == JobFailure(job: 1))
        default: Issue.record("\(state) became \(machine.phase)")
        }
        #expect(machine.isStopped == (state != .ended))
    }

    @Test func `the first failure stops a group that cancels the rest, once, and not one that goes on`() async {
        for cancelsRest in [true, false] {
            var machine = Machine(cancelsRest: cancelsRest)
            let numbers = ["a", "b", "c"].compactMap { machine.enroll($0) }
            #expect(numbers == [0, 1, 2])
            let actsAfterSuccess = machine.settle(0, .success(10))
            let actsAfterFailure = machine.settle(1, .failure(JobFailure(job: 1)))
            #expect(!actsAfterSuccess && actsAfterFailure == cancelsRest)
            var cancelled = machine.takeActions().cancel
            #expect(cancelled == (cancelsRest ? ["c"] : []))
            // A second failure, and a second outcome of the same job, change nothing.
            let actsAgain = machine.settle(1, .success(11)) || machine.settle(2, .failure(JobFailure(job: 2)))
            cancelled = machine.takeActions().cancel
            #expect(!actsAgain && cancelled.isEmpty)
            #expect(machine.isStopped == cancelsRest)
            await self.end(&machine)
            let (results, reason) = machine.outcome()
            #expect(results.count == 3 && (try? results[0].get()) == 10 && (try? results[1].get()) == nil)
            #expect(reason as? JobFailure == (cancelsRest ? JobFailure(job: 1) : nil))
        }
    }

    @Test func `a job that was not accepted is none of the group's, and holds nobody`() async {
        var machine = Machine(cancelsRest: true)
        let first = machine.enroll("a") ?? -1
        let second = machine.enroll("b") ?? -1
        machine.refuse(first)
        machine.refuse(first)
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            let waits = machine.wait(continuation)
            let early = machine.takeActions().resume
            let acts = machine.settle(second, .success(1))
            let resumed = machine.takeActions().resume
            let again = machine.takeActions().resume
            #expect(waits && early == nil && acts && resumed != nil && again == nil)
            resumed?.resume()
        }
        #expect(machine.outcome().results.map { try? $0.get() } == [1])
        let late = machine.enroll("c")
        #expect(late == nil)
    }
}
