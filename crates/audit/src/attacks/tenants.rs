//! Rule 3: a business that asks for another's things hears what it would hear of things that there are not.

use super::{Attack, AttackError, NOW};
use crate::matrix::{Leak, Matrix};
use cloud::{
    AccessToken, ApiRequest, ApiResponse, App, BusinessAccount, BusinessNumber, ConfigError, Input, Method,
    Node, NodeConfig, Output, Portfolio, ReplyId, Tenant,
};
use kernel::{Machine as _, Rng, Seed};
use privacy::surfaces::{Direction, HttpMessage, Surfaces};
use privacy::{DataClass, Principal};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use wire::Number;

/// What belongs to one tenant.
struct Things {
    app: &'static str,
    secret: &'static str,
    account: &'static str,
    phone: &'static str,
    number: u64,
    token: &'static str,
}

const OWNER: Things = Things {
    app: "670843887433847",
    secret: "d3c8a4f09e5b4b7f8c1a2e6f7b90aa31",
    account: "102290129340398",
    phone: "106540352242922",
    number: 15_550_783_881,
    token: "EAAownertokenownertoken0001",
};

const STRANGER: Things = Things {
    app: "670843887433848",
    secret: "9b1f6a2c7d5e4f3b8a0c1d2e3f405162",
    account: "102290129340399",
    phone: "106540352242923",
    number: 15_550_783_999,
    token: "EAAstrangertokenstranger0002",
};

/// Nobody has this id.
const NOBODY: &str = "109999999999999";

/// Behind an id: what no route has.
const NONSENSE: [&str; 3] = ["/register", "/nonsense", "/a/b"];

const METHODS: [Method; 4] = [Method::Get, Method::Post, Method::Delete, Method::Other];

/// Asks for everything of the owner's in the stranger's name, before and after the owner has used it.
pub(super) fn strangers(surfaces: &Surfaces, matrix: &mut Matrix) -> Result<Attack, AttackError> {
    let mut desk = Desk::new()?;
    let (mut attempts, mut successes) = (0, 0);
    for used in [false, true] {
        if used {
            desk.use_as_owner(surfaces, matrix);
        }
        let app_token = format!("{}|{}", STRANGER.app, STRANGER.secret);
        for (id, edge, method, token) in asked([STRANGER.token, &app_token]) {
            attempts += 1;
            let (theirs, nothing) =
                (desk.shape(method, id, &edge, token), desk.shape(method, NOBODY, &edge, token));
            if theirs != nothing || theirs.0 == 200 {
                successes += 1;
                // The first of its kind is enough to be told.
                if successes == 1 {
                    matrix.leak(leak(&format!(
                        "{method:?} /{id}{edge} of another tenant is answered {} {}, and of nobody's {} {}",
                        theirs.0, theirs.1, nothing.0, nothing.1
                    )));
                }
            }
        }
    }
    if desk.shape(Method::Get, OWNER.phone, "", OWNER.token).0 != 200 {
        matrix.blind(
            "attack",
            "the owner of a number can't see it either: that a stranger can't proves nothing",
        );
    }
    let what = "asking for another tenant's things";
    Ok(Attack { invariant: "tenants_are_strangers", what, attempts, successes })
}

/// How often each is asked for.
const TIMES: u32 = 200;

