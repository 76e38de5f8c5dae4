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
import contextlib
import difflib
import json
import pathlib
import signal
import sys
import time
import xml.etree.ElementTree

from . import contestants, goals, machine, page, picture, plan
from .checks import Checks, dissenters
from .contestants import BuildFailed, say
from .figures import Figures, readable
from .runner import Runner, WrongSum, record_of, sharpen_timers

DOCUMENTATION = contestants.ROOT / "Sources" / "Penstock" / "Documentation.docc"
# Each contestant does so few jobs before the run, to show that it can, and does the right ones.
REHEARSAL = 2_000


class Usage(Exception):
    """A command line that means nothing."""


def main():
    signal.signal(signal.SIGTERM, interrupt)
    arguments = parse()
    try:
        return run(arguments)
    except Usage as error:
        say(f"error: {error}")
        return 64
    except (BuildFailed, OSError) as error:
        say(f"error: {error}")
    except WrongSum as error:
        say(f"error: {error}\nNothing was written.")
    except KeyboardInterrupt:
        say("\nstopped; nothing was written")
        return 130
    return 1


def interrupt(*_):
    raise KeyboardInterrupt


def parse():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/side-by-side", description="Measures Penstock and its peers side by side.",
        epilog="The table goes to stdout, progress to stderr. Run it on a machine that does nothing else.",
    )
    parser.error = refuse
    parser.add_argument("--repetitions", type=count, metavar="N", help="how often each is measured (3; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="one shape and few jobs: a rehearsal, never documentation")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME[,NAME...]",
        help="contestants (go), implementations (pool-batch), workloads (noop), loops (closed, open)",
    )
    parser.add_argument("--goals", action="store_true", help="print which of the goals for the pool are held")
    parser.add_argument("--no-write", action="store_true", help="write neither page nor picture")
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER", help="write them there")
    parser.add_argument("--keep-raw", type=pathlib.Path, metavar="FILE", help="keep each run as a line of JSON")
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE", help="measure nothing: kept runs")
    parser.add_argument("--penstock", type=pathlib.Path, metavar="PROGRAM", help="this build of penstock-peer; build none")
    parser.add_argument("--timeout", type=float, default=20, metavar="SECONDS", help="the longest run (20)")
    return parser.parse_args()


def refuse(message):
    say(f"error: {message}")
    sys.exit(64)


