//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Every family of metrics that Penstock exports.
///
/// Two keep the names of the service that Penstock began with: ``jobsProcessed`` and ``jobDuration``. All others begin
/// with `penstock_`, but for those of the process, which are named as Prometheus's own clients name them.
extension MetricFamily {
    // MARK: - Pools

    static let jobsProcessed = MetricFamily(
        "jobs_processed_total", .counter, labels: ["pool", "outcome"],
        help: "Accepted jobs that have ended, by how: done, failed, cancelled, expired, shed, returned, abandoned."
    )
    static let jobDuration = MetricFamily(
        "job_processing_duration_seconds", .histogram, unit: "seconds", labels: ["pool"],
        help: "How long handlers ran: the first job of each batch, or every job if the pool times them all."
    )
    static let jobsOffered = MetricFamily(
        "penstock_jobs_offered_total", .counter, labels: ["pool"],
        help: "Jobs given to a submitting call."
    )
    static let jobsAccepted = MetricFamily(
        "penstock_jobs_accepted_total", .counter, labels: ["pool"],
        help: "Jobs taken into the queue."
    )
    static let jobsRejected = MetricFamily(
        "penstock_jobs_rejected_total", .counter, labels: ["pool", "reason"],
        help: "Jobs offered and not accepted: full, closed, cancelled, too_large, nested, blocking_in_task."
    )
    static let jobsShed = MetricFamily(
        "penstock_jobs_shed_total", .counter, labels: ["pool", "reason"],
        help: "Accepted jobs dropped before they began: newest, oldest, lowest, overload."
    )
    static let jobsWaiting = MetricFamily(
        "penstock_jobs_waiting", .gauge, labels: ["pool"],
        help: "Jobs in the hands of producers that wait for a place."
    )
    static let jobsInFlight = MetricFamily(
        "penstock_jobs_in_flight", .gauge, labels: ["pool"],
        help: "Jobs taken by a worker and not ended."
    )
    static let jobsStuck = MetricFamily(
        "penstock_jobs_stuck", .gauge, labels: ["pool"],
        help: "Jobs that run for longer than their pool finds right."
    )
    static let jobRetries = MetricFamily(
        "penstock_job_retries_total", .counter, labels: ["pool"],
        help: "Failed jobs put back for another attempt."
    )
    static let poolBalanced = MetricFamily(
        "penstock_pool_balanced", .gauge, labels: ["pool"],
        help: "1 while both equations of the pool's ledger hold, 0 otherwise."
    )
    static let poolPaused = MetricFamily(
        "penstock_pool_paused", .gauge, labels: ["pool"],
        help: "1 while workers take no jobs because of a pause."
    )
    static let poolSteals = MetricFamily(
        "penstock_pool_steals_total", .counter, labels: ["pool"],
        help: "Times an idle worker took over jobs that another had not begun."
    )
    static let poolThreads = MetricFamily(
        "penstock_pool_threads", .gauge, labels: ["pool"],
        help: "Threads of the pool's own that live."
    )
    static let queueDepth = MetricFamily(
        "penstock_queue_depth", .gauge, labels: ["pool"],
        help: "Jobs that wait for a worker."
    )
    static let queueCapacity = MetricFamily(
        "penstock_queue_capacity", .gauge, labels: ["pool"],
        help: "The most jobs that may wait for a worker."
    )
    static let queueOldestAge = MetricFamily(
        "penstock_queue_oldest_age_seconds", .gauge, unit: "seconds", labels: ["pool"],
        help: "How long the oldest queued job has waited."
    )
    static let queueWait = MetricFamily(
        "penstock_queue_wait_seconds", .histogram, unit: "seconds", labels: ["pool"],
        help: "How long jobs waited for a worker: the first of each batch, or every job if the pool times them all."
    )
    static let downstreamWait = MetricFamily(
        "penstock_downstream_wait_seconds", .histogram, unit: "seconds", labels: ["pool"],
        help: "How long a batch's results waited for a place with whoever reads them, for batches that had to."
    )
    static let producersHeld = MetricFamily(
        "penstock_producers_held_seconds_total", .counter, unit: "seconds", labels: ["pool"],
        help: "Time in which at least one producer waited for a place."
    )
    static let workers = MetricFamily(
        "penstock_workers", .gauge, labels: ["pool", "state"],
        help: "Workers by what they do: busy, blocked (downstream), idle."
    )
    static let workerTime = MetricFamily(
        "penstock_worker_seconds_total", .counter, unit: "seconds", labels: ["pool", "state"],
        help: "Where the workers' time went: busy, blocked (downstream), idle; together workers times time."
    )

