//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

//! The jobs: the same in every language.

/// What producers send: 16 bytes.
#[derive(Clone, Copy)]
pub struct Job {
    /// When it was to be sent, in ns since the start; 0: its latency is not recorded.
    pub due: i64,
    pub number: usize,
}

/// What comes of a job. For json: the status, and the service it was for.
#[derive(Clone, Copy)]
pub struct Outcome {
    pub due: i64,
    pub value: u64,
    pub service: &'static str,
}

#[derive(Clone, Copy)]
pub enum Work {
    Noop,
    Spin,
    /// The events, as many as a power of two.
    Json(&'static [&'static [u8]]),
}

impl Work {
    #[inline]
    pub fn run(&self, job: Job) -> Outcome {
        let (value, service) = match self {
            // Read as volatile: a compiler that sees through everything would add up the series instead.
            Work::Noop => (unsafe { std::ptr::read_volatile(&job.number) } as u64, ""),
            Work::Spin => (spin(job.number as u64), ""),
            Work::Json(lines) => {
                let (service, status) = scan(lines[job.number & (lines.len() - 1)]);
                (status, service)
            }
        };
        Outcome { due: job.due, value, service }
    }
}

/// About a microsecond: each step needs the one before, in every language alike.
fn spin(number: u64) -> u64 {
    (0..720).fold(number + 1, |x, _| (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

/// Finds "service" and "status" in a flat JSON object, byte by byte, as the peers in other languages do.
fn scan(line: &'static [u8]) -> (&'static str, u64) {
    let (mut service, mut status, mut at) = ("", 0, 1);
    while at < line.len() && line[at] != b'}' {
        if line[at] != b'"' {
            at += 1;
            continue;
        }
        let key_end = string_end(line, at + 1);
        let key = &line[at + 1..key_end];
        at = key_end + 1;
        while line[at] != b':' {
            at += 1;
        }
        at += 1;
        if line[at] == b'"' {
            let end = string_end(line, at + 1);
            if key == b"service" {
                // Whoever wrote the file wrote ASCII; the other languages do not look either.
                service = unsafe { std::str::from_utf8_unchecked(&line[at + 1..end]) };
            }
            at = end + 1;
        } else {
            let start = at;
            while at < line.len() && line[at] != b',' && line[at] != b'}' {
                at += 1;
            }
            if key == b"status" {
                status = line[start..at].iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
            }
        }
    }
    (service, status)
}

/// The place of the quote that ends the string whose first byte is at `at`.
#[inline(always)]
fn string_end(line: &[u8], mut at: usize) -> usize {
    while line[at] != b'"' {
        at += if line[at] == b'\\' { 2 } else { 1 };
    }
    at
}
