#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""What the figures were taken on, and when."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

from .contestants import BUILT

# More than this is somebody else's work.
LOAD_MAX = 0.5


def describe(contestants):
    """Facts about the machine and the tools, as they are shown."""
    facts = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": str(usable_cores()),
        "system": f"{platform.system()} {platform.release()}",
    }
    tools = {"penstock": ["swift", "--version"], "go": [os.environ.get("GO", "go"), "version"],
             "rust": ["rustc", "--version"]}
    for contestant, command in tools.items():
        if contestant in contestants:
            facts["swift" if contestant == "penstock" else contestant] = version(command)
    if "rust" in contestants:
        facts["crossbeam"] = crossbeam()
    return facts


def processor():
    if platform.system() == "Darwin":
        return first_line(["sysctl", "-n", "machdep.cpu.brand_string"])
    try:
        model = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        model = None
    return f"{model.group(1).strip()} ({platform.machine()})" if model else platform.machine()


def usable_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def version(command):
    found = re.search(r"\d+\.\d+(\.\d+)*", first_line(command))
    return found.group(0) if found else "unknown"


def first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return "unknown"
    return (done.stdout.splitlines() or ["unknown"])[0].strip()


def crossbeam():
    try:
        lock = (BUILT / "rust-build" / "Cargo.lock").read_text()
    except OSError:
        return "unknown"
    found = re.search(r'name = "crossbeam-channel"\nversion = "([^"]+)"', lock)
    return found.group(1) if found else "unknown"


def load():
    """How many processes wanted to run in the last minute, on average."""
    return os.getloadavg()[0]
