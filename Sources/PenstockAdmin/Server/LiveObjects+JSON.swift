//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock
import PenstockEvents
import PenstockMetrics

extension LiveObjects {
    /// What lives, as one JSON object: each worker with what it does, each task with the place where it was started, each
    /// lease with the place where it was taken.
    func json() -> String {
        var json = JSONWriter()
        json.object {
            $0.member("pools") { json in
                for pool in self.pools { json.member(pool.name) { pool.write(to: &$0) } }
            }
            $0.member("tasks") { json in
                for tasks in self.tasks { json.member(tasks.owner) { tasks.write(to: &$0) } }
            }
            $0.member("leases") { json in
                for leases in self.leases { json.member(leases.pool) { leases.write(to: &$0) } }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension LiveObjects.Pool {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("threads", count: self.threads)
        json.member("jobs_in_flight", count: self.jobsInFlight)
        json.member("abandoned_jobs", count: self.abandonedJobs)
        json.member("workers") { json in
            for worker in self.workers {
                json.member(worker.name) {
                    $0.member("state", text: worker.activity.rawValue)
                    $0.member("seconds", seconds: worker.elapsed)
                    $0.member("jobs", count: worker.jobs)
                }
            }
        }
        json.member("stuck_jobs", texts: self.stuckJobs.map(\.description))
    }
}

extension LiveObjects.Tasks {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("count", count: self.count)
        json.member("oldest", texts: self.oldest.map(\.description))
    }
}

extension LiveObjects.Leases {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("count", count: self.count)
        json.member("oldest", texts: self.oldest.map(\.description))
    }
}
#endif
