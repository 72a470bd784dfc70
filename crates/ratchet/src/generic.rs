//! What holds keys, over any [`Provider`](crate::Provider). The names in the crate's root are these with
//! [`Native`](crate::Native), so that a live party can't be given another by a flag: it would be
//! another type.

pub use crate::identity::{IdentityKeyPair, LocalIdentity};
pub use crate::prekeys::{KemPrekey, OneTimePrekey, SignedPrekey};
pub use crate::record::SessionRecord;
pub use crate::second_ratchet::KeyOf;
pub use crate::spqr::{BraidKeyPair, Spqr};
