//! Businesses that ask for what is another's.

use super::LiveError;
use super::business::Desk;
use super::stage::Stage;
use super::views::Views;
use privacy::{Party, Principal};

/// Each business asks for what is another's, with its own token. What it asked for it knew.
pub(super) fn trespass(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    for business in &stage.cast.businesses {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        for other in stage.cast.businesses.iter().filter(|other| other.name != business.name) {
            let stranger = Desk::default();
            let number = format!("/v23.0/{}", other.phone_number_id);
            let messages = format!("{number}/messages");
            let read = serde_json::json!({
                "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.HBgA",
            });
            for (method, path, body) in [("GET", &number, None), ("POST", &messages, Some(&read))] {
                let answer = stranger.call(node.api, method, path, &business.token, body)?;
                refused(views, answer.status, "what is another's");
            }
            let party = Party::new(Principal::Business, business.name);
            let view = format!("answers about {}", other.name);
            let asked = format!("phone number id of {}", other.name);
            views.search_but(&scanner, &party, &view, &stranger.http.bytes(), &asked);
        }
    }
    Ok(())
}

pub(super) fn refused(views: &mut Views, status: u16, what: &str) {
    if status < 400 {
        views.broken("tenants are strangers", format!("{what} was answered {status}"));
    }
}
