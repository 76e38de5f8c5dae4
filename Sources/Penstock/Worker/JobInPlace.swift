//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A job where it stands: what cannot be copied is handed on as its address.
private struct JobInPlace<Job>: ~Copyable {
    let job: Job
}

/// Makes a handler that gets its job where that stands in a worker's batch, from one that gets the job.
///
/// A call of a handler whose job is no such thing copies the job to the stack first. The processor does not look at what it
/// has just stored there before all that came earlier is done; so the job would not begin while the end of the one before
/// is still under way. That cost a job of a microsecond 2 %.
//
// SAFETY: a structure has the layout of its only property.
@usableFromInline
@inline(never)
func takingInPlace<Job, Output>(
    _ handler: @escaping @Sendable (Job) throws -> Output
) -> @Sendable (UnsafePointer<Job>) throws -> Output {
    { place in
        let place = UnsafeRawPointer(place).assumingMemoryBound(to: JobInPlace<Job>.self)
        return try callInPlace(place.pointee, handler)
    }
}

/// Not specialised for a type of job, nor inlined: then the job would be copied.
@inline(never)
private func callInPlace<Job, Output>(
    _ place: borrowing JobInPlace<Job>,
    _ handler: (Job) throws -> Output
) throws -> Output {
    try handler(place.job)
}
