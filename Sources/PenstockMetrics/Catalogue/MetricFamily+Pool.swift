//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Families of worker pools.
///
/// Two keep the names of the service that Penstock began with: ``jobsProcessed`` and ``jobDuration``. All others begin
/// with `penstock_`, but for those of the process, which are named as Prometheus's own clients name them.
extension MetricFamily {
    static let jobsProcessed = MetricFamily(
        "jobs_processed_total",
        .counter,
        labels: ["pool", "outcome"],
        help: "Accepted jobs that have ended, by how: done, failed, cancelled, expired, shed, returned, abandoned."
    )
    static let jobDuration = MetricFamily(
        "job_processing_duration_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pool"],
        help: "How long handlers ran: the first job of each batch, or every job if the pool times them all."
    )
    static let jobsOffered = MetricFamily(
        "penstock_jobs_offered_total",
        .counter,
        labels: ["pool"],
        help: "Jobs given to a submitting call."
    )
    static let jobsAccepted = MetricFamily(
        "penstock_jobs_accepted_total",
        .counter,
        labels: ["pool"],
        help: "Jobs taken into the queue."
    )
    static let jobsRejected = MetricFamily(
        "penstock_jobs_rejected_total",
        .counter,
        labels: ["pool", "reason"],
        help: "Jobs offered and not accepted: full, closed, cancelled, too_large, nested, blocking_in_task."
    )
    static let jobsShed = MetricFamily(
        "penstock_jobs_shed_total",
        .counter,
        labels: ["pool", "reason"],
        help: "Accepted jobs dropped before they began: newest, oldest, lowest, overload."
    )
    static let jobsWaiting = MetricFamily(
        "penstock_jobs_waiting",
        .gauge,
        labels: ["pool"],
        help: "Jobs in the hands of producers that wait for a place."
    )
    static let jobsInFlight = MetricFamily(
        "penstock_jobs_in_flight",
        .gauge,
        labels: ["pool"],
        help: "Jobs taken by a worker and not ended."
    )
    static let jobsStuck = MetricFamily(
        "penstock_jobs_stuck",
        .gauge,
        labels: ["pool"],
        help: "Jobs that run for longer than their pool finds right."
    )
    static let jobRetries = MetricFamily(
        "penstock_job_retries_total",
        .counter,
        labels: ["pool"],
        help: "Failed jobs put back for another attempt."
    )
    static let poolBalanced = MetricFamily(
        "penstock_pool_balanced",
        .gauge,
        labels: ["pool"],
        help: "1 while both equations of the pool's ledger hold, 0 otherwise."
    )
    static let poolPaused = MetricFamily(
        "penstock_pool_paused",
        .gauge,
        labels: ["pool"],
        help: "1 while workers take no jobs because of a pause."
    )
    static let poolSteals = MetricFamily(
        "penstock_pool_steals_total",
        .counter,
        labels: ["pool"],
        help: "Times an idle worker took over jobs that another had not begun."
    )
    static let poolThreads = MetricFamily(
        "penstock_pool_threads",
        .gauge,
        labels: ["pool"],
        help: "Threads of the pool's own that live."
    )
    static let queueDepth = MetricFamily(
        "penstock_queue_depth",
        .gauge,
        labels: ["pool"],
        help: "Jobs that wait for a worker."
    )
    static let queueCapacity = MetricFamily(
        "penstock_queue_capacity",
        .gauge,
        labels: ["pool"],
        help: "The most jobs that may wait for a worker."
    )
    static let queueUtilization = MetricFamily(
        "penstock_queue_utilization_ratio",
        .gauge,
        unit: "ratio",
        labels: ["pool"],
        help: "How full the queue is, 0 to 1: of jobs or, where jobs have a size, of bytes, whichever is more."
    )
    static let queueOldestAge = MetricFamily(
        "penstock_queue_oldest_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["pool"],
        help: "How long the oldest queued job has waited."
    )
    static let queueWait = MetricFamily(
        "penstock_queue_wait_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pool"],
        help: "How long jobs waited for a worker: the first of each batch, or every job if the pool times them all."
    )
    static let downstreamWait = MetricFamily(
        "penstock_downstream_wait_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pool"],
        help: "How long a batch's results waited for a place with whoever reads them, for batches that had to."
    )
    static let producersHeld = MetricFamily(
        "penstock_producers_held_seconds_total",
        .counter,
        unit: "seconds",
        labels: ["pool"],
        help: "Time in which at least one producer waited for a place."
    )
    static let workers = MetricFamily(
        "penstock_workers",
        .gauge,
        labels: ["pool", "state"],
        help: "Workers by what they do: busy, blocked (downstream), idle."
    )
    static let workerTime = MetricFamily(
        "penstock_worker_seconds_total",
        .counter,
        unit: "seconds",
        labels: ["pool", "state"],
        help: "Where the workers' time went: busy, blocked (downstream), idle; together workers times time."
    )
}
