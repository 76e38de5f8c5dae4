//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

//! Pools of crossbeam's channels, to be measured against Penstock: Benchmarks/README.md has the rules.

mod jobs;
mod options;
mod producers;
mod tally;

use crossbeam_channel::{bounded, Receiver, Sender};
use jobs::{Job, Work};
use options::{refuse, Options};
use producers::{produce, Clock, Lane};
use std::thread::{self, Scope, ScopedJoinHandle};
use tally::Tally;

const BATCH_SIZE: usize = 64;

fn main() {
    let options = Options::read(&["crossbeam", "crossbeam-batch64", "direct"]);
    let work = options.work();
    let (cpu, clock) = (tally::cpu_time(), Clock::start());
    let tallies = match options.implementation.as_str() {
        "crossbeam" => crossbeam(&options, clock, work),
        "crossbeam-batch64" => crossbeam_batch64(&options, clock, work),
        _ => direct(&options, clock, work),
    };
    let (elapsed, cpu) = (clock.now(), tally::cpu_time() - cpu);
    let mut all = Tally::new(clock);
    tallies.iter().for_each(|tally| all.merge(tally));
    all.report(&options, elapsed, cpu);
}

/// Starts a producer for each number below `options.producers`, each with a lane of its own.
fn start_producers<'scope, 'env: 'scope, L: Lane + Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    options: &'env Options,
    clock: Clock,
    lane: impl Fn() -> L,
) {
    for index in 0..options.producers {
        let lane = lane();
        scope.spawn(move || produce(options, clock, index, options.producers, lane));
    }
}

fn join(handles: Vec<ScopedJoinHandle<Tally>>) -> Vec<Tally> {
    // A panic ends the process, so that none is left to be seen here.
    handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
}

struct Single(Sender<Job>);

impl Lane for Single {
    fn send(&mut self, job: Job) {
        let _ = self.0.send(job);
    }
}

/// A bounded channel of jobs, and one of results to one reader.
fn crossbeam(options: &Options, clock: Clock, work: Work) -> Vec<Tally> {
    let (jobs, queue) = bounded::<Job>(options.buffer);
    let (results, arrived) = bounded(options.buffer);
    thread::scope(|scope| {
        for _ in 0..options.workers {
            let (queue, results) = (queue.clone(), results.clone());
            scope.spawn(move || queue.iter().try_for_each(|job| results.send(work.run(job))));
        }
        // The channels end with their last sender.
        drop(results);
        start_producers(scope, options, clock, || Single(jobs.clone()));
        drop(jobs);
        let reader = scope.spawn(move || {
            let mut tally = Tally::new(clock);
            arrived.iter().for_each(|outcome| tally.add(outcome));
            tally
        });
        join(vec![reader])
    })
}

struct Batching {
    batch: Vec<Job>,
    full: Sender<Vec<Job>>,
    used: Receiver<Vec<Job>>,
}

impl Lane for Batching {
    fn send(&mut self, job: Job) {
        self.batch.push(job);
        if self.batch.len() == BATCH_SIZE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            let next = self.used.try_recv().unwrap_or_else(|_| Vec::with_capacity(BATCH_SIZE));
            let _ = self.full.send(std::mem::replace(&mut self.batch, next));
        }
    }
}

/// Vectors of 64 jobs, recycled, and workers that keep their results.
fn crossbeam_batch64(options: &Options, clock: Clock, work: Work) -> Vec<Tally> {
    if options.buffer < BATCH_SIZE {
        refuse(format!("--buffer is at least {BATCH_SIZE} for crossbeam-batch64"));
    }
    let (full, queue) = bounded::<Vec<Job>>(options.buffer / BATCH_SIZE);
    let (back, used) = bounded(options.buffer / BATCH_SIZE + options.producers + options.workers);
    thread::scope(|scope| {
        let handles = (0..options.workers).map(|_| {
            let (queue, back) = (queue.clone(), back.clone());
            scope.spawn(move || {
                let mut tally = Tally::new(clock);
                for mut batch in queue {
                    batch.iter().for_each(|&job| tally.add(work.run(job)));
                    batch.clear();
                    let _ = back.try_send(batch);
                }
                tally
            })
        });
        let handles = handles.collect();
        start_producers(scope, options, clock, || Batching {
            batch: Vec::with_capacity(BATCH_SIZE),
            full: full.clone(),
            used: used.clone(),
        });
        drop(full);
        join(handles)
    })
}

struct Own<'a>(&'a mut Tally, Work);

impl Lane for Own<'_> {
    fn send(&mut self, job: Job) {
        self.0.add(self.1.run(job));
    }
}

/// The limit: no queue, each worker makes the calls itself.
fn direct(options: &Options, clock: Clock, work: Work) -> Vec<Tally> {
    thread::scope(|scope| {
        let handles = (0..options.workers).map(|index| {
            scope.spawn(move || {
                let mut tally = Tally::new(clock);
                produce(options, clock, index, options.workers, Own(&mut tally, work));
                tally
            })
        });
        let handles = handles.collect();
        join(handles)
    })
}
