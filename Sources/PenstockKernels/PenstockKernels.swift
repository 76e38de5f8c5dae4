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

/// Runs one kernel: what `Benchmarks/guard` counts instructions and allocations of.
@main
enum PenstockKernels {
    private static let usage = """
        usage: penstock-kernels NAME N    do N operations of a kernel, and print NAME, N and a checksum
               penstock-kernels --list    print each kernel's name and what one operation is
        """

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.elementsEqual(["--list"]) {
            for kernel in Kernel.all { print("\(kernel.name)\t\(kernel.operation)") }
            return
        }
        guard arguments.count == 2, let name = arguments.first, let last = arguments.last else {
            self.fail(self.usage, code: 64)
        }
        guard let kernel = Kernel.all.first(where: { $0.name == name }) else {
            let names = Kernel.all.map(\.name).joined(separator: ", ")
            self.fail("error: no kernel is called '\(name)'. There are: \(names)", code: 64)
        }
        guard let count = Int(last), count > 0 else {
            self.fail("error: the number of operations is a whole number from 1 on, not '\(last)'", code: 64)
        }
        do {
            print(kernel.name, count, try self.run(kernel, count))
        } catch {
            self.fail("error: \(kernel.name): \(error)", code: 1)
        }
    }

    /// Runs a kernel on an executor that this thread drives.
    ///
    /// A main function that is asynchronous would bring libdispatch's threads with it.
    private static func run(_ kernel: Kernel, _ count: Int) throws -> UInt64 {
        let executor = HandDrivenExecutor()
        let outcome = Locked<Result<UInt64, any Error>?>(nil)
        Task(executorPreference: executor) {
            let result: Result<UInt64, any Error>
            do {
                result = .success(try await kernel.run(count, executor))
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
        }
        executor.runAll()
        guard let result = outcome.withLock({ $0 }) else {
            throw KernelFailure("nothing can go on, and it has not ended: a lost wake-up")
        }
        return try result.get()
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        let text = message + "\n"
        write(STDERR_FILENO, text, text.utf8.count)
        exit(code)
    }
}
