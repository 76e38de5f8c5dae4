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

/// The terminal while `penstock top` has it: another screen, without a cursor, and keys as they are pressed.
///
/// It is given back as it was when this ends, however that happens.
struct TopTerminal: ~Copyable {
    private var former = termios()
    private let abilities: TerminalAbilities

    /// Takes the terminal.
    init(_ abilities: TerminalAbilities) {
        self.abilities = abilities
        tcgetattr(STDIN_FILENO, &self.former)
        var raw = self.former
        // Ctrl-C comes as a key: what it ends has a screen to give back.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        try? Output.standard("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    }

    deinit {
        try? Output.standard("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l")
        var former = self.former
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &former)
    }

    /// How large it is now.
    var size: TopScreen.Size {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TopScreen.Size(columns: 80, rows: 24)
        }
        return TopScreen.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Shows lines from the top, and nothing below.
    func show(_ lines: [TopScreen.Line]) {
        try? Output.standard("\u{1B}[H\(Self.text(lines, self.abilities))\u{1B}[J")
    }

    /// Lines as they are written to a terminal.
    static func text(_ lines: [TopScreen.Line], _ abilities: TerminalAbilities) -> String {
        lines.map { "\(Self.code($0.style, abilities))\(abilities.fitted($0.text))\u{1B}[0m\u{1B}[K" }
            .joined(separator: "\r\n")
    }

    // MARK: - Private

    private static func code(_ style: TopScreen.Style, _ abilities: TerminalAbilities) -> String {
        switch style {
        case .plain: ""
        case .head: "\u{1B}[1m"
        case .soft: "\u{1B}[2m"
        case .good: abilities.hasColors ? "\u{1B}[32m" : ""
        case .warning: abilities.hasColors ? "\u{1B}[33m" : ""
        // Bold stands out where red may not.
        case .problem: abilities.hasColors ? "\u{1B}[31m" : "\u{1B}[1m"
        case .keys: "\u{1B}[7m"
        }
    }
}
