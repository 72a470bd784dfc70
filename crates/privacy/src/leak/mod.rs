//! How much a view tells of a secret, where the two can't be made independent: lengths, times, presence.
//!
//! [`Samples`] pair a secret with what somebody saw; [`Estimate::of`] says in bits and in guesses what the one tells of
//! the other. It takes no more than the samples: a channel from secret to observation, as a black box.
//!
//! - Mutual information by counting (`joint`), with the correction of G. Miller, *Note on the bias of information
//!   estimates* (1955), known as Miller–Madow.
//! - Min-entropy leakage: G. Smith, *On the foundations of quantitative information flow*, FoSSaCS 2009; for a uniform
//!   prior it is the capacity of Braun, Chatzikokolakis and Palamidessi, *Quantitative notions of leakage for one-try
//!   attacks*, MFPS 2009.
//! - Bayes risk by guessers that are tested on samples that they were not trained with: the frequency estimator, and
//!   nearest neighbours with k = ln n. Cherubin, Chatzikokolakis and Palamidessi, *F-BLEAU: Fast Black-box Leakage
//!   Estimation*, IEEE S&P 2019.
//! - Whether there is a leak at all: a permutation test, as in Chothia and Guha, *A statistical test for information leaks
//!   using continuous mutual information*, CSF 2011.
//!
//! Random choices (folds, permutations, resamples) follow from a seed.

#[cfg(test)]
mod channels;
mod draws;
mod estimate;
mod frequency;
mod joint;
mod nearest;
mod resampling;
mod samples;

pub use estimate::{Estimate, Information, MinEntropy, Risk, Settings};
pub use samples::{Column, Kind, SampleError, Samples};
