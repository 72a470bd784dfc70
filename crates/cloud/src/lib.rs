//! The Cloud API node: HTTP API, sessions on behalf of businesses, webhooks.
