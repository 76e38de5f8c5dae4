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
import PenstockEvents
import PenstockHTTP

/// Decides who may ask for what.
///
/// A web page of somebody else can make a browser send requests to this machine. It cannot read the answers, but an order
/// would be carried out: so orders need a header that such a page may not send without being allowed to, and an `Origin`, if
/// there is one, that is this server's own. A page whose name has been made to lead to this machine would count as this
/// server's own: so without a token the `Host` has to be an address or `localhost`.
struct AdminGuard: Sendable {
    /// The header that an order has to bring, with any value.
    static let header = "X-Penstock"

    /// Why a request is refused.
    struct Refusal: Equatable {
        var status: Int
        var reason: String
    }

    /// What requests have to bring; nil when they need not.
    var token: SecretToken?
    var usesTLS: Bool
    /// Whether it is behind a socket that only this user can open.
    var isPrivate: Bool

    /// Why a request is refused; nil when it is not.
    ///
    /// - Parameters:
    ///   - request: The head of the request.
    ///   - isOrder: Whether it changes something.
    ///   - isOpen: Whether anyone may ask for it.
    func refusal(of request: HTTPRequest, isOrder: Bool, isOpen: Bool) -> Refusal? {
        let host = request.authority ?? ""
        if !self.isPrivate, self.token == nil, !Self.isAddress(host) {
            return Refusal(status: 421, reason: "the host has to be an address of this machine, or localhost")
        }
        if let token = self.token, !isOpen {
            let authorization = request.headerFields[.authorization] ?? ""
            guard token.isBrought(by: authorization) else { return Refusal(status: 401, reason: "a token is needed") }
        }
        guard isOrder else { return nil }
        guard let name = HTTPFields.Element.Name(Self.header), request.headerFields[name] != nil else {
            return Refusal(status: 403, reason: "an order needs the header \(Self.header), with any value")
        }
        if let origin = request.headerFields[.origin] {
            let own = (self.usesTLS ? "https://" : "http://") + host
            guard !self.isPrivate, origin.lowercased() == own.lowercased() else {
                return Refusal(status: 403, reason: "orders of other sites are refused")
            }
        }
        return nil
    }

    /// Whether a host, with or without its port, is one that no name server has a say in.
    private static func isAddress(_ authority: String) -> Bool {
        let host = authority.lowercased()
        return ListenAddress(host) != nil || ListenAddress("\(host):0") != nil
    }
}
#endif
