//! `--provider`: whose implementation of the primitives is used, so that they can be compared on the whole path.

use clap::Args;
use endpoint::Backend;

/// Everybody whose implementation can be built in.
const KNOWN: [&str; 2] = ["aws-lc", "rustcrypto"];

/// What `demo` and `run` have in common.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ProviderArguments {
    /// Whose cryptographic primitives are used, aws-lc or rustcrypto: they compute the same bytes, at different speeds
    /// [default: the first that is built in]
    #[arg(long, value_name = "PROVIDER", value_parser = provider)]
    provider: Option<Backend>,
}

impl ProviderArguments {
    /// From now on it is used, in the whole process; the one that is built in unless it was said which.
    pub(crate) fn install(self) {
        if let Some(provider) = self.provider {
            provider.install();
        }
    }
}

/// The name of the provider in use, for reports.
pub(crate) fn installed() -> &'static str {
    Backend::installed().name()
}

fn provider(name: &str) -> Result<Backend, String> {
    let built_in: Vec<&str> = Backend::ALL.iter().map(|provider| provider.name()).collect();
    match Backend::ALL.iter().find(|provider| provider.name() == name) {
        Some(provider) => Ok(*provider),
        None if KNOWN.contains(&name) => {
            Err(format!("it is not built into this program, which has {}", built_in.join(", ")))
        }
        None => Err(format!("there is no such provider; this program has {}", built_in.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_built_in_is_taken_by_name() {
        for known in Backend::ALL {
            assert_eq!(provider(known.name()), Ok(*known));
            assert!(KNOWN.contains(&known.name()));
        }
    }

    #[test]
    fn an_unknown_one_is_told_who_there_is() {
        let error = provider("openssl").unwrap_err();
        assert!(error.starts_with("there is no such provider; this program has "), "{error}");
        assert!(error.ends_with("rustcrypto"), "{error}");
    }

    #[test]
    fn what_is_installed_is_what_reports_say() {
        ProviderArguments { provider: Some(Backend::RustCrypto) }.install();
        assert_eq!(installed(), "rustcrypto");
        ProviderArguments { provider: None }.install();
        assert_eq!(installed(), "rustcrypto", "nobody asked for another");
    }
}
