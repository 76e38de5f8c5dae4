//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

//! What the readers of results keep, and the report made of it.

use crate::jobs::Outcome;
use crate::options::Options;
use crate::producers::Clock;
use std::collections::HashMap;

pub struct Tally {
    clock: Clock,
    done: usize,
    sum: u64,
    groups: HashMap<(&'static str, u64), u64>,
    latencies: Histogram,
}

impl Tally {
    pub fn new(clock: Clock) -> Tally {
        Tally { clock, done: 0, sum: 0, groups: HashMap::new(), latencies: Histogram::new() }
    }

    #[inline]
    pub fn add(&mut self, outcome: Outcome) {
        self.done += 1;
        if outcome.service.is_empty() {
            self.sum = self.sum.wrapping_add(outcome.value);
        } else {
            *self.groups.entry((outcome.service, outcome.value)).or_default() += 1;
        }
        if outcome.due != 0 {
            self.latencies.add(self.clock.now() - outcome.due);
        }
    }

    pub fn merge(&mut self, other: &Tally) {
        self.done += other.done;
        self.sum = self.sum.wrapping_add(other.sum);
        for (key, count) in &other.groups {
            *self.groups.entry(*key).or_default() += count;
        }
        self.latencies.merge(&other.latencies);
    }

    /// The same for all who did the same jobs.
    fn check(&self) -> u64 {
        let weigh = |sum: u64, (key, count): (&(&str, u64), &u64)| sum.wrapping_add(count * key.1 * key.0.len() as u64);
        self.groups.iter().fold(self.sum, weigh)
    }

    pub fn report(&self, options: &Options, elapsed: i64, cpu: i64) {
        let (done, elapsed, latencies) = (self.done as f64, elapsed as f64, &self.latencies);
        let figures = [
            format!("\"impl\":\"{}\",\"workload\":\"{}\"", options.implementation, options.workload),
            format!("\"producers\":{},\"workers\":{}", options.producers, options.workers),
            format!("\"buffer\":{},\"rate\":{:.0}", options.buffer, options.rate),
            format!("\"events\":{},\"done\":{},\"check\":{}", options.events, self.done, self.check()),
            format!("\"elapsed_s\":{:.4},\"throughput_mps\":{:.4}", elapsed / 1e9, done / elapsed * 1e3),
            format!("\"ns_per_event\":{:.2},\"cpu_ns_per_event\":{:.2}", elapsed / done, cpu as f64 / done),
            format!("\"p50_us\":{:.1},\"p99_us\":{:.1}", latencies.quantile(0.5), latencies.quantile(0.99)),
            format!("\"p999_us\":{:.1},\"max_us\":{:.1}", latencies.quantile(0.999), latencies.max as f64 / 1e3),
            format!("\"rss_mib\":{:.1}", peak_memory()),
        ];
        println!("{{{}}}", figures.join(","));
    }
}

/// 128 steps for each power of two: the error is below 0.8 %.
struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: i64,
}

impl Histogram {
    fn new() -> Histogram {
        Histogram { counts: vec![0; 58 * 128], total: 0, max: 0 }
    }

    fn add(&mut self, ns: i64) {
        let ns = ns.max(0);
        self.max = self.max.max(ns);
        self.total += 1;
        let shift = (56 - i64::from(ns.leading_zeros())).max(0);
        self.counts[(shift * 128 + (ns >> shift)) as usize] += 1;
    }

    fn merge(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// In microseconds; 0 if nothing was recorded.
    fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.total as f64) as u64;
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen > rank
        });
        let Some(index) = found.map(|index| index as i64) else { return self.max as f64 / 1e3 };
        let shift = (index / 128 - 1).max(0);
        ((index - shift * 128) << shift) as f64 / 1e3
    }
}

/// What the process has used, in ns.
pub fn cpu_time() -> i64 {
    #[repr(C)]
    struct Time {
        seconds: i64,
        nanoseconds: i64,
    }
    extern "C" {
        fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    }
    // CLOCK_PROCESS_CPUTIME_ID
    let clock = if cfg!(target_os = "macos") { 12 } else { 2 };
    let mut time = Time { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(clock, &mut time) };
    time.seconds * 1_000_000_000 + time.nanoseconds
}

/// In MiB; 0 where the system does not tell.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