def count(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run(arguments):
    rows = chosen_rows(arguments)
    folder = output_folder(arguments)
    if arguments.source:
        facts, records = read_raw(arguments.source)
    else:
        facts, records = measure(arguments, rows)
    differ = list(dissenters(records))
    if differ:
        for record, most in differ:
            say(f"error: {record['contestant']} {record['impl']}, {record['workload']}, {record['events']} jobs: its "
                f"check is {record['report']['check']}, {f'that of most others {most}' if most else 'others differ'}")
        say("Nothing was written.")
        return 1
    figures = Figures(records)
    print(page.table(figures))
    if arguments.goals:
        print(goals.table(figures, facts["static"]))
    if folder:
        write(folder, figures, facts, max((record["repetition"] for record in records), default=0))
    failed = page.failures(figures)
    if failed:
        say(f"Some runs failed:\n{failed}")
    return 1 if failed else 0


def output_folder(arguments):
    """Where page and picture go; None if nowhere."""
    if arguments.no_write and arguments.output:
        raise Usage("--no-write and --output exclude each other")
    if arguments.output:
        return arguments.output
    if arguments.no_write or arguments.source:
        return None
    if arguments.quick or arguments.only:
        # A part of the figures never stands where all of them should.
        say("a part of a run: nothing is written without --output FOLDER")
        return None
    return DOCUMENTATION


def chosen_rows(arguments):
    only = [name.strip() for text in arguments.only for name in text.split(",")]
    known = sorted(set().union(*plan.names().values()))
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
            raise Usage(f"--only does not know '{name}': {hint}")
    rows = plan.selected(plan.rows(arguments.quick), only)
    if not rows:
        raise Usage(f"--only {','.join(only)} leaves nothing to measure")
    return rows


def measure(arguments, rows):
    """Builds, rehearses and runs; the facts about the machine, and a record of each run."""
    commands, absent = build(arguments, {row.contestant for row in rows})
    rows = [row for row in rows if row.contestant in commands]
    if not rows:
        raise BuildFailed("none of the contestants could be built")
    lines = contestants.write_lines()
    runner = Runner(commands, lines, Checks(lines), arguments.timeout)
    facts = machine.describe(commands)
    facts["static"] = "penstock" in commands and is_static(commands["penstock"][0])
    facts["absent"] = absent
    load = machine.load()
    facts["load"] = f"{load:.2f}"
    if load > machine.LOAD_MAX:
        say(f"warning: the load of this machine is {load:.2f}: others work here too, and the figures show it")
    sharpen_timers()
    repetitions = arguments.repetitions or (1 if arguments.quick else 3)
    with raw_file(arguments.keep_raw) as keep:
        keep({"facts": facts})
        return facts, run_all(rows, runner, repetitions, keep)


def build(arguments, wanted):
    """The start of the command line of each contestant that is there, and why the others are not."""
    commands, absent = {}, {}
    if "penstock" in wanted:
        given = arguments.penstock
        commands["penstock"] = [str(given.resolve())] if given else contestants.build_penstock()
    for name in ("go", "rust"):
        if name in wanted:
            command, reason = contestants.build_peer(name)
            if command:
                commands[name] = command
            else:
                absent[name] = reason
                say(f"absent: the peers in {name.capitalize()}")
    return commands, absent


def is_static(program):
    """Whether a program carries Swift's standard library with it."""
    return b"libswiftCore." not in pathlib.Path(program).read_bytes()


@contextlib.contextmanager
def raw_file(path):
    """Gives a function that keeps a record, if they are to be kept."""
    if path is None:
        yield lambda record: None
        return
    with open(path, "w", encoding="utf-8") as file:
        yield lambda record: print(json.dumps(record), file=file, flush=True)


def read_raw(path):
    facts, records = None, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                if "facts" in record:
                    facts = record["facts"]
                elif record["workload"] in plan.WORKLOADS and {"report", "failure", "rate"} <= record.keys():
                    records.append(record)
                else:
                    raise ValueError
            except (ValueError, KeyError, TypeError):
                raise Usage(f"{path}:{number}: not a line that --keep-raw writes") from None
    if facts is None or not records:
        raise Usage(f"{path} holds no run")
    return facts, records


def rehearse(rows, runner):
    """A short run of each contestant and workload: those that cannot do it, with their records' reasons."""
    unable = {}
    for row in rows:
        key = row.who, row.workload
        if key not in unable and not row.is_open:
            short = plan.Row(row.workload, *plan.SHAPES[0], *row.who, events=REHEARSAL)
            unable[key] = runner.run(short, 0)["failure"]
    return {key: reason for key, reason in unable.items() if reason}


def run_all(rows, runner, repetitions, keep):
    """Every row once, then every row again: what slows the machine for a while slows all alike."""
    unable = rehearse(rows, runner)
    for (who, workload), reason in unable.items():
        say(f"failed: {' '.join(who)}, {workload}: {reason}")
    total, number, begun = repetitions * len(rows), 0, time.monotonic()
    records = []
    for repetition in range(1, repetitions + 1):
        for row in rows:
            number += 1
            known = unable.get((row.who, row.workload)) or unable.get(row)
            record = record_of(row, repetition, failure=known) if known else runner.run(row, repetition)
            if record["failure"] and runner.timed_out:
                # Once is enough: a run that hangs takes as long as twenty others.
                unable[row] = record["failure"]
            records.append(record)
            keep(record)
            say(f"[{number:3}/{total}] {time.monotonic() - begun:4.0f} s  {row.describe()}: {outcome(record)}")
    return records


def outcome(record):
    report = record["report"]
    if report is None:
        return f"failed: {record['failure']}"
    if record["rate"]:
        return f"P99 {readable(report['p99_us'])} us, {report['throughput_mps']:.2f} M/s"
    return f"{readable(report['ns_per_event'])} ns/job, {report['elapsed_s']:.2f} s"


def write(folder, figures, facts, repetitions):
    drawing = picture.picture(figures, facts)
    xml.etree.ElementTree.fromstring(drawing)
    resources = folder / "Resources"
    resources.mkdir(parents=True, exist_ok=True)
    (resources / "side-by-side.svg").write_text(drawing, encoding="utf-8")
    (folder / "SideBySide.md").write_text(page.page(figures, facts, repetitions), encoding="utf-8")
    say(f"written: {folder / 'SideBySide.md'} and {resources / 'side-by-side.svg'}")
