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

/// A pipeline that is known to be able to start; nothing of it has been started.
struct PreparedPipeline {
    let file: PipelineFile
    let pipeline: Pipeline

    /// Reads a pipeline file and makes its pipeline.
    ///
    /// - Parameters:
    ///   - path: The pipeline file.
    ///   - workers: How many workers there are to be, whatever the file says.
    ///   - admin: Where the admin server listens, whatever the file says.
    /// - Throws: All that is wrong.
    init(path: String, workers: Int? = nil, admin: AdminAddress? = nil) throws(DiagnosticsError) {
        var file = try PipelineFile.load(path, admin: admin)
        if let workers { file.description.workers = workers }
        file.description.notice = { Output.notice($0) }
        self.file = file
        do throws(PenstockError) {
            self.pipeline = try Pipeline(file.description)
        } catch {
            throw DiagnosticsError(diagnostics: [Diagnostic(nil, error.message)])
        }
    }
}
