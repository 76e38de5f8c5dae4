#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Whether a figure is held against the stored one."""

import dataclasses

# So much more than the stored instructions may be executed: code elsewhere changes what the compiler makes of a kernel.
TOLERANCE = 0.05
# Where the compiler or the processor is another one than that of the stored figures.
WIDE_TOLERANCE = 0.30
# A stored figure that is undercut by more than this no longer guards what was gained.
GAIN = 0.10
# A buffer that grows once is no allocation per operation.
STRAY_ALLOCATIONS = 0.001

HELD, EXCEEDED, GAINED, UNKNOWN = "held", "exceeded", "gained", "unknown"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A kernel's figure beside what is stored of it."""

    check: str
    kernel: str
    figure: float
    stored: float | None
    limit: float | None
    word: str
    tolerance: float = TOLERANCE

    @property
    def failed(self):
        return self.word in (EXCEEDED, UNKNOWN)

    def row(self):
        line = f"{self.kernel:22} {self.figure:12.3f}"
        if self.stored is None:
            return f"{line}  nothing stored"
        return f"{line} {self.stored:12.3f} {self.limit:12.3f}  {self.word}"

    def advice(self, operation, program):
        """What is wrong, and what to do about it; None when nothing is."""
        guard = f"Benchmarks/guard {program}"
        if self.word == HELD:
            return None
        if self.word == UNKNOWN:
            return (f"{self.kernel}: {amount(self.figure)} {self.check} an operation, and nothing is stored to hold\n"
                    f"  that against. Store it: {guard} --update")
        if self.word == GAINED:
            return (f"{self.kernel}: {amount(self.figure)} {self.check} an operation, {self.stored:g} are stored.\n"
                    f"  Lower the stored figure, so that what was gained is kept: {guard} --update")
        if self.check == "allocations":
            allowed = f"at most {self.stored:g}"
        else:
            allowed = f"at most {self.limit:.1f} (the stored {self.stored:g} and {self.tolerance:.0%})"
        return (f"{self.kernel}: {amount(self.figure)} {self.check} an operation, {allowed}.\n"
                f"  An operation is {operation}.\n"
                f"  See where they are: {guard} --explain {self.kernel}\n"
                f"  If they are worth it, say why in the commit, and store the figure: {guard} --update")


def amount(figure):
    return f"{figure:.3f}" if figure < 10 else f"{figure:.1f}"


def judge(check, kernel, figure, thresholds, here):
    """Holds a figure against the stored one."""
    stored = thresholds.stored(kernel, check)
    if stored is None:
        return Verdict(check, kernel, figure, None, None, UNKNOWN)
    is_same = thresholds.platform == here
    if check == "allocations":
        limit = stored + STRAY_ALLOCATIONS
        word = EXCEEDED if figure >= limit else GAINED if figure < stored * (1 - GAIN) else HELD
        return Verdict(check, kernel, figure, stored, limit, word)
    tolerance = TOLERANCE if is_same else WIDE_TOLERANCE
    limit = stored * (1 + tolerance)
    if figure > limit:
        word = EXCEEDED
    else:
        # Elsewhere fewer instructions are no gain of ours.
        word = GAINED if is_same and figure < stored * (1 - GAIN) else HELD
    return Verdict(check, kernel, figure, stored, limit, word, tolerance)
