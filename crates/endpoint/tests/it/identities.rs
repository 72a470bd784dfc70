//! A peer has another identity than before: it was installed anew, or somebody is in between. The owner decides.

use crate::net::{Net, address};
use endpoint::{Event, Failure, IdentityChanges, IdentityDigest, Policy, SendError, Terms, Unreadable};
use wire::{BillingClass, Envelope, EnvelopeKind};

const ALICE: usize = 0;
const BOB: usize = 1;

/// Alice and Bob have spoken.
fn net(identity_changes: IdentityChanges) -> Net {
    let mut net = Net::with_policy(Policy { one_time_prekeys: 3, identity_changes, ..Policy::default() });
    net.say(ALICE, BOB, "one").unwrap();
    net.say(BOB, ALICE, "one").unwrap();
    net
}

/// Bob's app is installed anew.
fn reinstall(net: &mut Net) {
    let before = net.ends[BOB].0.identity(address(BOB));
    net.with(BOB, |endpoint, step| {
        endpoint.renew_account(address(BOB), step);
        Vec::new()
    });
    net.carry();
    assert_ne!(net.ends[BOB].0.identity(address(BOB)), before);
    assert!(net.ends[BOB].0.is_published(address(BOB)));
}

fn trusted(net: &Net) -> bool {
    net.ends[ALICE].0.peer_identity(address(ALICE), address(BOB)) == net.ends[BOB].0.identity(address(BOB))
}

#[test]
fn a_message_to_the_old_identity_gets_through_to_the_new_one() {
    let mut net = net(IdentityChanges::Accept);
    reinstall(&mut net);
    net.say(ALICE, BOB, "two").unwrap();
    net.say(BOB, ALICE, "three").unwrap();
    net.restart(ALICE);
    net.say(ALICE, BOB, "four").unwrap();
    assert_eq!(net.texts(BOB), ["one", "two", "four"]);
    assert_eq!(net.texts(ALICE), ["one", "three"]);
    assert_eq!(net.changes(ALICE), [(address(BOB), true)], "Alice is told, once");
    assert!(net.changes(BOB).is_empty());
    assert_eq!((net.delivered(ALICE), net.failures(ALICE)), (3, Vec::new()));
    assert!(trusted(&net));
}

/// The terms of a message that is for the identity key that Bob has now.
fn only_for_this_key(net: &Net) -> Terms {
    let identity = net.ends[BOB].0.identity(address(BOB)).unwrap();
    Terms { only_for: Some(IdentityDigest::of(&identity)), ..Terms::from(BillingClass::Service) }
}

#[test]
fn what_is_for_one_identity_key_is_encrypted_for_no_other() {
    let mut net = net(IdentityChanges::Accept);
    let before = only_for_this_key(&net);
    net.say_on(ALICE, BOB, "two", before).unwrap();
    reinstall(&mut net);
    // Alice can't know yet, so it goes out to the key that it is for; when Bob asks for it again it is given up.
    net.say_on(ALICE, BOB, "three", before).unwrap();
    assert_eq!(net.failures(ALICE), [Failure::IdentityChanged]);
    assert_eq!(net.ends[ALICE].0.unconfirmed(), 0);
    // From now on she does.
    assert_eq!(net.say_on(ALICE, BOB, "four", before), Err(SendError::AnotherIdentity));
    let now = only_for_this_key(&net);
    net.restart(ALICE);
    net.say_on(ALICE, BOB, "five", now).unwrap();
    assert_eq!(net.texts(BOB), ["one", "two", "five"]);
    assert_eq!(net.failures(ALICE).len(), 1);
}

#[test]
fn what_is_for_a_key_of_somebody_unknown_waits_until_the_key_is_known() {
    for right in [true, false] {
        let mut net = Net::with_policy(Policy { one_time_prekeys: 3, ..Policy::default() });
        let mut terms = only_for_this_key(&net);
        if !right {
            terms.only_for = Some(IdentityDigest([7; 8]));
        }
        net.disconnect(ALICE);
        net.say_on(ALICE, BOB, "hello", terms).unwrap();
        net.restart(ALICE);
        assert_eq!(net.texts(BOB).len(), usize::from(right));
        assert_eq!(net.failures(ALICE).len(), usize::from(!right));
    }
}

#[test]
fn who_was_installed_anew_may_write_first() {
    let mut net = net(IdentityChanges::Accept);
    reinstall(&mut net);
    net.say(BOB, ALICE, "two").unwrap();
    net.say(ALICE, BOB, "three").unwrap();
    assert_eq!(net.texts(ALICE), ["one", "two"]);
    assert_eq!(net.texts(BOB), ["one", "three"]);
    assert_eq!(net.changes(ALICE), [(address(BOB), true)]);
    let told = net.heard[ALICE].iter().position(|event| matches!(event, Event::IdentityChanged { .. }));
    let read = net.heard[ALICE].iter().rposition(|event| matches!(event, Event::Received { .. }));
    assert!(told < read, "Alice is told before she reads");
}

