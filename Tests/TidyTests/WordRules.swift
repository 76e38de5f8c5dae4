//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension Rule {
    /// Files (or folders, ending in `/`) of `Sources` that may start a task without an owner, and why.
    static let unownedTasks: [String: String] = [
        "Sources/PenstockBench/Ways/TaskWay.swift": "a task for each job, without an owner, is what is measured",
        "Sources/Penstock/Observe/LiveTasks.swift":
            "a handler or a creation that ignores cancellation must not hold run() and drain() for ever",
        "Sources/PenstockEvents/Pipeline/Pipeline.swift":
            "cancelling run() is an order to drain, which what runs must live to carry out; run() waits for it",
        "Sources/PenstockKernels/PenstockKernels.swift": "the root of a kernel's run, which the main thread drives",
        "Sources/PenstockTesting/Simulation/Simulation.swift": "the root of a simulated run, which the simulator steps",
    ]

    /// Files of `Sources` that may detach a task, and why.
    static let detachedTasks: [String: String] = [
        "Sources/PenstockLifecycle/DependentService.swift":
            "what a service needs must outlive the cancellation and the graceful shutdown of its task; run() waits for it"
    ]

    /// Files of `Sources` that may use streams without a bound, and why.
    static let unboundedStreams: [String: String] = [
        "Sources/PenstockBench/Ways/AsyncStreamWay.swift": "the stream is what is measured",
        "Sources/PenstockBench/Ways/TaskWay.swift": "a task for each job has no bound, and so have its results",
    ]

    /// Files (or folders, ending in `/`) of `Tests` that may call a function whose name ends in `sleep`, and why.
    static let sleepers: [String: String] = [
        "Tests/PenstockTests/Concurrency/TimeSourceTests.swift":
            "it tests that a wait ends at once when its task is cancelled",
        "Tests/PenstockTestingTests/": "sleeping on a virtual clock is what is tested",
    ]

    /// Words that code in `Sources` does without, each with what to write instead.
    static let forbiddenWords: [Rule] = [
        forbidden("fatalError", [["fatalError"]], "state the rule with `precondition`, or throw a PenstockError"),
        forbidden("try!", [["try", "!"]], "let the error go up, or handle it"),
        forbidden("as!", [["as", "!"]], "use `as?` and say what happens when it is not, or keep the type"),
        forbidden(
            "Task.detached",
            [["Task", ".", "detached"]],
            "start the work in the task group of a `run()`",
            except: detachedTasks
        ),
        forbidden(
            "AsyncStream",
            [["AsyncStream"], ["AsyncThrowingStream"]],
            "use a Channel: it has a capacity, and its sender waits",
            except: unboundedStreams
        ),
        unwrap, remark,
    ]

    private static func forbidden(
        _ name: String,
        _ patterns: [[String]],
        _ advice: String,
        except listed: [String: String] = [:]
    ) -> Rule {
        Rule(name: name) { checkout in
            checkout.code(in: "Sources").filter { $0.language == .swift && !isListed($0.path, in: listed) }.flatMap {
                file in
                patterns.flatMap { file.tokens.lines(of: $0) }.map {
                    Finding(path: file.path, line: $0, advice: "no \(name) here: \(advice)")
                }
            }
        }
    }

    /// No value is unwrapped by force, and no type says that it will be.
    private static let unwrap = Rule(name: "forced unwrap") { checkout in
        checkout.code(in: "Sources").filter { $0.language == .swift }.flatMap { file in
            file.codeLines.enumerated().compactMap { number, line in
                guard hasForcedUnwrap(line) else { return nil }
                let advice = "no forced unwrap here: use `guard let`, or a type that cannot be empty"
                return Finding(path: file.path, line: number + 1, advice: advice)
            }
        }
    }

    /// Whether a `!` follows a value, and is neither `!=` nor part of `try!` and `as!`.
    private static func hasForcedUnwrap(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        return bytes.indices.dropFirst().contains { index in
            guard bytes[index] == UInt8(ascii: "!") else { return false }
            guard index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "=") else { return false }
            let word = bytes[..<index].reversed().prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "(") }
            guard let last = word.first, !["try", "as"].contains(String(decoding: word.reversed(), as: UTF8.self))
            else { return false }
            let scalar = Character(UnicodeScalar(last))
            return scalar.isLetter || scalar.isNumber || "_)]}?`\"".contains(scalar)
        }
    }

    private static let remarks: Set<String> = ["TODO", "FIXME", "XXX", "HACK"]

    /// What is left to do stands in the tracker, not in the code.
    private static let remark = Rule(name: "remark") { checkout in
        checkout.code(in: "Sources").flatMap { file in
            Token.tokens(of: file.text).filter { remarks.contains($0.text) }.map {
                Finding(path: file.path, line: $0.line, advice: "\($0.text): do it now, or open an issue and remove it")
            }
        }
    }

    /// A task has an owner that waits for it, but for the files that say why theirs has none.
    static let tasks = Rule(name: "tasks") { checkout in
        checkout.code(in: "Sources").filter { !isListed($0.path, in: unownedTasks) }.flatMap { file in
            file.tokens.indices.filter { startsTask(file.tokens, at: $0) }.map {
                let advice = "start this in a task group that `run()` owns, or list the file in Rule.unownedTasks"
                return Finding(path: file.path, line: file.tokens[$0].line, advice: advice)
            }
        }
    }

    /// `Task {`, `Task(`, `Task<A, B> {`, `Task.init(` and `Task.immediate {`, but not `extension Task {`.
    private static func startsTask(_ tokens: [Token], at index: Int) -> Bool {
        guard tokens[index].text == "Task" else { return false }
        if index > 0, [".", "extension"].contains(tokens[index - 1].text) { return false }
        var next = index + 1
        if next < tokens.count, tokens[next].text == "<" {
            var depth = 0
            repeat {
                if tokens[next].text == "<" { depth += 1 }
                if tokens[next].text == ">" { depth -= 1 }
                next += 1
            } while depth > 0 && next < tokens.count
        }
        let after = tokens.dropFirst(next).prefix(2).map(\.text)
        return ["{", "("].contains(after.first) || [[".", "init"], [".", "immediate"]].contains(after)
    }

    /// How far above the code its `SAFETY` may begin, if not in the comment that ends right above.
    private static let safetyReach = 8

    /// What the compiler cannot check says why it is right.
    static let safety = Rule(name: "safety") { checkout in
        checkout.code().filter { $0.language == .swift }.flatMap { file in
            let lines =
                file.tokens.lines(of: ["unchecked", "Sendable"])
                + file.tokens.lines(of: ["nonisolated", "(", "unsafe", ")"])
            return lines.sorted().compactMap { line -> Finding? in
                let comment = file.lines[..<(line - 1)].reversed().prefix {
                    $0.drop { $0 == " " }.hasPrefix("//") || $0.drop { $0 == " " }.hasPrefix("@")
                }
                let above = file.lines[..<line].suffix(1 + max(safetyReach, comment.count))
                guard !above.contains(where: { $0.contains("// SAFETY:") }) else { return nil }
                let advice = "write `// SAFETY:` above, with the invariant that makes this right"
                return Finding(path: file.path, line: line, advice: advice)
            }
        }
    }

    /// Tests wait for what happens, not for a time.
    static let sleep = Rule(name: "sleep") { checkout in
        checkout.code(in: "Tests").filter { !isListed($0.path, in: sleepers) }.flatMap { file in
            zip(file.tokens, file.tokens.dropFirst()).enumerated().compactMap { index, pair -> Finding? in
                guard pair.0.text.hasSuffix("sleep"), pair.1.text == "(" else { return nil }
                let before = file.tokens[..<index].suffix(2).map(\.text)
                // Not a call: a function that is declared, or a pattern.
                guard before.last != "func", before != ["case", "."] else { return nil }
                let advice = "tests do not sleep: wait for the event itself, or move a virtual clock"
                return Finding(path: file.path, line: pair.0.line, advice: advice)
            }
        }
    }

    private static let silencers = ["suppressions=", "no_sanitize", "no-sanitize", "__tsan_ignore", "AnnotateIgnore"]

    /// What a sanitizer reports is repaired, not silenced.
    static let suppressions = Rule(name: "suppressions") { checkout in
        // This folder names what it looks for.
        checkout.files.filter { !$0.path.hasPrefix("Tests/TidyTests/") }.flatMap { file -> [Finding] in
            let advice = "do not silence a sanitizer: repair what it reports"
            if file.path.hasSuffix(".supp") { return [Finding(path: file.path, line: 1, advice: advice)] }
            return file.lines.enumerated().compactMap { number, line in
                guard silencers.contains(where: line.contains) else { return nil }
                return Finding(path: file.path, line: number + 1, advice: advice)
            }
        }
    }

    private static func isListed(_ path: String, in list: [String: String]) -> Bool {
        list.keys.contains { $0.hasSuffix("/") ? path.hasPrefix($0) : path == $0 }
    }
}
