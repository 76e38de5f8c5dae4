#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""The arithmetic: medians of the repetitions, and what is compared with what."""

import collections
import statistics

from .plan import SHAPES, SWIFT_WAYS, WORKLOADS

ACCOUNT = ("go", "account")


class Figures:
    """The medians of all records of a run. What was not measured, or failed each time, is None."""

    def __init__(self, records):
        self._reports = collections.defaultdict(list)
        self._failures = collections.defaultdict(list)
        self._order = {}
        for record in records:
            key = self._key(record)
            self._order.setdefault(key[0], len(self._order))
            if record["report"]:
                self._reports[key].append(record["report"])
            else:
                self._failures[key].append(record["failure"])

    @staticmethod
    def _key(record):
        who = record["contestant"], record["impl"]
        return who, record["workload"], (record["producers"], record["workers"]), record["rate"] > 0

    @property
    def contestants(self):
        """Who was measured, in the order of the plan."""
        return sorted(self._order, key=self._order.get)

    def median(self, field, who, workload, shape=SHAPES[0], is_open=False):
        if who[1] == "direct":
            shape = 1, shape[1]
        reports = self._reports.get((who, workload, shape, is_open))
        return statistics.median(report[field] for report in reports) if reports else None

    def failures(self, who, workload, shape=SHAPES[0], is_open=False):
        """The reasons of the runs that failed."""
        return self._failures.get((who, workload, shape, is_open), [])

    def all_failures(self):
        """Each row that failed, how often, out of how many runs, and the reasons."""
        for key in sorted(self._failures, key=lambda key: (WORKLOADS.index(key[1]), key[3], key[2], key[0])):
            reasons = self._failures[key]
            yield key, len(reasons), len(reasons) + len(self._reports[key]), sorted(set(reasons))

    def was_measured(self, who, workload, shape=SHAPES[0], is_open=False):
        key = who, workload, shape, is_open
        return key in self._reports or key in self._failures

    def nanoseconds(self, who, workload, shape=SHAPES[0]):
        return self.median("ns_per_event", who, workload, shape)

    def over_direct(self, who, workload, shape=SHAPES[0]):
        """The CPU time that a job costs beyond a direct call in the same language, in ns."""
        own = self.median("cpu_ns_per_event", who, workload, shape)
        call = self.median("cpu_ns_per_event", (who[0], "direct"), workload, shape)
        return None if own is None or call is None else own - call

    def share_of_direct(self, who, workload, shape=SHAPES[0]):
        """The throughput as a part of that of direct calls in the same language."""
        return ratio(self.nanoseconds((who[0], "direct"), workload, shape), self.nanoseconds(who, workload, shape))

    def times(self, who, other, workload, shape=SHAPES[0]):
        """How many times as fast as `other`."""
        return ratio(self.nanoseconds(other, workload, shape), self.nanoseconds(who, workload, shape))

    def best_swift_way(self, workload, shape=SHAPES[0]):
        """The fastest of Swift's own ways, and how long a job takes there."""
        ways = [(self.nanoseconds(("penstock", way), workload, shape), way) for way in SWIFT_WAYS]
        ways = [(ns, way) for ns, way in ways if ns is not None]
        return min(ways, default=None)

    def peak_memory(self, who, workload):
        """The largest of the medians of the closed-loop shapes, in MiB."""
        found = [self.median("rss_mib", who, workload, shape) for shape in SHAPES]
        return max((mib for mib in found if mib is not None), default=None)


def ratio(upper, lower):
    return None if upper is None or not lower else upper / lower


def readable(value):
    """Three digits that count, or none behind the point of a large number."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:,.{digits}f}"
