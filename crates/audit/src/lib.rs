//! The privacy boundary, executed.
//!
//! `privacy` knows who may learn what and how to look for it; here the parties are run, in virtual time and as real
//! processes, and everything that each could see is looked at.

pub mod live;
