//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a scrape is written.
public struct MetricsFormat: Sendable, Equatable {
    private enum Kind: Sendable {
        case prometheus
        case openMetrics
    }

    private let kind: Kind
    /// The value of the header `Content-Type`.
    public let contentType: String

    /// The text format of Prometheus, version 0.0.4.
    public static let prometheus = MetricsFormat(
        kind: .prometheus,
        contentType: "text/plain; version=0.0.4; charset=utf-8"
    )
    /// OpenMetrics 1.0.0, which has units and exemplars besides.
    public static let openMetrics = MetricsFormat(
        kind: .openMetrics,
        contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )

    /// The format for who asks with a header `Accept`: OpenMetrics if it is named, and no less wanted than plain text.
    ///
    /// - Parameter accept: The header's value; nil when there is none.
    public static func preferred(accept: String?) -> MetricsFormat {
        let ranges = (accept ?? "").split(separator: ",").prefix(64).map(AcceptedRange.init)
        let open = ranges.filter { $0.type == "application/openmetrics-text" && $0.isKnownVersion }.map(\.quality).max()
        let plain = ranges.filter { $0.type == "text/plain" }.map(\.quality).max()
        guard let open, open > 0, open >= plain ?? 0 else { return .prometheus }
        return .openMetrics
    }

    /// A snapshot in this format, in UTF-8.
    public func bytes(_ snapshot: MetricsSnapshot) -> [UInt8] {
        var writer = MetricsWriter(isOpenMetrics: self.kind == .openMetrics)
        for family in snapshot.families { writer.write(family) }
        writer.finish()
        return writer.bytes
    }

    /// A snapshot in this format.
    public func text(_ snapshot: MetricsSnapshot) -> String {
        String(decoding: self.bytes(snapshot), as: UTF8.self)
    }
}

/// One of the kinds of content that a header `Accept` lists.
private struct AcceptedRange {
    let type: String
    var quality = 1.0
    var isKnownVersion = true

    init(_ text: Substring) {
        let parts = text.lowercased().split(separator: ";").map { part in
            String(part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
        self.type = parts.first ?? ""
        for part in parts.dropFirst() {
            if part.hasPrefix("q=") { self.quality = Double(part.dropFirst(2)) ?? 0 }
            // Those who ask for 0.0.1 understand 1.0.0.
            if part.hasPrefix("version=") { self.isKnownVersion = ["1.0.0", "0.0.1"].contains(part.dropFirst(8)) }
        }
    }
}