#[test]
fn both_ends_may_be_installed_anew() {
    let mut net = net(IdentityChanges::Accept);
    reinstall(&mut net);
    net.with(ALICE, |endpoint, step| {
        endpoint.renew_account(address(ALICE), step);
        Vec::new()
    });
    net.carry();
    net.say(ALICE, BOB, "two").unwrap();
    net.say(BOB, ALICE, "three").unwrap();
    assert_eq!(
        (net.texts(ALICE), net.texts(BOB)),
        (vec!["one".into(), "three".into()], vec!["one".into(), "two".into()])
    );
    assert!(net.changes(ALICE).is_empty() && net.changes(BOB).is_empty(), "nobody remembers anybody");
}

#[test]
fn of_keys_and_sessions_of_the_old_identity_nothing_is_left() {
    let mut net = net(IdentityChanges::Accept);
    let before = net.rows(BOB);
    reinstall(&mut net);
    let after = net.rows(BOB);
    assert!(after.iter().all(|row| row.table.name() != "sessions"));
    let prekeys = |rows: &[kernel::Row]| -> Vec<_> {
        let prekeys = rows.iter().filter(|row| row.table.name() == "prekeys");
        prekeys.map(|row| row.key.clone()).collect()
    };
    assert!(prekeys(&before).iter().all(|key| !prekeys(&after).contains(key)));
    let account = |rows: &[kernel::Row]| {
        let account = rows.iter().find(|row| row.table.name() == "accounts").unwrap();
        let identity = account.value.windows(2).position(|tag| tag == [0x12, 0x20]).unwrap() + 2;
        (account.value.clone(), account.value.slice(identity..identity + 32))
    };
    let (secret, kept) = (account(&before).1, account(&after).0);
    assert!(!kept.windows(32).any(|window| window == &*secret));
    net.restart(BOB);
    net.say(ALICE, BOB, "two").unwrap();
    assert_eq!(net.texts(BOB), ["one", "two"]);
}

#[test]
fn a_strict_owner_decides_before_anything_goes_either_way() {
    let mut net = net(IdentityChanges::Refuse);
    reinstall(&mut net);
    net.say(BOB, ALICE, "two").unwrap();
    assert_eq!(net.texts(ALICE), ["one"]);
    assert_eq!(net.unreadable(ALICE), [Unreadable::IdentityChanged]);
    net.say(ALICE, BOB, "three").unwrap();
    assert_eq!(net.texts(BOB), ["one"]);
    assert_eq!(net.failures(ALICE), [Failure::IdentityChanged]);
    assert_eq!(net.changes(ALICE), [(address(BOB), false); 2], "told, and asked");
    assert!(!trusted(&net));
    let identity = net.ends[BOB].0.identity(address(BOB)).unwrap();
    net.with(ALICE, |endpoint, step| {
        endpoint.trust(address(ALICE), address(BOB), identity, step);
        Vec::new()
    });
    net.restart(ALICE);
    net.say(ALICE, BOB, "four").unwrap();
    net.say(BOB, ALICE, "five").unwrap();
    assert_eq!(net.texts(BOB), ["one", "four"]);
    assert_eq!(net.texts(ALICE), ["one", "five"]);
}

#[test]
fn what_only_claims_another_identity_changes_nothing() {
    let mut net = Net::new();
    net.say(BOB, ALICE, "one").unwrap();
    let before = net.ends[ALICE].0.peer_identity(address(ALICE), address(BOB));
    net.tamper = |envelope: &mut Envelope| {
        let tag = envelope.ciphertext.windows(3).position(|tag| tag == [0x1a, 0x21, 0x05]);
        if let (EnvelopeKind::Prekey, Some(identity)) = (envelope.kind, tag) {
            let mut bytes = envelope.ciphertext.to_vec();
            bytes[identity + 3] ^= 1;
            envelope.ciphertext = bytes.into();
        }
    };
    net.say(BOB, ALICE, "two").unwrap();
    assert!(!net.unreadable(ALICE).is_empty());
    assert!(net.changes(ALICE).is_empty());
    assert_eq!(net.ends[ALICE].0.peer_identity(address(ALICE), address(BOB)), before);
    net.tamper = |_| {};
    net.say(BOB, ALICE, "three").unwrap();
    assert_eq!(net.texts(ALICE), ["one", "three"]);
}

#[test]
fn what_comes_late_of_the_old_identity_does_not_bring_it_back() {
    let mut net = Net::new();
    net.say(BOB, ALICE, "one").unwrap();
    // Alice has not answered, so it is a first message still.
    let late = net.intercept(BOB, ALICE, "late");
    assert_eq!(late.kind, EnvelopeKind::Prekey);
    reinstall(&mut net);
    net.restart(BOB);
    net.say(BOB, ALICE, "two").unwrap();
    assert!(trusted(&net));
    let told = net.changes(ALICE).len();
    net.deliver(ALICE, late);
    assert!(trusted(&net));
    assert_eq!(net.changes(ALICE).len(), told);
    assert_eq!(net.unreadable(ALICE).last(), Some(&Unreadable::IdentityChanged));
    net.say(ALICE, BOB, "three").unwrap();
    assert_eq!(net.texts(BOB).last().unwrap(), "three");
}
