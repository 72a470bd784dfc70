//! What must be refused is refused by us exactly when the official library refuses it.
//!
//! An official sender writes to two receivers that share identity and prekeys, an official one and ours.
//! Each row of the tables breaks something and says who of the official versions accepts it; ours has to
//! answer the same, but for the rows that are listed here with the reason.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

#[path = "refusals/bundles.rs"]
mod bundles;
#[path = "refusals/edit.rs"]
mod edit;
#[path = "refusals/first_messages.rs"]
mod first_messages;
#[path = "refusals/forged_messages.rs"]
mod forged_messages;
#[path = "refusals/later_messages.rs"]
mod later_messages;
#[path = "refusals/pair.rs"]
mod pair;
#[path = "refusals/verdict.rs"]
mod verdict;

use interop::Speaks;
use verdict::Deliberate;

/// Where we differ from the official library on purpose.
const DELIBERATE: &[Deliberate] = &[
    Deliberate {
        speaks: &[Speaks::X3dh, Speaks::Pqxdh],
        rows: &["signed prekey: small order", "one-time prekey: small order"],
        why: "RFC 7748, section 6.1, lets one refuse a secret of zeros; later versions do, only 0.72.1 does not",
    },
    Deliberate {
        speaks: &[Speaks::Pqxdh],
        rows: &["base key: high bit", "base key: with torsion"],
        why: "PQXDH is as later versions speak it: they check the base key",
    },
    Deliberate {
        speaks: &[Speaks::Pqxdh],
        rows: &["first byte: version 3"],
        why: "the wrapping's version is the session's; 0.72.1 takes X3DH's from one that was made with a KEM",
    },
    Deliberate {
        speaks: &[Speaks::Pqxdh],
        rows: &["bundle without KEM prekey"],
        why: "who demands PQXDH is not talked down to X3DH by whoever hands out bundles",
    },
    Deliberate {
        speaks: &[Speaks::X3dh, Speaks::Pqxdh, Speaks::TripleOrPqxdh],
        rows: &[
            "known session: identity key: changed",
            "known session: identity key: high bit",
            "known session: identity key: small order",
        ],
        why: "an application shows this identity; 0.103.0 refuses one that is not the session's",
    },
];
