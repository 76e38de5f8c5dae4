#!/usr/bin/env python3
#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Compares what a run of dev/real-data wrote with what Python works out from the same file."""

import collections
import hashlib
import json
import re
import sys

PEAK_MAX = 40_000_000


class Mismatch(Exception):
    pass


def expect(what, found, wanted):
    if found != wanted:
        raise Mismatch(f"{what} is {found}, not {wanted}")


def lines_of(path):
    """The lines without their ends; blank ones are no events."""
    with open(path, "rb") as file:
        lines = [line.rstrip(b"\n") for line in file]
    return [line[:-1] if line.endswith(b"\r") else line for line in lines if line.strip(b"\r")]


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_report(work, name, dead_lettered=0):
    with open(f"{work}/{name}.json", encoding="utf-8") as file:
        report = json.load(file)
    expect("balanced", report["balanced"], True)
    expect("exit", report["exit"], "drained")
    events = report["events"]
    expect("offered", events["offered"], events["accepted"] + events["rejected"] + events["waiting"])
    ends = ["delivered", "filtered", "aggregated", "dead_lettered", "in_flight", "stored"]
    total = sum(events[end] for end in ends) + sum(events["dropped"].values())
    expect("accepted", events["accepted"], total)
    for fate in ("rejected", "waiting", "in_flight"):
        expect(fate, events[fate], 0)
    expect("dead_lettered", events["dead_lettered"], dead_lettered)
    expect("dropped", events["dropped"], {})
    if report["memory_peak_bytes"] >= PEAK_MAX:
        raise Mismatch(f"peak memory is {report['memory_peak_bytes'] / 1e6:.1f} MB, not below {PEAK_MAX / 1e6:.0f} MB")
    return report


def check_flights(path, work, name, times):
    report = read_report(work, name)
    wanted = collections.defaultdict(lambda: [0, 0, None])
    lines = lines_of(path)
    for line in lines:
        flight = json.loads(line)
        if flight["delay"] > 60 and flight["origin"] != "DFW":
            group = wanted[flight["origin"]]
            group[0] += times
            group[1] += flight["distance"] * times
            group[2] = flight["delay"] if group[2] is None else max(group[2], flight["delay"])
    kept = sum(group[0] for group in wanted.values())
    expect("accepted", report["events"]["accepted"], len(lines) * times)
    expect("aggregated", report["events"]["aggregated"], kept)
    expect("filtered", report["events"]["filtered"], len(lines) * times - kept)
    found = collections.defaultdict(lambda: [0, 0, None])
    # A run that goes over the end of a window has several rows for a group.
    for row in rows_of(f"{work}/{name}.out"):
        group = found[row["origin"]]
        group[0] += row["flights"]
        group[1] += row["miles"]
        group[2] = row["worst"] if group[2] is None else max(group[2], row["worst"])
    expect("the rows' origins", sorted(found), sorted(wanted))
    for origin in wanted:
        expect(f"count, sum of distance and max delay of {origin}", found[origin], wanted[origin])
    return report, f"filtered {len(lines) * times - kept:,}, aggregated {kept:,} in {len(wanted)} origins, sums equal"


def check_by_type(path, work, name, times):
    report = read_report(work, name)
    wanted = collections.Counter(json.loads(line)["type"] for line in lines_of(path))
    wanted = {kind: count * times for kind, count in wanted.items()}
    found = collections.Counter()
    for row in rows_of(f"{work}/{name}.out"):
        found[row["type"]] += row["events"]
    expect("aggregated", report["events"]["aggregated"], sum(wanted.values()))
    expect("events by type", dict(found), wanted)
    return report, f"{sum(wanted.values()):,} events of {len(wanted)} types, counts equal"


def check_lines(path, work, name, order):
    report = read_report(work, name)
    wanted = lines_of(path)
    found = lines_of(f"{work}/{name}.out")
    expect("delivered", report["events"]["delivered"], len(wanted))
    expect("delivered to the sink", report["sinks"]["out"]["delivered"], len(wanted))
    if order == "any-order":
        wanted, found = sorted(wanted), sorted(found)
    digests = [hashlib.sha256(b"\n".join(lines)).hexdigest() for lines in (found, wanted)]
    expect("sha256 of the lines", *digests)
    how = "in order" if order == "in-order" else "sorted"
    return report, f"{len(wanted):,} lines byte-identical, {how}: sha256 {digests[0][:16]}"


def check_count(path, work, name, times):
    report = read_report(work, name)
    wanted = len(lines_of(path)) * times
    expect("aggregated", report["events"]["aggregated"], wanted)
    expect("lines counted", sum(row["lines"] for row in rows_of(f"{work}/{name}.out")), wanted)
    return report, f"{wanted:,} lines counted"


APACHE = re.compile(
    rb'^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$'
)


def check_parsed(path, work, name, times):
    lines = lines_of(path)
    matches = [APACHE.match(line) for line in lines]
    wrong = [place for place, match in enumerate(matches, 1) if match is None]
    report = read_report(work, name, len(wrong) * times)
    wanted = collections.Counter(int(match[6]) for match in matches if match)
    wanted = {status: count * times for status, count in wanted.items()}
    found = collections.Counter()
    for row in rows_of(f"{work}/{name}.out"):
        found[row["status"]] += row["requests"]
    expect("requests by status", dict(found), wanted)
    letters = rows_of(f"{work}/{name}.dead")
    expect("the dead letters' lines", sorted(letter["position"] for letter in letters), sorted(wrong * times))
    for letter in letters:
        expect("the dead letter's event", letter["event"], lines[letter["position"] - 1].decode())
    return report, f"{sum(wanted.values()):,} lines parsed, {len(wanted)} statuses equal, dead letters: line {wrong}"


CHECKS = {"parsed": check_parsed, "flights": check_flights, "by-type": check_by_type, "lines": check_lines, "count": check_count}


def main():
    check, path, work, name, last = sys.argv[1:]
    try:
        report, text = CHECKS[check](path, work, name, int(last) if last.isdigit() else last)
    except Mismatch as problem:
        print(f"FAIL  {name}: {problem}")
        return 1
    except (KeyError, OSError, ValueError) as problem:
        print(f"FAIL  {name}: {problem!r}")
        return 1
    peak = report["memory_peak_bytes"] / 1e6
    print(f"ok    {name}: {text}; {report['events_per_second']:,} events/s, peak {peak:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
