//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Families of pipelines and of their sources and sinks.
extension MetricFamily {
    // MARK: - Pipelines

    static let eventsOffered = MetricFamily(
        "penstock_events_offered_total",
        .counter,
        labels: ["pipeline"],
        help: "Events handed to the queue, whatever it said."
    )
    static let eventsAccepted = MetricFamily(
        "penstock_events_accepted_total",
        .counter,
        labels: ["pipeline"],
        help: "Events the queue took."
    )
    static let eventsRejected = MetricFamily(
        "penstock_events_rejected_total",
        .counter,
        labels: ["pipeline", "reason"],
        help: "Events the queue refused, by reason."
    )
    static let eventsDelivered = MetricFamily(
        "penstock_events_delivered_total",
        .counter,
        labels: ["pipeline"],
        help: "Events that reached every sink they were routed to."
    )
    static let eventsFiltered = MetricFamily(
        "penstock_events_filtered_total",
        .counter,
        labels: ["pipeline"],
        help: "Events that a filter ended."
    )
    static let eventsAggregated = MetricFamily(
        "penstock_events_aggregated_total",
        .counter,
        labels: ["pipeline"],
        help: "Events that went into an aggregate."
    )
    static let eventsDeadLettered = MetricFamily(
        "penstock_events_dead_lettered_total",
        .counter,
        labels: ["pipeline"],
        help: "Events written to the dead-letter sink."
    )
    static let eventsDropped = MetricFamily(
        "penstock_events_dropped_total",
        .counter,
        labels: ["pipeline", "reason"],
        help: "Events that were lost, by reason."
    )
    static let eventsRecovered = MetricFamily(
        "penstock_events_recovered_total",
        .counter,
        labels: ["pipeline"],
        help: "Events that a former run left in the durable queue; offered and accepted again."
    )
    static let eventsWaiting = MetricFamily(
        "penstock_events_waiting",
        .gauge,
        labels: ["pipeline"],
        help: "Events that sources hold until the queue has a place."
    )
    static let eventsInFlight = MetricFamily(
        "penstock_events_in_flight",
        .gauge,
        labels: ["pipeline"],
        help: "Events accepted and without a fate yet."
    )
    static let eventsStored = MetricFamily(
        "penstock_events_stored",
        .gauge,
        labels: ["pipeline"],
        help: "Events left safe in the durable queue at the end of a run."
    )
    static let eventLatency = MetricFamily(
        "penstock_event_latency_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pipeline"],
        help: "From the arrival of an event to its fate."
    )
    static let pipelineBalanced = MetricFamily(
        "penstock_pipeline_balanced",
        .gauge,
        labels: ["pipeline"],
        help: "1 while every equation of the pipeline's ledgers holds, 0 otherwise."
    )
    static let pipelinePhase = MetricFamily(
        "penstock_pipeline_phase",
        .gauge,
        labels: ["pipeline", "phase"],
        help: "1 for the phase that the run is in: starting, running, paused, stopping, draining, ended."
    )
    static let pipelineUptime = MetricFamily(
        "penstock_pipeline_uptime_seconds",
        .gauge,
        unit: "seconds",
        labels: ["pipeline"],
        help: "Since the run began."
    )
    static let queueBytes = MetricFamily(
        "penstock_queue_bytes",
        .gauge,
        unit: "bytes",
        labels: ["pipeline"],
        help: "Bytes of events that wait for a worker."
    )
    static let queueBytesMax = MetricFamily(
        "penstock_queue_capacity_bytes",
        .gauge,
        unit: "bytes",
        labels: ["pipeline"],
        help: "The most bytes of events that may wait for a worker."
    )
    static let queueStored = MetricFamily(
        "penstock_queue_stored_events",
        .gauge,
        labels: ["pipeline"],
        help: "Events that the durable queue keeps, those of former runs among them."
    )
    static let queueStoredBytes = MetricFamily(
        "penstock_queue_stored_bytes",
        .gauge,
        unit: "bytes",
        labels: ["pipeline"],
        help: "Bytes of events that the durable queue keeps, as they count towards its limit."
    )
    static let queueStoredBytesMax = MetricFamily(
        "penstock_queue_stored_capacity_bytes",
        .gauge,
        unit: "bytes",
        labels: ["pipeline"],
        help: "The most bytes of events that the durable queue may keep."
    )
    static let queueStoredOldestAge = MetricFamily(
        "penstock_queue_stored_oldest_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["pipeline"],
        help: "How long the oldest event in the durable queue has been kept; of a former run's, since this one began."
    )
    static let queueStoreFull = MetricFamily(
        "penstock_queue_store_full",
        .gauge,
        labels: ["pipeline"],
        help: "1 while the durable queue has no room for what comes, 0 otherwise."
    )
    static let queueStoreFailing = MetricFamily(
        "penstock_queue_store_failing",
        .gauge,
        labels: ["pipeline"],
        help: "1 while the durable queue cannot write, 0 otherwise."
    )
    static let sourceEvents = MetricFamily(
        "penstock_source_events_total",
        .counter,
        labels: ["pipeline", "source"],
        help: "Events that a source has handed over."
    )
    static let sourceBytes = MetricFamily(
        "penstock_source_bytes_total",
        .counter,
        unit: "bytes",
        labels: ["pipeline", "source"],
        help: "Bytes of events that a source has handed over."
    )
    static let rowsEmitted = MetricFamily(
        "penstock_rows_emitted_total",
        .counter,
        labels: ["pipeline"],
        help: "Rows that closed windows have made."
    )
    static let rowsDelivered = MetricFamily(
        "penstock_rows_delivered_total",
        .counter,
        labels: ["pipeline"],
        help: "Rows that reached every sink."
    )
    static let rowsDeadLettered = MetricFamily(
        "penstock_rows_dead_lettered_total",
        .counter,
        labels: ["pipeline"],
        help: "Rows that a sink refused one by one."
    )
    static let rowsDropped = MetricFamily(
        "penstock_rows_dropped_total",
        .counter,
        labels: ["pipeline", "reason"],
        help: "Rows that were lost, by reason."
    )
    static let rowsInFlight = MetricFamily(
        "penstock_rows_in_flight",
        .gauge,
        labels: ["pipeline"],
        help: "Rows emitted and without a fate yet."
    )

    // MARK: - Sinks

    static let sinkRouted = MetricFamily(
        "penstock_sink_routed_total",
        .counter,
        labels: ["pipeline", "sink"],
        help: "Events and rows that were to be written."
    )
    static let sinkDelivered = MetricFamily(
        "penstock_sink_delivered_total",
        .counter,
        labels: ["pipeline", "sink"],
        help: "Events and rows written whole."
    )
    static let sinkDeadLettered = MetricFamily(
        "penstock_sink_dead_lettered_total",
        .counter,
        labels: ["pipeline", "sink"],
        help: "Events and rows that the sink refused one by one."
    )
    static let sinkDropped = MetricFamily(
        "penstock_sink_dropped_total",
        .counter,
        labels: ["pipeline", "sink", "reason"],
        help: "Events and rows that were lost on their way to the sink, by reason."
    )
    static let sinkInFlight = MetricFamily(
        "penstock_sink_in_flight",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "Events and rows routed to the sink and without a fate there."
    )
    static let sinkStored = MetricFamily(
        "penstock_sink_stored",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "Events that the sink has not taken, left safe in the durable queue at the end of a run."
    )
    static let sinkQueueDepth = MetricFamily(
        "penstock_sink_queue_depth",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "Events in the sink's queue, those being written among them."
    )
    static let sinkQueueCapacity = MetricFamily(
        "penstock_sink_queue_capacity",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "The most events there may be in the sink's queue."
    )
    static let sinkQueueBytes = MetricFamily(
        "penstock_sink_queue_bytes",
        .gauge,
        unit: "bytes",
        labels: ["pipeline", "sink"],
        help: "Bytes of events in the sink's queue."
    )
    static let sinkQueueBytesMax = MetricFamily(
        "penstock_sink_queue_capacity_bytes",
        .gauge,
        unit: "bytes",
        labels: ["pipeline", "sink"],
        help: "The most bytes of events there may be in the sink's queue."
    )
    static let sinkQueueUtilization = MetricFamily(
        "penstock_sink_queue_utilization_ratio",
        .gauge,
        unit: "ratio",
        labels: ["pipeline", "sink"],
        help: "How full the sink's queue is, 0 to 1: of events or of bytes, whichever is more."
    )
    static let sinkOldestAge = MetricFamily(
        "penstock_sink_oldest_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["pipeline", "sink"],
        help: "How long the oldest event in the sink's queue has waited to be written."
    )
    static let sinkWorkersWaiting = MetricFamily(
        "penstock_sink_workers_waiting",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "Workers that wait for a place in the sink's queue."
    )
    static let sinkWorkersWaited = MetricFamily(
        "penstock_sink_workers_waited_seconds_total",
        .counter,
        unit: "seconds",
        labels: ["pipeline", "sink"],
        help: "How long workers have waited for a place in the sink's queue, all together."
    )
    static let sinkWriters = MetricFamily(
        "penstock_sink_writers",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "The most writes that may run at a time."
    )
    static let sinkWriting = MetricFamily(
        "penstock_sink_writing",
        .gauge,
        labels: ["pipeline", "sink"],
        help: "Writes that run."
    )
    static let sinkWrites = MetricFamily(
        "penstock_sink_write_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pipeline", "sink"],
        help: "How long writes of batches took, those that failed among them."
    )
    static let sinkFailures = MetricFamily(
        "penstock_sink_failures_total",
        .counter,
        labels: ["pipeline", "sink"],
        help: "Writes that failed, whether they were tried again or given up."
    )
    static let sinkRetries = MetricFamily(
        "penstock_sink_retries_total",
        .counter,
        labels: ["pipeline", "sink"],
        help: "Writes that were tried again."
    )
}
