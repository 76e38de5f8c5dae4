//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
)

// Options are the command line, the same as that of `penstock bench pool`.
type Options struct {
	impl, workload                     string
	producers, workers, buffer, events int
	rate                               float64
	lines                              string
}

var workloads = []string{"noop", "spin1us", "json"}

func readOptions() Options {
	var o Options
	flags := flag.NewFlagSet("go", flag.ContinueOnError)
	flags.StringVar(&o.impl, "impl", "account", strings.Join(implNames(), ", "))
	flags.StringVar(&o.workload, "workload", "noop", strings.Join(workloads, ", "))
	flags.IntVar(&o.producers, "producers", 1, "goroutines that send jobs")
	flags.IntVar(&o.workers, "workers", 2, "goroutines that run them")
	flags.IntVar(&o.buffer, "buffer", 10_000, "jobs that may wait, at least 64 for batch64")
	flags.IntVar(&o.events, "events", 1_000_000, "jobs in all")
	flags.Float64Var(&o.rate, "rate", 0, "jobs a second in open loop; 0 is closed loop")
	flags.StringVar(&o.lines, "lines", "", "the events of the json jobs, one a line")
	if flags.Parse(os.Args[1:]) != nil {
		os.Exit(64)
	}
	switch {
	case flags.NArg() > 0:
		refuse("unknown argument '%s'", flags.Arg(0))
	case impls[o.impl] == nil:
		refuse("unknown --impl '%s': there are %s", o.impl, strings.Join(implNames(), ", "))
	case processor(o.workload) == nil:
		refuse("unknown --workload '%s': there are %s", o.workload, strings.Join(workloads, ", "))
	case o.producers < 1 || o.workers < 1 || o.buffer < 1 || o.events < 1:
		refuse("--producers, --workers, --buffer and --events are at least 1")
	case o.rate < 0:
		refuse("--rate is at least 0")
	case o.impl == "batch64" && o.buffer < batchSize:
		refuse("--buffer is at least %d for batch64", batchSize)
	case o.workload == "json":
		readLines(o.lines)
	}
	return o
}

func readLines(path string) {
	if path == "" {
		refuse("--workload json needs --lines FILE (Benchmarks/peers/lines writes one)")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		refuse("%v", err)
	}
	lines = bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	if len(lines)&(len(lines)-1) != 0 {
		refuse("%s has %d lines; their number must be a power of two", path, len(lines))
	}
}

func refuse(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "error: "+format+"\n", arguments...)
	os.Exit(64)
}