    // MARK: - Pipelines

    static let eventsOffered = MetricFamily(
        "penstock_events_offered_total", .counter, labels: ["pipeline"],
        help: "Events handed to the queue, whatever it said."
    )
    static let eventsAccepted = MetricFamily(
        "penstock_events_accepted_total", .counter, labels: ["pipeline"],
        help: "Events the queue took."
    )
    static let eventsRejected = MetricFamily(
        "penstock_events_rejected_total", .counter, labels: ["pipeline"],
        help: "Events the queue refused."
    )
    static let eventsDelivered = MetricFamily(
        "penstock_events_delivered_total", .counter, labels: ["pipeline"],
        help: "Events that reached every sink they were routed to."
    )
    static let eventsFiltered = MetricFamily(
        "penstock_events_filtered_total", .counter, labels: ["pipeline"],
        help: "Events that a filter ended."
    )
    static let eventsAggregated = MetricFamily(
        "penstock_events_aggregated_total", .counter, labels: ["pipeline"],
        help: "Events that went into an aggregate."
    )
    static let eventsDeadLettered = MetricFamily(
        "penstock_events_dead_lettered_total", .counter, labels: ["pipeline"],
        help: "Events written to the dead-letter sink."
    )
    static let eventsDropped = MetricFamily(
        "penstock_events_dropped_total", .counter, labels: ["pipeline", "reason"],
        help: "Events that were lost, by reason."
    )
    static let eventsRecovered = MetricFamily(
        "penstock_events_recovered_total", .counter, labels: ["pipeline"],
        help: "Events that a former run left in the durable queue; offered and accepted again."
    )
    static let eventsWaiting = MetricFamily(
        "penstock_events_waiting", .gauge, labels: ["pipeline"],
        help: "Events that sources hold until the queue has a place."
    )
    static let eventsInFlight = MetricFamily(
        "penstock_events_in_flight", .gauge, labels: ["pipeline"],
        help: "Events accepted and without a fate yet."
    )
    static let eventsStored = MetricFamily(
        "penstock_events_stored", .gauge, labels: ["pipeline"],
        help: "Events left safe in the durable queue at the end of a run."
    )
    static let eventLatency = MetricFamily(
        "penstock_event_latency_seconds", .histogram, unit: "seconds", labels: ["pipeline"],
        help: "From the arrival of an event to its fate."
    )
    static let pipelineBalanced = MetricFamily(
        "penstock_pipeline_balanced", .gauge, labels: ["pipeline"],
        help: "1 while every equation of the pipeline's ledgers holds, 0 otherwise."
    )
    static let pipelinePhase = MetricFamily(
        "penstock_pipeline_phase", .gauge, labels: ["pipeline", "phase"],
        help: "1 for the phase that the run is in: starting, running, paused, draining, ended."
    )
    static let pipelineUptime = MetricFamily(
        "penstock_pipeline_uptime_seconds", .gauge, unit: "seconds", labels: ["pipeline"],
        help: "Since the run began."
    )
    static let queueBytes = MetricFamily(
        "penstock_queue_bytes", .gauge, unit: "bytes", labels: ["pipeline"],
        help: "Bytes of events that wait for a worker."
    )
    static let queueBytesMax = MetricFamily(
        "penstock_queue_capacity_bytes", .gauge, unit: "bytes", labels: ["pipeline"],
        help: "The most bytes of events that may wait for a worker."
    )
    static let sourceEvents = MetricFamily(
        "penstock_source_events_total", .counter, labels: ["pipeline", "source"],
        help: "Events that a source has handed over."
    )
    static let sourceBytes = MetricFamily(
        "penstock_source_bytes_total", .counter, unit: "bytes", labels: ["pipeline", "source"],
        help: "Bytes of events that a source has handed over."
    )
    static let rowsEmitted = MetricFamily(
        "penstock_rows_emitted_total", .counter, labels: ["pipeline"],
        help: "Rows that closed windows have made."
    )
    static let rowsDelivered = MetricFamily(
        "penstock_rows_delivered_total", .counter, labels: ["pipeline"],
        help: "Rows that reached every sink."
    )

