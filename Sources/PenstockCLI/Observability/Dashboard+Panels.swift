//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What the dashboard shows.
extension Dashboard {
    /// The dashboard of this version.
    static let current = Dashboard(rows: [
        Row(title: "At a glance", panels: Self.glance),
        Row(title: "Age and waits", panels: Self.waits),
        Row(title: "Time budget", panels: Self.budget),
        Row(title: "Events", panels: Self.events),
        Row(title: "Sinks", panels: Self.sinks),
        Row(title: "Losses and retries", panels: Self.losses),
        Row(title: "Process", panels: Self.process),
    ])

    private static let pool = #"job=~"$job", instance=~"$instance", pool=~"$pool""#
    private static let pipeline = #"job=~"$job", instance=~"$instance", pipeline=~"$pipeline""#
    private static let instance = #"job=~"$job", instance=~"$instance""#

    private static func rate(_ name: String, _ selector: String, by labels: String = "") -> String {
        let sum = labels.isEmpty ? "sum" : "sum by (\(labels)) "
        return "\(sum)(rate(\(name){\(selector)}[$__rate_interval]))"
    }

    private static func quantile(_ share: String, _ name: String, _ selector: String, by labels: String = "") -> String
    {
        let by = labels.isEmpty ? "le" : "\(labels), le"
        return "histogram_quantile(\(share), sum by (\(by)) (rate(\(name)_bucket{\(selector)}[$__rate_interval])))"
    }

    /// A share that is 0, not undefined, while nothing happens.
    private static func share(_ part: String, of whole: String) -> String { "\(part) / clamp_min(\(whole), 1e-9)" }

