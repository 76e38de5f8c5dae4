#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""What is measured: which jobs, by whom, in which shape, and how many of them."""

import dataclasses

WORKLOADS = ("noop", "spin1us", "json")
# Producers and workers.
SHAPES = ((1, 2), (4, 2), (1, 8), (4, 8))
BUFFER = 10_000
RATE = 1_200_000

# Swift's own ways, which the program runs too.
SWIFT_WAYS = ("dispatch", "task-group", "async-stream", "task-per-event")

# About how long a job takes, in ns, on 2 cores of 2025: decides how many jobs make a run of a second.
COST = {
    ("penstock", "pool-batch"): {"noop": 12, "spin1us": 500, "json": 100},
    ("penstock", "pool"): {"noop": 35, "spin1us": 500, "json": 120},
    ("penstock", "submit"): {"noop": 110, "spin1us": 700, "json": 220},
    ("penstock", "inline"): {"noop": 10, "spin1us": 500, "json": 95},
    ("penstock", "direct"): {"noop": 1.5, "spin1us": 490, "json": 85},
    ("penstock", "dispatch"): {"noop": 800, "spin1us": 1800, "json": 1000},
    ("penstock", "task-group"): {"noop": 900, "spin1us": 1800, "json": 1100},
    ("penstock", "async-stream"): {"noop": 36_000, "spin1us": 36_000, "json": 36_000},
    ("penstock", "task-per-event"): {"noop": 30_000, "spin1us": 30_000, "json": 30_000},
    ("go", "account"): {"noop": 110, "spin1us": 750, "json": 300},
    ("go", "batch64"): {"noop": 10, "spin1us": 500, "json": 115},
    # Without a bound: twice as many take twice the memory.
    ("go", "one-per-event"): {"noop": 1400, "spin1us": 1800, "json": 1800},
    ("go", "direct"): {"noop": 3.5, "spin1us": 490, "json": 98},
    ("rust", "crossbeam"): {"noop": 45, "spin1us": 900, "json": 260},
    ("rust", "crossbeam-batch64"): {"noop": 9, "spin1us": 500, "json": 90},
    ("rust", "direct"): {"noop": 3, "spin1us": 490, "json": 85},
}

# So slow that one shape says it all.
ONE_SHAPE = (("penstock", "async-stream"), ("penstock", "task-per-event"))
OPEN_LOOP = (
    ("penstock", "pool"), ("penstock", "pool-batch"), ("penstock", "direct"), ("go", "account"), ("rust", "crossbeam"),
)

# Runs of spin1us are as long as one of these: sums can be compared only where the jobs are the same.
SPIN_EVENTS = (10_000, 25_000, 100_000, 200_000, 500_000, 1_200_000, 2_000_000)


@dataclasses.dataclass(frozen=True, order=True)
class Row:
    """One measurement, which each repetition makes once."""

    workload: str
    producers: int
    workers: int
    contestant: str
    impl: str
    rate: int = 0
    # How many jobs; not part of what a row is.
    events: int = dataclasses.field(default=0, compare=False)

    @property
    def who(self):
        return self.contestant, self.impl

    @property
    def shape(self):
        return self.producers, self.workers

    @property
    def is_open(self):
        return self.rate > 0

    def describe(self):
        loop = f", {self.rate / 1e6:g} M/s" if self.is_open else ""
        return f"{self.workload} P{self.producers} W{self.workers}{loop}: {self.contestant} {self.impl}"

    def arguments(self, lines):
        given = {
            "--impl": self.impl, "--workload": self.workload, "--producers": self.producers,
            "--workers": self.workers, "--buffer": BUFFER, "--events": self.events,
        }
        if self.is_open:
            given["--rate"] = self.rate
        if self.workload == "json":
            given["--lines"] = lines
        return [str(word) for pair in given.items() for word in pair]


def events_for(who, workload, seconds):
    """How many jobs make a run of about so many seconds."""
    count = seconds * 1e9 / COST[who][workload]
    if workload == "spin1us":
        return min(SPIN_EVENTS, key=lambda events: abs(events - count))
    return max(int(float(f"{count:.1e}")), 1000)


def rows(quick=False):
    """All rows of a run, in the order of a repetition: what is compared is measured close together."""
    shapes = SHAPES[:1] if quick else SHAPES
    seconds = 0.1 if quick else 0.9
    for workload in WORKLOADS:
        for shape in shapes:
            for who in COST:
                # Without a queue there are no producers.
                if shape != SHAPES[0] and (who in ONE_SHAPE or (who[1] == "direct" and shape[0] != 1)):
                    continue
                yield Row(workload, *shape, *who, events=events_for(who, workload, seconds))
    for workload in WORKLOADS:
        for who in OPEN_LOOP:
            # The first 300 ms are not recorded.
            yield Row(workload, *SHAPES[0], *who, rate=RATE, events=int(RATE * (0.5 if quick else 1.2)))


def names():
    """What --only understands: contestants, implementations, workloads, and the two loops."""
    who = {name for pair in COST for name in pair}
    return {"who": who, "workload": set(WORKLOADS), "loop": {"closed", "open"}}


def selected(all_rows, only):
    """The rows that `only` names: any of its contestants or implementations, of its workloads, of its loops."""
    kinds = names()
    chosen = {kind: set(only) & known for kind, known in kinds.items()}

    def fits(row):
        facts = {"who": set(row.who), "workload": {row.workload}, "loop": {"open" if row.is_open else "closed"}}
        return all(not chosen[kind] or chosen[kind] & facts[kind] for kind in kinds)

    return [row for row in all_rows if fits(row)]
