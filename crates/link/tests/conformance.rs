//! Both links keep the same promises: every test here runs over QUIC on loopback and in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{Net, hello, identity, receipt, within};
use link::{CloseReason, ConnectError, Limits, LinkError, SendError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wire::{FrameError, MAX_FRAME_BYTES, RejectCode, ToEndpoint, ToRelay};

/// Runs a test over both links.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod quic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::within(60, super::$name(super::Net::quic())).await;
            })*
        }
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::within(60, super::$name(super::Net::memory())).await;
            })*
        }
    };
}

both!(
    frames_arrive_in_order_both_ways,
    both_ends_know_each_other,
    either_end_may_speak_first,
    a_slow_reader_slows_the_sender,
    closing_flushes_and_says_why,
    dropping_a_connection_flushes_and_closes_it,
    dropping_only_the_receiver_closes_too,
    what_was_sent_before_closing_can_be_read_later,
    a_malformed_frame_is_reported_and_can_be_answered,
    an_oversize_frame_is_refused_at_both_ends,
    the_wrong_relay_is_refused,
    nobody_listens,
    a_closed_listener_closes_its_connections,
    reconnects_after_a_restart_on_the_same_port,
    a_full_relay_refuses,
    receiving_is_cancel_safe,
    many_senders_feed_one_queue,
);

async fn frames_arrive_in_order_both_ways(net: Net) {
    let (endpoint, relay, _listener) = net.pair().await;
    let (up, down) = (endpoint.sender.clone(), relay.sender.clone());
    let n = 20_000;
    let sending = tokio::spawn(async move {
        for sequence in 0..n {
            up.send(ToRelay::Acknowledge { through: sequence, unread: Vec::new() }).await.unwrap();
            down.send(ToEndpoint::Accepted { through: sequence }).await.unwrap();
        }
    });
    let (mut from_endpoint, mut from_relay) = (relay.receiver, endpoint.receiver);
    for sequence in 0..n {
        let up = from_endpoint.recv().await.unwrap().unwrap();
        assert_eq!(up, ToRelay::Acknowledge { through: sequence, unread: Vec::new() });
        let down = from_relay.recv().await.unwrap().unwrap();
        assert_eq!(down, ToEndpoint::Accepted { through: sequence });
    }
    sending.await.unwrap();
}

async fn both_ends_know_each_other(net: Net) {
    let (endpoint, relay, listener) = net.pair().await;
    assert_eq!(endpoint.peer, net.relay.public());
    assert_eq!(relay.peer, net.endpoint.public());
    // Without a pin, the connector reports whom it met.
    let unpinned = net.connector.connect(&identity(77), listener.local_addr(), None).await.unwrap();
    assert_eq!(unpinned.peer, net.relay.public());
    assert_eq!(listener.accept().await.unwrap().peer, identity(77).public());
}

async fn either_end_may_speak_first(net: Net) {
    let (mut endpoint, relay, _listener) = net.pair().await;
    relay.sender.send(receipt(1)).await.unwrap();
    assert_eq!(endpoint.receiver.recv().await.unwrap(), Some(receipt(1)));
}