    private static var glance: [DashboardPanel] {
        let failed = Self.rate("jobs_processed_total", Self.pool + #", outcome=~"failed|expired|shed|abandoned""#)
        let lost =
            "(\(Self.rate("penstock_events_dead_lettered_total", Self.pipeline))"
            + " + (\(Self.rate("penstock_events_dropped_total", Self.pipeline)) or vector(0)))"
        return [
            DashboardPanel(
                "Active workers",
                unit: "short",
                "Workers with a job, those that wait for a sink among them, against all."
            )
            .query("sum by (pool) (penstock_workers{\(Self.pool), state!=\"idle\"})", "{{pool}} active")
            .query("sum by (pool) (penstock_workers{\(Self.pool)})", "{{pool}} all"),
            DashboardPanel(
                "Channel utilisation",
                unit: "percentunit",
                "How full each queue is, of jobs or of bytes. At 100 % producers are held."
            )
            .query(
                "max by (pool) (penstock_queue_utilization_ratio{\(Self.pool)})",
                "{{pool}}"
            ).warns(from: 0.7, "yellow").warns(from: 0.9, "red").upTo(1),
            DashboardPanel(
                "Processing latency",
                unit: "s",
                "How long handlers run, as the histogram of the first job of each batch tells."
            )
            .query(Self.quantile("0.50", "job_processing_duration_seconds", Self.pool), "P50")
            .query(Self.quantile("0.95", "job_processing_duration_seconds", Self.pool), "P95")
            .query(Self.quantile("0.99", "job_processing_duration_seconds", Self.pool), "P99"),
            DashboardPanel(
                "Error rate",
                unit: "percentunit",
                "Jobs that failed or were given up, and events lost or made dead letters, as a share of all."
            )
            .query(Self.share(failed, of: Self.rate("jobs_processed_total", Self.pool)), "jobs")
            .query(Self.share(lost, of: Self.rate("penstock_events_accepted_total", Self.pipeline)), "events")
            .warns(from: 0.01, "yellow").warns(from: 0.05, "red"),
            DashboardPanel("Jobs and events", unit: "cps", "Jobs that ended, by how, and events that were accepted.")
                .query(Self.rate("jobs_processed_total", Self.pool, by: "outcome"), "jobs {{outcome}}")
                .query(Self.rate("penstock_events_accepted_total", Self.pipeline), "events accepted"),
            DashboardPanel(
                "Ledger",
                .stat,
                unit: "short",
                "1 while every equation of every ledger holds: no job and no event is unaccounted for."
            )
            .query("min(penstock_pool_balanced{\(Self.pool)})", "pools balance")
            .query("min(penstock_pipeline_balanced{\(Self.pipeline)})", "pipelines balance"),
            DashboardPanel("In between", unit: "short", "Where accepted jobs and events are that have no end yet.")
                .query("sum by (pool) (penstock_queue_depth{\(Self.pool)})", "{{pool}} queued")
                .query("sum by (pool) (penstock_jobs_in_flight{\(Self.pool)})", "{{pool}} in flight")
                .query(
                    "sum by (pipeline) (penstock_events_in_flight{\(Self.pipeline)})",
                    "{{pipeline}} without a fate"
                ),
        ]
    }

    private static var waits: [DashboardPanel] {
        [
            DashboardPanel(
                "Oldest age",
                unit: "s",
                "How long the oldest has waited. Depth is a fact, age is the alarm."
            )
            .query("max by (pool) (penstock_queue_oldest_age_seconds{\(Self.pool)})", "{{pool}} queue")
            .query(
                "max by (pipeline, sink) (penstock_sink_oldest_age_seconds{\(Self.pipeline)})",
                "{{pipeline}} to {{sink}}"
            )
            .warns(from: 10, "yellow").warns(from: 60, "red"),
            DashboardPanel("Queue wait", unit: "s", "How long jobs wait for a worker.")
                .query(Self.quantile("0.50", "penstock_queue_wait_seconds", Self.pool), "P50")
                .query(Self.quantile("0.99", "penstock_queue_wait_seconds", Self.pool), "P99"),
            DashboardPanel(
                "Wait against run",
                unit: "s",
                "P99 of waiting for a worker, of running, and of waiting for a sink: which one is it?"
            )
            .query(Self.quantile("0.99", "penstock_queue_wait_seconds", Self.pool), "wait")
            .query(Self.quantile("0.99", "job_processing_duration_seconds", Self.pool), "run")
            .query(
                Self.quantile("0.99", "penstock_downstream_wait_seconds", Self.pool) + " >= 0 or vector(0)",
                "downstream"
            ),
            DashboardPanel(
                "Producers held",
                unit: "percentunit",
                "Share of the time in which at least one producer waited for a place."
            )
            .query(Self.rate("penstock_producers_held_seconds_total", Self.pool, by: "pool"), "{{pool}}").upTo(1),
            DashboardPanel(
                "End-to-end latency",
                unit: "s",
                "From the arrival of an event, as it was meant to come, to its fate."
            )
            .query(Self.quantile("0.50", "penstock_event_latency_seconds", Self.pipeline), "P50")
            .query(Self.quantile("0.95", "penstock_event_latency_seconds", Self.pipeline), "P95")
            .query(Self.quantile("0.99", "penstock_event_latency_seconds", Self.pipeline), "P99"),
            DashboardPanel(
                "Latency by time",
                .heatmap,
                unit: "s",
                "The whole distribution: two modes are not averaged into one."
            )
            .query(
                "sum by (le) (increase(penstock_event_latency_seconds_bucket{\(Self.pipeline)}[$__rate_interval]))",
                "{{le}}"
            ),
        ]
    }

    private static var budget: [DashboardPanel] {
        [
            DashboardPanel(
                "Where the workers' time goes",
                unit: "short",
                "Workers busy, blocked by whoever takes results, and idle. They add up to all workers."
            )
            .query(Self.rate("penstock_worker_seconds_total", Self.pool, by: "state"), "{{state}}").stacked(),
            DashboardPanel(
                "Blocked by sink",
                unit: "short",
                "How many workers wait for a place in each sink's queue, on average."
            )
            .query(
                Self.rate("penstock_sink_workers_waited_seconds_total", Self.pipeline, by: "pipeline, sink"),
                "{{pipeline}} to {{sink}}"
            ).stacked(),
            DashboardPanel(
                "Workers, threads and leases",
                unit: "short",
                "What lives: a line that only grows is a leak."
            )
            .query("sum by (pool) (penstock_workers{\(Self.pool)})", "{{pool}} workers")
            .query("sum by (pool) (penstock_pool_threads{\(Self.pool)})", "{{pool}} threads")
            .query("sum(penstock_leases{\(Self.pool)}) or vector(0)", "leases"),
        ]
    }

    private static var events: [DashboardPanel] {
        [
            DashboardPanel("In", unit: "cps", "Events that sources hand over.")
                .query(
                    Self.rate("penstock_source_events_total", Self.pipeline, by: "pipeline, source"),
                    "{{pipeline}} from {{source}}"
                ),
            DashboardPanel("Fates", unit: "cps", "What becomes of accepted events. In minus fates is what piles up.")
                .query(Self.rate("penstock_events_delivered_total", Self.pipeline), "delivered")
                .query(Self.rate("penstock_events_filtered_total", Self.pipeline), "filtered")
                .query(Self.rate("penstock_events_aggregated_total", Self.pipeline), "aggregated")
                .query(Self.rate("penstock_events_dead_lettered_total", Self.pipeline), "dead letters")
                .query(Self.rate("penstock_events_dropped_total", Self.pipeline) + " or vector(0)", "dropped"),
            DashboardPanel("Bytes in", unit: "Bps", "Bytes of events that sources hand over.")
                .query(
                    Self.rate("penstock_source_bytes_total", Self.pipeline, by: "pipeline, source"),
                    "{{pipeline}} from {{source}}"
                ),
            DashboardPanel(
                "Durable queue",
                unit: "percentunit",
                "How full it is, and 100 % for one that cannot write; 0 where there is none."
            )
            .query(
                "max by (pipeline) (penstock_queue_stored_bytes{\(Self.pipeline)} / penstock_queue_stored_capacity_bytes{\(Self.pipeline)})"
                    + " or vector(0)",
                "{{pipeline}} kept"
            )
            .query(
                "max by (pipeline) (penstock_queue_store_failing{\(Self.pipeline)}) or vector(0)",
                "{{pipeline}} cannot write"
            ).warns(from: 0.9, "red").upTo(1),
        ]
    }

    private static var sinks: [DashboardPanel] {
        [
            DashboardPanel("Delivered", unit: "cps", "Events and rows that each sink has written whole.")
                .query(
                    Self.rate("penstock_sink_delivered_total", Self.pipeline, by: "pipeline, sink"),
                    "{{pipeline}} to {{sink}}"
                ),
            DashboardPanel(
                "Sink queues",
                unit: "percentunit",
                "How full each sink's queue is. At 100 % its workers wait, or its events are refused."
            )
            .query(
                "max by (pipeline, sink) (penstock_sink_queue_utilization_ratio{\(Self.pipeline)})",
                "{{pipeline}} to {{sink}}"
            ).warns(from: 0.9, "red").upTo(1),
            DashboardPanel(
                "Write time",
                unit: "s",
                "P99 of writing a batch, failed attempts among them; 0 while nothing is written."
            )
            .query(
                Self.quantile("0.99", "penstock_sink_write_seconds", Self.pipeline, by: "sink") + " >= 0 or vector(0)",
                "{{sink}}"
            ),
        ]
    }

    private static var losses: [DashboardPanel] {
        [
            DashboardPanel(
                "Dead letters and drops",
                unit: "cps",
                "Events that no sink has taken, by reason. Dead letters can be replayed, drops are gone."
            )
            .query(
                Self.rate("penstock_events_dead_lettered_total", Self.pipeline, by: "pipeline"),
                "{{pipeline}} dead letters"
            )
            .query(
                Self.rate("penstock_events_dropped_total", Self.pipeline, by: "reason") + " or vector(0)",
                "dropped {{reason}}"
            ),
            DashboardPanel(
                "Refused and shed",
                unit: "cps",
                "Jobs that found no place, and accepted jobs that were dropped before they began."
            )
            .query(
                Self.rate("penstock_jobs_rejected_total", Self.pool, by: "reason") + " or vector(0)",
                "refused {{reason}}"
            )
            .query(Self.rate("penstock_jobs_shed_total", Self.pool, by: "reason") + " or vector(0)", "shed {{reason}}"),
            DashboardPanel(
                "Failures and retries",
                unit: "cps",
                "Writes that failed, writes and jobs that were tried again, and jobs that do not end."
            )
            .query(Self.rate("penstock_sink_failures_total", Self.pipeline, by: "sink"), "{{sink}} failed")
            .query(Self.rate("penstock_sink_retries_total", Self.pipeline, by: "sink"), "{{sink}} again")
            .query(Self.rate("penstock_job_retries_total", Self.pool, by: "pool"), "{{pool}} again")
            .query("sum by (pool) (penstock_jobs_stuck{\(Self.pool)})", "{{pool}} stuck"),
        ]
    }

    private static var process: [DashboardPanel] {
        [
            DashboardPanel("CPU", unit: "short", "Cores that the process uses.")
                .query("rate(process_cpu_seconds_total{\(Self.instance)}[$__rate_interval])", "{{instance}}"),
            DashboardPanel("Resident memory", unit: "bytes", "Memory that the process holds.")
                .query("process_resident_memory_bytes{\(Self.instance)}", "{{instance}}"),
            DashboardPanel(
                "File descriptors and threads",
                unit: "short",
                "What the process has open, the limit, and its threads."
            )
            .query("process_open_fds{\(Self.instance)}", "{{instance}} open")
            .query("process_max_fds{\(Self.instance)}", "{{instance}} limit")
            .query("process_threads{\(Self.instance)}", "{{instance}} threads"),
            DashboardPanel(
                "What lives",
                unit: "short",
                "Workers, threads, tasks, jobs and leases. One that only grows is a leak: /objects says which."
            )
            .query("sum by (instance, kind) (penstock_live_objects{\(Self.instance)})", "{{instance}} {{kind}}"),
            DashboardPanel("Uptime", .stat, unit: "s", "Since the process started.")
                .query("time() - process_start_time_seconds{\(Self.instance)}", "{{instance}}"),
        ]
    }
}
