//! An official device and one of ours that share everything: identity, prekeys and, as long as both only
//! read, what they have read.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use interop::{Bundle, Name, Official, Oracle, OracleVersion, Ours, Party, PrivatePrekeys, Speaks};
use ratchet::{Ciphertext, MessageKind};

/// A version, and what we speak with it.
#[derive(Clone, Copy)]
pub struct Case {
    pub speaks: Speaks,
    pub version: OracleVersion,
}

pub const X3DH: Case = Case { speaks: Speaks::X3dh, version: OracleVersion::V072 };
pub const PQXDH: Case = Case { speaks: Speaks::Pqxdh, version: OracleVersion::V072 };
pub const FALLBACK: Case = Case { speaks: Speaks::TripleOrPqxdh, version: OracleVersion::V090 };
pub const TRIPLE: Case = Case { speaks: Speaks::Triple, version: OracleVersion::V103 };

pub const CASES: [Case; 4] = [X3DH, PQXDH, FALLBACK, TRIPLE];

impl Case {
    pub fn has_kyber(self) -> bool {
        self.speaks != Speaks::X3dh
    }

    pub fn oracle(self) -> Rc<RefCell<Oracle>> {
        let started = Oracle::start(self.version, &Oracle::directory());
        Rc::new(RefCell::new(started.unwrap_or_else(|error| panic!("{error}"))))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}", self.speaks, self.version)
    }
}

pub fn sender() -> Name {
    Name { service: "9d0652a3-dcc3-4d11-975f-74d61598733f".to_owned(), device: 1 }
}

pub fn receiver() -> Name {
    Name { service: "796abedb-ca4e-4f18-8803-1fde5b921f9f".to_owned(), device: 2 }
}

/// An official sender that has begun a session, and what its receivers are made from.
pub struct Scene {
    pub case: Case,
    pub oracle: Rc<RefCell<Oracle>>,
    pub alice: Official,
    bob: Official,
    bundle: Bundle,
    private: PrivatePrekeys,
}

impl Scene {
    pub fn new(case: Case) -> Self {
        let oracle = case.oracle();
        let mut alice = Official::new(&oracle, &sender(), &receiver(), 1111, case.has_kyber()).unwrap();
        let mut bob = Official::new(&oracle, &receiver(), &sender(), 2222, case.has_kyber()).unwrap();
        let (bundle, private) = bob.publish_openly(true).unwrap();
        alice.initiate(&bundle).unwrap().unwrap();
        Self { case, oracle, alice, bob, bundle, private }
    }

    /// Two fresh receivers.
    pub fn receivers(&self) -> Pair {
        self.receivers_named(&receiver(), &sender())
    }

    /// Two fresh receivers that think that they, and the sender, are called something else.
    pub fn receivers_named(&self, local: &Name, remote: &Name) -> Pair {
        let official = self.bob.twin().unwrap().renamed(local, remote).unwrap();
        let identity = self.bob.private_identity();
        let mut ours =
            Ours::twin(self.case.speaks, local, remote, identity, self.bob.registration_id()).unwrap();
        ours.learn_prekeys(&self.bundle, &self.private).unwrap();
        Pair { ours, official }
    }

    /// The sender's next messages.
    pub fn send(&mut self, count: usize) -> Vec<Ciphertext> {
        send(&mut self.alice, count)
    }

    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    pub fn bob_identity(&self) -> &[u8] {
        self.bob.private_identity()
    }
}

/// Both receivers.
pub struct Pair {
    pub ours: Ours,
    pub official: Official,
}

/// Who accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accepted {
    pub ours: bool,
    pub official: bool,
}

impl Pair {
    /// Gives a message to both. What both accept they must read alike.
    pub fn read(&mut self, message: &Ciphertext) -> Accepted {
        self.read_all(std::slice::from_ref(message))[0]
    }

    pub fn read_all(&mut self, messages: &[Ciphertext]) -> Vec<Accepted> {
        let ours = self.ours.decrypt(messages).unwrap();
        let official = self.official.decrypt(messages).unwrap();
        ours.into_iter()
            .zip(official)
            .map(|(ours, official)| {
                if let (Ok(ours), Ok(official)) = (&ours, &official) {
                    assert_eq!(ours, official);
                }
                Accepted { ours: ours.is_ok(), official: official.is_ok() }
            })
            .collect()
    }

    /// Gives both a message that they have to accept.
    pub fn must_read(&mut self, message: &Ciphertext, when: &str) {
        assert_eq!(self.read(message), Accepted { ours: true, official: true }, "{when}");
    }

    pub fn forget_prekey(&mut self, kind: &str, id: u32) {
        self.ours.forget_prekey(kind, id);
        self.official.forget_prekey(kind, id).unwrap();
    }
}

pub fn send(who: &mut impl Party, count: usize) -> Vec<Ciphertext> {
    let plaintexts: Vec<_> = (0..count).map(|at| format!("message {at}").into_bytes()).collect();
    who.encrypt(&plaintexts).unwrap().into_iter().map(Result::unwrap).collect()
}

/// The message of the ratchet inside a first message, as if it had come alone.
pub fn unwrapped(message: &Ciphertext) -> Ciphertext {
    let inner = interop::inner_message(message).unwrap();
    Ciphertext { kind: MessageKind::Ratchet, bytes: message.bytes[inner].to_vec() }
}
