//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Families of resource pools, of the process, and of the registry itself.
extension MetricFamily {
    // MARK: - Resources

    static let leases = MetricFamily(
        "penstock_leases",
        .gauge,
        labels: ["pool"],
        help: "Resources that are leased now."
    )
    static let leasesOverdue = MetricFamily(
        "penstock_leases_overdue",
        .gauge,
        labels: ["pool"],
        help: "Leases that have lasted longer than their pool finds right."
    )
    static let leaseOldestAge = MetricFamily(
        "penstock_lease_oldest_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["pool"],
        help: "How long the oldest lease has lasted."
    )
    static let leaseWaiters = MetricFamily(
        "penstock_lease_waiters",
        .gauge,
        labels: ["pool"],
        help: "Callers that wait for a lease."
    )
    static let leaseRequests = MetricFamily(
        "penstock_lease_requests_total",
        .counter,
        labels: ["pool"],
        help: "Leases that were asked for."
    )
    static let leaseOutcomes = MetricFamily(
        "penstock_lease_outcomes_total",
        .counter,
        labels: ["pool", "outcome"],
        help: "Requests for a lease that have ended, by how: served, timed_out, cancelled, refused, failed."
    )
    static let leasesReturned = MetricFamily(
        "penstock_leases_returned_total",
        .counter,
        labels: ["pool"],
        help: "Leases that have ended."
    )
    static let leaseWait = MetricFamily(
        "penstock_lease_wait_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pool"],
        help: "How long served requests waited for a resource."
    )
    static let leaseDuration = MetricFamily(
        "penstock_lease_duration_seconds",
        .histogram,
        unit: "seconds",
        labels: ["pool"],
        help: "How long ended leases lasted."
    )
    static let resources = MetricFamily(
        "penstock_resources",
        .gauge,
        labels: ["pool", "state"],
        help: "Resources by where they are: idle, leased, checking, creating, destroying, adrift."
    )
    static let resourcesMax = MetricFamily(
        "penstock_resources_limit",
        .gauge,
        labels: ["pool"],
        help: "The most resources there may be."
    )
    static let resourcesCreated = MetricFamily(
        "penstock_resources_created_total",
        .counter,
        labels: ["pool"],
        help: "Creations that have succeeded."
    )
    static let resourcesDestroyed = MetricFamily(
        "penstock_resources_destroyed_total",
        .counter,
        labels: ["pool"],
        help: "Destructions that have ended."
    )
    static let resourceCreations = MetricFamily(
        "penstock_resource_creations_total",
        .counter,
        labels: ["pool"],
        help: "Creations that were begun."
    )
    static let resourceCreationsFailed = MetricFamily(
        "penstock_resource_creations_failed_total",
        .counter,
        labels: ["pool"],
        help: "Creations that have failed."
    )
    static let resourceChecksFailed = MetricFamily(
        "penstock_resource_checks_failed_total",
        .counter,
        labels: ["pool"],
        help: "Checks that said no, or took too long."
    )
    static let resourcesBalanced = MetricFamily(
        "penstock_resources_balanced",
        .gauge,
        labels: ["pool"],
        help: "1 while all equations of the resource pool hold, 0 otherwise."
    )

    // MARK: - What lives

    static let liveObjects = MetricFamily(
        "penstock_live_objects",
        .gauge,
        labels: ["kind"],
        help: "What lives in all that is watched: workers, threads, tasks, jobs, abandoned_jobs, leases. A leak grows."
    )

    // MARK: - The registry

    static let series = MetricFamily(
        "penstock_metrics_series",
        .gauge,
        help: "Series of this scrape; a histogram counts as one."
    )
    static let seriesMax = MetricFamily(
        "penstock_metrics_series_limit",
        .gauge,
        help: "The most series there may be."
    )
    static let seriesRejected = MetricFamily(
        "penstock_metrics_series_rejected_total",
        .counter,
        labels: ["reason"],
        help: "Series left out of a scrape or not registered, each time: limit, conflict, duplicate."
    )

    // MARK: - The process

    static let buildInfo = MetricFamily(
        "penstock_build_info",
        .info,
        labels: ["version", "swift"],
        help: "The version of the program, and of the Swift that it was built with."
    )
    static let processCPU = MetricFamily(
        "process_cpu_seconds_total",
        .counter,
        unit: "seconds",
        help: "Processor time of the process, in the program and in the kernel."
    )
    static let processResidentMemory = MetricFamily(
        "process_resident_memory_bytes",
        .gauge,
        unit: "bytes",
        help: "Memory of the process that is in RAM."
    )
    static let processVirtualMemory = MetricFamily(
        "process_virtual_memory_bytes",
        .gauge,
        unit: "bytes",
        help: "Addresses that the process has mapped."
    )
    static let processOpenFiles = MetricFamily(
        "process_open_fds",
        .gauge,
        help: "Open file descriptors."
    )
    static let processOpenFilesMax = MetricFamily(
        "process_max_fds",
        .gauge,
        help: "The most file descriptors that may be open."
    )
    static let processStartTime = MetricFamily(
        "process_start_time_seconds",
        .gauge,
        unit: "seconds",
        help: "When the process began, since 1970."
    )
    static let processThreads = MetricFamily(
        "process_threads",
        .gauge,
        help: "Threads of the process."
    )
}
