#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""The picture: bars on a logarithmic scale, in the colours of the reader's system."""

import html
import math

from .figures import readable
from .plan import SHAPES, SWIFT_WAYS, WORKLOADS

WIDTH = 800
LEFT, RIGHT = 218, 92
TOP = 86
BAR, GAP = 16, 8
HEAD, FOOT = 34, 34
HEADLINE = "Time a job: shorter is faster, each line is ten times the one before"
TITLES = {
    "noop": "noop: nothing to do, so that only the queue is left",
    "spin1us": "spin1us: a microsecond of arithmetic",
    "json": "json: two fields of an event of 213 bytes",
}
KINDS = (
    ("ours", "Penstock"), ("swift", "Swift’s own ways"), ("go", "Go"), ("rust", "Rust"),
    ("limit", "no queue: the limit"),
)

STYLE = """
    .ground { fill: #ffffff; } text { fill: #1d1d1f; } .soft { fill: #5c5c63; } .grid { stroke: #d9d9de; }
    .ours { fill: #0a63d1; } .swift { fill: #d9722b; } .go { fill: #2f9aa8; } .rust { fill: #9a6a4f; }
    .limit { fill: #a3a3ab; }
    text { font: 14px -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; }
    .title { font-size: 18px; font-weight: 600; } .head { font-size: 15px; font-weight: 600; }
    .end { text-anchor: end; } .middle { text-anchor: middle; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #1c1c1e; } text { fill: #f2f2f5; } .soft { fill: #b0b0b8; } .grid { stroke: #3d3d42; }
      .ours { fill: #4b9dff; } .swift { fill: #f0995a; } .go { fill: #55c3d0; } .rust { fill: #cf9a7c; }
      .limit { fill: #808088; }
    }
"""


def label(who):
    """How a contestant is called where people read."""
    contestant, impl = who
    language = {"penstock": "Penstock", "go": "Go", "rust": "Rust"}[contestant]
    if contestant == "penstock" and kind(who) != "ours":
        language = "Swift"
    return f"{language} {impl}"


def kind(who):
    contestant, impl = who
    if impl == "direct":
        return "limit"
    if contestant == "penstock":
        return "swift" if impl in SWIFT_WAYS else "ours"
    return contestant


def picture(figures, facts):
    """Time a job for each workload, of one producer and two workers, the fastest first."""
    panels = [(workload, bars(figures, workload)) for workload in WORKLOADS]
    panels = [(workload, found) for workload, found in panels if found]
    every = [ns for _, found in panels for ns, _ in found] or [1]
    first = math.floor(math.log10(min(every)))
    decades = first, max(math.ceil(math.log10(max(every))), first + 1)
    body, at = [], TOP
    for workload, found in panels:
        body += panel(workload, found, decades, at)
        at += HEAD + FOOT + len(found) * (BAR + GAP)
    height = at + 8
    shape = f"{SHAPES[0][0]} producer, {SHAPES[0][1]} workers"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}">',
        f"  <title>Time a job, {shape}</title>",
        f"  <style>{STYLE}  </style>",
        f'  <rect class="ground" width="{WIDTH}" height="{height}"/>',
        f'  <text class="title" x="16" y="30">{HEADLINE}</text>',
        f'  <text class="soft" x="16" y="52">{html.escape(caption(facts, shape))}</text>',
        *legend({kind(who) for who in figures.contestants}),
        *body,
        "</svg>",
    ]) + "\n"


def caption(facts, shape):
    return f"{shape}; {facts['processor']}, {facts['cores']} cores; {facts['date']}"


def bars(figures, workload):
    found = [(figures.nanoseconds(who, workload), who) for who in figures.contestants]
    return sorted((ns, who) for ns, who in found if ns is not None)


def legend(kinds):
    x = 16
    for name, text in KINDS:
        if name not in kinds:
            continue
        yield f'  <rect class="{name}" x="{x}" y="64" width="13" height="13"/>'
        yield f'  <text x="{x + 19}" y="76">{text}</text>'
        x += 19 + 8 * len(text) + 24


def panel(workload, found, decades, top):
    first, last = decades
    step = (WIDTH - LEFT - RIGHT) / (last - first)
    bottom = top + HEAD + len(found) * (BAR + GAP)
    yield f'  <text class="head" x="16" y="{top + 22}">{html.escape(TITLES[workload])}</text>'
    for power in range(first, last + 1):
        x = round(LEFT + (power - first) * step, 1)
        yield f'  <line class="grid" x1="{x}" y1="{top + HEAD - 4}" x2="{x}" y2="{bottom}"/>'
        yield f'  <text class="soft middle" x="{x}" y="{bottom + 16}">{tick(power)}</text>'
    for index, (ns, who) in enumerate(found):
        y = top + HEAD + index * (BAR + GAP)
        width = round(max((math.log10(ns) - first) * step, 1), 1)
        yield f'  <text class="end" x="{LEFT - 8}" y="{y + 13}">{html.escape(label(who))}</text>'
        yield f'  <rect class="{kind(who)}" x="{LEFT}" y="{y}" width="{width}" height="{BAR}"/>'
        yield f'  <text x="{LEFT + width + 6}" y="{y + 13}">{readable(ns)} ns</text>'


def tick(power):
    """A power of ten of nanoseconds in the unit that people say."""
    for unit, exponent in (("s", 9), ("ms", 6), ("µs", 3)):
        if power >= exponent:
            return f"{10 ** (power - exponent)} {unit}"
    return f"{10.0 ** power:g} ns"
