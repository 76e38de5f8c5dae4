//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What is worth an alert.
extension AlertRules {
    /// The rules of this version.
    ///
    /// The burn rates are those of the Site Reliability Workbook, chapter 5: of an objective of 99.9 % of events delivered
    /// in 30 days, 14.4 times the budget's rate uses up 2 % of it in an hour, and 6 times uses up 5 % in six hours.
    static let current = AlertRules(
        recordings: Self.recorded,
        alerts: Self.process + Self.queues + Self.sinks + Self.losses
    )

    private static let lost = "pipeline:penstock_events_lost:ratio"

    private static var recorded: [RecordingRule] {
        let windows = ["5m", "30m", "1h", "6h"]
        return [
            RecordingRule(
                name: "pipeline:penstock_events_accepted:rate5m",
                expression: "sum by (job, instance, pipeline) (rate(penstock_events_accepted_total[5m]))"
            ),
            RecordingRule(
                name: "pool:jobs_processed:rate5m",
                expression: "sum by (job, instance, pool) (rate(jobs_processed_total[5m]))"
            ),
            RecordingRule(
                name: "pool:job_processing_duration_seconds:p99_5m",
                expression:
                    "histogram_quantile(0.99, sum by (job, instance, pool, le) (rate(job_processing_duration_seconds_bucket[5m])))"
            ),
            RecordingRule(
                name: "pool:penstock_queue:utilization",
                expression: "max by (job, instance, pool) (penstock_queue_utilization_ratio)"
            ),
            RecordingRule(
                name: "pool:penstock_workers_blocked:ratio_rate5m",
                expression:
                    #"sum by (job, instance, pool) (rate(penstock_worker_seconds_total{state="blocked"}[5m]))"#
                    + " / sum by (job, instance, pool) (rate(penstock_worker_seconds_total[5m]))"
            ),
        ]
            + windows.map { window in
                RecordingRule(
                    name: "\(Self.lost)_rate\(window)",
                    expression:
                        "(sum by (job, instance, pipeline) (rate(penstock_events_dead_lettered_total[\(window)]))"
                        + " + (sum by (job, instance, pipeline) (rate(penstock_events_dropped_total[\(window)]))"
                        + " or 0 * sum by (job, instance, pipeline) (rate(penstock_events_accepted_total[\(window)]))))"
                        + " / clamp_min(sum by (job, instance, pipeline)"
                        + " (rate(penstock_events_accepted_total[\(window)])), 1e-9)"
                )
            }
    }

    private static var process: [AlertRule] {
        [
            AlertRule(
                name: "PenstockDown",
                severity: .critical,
                expression: #"up{job=~"penstock.*"} == 0"#,
                lasting: "2m",
                summary: "A Penstock process cannot be scraped.",
                description: "{{ $labels.instance }} has not answered for two minutes."
            ),
            AlertRule(
                name: "PenstockRestarted",
                severity: .warning,
                expression: #"changes(process_start_time_seconds{job=~"penstock.*"}[10m]) > 0"#,
                lasting: "",
                summary: "A Penstock process has restarted.",
                description: "{{ $labels.instance }} has started {{ $value }} times again within ten minutes."
            ),
            AlertRule(
                name: "PenstockLedgerUnbalanced",
                severity: .critical,
                expression: "min by (job, instance, pool) (penstock_pool_balanced) == 0"
                    + " or min by (job, instance, pipeline) (penstock_pipeline_balanced) == 0",
                lasting: "1m",
                summary: "A ledger does not balance: events may be lost in silence.",
                description:
                    "The ledger of {{ $labels.pool }}{{ $labels.pipeline }} on {{ $labels.instance }} does not balance."
            ),
            AlertRule(
                name: "PenstockFileDescriptors",
                severity: .warning,
                expression: #"process_open_fds{job=~"penstock.*"} / process_max_fds > 0.8"#,
                lasting: "5m",
                summary: "A Penstock process is about to run out of file descriptors.",
                description: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its file descriptors."
            ),
        ]
    }

