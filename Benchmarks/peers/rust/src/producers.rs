//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

//! Sends jobs as fast as they are taken, or in bursts at fixed times.

use crate::jobs::Job;
use crate::options::Options;
use std::time::{Duration, Instant};

/// Open loop: jobs come in a burst each tick.
const TICK: i64 = 100_000;
/// Open loop: the latencies of the first jobs are not recorded.
const WARM: i64 = 300_000_000;

/// Nanoseconds since the start of the run.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    pub fn now(&self) -> i64 {
        self.0.elapsed().as_nanos() as i64
    }
}

/// What one producer sends into.
pub trait Lane {
    fn send(&mut self, job: Job);
    /// Sends what `send` has held back.
    fn flush(&mut self) {}
}

/// Sends the share of producer `index` of `count`.
pub fn produce(options: &Options, clock: Clock, index: usize, count: usize, mut lane: impl Lane) {
    let (first, end) = (index * options.events / count, (index + 1) * options.events / count);
    if options.rate == 0.0 {
        for number in first..end {
            lane.send(Job { due: 0, number });
        }
        return lane.flush();
    }
    let per_tick = options.rate / count as f64 * TICK as f64 / 1e9;
    // Producers take turns within a tick.
    let begin = TICK * index as i64 / count as i64;
    let (mut number, mut burst) = (first, 0);
    while number < end {
        // 0 would say "not recorded", which the warm-up makes of it anyway.
        let due = begin + burst * TICK;
        burst += 1;
        let left = due - clock.now();
        if left > 0 {
            std::thread::sleep(Duration::from_nanos(left as u64));
        }
        // The intended time, however late this burst is: what a late or blocked producer costs is latency.
        let stamp = if due < WARM { 0 } else { due };
        let last = end.min(first + (burst as f64 * per_tick) as usize);
        while number < last {
            lane.send(Job { due: stamp, number });
            number += 1;
        }
        lane.flush();
    }
}