    // MARK: - Sinks

    static let sinkRouted = MetricFamily(
        "penstock_sink_routed_total", .counter, labels: ["pipeline", "sink"],
        help: "Events and rows that were to be written."
    )
    static let sinkDelivered = MetricFamily(
        "penstock_sink_delivered_total", .counter, labels: ["pipeline", "sink"],
        help: "Events and rows written whole."
    )
    static let sinkDeadLettered = MetricFamily(
        "penstock_sink_dead_lettered_total", .counter, labels: ["pipeline", "sink"],
        help: "Events and rows that the sink refused one by one."
    )
    static let sinkDropped = MetricFamily(
        "penstock_sink_dropped_total", .counter, labels: ["pipeline", "sink", "reason"],
        help: "Events and rows that were lost on their way to the sink, by reason."
    )
    static let sinkInFlight = MetricFamily(
        "penstock_sink_in_flight", .gauge, labels: ["pipeline", "sink"],
        help: "Events and rows routed to the sink and without a fate there."
    )
    static let sinkQueueDepth = MetricFamily(
        "penstock_sink_queue_depth", .gauge, labels: ["pipeline", "sink"],
        help: "Events in the sink's queue, those being written among them."
    )
    static let sinkQueueCapacity = MetricFamily(
        "penstock_sink_queue_capacity", .gauge, labels: ["pipeline", "sink"],
        help: "The most events there may be in the sink's queue."
    )
    static let sinkOldestAge = MetricFamily(
        "penstock_sink_oldest_age_seconds", .gauge, unit: "seconds", labels: ["pipeline", "sink"],
        help: "How long the oldest event in the sink's queue has waited to be written."
    )
    static let sinkWorkersWaiting = MetricFamily(
        "penstock_sink_workers_waiting", .gauge, labels: ["pipeline", "sink"],
        help: "Workers that wait for a place in the sink's queue."
    )
    static let sinkWorkersWaited = MetricFamily(
        "penstock_sink_workers_waited_seconds_total", .counter, unit: "seconds", labels: ["pipeline", "sink"],
        help: "How long workers have waited for a place in the sink's queue, all together."
    )
    static let sinkWrites = MetricFamily(
        "penstock_sink_write_seconds", .histogram, unit: "seconds", labels: ["pipeline", "sink"],
        help: "How long writes of batches took, those that failed among them."
    )
    static let sinkFailures = MetricFamily(
        "penstock_sink_failures_total", .counter, labels: ["pipeline", "sink"],
        help: "Writes that failed, whether they were tried again or given up."
    )
    static let sinkRetries = MetricFamily(
        "penstock_sink_retries_total", .counter, labels: ["pipeline", "sink"],
        help: "Writes that were tried again."
    )

    // MARK: - Resources

    static let leases = MetricFamily(
        "penstock_leases", .gauge, labels: ["pool"],
        help: "Resources that are leased now."
    )
    static let leasesOverdue = MetricFamily(
        "penstock_leases_overdue", .gauge, labels: ["pool"],
        help: "Leases that have lasted longer than their pool finds right."
    )
    static let resources = MetricFamily(
        "penstock_resources", .gauge, labels: ["pool"],
        help: "Resources that exist, leased or idle."
    )
    static let resourcesMax = MetricFamily(
        "penstock_resources_limit", .gauge, labels: ["pool"],
        help: "The most resources there may be."
    )
    static let leaseWaiters = MetricFamily(
        "penstock_lease_waiters", .gauge, labels: ["pool"],
        help: "Callers that wait for a lease."
    )
}
