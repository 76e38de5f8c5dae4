//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Types of sources and sinks that only a program has that was built with a trait of the package.
enum TraitTypes {
    #if Server
    /// What the trait `Server` brings as sources.
    static let serverSources = ["http"]
    /// What the trait `Server` brings as sinks.
    static let serverSinks = ["http", "sqlite"]
    #else
    static let serverSources: [String] = []
    static let serverSinks: [String] = []
    #endif

    #if Postgres
    /// What the trait `Postgres` brings as sinks.
    static let postgresSinks = ["postgres"]
    #else
    static let postgresSinks: [String] = []
    #endif

    /// The trait that a program needs for a type; nil for types that every program has, or none.
    static func trait(of type: String) -> String? {
        switch type {
        case "http", "sqlite": "Server"
        case "postgres": "Postgres"
        default: nil
        }
    }
}
