//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@Suite("Where functions begin and end")
struct FunctionSpanTests {
    /// The bodies of a Swift file as `name first-last`.
    private func spans(_ text: String, path: String = "a.swift") -> [String] {
        FunctionSpan.spans(in: SourceFile(path: path, text: text)).map { "\($0.name) \($0.firstLine)-\($0.lastLine)" }
    }

    @Test func countsDeclarations() {
        let text = """
            struct S {
                let a = 1
                var b: Int { a + 1 }
                var c: Int {
                    get { 1 }
                    set {
                        print(newValue)
                    }
                }
                init?(x: Int) {
                    self.a = x
                }
                subscript(i: Int) -> Int {
                    i
                }
                static func == (l: S, r: S) -> Bool {
                    l.a == r.a
                }
                deinit {
                }
            }
            """
        #expect(spans(text) == ["b 3-3", "c 4-9", "init 10-12", "subscript 13-15", "= 16-18", "deinit 19-20"])
    }

    @Test func isNotMisledByStringsAndComments() {
        let text = #"""
            func a() {
                // }
                print("}", "\(b { "}" })") /* } */
                print("""
                    }
                    """)
            }
            func b() { }
            """#
        #expect(spans(text) == ["a 1-7", "b 8-8"])
    }

    @Test func findsTheBodyAfterALongSignature() {
        let text = """
            func a<T>(
                _ x: T = { 1 }(),
                body: (T) -> Void = { _ in }
            ) async throws(E) -> [T: Int]
            where T: Hashable {
                func inner() {
                }
            }
            """
        #expect(spans(text) == ["a 1-8", "inner 6-7"])
    }

    @Test func leavesOutWhatHasNoBody() {
        let text = """
            protocol P {
                func a() -> Int
                init(x: Int)
                func b()
            }
            extension P {
                func c() { self.init(x: 1) }
            }
            """
        #expect(spans(text) == ["c 7-7"])
    }

    @Test func leavesOutBranches() {
        let text = """
            func a() {
                if let x = y {
                }
                guard case .b(let z) = y else {
                }
                let f = S.init(3)
                let g = z.map {
                    $0
                }
            }
            """
        #expect(spans(text) == ["a 1-10", "g 7-9"])
    }

    @Test func countsFunctionsOfC() {
        let text = """
            #if defined(__linux__)
            int one(void *a, char b) {
                if (b == '}') { return 1; }
                return 2;
            }
            #endif
            struct s { int x; };
            static const int table[] = { 1, 2 };
            void two(void) { one(0, '{'); }
            """
        #expect(spans(text, path: "a.c") == ["one 2-5", "two 9-9"])
    }

    @Test func findsBracesWithoutAPartner() {
        let line = { (text: String) in FunctionSpan.unbalancedLine(in: SourceFile(path: "a.swift", text: text)) }
        #expect(line("func a() {\n}\n") == nil)
        #expect(line("func a() {\n  {\n}\n") == 1)
        #expect(line("func a() {\n}\n}\n") == 3)
        #expect(line("func a() { \"}\" }\n// }\n") == nil)
    }
}
