//! How long bundles, first messages and ratchet messages are in each suite, against what was published.

use crate::conversation::{Conversation, Side};
use crate::error::OrFailed;
use crate::pair::{Device, START_S};
use crate::{Band, Error, Figure, Lab, Outcome};
use ratchet::{Addresses, DeviceAddress, MessageKind, ServiceId, ServiceKind, SessionRecord, Suite};

const MEASURED: &str = "official library 0.103.0, measured";

/// `pqxdh-bundle`.
pub(crate) const BUNDLE: Figure =
    Figure { id: "pqxdh-bundle", title: "Size of a PQXDH prekey bundle", source: MEASURED, run: bundle };

/// `pqxdh-first-message`.
pub(crate) const FIRST_MESSAGE: Figure = Figure {
    id: "pqxdh-first-message",
    title: "Size of a session's first message",
    source: MEASURED,
    run: first_message,
};

/// `spqr-message`.
pub(crate) const RATCHET_MESSAGE: Figure = Figure {
    id: "spqr-message",
    title: "Size of a message of the triple ratchet",
    source: MEASURED,
    run: ratchet_message,
};

fn bundle(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = BUNDLE.outcome();
    let bundle = Device::new(Suite::Triple, SessionRecord::default(), lab.rng("bundle")).bundle();
    bundle.verify().or_failed("checking a bundle's signatures")?;
    let one_time = bundle.one_time_prekey.ok_or_else(|| Error::missing("reading a one-time prekey"))?;
    let kem = bundle.kem_prekey.ok_or_else(|| Error::missing("reading a KEM prekey"))?;
    let classical = [
        ("identity key", bundle.identity.to_bytes().len(), 33.0),
        ("registration id", bundle.registration_id.to_be_bytes().len(), 4.0),
        ("one-time prekey", one_time.key.to_bytes().len(), 33.0),
        ("signed prekey", bundle.signed_prekey.key.to_bytes().len(), 33.0),
        ("its signature", bundle.signed_prekey.signature.to_bytes().len(), 64.0),
    ];
    let post_quantum = [
        ("KEM prekey", kem.key.to_bytes().len(), 1569.0),
        ("its signature (KEM)", kem.signature.to_bytes().len(), 64.0),
    ];
    let sum = |fields: &[(&str, usize, f64)]| fields.iter().map(|(_, length, _)| *length as f64).sum::<f64>();
    let without = sum(&classical);
    outcome.published("whole", (without + sum(&post_quantum), "B"), "1,800 B", Band::exactly(1800.0));
    outcome.published("without KEM prekey", (without, "B"), "167 B", Band::exactly(167.0));
    for (name, length, expected) in classical.into_iter().chain(post_quantum) {
        outcome.published(name, (length as f64, "B"), format!("{expected} B"), Band::exactly(expected));
    }
    Ok(outcome)
}

fn first_message(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIRST_MESSAGE.outcome();
    let length = |text: usize| -> Result<f64, Error> {
        let rng = |side| lab.rng(&format!("first message/{text}/{side}"));
        let device = |at: u8, peer: u8, side| -> Result<Device, Error> {
            let addresses = Addresses { local: address(at)?, remote: address(peer)? };
            Ok(Device::new(Suite::Triple, SessionRecord::between(addresses), rng(side)))
        };
        let (mut a, mut b) = (device(1, 2, "a")?, device(2, 1, "b")?);
        a.initiate(&b.bundle(), START_S)?;
        let message = a.encrypt(&vec![b'x'; text], START_S)?;
        if message.kind != MessageKind::Prekey || b.decrypt(&message)?.len() != text {
            return Err(Error::missing("reading a first message"));
        }
        Ok(message.bytes.len() as f64)
    };
    for (text, expected) in [(1, 1800.0), (15, 1800.0), (16, 1816.0), (1000, 2793.0)] {
        let case = format!("text of {text} B");
        outcome.published(case, (length(text)?, "B"), format!("{expected} B"), Band::exactly(expected));
    }
    outcome.note(
        "With both addresses in it, as the newest clients send it. Registration id, one-time prekey id and KEM \
         prekey id take two bytes each, the signed prekey id one; each of them is as long as its number.",
    );
    Ok(outcome)
}

/// The first device of the account with this number.
fn address(account: u8) -> Result<DeviceAddress, Error> {
    DeviceAddress::new(ServiceId::new(ServiceKind::Account, [account; 16]), 1).or_failed("naming a device")
}

fn ratchet_message(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = RATCHET_MESSAGE.outcome();
    let epochs = lab.quick_or(3, 20);
    let mut conversation = Conversation::new(Suite::Triple, "message", &|name| lab.rng(name))?;
    let (mut lengths, mut from) = (Vec::new(), Side::A);
    // Until a side sends in the epoch after the last of them, which begins with the next one.
    while conversation.sending_epoch < epochs {
        let message = conversation.pass(from, &[b'x'; 16])?;
        from = from.other();
        // The first one is of another kind.
        if message.kind == MessageKind::Ratchet {
            lengths.push(message.bytes.len());
        }
    }
    let share = |wanted: &dyn Fn(usize) -> bool| {
        lengths.iter().filter(|length| wanted(**length)).count() as f64 / lengths.len() as f64
    };
    let shortest = lengths.iter().min().copied().unwrap_or(0);
    let with_chunk = lengths.iter().filter(|length| **length > shortest + 16).min().copied().unwrap_or(0);
    let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
    outcome.published("no chunk", (shortest as f64, "B"), "88 B", Band::exactly(88.0));
    outcome.published("with a chunk", (with_chunk as f64, "B"), "121 B", Band::exactly(121.0));
    outcome.published("mean over strict alternation", (mean, "B"), "116 B", Band::between(115.5, 116.5));
    let odd = share(&|length| length != shortest && length != with_chunk);
    outcome.note(format!(
        "{} messages in strict alternation, {epochs} whole epochs; {:.1} % carry no chunk, and {:.1} % are a byte or \
         two longer because a counter, index or chunk number takes two bytes.",
        lengths.len(),
        100.0 * share(&|length| length == shortest),
        100.0 * odd,
    ));
    Ok(outcome)
}
