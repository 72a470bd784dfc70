//! A device of the official library, in the oracle's process.

use std::cell::RefCell;
use std::rc::Rc;

use ratchet::{Ciphertext, MessageKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::oracle::{Oracle, OracleError, broken};
use crate::party::{Bundle, NOW_S, Name, Party, PrivatePrekeys};
use crate::verdict::Verdict;

/// A device of the official library that talks with one other device.
pub struct Official {
    oracle: Rc<RefCell<Oracle>>,
    party: u64,
    remote: Name,
    with_kyber: bool,
    last_prekey: u32,
    /// The private identity key, for a twin of ours.
    identity: Vec<u8>,
    registration_id: u32,
}

impl Official {
    /// A new device. `with_kyber` is whether its bundles have a KEM prekey.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn new(
        oracle: &Rc<RefCell<Oracle>>,
        local: &Name,
        remote: &Name,
        registration_id: u32,
        with_kyber: bool,
    ) -> Result<Self, OracleError> {
        let party = oracle.borrow_mut().next_party();
        let Name { service, device } = local;
        let made = oracle.borrow_mut().order(json!({
            "op": "new", "party": party, "name": service, "device": device, "registrationId": registration_id,
        }))?;
        let identity: String = field(&made, "private")?;
        Ok(Self {
            oracle: Rc::clone(oracle),
            party,
            remote: remote.clone(),
            with_kyber,
            last_prekey: 0,
            identity: hex::decode(identity).map_err(broken)?,
            registration_id,
        })
    }

    /// A device with the same keys, prekeys and sessions.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn twin(&self) -> Result<Self, OracleError> {
        let party = self.oracle.borrow_mut().next_party();
        self.order("clone", json!({ "to": party }))?;
        Ok(Self {
            oracle: Rc::clone(&self.oracle),
            party,
            remote: self.remote.clone(),
            identity: self.identity.clone(),
            ..*self
        })
    }

    /// The same device under another name, talking with another.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn renamed(mut self, local: &Name, remote: &Name) -> Result<Self, OracleError> {
        self.order("rename", json!({ "name": local.service, "device": local.device }))?;
        self.remote = remote.clone();
        Ok(self)
    }

    /// Its private identity key.
    #[must_use]
    pub fn private_identity(&self) -> &[u8] {
        &self.identity
    }

    /// Its registration id.
    #[must_use]
    pub const fn registration_id(&self) -> u32 {
        self.registration_id
    }

    /// Fresh prekeys and their private halves.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn publish_openly(&mut self, with_one_time: bool) -> Result<(Bundle, PrivatePrekeys), OracleError> {
        self.last_prekey += 1;
        let id = self.last_prekey;
        let published = self.order(
            "publish",
            json!({
                // Three ids, so that one taken for another is noticed.
                "signed": 1000 + id,
                "oneTime": with_one_time.then_some(2000 + id),
                "kyber": self.with_kyber.then_some(3000 + id),
            }),
        )?;
        Ok((field(&published, "bundle")?, field(&published, "private")?))
    }

    /// Its stored session record, in the official format.
    ///
    /// # Errors
    /// When the oracle fails, or there is none.
    pub fn record(&self) -> Result<Vec<u8>, OracleError> {
        let exported = self.order("export", json!({ "remote": self.remote }))?;
        hex::decode(field::<String>(&exported, "record")?).map_err(broken)
    }

    /// Forgets prekeys: kind `oneTime`, `signed` or `kyber`.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn forget_prekey(&mut self, kind: &str, id: u32) -> Result<(), OracleError> {
        self.order("remove", json!({ "kind": kind, "id": id })).map(drop)
    }

    /// What it would tell the sender of this message if it could not read it.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn decryption_error(
        &self,
        message: &Ciphertext,
        timestamp_ms: u64,
        device: u32,
    ) -> Result<Vec<u8>, OracleError> {
        let (kind, bytes) = (message.kind.code(), hex::encode(&message.bytes));
        let more = json!({ "kind": kind, "bytes": bytes, "timestamp": timestamp_ms, "device": device });
        hex::decode(field::<String>(&self.order("decryptionError", more)?, "bytes")?).map_err(broken)
    }

    /// Whether such an error is about the session in which it sends now.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn is_concerned(&self, error: &[u8]) -> Result<bool, OracleError> {
        let more = json!({ "remote": self.remote, "error": hex::encode(error) });
        field(&self.order("concerned", more)?, "concerned")
    }

    fn order(&self, operation: &str, more: Value) -> Result<Value, OracleError> {
        self.oracle.borrow_mut().order(self.operation(operation, more))
    }

    fn ask(&self, operations: &[Value]) -> Result<Vec<Verdict<Value>>, OracleError> {
        self.oracle.borrow_mut().ask(operations)
    }

    fn operation(&self, operation: &str, mut more: Value) -> Value {
        if let Value::Object(fields) = &mut more {
            fields.insert("op".to_owned(), operation.into());
            fields.insert("party".to_owned(), self.party.into());
        }
        more
    }
}