async fn a_slow_reader_slows_the_sender(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    let sender = endpoint.sender.clone();
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let big = vec![7; 10_000];
    let sending = tokio::spawn(async move {
        for sequence in 0..2_000 {
            sender.send(common::submit(sequence, &big)).await.unwrap();
            count.store(sequence + 1, Ordering::Relaxed);
        }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let early = sent.load(Ordering::Relaxed);
    assert!(early * 10_000 < 3_000_000, "{early} frames of 10 kB gone nowhere");
    // Whatever waits, no more goes in; the other direction still flows.
    assert_eq!(endpoint.sender.try_send(hello()), Err(SendError::Full));
    relay.sender.send(receipt(3)).await.unwrap();
    for expected in 0..2_000 {
        match relay.receiver.recv().await.unwrap().unwrap() {
            ToRelay::Submit { sequence, .. } => assert_eq!(sequence, expected),
            other => panic!("{other:?}"),
        }
    }
    sending.await.unwrap();
}

async fn closing_flushes_and_says_why(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    for sequence in 0..1_000 {
        endpoint.sender.send(ToRelay::Acknowledge { through: sequence, unread: Vec::new() }).await.unwrap();
    }
    endpoint.sender.close(CloseReason::Replaced);
    assert_eq!(endpoint.sender.send(hello()).await, Err(SendError::Closed));
    for through in 0..1_000 {
        assert_eq!(
            relay.receiver.recv().await.unwrap(),
            Some(ToRelay::Acknowledge { through, unread: Vec::new() })
        );
    }
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    assert_eq!(relay.receiver.close_reason(), Some(CloseReason::Replaced));
    assert_eq!(relay.sender.send(receipt(1)).await, Err(SendError::Closed));
    endpoint.sender.closed().await;
    relay.sender.closed().await;
    let mut receiver = endpoint.receiver;
    assert_eq!(receiver.recv().await.unwrap(), None);
    assert_eq!(receiver.close_reason(), Some(CloseReason::Replaced));
}

async fn dropping_a_connection_flushes_and_closes_it(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    endpoint.sender.send(hello()).await.unwrap();
    drop(endpoint);
    assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    assert_eq!(relay.receiver.close_reason(), Some(CloseReason::Done));
}

async fn dropping_only_the_receiver_closes_too(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    endpoint.sender.send(hello()).await.unwrap();
    drop(endpoint.receiver);
    assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    assert_eq!(endpoint.sender.send(hello()).await, Err(SendError::Closed));
    relay.sender.closed().await;
}

async fn what_was_sent_before_closing_can_be_read_later(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    for through in 0..100 {
        endpoint.sender.send(ToRelay::Acknowledge { through, unread: Vec::new() }).await.unwrap();
    }
    endpoint.sender.close(CloseReason::Shutdown);
    endpoint.sender.closed().await;
    drop(endpoint);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for through in 0..100 {
        assert_eq!(
            relay.receiver.recv().await.unwrap(),
            Some(ToRelay::Acknowledge { through, unread: Vec::new() })
        );
    }
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    assert_eq!(relay.receiver.close_reason(), Some(CloseReason::Shutdown));
}

async fn a_malformed_frame_is_reported_and_can_be_answered(net: Net) {
    let (mut endpoint, mut relay, _listener) = net.pair().await;
    endpoint.sender.send(hello()).await.unwrap();
    endpoint.sender.danger_send_bytes(&[0, 0, 0, 2, 1, 0xff]).unwrap();
    endpoint.sender.send(hello()).await.unwrap();
    assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
    for _ in 0..2 {
        assert_eq!(relay.receiver.recv().await, Err(LinkError::Frame(FrameError::Malformed)));
    }
    relay.sender.send(ToEndpoint::Rejected(RejectCode::MalformedFrame)).await.unwrap();
    relay.sender.close(CloseReason::Rejected);
    drop(relay);
    let last = endpoint.receiver.recv().await.unwrap();
    assert_eq!(last, Some(ToEndpoint::Rejected(RejectCode::MalformedFrame)));
    assert_eq!(endpoint.receiver.recv().await.unwrap(), None);
    assert_eq!(endpoint.receiver.close_reason(), Some(CloseReason::Rejected));
}

async fn an_oversize_frame_is_refused_at_both_ends(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    let huge = common::submit(1, &vec![7; MAX_FRAME_BYTES]);
    assert_eq!(endpoint.sender.send(huge.clone()).await, Err(SendError::TooLarge));
    assert_eq!(endpoint.sender.try_send(huge), Err(SendError::TooLarge));
    endpoint.sender.send(hello()).await.unwrap();
    assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
    // An end that doesn't keep the limit gets no further than the length.
    endpoint.sender.danger_send_bytes(&[0x7f, 0xff, 0xff, 0xff]).unwrap();
    assert_eq!(relay.receiver.recv().await, Err(LinkError::Frame(FrameError::TooLarge(0x7fff_ffff))));
}

async fn the_wrong_relay_is_refused(net: Net) {
    let listener = net.listen(Limits::default());
    let addr = listener.local_addr();
    let expected = identity(99).public();
    for _ in 0..2 {
        match net.connector.connect(&net.endpoint, addr, Some(expected)).await {
            Err(ConnectError::WrongKey { addr: at, presented, expected: wanted }) => {
                assert_eq!((at, presented, wanted), (addr, net.relay.public(), expected));
            }
            other => panic!("{other:?}"),
        }
    }
    // A session with the right pin is no way around another pin.
    let right = net.connector.connect(&net.endpoint, addr, Some(net.relay.public())).await.unwrap();
    let relay = listener.accept().await.unwrap();
    relay.sender.close(CloseReason::Done);
    drop(right);
    let wrong = net.connector.connect(&net.endpoint, addr, Some(expected)).await;
    assert!(matches!(wrong, Err(ConnectError::WrongKey { .. })), "{wrong:?}");
}

async fn nobody_listens(net: Net) {
    let addr: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let error = net.connector.connect(&net.endpoint, addr, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error}");
    assert!(error.to_string().contains("is the relay running there"), "{error}");
}

async fn a_closed_listener_closes_its_connections(net: Net) {
    let (mut endpoint, mut relay, listener) = net.pair().await;
    listener.close().await;
    assert_eq!(endpoint.receiver.recv().await.unwrap(), None);
    assert_eq!(endpoint.receiver.close_reason(), Some(CloseReason::Shutdown));
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    assert!(listener.accept().await.is_none());
    assert_eq!(endpoint.sender.send(hello()).await, Err(SendError::Closed));
}

async fn reconnects_after_a_restart_on_the_same_port(net: Net) {
    let (mut endpoint, relay, listener) = net.pair().await;
    let addr = listener.local_addr();
    listener.close().await;
    drop((listener, relay));
    assert_eq!(endpoint.receiver.recv().await.unwrap(), None);
    let listener = net.listen_again(addr).await;
    let again = net.connect(&listener).await;
    let mut relay = listener.accept().await.unwrap();
    again.sender.send(hello()).await.unwrap();
    assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
    assert_eq!(relay.peer, net.endpoint.public());
}

async fn a_full_relay_refuses(net: Net) {
    let listener = net.listen(Limits { max_connections: 2, ..Limits::default() });
    let kept = [net.connect(&listener).await, net.connect(&listener).await];
    let relays = [listener.accept().await.unwrap(), listener.accept().await.unwrap()];
    let refused = net.connector.connect(&identity(5), listener.local_addr(), None).await;
    assert!(matches!(refused, Err(ConnectError::Refused { .. })), "{refused:?}");
    drop((kept, relays));
    // Room again, once QUIC has forgotten the others.
    loop {
        match net.connector.connect(&identity(5), listener.local_addr(), None).await {
            Ok(_) => break,
            Err(ConnectError::Refused { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn receiving_is_cancel_safe(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    let sender = endpoint.sender.clone();
    let sending = tokio::spawn(async move {
        for sequence in 0..200 {
            sender.send(common::submit(sequence, &[5; 3_000])).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut expected = 0;
    while expected < 200 {
        tokio::select! {
            biased;
            frame = relay.receiver.recv() => match frame.unwrap().unwrap() {
                ToRelay::Submit { sequence, .. } => { assert_eq!(sequence, expected); expected += 1; }
                other => panic!("{other:?}"),
            },
            () = tokio::task::yield_now() => {}
        }
    }
    sending.await.unwrap();
}

async fn many_senders_feed_one_queue(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    let mut tasks = Vec::new();
    for lane in 0..50_u64 {
        let sender = endpoint.sender.clone();
        tasks.push(tokio::spawn(async move {
            for step in 0..100 {
                sender.send(common::submit(lane * 1_000 + step, &[1; 2_000])).await.unwrap();
            }
        }));
    }
    drop(endpoint.sender);
    let mut next = [0; 50];
    for _ in 0..5_000 {
        let Some(ToRelay::Submit { sequence, .. }) = relay.receiver.recv().await.unwrap() else { panic!() };
        let lane = usize::try_from(sequence / 1_000).unwrap();
        assert_eq!(sequence % 1_000, next[lane]);
        next[lane] += 1;
    }
    // The last sender is gone by now, and that closes the connection.
    assert_eq!(relay.receiver.recv().await.unwrap(), None);
    for task in tasks {
        task.await.unwrap();
    }
}
