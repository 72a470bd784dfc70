//! What both sides of a QUIC link share: sockets, transport parameters, and the two ends of the stream.
//!
//! The endpoint opens one bidirectional stream as soon as the handshake is done and sends [`PREAMBLE`] on
//! it, so that the relay sees the stream before the first frame. Frames follow, both ways. Who closes
//! finishes its half, waits until the other end has everything, and says why in CONNECTION_CLOSE.

use crate::connection::assemble;
use crate::count::count;
use crate::outbox::{Outbox, Taken};
use crate::source::{QuicSource, Source};
use crate::tap::{Direction, Tap, Tapped};
use crate::transfer::Transfers;
use crate::{Connection, Limits, LinkIdentity};
use aws_lc_rs::hmac;
use quinn::{RecvStream, SendStream, TransportConfig, VarInt, WriteError};
use quinn_proto::HashedConnectionIdGenerator;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use wire::{Frame, LinkKey};

/// First byte of the stream: the version of what this module does.
pub(crate) const PREAMBLE: [u8; 1] = [1];

/// What stateless resets are made with (RFC 9000 §10.3). It follows from the link key, so that a relay
/// that was killed and started again can tell its endpoints at once that their connections are gone;
/// otherwise they would wait for the idle timeout.
pub(crate) struct ResetKey([u8; 32]);

impl ResetKey {
    /// The key of the listener with this identity.
    pub(crate) fn new(identity: &LinkIdentity) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, identity.to_pkcs8().as_slice());
        let mut reset_key = [0; 32];
        let tag = hmac::sign(&key, b"blindpost stateless reset v1");
        for (to, from) in reset_key.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        Self(reset_key)
    }

    fn endpoint_config(&self) -> quinn::EndpointConfig {
        let mut config = quinn::EndpointConfig::new(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &self.0)));
        // An endpoint answers only for connection ids that it may have made: these too must stay the same.
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        let key = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(key)));
        config
    }
}

/// Opens an endpoint on a socket with large buffers.
pub(crate) fn open(
    addr: SocketAddr,
    server: Option<(quinn::ServerConfig, ResetKey)>,
    limits: &Limits,
) -> io::Result<quinn::Endpoint> {
    // Without a runtime tokio would panic instead.
    tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(limits.socket_buffer)?;
    socket.set_send_buffer_size(limits.socket_buffer)?;
    // Linux reports twice what it grants, and grants at most `rmem_max` without an error.
    let granted = socket.recv_buffer_size()? / 2;
    if granted < limits.socket_buffer {
        let (granted_kib, wanted_kib) = (granted / 1024, limits.socket_buffer / 1024);
        tracing::info!(granted_kib, wanted_kib, "small UDP buffer: many busy connections will lose packets");
    }
    socket.bind(&addr.into())?;
    let (server, config) = match server {
        Some((server, reset_key)) => (Some(server), reset_key.endpoint_config()),
        None => (None, quinn::EndpointConfig::default()),
    };
    quinn::Endpoint::new(config, server, socket.into(), Arc::new(quinn::TokioRuntime))
}

/// Transport parameters for one long-lived stream per connection and few for transfers, as little memory as possible, and
/// death noticed.
pub(crate) fn transport(limits: &Limits, side: quinn::Side) -> Arc<TransportConfig> {
    let mut config = TransportConfig::default();
    let streams = 1 + limits.max_transfers;
    let millis = u32::try_from(limits.idle_timeout.as_millis()).unwrap_or(u32::MAX);
    config
        .max_idle_timeout(Some(VarInt::from_u32(millis).into()))
        // Credit for streams costs memory in every connection: 135 KiB for the default of 100 and more.
        .max_concurrent_bidi_streams(VarInt::from_u32(if side.is_server() { streams } else { 0 }))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(limits.receive_window))
        // So that a transfer that nobody reads, or whose bytes are not acknowledged yet, leaves messages theirs.
        .receive_window(VarInt::from_u32(limits.receive_window.saturating_mul(streams)))
        .send_window(u64::from(limits.send_window) * u64::from(streams))
        // Neither is used; both cost memory in every connection.
        .mtu_discovery_config(None)
        .datagram_receive_buffer_size(None);
    if side.is_client() {
        config.keep_alive_interval(Some(limits.keep_alive));
    }
    Arc::new(config)
}

/// Makes a connection of an authenticated QUIC connection and its stream; spawns its writer.
pub(crate) fn establish<In: Frame, Out: Frame>(
    peer: LinkKey,
    connection: quinn::Connection,
    (send, recv): (SendStream, RecvStream),
    limits: &Limits,
    tap: Option<&Arc<dyn Tap>>,
) -> Connection<In, Out> {
    // Only listeners have taps, so what is written goes to the endpoint.
    let tapped = |direction| tap.map(|tap| Tapped::new(tap, direction));
    let outbox = Arc::new(Outbox::new(limits.queue_bytes));
    let close_timeout = limits.close_timeout;
    let writer = Writer {
        outbox: Arc::clone(&outbox),
        stream: send,
        connection: connection.clone(),
        tap: tapped(Direction::ToEndpoint),
        close_timeout,
    };
    tokio::spawn(writer.run());
    let transfers = Transfers::quic(connection.clone(), limits.transfer_idle, tap.cloned());
    let source = QuicSource { stream: recv, connection, finished: false, close_timeout };
    assemble(peer, Source::Quic(source), outbox, tapped(Direction::ToRelay), transfers)
}

/// Moves what an outbox gathers to a QUIC stream.
struct Writer {
    outbox: Arc<Outbox>,
    stream: SendStream,
    connection: quinn::Connection,
    tap: Option<Tapped>,
    close_timeout: Duration,
}

impl Writer {
    async fn run(mut self) {
        let connection = self.connection.clone();
        let outbox = Arc::clone(&self.outbox);
        let close_timeout = self.close_timeout;
        let overdue = async {
            outbox.closing().await;
            tokio::time::sleep(close_timeout).await;
        };
        tokio::select! {
            () = self.write_all() => {}
            () = overdue => {}
            _ = connection.closed() => {}
        }
        // quinn would forget how the connection ended if it were closed again.
        if connection.close_reason().is_none() {
            connection.close(outbox.reason().to_code().into(), &[]);
        }
        outbox.end();
    }

    /// Writes until the outbox is closed, then until the other end has it all.
    async fn write_all(&mut self) {
        loop {
            match self.outbox.take().await {
                Taken::Bytes(bytes) => {
                    count("sent", &bytes);
                    if let Some(tap) = &mut self.tap {
                        tap.saw(&bytes);
                    }
                    if let Err(error) = self.stream.write_chunk(bytes).await {
                        return self.give_up(error).await;
                    }
                }
                Taken::Finish(_) => return self.finish().await,
                Taken::Yield => {
                    self.finish().await;
                    self.connection.closed().await;
                    return;
                }
                Taken::Ended => return,
            }
        }
    }

    async fn finish(&mut self) {
        let _ = self.stream.finish();
        let _ = self.stream.stopped().await;
    }

    async fn give_up(&mut self, error: WriteError) {
        if let WriteError::Stopped(_) = error {
            // The other end reads no more, but may have last words under way: it is for it to close.
            self.outbox.answer();
            let _ = timeout(self.close_timeout, self.connection.closed()).await;
        }
    }
}
