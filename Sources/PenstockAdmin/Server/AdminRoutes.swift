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
import Penstock
import PenstockEvents

/// Answers requests.
struct AdminRoutes: Sendable {
    /// What there is.
    private enum Route: String {
        case page = "/"
        case live = "/live"
        case ready = "/ready"
        case status = "/status"
        case metrics = "/metrics"
        case objects = "/objects"
        case events = "/events"
        case drain = "/drain"
        case pause = "/pause"
        case resume = "/resume"
        case resize = "/resize"

        /// Whether it changes something.
        var isOrder: Bool {
            switch self {
            case .page, .live, .ready, .status, .metrics, .objects, .events: false
            case .drain, .pause, .resume, .resize: true
            }
        }

        /// Whether anyone may ask for it: it tells nothing of the pipeline but whether it works.
        var isOpen: Bool {
            switch self {
            case .page, .live, .ready: true
            case .status, .metrics, .objects, .events, .drain, .pause, .resume, .resize: false
            }
        }
    }

    /// The longest body of an order, which nobody reads.
    private static let bodyBytesMax = 4096
    private static let workers = 1...1024

    let guardian: AdminGuard
    let desk: AdminDesk
    let subject: AdminSubject
    let metrics: AdminServer.Metrics?
    let objects: (@Sendable () -> String)?
    let drainDeadline: Duration

    func respond(to request: Request) async -> Response {
        let response = await self.answer(request)
        return request.method == .head ? response.createHeadResponse() : response
    }

    // MARK: - Private

    private func answer(_ request: Request) async -> Response {
        guard let route = Route(rawValue: request.uri.path) else {
            if let refusal = self.guardian.refusal(of: request.head, isOrder: false, isOpen: false) {
                return Self.refusal(refusal.status, refusal.reason)
            }
            return Self.refusal(404, "there is no \(request.uri.path.prefix(100))")
        }
        let isOrder = route.isOrder && request.method == .post
        if let refusal = self.guardian.refusal(of: request.head, isOrder: isOrder, isOpen: route.isOpen) {
            return Self.refusal(refusal.status, refusal.reason)
        }
        guard request.method == (route.isOrder ? .post : .get) || (request.method == .head && !route.isOrder) else {
            let allowed = route.isOrder ? "POST" : "GET, HEAD"
            return Self.refusal(405, "\(route.rawValue) takes \(allowed)", headers: [.allow: allowed])
        }
        guard route.isOrder else { return self.answer(route, request) }
        do {
            _ = try await request.body.collect(upTo: Self.bodyBytesMax)
        } catch {
            return Self.refusal(413, "an order has no body", headers: [.connection: "close"])
        }
        return self.carryOut(route, request)
    }

    private func answer(_ route: Route, _ request: Request) -> Response {
        switch route {
        case .page: return AdminPage.response()
        case .live: return Self.json(200, "{\"live\":true}")
        case .ready:
            let status = self.desk.status()
            return Self.json(status.reasonsNotReady.isEmpty ? 200 : 503, status.readinessJSON())
        case .status: return Self.json(200, self.desk.status().json())
        case .metrics:
            guard let metrics = self.metrics else { return Self.refusal(404, "there are no metrics") }
            let (contentType, body) = metrics(request.headers[.accept])
            return Self.text(200, body, contentType: contentType)
        case .objects:
            guard let objects = self.objects else { return Self.refusal(404, "nobody counts what lives") }
            return Self.json(200, objects())
        case .events: return self.stream()
        case .drain, .pause, .resume, .resize: return Self.refusal(405, "\(route.rawValue) takes POST")
        }
    }

    private func carryOut(_ route: Route, _ request: Request) -> Response {
        let query = request.uri.queryParameters
        switch route {
        case .pause: return self.subject.pause() ? Self.done("paused") : Self.refusal(409, "nothing runs")
        case .resume: return self.subject.resume() ? Self.done("running") : Self.refusal(409, "nothing runs")
        case .resize:
            guard let workers = query["workers"].flatMap({ Int($0) }), Self.workers.contains(workers) else {
                return Self.refusal(400, "'workers' has to be a whole number from 1 to 1024")
            }
            return self.subject.resize(workers) ? Self.done("\(workers) workers") : Self.refusal(409, "nothing runs")
        case .drain:
            var deadline = self.drainDeadline
            if let text = query["deadline"] {
                guard let seconds = Double(text), (0...86_400).contains(seconds) else {
                    return Self.refusal(400, "'deadline' has to be a number of seconds, at most a day")
                }
                deadline = .milliseconds(Int((seconds * 1000).rounded()))
            }
            if self.desk.report != nil { return Self.refusal(409, "the run has ended") }
            self.subject.drain(deadline)
            return Self.done("draining")
        case .page, .live, .ready, .status, .metrics, .objects, .events:
            return Self.refusal(405, "\(route.rawValue) takes GET")
        }
    }

    /// A status a second as server-sent events, and the report as the last one.
    private func stream() -> Response {
        let desk = self.desk
        guard let viewer = desk.join() else {
            return Self.refusal(503, "as many watch as may", headers: [.retryAfter: "5"])
        }
        // Whoever goes before the first event is written leaves as well: nothing else holds the place.
        let place = ViewerPlace(desk, viewer)
        let body = ResponseBody { writer in
            do {
                while let status = try await place.viewer.statuses.receive() {
                    try await writer.write(ByteBuffer(string: "event: status\ndata: \(status)\n\n"))
                }
                if let report = desk.report {
                    try await writer.write(ByteBuffer(string: "event: report\ndata: \(report)\n\n"))
                }
                try await writer.finish(nil)
            } catch {
                place.leave()
                throw error
            }
            place.leave()
        }
        return Response(
            status: .ok,
            headers: Self.headers(contentType: "text/event-stream; charset=utf-8"),
            body: body
        )
    }

    private static func done(_ what: String) -> Response {
        var json = JSONWriter()
        json.object {
            $0.member("ok", flag: true)
            $0.member("now", text: what)
        }
        return self.json(202, json.text)
    }

    private static func refusal(_ status: Int, _ reason: String, headers: HTTPFields = [:]) -> Response {
        var json = JSONWriter()
        json.object { $0.member("error", text: reason) }
        var response = self.json(status, json.text)
        response.headers.append(contentsOf: headers)
        if status == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    private static func json(_ status: Int, _ text: String) -> Response {
        self.text(status, text + "\n", contentType: "application/json")
    }

    static func text(_ status: Int, _ text: String, contentType: String) -> Response {
        Response(
            status: .init(code: status),
            headers: self.headers(contentType: contentType),
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    private static func headers(contentType: String) -> HTTPFields {
        var headers: HTTPFields = [.contentType: contentType, .cacheControl: "no-store"]
        headers[.xContentTypeOptions] = "nosniff"
        return headers
    }
}

/// The place of somebody who watches, which is given back when nothing holds it any more.
private final class ViewerPlace: Sendable {
    let viewer: AdminDesk.Viewer
    private let desk: AdminDesk

    init(_ desk: AdminDesk, _ viewer: AdminDesk.Viewer) {
        self.desk = desk
        self.viewer = viewer
    }

    deinit { self.desk.leave(self.viewer) }

    func leave() { self.desk.leave(self.viewer) }
}
#endif
