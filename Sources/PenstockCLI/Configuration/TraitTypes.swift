//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Types of sources, sinks and stores that only a program has that was built with a trait of the package.
enum TraitTypes {
    /// All such sources, and the trait of each.
    static let sources = ["http": "Server"]
    /// All such sinks, and the trait of each.
    static let sinks = ["http": "Server", "postgres": "Postgres", "sqlite": "Server"]

    /// All such stores of durable queues, and the trait of each.
    static let stores = ["sqlite": "Server"]

    /// The trait of the admin server, and of the commands that speak with it.
    static let adminTrait = "Server"

    /// The sources that this program has.
    static let builtSources = Self.built(Self.sources)
    /// The sinks that this program has.
    static let builtSinks = Self.built(Self.sinks)
    /// The stores that this program has.
    static let builtStores = Self.built(Self.stores)

    private static func built(_ types: [String: String]) -> [String] {
        types.filter { Self.traits.contains($0.value) }.keys.sorted()
    }

    private static var traits: Set<String> {
        var traits: Set<String> = []
        #if Server
        traits.insert("Server")
        #endif
        #if Postgres
        traits.insert("Postgres")
        #endif
        return traits
    }
}
