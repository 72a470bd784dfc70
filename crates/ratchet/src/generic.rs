//! What holds keys, over any [`Provider`](crate::Provider). The names in the crate's root are these with
//! [`Native`](crate::Native), so that a live party can't be given another by a flag: it would be
//! another type.

pub use crate::identity::{IdentityKeyPair, LocalIdentity};
pub use crate::prekeys::{KemPrekey, OneTimePrekey, SignedPrekey};
pub use crate::provider::KeyOf;
pub use crate::record::SessionRecord;
pub use crate::spqr::{BraidKeyPair, Spqr};
