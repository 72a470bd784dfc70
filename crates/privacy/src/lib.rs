//! The privacy boundary: who may learn what, and the scan that proves it.
