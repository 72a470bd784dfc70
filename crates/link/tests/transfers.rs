//! What is too large for a message has streams of its own, over QUIC and in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{Net, hello, within};
use link::{Limits, TransferError};
use std::time::Duration;
use wire::{BlobId, TransferAnswer, TransferRequest};

const BLOB: BlobId = BlobId([7; 32]);
const GET: TransferRequest = TransferRequest::Get { blob: BLOB, offset: 0 };

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
    a_request_its_answer_and_the_bytes_arrive,
    what_is_given_up_is_not_taken_for_whole,
    no_message_waits_behind_a_transfer_that_nobody_reads,
    a_transfer_that_stops_is_given_up,
    there_are_none_without_a_connection,
);

async fn a_request_its_answer_and_the_bytes_arrive(net: Net) {
    let (endpoint, relay, _listener) = net.pair().await;
    let length = 3 * 1024 * 1024 + 5;
    let put = TransferRequest::Put { blob: BLOB, length };
    let serving = tokio::spawn(async move {
        let mut transfer = relay.transfers.accept().await.unwrap();
        assert_eq!(transfer.request().await, Ok(put));
        transfer.say(TransferAnswer::GoOn { length }).await.unwrap();
        let (mut sum, mut bytes) = (0u64, 0);
        while let Some(piece) = transfer.read().await.unwrap() {
            bytes += piece.len() as u64;
            sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        transfer.say(TransferAnswer::Done).await.unwrap();
        transfer.finish().await;
        (relay, bytes, sum)
    });
    let mut transfer = endpoint.transfers.open(put).await.unwrap();
    assert_eq!(transfer.answer().await, Ok(TransferAnswer::GoOn { length }));
    for at in (0..length).step_by(10_000) {
        let piece = usize::try_from(length - at).unwrap().min(10_000);
        transfer.write(&vec![u8::try_from(at % 251).unwrap(); piece]).await.unwrap();
    }
    transfer.finish().await;
    assert_eq!(transfer.answer().await, Ok(TransferAnswer::Done));
    assert_eq!(transfer.read().await, Ok(None));
    let (_relay, bytes, sum) = serving.await.unwrap();
    let expected: u64 = (0..length).step_by(10_000).map(|at| at % 251 * (length - at).min(10_000)).sum();
    assert_eq!((bytes, sum), (length, expected));
}

async fn what_is_given_up_is_not_taken_for_whole(net: Net) {
    let (endpoint, relay, _listener) = net.pair().await;
    let mut transfer = endpoint.transfers.open(GET).await.unwrap();
    let mut at_relay = relay.transfers.accept().await.unwrap();
    at_relay.request().await.unwrap();
    transfer.write(&[1; 100]).await.unwrap();
    at_relay.write(&[2; 100]).await.unwrap();
    drop(transfer);
    let end = loop {
        match at_relay.read().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert_eq!(end, Err(TransferError::Gone));
}

async fn no_message_waits_behind_a_transfer_that_nobody_reads(net: Net) {
    let (endpoint, mut relay, _listener) = net.pair().await;
    let mut transfers = Vec::new();
    for _ in 0..Limits::default().max_transfers {
        let mut transfer = endpoint.transfers.open(GET).await.unwrap();
        transfers.push(tokio::spawn(async move { while transfer.write(&[0; 65_536]).await.is_ok() {} }));
    }
    // Every window that transfers have is full by now, and nobody has even accepted them.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..100 {
        endpoint.sender.send(hello()).await.unwrap();
        assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
    }
    transfers.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn a_transfer_that_stops_is_given_up(net: Net) {
    let limits = Limits { transfer_idle: Duration::from_millis(200), ..Limits::default() };
    let listener = net.listen(limits);
    let endpoint = net.connect(&listener).await;
    let relay = listener.accept().await.unwrap();
    let _transfer = endpoint.transfers.open(GET).await.unwrap();
    let mut at_relay = relay.transfers.accept().await.unwrap();
    at_relay.request().await.unwrap();
    assert_eq!(at_relay.read().await, Err(TransferError::Idle));
}

async fn there_are_none_without_a_connection(net: Net) {
    let (endpoint, relay, listener) = net.pair().await;
    drop((relay, listener));
    endpoint.sender.closed().await;
    let opened = async { endpoint.transfers.open(GET).await?.answer().await };
    assert_eq!(opened.await.map(|_| ()), Err(TransferError::Gone));
}
