//! The floor of an operation: the sum of the primitives that it can't do without.
//!
//! X3DH §3.3 and §3.4, PQXDH §3.3 and §3.4 and Double Ratchet §3 and §7 say how many of each. A verifying key is
//! converted once for all its signatures. Not counted: parsing, framing, random numbers, and the chunks of the
//! post-quantum ratchet.

use ratchet::Suite;

use crate::operation::Operation;
use crate::primitive::Primitive;

/// Messages per epoch of the post-quantum ratchet where every message is answered.
const MESSAGES_PER_EPOCH: f64 = 87.0;

/// How often `operation` needs which primitive in `suite`; `None` where there is nothing but copying.
#[must_use]
pub fn of(operation: Operation, suite: Suite) -> Option<Vec<(f64, Primitive)>> {
    use Primitive as P;
    let (kem, spqr) = (suite != Suite::X3dh, suite == Suite::Triple);
    let mut sum = Vec::new();
    let mut add = |parts: &[(f64, Primitive)]| sum.extend_from_slice(parts);
    // The first keys: KDF of the agreement, and what the post-quantum ratchet makes of its part.
    let agreement = [(1.0, if kem { P::Hkdf96NoSalt } else { P::Hkdf64NoSalt })];
    let authenticator = [(1.0, P::Hkdf64NoSalt)];
    match operation {
        Operation::Initiate => {
            // Base key and ratchet key; four agreements, and one of the ratchet.
            add(&[(2.0, P::PublicKey), (5.0, P::Agree), (1.0, P::VerifyingKey), (1.0, P::Verify33)]);
            add(&agreement);
            add(&[(1.0, P::Hkdf64)]);
            if kem {
                add(&[(1.0, P::Verify1569), (1.0, P::KyberEncapsulate)]);
            }
            if spqr {
                add(&authenticator);
            }
        }
        Operation::FirstDecrypt => {
            // Four agreements, one with the one-time prekey; then a ratchet step: two more, and a new ratchet key.
            add(&[(5.0, P::Agree), (1.0, P::AgreeFromBytes), (1.0, P::PublicKey)]);
            add(&agreement);
            add(&[(2.0, P::Hkdf64)]);
            if kem {
                // X3DH, as deployed, does not check the base key.
                add(&[(1.0, P::PrimeOrder), (1.0, P::KyberDecapsulate)]);
            }
            if spqr {
                add(&authenticator);
                // The key chain begins.
                add(&[(1.0, P::Hkdf96NoSalt)]);
            }
            add(&message_key(spqr));
            add(&[(1.0, P::Mac256), (1.0, P::AesDecrypt256)]);
        }
        Operation::Encrypt256 => {
            add(&message_key(spqr));
            add(&[(1.0, P::Mac256), (1.0, P::AesEncrypt256)]);
        }
        Operation::Decrypt256 => {
            add(&message_key(spqr));
            add(&[(1.0, P::Mac256), (1.0, P::AesDecrypt256)]);
        }
        Operation::Encrypt4096 => {
            add(&message_key(spqr));
            add(&[(1.0, P::Mac4096), (1.0, P::AesEncrypt4096)]);
        }
        Operation::Decrypt4096 => {
            add(&message_key(spqr));
            add(&[(1.0, P::Mac4096), (1.0, P::AesDecrypt4096)]);
        }
        Operation::PingPong => {
            add(&[(2.0, P::Agree), (1.0, P::PublicKey), (2.0, P::Hkdf64)]);
            add(&message_key(spqr));
            add(&message_key(spqr));
            add(&[(2.0, P::Mac256), (1.0, P::AesEncrypt256), (1.0, P::AesDecrypt256)]);
            if spqr {
                // At both ends: epoch secret, authenticator, chain; and two tags, made and checked.
                add(&[
                    (1.0 / MESSAGES_PER_EPOCH, P::Braid),
                    (6.0 / MESSAGES_PER_EPOCH, P::Hkdf64NoSalt),
                    (4.0 / MESSAGES_PER_EPOCH, P::Mac256),
                ]);
            }
        }
        Operation::Serialize | Operation::Deserialize => return None,
    }
    Some(sum)
}

/// From the chain key to the message's keys. The post-quantum ratchet has a chain of its own, whose key is mixed in.
fn message_key(spqr: bool) -> Vec<(f64, Primitive)> {
    let chain = (1.0, Primitive::ChainStep);
    if spqr {
        vec![chain, (1.0, Primitive::Hkdf64NoSalt), (1.0, Primitive::Hkdf80)]
    } else {
        vec![chain, (1.0, Primitive::Hkdf80NoSalt)]
    }
}
