//! Businesses that ask for what is another's.

use super::LiveError;
use super::business::Desk;
use super::cast::Business;
use super::stage::Stage;
use super::views::Views;
use cloud::{Method, Object};
use privacy::{Party, Principal};

/// Each business asks for what is another's, with its own token: every route that there is. What it asked for it knew.
pub(super) fn trespass(stage: &Stage, views: &mut Views) -> Result<(), LiveError> {
    let scanner = stage.scanner()?;
    for business in &stage.cast.businesses {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        for other in stage.cast.businesses.iter().filter(|other| other.name != business.name) {
            let stranger = Desk::default();
            let read = serde_json::json!({
                "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.HBgA",
            });
            for route in cloud::ROUTES {
                // Without an object there is nothing of another's: what is said of another's token is below.
                let Some(id) = id_of(other, route.object()) else { continue };
                let path = format!("/v23.0{}", route.path(&id.to_string()));
                let (method, body) = match route.method {
                    Method::Post => ("POST", Some(&read)),
                    Method::Delete => ("DELETE", None),
                    Method::Get | Method::Other => ("GET", None),
                };
                let answer = stranger.call(node.api, method, &path, &business.token, body)?;
                refused(views, answer.status, "what is another's");
            }
            let about = format!("/v23.0/debug_token?input_token={}", other.token);
            let asking = Desk::default();
            let answer = asking.call(node.api, "GET", &about, &business.token, None)?;
            let said = |name: &str| answer.body.get("data")?.get(name).cloned();
            if said("is_valid") != Some(false.into()) || said("app_id").is_some() {
                views.broken("tenants are strangers", "what another's token is was answered".to_owned());
            }
            let party = Party::new(Principal::Business, business.name);
            let view = format!("answers about {}", other.name);
            let asked = ["app id", "WABA id", "phone number id"];
            let asked = asked.map(|id| format!("{id} of {}", other.name));
            views.search_but(&scanner, &party, &view, &stranger.http.bytes(), &asked);
            let (view, asked) = (
                format!("what is said of the token of {}", other.name),
                [format!("token of {}", other.name)],
            );
            views.search_but(&scanner, &party, &view, &asking.http.bytes(), &asked);
        }
    }
    Ok(())
}

/// The id of a business's object of a kind; `None` if it is none.
pub(super) fn id_of(business: &Business, object: Object) -> Option<u64> {
    match object {
        Object::Nothing => None,
        Object::App => Some(business.app_id),
        Object::Account => Some(business.waba_id),
        Object::Number => Some(business.phone_number_id),
        Object::Template => cloud::hello_world(business.waba_id.into()).as_str().parse().ok(),
        // What nobody has: media are looked at where there are some, in crates/cloud/tests/node/media.rs.
        Object::Media => Some(1_000_000_000_000_001),
    }
}

pub(super) fn refused(views: &mut Views, status: u16, what: &str) {
    if status < 400 {
        views.broken("tenants are strangers", format!("{what} was answered {status}"));
    }
}
