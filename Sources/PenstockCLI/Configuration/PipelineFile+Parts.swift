//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

// Which part of the file is to blame for what a pipeline cannot open.
extension PipelineFile {
    /// What opening the parts would refuse; changes nothing.
    func partDiagnostics() -> [Diagnostic] { Pipeline.problems(of: self.description).map(self.diagnostic(of:)) }

    /// Why a part cannot be opened, at its place in the file.
    func diagnostic(of problem: PipelineProblem) -> Diagnostic {
        guard let part = problem.part else { return Diagnostic(nil, problem.error.message, hint: problem.hint) }
        let roles: [Role] =
            switch part {
            case .source(let name): [.checkpoint(name), .source(name)]
            case .sink(let name): [.sink(name)]
            case .deadLetter: [.deadLetter]
            case .queue: [.queue]
            }
        let uses = roles.compactMap { role in self.paths.first { $0.role == role } }
        let text = "\(roles.last?.name ?? "") \(problem.predicate)"
        return Diagnostic(uses.first?.place ?? self.partPlaces[part], text, hint: problem.hint)
    }
}
