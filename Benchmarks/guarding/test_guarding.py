#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Tests of the guard's arithmetic, of what it reads, and of what it says, with a valgrind that makes its counts up.

    python3 -m unittest discover -s Benchmarks
"""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

from guarding import command, explain
from guarding.counting import ALLOCATIONS, INSTRUCTIONS, CountFailed, last_line, parse, slope
from guarding.thresholds import BadThresholds, Platform, Thresholds, parse_version, settled
from guarding.verdict import EXCEEDED, GAINED, HELD, UNKNOWN, judge

HERE = Platform("6.3.1", "x86_64")
ELSEWHERE = Platform("6.4", "aarch64")

DHAT_LOG = """\
==21285== DHAT, a dynamic heap analysis tool
==21285== Command: ./k pool-send 4096
==21285==
==21285== Total:     1,171,371 bytes in 12,347 blocks
==21285== At t-gmax: 153,149 bytes in 135 blocks
"""
CALLGRIND_LOG = """\
==8249== Events    : Ir
==8249== Collected : 7739089
==8249==
==8249== I   refs:      7,739,089
"""
CALLGRIND_FILE = """\
# callgrind format
events: Ir
fl=(1) ???
fn=(1) main
0 10
+3 5
cfn=(2) send'2
calls=4 0
* 400
fn=(2)
0 400
-1 2
fn=(3) send
0 1
"""
DHAT_FILE = json.dumps({
    "ftbl": ["[root]", "0x48417B4: malloc (in /a/b.so)", "0x4F: f(int) (in /c)", "0x50: g (g.c:12)"],
    "pps": [{"tbk": 3, "fs": [1, 2]}, {"tbk": 2, "fs": [1, 3]}, {"tbk": 5, "fs": [1, 2]}],
})

# A program with two kernels, and tools that count what it would do: 100 + 2 an operation of one, 7 of the other.
PROGRAM = """\
#!/bin/sh
if [ "$1" = --list ]; then printf 'one\\tan operation of one\\ntwo\\tan operation of two\\n'; fi
"""
OBJCOPY = """\
#!/bin/sh
cp "$2" "$3"
"""
VALGRIND = """\
#!{python}
import os, sys
kernel, count = sys.argv[-2], int(sys.argv[-1])
if os.environ.get("MANNER") == "crashes": sys.exit("==1== own words\\nout of luck")
print(kernel, count if os.environ.get("MANNER") != "idles" else 0, 42)
done = 100 + {{"one": 2, "two": 7}}[kernel] * count
if "--tool=callgrind" in sys.argv: print(f"==1== Collected : {{done}}", file=sys.stderr)
else: print(f"==1== Total:     9 bytes in {{100:,}} blocks", file=sys.stderr)
"""


def thresholds(**kernels):
    return Thresholds(HERE, kernels)


class CountingTests(unittest.TestCase):
    def test_what_comes_before_and_after_counts_for_nothing(self):
        self.assertEqual(slope(1_000_000 + 7 * 4096, 1_000_000 + 7 * 3 * 4096, 4096), 7)
        self.assertEqual(slope(347, 347, 4096), 0)

    def test_counts_are_read(self):
        self.assertEqual(parse(ALLOCATIONS, DHAT_LOG), 12_347)
        self.assertEqual(parse(INSTRUCTIONS, CALLGRIND_LOG), 7_739_089)

    def test_no_count_is_no_zero(self):
        log = "==1== Command: k\nvalgrind: the 'impossible' happened:\n==1== at 0x58\n"
        with self.assertRaisesRegex(CountFailed, "no allocations; its last line: valgrind: the 'impossible'"):
            parse(ALLOCATIONS, log)
        with self.assertRaises(CountFailed):
            parse(INSTRUCTIONS, DHAT_LOG)
        self.assertEqual(last_line(""), "nothing")


class VerdictTests(unittest.TestCase):
    def word(self, check, figure, stored, here=HERE):
        return judge(check, "one", figure, thresholds(one={check: stored}), here).word

    def test_an_allocation_is_one_too_many(self):
        self.assertEqual(self.word("allocations", 0, 0), HELD)
        self.assertEqual(self.word("allocations", 0.0009, 0), HELD)
        self.assertEqual(self.word("allocations", 0.001, 0), EXCEEDED)
        self.assertEqual(self.word("allocations", 1, 0), EXCEEDED)
        self.assertEqual(self.word("allocations", 1, 1), HELD)
        self.assertEqual(self.word("allocations", 0.5, 1), GAINED)
        # Allocations are the same everywhere.
        self.assertEqual(self.word("allocations", 0.001, 0, ELSEWHERE), EXCEEDED)

    def test_instructions_may_be_some_more(self):
        self.assertEqual(self.word("instructions", 105, 100), HELD)
        self.assertEqual(self.word("instructions", 105.1, 100), EXCEEDED)
        self.assertEqual(self.word("instructions", 90, 100), HELD)
        self.assertEqual(self.word("instructions", 89.9, 100), GAINED)

    def test_elsewhere_instructions_may_be_more_but_not_any_number(self):
        self.assertEqual(self.word("instructions", 130, 100, ELSEWHERE), HELD)
        self.assertEqual(self.word("instructions", 130.1, 100, ELSEWHERE), EXCEEDED)
        self.assertEqual(self.word("instructions", 50, 100, ELSEWHERE), HELD)
        said = "\n".join(command.heading("instructions", thresholds(), ELSEWHERE))
        self.assertIn("those of Swift 6.3.1 on x86_64; this is Swift 6.4 on aarch64", said)
        self.assertIn("30%", said)
        self.assertNotIn("note", "\n".join(command.heading("instructions", thresholds(), HERE)))

    def test_what_nobody_has_stored_is_not_held(self):
        found = judge("instructions", "new", 5, thresholds(), HERE)
        self.assertEqual((found.word, found.failed), (UNKNOWN, True))
        self.assertIn("--update", found.advice("an operation", "k"))

    def test_advice_has_kernel_figure_limit_and_what_to_do(self):
        found = judge("instructions", "one", 120, thresholds(one={"instructions": 100}), HERE)
        advice = found.advice("a job of one", "k")
        for part in ("one: 120.0 instructions", "at most 105.0 (the stored 100 and 5%)", "a job of one",
                     "guard k --explain one", "guard k --update"):
            self.assertIn(part, advice)
        found = judge("allocations", "one", 0.75, thresholds(one={"allocations": 0}), HERE)
        self.assertIn("one: 0.750 allocations an operation, at most 0.", found.advice("", "k"))
        self.assertIsNone(judge("allocations", "one", 0, thresholds(one={"allocations": 0}), HERE).advice("", "k"))


class ThresholdTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "thresholds.json"

    def test_what_is_written_is_read(self):
        before = thresholds(b={"allocations": 0, "instructions": 61.2}, a={"allocations": 0.5})
        before.write(self.file)
        self.assertEqual(Thresholds.read(self.file), before)
        self.assertEqual(list(Thresholds.read(self.file).kernels), ["a", "b"])

    def test_a_file_with_something_else_is_refused(self):
        for text in ("", "[]", "{}", '{"swift": "1", "architecture": "x", "kernels": {"a": {"allocations": "many"}}}'):
            self.file.write_text(text)
            with self.assertRaisesRegex(BadThresholds, "does not hold thresholds"):
                Thresholds.read(self.file)

    def test_the_stored_file_is_one(self):
        stored = Thresholds.read(command.FILE)
        for kernel, figures in stored.kernels.items():
            self.assertEqual(set(figures), {"allocations", "instructions"}, kernel)

    def test_an_update_of_one_check_keeps_the_other(self):
        found = thresholds(one={"allocations": 0, "instructions": 100}, gone={"allocations": 0})
        found.update({"one": {"instructions": 120.04}}, HERE)
        self.assertEqual(found.kernels, {"one": {"allocations": 0, "instructions": 120}})

    def test_an_update_elsewhere_keeps_nothing(self):
        found = thresholds(one={"allocations": 0, "instructions": 100})
        found.update({"one": {"instructions": 100.1}}, ELSEWHERE)
        self.assertEqual((found.kernels, found.platform), ({"one": {"instructions": 100.1}}, ELSEWHERE))

    def test_noise_is_not_stored(self):
        self.assertEqual(settled(3283.5, 3283.58), 3283.5)
        self.assertEqual(settled(100, 101), 101)
        self.assertEqual(settled(None, 0.0004), 0)
        self.assertEqual(settled(0, 0.75), 0.75)
        self.assertEqual(settled(1, 0), 0)

    def test_versions_are_read(self):
        self.assertEqual(parse_version("Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: x"), "6.3.1")
        self.assertEqual(parse_version("swift-driver version: 1.1 Apple Swift version 6.4 (swiftlang)"), "6.4")
        self.assertEqual(parse_version(""), "unknown")


class ExplainTests(unittest.TestCase):
    def test_instructions_are_those_of_the_function_itself(self):
        found = explain.instructions(CALLGRIND_FILE.splitlines(keepends=True))
        self.assertEqual(found, {"main": 15, "send": 403})

    def test_allocations_are_told_with_their_callers(self):
        found = explain.allocations(io.StringIO(DHAT_FILE))
        self.assertEqual(found, {("malloc", "f(int)"): 8, ("malloc", "g"): 2})


class CommandTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "thresholds.json"
        tools = {"kernels": PROGRAM, "objcopy": OBJCOPY, "valgrind": VALGRIND.format(python=sys.executable)}
        for name, text in tools.items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o755)
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        self.set(mock.patch.dict(os.environ, {"PATH": path, "MANNER": ""}))
        self.set(mock.patch.object(Platform, "here", staticmethod(lambda: HERE)))

    def set(self, patch):
        patch.start()
        self.addCleanup(patch.stop)

    def guard(self, *arguments):
        """The exit code, and all that is said."""
        said = io.StringIO()
        command_line = ["guard", str(self.folder / "kernels"), "--thresholds", str(self.file), *arguments]
        with mock.patch.object(sys, "argv", command_line), contextlib.redirect_stdout(said), \
                contextlib.redirect_stderr(said):
            try:
                code = command.main()
            except SystemExit as end:
                code = end.code
        return code, said.getvalue()

    def store(self, one=2, two=7):
        thresholds(
            one={"allocations": 0, "instructions": one}, two={"allocations": 0, "instructions": two}
        ).write(self.file)

    def test_what_was_stored_is_held(self):
        code, said = self.guard("--update")
        self.assertEqual(code, 0, said)
        self.assertIn("two                    instructions nothing -> 7", said)
        code, said = self.guard()
        self.assertEqual((code, said.count(" held")), (0, 4), said)

    def test_more_than_what_was_stored_fails(self):
        self.store(two=6)
        code, said = self.guard("instructions")
        self.assertEqual(code, 1)
        self.assertIn("error: two: 7.000 instructions an operation, at most 6.3", said)
        self.assertIn("An operation is an operation of two.", said)
        self.assertNotIn("error: one", said)
        self.assertEqual(self.guard("allocations")[0], 0)
        self.assertEqual(self.guard("instructions", "--kernel", "one")[0], 0)

    def test_less_is_said_and_is_no_failure(self):
        self.store(one=3)
        code, said = self.guard("instructions")
        self.assertEqual(code, 0)
        self.assertIn("note: one: 2.000 instructions an operation, 3 are stored.", said)

    def test_program_and_file_have_the_same_kernels(self):
        thresholds(one={"allocations": 0, "instructions": 2}, three={"allocations": 0}).write(self.file)
        code, said = self.guard("allocations")
        self.assertEqual(code, 1)
        self.assertIn("error: two: 0.000 allocations an operation, and nothing is stored", said)
        self.assertIn("error: three has stored figures, but the program has no such kernel", said)

    def test_a_run_without_a_count_fails(self):
        self.store()
        for manner, complaint in (("crashes", "exit code 1: out of luck"), ("idles", "does not say that it has done")):
            with mock.patch.dict(os.environ, {"MANNER": manner}):
                code, said = self.guard()
            self.assertEqual(code, 1)
            self.assertIn(complaint, said)

    def test_wrong_usage_is_refused(self):
        self.store()
        for arguments in (["speed"], ["--kernel", "three"], ["--update", "--kernel", "one"], ["--nonsense"]):
            code, said = self.guard(*arguments)
            self.assertEqual(code, 64, said)
            self.assertIn("error: ", said)


if __name__ == "__main__":
    unittest.main()
