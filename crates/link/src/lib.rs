//! Authenticated connections: QUIC with pinned keys, framing, reconnection, and an in-memory link with the same face.
