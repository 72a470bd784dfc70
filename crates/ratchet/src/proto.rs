//! The protobuf bodies of the two messages, compiled from `proto/signal.proto`.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]

include!(concat!(env!("OUT_DIR"), "/blindpost.signal.v1.rs"));
