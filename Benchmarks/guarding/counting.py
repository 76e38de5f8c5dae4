#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Counts what a kernel does for one operation, under valgrind.

A program allocates and executes much before and after its kernel. So each kernel is run twice, once with three times as
many operations, and what the second run does more is what the additional operations did.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

# A multiple of all that kernels do in turns: 64 events, 1024 places of a queue.
OPERATIONS = 4096
# The longest run of one kernel, in seconds; it takes about one.
TIMEOUT = 120
ENVIRONMENT = {
    # Hashing by chance would make each run another one.
    "SWIFT_DETERMINISTIC_HASHING": "1",
    # The C library chooses how it copies memory by the processor; without these, it is the same way on all of x86-64.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512VL,-AVX2,-AVX_Fast_Unaligned_Load,-ERMS",
}


class CountFailed(Exception):
    """A run that did not say what it did."""


@dataclasses.dataclass(frozen=True)
class Check:
    """Something that is counted."""

    name: str
    tool: tuple
    count: re.Pattern


ALLOCATIONS = Check(
    "allocations",
    # Not memcheck: that wants the C library's debug information, and is no faster.
    ("--tool=dhat", f"--dhat-out-file={os.devnull}"),
    re.compile(r"^==\d+== Total:\s+[\d,]+ bytes in ([\d,]+) blocks", re.MULTILINE),
)
INSTRUCTIONS = Check(
    "instructions",
    ("--tool=callgrind", f"--callgrind-out-file={os.devnull}"),
    re.compile(r"^==\d+== Collected : (\d+)", re.MULTILINE),
)
CHECKS = {check.name: check for check in (ALLOCATIONS, INSTRUCTIONS)}


@contextlib.contextmanager
def stripped(program):
    """Gives a copy of the program without debug information: valgrind 3.19 gives up at what Swift 6.3 writes there."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / pathlib.Path(program).name
        output(["objcopy", "--strip-debug", str(program), str(copy)])
        yield copy


def kernels(program):
    """The program's kernels, each with what one operation of it is."""
    found = dict(line.split("\t", 1) for line in output([str(program), "--list"])[0].splitlines() if "\t" in line)
    if not found:
        raise CountFailed(f"{program} lists no kernels")
    return found


def figure(check, program, kernel, operations=OPERATIONS):
    """How many of what is counted one operation takes."""
    once, thrice = (run(check, program, kernel, count) for count in (operations, 3 * operations))
    return slope(once, thrice, operations)


def slope(once, thrice, operations):
    """What one operation does, from the counts of a run with so many operations and of one with three times as many."""
    return (thrice - once) / (2 * operations)


def run(check, program, kernel, operations):
    said, log = output(["valgrind", *check.tool, str(program), kernel, str(operations)])
    if not said.startswith(f"{kernel} {operations} "):
        raise CountFailed(f"{kernel} does not say that it has done {operations} operations, but: {said.strip()!r}")
    return parse(check, log)


def parse(check, log):
    """The count in what valgrind has written."""
    found = check.count.search(log)
    if not found:
        raise CountFailed(f"valgrind has counted no {check.name}; its last line: {last_line(log)}")
    return int(found.group(1).replace(",", ""))


def output(command):
    """What a command writes to stdout and to stderr."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", timeout=TIMEOUT, env={**os.environ, **ENVIRONMENT},
        )
    except FileNotFoundError:
        raise CountFailed(f"'{command[0]}' is missing") from None
    except OSError as error:
        raise CountFailed(str(error)) from error
    except subprocess.TimeoutExpired:
        raise CountFailed(f"{' '.join(command)}: no end after {TIMEOUT} s") from None
    if done.returncode != 0:
        raise CountFailed(f"{' '.join(command)}: exit code {done.returncode}: {last_line(done.stderr)}")
    return done.stdout, done.stderr


def last_line(text):
    """The last line that is not valgrind's own, if there is one."""
    lines = [line for line in text.splitlines() if line.strip()]
    own = [line for line in lines if not re.match(r"[=-]{2}\d+[=-]{2}", line)]
    return (own or lines or ["nothing"])[-1][:300]
