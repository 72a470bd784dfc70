//! One conversation between a device of ours and an official one, in which everything goes wrong that
//! may, and every answer is held against what it has to be.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::rc::Rc;

use ratchet::{Ciphertext, MessageKind};

use crate::dice::Dice;
use crate::fields::ratchet_key;
use crate::official::Official;
use crate::oracle::{Oracle, OracleError};
use crate::ours::{Ours, Speaks};
use crate::party::{Bundle, Name, Party};
use crate::verdict::Verdict;

/// A message is readable until its receiver has four newer ratchet keys of the sender beside its own
/// (five chains, of which the initiator's first is the signed prekey's). Nothing is delivered this late.
const LATEST: u32 = 4;

/// A conversation that went this wrong has nothing more to say.
const ENOUGH: usize = 3;

/// What a conversation is to be like. All that is random in it, but for the official library, comes
/// from the seed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What our device speaks.
    pub speaks: Speaks,
    /// Whether the official device has a KEM prekey in its bundles.
    pub official_has_kyber: bool,
    /// Who begins.
    pub initiator: Initiator,
    /// How many messages are sent.
    pub messages: usize,
    /// Where the choices come from.
    pub seed: u64,
}

/// Who begins a conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Initiator {
    /// Our device.
    Ours,
    /// The official one.
    Official,
    /// Both at the same time.
    Both,
}

impl Initiator {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Ours, Self::Official, Self::Both];
}

impl fmt::Display for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ours => "ours",
            Self::Official => "official",
            Self::Both => "both",
        })
    }
}

/// An answer that was not what it has to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// The seed of the conversation.
    pub seed: u64,
    /// How many turns it had gone.
    pub turn: usize,
    /// What was expected, and what came.
    pub what: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conversation {}, turn {}: {}", self.seed, self.turn, self.what)
    }
}

/// Holds a conversation, and answers what was not as it has to be.
///
/// # Errors
/// When the oracle fails.
pub fn converse(oracle: &Rc<RefCell<Oracle>>, plan: &Plan) -> Result<Vec<Divergence>, OracleError> {
    let mut dice = Dice::new(plan.seed);
    let (ours, official) = names(&mut dice);
    let registration_id = u32::try_from(1 + dice.below(16_380)).unwrap_or(1);
    let their = Official::new(oracle, &official, &ours, registration_id, plan.official_has_kyber)?;
    let our = Ours::new(plan.speaks, &ours, &official, dice.seed());
    let sides = [Side::new("ours", Box::new(our)), Side::new("official", Box::new(their))];
    let mut conversation =
        Conversation { sides, dice, divergences: Vec::new(), seed: plan.seed, turn: 0, sent: 0 };
    conversation.begin(plan.initiator)?;
    while conversation.sent < plan.messages && conversation.divergences.len() < ENOUGH {
        conversation.turn(plan.messages)?;
    }
    Ok(conversation.divergences)
}

struct Conversation {
    sides: [Side; 2],
    dice: Dice,
    divergences: Vec<Divergence>,
    seed: u64,
    turn: usize,
    sent: usize,
}

/// One end, and what it sent.
struct Side {
    name: &'static str,
    party: Box<dyn Party>,
    /// Whether it has a session to send in.
    can_send: bool,
    /// How many times it changed its ratchet key, and the one it has.
    generation: u32,
    ratchet_key: Vec<u8>,
    in_flight: Vec<Sent>,
    delivered: Vec<Sent>,
}

struct Sent {
    number: usize,
    generation: u32,
    plaintext: Vec<u8>,
    message: Ciphertext,
}

/// How a stretch of a conversation goes.
struct Manner {
    /// At most so many messages before the other side has a chance to speak.
    burst: usize,
    /// Of a thousand turns so many are one side's, before the rest alternate.
    monologue: usize,
    /// Of a thousand messages so many wait.
    late: usize,
    /// Of a thousand messages so many are lost.
    lost: usize,
}

const MANNERS: [Manner; 5] = [
    Manner { burst: 1, monologue: 0, late: 0, lost: 0 },
    Manner { burst: 1, monologue: 100, late: 100, lost: 20 },
    Manner { burst: 4, monologue: 300, late: 300, lost: 100 },
    Manner { burst: 30, monologue: 500, late: 200, lost: 50 },
    Manner { burst: 3, monologue: 800, late: 600, lost: 300 },
];

impl Conversation {
    fn begin(&mut self, initiator: Initiator) -> Result<(), OracleError> {
        let [ours, official] = [0, 1];
        let bundles = [self.publish(ours)?, self.publish(official)?];
        let [our_bundle, their_bundle] = &bundles;
        if initiator != Initiator::Official {
            self.initiate(ours, their_bundle)?;
        }
        if initiator != Initiator::Ours {
            self.initiate(official, our_bundle)?;
        }
        Ok(())
    }

