// swift-tools-version: 6.3
//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// What stands behind the trait: packages that who embeds the pool must not build.
let server: TargetDependencyCondition? = .when(traits: ["Server"])

/// What needs the C library of PostgreSQL.
let postgres: TargetDependencyCondition? = .when(traits: ["Postgres"])

let package = Package(
    name: "penstock",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Penstock", targets: ["Penstock"]),
        .library(name: "PenstockAdmin", targets: ["PenstockAdmin"]),
        .library(name: "PenstockEvents", targets: ["PenstockEvents"]),
        .library(name: "PenstockHTTP", targets: ["PenstockHTTP"]),
        .library(name: "PenstockLifecycle", targets: ["PenstockLifecycle"]),
        .library(name: "PenstockMetrics", targets: ["PenstockMetrics"]),
        .library(name: "PenstockPostgres", targets: ["PenstockPostgres"]),
        .library(name: "PenstockSQLite", targets: ["PenstockSQLite"]),
        .library(name: "PenstockTesting", targets: ["PenstockTesting"]),
        .executable(name: "penstock", targets: ["PenstockCLI"]),
        .executable(name: "penstock-kernels", targets: ["PenstockKernels"]),
        .executable(name: "penstock-peer", targets: ["PenstockPeer"]),
        .executable(name: "penstock-simulate", targets: ["PenstockSimulate"]),
    ],
    traits: [
        .default(enabledTraits: ["Server"]),
        .trait(
            name: "Postgres",
            description: "The sink for PostgreSQL, by libpq: Debian's libpq-dev, Homebrew's libpq."
        ),
        .trait(name: "Server", description: "HTTP in and out (SwiftNIO), and the durable queue (GRDB, SQLite)."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .target(name: "CPenstock"),
        .target(
            name: "CPenstockZlib",
            cSettings: [.define("PENSTOCK_SERVER", .when(traits: ["Server"]))],
            linkerSettings: [.linkedLibrary("z", .when(traits: ["Server"]))]
        ),
        .target(name: "Penstock", dependencies: ["CPenstock"], swiftSettings: settings),
        .target(name: "PenstockTesting", dependencies: ["Penstock", "PenstockEvents"], swiftSettings: settings),
        .target(name: "PenstockEvents", dependencies: ["CPenstock", "Penstock"], swiftSettings: settings),
        .target(
            name: "PenstockHTTP",
            dependencies: [
                .target(name: "CPenstockZlib", condition: server),
                "Penstock",
                "PenstockEvents",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio", condition: server),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: server),
                .product(name: "Tracing", package: "swift-distributed-tracing", condition: server),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PenstockMetrics",
            dependencies: [
                "CPenstock",
                "Penstock",
                "PenstockEvents",
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PenstockAdmin",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                "PenstockMetrics",
                .target(name: "PenstockHTTP", condition: server),
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
                .product(name: "HummingbirdTLS", package: "hummingbird", condition: server),
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
            ],
            resources: [.embedInCode("Page/page.html")],
            swiftSettings: settings
        ),
        .target(
            name: "PenstockLifecycle",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings
        ),
        .systemLibrary(
            name: "CPostgres",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .target(
            name: "PenstockPostgres",
            dependencies: ["Penstock", "PenstockEvents", .target(name: "CPostgres", condition: postgres)],
            swiftSettings: settings
        ),
        .target(
            name: "PenstockSQLite",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: server),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PenstockBench",
            dependencies: [
                "CPenstock",
                "Penstock",
                "PenstockEvents",
                "PenstockMetrics",
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "PenstockKernels",
            dependencies: ["Penstock", "PenstockEvents"],
            swiftSettings: settings
        ),
        .executableTarget(name: "PenstockPeer", dependencies: ["PenstockBench"], swiftSettings: settings),
        .executableTarget(
            name: "PenstockSimulate",
            dependencies: [
                "Penstock",
                "PenstockTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "PenstockCLI",
            dependencies: [
                "CPenstock",
                "Penstock",
                "PenstockBench",
                "PenstockEvents",
                "PenstockMetrics",
                .target(name: "PenstockAdmin", condition: server),
                .target(name: "PenstockHTTP", condition: server),
                .target(name: "PenstockPostgres", condition: postgres),
                .target(name: "PenstockSQLite", condition: server),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "PenstockTests", dependencies: ["Penstock", "PenstockTesting"], swiftSettings: settings),
        .testTarget(
            name: "PenstockAdminTests",
            dependencies: [
                "Penstock",
                "PenstockAdmin",
                "PenstockEvents",
                "PenstockMetrics",
                "PenstockTesting",
                .target(name: "PenstockHTTP", condition: server),
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockEventsTests",
            dependencies: ["Penstock", "PenstockEvents", "PenstockTesting"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockHTTPTests",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                "PenstockHTTP",
                "PenstockTesting",
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOEmbedded", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "Tracing", package: "swift-distributed-tracing", condition: server),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockLifecycleTests",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                "PenstockLifecycle",
                "PenstockTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockMetricsTests",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                "PenstockMetrics",
                "PenstockTesting",
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockPostgresTests",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                "PenstockTesting",
                .target(name: "PenstockPostgres", condition: postgres),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockSQLiteTests",
            dependencies: [
                "Penstock",
                "PenstockEvents",
                "PenstockSQLite",
                "PenstockTesting",
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockBenchTests",
            dependencies: ["Penstock", "PenstockBench"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockTestingTests",
            dependencies: ["Penstock", "PenstockEvents", "PenstockSimulate", "PenstockTesting"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PenstockCLITests",
            dependencies: [
                "Penstock", "PenstockBench", "PenstockCLI", "PenstockEvents", "PenstockMetrics", "PenstockPeer",
                "PenstockTesting",
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
