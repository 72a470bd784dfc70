//! What only the two ends may read: message kinds and padding.
