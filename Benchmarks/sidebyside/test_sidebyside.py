#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Tests of the script's arithmetic and of what it does when a contestant misbehaves.

    python3 -m unittest discover -s Benchmarks
"""

import contextlib
import io
import json
import pathlib
import signal
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from sidebyside import command, goals, page, picture, plan
from sidebyside.checks import Checks, dissenters
from sidebyside.figures import Figures, readable
from sidebyside.runner import KEYS, RunFailed, Runner, WrongSum, read_report, record_of, uninterrupted

EVENTS = [{"service": "auth", "status": 200}, {"service": "cart", "status": 503}]
SPIN_OF_1000 = 10_347_510_194_635_485_417
FACTS = {"date": "2026-01-01", "processor": "P & Q", "cores": "2", "absent": {}, "static": False}

# A contestant that does as its last argument but one says.
FAKE = """
import json, signal, sys
manner, given = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
events = int(given["--events"])
if manner == "hangs": signal.pause()
if manner == "crashes": sys.exit("out of luck")
if manner == "babbles": print("hello"); sys.exit()
report = dict.fromkeys(KEYS, 1)
report.update(impl=given["--impl"], workload=given["--workload"], events=events, done=events)
report["check"] = events * (events - 1) // 2
if manner == "lies": report["check"] += 1
if manner == "loses": report["done"] -= 1
print("a line before"); print(json.dumps(report))
"""


def record(who, workload="noop", shape=(1, 2), rate=0, repetition=1, failure=None, events=100, **figures):
    row = plan.Row(workload, *shape, *who, rate=rate, events=events)
    report = None if failure else {**dict.fromkeys(KEYS, 1), **figures}
    return record_of(row, repetition, report, failure)


class SumTests(unittest.TestCase):
    def setUp(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".jsonl")
        self.addCleanup(self.file.close)
        self.file.writelines(json.dumps(event) + "\n" for event in EVENTS)
        self.file.flush()
        self.checks = Checks(self.file.name)

    def test_noop_is_the_sum_of_the_numbers(self):
        self.assertEqual(self.checks.expected("noop", 1000), sum(range(1000)))
        self.assertEqual(self.checks.expected("noop", 1 << 33), ((1 << 65) - (1 << 32)) % (1 << 64))

    def test_json_counts_each_line_as_often_as_it_comes(self):
        self.assertEqual(self.checks.expected("json", 5), 3 * 200 * 4 + 2 * 503 * 4)

    def test_spin_agrees_with_the_compiled_peers(self):
        # What the peers in Go and Rust report for 1000 jobs.
        self.assertEqual(self.checks.expected("spin1us", 1000), SPIN_OF_1000)
        self.assertIsNone(self.checks.expected("spin1us", 2_000_000))

    def test_the_one_that_differs_is_named(self):
        records = [record((name, "x"), "spin1us", check=7) for name in ("a", "b", "c")]
        self.assertEqual(list(dissenters(records)), [])
        odd = record(("d", "x"), "spin1us", check=8)
        # As often as it may run: it remains one voice.
        self.assertEqual(list(dissenters(records + [odd] * 5)), [(odd, 7)] * 5)
        other = record(("e", "x"), "spin1us", check=8, events=50)
        self.assertEqual(list(dissenters(records + [other])), [])

    def test_of_two_that_differ_both_are_named(self):
        pair = [record(("a", "x"), "spin1us", check=7), record(("b", "x"), "spin1us", check=8)]
        self.assertEqual(list(dissenters(pair)), [(pair[0], None), (pair[1], None)])


class FigureTests(unittest.TestCase):
    def test_medians_and_what_is_made_of_them(self):
        records = [record(("penstock", "pool"), ns_per_event=ns, cpu_ns_per_event=50) for ns in (30, 90, 20)]
        records.append(record(("penstock", "direct"), ns_per_event=3, cpu_ns_per_event=5))
        records.append(record(("go", "account"), ns_per_event=120))
        records.append(record(("penstock", "dispatch"), ns_per_event=600))
        records.append(record(("penstock", "task-group"), ns_per_event=450))
        figures, pool = Figures(records), ("penstock", "pool")
        self.assertEqual(figures.nanoseconds(pool, "noop"), 30)
        self.assertEqual(figures.over_direct(pool, "noop"), 45)
        self.assertEqual(figures.share_of_direct(pool, "noop"), 0.1)
        self.assertEqual(figures.times(pool, ("go", "account"), "noop"), 4)
        self.assertEqual(figures.best_swift_way("noop"), (450, "task-group"))
        self.assertIsNone(figures.nanoseconds(pool, "json"))
        self.assertIsNone(figures.over_direct(("go", "account"), "noop"))

    def test_direct_has_no_producers(self):
        records = [record(("go", "direct"), shape=(1, 8), ns_per_event=3)]
        self.assertEqual(Figures(records).nanoseconds(("go", "direct"), "noop", (4, 8)), 3)

    def test_open_loop_is_kept_apart(self):
        records = [record(("go", "account"), p99_us=900, rate=plan.RATE, ns_per_event=833)]
        self.assertIsNone(Figures(records).nanoseconds(("go", "account"), "noop"))
        self.assertEqual(Figures(records).median("p99_us", ("go", "account"), "noop", is_open=True), 900)

    def test_numbers_are_readable(self):
        shown = [readable(value) for value in (0.7123, 9.994, 9.996, 42.04, 99.96, 1234.5, None)]
        self.assertEqual(shown, ["0.71", "9.99", "10.0", "42.0", "100", "1,234", "–"])


class GoalTests(unittest.TestCase):
    def test_the_worst_shape_decides(self):
        goal = goals.Goal("a", 12, {"P1 W2": 11, "P4 W8": 13}, "ns")
        self.assertEqual((goal.worst(), goal.verdict()), ((13, "P4 W8"), "missed"))
        goal = goals.Goal("a", 10, {"P1 W2": 11, "P4 W8": 13}, "x", is_most=False)
        self.assertEqual((goal.worst(), goal.verdict()), ((11, "P1 W2"), "held"))

    def test_what_was_not_measured_is_not_held(self):
        self.assertEqual(goals.Goal("a", 12, {"P1 W2": None}, "ns").verdict(), "not measured")
        self.assertEqual(goals.Goal("a", 12, {"P1 W2": 11, "P4 W8": None}, "ns").verdict(), "held, in part")

    def test_the_library_sets_the_limit_of_memory(self):
        limits = [goals.goals(Figures([]), is_static)[-1].limit for is_static in (True, False)]
        self.assertEqual(limits, [12, 24])

    def test_goals_are_judged_from_figures(self):
        records = [
            record(who, shape=shape, ns_per_event=ns)
            for shape in plan.SHAPES
            for who, ns in ((goals.BATCH, 11), (("penstock", "task-group"), 600), (("go", "account"), 105))
        ]
        lines = goals.table(Figures(records), False).splitlines()
        self.assertIn("| noop, pool-batch | at most 12 ns/job | 11.0 | P4 W8 | held |", lines)
        over_go = "| noop, pool-batch, over the account's Go pool | at least 10 x | 9.55 | P1 W2 | missed |"
        self.assertIn(over_go, lines)
        self.assertIn("| noop, pool-batch, over the best Swift way | at least 50 x | 54.5 | P1 W2 | held |", lines)


class PlanTests(unittest.TestCase):
    def test_rows_are_there_once(self):
        rows = list(plan.rows())
        self.assertEqual(len(rows), len(set(rows)))
        self.assertEqual(len(list(plan.rows(quick=True))), len(plan.WORKLOADS) * (len(plan.COST) + len(plan.OPEN_LOOP)))

    def test_a_whole_run_is_short_enough(self):
        seconds = sum(
            row.events / plan.RATE if row.is_open else row.events * plan.COST[row.who][row.workload] / 1e9
            for row in plan.rows()
        )
        self.assertLess(3 * seconds, 11 * 60)

    def test_jobs_of_spin_are_comparable(self):
        counts = {row.events for row in plan.rows() if row.workload == "spin1us" and not row.is_open}
        self.assertLessEqual(counts, set(plan.SPIN_EVENTS))

    def test_only_joins_names_of_a_kind_and_crosses_kinds(self):
        rows = plan.selected(plan.rows(), ["go", "pool", "json", "open"])
        self.assertEqual({(row.who, row.workload) for row in rows}, {(("go", "account"), "json"), (goals.POOL, "json")})


class PageTests(unittest.TestCase):
    def test_failures_show(self):
        account = ("go", "account")
        records = [record(account, ns_per_event=100), record(account, failure="exit code 1: out of luck")]
        records.append(record(("rust", "crossbeam"), failure="no end after 20 s"))
        records.append(record(account, rate=plan.RATE, p99_us=70_000, throughput_mps=0.8))
        text = page.page(Figures(records), FACTS, 2)
        self.assertIn("| noop | Go account | 100 (1 failed) |", text)
        self.assertIn("| 70,000 (holds 0.80 M/s) |", text)
        self.assertIn("| noop | Rust crossbeam | failed |", text)
        self.assertIn("1 of 2 runs failed (`exit code 1: out of luck`)", text)
        self.assertNotIn("What failed", page.page(Figures(records[:1]), FACTS, 1))

    def test_who_is_absent_is_said(self):
        text = page.page(Figures([]), {**FACTS, "absent": {"rust": "cargo is missing."}}, 1)
        self.assertIn("The peers in Rust are not in it: cargo is missing.", text)

    def test_the_picture_stands_alone(self):
        slow, fast = record(("go", "account"), ns_per_event=1000), record(goals.BATCH, ns_per_event=10)
        text = picture.picture(Figures([slow, fast]), FACTS)
        root = xml.etree.ElementTree.fromstring(text)
        bars = [item for item in root.iter() if item.get("class") in ("ours", "go") and item.get("y") != "64"]
        bars = [float(bar.get("width")) for bar in bars]
        # 10 ns stands on the scale's first line; 1000 ns reaches its last.
        self.assertEqual(bars, [1, picture.WIDTH - picture.LEFT - picture.RIGHT])
        self.assertIn("prefers-color-scheme: dark", text)
        self.assertNotIn("href", text)
        self.assertIn("P &amp; Q", text)


class RunnerTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        fake = pathlib.Path(self.folder.name) / "fake.py"
        fake.write_text(f"KEYS = {KEYS!r}\n{FAKE}")
        lines = pathlib.Path(self.folder.name) / "lines"
        lines.write_text(json.dumps(EVENTS[0]) + "\n")
        self.row = plan.Row("noop", 1, 2, "fake", "x", events=10)
        self.runner = lambda manner, timeout=60: Runner(
            {"fake": [sys.executable, str(fake), manner]}, lines, Checks(lines), timeout
        )

    def test_a_report_is_kept(self):
        kept = self.runner("works").run(self.row, 3)
        self.assertEqual((kept["repetition"], kept["report"]["check"], kept["failure"]), (3, 45, None))

    def test_a_run_that_hangs_is_ended(self):
        runner = self.runner("hangs", timeout=0.1)
        self.assertEqual(runner.run(self.row, 1)["failure"], "no end after 0.1 s")
        self.assertTrue(runner.timed_out)

    def test_why_a_run_failed_is_kept(self):
        self.assertEqual(self.runner("crashes").run(self.row, 1)["failure"], "exit code 1: out of luck")
        self.assertIn("line of JSON", self.runner("babbles").run(self.row, 1)["failure"])

    def test_a_wrong_sum_ends_everything(self):
        for manner, complaint in (("lies", "its check is 46, that of its jobs 45"), ("loses", "9 of 10 jobs done")):
            with self.assertRaisesRegex(WrongSum, f"fake x: {complaint}"):
                self.runner(manner).run(self.row, 1)

    def test_a_report_is_of_the_run_asked_for(self):
        other = {**dict.fromkeys(KEYS, 1), "impl": "x", "workload": "json", "events": 10}
        with self.assertRaisesRegex(RunFailed, "another run"):
            read_report(json.dumps(other), self.row)
        with self.assertRaisesRegex(RunFailed, "lacks .*p99_us"):
            read_report('{"impl": "x"}', self.row)

    def test_an_interruption_waits_for_the_start_of_a_process(self):
        went_on = False
        with self.assertRaises(KeyboardInterrupt):
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                went_on = True
        self.assertTrue(went_on)

    def test_what_hangs_is_run_once(self):
        with contextlib.redirect_stderr(io.StringIO()):
            records = command.run_all([self.row], self.runner("hangs", timeout=0.1), 3, lambda record: None)
        self.assertEqual([kept["failure"] for kept in records], ["no end after 0.1 s"] * 3)


if __name__ == "__main__":
    unittest.main()
