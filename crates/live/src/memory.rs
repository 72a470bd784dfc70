//! Where memory comes from, and in which state it goes back.

use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed before it is used again, whoever freed it: libraries too keep texts in buffers that they drop
/// (docs/decisions/0013). Below it is [mimalloc](https://github.com/microsoft/mimalloc), which asks the system for large
/// pages: a million states are found faster in them (docs/decisions/0016).
pub type WipingAllocator = ZeroAlloc<MiMalloc>;

/// The allocator of a program: `#[global_allocator] static MEMORY: WipingAllocator = wiping_allocator();`.
#[must_use]
pub const fn wiping_allocator() -> WipingAllocator {
    ZeroAlloc(MiMalloc)
}
