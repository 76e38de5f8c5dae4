#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Whether all did the same jobs: each report carries a sum that tells."""

import collections
import json

MASK = (1 << 64) - 1
# Each step of spin1us is cheap, but not in Python.
SPIN_EVENTS_MAX = 2_000


class Checks:
    """The sums that are right, worked out here without any of the contestants."""

    def __init__(self, lines_file):
        self._weights = []
        with open(lines_file, encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                self._weights.append(event["status"] * len(event["service"]))

    def expected(self, workload, events):
        """The sum of a run, or None where it would take too long to work out."""
        if workload == "noop":
            return events * (events - 1) // 2 & MASK
        if workload == "json":
            rounds, rest = divmod(events, len(self._weights))
            return rounds * sum(self._weights) + sum(self._weights[:rest]) & MASK
        if events <= SPIN_EVENTS_MAX:
            return sum(spin(number) for number in range(events)) & MASK
        return None


def spin(number):
    x = number + 1
    for _ in range(720):
        x ^= x >> 33
        x = x * 0xFF51AFD7ED558CCD & MASK
    return x


def dissenters(records):
    """The records of spin1us whose sum is not that of most others with as many jobs, each with what most have."""
    groups = collections.defaultdict(list)
    for record in records:
        if record["workload"] == "spin1us" and record["report"]:
            groups[record["events"]].append(record)
    for group in groups.values():
        # By contestant, not by run: who runs often is not right for that.
        votes = collections.Counter(
            check for check, _ in {(r["report"]["check"], (r["contestant"], r["impl"])) for r in group}
        )
        (most, count), *others = votes.most_common()
        tied = bool(others) and others[0][1] == count
        for record in group:
            if tied or record["report"]["check"] != most:
                yield record, None if tied else most
