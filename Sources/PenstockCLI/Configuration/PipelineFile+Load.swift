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

extension PipelineFile {
    /// The largest pipeline file; the longest by hand are a few kilobytes.
    static let bytesMax = 1 << 20

    /// Reads a pipeline file; changes nothing on disk.
    ///
    /// - Parameters:
    ///   - path: The pipeline file.
    ///   - looksAtFiles: Whether the files that it names must be such as `run` can use.
    ///   - admin: Where the admin server listens, whatever the file says.
    /// - Throws: All that is wrong with it.
    static func load(
        _ path: String,
        looksAtFiles: Bool = true,
        admin: AdminAddress? = nil
    ) throws(DiagnosticsError) -> PipelineFile {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileContents.read(path, bytesMax: Self.bytesMax)
        } catch {
            throw DiagnosticsError(diagnostics: [
                Diagnostic(nil, "the file cannot be read: \(error.code == EISDIR ? "it is a folder" : "\(error)")")
            ])
        }
        guard bytes.count <= Self.bytesMax else {
            throw DiagnosticsError(diagnostics: [
                Diagnostic(nil, "the file is larger than 1 MiB", hint: "a pipeline file is a page or two of YAML")
            ])
        }
        var (file, diagnostics) = Self.reading(try Self.text(of: bytes))
        if let admin {
            do throws(DiagnosticsError) {
                try file?.override(admin)
            } catch {
                diagnostics += error.diagnostics
            }
        }
        // Also where the text is wrong: all that can be known is told at once.
        if looksAtFiles, var looking = file {
            looking.addAdminChecks()
            let found = looking.pathDiagnostics(pipelineFile: path) + looking.checkDiagnostics()
            diagnostics += found.atOtherPlaces(than: diagnostics)
            diagnostics += looking.partDiagnostics().atOtherPlaces(than: diagnostics)
        }
        guard diagnostics.isEmpty, let file else { throw DiagnosticsError(diagnostics: diagnostics.sortedByPlace()) }
        return file
    }

    /// The text of a file's bytes, without a byte order mark.
    static func text(of bytes: [UInt8]) throws(DiagnosticsError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = Self.validPrefix(of: bytes)
            let source = SourceText(String(decoding: bytes[..<valid], as: UTF8.self))
            let place = source.place(of: source.scalars.count)
            let byte = String(bytes[valid], radix: 16, uppercase: true)
            throw DiagnosticsError(diagnostics: [
                Diagnostic(place, "the file is not UTF-8: byte 0x\(byte)", hint: "save the file as UTF-8")
            ])
        }
        guard text.unicodeScalars.first == "\u{FEFF}" else { return text }
        return String(text.unicodeScalars.dropFirst())
    }

    /// What `run` would refuse about the files that the pipeline names.
    func pathDiagnostics(pipelineFile: String) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var seen: [FileStatus.Identity: String] = [:]
        if let identity = FileStatus.identity(of: pipelineFile) { seen[identity] = "the pipeline file" }
        for use in self.paths where !(use.mayBeMissing && Self.isToCome(use.path)) {
            let problem: String?
            let verb: String
            if case .source = use.role {
                (problem, verb) = (FileStatus.problemReading(use.path), "read")
            } else {
                (problem, verb) = (FileStatus.problemWriting(use.path), "write")
            }
            if let problem {
                let isMissing =
                    !use.path.hasPrefix("/") && (problem.contains("No such") || problem.contains("no folder"))
                diagnostics.append(
                    Diagnostic(
                        use.place,
                        "\(use.role.name) cannot \(verb) '\(shown(use.path))': \(problem)",
                        hint: isMissing ? "paths are relative to the working directory" : nil
                    )
                )
                continue
            }
            guard let identity = FileStatus.identity(of: use.path) else { continue }
            if let other = seen[identity] {
                diagnostics.append(
                    Diagnostic(
                        use.place,
                        "\(use.role.name) uses '\(shown(use.path))', which is the file of \(other) too",
                        hint: "give each its own file; 'repeat' reads one several times"
                    )
                )
            } else {
                seen[identity] = use.role.name
            }
        }
        return diagnostics
    }

    /// What `run` would refuse about what only a look can tell.
    func checkDiagnostics() -> [Diagnostic] {
        self.checks.compactMap { check in
            check.problem().map { problem in
                let sentence = problem.hasSuffix(".") ? problem.dropLast() : problem[...]
                let text = sentence.prefix(1).lowercased() + sentence.dropFirst()
                return Diagnostic(check.place, "\(check.what) cannot start: \(text)", hint: check.hint)
            }
        }
    }

    // MARK: - Private

    /// Whether there is no such file, in a folder that is there.
    private static func isToCome(_ path: String) -> Bool {
        (try? FileStatus(path: path)) == nil && (try? FileStatus(path: FileStatus.folder(of: path)))?.kind == .folder
    }

    /// How many bytes at the beginning are UTF-8.
    private static func validPrefix(of bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var valid = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            valid += UTF8.width(scalar)
        }
        return min(valid, bytes.count - 1)
    }
}
