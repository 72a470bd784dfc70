//! Secrets and symbols counted together, and what follows from the counts.

/// How often each secret, each symbol and each pair of them occurred.
#[derive(Debug, Clone)]
pub(super) struct Joint {
    secrets: Vec<u32>,
    symbols: Vec<u32>,
    /// By secret, and by symbol within.
    pairs: Vec<u32>,
    total: u32,
}

impl Joint {
    pub(super) fn of(truth: &[usize], symbols: &[usize]) -> Self {
        let most = |numbers: &[usize]| numbers.iter().max().map_or(0, |most| most + 1);
        let (rows, width) = (most(truth), most(symbols));
        let mut joint =
            Self { secrets: vec![0; rows], symbols: vec![0; width], pairs: vec![0; rows * width], total: 0 };
        for (secret, symbol) in truth.iter().zip(symbols) {
            let cells = [
                joint.secrets.get_mut(*secret),
                joint.symbols.get_mut(*symbol),
                joint.pairs.get_mut(secret * width + symbol),
            ];
            cells.into_iter().flatten().for_each(|cell| *cell += 1);
            joint.total += 1;
        }
        joint
    }

    /// H(S), in bits.
    pub(super) fn secret_entropy(&self) -> f64 {
        entropy(&self.secrets, self.total)
    }

    /// H(Y), in bits.
    #[cfg(test)]
    pub(super) fn symbol_entropy(&self) -> f64 {
        entropy(&self.symbols, self.total)
    }

    /// I(S; Y) of the counts, in bits. With few samples for each cell it is too high.
    pub(super) fn plug_in_information(&self) -> f64 {
        let marginal = entropy(&self.secrets, self.total) + entropy(&self.symbols, self.total);
        (marginal - entropy(&self.pairs, self.total)).max(0.0)
    }

    /// I(S; Y) with the correction of Miller and Madow for each of its three entropies: half a nat, over the samples, for
    /// each cell but one that isn't empty. In bits, and never below nothing or above what there is to know.
    pub(super) fn information(&self) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        let cells = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as f64;
        let surplus = cells(&self.secrets) + cells(&self.symbols) - cells(&self.pairs) - 1.0;
        let corrected =
            self.plug_in_information() + surplus / (2.0 * f64::from(self.total) * std::f64::consts::LN_2);
        corrected.clamp(0.0, self.secret_entropy())
    }

    /// How likely a guess at the secret is right that knows how frequent secrets are.
    pub(super) fn prior_vulnerability(&self) -> f64 {
        share(self.secrets.iter().max().copied().unwrap_or(0), self.total)
    }

    /// The same for a guess that has seen the symbol, if the counts were the probabilities. With few samples for each
    /// cell it is too high.
    pub(super) fn posterior_vulnerability(&self) -> f64 {
        let best = |symbol| self.column(symbol).max().unwrap_or(0);
        (0..self.symbols.len()).map(|symbol| share(best(symbol), self.total)).sum()
    }

    /// The sum over symbols of the greatest probability that a secret gives it: by so much a guess gets better if all
    /// secrets are as likely.
    pub(super) fn gain_for_uniform_prior(&self) -> f64 {
        let likelihood = |symbol| {
            let of_secrets = self.column(symbol).zip(&self.secrets);
            of_secrets.map(|(count, all)| share(count, *all)).fold(0.0, f64::max)
        };
        (0..self.symbols.len()).map(likelihood).sum()
    }

    fn column(&self, symbol: usize) -> impl Iterator<Item = u32> {
        self.pairs.iter().skip(symbol).step_by(self.symbols.len().max(1)).copied()
    }
}

/// Of numbers that were counted, in bits.
fn entropy(counts: &[u32], total: u32) -> f64 {
    let bits = |count: &u32| match share(*count, total) {
        0.0 => 0.0,
        share => -share * libm::log2(share),
    };
    counts.iter().map(bits).sum()
}

fn share(count: u32, total: u32) -> f64 {
    if total == 0 { 0.0 } else { f64::from(count) / f64::from(total) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_by_hand() {
        // Two secrets as likely; the first is always symbol 0, the second half the time.
        let joint = Joint::of(&[0, 0, 1, 1], &[0, 0, 0, 1]);
        assert!((joint.secret_entropy() - 1.0).abs() < 1e-12);
        // H(S) - H(S|Y) = 1 - 3/4 h(1/3)
        let known = 1.0 - 0.75 * (3.0_f64.log2() - 2.0 / 3.0);
        assert!((joint.plug_in_information() - known).abs() < 1e-12);
        assert!((joint.prior_vulnerability() - 0.5).abs() < 1e-12);
        assert!((joint.posterior_vulnerability() - 0.75).abs() < 1e-12);
        assert!((joint.gain_for_uniform_prior() - 1.5).abs() < 1e-12);
    }

    #[test]
    fn nothing_tells_nothing() {
        let joint = Joint::of(&[], &[]);
        assert_eq!(
            (joint.information(), joint.secret_entropy(), joint.prior_vulnerability()),
            (0.0, 0.0, 0.0)
        );
    }

    proptest! {
        #[test]
        fn information_and_vulnerability_keep_their_bounds(
            pairs in prop::collection::vec((0_usize..7, 0_usize..9), 1..300)
        ) {
            let (truth, symbols): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
            let joint = Joint::of(&truth, &symbols);
            let most = joint.secret_entropy().min(joint.symbol_entropy());
            prop_assert!((0.0..=most + 1e-9).contains(&joint.plug_in_information()));
            prop_assert!((0.0..=joint.secret_entropy() + 1e-9).contains(&joint.information()));
            let (prior, posterior) = (joint.prior_vulnerability(), joint.posterior_vulnerability());
            prop_assert!(prior > 0.0 && posterior >= prior - 1e-12 && posterior <= 1.0 + 1e-12);
            let gain = joint.gain_for_uniform_prior();
            prop_assert!((1.0 - 1e-9..=7.0 + 1e-9).contains(&gain));
        }

        #[test]
        fn secret_and_symbol_tell_as_much_of_each_other(
            pairs in prop::collection::vec((0_usize..5, 0_usize..5), 1..200)
        ) {
            let (truth, symbols): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
            let (there, back) = (Joint::of(&truth, &symbols), Joint::of(&symbols, &truth));
            prop_assert!((there.plug_in_information() - back.plug_in_information()).abs() < 1e-9);
        }
    }
}
