#
# This source file is part of the Penstock open source project
#
# Copyright (c) the Penstock project authors
# Licensed under Apache License v2.0
#
# SPDX-License-Identifier: Apache-2.0
#

.DEFAULT_GOAL := help
.PHONY: help set-up demo test build check format

# Swift unpacked where its own images have it, but not on the PATH.
ifeq (,$(shell command -v swift 2>/dev/null))
ifneq (,$(wildcard /opt/swift/usr/bin/swift))
export PATH := $(PATH):/opt/swift/usr/bin
endif
endif

help: ## show this list
	@echo "Penstock. What make can do:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile
	@echo "One check alone: dev/check NAME (dev/check --list names them)."

set-up: ## make sure that what a build needs is there
	@dev/set-up

demo: set-up ## build the program and run generated events through it
	@swift build -c release --product penstock >&2
	@.build/release/penstock run Examples/generate.yaml

# Eight tests at a time: all at once, each would wait a minute for the others' threads, and time limits would pass.
test: set-up ## run the tests
	@SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 swift test --disable-xctest

build: set-up ## build everything, for debugging
	@swift build --build-tests

check: ## run every check that a change must pass (all of dev/check)
	@dev/check

format: set-up ## format the sources in place
	@swift format format -i --parallel -r $(wildcard Package.swift Sources Tests Snippets Examples Benchmarks)
