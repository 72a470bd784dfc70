//! How templates are treated: when they are reviewed, and how many there may be.

use std::time::Duration;

/// How templates are treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplatePolicy {
    /// When a template that was made or changed is approved.
    pub review: ReviewPolicy,
    /// How many an account can have.
    pub per_account: usize,
    /// How many can be made for an account in an hour.
    pub creations_per_hour: usize,
    /// Whether `hello_world` can be sent from every number, though the operator's own goes from its test numbers only.
    pub hello_world_from_all: bool,
}

/// When a template that was made or changed is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReviewPolicy {
    /// At once.
    #[default]
    Instant,
    /// When a reviewer says so.
    Manual,
    /// After this time, if no reviewer was faster.
    After(Duration),
}

impl Default for TemplatePolicy {
    fn default() -> Self {
        Self {
            review: ReviewPolicy::Instant,
            per_account: 250,
            creations_per_hour: 100,
            hello_world_from_all: true,
        }
    }
}
