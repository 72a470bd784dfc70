//! The guesser that knows how often each secret went with each observation.

/// How often it is right about samples that it was not trained with: for each fold the rest is for training. An observation
/// that it has not seen it takes for the most frequent secret, as F-BLEAU's does.
pub(super) fn vulnerability(truth: &[usize], symbols: &[usize], dealt: &[usize]) -> f64 {
    let most = |numbers: &[usize]| numbers.iter().max().map_or(0, |most| most + 1);
    let (secrets, folds) = (most(truth), most(dealt));
    let samples =
        || truth.iter().zip(symbols).zip(dealt).map(|((secret, symbol), fold)| (*secret, *symbol, *fold));
    let mut right = 0_u32;
    for fold in 0..folds {
        let mut frequent = vec![0; secrets];
        let mut by_symbol = vec![vec![]; most(symbols)];
        for (secret, symbol, _) in samples().filter(|(_, _, other)| *other != fold) {
            count(&mut frequent, secret, secrets);
            if let Some(counts) = by_symbol.get_mut(symbol) {
                count(counts, secret, secrets);
            }
        }
        let guesses: Vec<usize> = by_symbol.iter().map(|counts| best(counts, &frequent)).collect();
        right += samples()
            .filter(|(_, _, other)| *other == fold)
            .map(|(secret, symbol, _)| u32::from(guesses.get(symbol) == Some(&secret)))
            .sum::<u32>();
    }
    f64::from(right) / truth.len().max(1) as f64
}

/// The secret with the most votes; of several the one that is more frequent everywhere.
pub(super) fn best(votes: &[u32], frequent: &[u32]) -> usize {
    let vote = |secret: usize| (votes.get(secret).copied().unwrap_or(0), frequent.get(secret).copied());
    // Of equals the first: `max_by_key` has the last.
    (0..frequent.len()).rev().max_by_key(|secret| vote(*secret)).unwrap_or(0)
}

/// Adds a vote; nothing is kept for an observation without any.
pub(super) fn count(votes: &mut Vec<u32>, secret: usize, secrets: usize) {
    votes.resize(secrets, 0);
    if let Some(vote) = votes.get_mut(secret) {
        *vote += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unseen_is_taken_for_the_most_frequent() {
        // Three folds; symbol 1 is in the last only, and its secret is the rarer one.
        let truth = [0, 0, 1, 0, 0, 1];
        let symbols = [0, 0, 0, 0, 0, 1];
        let dealt = [0, 1, 0, 1, 2, 2];
        assert!((vulnerability(&truth, &symbols, &dealt) - 4.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn of_equals_the_more_frequent_then_the_first() {
        assert_eq!(best(&[2, 2, 1], &[5, 6, 9]), 1);
        assert_eq!(best(&[], &[3, 3]), 0);
        assert_eq!(best(&[], &[]), 0);
    }
}
