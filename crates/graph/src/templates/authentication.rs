//! The texts that all templates for codes have: the business writes none of them.

use crate::templates::{Otp, OtpType};

const BODY: &str = "*{{1}}* is your verification code.";
const RECOMMENDATION: &str = " For your security, do not share this code.";

/// The text, with the code, or with its variable.
pub(crate) fn body(code: &str, security_recommendation: bool) -> String {
    let recommendation = if security_recommendation { RECOMMENDATION } else { "" };
    BODY.replace("{{1}}", code) + recommendation
}

/// What stands below it.
pub(crate) fn footer(minutes: u8) -> String {
    format!("This code expires in {minutes} minutes.")
}

/// What the button says.
pub(crate) fn label(otp: &Otp) -> &str {
    match otp.otp_type {
        OtpType::OneTap => otp.autofill_text.as_deref().unwrap_or("Autofill"),
        OtpType::CopyCode | OtpType::ZeroTap => otp.text.as_deref().unwrap_or("Copy code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_in_its_text() {
        assert_eq!(body("123", false), "*123* is your verification code.");
        assert!(body("123", true).ends_with(" For your security, do not share this code."));
        assert_eq!(footer(10), "This code expires in 10 minutes.");
    }
}
