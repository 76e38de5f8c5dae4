#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""The stored figures: what one operation of each kernel took when somebody last looked."""

import dataclasses
import json
import pathlib
import platform
import re
import subprocess

# What differs by no more is the same figure.
SAME = 0.002
FILE = pathlib.Path(__file__).resolve().parents[1] / "thresholds.json"


class BadThresholds(Exception):
    """A file that does not hold what it should."""


@dataclasses.dataclass(frozen=True)
class Platform:
    """What compiled code depends on."""

    swift: str
    architecture: str

    def __str__(self):
        return f"Swift {self.swift} on {self.architecture}"

    @staticmethod
    def here():
        return Platform(swift_version(), platform.machine())


def swift_version():
    """The version of the compiler that is on the PATH, which has built the program."""
    try:
        done = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return "unknown"
    return parse_version(done.stdout)


def parse_version(text):
    found = re.search(r"Swift version (\S+)", text)
    return found.group(1) if found else "unknown"


@dataclasses.dataclass
class Thresholds:
    """Figures by kernel and check, and what they were taken on."""

    platform: Platform
    kernels: dict

    @staticmethod
    def read(path):
        try:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            kernels = {
                kernel: {check: float(figure) for check, figure in figures.items()}
                for kernel, figures in content["kernels"].items()
            }
            return Thresholds(Platform(content["swift"], content["architecture"]), kernels)
        except OSError as error:
            raise BadThresholds(str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadThresholds(f"{path} does not hold thresholds: {type(error).__name__}: {error}") from error

    def write(self, path):
        content = {
            "swift": self.platform.swift,
            "architecture": self.platform.architecture,
            "kernels": {kernel: self.kernels[kernel] for kernel in sorted(self.kernels)},
        }
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2) + "\n")

    def stored(self, kernel, check):
        """The figure, or None where there is none."""
        return self.kernels.get(kernel, {}).get(check)

    def update(self, figures, here):
        """Takes new figures, by kernel and check. Kernels that are not among them exist no more."""
        if self.platform != here:
            # What stayed of the old figures would be called figures of a platform that they are not of.
            self.kernels = {}
        self.kernels = {
            kernel: {
                **self.kernels.get(kernel, {}),
                **{check: settled(self.stored(kernel, check), figure) for check, figure in found.items()},
            }
            for kernel, found in figures.items()
        }
        self.platform = here


def settled(old, new):
    """A figure as it is stored: the old one while nothing has changed, so that the file shows what has."""
    near = round(new, 3) if new < 1 else round(new, 1)
    if old is not None and abs(near - old) <= SAME * old:
        near = old
    return int(near) if near == int(near) else near
