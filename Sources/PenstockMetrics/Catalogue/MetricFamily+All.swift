//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension MetricFamily {
    /// Every family that Penstock exports: those of pools, pipelines, sinks, resources, of the registry and the process.
    public static let all: [MetricFamily] = [
        .jobsProcessed, .jobDuration, .jobsOffered, .jobsAccepted, .jobsRejected, .jobsShed, .jobsWaiting,
        .jobsInFlight, .jobsStuck, .jobRetries, .poolBalanced, .poolPaused, .poolSteals, .poolThreads, .queueDepth,
        .queueCapacity, .queueUtilization, .queueOldestAge, .queueWait, .downstreamWait, .producersHeld, .workers,
        .workerTime,
        .eventsOffered, .eventsAccepted, .eventsRejected, .eventsDelivered, .eventsFiltered, .eventsAggregated,
        .eventsDeadLettered, .eventsDropped, .eventsRecovered, .eventsWaiting, .eventsInFlight, .eventsStored,
        .eventLatency, .pipelineBalanced, .pipelinePhase, .pipelineUptime, .queueBytes, .queueBytesMax,
        .queueStored, .queueStoredBytes, .queueStoredBytesMax, .queueStoredOldestAge, .queueStoreFull,
        .queueStoreFailing,
        .sourceEvents, .sourceBytes, .rowsEmitted, .rowsDelivered, .rowsDeadLettered, .rowsDropped,
        .rowsInFlight, .sinkRouted, .sinkDelivered, .sinkDeadLettered, .sinkDropped, .sinkInFlight, .sinkStored,
        .sinkQueueDepth,
        .sinkQueueCapacity, .sinkQueueBytes, .sinkQueueBytesMax, .sinkQueueUtilization, .sinkOldestAge,
        .sinkWorkersWaiting,
        .sinkWorkersWaited, .sinkWriters, .sinkWriting, .sinkWrites, .sinkFailures, .sinkRetries, .leases,
        .leasesOverdue, .leaseOldestAge, .leaseWaiters, .leaseRequests, .leaseOutcomes, .leasesReturned, .leaseWait,
        .leaseDuration, .resources, .resourcesMax, .resourcesCreated, .resourcesDestroyed, .resourceCreations,
        .resourceCreationsFailed, .resourceChecksFailed, .resourcesBalanced, .liveObjects, .series, .seriesMax,
        .seriesRejected, .buildInfo, .processCPU, .processResidentMemory, .processVirtualMemory, .processOpenFiles,
        .processOpenFilesMax, .processStartTime, .processThreads,
    ]
}
