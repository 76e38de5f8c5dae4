//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockMetrics
import Testing

@Suite("Scrapes as text", .timeLimit(.minutes(5)))
struct MetricsTextTests {
    private static let orders = MetricFamily(
        "orders_total",
        .counter,
        labels: ["shop"],
        help: "Orders\ntaken \"so\" far \\."
    )
    private static let wait = MetricFamily("wait_seconds", .histogram, unit: "seconds", help: "Waits.")

    private static func registry() -> MetricsRegistry {
        let registry = MetricsRegistry(seriesMax: 100)
        registry.counter(self.orders, ["a"]).add(3)
        registry.gauge(MetricFamily("depth_bytes", .gauge, unit: "bytes", help: "Depth.")).set(1.5)
        registry.gauge(MetricFamily("facts_info", .info, labels: ["v"], help: "Facts."), ["1"]).set(1)
        let histogram = registry.histogram(self.wait, bounds: MetricBounds([0.001, 1]))
        histogram.record(0.0005)
        histogram.record(0.5, exemplar: ["trace_id": "a\\b"])
        histogram.record(0.5, exemplar: ["trace_id": "a\"b"])
        histogram.record(2, exemplar: ["trace_id": "c"])
        histogram.record(3, exemplar: ["trace_id": String(repeating: "x", count: 200)])
        return registry
    }

    /// The registry's own series stand in every scrape.
    private static let ownPrometheus = """
        # HELP penstock_metrics_series Series of this scrape; a histogram counts as one.
        # TYPE penstock_metrics_series gauge
        penstock_metrics_series 4
        # HELP penstock_metrics_series_limit The most series there may be.
        # TYPE penstock_metrics_series_limit gauge
        penstock_metrics_series_limit 100
        # HELP penstock_metrics_series_rejected_total Series left out of a scrape or not registered, each time: limit, \
        conflict, duplicate.
        # TYPE penstock_metrics_series_rejected_total counter
        penstock_metrics_series_rejected_total{reason="limit"} 0
        penstock_metrics_series_rejected_total{reason="conflict"} 0
        penstock_metrics_series_rejected_total{reason="duplicate"} 0

        """

    @Test func `the text format of Prometheus`() {
        let text = MetricsFormat.prometheus.text(Self.registry().snapshot())
        let expected =
            #"""
            # HELP depth_bytes Depth.
            # TYPE depth_bytes gauge
            depth_bytes 1.5
            # HELP facts_info Facts.
            # TYPE facts_info gauge
            facts_info{v="1"} 1.0
            # HELP orders_total Orders\ntaken "so" far \\.
            # TYPE orders_total counter
            orders_total{shop="a"} 3

            """# + Self.ownPrometheus
                + #"""
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.001"} 1
                wait_seconds_bucket{le="1.0"} 3
                wait_seconds_bucket{le="+Inf"} 5
                wait_seconds_sum 6.0005
                wait_seconds_count 5

                """#
        #expect(text == expected)
    }

    @Test func `OpenMetrics`() {
        let text = MetricsFormat.openMetrics.text(Self.registry().snapshot())
        let own = Self.ownPrometheus.replacing("series_rejected_total Series", with: "series_rejected Series")
            .replacing("series_rejected_total counter", with: "series_rejected counter")
        let expected =
            #"""
            # HELP depth_bytes Depth.
            # TYPE depth_bytes gauge
            # UNIT depth_bytes bytes
            depth_bytes 1.5
            # HELP facts Facts.
            # TYPE facts info
            facts_info{v="1"} 1.0
            # HELP orders Orders\ntaken \"so\" far \\.
            # TYPE orders counter
            orders_total{shop="a"} 3

            """# + own
                + #"""
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                # UNIT wait_seconds seconds
                wait_seconds_bucket{le="0.001"} 1
                wait_seconds_bucket{le="1.0"} 3 # {trace_id="a\\b"} 0.5
                wait_seconds_bucket{le="+Inf"} 5 # {trace_id="c"} 2.0
                wait_seconds_sum 6.0005
                wait_seconds_count 5
                # EOF

                """#
        #expect(text == expected)
    }

    @Test(arguments: [MetricsFormat.prometheus, .openMetrics])
    func `labels of any text come back as they were, and break no line`(format: MetricsFormat) throws {
        let registry = MetricsRegistry()
        for (index, text) in NaughtyTexts.all.enumerated() { registry.counter(Self.orders, [text]).add(index + 1) }
        let exposition = try Exposition(format.text(registry.snapshot()))
        #expect(exposition.lines.count { $0.name == "orders_total" } == NaughtyTexts.all.count)
        for (index, text) in NaughtyTexts.all.enumerated() where text.utf8.count <= 1_024 {
            #expect(exposition.value("orders_total", ["shop": text]) == "\(index + 1)", "\(text.debugDescription)")
        }
        let cut = exposition.lines.compactMap { $0.labels["shop"] }.map(\.utf8.count).max()
        #expect(cut == 1_024)
    }

    @Test func `numbers that are none are written as Prometheus reads them`() throws {
        let registry = MetricsRegistry()
        let family = MetricFamily("g", .gauge, labels: ["n"], help: "G.")
        let numbers: [(Double, String)] = [
            (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (-0.0, "-0.0"), (1e300, "1e+300"),
            (.leastNonzeroMagnitude, "5e-324"),
        ]
        for (number, text) in numbers { registry.gauge(family, [text]).set(number) }
        let exposition = try Exposition(MetricsFormat.openMetrics.text(registry.snapshot()))
        for (_, text) in numbers { #expect(exposition.value("g", ["n": text]) == text) }
    }

    @Test func `an empty snapshot is the end mark, or nothing but what the registry says of itself`() throws {
        let exposition = try Exposition(MetricsFormat.openMetrics.text(MetricsRegistry().snapshot()))
        #expect(exposition.endsWithMark)
        #expect(exposition.lines.count == 5)
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("*/*", false), ("text/plain", false),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text; version=1.0.0", true),
            ("application/openmetrics-text;version=1.0.0;q=0", false),
            ("application/openmetrics-text;version=2.0.0", false),
            ("text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.4", false),
            // What Prometheus 2.42 and 2.53 send.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true
            ),
            ("APPLICATION/OpenMetrics-Text ; q=0.7 , text/plain ; q=0.2", true),
            ("application/openmetrics-text;q=nonsense", false),
            ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", false),
        ] as [(String?, Bool)]
    )
    func `the format is what the header Accept wants`(accept: String?, isOpen: Bool) {
        #expect(MetricsFormat.preferred(accept: accept) == (isOpen ? .openMetrics : .prometheus))
    }

    @Test func `content types name the version`() {
        #expect(MetricsFormat.prometheus.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            MetricsFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        )
    }
}
