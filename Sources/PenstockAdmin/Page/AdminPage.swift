//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Hummingbird
import NIOCore

/// The live page: one document without outside resources.
enum AdminPage {
    /// What stands in the page for the word that its own script and style are known by.
    private static let placeholder = "{{nonce}}"

    private static let template = String(decoding: PackageResources.page_html, as: UTF8.self)

    /// The page, with a word of its own by which the browser knows its script and its style, and runs no others.
    static func response() -> Response {
        let nonce = (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 36) }.joined()
        let page = self.template.split(separator: self.placeholder, omittingEmptySubsequences: false)
            .joined(separator: nonce)
        var response = AdminRoutes.text(200, page, contentType: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; "
            + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        if let name = HTTPFields.Element.Name("Referrer-Policy") { response.headers[name] = "no-referrer" }
        return response
    }
}
#endif
