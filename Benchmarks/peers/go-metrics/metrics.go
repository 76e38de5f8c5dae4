//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// What adding to a counter and recording in a histogram cost with Prometheus's client for Go. Prints one JSON line:
// nanoseconds an operation, by how many goroutines do it at once; the best of several rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// best runs an operation on several goroutines, round after round, and gives the nanoseconds that each took for one.
func best(rounds, operations, goroutines int, operation func(int)) float64 {
	least := 0.0
	for round := 0; round < rounds; round++ {
		var done sync.WaitGroup
		start := time.Now()
		for number := 0; number < goroutines; number++ {
			done.Add(1)
			go func() {
				defer done.Done()
				for index := 0; index < operations; index++ {
					operation(index)
				}
			}()
		}
		done.Wait()
		elapsed := float64(time.Since(start).Nanoseconds()) / float64(operations)
		if round == 0 || elapsed < least {
			least = elapsed
		}
	}
	return least
}

func main() {
	operations := flag.Int("operations", 1_000_000, "operations of each goroutine in a round")
	rounds := flag.Int("rounds", 5, "rounds, of which the best counts")
	flag.Parse()
	if *operations < 1 || *rounds < 1 {
		fmt.Fprintln(os.Stderr, "error: -operations and -rounds must be at least 1")
		os.Exit(64)
	}
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jobs_total", Help: "Jobs."}, []string{"outcome"})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "job_seconds", Help: "Times."})
	prometheus.MustRegister(counters, histogram)
	counter := counters.WithLabelValues("done")
	add := func(int) { counter.Inc() }
	find := func(int) { counters.WithLabelValues("done").Inc() }
	// Times from 1 to 64 us.
	observe := func(index int) { histogram.Observe(float64(1+index&63) * 1e-6) }
	job := func(index int) {
		counters.WithLabelValues("done").Inc()
		observe(index)
	}
	fmt.Printf("{\"counter\":%.2f,\"counter_2\":%.2f,\"lookup\":%.2f,\"histogram\":%.2f,\"histogram_2\":%.2f,\"job\":%.2f}\n",
		best(*rounds, *operations, 1, add), best(*rounds, *operations, 2, add),
		best(*rounds, *operations, 1, find),
		best(*rounds, *operations, 1, observe), best(*rounds, *operations, 2, observe),
		best(*rounds, *operations, 1, job))
}