impl Party for Official {
    fn publish(&mut self, with_one_time: bool) -> Result<Bundle, OracleError> {
        self.publish_openly(with_one_time).map(|(bundle, _)| bundle)
    }

    fn initiate(&mut self, bundle: &Bundle) -> Result<Verdict<()>, OracleError> {
        let more = json!({ "remote": self.remote, "bundle": bundle, "now": NOW_S });
        let answer = self.ask(&[self.operation("initiate", more)])?.pop();
        Ok(answer.ok_or_else(|| broken("no answer"))?.map(drop))
    }

    fn encrypt(&mut self, plaintexts: &[Vec<u8>]) -> Result<Vec<Verdict<Ciphertext>>, OracleError> {
        let operation = |plaintext: &Vec<u8>| {
            let more = json!({ "remote": self.remote, "plaintext": hex::encode(plaintext), "now": NOW_S });
            self.operation("encrypt", more)
        };
        let operations: Vec<_> = plaintexts.iter().map(operation).collect();
        self.ask(&operations)?.into_iter().map(|answer| read(answer, ciphertext)).collect()
    }

    fn decrypt(&mut self, messages: &[Ciphertext]) -> Result<Vec<Verdict<Vec<u8>>>, OracleError> {
        let operation = |message: &Ciphertext| {
            let (kind, bytes) = (message.kind.code(), hex::encode(&message.bytes));
            self.operation("decrypt", json!({ "remote": self.remote, "kind": kind, "bytes": bytes }))
        };
        let operations: Vec<_> = messages.iter().map(operation).collect();
        self.ask(&operations)?.into_iter().map(|answer| read(answer, plaintext)).collect()
    }

    fn archive(&mut self) -> Result<(), OracleError> {
        self.order("archive", json!({ "remote": self.remote })).map(drop)
    }

    fn restart(&mut self) -> Result<(), OracleError> {
        self.order("restart", json!({})).map(drop)
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // When that fails the process is gone, and the party with it.
        let _ = self.order("forget", json!({}));
    }
}

fn read<T>(
    answer: Verdict<Value>,
    read: impl Fn(Value) -> Result<T, OracleError>,
) -> Result<Verdict<T>, OracleError> {
    match answer {
        Ok(answer) => read(answer).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn ciphertext(answer: Value) -> Result<Ciphertext, OracleError> {
    #[derive(Deserialize)]
    struct Encrypted {
        kind: u8,
        #[serde(with = "hex::serde")]
        bytes: Vec<u8>,
    }
    let Encrypted { kind, bytes } = serde_json::from_value(answer).map_err(broken)?;
    let kind = MessageKind::from_code(kind).ok_or_else(|| broken(format!("message kind {kind}")))?;
    Ok(Ciphertext { kind, bytes })
}

fn plaintext(answer: Value) -> Result<Vec<u8>, OracleError> {
    hex::decode(field::<String>(&answer, "plaintext")?).map_err(broken)
}

fn field<T: DeserializeOwned>(answer: &Value, name: &str) -> Result<T, OracleError> {
    let value = answer.get(name).ok_or_else(|| broken(format!("no `{name}`")))?;
    T::deserialize(value).map_err(broken)
}
