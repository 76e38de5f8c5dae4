//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// Pools in Go, to be measured against Penstock: Benchmarks/README.md has the rules.
package main

import (
	"context"
	"runtime"
	"sort"
	"sync"
)

// Each runs all jobs and gives the tallies of those who read the results.
var impls map[string]func(Options, int64, func(Job) Result) []*Tally

func init() {
	impls = map[string]func(Options, int64, func(Job) Result) []*Tally{
		"account": account, "one-per-event": onePerEvent, "batch64": batch64, "direct": direct,
	}
}

func implNames() []string {
	var names []string
	for name := range impls {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func main() {
	o := readOptions()
	process := processor(o.workload)
	runtime.GC()
	cpu, start := cpuTime(), now()
	tallies := impls[o.impl](o, start, process)
	elapsed := now() - start
	cpu = cpuTime() - cpu
	all := newTally()
	for _, tally := range tallies {
		all.merge(tally)
	}
	report(o, all, elapsed, cpu)
}

// lanes gives each producer the same lane.
func lanes(o Options, send func(Job)) []Lane {
	lanes := make([]Lane, o.producers)
	for index := range lanes {
		lanes[index] = Lane{send: send, flush: func() {}}
	}
	return lanes
}

// WorkerPool is the pool of the published account: workers that select between one bounded channel of jobs and the
// end of a context, and hand their results to a bounded channel.
type WorkerPool struct {
	jobs    chan Job
	results chan Result
	ctx     context.Context
	stop    context.CancelFunc
	wait    sync.WaitGroup
}

func newWorkerPool(workers, buffer int, process func(Job) Result) *WorkerPool {
	ctx, stop := context.WithCancel(context.Background())
	pool := &WorkerPool{jobs: make(chan Job, buffer), results: make(chan Result, buffer), ctx: ctx, stop: stop}
	for worker := 0; worker < workers; worker++ {
		pool.wait.Add(1)
		go pool.work(process)
	}
	return pool
}

func (pool *WorkerPool) work(process func(Job) Result) {
	defer pool.wait.Done()
	for {
		select {
		case job := <-pool.jobs:
			pool.results <- process(job)
		case <-pool.ctx.Done():
			return
		}
	}
}

// account stops its pool only when all results are there: it loses jobs otherwise.
func account(o Options, start int64, process func(Job) Result) []*Tally {
	pool := newWorkerPool(o.workers, o.buffer, process)
	produceAll(o, start, lanes(o, func(j Job) { pool.jobs <- j }))
	tally := newTally()
	for tally.done < o.events {
		tally.add(<-pool.results)
	}
	pool.stop()
	pool.wait.Wait()
	return []*Tally{tally}
}

// onePerEvent is what the account began with: a goroutine for each job, as many as there are.
func onePerEvent(o Options, start int64, process func(Job) Result) []*Tally {
	results := make(chan Result, o.buffer)
	produceAll(o, start, lanes(o, func(j Job) { go func() { results <- process(j) }() }))
	tally := newTally()
	for tally.done < o.events {
		tally.add(<-results)
	}
	return []*Tally{tally}
}

const batchSize = 64

// batch64 is what an expert makes of it: slices of 64 jobs, recycled, and workers that keep their results.
func batch64(o Options, start int64, process func(Job) Result) []*Tally {
	batches := make(chan *[]Job, o.buffer/batchSize)
	used := sync.Pool{New: func() any {
		batch := make([]Job, 0, batchSize)
		return &batch
	}}
	tallies := newTallies(o.workers)
	var wait sync.WaitGroup
	for _, tally := range tallies {
		wait.Add(1)
		go func(tally *Tally) {
			defer wait.Done()
			for batch := range batches {
				for _, job := range *batch {
					tally.add(process(job))
				}
				*batch = (*batch)[:0]
				used.Put(batch)
			}
		}(tally)
	}
	staged := make([]Lane, o.producers)
	for index := range staged {
		batch := used.Get().(*[]Job)
		flush := func() {
			if len(*batch) > 0 {
				batches <- batch
				batch = used.Get().(*[]Job)
			}
		}
		send := func(j Job) {
			*batch = append(*batch, j)
			if len(*batch) == batchSize {
				flush()
			}
		}
		staged[index] = Lane{send: send, flush: flush}
	}
	produceAll(o, start, staged).Wait()
	close(batches)
	wait.Wait()
	return tallies
}

// direct is the limit: no queue, each worker makes the calls itself.
func direct(o Options, start int64, process func(Job) Result) []*Tally {
	tallies := newTallies(o.workers)
	own := make([]Lane, o.workers)
	for index, tally := range tallies {
		tally := tally
		own[index] = Lane{send: func(j Job) { tally.add(process(j)) }, flush: func() {}}
	}
	produceAll(o, start, own).Wait()
	return tallies
}
