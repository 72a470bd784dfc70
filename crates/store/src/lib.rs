//! Durable transactions: in memory and embedded, values sealed at rest under keys that really erase.
