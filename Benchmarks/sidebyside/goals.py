#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""The goals for the pool, each judged by the worst of the shapes that it is about."""

import dataclasses

from .figures import ACCOUNT, readable
from .plan import SHAPES

BATCH, POOL = ("penstock", "pool-batch"), ("penstock", "pool")
SUBMIT, INLINE = ("penstock", "submit"), ("penstock", "inline")
DIRECT = ("penstock", "direct")


@dataclasses.dataclass
class Goal:
    name: str
    limit: float
    # Each shape with its figure, None where there is none.
    found: dict
    unit: str
    # Whether a figure must not be above the limit; otherwise not below.
    is_most: bool = True

    def worst(self):
        """The shape that is furthest from the goal, with its figure; None where nothing was measured."""
        known = [(figure, shape) for shape, figure in self.found.items() if figure is not None]
        if not known:
            return None
        return max(known) if self.is_most else min(known)

    def verdict(self):
        worst = self.worst()
        if worst is None:
            return "not measured"
        held = worst[0] <= self.limit if self.is_most else worst[0] >= self.limit
        if not held:
            return "missed"
        return "held" if None not in self.found.values() else "held, in part"


def goals(figures, is_static):
    """All goals that a run of this script can judge."""

    def shapes(measure):
        return {f"P{shape[0]} W{shape[1]}": measure(shape) for shape in SHAPES}

    def nanoseconds(who, limit):
        found = shapes(lambda shape: figures.nanoseconds(who, "noop", shape))
        return Goal(f"noop, {who[1]}", limit, found, "ns/job")

    def faster(who, workload, limit):
        found = shapes(lambda shape: figures.times(who, ACCOUNT, workload, shape))
        return Goal(f"{workload}, {who[1]}, over the account's Go pool", limit, found, "x", is_most=False)

    def over_swift(shape):
        best = figures.best_swift_way("noop", shape)
        return figures.times(BATCH, ("penstock", best[1]), "noop", shape) if best else None

    def share(who, workload, limit):
        found = shapes(lambda shape: percent(figures.share_of_direct(who, workload, shape)))
        return Goal(f"{workload}, {who[1]}, of direct calls", limit, found, "%", is_most=False)

    def late(who, workload):
        return figures.median("p99_us", who, workload, is_open=True)

    def latency(who, workload):
        return Goal(f"{workload}, {who[1]}, P99 at 1.2 M/s", 250, {"P1 W2": late(who, workload)}, "us")

    def latency_over_direct(who):
        own, limit = late(who, "spin1us"), late(DIRECT, "spin1us")
        found = None if own is None or not limit else own / limit
        return Goal(f"spin1us, {who[1]}, P99 at 1.2 M/s, over direct calls", 1.25, {"P1 W2": found}, "x")

    def memory(who):
        linked = "static" if is_static else "dynamic"
        found = shapes(lambda shape: figures.median("rss_mib", who, "noop", shape))
        return Goal(f"noop, {who[1]}, memory, {linked} library", 12 if is_static else 24, found, "MiB")

    return [
        nanoseconds(BATCH, 12),
        faster(BATCH, "noop", 10),
        Goal("noop, pool-batch, over the best Swift way", 50, shapes(over_swift), "x", is_most=False),
        nanoseconds(POOL, 40),
        faster(POOL, "noop", 3),
        nanoseconds(SUBMIT, 120),
        nanoseconds(INLINE, 10),
        *(share(who, "spin1us", 96) for who in (BATCH, POOL)),
        *(share(who, "json", 85) for who in (BATCH, POOL)),
        *(faster(who, "json", 2.5) for who in (BATCH, POOL)),
        *(latency(who, workload) for workload in ("noop", "json") for who in (BATCH, POOL)),
        *(latency_over_direct(who) for who in (BATCH, POOL)),
        *(memory(who) for who in (BATCH, POOL)),
    ]


def percent(share):
    return None if share is None else share * 100


def table(figures, is_static):
    lines = ["| goal | limit | worst | where | |", "|---|--:|--:|---|---|"]
    for goal in goals(figures, is_static):
        worst = goal.worst()
        figure, where = (readable(worst[0]), worst[1]) if worst else ("–", "")
        bound = "at most" if goal.is_most else "at least"
        lines.append(f"| {goal.name} | {bound} {goal.limit:g} {goal.unit} | {figure} | {where} | {goal.verdict()} |")
    return "\n".join(lines) + "\n"
