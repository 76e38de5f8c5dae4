#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""The command line."""

import argparse
import pathlib
import sys

from . import explain, verdict
from .counting import CHECKS, CountFailed, figure, kernels, stripped
from .thresholds import FILE, BadThresholds, Platform, Thresholds


def main():
    arguments = parse()
    try:
        with stripped(arguments.program) as program:
            return run(arguments, program)
    except (CountFailed, BadThresholds, OSError) as error:
        say(f"error: {error}")
    except KeyboardInterrupt:
        say("\nstopped")
        return 130
    return 1


def parse():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/guard",
        description="Counts what one operation of each of the hot path's kernels allocates and executes, and fails "
        "when that is more than is stored.",
        epilog="Exit codes: 0 all figures are held; 1 one is not, or could not be taken; 64 wrong usage.",
    )
    parser.error = refuse
    parser.add_argument("program", type=pathlib.Path, help="penstock-kernels, built with -c release")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="allocations, instructions (both)")
    parser.add_argument("--kernel", action="append", metavar="NAME", help="this kernel alone; may be repeated")
    parser.add_argument("--explain", metavar="KERNEL", help="say where its instructions and allocations are")
    parser.add_argument("--update", action="store_true", help="store what is counted instead of judging it")
    parser.add_argument(
        "--thresholds", type=pathlib.Path, default=FILE, metavar="FILE",
        help="the stored figures (Benchmarks/thresholds.json)",
    )
    arguments = parser.parse_intermixed_args()
    for name in arguments.checks:
        if name not in CHECKS:
            refuse(f"there is no check '{name}', only {' and '.join(CHECKS)}")
    if arguments.update and arguments.kernel:
        refuse("--update stores all kernels; --kernel excludes it")
    return arguments


def refuse(message):
    say(f"error: {message}")
    sys.exit(64)


def say(message):
    print(message, file=sys.stderr, flush=True)


def run(arguments, program):
    operations = kernels(program)
    for name in [*(arguments.kernel or []), *([arguments.explain] if arguments.explain else [])]:
        if name not in operations:
            refuse(f"no kernel is called '{name}'. There are: {', '.join(operations)}")
    if arguments.explain:
        print(explain.explain(program, arguments.explain))
        return 0
    checks = [CHECKS[name] for name in arguments.checks or CHECKS]
    here = Platform.here()
    if arguments.update:
        return update(arguments.thresholds, checks, program, operations, here)
    thresholds = Thresholds.read(arguments.thresholds)
    wanted = arguments.kernel or operations
    return guard(checks, program, {name: operations[name] for name in wanted}, thresholds, here, arguments)


def guard(checks, program, operations, thresholds, here, arguments):
    """Counts, judges and tells; the exit code."""
    verdicts = []
    for check in checks:
        for line in heading(check.name, thresholds, here):
            print(line, flush=True)
        for kernel in operations:
            found = verdict.judge(check.name, kernel, figure(check, program, kernel), thresholds, here)
            print(found.row(), flush=True)
            verdicts.append(found)
    orphans = [] if arguments.kernel else sorted(thresholds.kernels.keys() - operations.keys())
    tell(verdicts, orphans, operations, arguments.program)
    return 1 if orphans or any(found.failed for found in verdicts) else 0


def heading(check, thresholds, here):
    if check == "instructions" and thresholds.platform != here:
        yield (f"note: the stored instructions are those of {thresholds.platform}; this is {here}. So the figures may "
               f"be {verdict.WIDE_TOLERANCE:.0%} above them, instead of {verdict.TOLERANCE:.0%}.")
    yield f"{check + ' an operation':22} {'now':>12} {'stored':>12} {'limit':>12}"


def tell(verdicts, orphans, operations, program):
    """Says on stderr what is wrong, and on stdout what could be better."""
    for found in verdicts:
        advice = found.advice(operations[found.kernel], program)
        if advice and found.failed:
            say(f"error: {advice}")
        elif advice:
            print(f"note: {advice}")
    for kernel in orphans:
        say(f"error: {kernel} has stored figures, but the program has no such kernel: bring it back, or remove\n"
            f"  its figures: Benchmarks/guard {program} --update")


def update(path, checks, program, operations, here):
    """Counts, and stores what was counted."""
    thresholds = Thresholds.read(path) if path.exists() else Thresholds(here, {})
    figures = {kernel: {check.name: figure(check, program, kernel) for check in checks} for kernel in operations}
    before = Thresholds(thresholds.platform, thresholds.kernels)
    thresholds.update(figures, here)
    for kernel, found in thresholds.kernels.items():
        for check, new in found.items():
            old = before.stored(kernel, check)
            if old != new:
                print(f"{kernel:22} {check:12} {'nothing' if old is None else f'{old:g}'} -> {new:g}")
    thresholds.write(path)
    print(f"written: {path}")
    return 0
