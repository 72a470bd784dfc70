//! What could be recognised in a run, and the search for it in everybody's eyes.

use super::stage::{Actor, Performance, StageError};
use super::views;
use privacy::{Canary, DataClass, Scanner, Searched};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use wire::Number;
use world::{Kind, Seen, Who};

/// Shorter texts occur by chance.
const LONG_ENOUGH: usize = 16;

/// Every value of a run that occurs nowhere by chance: each text, each secret, each number, key and envelope id, with
/// whose it is.
pub(crate) fn of(played: &Performance) -> Vec<Canary> {
    let mut canaries = texts(played);
    let talks = conversations(played);
    for actor in played.businesses.iter().chain(&played.consumers) {
        canaries.extend(addresses(actor, &talks));
        canaries.extend(secrets(actor));
    }
    canaries.extend(envelopes(played));
    canaries
}

/// The names of all whose eyes something of this party's may come before.
fn ends(who: Who) -> Vec<String> {
    match who.kind() {
        Kind::Business => vec![who.to_string(), node_of(who)],
        _ => vec![who.to_string()],
    }
}

/// As the scene has it: node 1 is business 1's, and node 0 everybody else's.
fn node_of(business: Who) -> String {
    format!("node/{}", business.index() % 2)
}

fn texts(played: &Performance) -> Vec<Canary> {
    let sent: BTreeMap<u64, (Who, Who)> =
        played.seen.sent.iter().map(|sent| (sent.message, (sent.from, sent.to))).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, text) in &played.seen.texts {
        *times.entry(text).or_default() += 1;
    }
    let unique = |text: &str| text.len() >= LONG_ENOUGH && times.get(text) == Some(&1);
    let canary = |(_, message, text): &(Who, u64, String)| {
        let (from, to) = sent.get(message).filter(|_| unique(text))?;
        let name = format!("text {message:016x} from {from} to {to}");
        let owners = ends(*from).into_iter().chain(ends(*to));
        Some(Canary::new(&name, DataClass::Content, text.as_bytes().to_vec()).of(owners))
    };
    played.seen.texts.iter().filter_map(canary).collect()
}

/// Who has written to whom.
fn conversations(played: &Performance) -> BTreeMap<Who, BTreeSet<Who>> {
    let mut talks: BTreeMap<Who, BTreeSet<Who>> = BTreeMap::new();
    for sent in &played.seen.sent {
        talks.entry(sent.from).or_default().insert(sent.to);
        talks.entry(sent.to).or_default().insert(sent.from);
    }
    talks
}

fn addresses(actor: &Actor, talks: &BTreeMap<Who, BTreeSet<Who>>) -> Vec<Canary> {
    let partners = talks.get(&actor.who).into_iter().flatten();
    let owners: BTreeSet<String> = [actor.who].iter().chain(partners).flat_map(|who| ends(*who)).collect();
    let class = match actor.who.kind() {
        Kind::Business => DataClass::BusinessAddress,
        _ => DataClass::ConsumerAddress,
    };
    let number = Canary::number(&format!("number of {}", actor.who), class, actor.number.as_integer());
    let identity = actor.identity.as_ref().map(|key| {
        let name = format!("identity key of {}", actor.who);
        // The key itself, without the byte that names its type.
        Canary::new(&name, DataClass::PublicKey, key.iter().skip(1).copied().collect::<Vec<_>>())
            .of(owners.clone())
    });
    [Some(number.of(owners.clone())), identity].into_iter().flatten().collect()
}

fn secrets(actor: &Actor) -> Vec<Canary> {
    let Some(has) = &actor.credentials else { return Vec::new() };
    let of = |what: &str, class, value: &str| {
        Canary::new(&format!("{what} of {}", actor.who), class, value.as_bytes().to_vec()).of(ends(actor.who))
    };
    vec![
        of("token", DataClass::Secret, &has.token),
        of("app secret", DataClass::Secret, &has.app_secret),
        of("verify token", DataClass::Secret, &has.verify_token),
        of("webhook address", DataClass::BusinessAddress, &has.callback_url),
        of("callback data", DataClass::Content, &has.callback_data),
        of("phone number id", DataClass::BusinessAddress, &has.phone_number_id),
        of("account id", DataClass::BusinessAddress, &has.waba_id),
        of("app id", DataClass::BusinessAddress, &has.app_id),
    ]
}

fn envelopes(played: &Performance) -> Vec<Canary> {
    let who: BTreeMap<Number, Who> =
        played.businesses.iter().chain(&played.consumers).map(|actor| (actor.number, actor.who)).collect();
    let mut known = BTreeSet::new();
    let canary = |envelope: &wire::Envelope| {
        let (from, to) = (who.get(&envelope.from.number)?, who.get(&envelope.to.number)?);
        let id = envelope.id.0.to_vec();
        let name = format!("envelope {} from {from} to {to}", hex(&id));
        known
            .insert(id.clone())
            .then(|| Canary::new(&name, DataClass::Routing, id).of(ends(*from).into_iter().chain(ends(*to))))
    };
    played.seen.envelopes.iter().map(|(_, envelope)| envelope).filter_map(canary).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Searches what everybody saw.
///
/// # Errors
/// Canaries that can't be told apart.
pub(crate) fn search(played: &Performance, canaries: &[Canary]) -> Result<Vec<Searched>, StageError> {
    let scanner = Scanner::new(canaries.iter().cloned());
    let scanner = scanner.map_err(|error| StageError::Parties(error.to_string()))?;
    let mut views: BTreeMap<(String, &'static str), (privacy::Stream, Vec<privacy::Finding>)> =
        BTreeMap::new();
    let mut feed = |party: String, view: &'static str, bytes: &[u8]| {
        let (stream, findings) =
            views.entry((party, view)).or_insert_with(|| (scanner.view(view), Vec::new()));
        findings.extend(stream.feed(bytes));
    };
    for seen in &played.seen.seen {
        for (party, view) in views::eyes(seen) {
            feed(party, view, &raw(seen, view));
        }
    }
    for (who, rows) in &played.disks {
        for row in rows {
            feed(who.to_string(), "rows in its store", &row.key);
            feed(who.to_string(), "rows in its store", &row.value);
        }
    }
    let searched = views.into_iter().map(|((party, view), (stream, findings))| Searched {
        party: views::party(&party),
        view: view.into(),
        bytes: stream.scanned(),
        findings,
    });
    Ok(searched.collect())
}

/// The bytes of a sight; of what the network sees of it, only size and time.
fn raw(seen: &Seen, view: &str) -> Vec<u8> {
    let bytes = views::raw(seen);
    if view == views::PACKETS {
        let micros = seen.at.as_micros();
        return format!("{micros} {} {} {}\n", seen.party, seen.peer, bytes.len()).into_bytes();
    }
    bytes
}
