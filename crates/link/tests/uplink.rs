//! What a standing connection promises: it is made again, and not in a storm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod common;

use common::identity;
use link::{CloseReason, Limits, MemoryNetwork, Pin, Uplink, UplinkTransfers};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::{LinkEvent, RejectCode, ToEndpoint};

/// How long it takes until an endpoint has made `count` connections to a relay that says `frames` on each and ends it
/// after `staying`.
async fn time_of(count: u32, frames: &[ToEndpoint], staying: Duration) -> Duration {
    let network = MemoryNetwork::default();
    let relay = identity(1);
    let listener = network.listen("127.0.0.1:0".parse().unwrap(), &relay, Limits::default()).unwrap();
    let uplink = Uplink {
        connector: Arc::new(network.connector()),
        identity: identity(2),
        relay: listener.local_addr(),
        pin: Pin::Key(relay.public()),
        switch: link::Switch::default(),
        transfers: UplinkTransfers::default(),
    };
    let (inputs, mut heard) = mpsc::channel::<LinkEvent<ToEndpoint>>(64);
    let (_outgoing, frames_out) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let serving = async {
        for _ in 0..count {
            let connection = listener.accept().await.unwrap();
            for frame in frames {
                connection.sender.send(frame.clone()).await.unwrap();
            }
            tokio::time::sleep(staying).await;
            connection.sender.close(CloseReason::Rejected);
        }
    };
    let hearing = async { while heard.recv().await.is_some() {} };
    tokio::select! {
        () = uplink.run(|event| event, inputs, frames_out) => panic!("somebody listens"),
        () = hearing => panic!("the uplink goes on"),
        () = serving => begun.elapsed(),
    }
}

/// Waits grow to half a minute, a quarter of one on average: 240 connections take an hour.
const ABOUT_AN_HOUR: std::ops::Range<Duration> = Duration::from_secs(2400)..Duration::from_secs(5400);

#[tokio::test(start_paused = true)]
async fn a_relay_that_ends_every_session_at_once_is_asked_less_and_less_often() {
    for frames in [
        &[][..],
        &[ToEndpoint::Welcome {
            accepted: wire::Position::default(),
            resumes: wire::Position::default(),
            published: 0,
        }],
    ] {
        let time = time_of(240, frames, Duration::ZERO).await;
        assert!(ABOUT_AN_HOUR.contains(&time), "{time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_refuses_is_asked_less_and_less_often() {
    let time = time_of(240, &[ToEndpoint::Rejected(RejectCode::NotAGateway)], Duration::ZERO).await;
    assert!(ABOUT_AN_HOUR.contains(&time), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_did_work_is_made_again_at_once() {
    let work = [
        ToEndpoint::Welcome {
            accepted: wire::Position::default(),
            resumes: wire::Position::default(),
            published: 0,
        },
        ToEndpoint::Accepted { through: 1 },
    ];
    let time = time_of(240, &work, Duration::ZERO).await;
    assert!(time < Duration::from_secs(5), "{time:?}");
}

/// A phone that nobody writes to has no more to wait for than the others when its relay restarts.
#[tokio::test(start_paused = true)]
async fn a_session_in_which_there_was_nothing_to_do_for_long_is_made_again_at_once() {
    let minute = Duration::from_secs(60);
    let time = time_of(
        240,
        &[ToEndpoint::Welcome {
            accepted: wire::Position::default(),
            resumes: wire::Position::default(),
            published: 0,
        }],
        minute,
    )
    .await;
    assert!(time < minute * 240 + Duration::from_secs(5), "{time:?}");
}
