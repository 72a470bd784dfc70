//! In which language a template is written.

use crate::error::GraphError;
use crate::reading::Param;
use serde::Serialize;
use std::fmt;

/// The codes that templates can have (Message templates documentation, "Supported languages").
#[rustfmt::skip]
const CODES: [&str; 82] = [
    "af", "ar", "ar_AE", "ar_EG", "ar_LB", "ar_MA", "ar_QA", "az", "be_BY", "bg", "bn", "bn_IN", "ca", "cs", "da",
    "de", "de_AT", "de_CH", "el", "en", "en_AE", "en_AU", "en_CA", "en_GB", "en_GH", "en_IE", "en_IN", "en_JM", "en_MY",
    "en_NZ", "en_QA", "en_SG", "en_UG", "en_US", "en_ZA", "es", "es_AR", "es_CL", "es_CO", "es_CR", "es_DO", "es_EC",
    "es_ES", "es_HN", "es_MX", "es_PA", "es_PE", "es_UY", "et", "fa", "fi", "fil", "fr", "fr_BE", "fr_CA", "fr_CH", "ga",
    "gu", "ha", "he", "hi", "hr", "hu", "id", "it", "ja", "ka", "kk", "kn", "ko", "ky_KG", "lo", "lt", "lv", "mk", "ml",
    "mr", "ms", "nb", "nl", "nl_BE", "pa",
];

/// The rest of them.
#[rustfmt::skip]
const MORE_CODES: [&str; 31] = [
    "pl", "prs_AF", "ps_AF", "pt_BR", "pt_PT", "ro", "ru", "rw_RW", "si_LK", "sk", "sl", "sq", "sr", "sv", "sw", "ta",
    "te", "th", "tr", "uk", "ur", "uz", "vi", "zh_CN", "zh_HK", "zh_TW", "zu", "fr_CI", "fr_MA", "es_GT", "es_NI",
];

/// The code of a language that templates can be written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(&'static str);

impl Language {
    /// American English.
    pub const EN_US: Self = Self("en_US");

    /// The one with that code: `en` is another than `en_US`.
    pub fn of(code: &str) -> Option<Self> {
        CODES.iter().chain(&MORE_CODES).copied().find(|known| *known == code).map(Self)
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn read(param: Param<'_>) -> Result<Self, GraphError> {
        let code = param.text()?;
        Self::of(code).ok_or_else(|| {
            GraphError::invalid(format!("Param {} is not the code of a language of templates.", param.path()))
        })
    }

    /// `en_US`.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// `en-US`, as webhooks of templates have it.
    pub fn hyphenated(self) -> String {
        self.0.replace('_', "-")
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Language(…)")
    }
}

impl Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_exact_and_each_is_there_once() {
        let all: Vec<_> = CODES.iter().chain(&MORE_CODES).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(Language::of("en_US"), Some(Language::EN_US));
        for code in ["en-US", "EN_US", "", "xx", "en_us"] {
            assert_eq!(Language::of(code), None, "{code}");
        }
        assert_eq!(Language::EN_US.hyphenated(), "en-US");
    }
}
