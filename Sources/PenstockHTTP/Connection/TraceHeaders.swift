//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOHTTP1
import Tracing

/// How the trace of a request travels in headers: in the form of whatever instrument was bootstrapped, `traceparent` and
/// `tracestate` of W3C's Trace Context usually. Without one nothing is read or written.
enum TraceHeaders {
    private struct Reader: Extractor {
        func extract(key: String, from headers: HTTPHeaders) -> String? {
            let values = headers[key]
            return values.isEmpty ? nil : values.joined(separator: ",")
        }
    }

    private struct Writer: Injector {
        func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
            headers.replaceOrAdd(name: key, value: value)
        }
    }

    /// The trace that a request belongs to; nil for none.
    static func context(of headers: HTTPHeaders) -> ServiceContext? {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(headers, into: &context, using: Reader())
        return context.isEmpty ? nil : context
    }

    /// Says in the headers of a request which trace the current task belongs to.
    static func add(to headers: inout HTTPHeaders) {
        guard let context = ServiceContext.current else { return }
        InstrumentationSystem.instrument.inject(context, into: &headers, using: Writer())
    }
}
#endif
