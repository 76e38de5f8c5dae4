#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Runs one contestant at a time and keeps what it reports, or why it did not."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys

KEYS = (
    "impl", "workload", "producers", "workers", "buffer", "rate", "events", "done", "check", "elapsed_s",
    "throughput_mps", "ns_per_event", "cpu_ns_per_event", "p50_us", "p99_us", "p999_us", "max_us", "rss_mib",
)
PR_SET_TIMERSLACK = 29


class WrongSum(Exception):
    """A contestant did other jobs than it was told to: no figure of the run can be trusted."""


def sharpen_timers():
    """Lets sleeps end when they are to, and not up to 50 microseconds later. Whoever we start inherits it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)


class RunFailed(Exception):
    """A run without a report."""


class Runner:
    def __init__(self, commands, lines, checks, timeout):
        self._commands = commands
        self._lines = lines
        self._checks = checks
        self._timeout = timeout
        # Whether the last run had to be ended.
        self.timed_out = False

    def run(self, row, repetition):
        """The record of a run: its report, or the reason why there is none."""
        command = [*self._commands[row.contestant], *row.arguments(self._lines)]
        report, failure = None, None
        self.timed_out = False
        try:
            report = read_report(self._output(command), row)
        except RunFailed as error:
            failure = str(error)
        if report is not None:
            self._verify(row, report)
        return record_of(row, repetition, report, failure)

    def _output(self, command):
        process = None
        try:
            with uninterrupted():
                # A session of its own: a Ctrl-C at the terminal is for this script, which ends its child itself.
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    errors="replace", start_new_session=True,
                )
            output, errors = process.communicate(timeout=self._timeout)
        except OSError as error:
            raise RunFailed(str(error)) from error
        except subprocess.TimeoutExpired:
            end(process)
            self.timed_out = True
            raise RunFailed(f"no end after {self._timeout:g} s") from None
        except BaseException:
            if process:
                end(process)
            raise
        code = process.returncode
        if code != 0:
            last = (errors.strip().splitlines() or ["nothing on stderr"])[-1]
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise RunFailed(f"{how}: {last[:200]}")
        return output

    def _verify(self, row, report):
        expected = self._checks.expected(row.workload, row.events)
        if report["done"] != row.events:
            raise WrongSum(f"{row.describe()}: {report['done']} of {row.events} jobs done")
        if expected is not None and report["check"] != expected:
            raise WrongSum(f"{row.describe()}: its check is {report['check']}, that of its jobs {expected}")


def record_of(row, repetition, report=None, failure=None):
    """What is kept of a run: its report, or the reason why there is none."""
    return {
        "contestant": row.contestant, "impl": row.impl, "workload": row.workload, "producers": row.producers,
        "workers": row.workers, "rate": row.rate, "events": row.events, "repetition": repetition,
        "report": report, "failure": failure,
    }


@contextlib.contextmanager
def uninterrupted():
    """Puts off Ctrl-C and SIGTERM: who is interrupted while he starts a process does not know which one to end."""
    arrived = []
    numbers = signal.SIGINT, signal.SIGTERM
    handlers = [signal.signal(number, lambda number, _: arrived.append(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, handlers):
            signal.signal(number, handler)
    if arrived:
        raise KeyboardInterrupt


def end(process):
    """Ends a process and all it has started, and waits for it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()


def read_report(output, row):
    lines = output.strip().splitlines()
    try:
        report = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise RunFailed("its output does not end in a line of JSON") from None
    missing = [key for key in KEYS if not isinstance(report, dict) or key not in report]
    if missing:
        raise RunFailed(f"its report lacks {', '.join(missing)}")
    if report["events"] != row.events or report["workload"] != row.workload or report["impl"] != row.impl:
        raise RunFailed("it reports another run than it was asked for")
    return report
