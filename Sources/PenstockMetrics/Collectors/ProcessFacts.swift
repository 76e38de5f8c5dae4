//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the system says of this process. What it does not say is nil.
struct ProcessFacts: Equatable {
    var processorSeconds: Double?
    var residentBytes: Int?
    var virtualBytes: Int?
    var openFiles: Int?
    var openFilesMax: Double?
    /// In seconds since 1970.
    var startTime: Double?
    var threads: Int?

    /// The process now.
    static func current() -> ProcessFacts {
        var facts = ProcessFacts()
        facts.openFilesMax = self.fileLimit()
        #if os(Linux)
        if let text = self.contents("/proc/self/stat", bytesMax: 4_096) { facts.take(stat: text) }
        facts.openFiles = self.entries("/proc/self/fd")
        if let ticks = facts.startTime { facts.startTime = self.bootTime().map { $0 + ticks } }
        #elseif canImport(Darwin)
        facts.readTask()
        #endif
        return facts
    }

    // MARK: - Private

    private static func fileLimit() -> Double? {
        var limit = rlimit()
        #if canImport(Glibc)
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        #else
        guard getrlimit(RLIMIT_NOFILE, &limit) == 0 else { return nil }
        #endif
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }

    #if os(Linux)
    /// Reads the fields of `/proc/self/stat`, of which the second is the program's name in parentheses, whatever that is.
    mutating func take(
        stat text: String,
        ticksPerSecond: Int = sysconf(Int32(_SC_CLK_TCK)),
        pageBytes: Int = Int(getpagesize())
    ) {
        guard let end = text.lastIndex(of: ")") else { return }
        // The first of these is the third field.
        let fields = text[end...].dropFirst().split(separator: " ").map(String.init)
        guard fields.count > 21, ticksPerSecond > 0 else { return }
        let number = { (field: Int) in Int(fields[field - 3]) }
        if let user = number(14), let system = number(15) {
            self.processorSeconds = Double(user + system) / Double(ticksPerSecond)
        }
        self.threads = number(20)
        self.startTime = number(22).map { Double($0) / Double(ticksPerSecond) }
        self.virtualBytes = number(23)
        self.residentBytes = number(24).map { $0 * pageBytes }
    }

    private static func bootTime() -> Double? {
        guard let text = self.contents("/proc/stat", bytesMax: 1 << 20) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) }
    }

    private static func contents(_ path: String, bytesMax: Int) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text: [UInt8] = []
        return withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            while text.count < bytesMax {
                let count = read(file, buffer.baseAddress, buffer.count)
                guard count >= 0 else { return nil }
                if count == 0 { break }
                text.append(contentsOf: buffer[..<count])
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// How many entries a folder has, besides itself and the one above, and the one that looking takes.
    private static func entries(_ path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 3)
    }
    #endif

    #if canImport(Darwin)
    private mutating func readTask() {
        let own = getpid()
        var task = proc_taskinfo()
        let taskSize = Int32(MemoryLayout<proc_taskinfo>.size)
        if proc_pidinfo(own, PROC_PIDTASKINFO, 0, &task, taskSize) == taskSize {
            self.residentBytes = Int(task.pti_resident_size)
            self.virtualBytes = Int(task.pti_virtual_size)
            self.threads = Int(task.pti_threadnum)
        }
        var usage = rusage()
        if getrusage(RUSAGE_SELF, &usage) == 0 {
            let times = [usage.ru_utime, usage.ru_stime]
            self.processorSeconds = times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        }
        var process = proc_bsdinfo()
        let processSize = Int32(MemoryLayout<proc_bsdinfo>.size)
        if proc_pidinfo(own, PROC_PIDTBSDINFO, 0, &process, processSize) == processSize {
            self.startTime = Double(process.pbi_start_tvsec) + Double(process.pbi_start_tvusec) / 1e6
        }
        let bytes = proc_pidinfo(own, PROC_PIDLISTFDS, 0, nil, 0)
        if bytes > 0 { self.openFiles = Int(bytes) / MemoryLayout<proc_fdinfo>.size }
    }
    #endif
}
