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
	"sync"
	"syscall"
	"time"
)

const (
	tick = 100 * time.Microsecond // open loop: jobs come in a burst each tick
	warm = 300 * time.Millisecond // open loop: the latencies of the first jobs are not recorded
)

var origin = time.Now()

func now() int64 { return int64(time.Since(origin)) }

// A Lane is what one producer sends into; flush sends what send has held back.
type Lane struct {
	send  func(Job)
	flush func()
}

// produceAll runs one goroutine a lane until all jobs are sent.
func produceAll(o Options, start int64, lanes []Lane) *sync.WaitGroup {
	var wait sync.WaitGroup
	for index := range lanes {
		wait.Add(1)
		go func(index int) {
			defer wait.Done()
			produce(o, start, index, len(lanes), lanes[index])
		}(index)
	}
	return &wait
}

// produce sends the share of producer `index` of `count`: as fast as the lane takes it, or in bursts at fixed times.
func produce(o Options, start int64, index, count int, lane Lane) {
	first, end := index*o.events/count, (index+1)*o.events/count
	if o.rate == 0 {
		for number := first; number < end; number++ {
			lane.send(Job{number: number})
		}
		lane.flush()
		return
	}
	perTick := o.rate / float64(count) * tick.Seconds()
	begin := start + int64(tick)*int64(index)/int64(count) // producers take turns within a tick
	number := first
	for burst := 1; number < end; burst++ {
		due := begin + int64(burst-1)*int64(tick)
		// time.Sleep waits in epoll, in whole milliseconds.
		if left := due - now(); left > 0 {
			pause := syscall.NsecToTimespec(left)
			_ = syscall.Nanosleep(&pause, nil)
		}
		// The intended time, however late this burst is: what a late or blocked producer costs is latency.
		stamp := due
		if due < start+int64(warm) {
			stamp = 0
		}
		last := first + int(float64(burst)*perTick)
		if last > end {
			last = end
		}
		for ; number < last; number++ {
			lane.send(Job{due: stamp, number: number})
		}
		lane.flush()
	}
}
