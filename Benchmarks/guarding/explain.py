#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Where the instructions and allocations of one operation are, from the files that valgrind's tools write."""

import collections
import json
import pathlib
import re
import subprocess
import tempfile

from .counting import OPERATIONS, output, slope

# How many callers an allocation is told with: past the runtime's own.
CALLERS = 12
ROWS_MAX = 25
NAME_MAX = 150

CALLGRIND_NAME = re.compile(r"(c?)fn=\((\d+)\)(?: (.*))?")
DHAT_FRAME = re.compile(r"0x[0-9A-F]+: (.*?)(?: \(.*\))?$")


def explain(program, kernel):
    """A text that says where a kernel's instructions and allocations are."""
    rows = slopes(instructions, "callgrind", program, kernel)
    parts = [f"{kernel}: {sum(figure for figure, _ in rows):.1f} instructions an operation"]
    parts += [f"{figure:10.2f}  {name}" for figure, name in rows[:ROWS_MAX] if figure >= 0.01]
    rows = slopes(allocations, "dhat", program, kernel)
    parts.append(f"{kernel}: {sum(figure for figure, _ in rows):.3f} allocations an operation")
    for figure, names in rows[:ROWS_MAX]:
        parts.append(f"{figure:10.3f}  " + "\n       from ".join(names))
    return "\n".join(line[:NAME_MAX] for line in demangled("\n".join(parts)).splitlines())


def slopes(read, tool, program, kernel):
    """What one operation does in each place, the most first."""
    once, thrice = (profile(read, tool, program, kernel, count) for count in (OPERATIONS, 3 * OPERATIONS))
    found = ((slope(once[place], thrice[place], OPERATIONS), place) for place in thrice)
    return sorted(((figure, place) for figure, place in found if figure >= 0.001), reverse=True)


def profile(read, tool, program, kernel, operations):
    """Counts by place of a run with so many operations."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "out"
        output(["valgrind", f"--tool={tool}", f"--{tool}-out-file={file}", f"--num-callers={CALLERS}", str(program),
                kernel, str(operations)])
        with open(file, encoding="utf-8", errors="replace") as lines:
            return read(lines)


def instructions(lines):
    """The instructions of each function, without those of the functions that it calls, from callgrind's file."""
    counts, names = collections.Counter(), {}
    function, is_call = None, False
    for line in lines:
        found = CALLGRIND_NAME.match(line)
        if found:
            called, number, name = found.groups()
            # A name stands where it comes first, then its number alone; behind it a count of recursions.
            if name:
                names[number] = name.split("'")[0]
            if not called:
                function = names[number]
        elif line.startswith("calls="):
            is_call = True
        elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
            # Behind a call stands what the called function costs, which has lines of its own.
            if not is_call:
                counts[function] += int(line.split()[1])
            is_call = False
    return counts


def allocations(lines):
    """The allocations of each chain of callers, from dhat's file."""
    content = json.load(lines)
    frames = [DHAT_FRAME.match(frame) for frame in content["ftbl"]]
    counts = collections.Counter()
    for point in content["pps"]:
        chain = tuple(frames[index].group(1) for index in point["fs"] if frames[index])
        counts[chain] += point["tbk"]
    return counts


def demangled(text):
    """The text with the names that people know, if Swift is there to tell them."""
    try:
        done = subprocess.run(["swift", "demangle", "--simplified"], input=text, stdout=subprocess.PIPE, text=True)
    except OSError:
        return text
    return done.stdout if done.returncode == 0 else text
