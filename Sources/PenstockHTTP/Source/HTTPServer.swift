//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import NIOPosix
import NIOSSL
import Penstock
import PenstockEvents

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The listening socket of a source, and the connections that were made to it.
///
/// It is built of SwiftNIO's parts and not of a web framework: the limits of connections, of what a connection may hold, and
/// of when a body is read at all have to be kept before and inside the parser, where a framework lets nobody stand.
final class HTTPServer: Sendable {
    /// The address it listens on, with the port that the system has picked if it was to.
    let address: String
    /// The port it listens on.
    let port: Int
    private let channel: any NIOCore.Channel
    private let desk: NIOLoopBound<ServerDesk>

    /// Connections that wait for the system to hand them over.
    private static let backlog: Int32 = 1024
    /// The most bytes of one read.
    private static let readBytesMax = 64 << 10

    private init(channel: any NIOCore.Channel, desk: NIOLoopBound<ServerDesk>) {
        self.channel = channel
        self.desk = desk
        self.port = channel.localAddress?.port ?? 0
        self.address = channel.localAddress?.description ?? ""
    }

    /// Begins to listen.
    ///
    /// - Throws: `inputOutput` when the address cannot be had.
    static func listen(
        _ configuration: HTTPSourceConfiguration,
        token: SecretToken?,
        tls: NIOSSLContext?,
        line: HandOverLine,
        time: TimeSource
    ) async throws(PenstockError) -> HTTPServer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        do {
            let desk = try await loop.submit {
                NIOLoopBound(
                    ServerDesk(configuration, token: token, line: line, time: time, loop: loop),
                    eventLoop: loop
                )
            }.get()
            let channel = try await Self.bootstrap(loop, desk, tls)
                .bind(host: configuration.listen.host, port: configuration.listen.port).get()
            return HTTPServer(channel: channel, desk: desk)
        } catch {
            throw Self.problem(configuration.listen, Self.reason(error), error)
        }
    }

    /// Stops listening, answers what was taken, and refuses everything else.
    ///
    /// Returns when each connection is closed but those that wait for the fates of their events; by the deadline at the
    /// latest.
    ///
    /// - Parameter deadline: How long connections may take to end by themselves.
    func stop(within deadline: Duration) async {
        let desk = self.desk
        try? await self.channel.close().get()
        try? await self.channel.eventLoop.flatSubmit { () -> EventLoopFuture<Void> in
            let loop = desk.eventLoop
            let ended = loop.makePromise(of: Void.self)
            let alarm = loop.scheduleTask(in: TimeAmount(deadline)) {
                desk.value.abortIdle()
                ended.succeed()
            }
            desk.value.stop().whenComplete { _ in
                alarm.cancel()
                ended.succeed()
            }
            return ended.futureResult
        }.get()
    }

    /// Tells what became of handing a request over.
    func handedOver(_ number: UInt64, _ handOver: PendingAnswer.HandOver) {
        let desk = self.desk
        desk.eventLoop.execute { desk.value.handedOver(number, handOver) }
    }

    /// Tells what became of requests, and waits until their answers have been written.
    func settle(_ settlements: [Settlement]) async {
        let desk = self.desk
        try? await desk.eventLoop.flatSubmit { desk.value.settle(settlements) }.get()
    }

    static func problem(_ address: ListenAddress, _ reason: String, _ error: (any Error)? = nil) -> PenstockError {
        PenstockError(.inputOutput, "Nobody can listen on \(address): \(reason).", underlyingError: error)
    }

    // MARK: - Private

    /// What the system says, without the name of the call.
    private static func reason(_ error: any Error) -> String {
        guard let failure = error as? IOError else { return ConnectionProblem.reason(error) }
        return String(cString: strerror(failure.errnoCode))
    }

    private static func bootstrap(
        _ loop: any EventLoop,
        _ desk: NIOLoopBound<ServerDesk>,
        _ tls: NIOSSLContext?
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Nobody reads before the gate asks.
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // The answers that a client has not read: a few.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1024, high: 4096))
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: Self.readBytesMax)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.admit(channel, desk.value, tls) }
            }
    }

    /// Makes a channel a connection, or closes it when there are as many as there may be.
    private static func admit(_ channel: any NIOCore.Channel, _ desk: ServerDesk, _ tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        guard desk.takesConnections else {
            // A word to who is quick enough to read it; without TLS, because a handshake would be work for nothing.
            if tls == nil {
                try pipeline.addHandler(RefusingHandler(date: desk.date()))
            } else {
                channel.close(promise: nil)
            }
            return
        }
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let connection = HTTPConnection(desk: desk)
        desk.add(connection)
        try connection.install(in: pipeline)
    }
}

/// Answers 503 to a connection that is one too many, and closes it.
private final class RefusingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let date: String

    init(date: String) {
        self.date = date
    }

    func channelActive(context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 256)
        HTTPAnswer.refusal(503, "there are too many connections", retryAfter: 1).closing
            .write(to: &buffer, date: self.date)
        context.writeAndFlush(NIOAny(buffer), promise: nil)
        context.close(promise: nil)
    }
}
#endif
