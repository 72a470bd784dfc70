//! What is stored comes back, whole or not at all.

use ratchet::{KemPrekey, MessageKind, OneTimePrekey, RecordError, SessionRecord, SignedPrekey};

use crate::device::{Device, established};

#[test]
fn a_record_with_everything_in_it_round_trips_and_works_on() {
    let (mut a, mut b) = established();
    let skipped = a.send(b"skipped");
    b.receive(&a.send(b"read")).unwrap();
    b.initiate(&a.bundle());
    let stored = b.record.to_bytes();
    let read = SessionRecord::from_bytes(&stored).unwrap();
    assert_eq!(stored, read.to_bytes());
    b.record = read;
    let first = b.send(b"first of the new session");
    assert_eq!(first.kind, MessageKind::Prekey);
    assert_eq!(a.receive(&first).unwrap(), b"first of the new session");
    assert_eq!(b.receive(&skipped).unwrap(), b"skipped");
}

#[test]
fn an_empty_record_is_four_bytes() {
    let empty = SessionRecord::default().to_bytes();
    assert_eq!(empty.as_slice(), [1, 0, 0, 0]);
    assert!(SessionRecord::from_bytes(&empty).unwrap().remote_identity().is_none());
}

#[test]
fn a_record_cut_anywhere_or_continued_is_refused() {
    let (a, mut b) = established();
    b.receive(&{ a }.send(b"x")).unwrap();
    let stored = b.record.to_bytes();
    for length in 0..stored.len() {
        assert_eq!(SessionRecord::from_bytes(&stored[..length]).err(), Some(RecordError::Corrupt));
    }
    let longer = [stored.as_slice(), &[0]].concat();
    assert_eq!(SessionRecord::from_bytes(&longer).err(), Some(RecordError::Corrupt));
}

#[test]
fn another_format_is_named() {
    let error = SessionRecord::from_bytes(&[9, 0, 0, 0]).err();
    assert_eq!(error, Some(RecordError::UnknownFormat { version: 9 }));
}

#[test]
fn counts_beyond_the_limits_are_refused() {
    assert_eq!(SessionRecord::from_bytes(&[1, 0, 0, 41]).err(), Some(RecordError::Corrupt));
    assert_eq!(SessionRecord::from_bytes(&[1, 2, 0, 0]).err(), Some(RecordError::Corrupt));
}

#[test]
fn prekeys_round_trip_and_do_not_pass_for_one_another() {
    let mut device = Device::new(1);
    device.bundle();
    let signed = &device.prekeys.signed[&1];
    let one_time = &device.prekeys.one_time[&1];
    let kem = &device.prekeys.kem[&1];

    let read = SignedPrekey::from_bytes(&signed.to_bytes()).unwrap();
    assert_eq!(read.to_public(), signed.to_public());
    let read = OneTimePrekey::from_bytes(&one_time.to_bytes()).unwrap();
    assert_eq!(read.to_public(), one_time.to_public());
    let mut read = KemPrekey::from_bytes(&kem.to_bytes()).unwrap();
    assert_eq!(read.to_public(), kem.to_public());
    assert_eq!(read.to_bytes(), kem.to_bytes());
    read.rest();
    assert_eq!(
        (read.to_public(), read.to_bytes()),
        (kem.to_public(), kem.to_bytes()),
        "it is the same at rest"
    );

    assert!(SignedPrekey::from_bytes(&one_time.to_bytes()).is_err());
    assert!(OneTimePrekey::from_bytes(&kem.to_bytes()).is_err());
    assert!(KemPrekey::from_bytes(&signed.to_bytes()).is_err());
    for stored in [signed.to_bytes(), one_time.to_bytes(), kem.to_bytes()] {
        for length in 0..stored.len() {
            assert!(SignedPrekey::from_bytes(&stored[..length]).is_err());
            assert!(OneTimePrekey::from_bytes(&stored[..length]).is_err());
            assert!(KemPrekey::from_bytes(&stored[..length]).is_err());
        }
    }
}
