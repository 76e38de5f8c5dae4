//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

@Suite(.timeLimit(.minutes(5)))
struct EventGeneratorTests {
    @Test func eventsAreValidAndNumbered() {
        var generator = EventGenerator(
            templates: EventTemplates(count: 64),
            pool: EventBufferPool(byteCapacity: 4096),
            sourceIndex: 0,
            eventsMax: 50
        )
        var fields = FieldSet()
        let time = fields.index(of: "ts")
        let host = fields.index(of: "host")
        var found = [JSONField](repeating: .absent, count: 2)
        var batches: [EventBatch] = []
        while generator.made < 1000 { batches.append(generator.batch(of: 1000 - generator.made, arrival: 7)) }
        var number = 0
        for event in batches.flatMap(\.contents) {
            let problem = event.bytes.withUnsafeBytes { line in
                found.withUnsafeMutableBufferPointer { JSONScanner.scan(line, for: fields, into: $0) }
            }
            #expect(problem == nil)
            let place = found[time]
            let digits = event.bytes[Int(place.offset)..<Int(place.offset + place.length)]
            #expect(String(decoding: digits, as: UTF8.self) == String(EventTemplates.firstTime + number))
            #expect(found[host].kind == .string)
            number += 1
            #expect(event.position == UInt64(number))
        }
        #expect(number == 1000)
        #expect(batches.allSatisfy { $0.count <= 50 && $0.arrival == 7 })
    }

    @Test func equalSeedsMakeEqualEvents() {
        #expect(EventTemplates(count: 100, seed: 1).bytes == EventTemplates(count: 100, seed: 1).bytes)
        #expect(EventTemplates(count: 100, seed: 1).bytes != EventTemplates(count: 100, seed: 2).bytes)
    }
}
