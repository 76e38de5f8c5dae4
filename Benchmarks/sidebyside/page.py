#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""The table, and the page of the documentation around it."""

from .figures import ACCOUNT, readable
from .picture import label
from .plan import RATE, SHAPES, WORKLOADS

MEANINGS = {
    "noop": "does nothing: what is left is the queue",
    "spin1us": "is about a microsecond of arithmetic",
    "json": "finds two fields in a JSON event of 213 bytes and counts by them",
}


def table(figures):
    """All medians, a row for each contestant and workload."""
    head = ["jobs", "who", *(f"P{p} W{w}" for p, w in SHAPES), "CPU", "× Go's pool", "P99", "MiB"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "--:|" * (len(head) - 2)]
    for workload in WORKLOADS:
        for who in figures.contestants:
            if any(figures.was_measured(who, workload, shape) for shape in SHAPES):
                lines.append("| " + " | ".join([workload, label(who), *row(figures, who, workload)]) + " |")
    return "\n".join(lines) + "\n"


def row(figures, who, workload):
    for shape in SHAPES:
        is_measured = figures.was_measured(who, workload, shape)
        yield cell(figures, who, workload, shape) if is_measured else ""
    yield "" if who[1] == "direct" else readable(figures.over_direct(who, workload))
    yield "" if who == ACCOUNT else readable(figures.times(who, ACCOUNT, workload))
    yield late_cell(figures, who, workload) if figures.was_measured(who, workload, is_open=True) else ""
    yield readable(figures.peak_memory(who, workload))


def cell(figures, who, workload, shape):
    return judged(figures.nanoseconds(who, workload, shape), len(figures.failures(who, workload, shape)))


def late_cell(figures, who, workload):
    """The P99 in open loop, with the rate that was held if it was not the one asked for."""
    late = figures.median("p99_us", who, workload, is_open=True)
    held = figures.median("throughput_mps", who, workload, is_open=True)
    text = judged(late, len(figures.failures(who, workload, is_open=True)))
    return f"{text} (holds {held:.2f} M/s)" if held is not None and held * 1e6 < 0.97 * RATE else text


def judged(median, failed):
    """A median, or that there is none; with how many runs failed."""
    if median is None:
        return "failed"
    return readable(median) + (f" ({failed} failed)" if failed else "")


def failures(figures):
    """What failed, and why; empty if nothing did."""
    lines = []
    for (who, workload, shape, is_open), count, runs, reasons in figures.all_failures():
        loop = "open loop" if is_open else "closed loop"
        why = "; ".join(f"`{reason.replace('`', chr(39))}`" for reason in reasons)
        where = f"{workload}, P{shape[0]} W{shape[1]}, {loop}"
        lines.append(f"- {label(who)}, {where}: {count} of {runs} runs failed ({why}).")
    return "\n".join(lines) + "\n" if lines else ""


def page(figures, facts, repetitions):
    """The whole article."""
    names = {"processor": "processor", "cores": "cores", "system": "kernel", "swift": "Swift", "go": "Go",
             "rust": "Rust", "crossbeam": "crossbeam-channel", "load": "load before the run"}
    machine = "\n".join(f"| {title} | {facts[key]} |" for key, title in names.items() if key in facts)
    meanings = "\n".join(f"- `{workload}` {meaning}." for workload, meaning in MEANINGS.items())
    absent = "".join(
        f"The peers in {name.capitalize()} are not in it: {reason}\n\n" for name, reason in facts["absent"].items()
    )
    failed = failures(figures)
    if failed:
        failed = f"### What failed\n\n{failed}\n"
    times = "Medians of {0} interleaved repetitions" if repetitions > 1 else "Figures of a single run"
    return f"""# Side by side

What a job costs in Penstock, in Swift's own ways, in Go and in Rust, measured in one run on one machine.

## Overview

![Time a job, one producer and two workers, on a logarithmic scale.](side-by-side.svg)

{times.format(repetitions)} on {facts["date"]}, made by `Benchmarks/side-by-side`. Absolute figures belong to the
machine; ratios travel better.

| machine | |
|---|---|
{machine}

{absent}All do the same jobs by the same rules, and prove it by a sum:

{meanings}

## Figures

Time a job in ns, in closed loop: P producers send as fast as backpressure lets them, W workers run the jobs. The other
columns are of one producer and two workers. *CPU* is what a job costs beyond a direct call in the same language, in ns.
*× Go's pool* is how many times as fast as the account's pool in Go. *P99* is in microseconds, in open loop at
{RATE / 1e6:g} million jobs a second, from the time at which a job was to be sent; some cannot hold that rate.
*MiB* is the most memory that the process held, in any shape. Penstock's program is
`penstock-peer`: the pool and its command line, as those of the peers.

{table(figures)}
{failed}### Who is who

- *Penstock pool-batch*: batches in, a batch handler, results read. *pool*: a sender, one job a call, results read.
  *submit*: plain `submit`, results read. *inline*: a sender, no results.
- *direct*: no queue; the workers make the calls themselves. The limit of each language.
- *Swift dispatch, task-group, async-stream, task-per-event*: what Swift offers without Penstock.
- *Go account*: the worker pool of a published account, with a channel for results and a `select` on a context.
  *one-per-event*: a goroutine a job, without a bound. *batch64*: slices of 64 jobs, recycled, no channel for results.
- *Rust crossbeam*: bounded channels for jobs and results. *crossbeam-batch64*: vectors of 64 jobs, recycled, no channel
  for results.
""".rstrip() + "\n"