    /// Somebody speaks, something arrives, and now and then something unusual happens.
    fn turn(&mut self, messages: usize) -> Result<(), OracleError> {
        // A stretch is 64 turns; its manner, and who talks most, depend on the seed alone.
        let stretch = u64::try_from(self.turn / 64).unwrap_or_default();
        let mut stretch = Dice::new(self.seed.wrapping_add(stretch));
        let (manner, talker) = (stretch.below(MANNERS.len()), stretch.below(2));
        let Some(manner) = MANNERS.get(manner) else { return Ok(()) };
        self.turn += 1;

        self.accident()?;
        let speaker = if self.dice.chance(manner.monologue) { talker } else { self.turn % 2 };
        let burst = 1 + self.dice.below(manner.burst);
        self.speak(speaker, burst.min(messages.saturating_sub(self.sent)))?;
        self.deliver(speaker, manner)?;
        if self.dice.chance(100) {
            self.deliver(1 - speaker, manner)?;
        }
        self.revive()
    }

    fn accident(&mut self) -> Result<(), OracleError> {
        let who = self.dice.below(2);
        if self.dice.chance(50) {
            self.side(who).party.restart()?;
        }
        if self.dice.chance(60) {
            self.deliver_again(who)?;
        }
        if self.dice.chance(4) {
            // A device that starts over although its session is fine.
            let bundle = self.publish(1 - who)?;
            self.initiate(who, &bundle)?;
        }
        if self.dice.chance(3) {
            let side = self.side(who);
            side.party.archive()?;
            side.can_send = false;
        }
        Ok(())
    }

    fn speak(&mut self, who: usize, count: usize) -> Result<(), OracleError> {
        let plaintexts: Vec<_> = (0..count).map(|_| self.plaintext()).collect();
        let answers = self.side(who).party.encrypt(&plaintexts)?;
        for (plaintext, answer) in plaintexts.into_iter().zip(answers) {
            let side = self.side(who);
            match (answer, side.can_send) {
                (Ok(message), true) => {
                    side.note_ratchet_key(&message);
                    let generation = side.generation;
                    let number = self.sent;
                    self.side(who).in_flight.push(Sent { number, generation, plaintext, message });
                    self.sent += 1;
                }
                (Err(_), false) => {}
                (Ok(_), false) => self.diverged(who, "encrypted without a session".to_owned()),
                (Err(refusal), true) => {
                    self.sent += 1;
                    self.diverged(who, format!("refused to encrypt: {refusal}"));
                }
            }
        }
        Ok(())
    }

    /// Delivers some of what a side has sent, in any order.
    fn deliver(&mut self, from: usize, manner: &Manner) -> Result<(), OracleError> {
        let side = self.side(from);
        let generation = side.generation;
        side.in_flight.retain(|sent| generation.saturating_sub(sent.generation) < LATEST);
        let mut waiting = mem::take(&mut side.in_flight);
        let in_order = self.dice.chance(500);
        waiting.sort_by_key(|sent| sent.number);
        let mut arriving = Vec::new();
        while !waiting.is_empty() {
            let next = if in_order { Some(waiting.remove(0)) } else { self.dice.draw(&mut waiting) };
            let Some(sent) = next else { break };
            if self.dice.chance(manner.lost) {
                continue;
            }
            if self.dice.chance(manner.late) {
                self.side(from).in_flight.push(sent);
                continue;
            }
            if self.dice.chance(30) {
                arriving.push(Arrival {
                    expected: None,
                    message: self.tampered(&sent.message),
                    number: sent.number,
                });
            }
            let twice = self.dice.chance(30);
            arriving.push(Arrival::first(&sent));
            if twice {
                arriving.push(Arrival::again(&sent));
            }
            self.side(from).delivered.push(sent);
        }
        self.arrive(1 - from, arriving)
    }

    /// Something that was read already, however long ago.
    fn deliver_again(&mut self, from: usize) -> Result<(), OracleError> {
        let count = self.side(from).delivered.len();
        let at = self.dice.below(count);
        let again = self.side(from).delivered.get(at).map(Arrival::again);
        self.arrive(1 - from, again.into_iter().collect())
    }

