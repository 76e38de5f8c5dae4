//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

//! The command line, the same as that of `penstock bench pool`.

use crate::jobs::Work;

const NAMES: &str = "--impl, --workload, --producers, --workers, --buffer, --events, --rate, --lines";

pub struct Options {
    pub implementation: String,
    pub workload: String,
    pub producers: usize,
    pub workers: usize,
    pub buffer: usize,
    pub events: usize,
    pub rate: f64,
    pub lines: String,
}

impl Options {
    pub fn read(implementations: &[&str]) -> Options {
        let mut options = Options {
            implementation: implementations[0].into(),
            workload: "noop".into(),
            producers: 1,
            workers: 2,
            buffer: 10_000,
            events: 1_000_000,
            rate: 0.0,
            lines: String::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next();
            let value = value.unwrap_or_else(|| refuse(format!("{name} needs a value")));
            match name.as_str() {
                "--impl" => options.implementation = value,
                "--workload" => options.workload = value,
                "--producers" => options.producers = count(&name, &value),
                "--workers" => options.workers = count(&name, &value),
                "--buffer" => options.buffer = count(&name, &value),
                "--events" => options.events = count(&name, &value),
                "--rate" => match value.parse() {
                    Ok(rate) if rate >= 0.0 => options.rate = rate,
                    _ => refuse(format!("--rate '{value}' is not a number of jobs a second")),
                },
                "--lines" => options.lines = value,
                _ => refuse(format!("unknown option '{name}': there are {NAMES}")),
            }
        }
        if !implementations.contains(&options.implementation.as_str()) {
            let list = implementations.join(", ");
            refuse(format!("unknown --impl '{}': there are {list}", options.implementation));
        }
        options
    }

    /// The work of each job; reads the events of the json jobs.
    pub fn work(&self) -> Work {
        match self.workload.as_str() {
            "noop" => Work::Noop,
            "spin1us" => Work::Spin,
            "json" if self.lines.is_empty() => {
                refuse("--workload json needs --lines FILE (Benchmarks/peers/lines writes one)".into())
            }
            "json" => {
                let text = std::fs::read(&self.lines);
                let text = text.unwrap_or_else(|error| refuse(format!("{}: {error}", self.lines)));
                // Kept until the process ends, so that results can point into it.
                let text: &'static [u8] = Box::leak(text.into_boxed_slice());
                let lines: Vec<_> = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
                if !lines.len().is_power_of_two() {
                    refuse(format!("{} has {} lines; their number must be a power of two", self.lines, lines.len()));
                }
                Work::Json(Box::leak(lines.into_boxed_slice()))
            }
            other => refuse(format!("unknown --workload '{other}': there are noop, spin1us, json")),
        }
    }
}

fn count(name: &str, value: &str) -> usize {
    match value.parse() {
        Ok(count) if count > 0 => count,
        _ => refuse(format!("{name} '{value}' is not a whole number from 1")),
    }
}

pub fn refuse(message: String) -> ! {
    eprintln!("error: {message}");
    std::process::exit(64)
}
