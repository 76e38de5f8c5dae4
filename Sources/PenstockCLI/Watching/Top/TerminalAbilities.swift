//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a terminal is to be shown, as the environment tells.
struct TerminalAbilities: Equatable, Sendable {
    /// Whether in colours: NO_COLOR is not set, or empty.
    var hasColors: Bool
    /// Whether its characters are those of Unicode, in UTF-8: the locale says so.
    var hasUnicode: Bool

    /// Reads the environment of this process.
    static var current: TerminalAbilities {
        TerminalAbilities { name in getenv(name).map { String(cString: $0) } }
    }

    /// Reads an environment.
    init(_ environment: (String) -> String?) {
        self.hasColors = (environment("NO_COLOR") ?? "").isEmpty
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty }
        let name = (locale ?? "").lowercased()
        self.hasUnicode = name.contains("utf-8") || name.contains("utf8")
    }

    /// A text in characters that the terminal has, as many as before.
    func fitted(_ text: String) -> String {
        guard !self.hasUnicode, text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        return String(text.map { $0.isASCII ? $0 : Self.standIns[$0] ?? "?" })
    }

    private static let standIns: [Character: Character] = [
        "█": "#", "▒": "=", "░": ".", "µ": "u", "…": "~",
    ]
}