    private static var queues: [AlertRule] {
        [
            AlertRule(
                name: "PenstockQueueFull",
                severity: .warning,
                expression: "pool:penstock_queue:utilization > 0.9",
                lasting: "5m",
                summary: "A queue has been over 90 % full for five minutes: producers are held.",
                description: "The queue of {{ $labels.pool }} is {{ $value | humanizePercentage }} full."
            ),
            AlertRule(
                name: "PenstockStoreFailing",
                severity: .critical,
                expression:
                    "max by (job, instance, pipeline) (max_over_time(penstock_queue_store_failing[1m])) == 1",
                lasting: "1m",
                summary: "A durable queue cannot write.",
                description: "The durable queue of {{ $labels.pipeline }} on {{ $labels.instance }} cannot write."
            ),
            AlertRule(
                name: "PenstockStoreFull",
                severity: .warning,
                expression: "max by (job, instance, pipeline) (max_over_time(penstock_queue_store_full[1m])) == 1",
                lasting: "5m",
                summary: "A durable queue has been full for five minutes.",
                description:
                    "The durable queue of {{ $labels.pipeline }} on {{ $labels.instance }} keeps as much as it may."
            ),
            AlertRule(
                name: "PenstockOldestTooOld",
                severity: .critical,
                expression: "max by (job, instance, pool) (penstock_queue_oldest_age_seconds) > 60",
                lasting: "1m",
                summary: "The oldest queued job has waited for over a minute.",
                description: "The oldest job of {{ $labels.pool }} has waited for {{ $value | humanizeDuration }}."
            ),
            AlertRule(
                name: "PenstockStalled",
                severity: .critical,
                expression: "pool:jobs_processed:rate5m == 0"
                    + " and sum by (job, instance, pool) (penstock_queue_depth) + sum by (job, instance, pool) (penstock_jobs_in_flight) > 0",
                lasting: "5m",
                summary: "There is work, and none gets done.",
                description: "{{ $labels.pool }} has jobs, and has ended none for five minutes."
            ),
            AlertRule(
                name: "PenstockJobsStuck",
                severity: .warning,
                expression: "max by (job, instance, pool) (penstock_jobs_stuck) > 0",
                lasting: "1m",
                summary: "Jobs run for longer than their pool finds right.",
                description: "{{ $value }} jobs of {{ $labels.pool }} do not end."
            ),
            AlertRule(
                name: "PenstockPaused",
                severity: .info,
                expression: "max by (job, instance, pool) (penstock_pool_paused) == 1",
                lasting: "15m",
                summary: "A pool has been paused for fifteen minutes.",
                description: "{{ $labels.pool }} takes no jobs because somebody has paused it."
            ),
        ]
    }

    private static var sinks: [AlertRule] {
        [
            AlertRule(
                name: "PenstockSinkDead",
                severity: .critical,
                expression: "sum by (job, instance, pipeline, sink) (rate(penstock_sink_failures_total[5m])) > 0"
                    + " and sum by (job, instance, pipeline, sink) (rate(penstock_sink_delivered_total[5m])) == 0",
                lasting: "1m",
                summary: "A sink fails, and has taken nothing for five minutes.",
                description:
                    "The sink {{ $labels.sink }} of {{ $labels.pipeline }} fails {{ $value | humanize }} times a second."
            ),
            AlertRule(
                name: "PenstockSinkStuck",
                severity: .critical,
                expression: "max by (job, instance, pipeline, sink) (penstock_sink_oldest_age_seconds) > 60",
                lasting: "1m",
                summary: "An event has waited for a sink for over a minute.",
                description:
                    "An event waits for the sink {{ $labels.sink }} of {{ $labels.pipeline }} for {{ $value | humanizeDuration }}."
            ),
            AlertRule(
                name: "PenstockWorkersBlocked",
                severity: .warning,
                expression: "pool:penstock_workers_blocked:ratio_rate5m > 0.8",
                lasting: "5m",
                summary: "Workers spend most of their time waiting for whoever takes results.",
                description:
                    "Workers of {{ $labels.pool }} wait {{ $value | humanizePercentage }} of their time for a sink."
            ),
        ]
    }

    private static var losses: [AlertRule] {
        let failed = #"jobs_processed_total{outcome=~"failed|expired|shed|abandoned"}"#
        return [
            AlertRule(
                name: "PenstockJobsFailing",
                severity: .critical,
                expression:
                    "sum by (job, instance, pool) (rate(\(failed)[5m])) / clamp_min(pool:jobs_processed:rate5m, 1e-9) > 0.05",
                lasting: "5m",
                summary: "More than 5 % of jobs fail.",
                description: "{{ $value | humanizePercentage }} of the jobs of {{ $labels.pool }} fail."
            ),
            AlertRule(
                name: "PenstockDeadLetters",
                severity: .warning,
                expression: "sum by (job, instance, pipeline) (rate(penstock_events_dead_lettered_total[5m])) > 0",
                lasting: "1m",
                summary: "Events become dead letters.",
                description: "{{ $labels.pipeline }} makes {{ $value | humanize }} dead letters a second."
            ),
            AlertRule(
                name: "PenstockEventsDropped",
                severity: .critical,
                expression: "sum by (job, instance, pipeline, reason) (rate(penstock_events_dropped_total[5m])) > 0",
                lasting: "1m",
                summary: "Events are lost.",
                description:
                    "{{ $labels.pipeline }} drops {{ $value | humanize }} events a second: {{ $labels.reason }}."
            ),
            AlertRule(
                name: "PenstockErrorBudgetFast",
                severity: .critical,
                expression: "\(Self.lost)_rate1h > 14.4 * 0.001 and \(Self.lost)_rate5m > 14.4 * 0.001",
                lasting: "2m",
                summary: "At this rate the month's error budget is gone in two days.",
                description:
                    "{{ $labels.pipeline }} loses {{ $value | humanizePercentage }} of its events; the objective is 0.1 %."
            ),
            AlertRule(
                name: "PenstockErrorBudgetSlow",
                severity: .warning,
                expression: "\(Self.lost)_rate6h > 6 * 0.001 and \(Self.lost)_rate30m > 6 * 0.001",
                lasting: "15m",
                summary: "At this rate the month's error budget is gone in five days.",
                description:
                    "{{ $labels.pipeline }} loses {{ $value | humanizePercentage }} of its events; the objective is 0.1 %."
            ),
        ]
    }
}
