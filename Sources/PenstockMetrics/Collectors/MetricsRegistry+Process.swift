//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension MetricsRegistry {
    /// Shows at each scrape what the process uses: processor time, memory, descriptors, threads.
    ///
    /// - Returns: What ends it: ``end(_:)``.
    @discardableResult
    public func watchProcess() -> MetricsWatch {
        self.collect { samples in
            let facts = ProcessFacts.current()
            if let seconds = facts.processorSeconds { samples.add(.processCPU, [], seconds) }
            if let bytes = facts.residentBytes { samples.add(.processResidentMemory, [], bytes) }
            if let bytes = facts.virtualBytes { samples.add(.processVirtualMemory, [], bytes) }
            if let count = facts.openFiles { samples.add(.processOpenFiles, [], count) }
            if let limit = facts.openFilesMax { samples.add(.processOpenFilesMax, [], limit) }
            if let time = facts.startTime { samples.add(.processStartTime, [], time) }
            if let count = facts.threads { samples.add(.processThreads, [], count) }
        }
    }

    /// Shows at each scrape which program this is: `penstock_build_info`.
    ///
    /// - Parameter version: The program's version.
    /// - Returns: What ends it: ``end(_:)``.
    @discardableResult
    public func describeBuild(version: String) -> MetricsWatch {
        self.collect { $0.add(.buildInfo, [version, swiftVersion], 1) }
    }
}

/// The Swift that this was built with; the language knows its version only by comparing.
#if compiler(>=6.6)
private let swiftVersion = "6.6+"
#elseif compiler(>=6.5)
private let swiftVersion = "6.5"
#elseif compiler(>=6.4)
private let swiftVersion = "6.4"
#else
private let swiftVersion = "6.3"
#endif
