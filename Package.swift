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

let package = Package(
    name: "penstock",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Penstock", targets: ["Penstock"]),
        .library(name: "PenstockEvents", targets: ["PenstockEvents"]),
        .library(name: "PenstockTesting", targets: ["PenstockTesting"]),
        .executable(name: "penstock", targets: ["PenstockCLI"]),
        .executable(name: "penstock-kernels", targets: ["PenstockKernels"]),
        .executable(name: "penstock-simulate", targets: ["PenstockSimulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .target(name: "CPenstock"),
        .target(name: "Penstock", dependencies: ["CPenstock"], swiftSettings: settings),
        .target(name: "PenstockTesting", dependencies: ["Penstock", "PenstockEvents"], swiftSettings: settings),
        .target(name: "PenstockEvents", dependencies: ["CPenstock", "Penstock"], swiftSettings: settings),
        .target(
            name: "PenstockBench",
            dependencies: ["CPenstock", "Penstock", "PenstockEvents"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "PenstockKernels",
            dependencies: ["Penstock", "PenstockEvents"],
            swiftSettings: settings
        ),
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
                "Penstock",
                "PenstockBench",
                "PenstockEvents",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "PenstockTests", dependencies: ["Penstock", "PenstockTesting"], swiftSettings: settings),
        .testTarget(
            name: "PenstockEventsTests",
            dependencies: ["Penstock", "PenstockEvents", "PenstockTesting"],
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
            dependencies: ["Penstock", "PenstockBench", "PenstockCLI", "PenstockEvents", "PenstockTesting"],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
