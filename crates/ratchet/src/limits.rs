//! What a peer can make of a device: the limits of what is kept, and of the work that a message may cost.
//!
//! All but [`MAX_OWN_FORWARD_JUMP`] and [`MAX_WALKS`] are those of deployed clients. The table of what a message
//! of n bytes can cost is in `docs/protocol.md`, section "Work"; `tests/it/work.rs` counts it.

/// Messages of one chain that may be missing before the one received (Double Ratchet, section "Skipped messages",
/// `MAX_SKIP`); the same in an epoch of the post-quantum ratchet.
pub const MAX_FORWARD_JUMP: u32 = 25_000;

/// The same in a session with oneself, once a message in it has shown that it is one's own. Deployed clients have no
/// limit there, and take the claim for the proof.
pub const MAX_OWN_FORWARD_JUMP: u32 = 100_000;

/// Walks of the farthest kind that one message may cost, over all sessions of a record together: one along a classical
/// chain and one along a post-quantum chain, so that one session can always be tried to the end. So a message costs no
/// more steps where there are many sessions.
pub const MAX_WALKS: u32 = 2;

/// Skipped message keys that are kept per receiving chain, newest first; in the post-quantum ratchet, how far behind the
/// newest message of its epoch one may be.
pub const MAX_SKIPPED: usize = 2_000;

/// Receiving chains that are kept per session, oldest dropped first.
pub const MAX_RECEIVING_CHAINS: usize = 5;

/// Archived sessions that are kept per record, oldest dropped first.
pub const MAX_ARCHIVED: usize = 40;

/// After so many seconds without an answer a session is not used for sending any more: 30 days.
pub const UNANSWERED_LIMIT_S: u64 = 30 * 24 * 60 * 60;
