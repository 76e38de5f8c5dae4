#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#
"""Who is measured: the program of this package, and the peers in other languages."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / ".build" / "peers"

# The exit code of a peer's build script where its tools are missing.
TOOLS_MISSING = 69


class BuildFailed(Exception):
    """A contestant whose tools are there does not build."""


def say(message):
    print(message, file=sys.stderr, flush=True)


def build_penstock():
    """Builds the program of the pool alone and gives the start of its command line.

    Without the trait `Server`, whose packages are then not fetched: the pool needs none of them.
    """
    if shutil.which("swift") is None:
        raise BuildFailed("'swift' is missing: install it from https://swift.org/install")
    say("building penstock-peer")
    lean = ["--disable-default-traits", "--scratch-path", str(ROOT / ".build" / "lean")]
    build = ["swift", "build", "-c", "release", *lean]
    # Its output goes where the progress goes: what is on stdout is the table.
    if subprocess.run([*build, "--product", "penstock-peer"], cwd=ROOT, stdout=sys.stderr).returncode != 0:
        raise BuildFailed("penstock-peer does not build")
    folder = subprocess.run([*build, "--show-bin-path"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [str(pathlib.Path(folder.stdout.strip()) / "penstock-peer")]


def build_peer(name):
    """Builds a peer and gives the start of its command line; None, with the reason, where its tools are missing."""
    say(f"building the peers in {name.capitalize()}")
    program = BUILT / name
    script = ROOT / "Benchmarks" / "peers" / name / "build"
    done = subprocess.run([str(script), str(program)], stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode == TOOLS_MISSING:
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else "its tools are missing"
    if done.returncode != 0:
        raise BuildFailed(f"the peers in {name.capitalize()} do not build")
    return [str(program)], None


def write_lines():
    """Writes the events of the json jobs and gives their file."""
    file = BUILT / "events.jsonl"
    subprocess.run([sys.executable, str(ROOT / "Benchmarks" / "peers" / "lines"), str(file)], check=True)
    return file
