//! What one end of a link allows the other: times after which it gives up, how many connections and handshakes, how much
//! may be queued.

use std::time::Duration;

/// What one end allows. Both ends work with the defaults; neither trusts the other to have them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Silence after which the other end is taken for dead. The smaller of both ends' values counts
    /// (RFC 9000 §10.1).
    pub idle_timeout: Duration,
    /// How often an endpoint that has nothing to say says so. The relay doesn't: one side is enough. Also
    /// how soon an idle endpoint notices that its relay was killed and started again.
    pub keep_alive: Duration,
    /// From the first packet to an authenticated connection.
    pub handshake_timeout: Duration,
    /// How long a closing connection waits for the other end to take what was queued.
    pub close_timeout: Duration,
    /// Connections of one listener, handshakes included. More are refused.
    pub max_connections: usize,
    /// Handshakes that a listener has under way at once, and connections that wait to be accepted. From
    /// half of this on, callers must prove their address first (RFC 9000 §8.1.2).
    pub max_handshakes: usize,
    /// Handshakes that a connector has under way at once; more wait their turn, and their
    /// [`handshake_timeout`](Self::handshake_timeout) starts when it comes. Thousands at once would share
    /// the processor, so that each takes as long as all of them together and most run out of time.
    pub max_attempts: usize,
    /// Bytes of frames that wait to be written, per connection; one more frame may go over it.
    pub queue_bytes: usize,
    /// Bytes that a connection holds of what arrived and nobody has read yet. Each transfer has as much again.
    pub receive_window: u32,
    /// Bytes that a connection holds of what was sent and not acknowledged yet. Each transfer has as much again.
    pub send_window: u32,
    /// Transfers that an endpoint may have open at once, beside its messages: what the relay grants a connection, and what an
    /// endpoint has windows for. Each costs memory in every connection, so the relay begins with few and
    /// [allows](crate::Transfers::allow) more to whom it knows.
    pub max_transfers: u32,
    /// A transfer of which the other end takes or sends nothing for so long is given up.
    pub transfer_idle: Duration,
    /// Asked of the kernel for a UDP socket, each way. At the usual 208 KiB, 1,000 busy connections
    /// lose packets and fall to a tenth; `net.core.rmem_max` and `wmem_max` must allow more.
    pub socket_buffer: usize,
    /// Identities whose last TLS ticket a [`Connector`](crate::Connector) keeps.
    pub remembered_sessions: usize,
    /// Whether a connector asks for X25519MLKEM768 rather than X25519: who writes to whom stays secret
    /// from somebody who records packets today and has a quantum computer later. Costs about 65 µs per
    /// handshake and 8 KiB per connection. A listener accepts both.
    pub post_quantum: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(30),
            keep_alive: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            max_connections: 100_000,
            max_handshakes: 1024,
            max_attempts: 64,
            queue_bytes: 256 * 1024,
            receive_window: 512 * 1024,
            send_window: 512 * 1024,
            max_transfers: 2,
            transfer_idle: Duration::from_secs(20),
            socket_buffer: 4 * 1024 * 1024,
            remembered_sessions: 100_000,
            post_quantum: true,
        }
    }
}