/// Asks by turns for what is another's and for what is nobody's: one must not take longer than the other.
pub(super) fn stopwatch(matrix: &mut Matrix, now: &dyn Fn() -> Duration) -> Result<Attack, AttackError> {
    let mut desk = Desk::new()?;
    let mut took = |id: &str| {
        let began = now();
        desk.ask(Method::Get, id, "", STRANGER.token);
        now().saturating_sub(began)
    };
    let pairs: Vec<[Duration; 2]> = (0..TIMES).map(|_| [OWNER.phone, NOBODY].map(&mut took)).collect();
    let median = |of: usize| {
        let mut times: Vec<Duration> = pairs.iter().filter_map(|pair| pair.get(of).copied()).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let (theirs, nothing) = (median(0), median(1));
    let longer = theirs > nothing * 2 + TICK || nothing > theirs * 2 + TICK;
    if longer {
        matrix.leak(leak(&format!(
            "to refuse what is another tenant's takes {theirs:?}, and what is nobody's {nothing:?}"
        )));
    }
    let what = "telling another tenant's things by the time that it takes to refuse them";
    Ok(Attack {
        invariant: "tenants_are_strangers",
        what,
        attempts: TIMES.into(),
        successes: u64::from(longer),
    })
}

/// A clock has no finer ticks, and a machine that others use has worse.
const TICK: Duration = Duration::from_micros(20);

/// What may stand behind an id: all edges of the table of routes, and what is in no table.
fn edges() -> BTreeSet<String> {
    let behind = |edge: &str| if edge.is_empty() { String::new() } else { format!("/{edge}") };
    cloud::ROUTES.iter().map(|route| behind(route.edge)).chain(NONSENSE.map(str::to_owned)).collect()
}

fn asked(tokens: [&str; 2]) -> impl Iterator<Item = (&'static str, String, Method, &str)> {
    let ids = [OWNER.phone, OWNER.account, OWNER.app];
    ids.into_iter().flat_map(move |id| {
        edges().into_iter().flat_map(move |edge| {
            METHODS.into_iter().flat_map(move |method| {
                let edge = edge.clone();
                tokens.into_iter().map(move |token| (id, edge.clone(), method, token))
            })
        })
    })
}

fn leak(what: &str) -> Leak {
    Leak {
        layer: "attack",
        principal: Principal::Business.name().into(),
        class: Some(DataClass::BusinessAddress.name().into()),
        what: what.into(),
    }
}

/// A node, and somebody who asks it.
struct Desk {
    node: Node,
    rng: Rng,
    asked: u64,
}

impl Desk {
    fn new() -> Result<Self, AttackError> {
        let refused = |error: ConfigError| AttackError::Setup(error.to_string());
        let tenants = [OWNER, STRANGER].map(|things| things.tenant());
        let tenants: Option<Vec<Tenant>> = tenants.into_iter().collect();
        let tenants = tenants.ok_or_else(|| AttackError::Setup("an id is none".into()))?;
        let config = NodeConfig::new(tenants).map_err(refused)?;
        let node = Node::restore(config, Vec::new())?;
        Ok(Self { node, rng: Rng::for_entity(&Seed::from_number(1), "node"), asked: 0 })
    }

    /// Everything that the owner can ask for; what it is answered is taken apart.
    fn use_as_owner(&mut self, surfaces: &Surfaces, matrix: &mut Matrix) {
        let reads = [OWNER.phone, OWNER.account, OWNER.app]
            .into_iter()
            .flat_map(|id| edges().into_iter().map(move |edge| (Method::Get, id, edge)));
        for (method, id, edge) in reads.chain([(Method::Post, OWNER.phone, "/messages".to_owned())]) {
            let Some(response) = self.ask(method, id, &edge, OWNER.token) else { continue };
            let headers = response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            let message = HttpMessage {
                direction: Direction::Response,
                headers: headers.collect(),
                registered_query: "",
                query: "",
                body: &response.body,
            };
            matrix.seen(Principal::Business, surfaces.http(&message));
        }
    }

    /// Status and body of an answer, without its trace and without the id that was asked for; and its headers.
    fn shape(&mut self, method: Method, id: &str, edge: &str, token: &str) -> (u16, String) {
        let Some(response) = self.ask(method, id, edge, token) else { return (0, "no answer".into()) };
        let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(trace) = body.pointer_mut("/error/fbtrace_id") {
            trace.take();
        }
        let headers = response.headers.iter().map(|(name, value)| format!(" {name}: {value}"));
        let text: String = std::iter::once(body.to_string()).chain(headers).collect();
        (response.status, text.replace(id, "<id>"))
    }

    fn ask(&mut self, method: Method, id: &str, edge: &str, token: &str) -> Option<ApiResponse> {
        let text =
            json!({ "messaging_product": "whatsapp", "to": "4915112345678", "text": { "body": "hi" } });
        let path = format!("/v23.0/{id}{edge}");
        let request = ApiRequest { method, ..ApiRequest::post(path, token, text.to_string()) };
        self.asked += 1;
        let input = Input::Api { reply: ReplyId(self.asked), request };
        let effects = self.node.handle(NOW, input, &mut self.rng);
        effects.outputs.into_iter().find_map(|output| match output {
            Output::Respond { response, .. } => Some(response),
            _ => None,
        })
    }
}

impl Things {
    fn tenant(&self) -> Option<Tenant> {
        let number = BusinessNumber {
            id: self.phone.parse().ok()?,
            number: Number::from_integer(self.number).ok()?,
            display_name: "A business".into(),
            identity_key_check: false,
        };
        let account = BusinessAccount {
            id: self.account.parse().ok()?,
            name: "A business".into(),
            subscribed: true,
            numbers: vec![number],
        };
        let token = AccessToken::of_system_user(self.token.into());
        let app = App {
            id: self.app.parse().ok()?,
            name: "An app".into(),
            secret: self.secret.into(),
            callback: None,
            webhook_version: 23,
            requires_proof: false,
        };
        Some(Tenant { portfolio: Portfolio::of(&app), app, accounts: vec![account], tokens: vec![token] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use privacy::Policy;

    #[test]
    fn a_stranger_learns_nothing() {
        let mut matrix = Matrix::new(Policy::of_this_project().unwrap());
        let attack = strangers(&Surfaces::of_this_project().unwrap(), &mut matrix).unwrap();
        assert!(attack.attempts > 300);
        assert_eq!(attack.successes, 0, "{:?}", matrix.leaks());
        assert!(matrix.blind_spots().is_empty());
    }
}