    fn arrive(&mut self, at: usize, arriving: Vec<Arrival>) -> Result<(), OracleError> {
        let messages: Vec<_> = arriving.iter().map(|arrival| arrival.message.clone()).collect();
        if messages.is_empty() {
            return Ok(());
        }
        let answers = self.side(at).party.decrypt(&messages)?;
        for (arrival, answer) in arriving.into_iter().zip(answers) {
            self.side(at).can_send |= answer.is_ok();
            if let Some(wrong) = arrival.wrong(&answer) {
                self.diverged(at, wrong);
            }
        }
        Ok(())
    }

    /// When nobody has a session to send in and nothing is on its way, somebody starts over.
    fn revive(&mut self) -> Result<(), OracleError> {
        if self.sides.iter().all(|side| !side.can_send && side.in_flight.is_empty()) {
            let who = self.dice.below(2);
            let bundle = self.publish(1 - who)?;
            self.initiate(who, &bundle)?;
        }
        Ok(())
    }

    fn publish(&mut self, who: usize) -> Result<Bundle, OracleError> {
        let with_one_time = self.dice.chance(700);
        self.side(who).party.publish(with_one_time)
    }

    fn initiate(&mut self, who: usize, bundle: &Bundle) -> Result<(), OracleError> {
        let answer = self.side(who).party.initiate(bundle)?;
        match answer {
            Ok(()) => self.side(who).can_send = true,
            Err(refusal) => self.diverged(who, format!("refused to initiate: {refusal}")),
        }
        Ok(())
    }

    fn plaintext(&mut self) -> Vec<u8> {
        let length = match self.dice.below(40) {
            0 => 0,
            1 => self.dice.below(5000),
            _ => self.dice.below(300),
        };
        self.dice.bytes(length)
    }

    /// The message with a bit flipped where a MAC covers it, or cut short.
    fn tampered(&mut self, message: &Ciphertext) -> Ciphertext {
        let mut message = message.clone();
        let length = message.bytes.len();
        if message.kind == MessageKind::Prekey || self.dice.chance(200) {
            message.bytes.truncate(self.dice.below(length));
        } else {
            let (at, bit) = (self.dice.below(length), self.dice.below(8));
            if let Some(byte) = message.bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        message
    }

    fn diverged(&mut self, who: usize, what: String) {
        let what = format!("{} {what}", self.side(who).name);
        self.divergences.push(Divergence { seed: self.seed, turn: self.turn, what });
    }

    const fn side(&mut self, which: usize) -> &mut Side {
        let [ours, official] = &mut self.sides;
        if which == 0 { ours } else { official }
    }
}

impl Side {
    fn new(name: &'static str, party: Box<dyn Party>) -> Self {
        Self {
            name,
            party,
            can_send: false,
            generation: 0,
            ratchet_key: Vec::new(),
            in_flight: Vec::new(),
            delivered: Vec::new(),
        }
    }

    fn note_ratchet_key(&mut self, message: &Ciphertext) {
        let key = ratchet_key(message).unwrap_or_default();
        if key != self.ratchet_key {
            self.ratchet_key = key;
            self.generation += 1;
        }
    }
}

/// Something that is given to a device, and what has to come of it: this plaintext, or a refusal.
struct Arrival {
    number: usize,
    message: Ciphertext,
    expected: Option<Vec<u8>>,
}

impl Arrival {
    fn first(sent: &Sent) -> Self {
        Self { number: sent.number, message: sent.message.clone(), expected: Some(sent.plaintext.clone()) }
    }

    fn again(sent: &Sent) -> Self {
        Self { number: sent.number, message: sent.message.clone(), expected: None }
    }

    fn wrong(&self, answer: &Verdict<Vec<u8>>) -> Option<String> {
        let what = match (&self.expected, answer) {
            (Some(expected), Ok(plaintext)) if plaintext == expected => return None,
            (None, Err(_)) => return None,
            (Some(_), Ok(_)) => "read something else in".to_owned(),
            (Some(_), Err(refusal)) => format!("refused ({refusal})"),
            (None, Ok(_)) => "accepted a repeated or tampered copy of".to_owned(),
        };
        Some(format!("{what} message {} (type {})", self.number, self.message.kind.code()))
    }
}

/// Service ids of both kinds, and now and then a name that is none.
fn names(dice: &mut Dice) -> (Name, Name) {
    let mut name = || {
        let digits = hex::encode(dice.bytes(16));
        let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
        let uuid: Vec<_> = groups.into_iter().filter_map(|group| digits.get(group)).collect();
        let service = match dice.below(8) {
            0 => format!("+49{}", dice.below(1_000_000_000)),
            1 | 2 => format!("PNI:{}", uuid.join("-")),
            _ => uuid.join("-"),
        };
        Name { service, device: u8::try_from(1 + dice.below(127)).unwrap_or(1) }
    };
    (name(), name())
}
