//! Which protocol suites an end speaks: the same flags everywhere.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use endpoint::{Suite, Suites};

/// What `demo`, `serve`, `cloud` and `consumer` have in common.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SuiteArguments {
    /// Protocol suite that sessions are opened in: X3DH and Double Ratchet, PQXDH and Double Ratchet, or PQXDH and Triple Ratchet
    #[arg(long, value_name = "SUITE", default_value = "triple", value_parser = suite())]
    suite: Suite,
    /// Oldest suite that is still accepted from others [default: the one of --suite]
    #[arg(long, value_name = "SUITE", value_parser = suite())]
    accept: Option<Suite>,
}

impl SuiteArguments {
    pub(crate) fn suites(self) -> miette::Result<Suites> {
        let oldest = self.accept.unwrap_or(self.suite);
        if oldest > self.suite {
            return Err(miette::miette!(
                help = "--accept names the oldest suite, --suite the newest",
                "--accept {oldest} is newer than --suite {}",
                self.suite
            ));
        }
        Ok(Suites { newest: self.suite, oldest })
    }
}

fn suite() -> impl clap::builder::TypedValueParser<Value = Suite> {
    PossibleValuesParser::new(Suite::ALL.map(Suite::name)).try_map(|name| name.parse::<Suite>())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;

    #[test]
    fn unless_it_is_said_otherwise_what_is_offered_is_all_that_is_accepted() {
        for suite in Suite::ALL {
            let Suites { newest, oldest } = SuiteArguments { suite, accept: None }.suites().unwrap();
            assert_eq!((newest, oldest), (suite, suite));
        }
    }

    #[test]
    fn who_accepts_only_newer_suites_than_he_offers_is_told_which_flag_is_which() {
        let arguments = SuiteArguments { suite: Suite::X3dh, accept: Some(Suite::Triple) };
        let error = explain(&arguments.suites().unwrap_err());
        assert_eq!(
            error,
            "error: --accept triple is newer than --suite x3dh\n\
             help: --accept names the oldest suite, --suite the newest\n"
        );
        let wide = SuiteArguments { suite: Suite::Triple, accept: Some(Suite::X3dh) }.suites().unwrap();
        assert_eq!((wide.newest, wide.oldest), (Suite::Triple, Suite::X3dh));
    }
}
