//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Testing

@testable import PenstockCLI

@Suite("The reference of pipeline files")
struct PipelineReferenceTests {
    private static let article = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/PenstockEvents/Documentation.docc/PipelineFile.md")

    @Test("Names every key of the schema, and every word that may be chosen")
    func names() throws {
        let schema = try JSONSerialization.jsonObject(with: Data(PipelineSchema.text.utf8))
        let words = Set(Self.words(in: schema))
        #expect(words.count > 100)
        let article = try String(contentsOf: Self.article, encoding: .utf8)
        let known = Set(article.split { !($0.isLetter || $0 == "_") }.map(String.init))
        #expect(words.subtracting(known).sorted() == [])
    }

    /// The names of properties, and the values of enumerations.
    private static func words(in schema: Any) -> [String] {
        if let list = schema as? [Any] { return list.flatMap(Self.words) }
        guard let object = schema as? [String: Any] else { return [] }
        let properties = (object["properties"] as? [String: Any])?.keys.map { $0 } ?? []
        let choices = (object["enum"] as? [Any])?.compactMap { $0 as? String } ?? []
        return properties + choices + object.values.flatMap(Self.words)
    }
}
