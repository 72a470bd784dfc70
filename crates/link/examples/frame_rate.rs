//! How many small frames per second go over one connection, and over many, on loopback:
//! `cargo run --release -p link --example frame_rate -- [FRAMES] [CONNECTIONS]`.

#![expect(clippy::print_stdout, reason = "prints its result")]
#![expect(clippy::disallowed_methods, reason = "measures time")]

use link::{Connector, Limits, LinkIdentity, Listener};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;
use wire::{Address, BillingClass, Envelope, EnvelopeId, EnvelopeKind, LinkKey, Number, ToEndpoint, ToRelay};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let frames = arguments.next().transpose()?.unwrap_or(1_000_000);
    let many = arguments.next().transpose()?.unwrap_or(1_000);

    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let identity = LinkIdentity::generate(&mut rng);
    let listener = Arc::new(Listener::bind("127.0.0.1:0".parse()?, &identity, Limits::default())?);
    tokio::spawn(relay(Arc::clone(&listener)));
    let connector = Arc::new(Connector::new(Limits::default()));
    let run = Run { connector, addr: listener.local_addr(), relay: identity.public() };

    for connections in [1, many] {
        let each = frames / connections;
        for acks in [false, true] {
            let mut endpoints = JoinSet::new();
            let mut ready = Vec::new();
            for _ in 0..connections {
                let identity = LinkIdentity::generate(&mut rng);
                ready.push(run.connector.connect(&identity, run.addr, Some(run.relay)).await?);
            }
            let start = Instant::now();
            for connection in ready {
                endpoints.spawn(endpoint(connection, each, acks));
            }
            while let Some(done) = endpoints.join_next().await {
                done??;
            }
            let rate = (each * connections * 1_000) / u64::try_from(start.elapsed().as_millis())?.max(1);
            let kind = if acks { "with an ack each" } else { "one way" };
            println!("{connections} connections, {kind}: {rate} frames/s");
        }
    }
    let (start, attempts) = (Instant::now(), 1_000);
    let endpoint = LinkIdentity::generate(&mut rng);
    for _ in 0..attempts {
        run.connector.connect(&endpoint, run.addr, Some(run.relay)).await?;
    }
    println!("resumed handshakes, one after the other: {} µs each", start.elapsed().as_micros() / attempts);
    println!("{:?}", listener.counts());
    Ok(())
}

struct Run {
    connector: Arc<Connector>,
    addr: std::net::SocketAddr,
    relay: LinkKey,
}

async fn endpoint(mut connection: link::Connection<ToEndpoint, ToRelay>, frames: u64, acks: bool) -> Outcome {
    let sender = connection.sender.clone();
    let sending = tokio::spawn(async move {
        // Sequence 0 asks for no acknowledgement.
        for frame in 1..frames {
            sender.send(submit(if acks { frame } else { 0 })?).await?;
        }
        sender.send(submit(frames)?).await?;
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    });
    while let Some(frame) = connection.receiver.recv().await? {
        if frame == (ToEndpoint::Accepted { through: frames }) {
            break;
        }
    }
    sending.await?
}

async fn relay(listener: Arc<Listener>) {
    while let Some(mut connection) = listener.accept().await {
        tokio::spawn(async move {
            while let Ok(Some(frame)) = connection.receiver.recv().await {
                if let ToRelay::Submit { sequence: through @ 1.., .. } = frame
                    && connection.sender.send(ToEndpoint::Accepted { through }).await.is_err()
                {
                    break;
                }
            }
        });
    }
}

fn submit(sequence: u64) -> Result<ToRelay, wire::IdError> {
    let envelope = Envelope {
        id: EnvelopeId([9; 16]),
        from: Address::primary(Number::from_integer(16_505_551_234)?),
        to: Address::primary(Number::from_integer(15_550_783_881)?),
        kind: EnvelopeKind::Ratchet,
        ciphertext: [7; 64].as_slice().into(),
        billing_class: BillingClass::Service,
    };
    Ok(ToRelay::Submit { sequence, envelope })
}
