//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Dispatch
import Penstock
import PenstockAdmin

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `penstock top` from its first screen to its last.
struct TopSession {
    /// What happens.
    private enum Happening: Sendable {
        case status(JSONValue)
        case report(JSONValue)
        case noConnection(String)
        case refused(String)
        case key(UInt8)
        case resized
        case ended
    }

    private let client: AdminClient
    private let happenings = Channel<Happening>(capacity: 64)

    init(_ client: AdminClient) {
        self.client = client
    }

    /// Shows the pipeline until somebody has seen enough, or it ends.
    ///
    /// - Returns: Its report, if it has told one.
    func run() async throws -> String? {
        let keyboard = self.watchKeyboard()
        let signals = [SIGWINCH, SIGTERM, SIGHUP, SIGINT].map(self.watch)
        defer { for source in [keyboard] + signals { source.cancel() } }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            defer { group.cancelAll() }
            return await self.show()
        }
    }

    // MARK: - Private

    /// Shows what happens; returns the report as text, or nil when somebody has seen enough.
    private func show() async -> String? {
        let terminal = TopTerminal(.current)
        var state = TopState()
        while let happening = try? await self.happenings.receive() {
            switch happening {
            case .status(let status): state.take(status)
            case .report(let report): return ToldReport(report)?.text()
            case .noConnection(let reason): state.note = reason
            case .refused(let reason): state.note = reason
            case .resized: break
            case .ended: return nil
            case .key(let key):
                switch state.press(key) {
                case .nothing: break
                case .leave: return nil
                case .order(let path): await self.order(path)
                }
            }
            terminal.show(state.lines(size: terminal.size))
        }
        return nil
    }

    private func order(_ path: String) async {
        do throws(PenstockError) {
            try await self.client.order(path)
        } catch {
            _ = self.happenings.trySend(.refused(error.message))
        }
    }

    private func follow() async {
        let happenings = self.happenings
        while !Task.isCancelled {
            do throws(PenstockError) {
                try await self.client.follow { event in
                    guard let value = JSONValue(event.data) else { return true }
                    _ = happenings.trySend(event.name == "report" ? .report(value) : .status(value))
                    return event.name != "report"
                }
                _ = happenings.trySend(.noConnection("The pipeline has gone. Looking for it again…"))
            } catch {
                _ = happenings.trySend(.noConnection(error.message))
            }
            try? await TimeSource.system.sleep(for: .seconds(1))
        }
    }

    private func watchKeyboard() -> any DispatchSourceProtocol {
        let happenings = self.happenings
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 16)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            if count <= 0 { _ = happenings.trySend(.ended) }
            // An arrow or another such key begins with Escape, and is none of ours.
            guard count > 0, bytes[0] != 0x1B else { return }
            for byte in bytes.prefix(count) { _ = happenings.trySend(.key(byte)) }
        }
        source.resume()
        return source
    }

    private func watch(_ number: Int32) -> any DispatchSourceProtocol {
        let happenings = self.happenings
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { _ = happenings.trySend(number == SIGWINCH ? .resized : .ended) }
        source.resume()
        return source
    }
}
#endif
