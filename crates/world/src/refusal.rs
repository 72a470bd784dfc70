//! What a run with modelled cryptography can't show, and says so instead of showing something else.

use crate::options::Options;
use scenario::{Crypto, Scenario};

/// A scenario with `crypto = "modelled"` has something in it that needs real keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` can't be had with crypto = \"modelled\": {why}; run it with crypto = \"real\"")]
pub struct Refusal {
    /// The key of the scenario.
    pub key: &'static str,
    /// What is missing.
    pub why: &'static str,
}

/// Checks a scenario and how it is to be run.
pub(crate) fn check(scenario: &Scenario, options: &Options) -> Result<(), Refusal> {
    if scenario.crypto == Crypto::Real {
        return Ok(());
    }
    if !scenario.adversaries.is_empty() {
        return Err(Refusal { key: "adversaries", why: "there are no keys to take or to break" });
    }
    if options.audit.is_some() {
        return Err(Refusal { key: "crypto", why: "an audit looks into ciphertexts, which hide nothing" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variation::Audit;

    #[test]
    fn what_needs_keys_is_refused_by_its_key_and_nothing_else_is() {
        let text = |crypto: &str, more: &str| {
            let text = format!(
                "version = 1\nname = \"small\"\nduration = \"10min\"\ncrypto = \"{crypto}\"\n[[consumers]]\n\
                 name = \"people\"\ncount = 3\n[[traffic]]\nfrom = \"people\"\nto = \"people\"\n\
                 rate = \"1/min in total\"\n{more}"
            );
            Scenario::parse("small.toml", &text).unwrap()
        };
        let faults = "[[faults]]\nkind = \"random\"\nrate = \"1/min\"\n";
        let adversary = "[[adversaries]]\nkind = \"network-recorder\"\n";
        let plain = Options::default();
        assert_eq!(check(&text("modelled", faults), &plain), Ok(()));
        assert_eq!(check(&text("real", adversary), &plain), Ok(()));
        assert_eq!(check(&text("modelled", adversary), &plain).unwrap_err().key, "adversaries");
        let audit = Options { audit: Some(Audit::default()), ..Options::default() };
        assert_eq!(check(&text("modelled", ""), &audit).unwrap_err().key, "crypto");
        assert_eq!(check(&text("real", ""), &audit), Ok(()));
    }
}
