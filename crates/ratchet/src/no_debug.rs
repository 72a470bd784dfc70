//! What is nothing but secret can't be shown by mistake, because it has no `Debug`.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::provider::{KemSecretKeyOf, Native, PreparedOf, PrivateKeyOf, RustCrypto};

/// Says of a type whether it has `Debug`: the constant of the `impl` comes before the trait's.
struct Probe<T>(PhantomData<T>);

trait Fallback {
    const HAS_DEBUG: bool = false;
}

impl<T> Fallback for Probe<T> {}

impl<T: Debug> Probe<T> {
    const HAS_DEBUG: bool = true;
}

macro_rules! no_debug {
    ($($secret:ty),* $(,)?) => {$(
        const { assert!(!<Probe<$secret>>::HAS_DEBUG, concat!(stringify!($secret), " has Debug")) };
    )*};
}

#[test]
fn secrets_have_no_debug() {
    no_debug!(
        crate::chain::ChainKey,
        crate::chain::MessageKeys,
        crate::chain::MessageSeed,
        crate::chain::RootKey,
        crate::curve::KeyPair,
        crate::provider::Key,
        KemSecretKeyOf<Native>,
        PreparedOf<Native>,
        PrivateKeyOf<Native>,
        PrivateKeyOf<RustCrypto>,
        PreparedOf<RustCrypto>,
        crate::kept::Kept<crate::chain::MessageSeed>,
        crate::prekeys::Secret,
        crate::session::ReceivingChain,
        crate::session::SendingChain,
        crate::session::Session,
        crate::spqr::BraidKeyPair,
        crate::spqr::EpochSecret<Native>,
        crate::spqr::Spqr<Native>,
    );
}

#[test]
fn the_probe_sees_debug_where_it_is() {
    const { assert!(<Probe<crate::IdentityKeyPair>>::HAS_DEBUG) };
}
