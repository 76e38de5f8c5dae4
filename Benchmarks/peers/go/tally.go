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
	"fmt"
	"math/bits"
	"os"
	"strings"
	"syscall"
)

// A Tally is what one reader of results keeps.
type Tally struct {
	done      int
	sum       int
	groups    map[group]int
	latencies Histogram
	_         [64]byte // not on a cache line with the next one's
}

type group struct {
	service string
	status  int
}

func newTally() *Tally { return &Tally{groups: map[group]int{}} }

func newTallies(count int) []*Tally {
	tallies := make([]*Tally, count)
	for index := range tallies {
		tallies[index] = newTally()
	}
	return tallies
}

func (t *Tally) add(r Result) {
	t.done++
	if r.service == "" {
		t.sum += r.value
	} else {
		t.groups[group{r.service, r.value}]++
	}
	if r.due != 0 {
		t.latencies.add(now() - r.due)
	}
}

func (t *Tally) merge(other *Tally) {
	t.done += other.done
	t.sum += other.sum
	for key, count := range other.groups {
		t.groups[key] += count
	}
	t.latencies.merge(&other.latencies)
}

// check must be the same for all who did the same jobs.
func (t *Tally) check() uint64 {
	check := uint64(t.sum)
	for key, count := range t.groups {
		check += uint64(count * key.status * len(key.service))
	}
	return check
}

// Histogram has 128 steps for each power of two: its error is below 0.8 %.
type Histogram struct {
	counts     [58 * 128]int64
	total, max int64
}

func (h *Histogram) add(ns int64) {
	if ns < 0 {
		ns = 0
	}
	if ns > h.max {
		h.max = ns
	}
	h.total++
	if ns < 128 {
		h.counts[ns]++
		return
	}
	shift := bits.Len64(uint64(ns)) - 8
	h.counts[shift*128+int(ns>>shift)]++
}

func (h *Histogram) merge(other *Histogram) {
	for index, count := range other.counts {
		h.counts[index] += count
	}
	h.total += other.total
	if other.max > h.max {
		h.max = other.max
	}
}

// quantile is in microseconds; 0 if nothing was recorded.
func (h *Histogram) quantile(share float64) float64 {
	rank, seen := int64(share*float64(h.total)), int64(0)
	for index, count := range h.counts {
		if seen += count; seen > rank {
			if index < 256 {
				return float64(index) / 1e3
			}
			shift := index/128 - 1
			return float64(int64(index-shift*128)<<shift) / 1e3
		}
	}
	return float64(h.max) / 1e3
}

// cpuTime is what the process has used, in ns.
func cpuTime() int64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// peakMemory is in MiB; 0 where the system does not tell. Rusage would count the process that started this one too.
func peakMemory() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}

func report(o Options, t *Tally, elapsed, cpu int64) {
	done, h := float64(t.done), &t.latencies
	fmt.Printf(`{"impl":"%s","workload":"%s","producers":%d,"workers":%d,"buffer":%d,"rate":%.0f,"events":%d,"done":%d,`+
		`"check":%d,"elapsed_s":%.4f,"throughput_mps":%.4f,"ns_per_event":%.2f,"cpu_ns_per_event":%.2f,`+
		`"p50_us":%.1f,"p99_us":%.1f,"p999_us":%.1f,"max_us":%.1f,"rss_mib":%.1f}`+"\n",
		o.impl, o.workload, o.producers, o.workers, o.buffer, o.rate, o.events, t.done,
		t.check(), float64(elapsed)/1e9, done*1e3/float64(elapsed), float64(elapsed)/done, float64(cpu)/done,
		h.quantile(0.5), h.quantile(0.99), h.quantile(0.999), float64(h.max)/1e3, peakMemory())
}
