//! The tenants file is the seed of a node's state: what the API has changed is the node's, everything else follows the file
//! (docs/settings.md).

use crate::support::{ALICE, APP, Bench, HOOK, PHONE, Rows, SECRET, TOKEN, WABA, tenant, two_tenants, with};
use cloud::{AccessToken, ApiRequest, Callback, Node, NodeConfig, Notice, Thing};
use kernel::Machine as _;
use serde_json::json;

const STRANGERS: &str = "EAAtokenOfTheShop0002";
const STRANGERS_PHONE: &str = "106540352242923";

fn strangers_text() -> ApiRequest {
    let text = json!({ "messaging_product": "whatsapp", "to": ALICE, "text": { "body": "hi" } });
    ApiRequest::post(format!("/{STRANGERS_PHONE}/messages"), STRANGERS, text.to_string())
}

/// The API says where webhooks go.
fn subscribe(bench: &mut Bench) {
    let body = json!({
        "object": "whatsapp_business_account", "callback_url": "http://by-api.test/", "verify_token": "t",
    });
    let app_token = format!("{APP}|{SECRET}");
    bench.ok(ApiRequest::post(format!("/{APP}/subscriptions"), &app_token, body.to_string()));
}

/// The same tenants in a file where everything else is another.
fn edited() -> NodeConfig {
    let mut changed = tenant(1);
    changed.portfolio.name = "Another portfolio".into();
    changed.app.name = "Another app".into();
    changed.app.secret = "anotherSecret".into();
    changed.app.callback =
        Some(Callback { url: "http://by-file.test/".into(), verify_token: "another".into() });
    changed.accounts[0].name = "Another name".into();
    changed.accounts[0].numbers[0].display_name = "What people see".into();
    changed.tokens[0].value = "EAAanotherToken".into();
    with(vec![changed, tenant(2)])
}

/// The rows that the file is the seed of.
fn planted(bench: &Bench) -> Rows {
    let tables = ["portfolios", "apps", "wabas", "numbers", "tokens", "callbacks"];
    bench.rows.of(|table, _, _| tables.contains(&table))
}

/// What the node says of the file at its last start.
fn said_at_start(bench: &Bench) -> Vec<Notice> {
    let is_of_file = |notice: &&Notice| matches!(notice, Notice::Overruled(_) | Notice::Unnamed(_));
    bench.notices.iter().filter(is_of_file).copied().collect()
}

fn restart(bench: &mut Bench, config: NodeConfig) {
    bench.notices.clear();
    bench.restart(config);
}

#[test]
fn a_tenant_that_is_new_is_there_from_the_next_start() {
    let mut bench = Bench::new(with(vec![tenant(1)]));
    bench.consumer(ALICE, true);
    assert_eq!(bench.ask(strangers_text()).unwrap().status, 401);
    bench.text(ALICE, "before");
    bench.restart(two_tenants());
    bench.ok(strangers_text());
    bench.text(ALICE, "after");
    assert_eq!((bench.node.undelivered(), bench.node.unsettled(), bench.node.unacknowledged()), (0, 0, 0));
    // And one that is gone is asked for in vain.
    bench.restart(with(vec![tenant(1)]));
    assert_eq!(bench.ask(strangers_text()).unwrap().status, 401);
    let theirs = ApiRequest::get(format!("/{STRANGERS_PHONE}"), TOKEN);
    assert_eq!(bench.ask(theirs).unwrap().status, 400);
    assert_eq!(planted(&bench), planted(&Bench::new(with(vec![tenant(1)]))), "nothing of it is left");
}

#[test]
fn what_the_api_has_not_changed_follows_the_file() {
    let mut bench = Bench::new(two_tenants());
    restart(&mut bench, edited());
    assert_eq!(said_at_start(&bench), []);
    assert_eq!(bench.ask(ApiRequest::get(format!("/{WABA}"), TOKEN)).unwrap().status, 401);
    let get = |id: &str| ApiRequest::get(format!("/{id}"), "EAAanotherToken");
    assert_eq!(bench.ok(get(WABA))["name"], "Another name");
    assert_eq!(bench.ok(get(PHONE))["verified_name"], "What people see");
    assert_eq!(bench.ok(get(APP))["name"], "Another app");
    let list = |secret: &str| ApiRequest::get(format!("/{APP}/subscriptions"), &format!("{APP}|{secret}"));
    assert_eq!(bench.ask(list(SECRET)).unwrap().status, 401);
    assert_eq!(bench.ok(list("anotherSecret"))["data"][0]["callback_url"], "http://by-file.test/");
}

#[test]
fn a_token_that_the_file_no_longer_names_is_revoked() {
    let mut bench = Bench::new(two_tenants());
    let second = AccessToken::of_system_user("EAAsecond".into());
    let mut both = tenant(1);
    both.tokens.push(second);
    bench.restart(with(vec![both.clone(), tenant(2)]));
    let get = |token: &str| ApiRequest::get(format!("/{WABA}"), token);
    bench.ok(get(TOKEN));
    bench.ok(get("EAAsecond"));
    both.tokens.remove(0);
    bench.restart(with(vec![both, tenant(2)]));
    assert_eq!(bench.ask(get(TOKEN)).unwrap().status, 401);
    bench.ok(get("EAAsecond"));
    bench.restart(two_tenants());
    bench.ok(get(TOKEN));
    assert_eq!(bench.ask(get("EAAsecond")).unwrap().status, 401);
}

#[test]
fn what_the_api_has_set_stays_and_the_node_says_so() {
    let mut bench = Bench::new(two_tenants());
    subscribe(&mut bench);
    let app = Thing::AppWebhooks(APP.parse().unwrap());
    for config in [edited(), two_tenants()] {
        restart(&mut bench, config);
        assert_eq!(said_at_start(&bench), [Notice::Overruled(app)]);
        assert_eq!((app.id(), app.to_string().as_str()), (APP, "the webhooks of an app"));
    }
    bench.text(ALICE, "to nobody");
    assert!(!bench.posts.is_empty() && bench.posts.iter().all(|post| post.url == "http://by-api.test/"));

    restart(&mut bench, with(vec![tenant(2)]));
    assert_eq!(said_at_start(&bench), [Notice::Unnamed(app)]);
    restart(&mut bench, two_tenants());
    bench.posts.clear();
    bench.text(ALICE, "to nobody");
    assert!(!bench.posts.is_empty() && bench.posts.iter().all(|post| post.url == "http://by-api.test/"));
}

#[test]
fn what_the_api_has_unsubscribed_is_not_planted_again() {
    let mut bench = Bench::new(two_tenants());
    bench.ok(ApiRequest::delete(format!("/{WABA}/subscribed_apps"), TOKEN));
    restart(&mut bench, two_tenants());
    assert_eq!(said_at_start(&bench), [Notice::Overruled(Thing::AccountWebhooks(WABA.parse().unwrap()))]);
    bench.text(ALICE, "to nobody");
    assert!(bench.posts.is_empty());
    // What the API says as the file does is in no contradiction to it.
    bench.ok(ApiRequest::post(format!("/{WABA}/subscribed_apps"), TOKEN, "{}"));
    restart(&mut bench, two_tenants());
    assert_eq!(said_at_start(&bench), []);
}

#[test]
fn a_start_that_finds_its_file_unchanged_writes_nothing() {
    let mut bench = Bench::new(two_tenants());
    subscribe(&mut bench);
    let before = bench.rows.clone();
    bench.relay = Default::default();
    bench.node = kernel::Machine::restore(two_tenants(), bench.rows.load()).unwrap();
    while kernel::Machine::wake_at(&bench.node).is_some_and(|at| at <= bench.now) {
        bench.settle();
    }
    assert_eq!(bench.rows, before);
}

/// The power fails before every effect of a start, of a new node and of one whose file was changed.
#[test]
fn a_torn_start_plants_again_or_not_at_all() {
    for apart in [false, true] {
        let new = |crash_before| {
            Bench::prepared(two_tenants(), |bench| {
                (bench.apart, bench.crash_before) = (apart, crash_before);
            })
        };
        let whole = new(None);
        assert!(planted(&whole).count(&["portfolios", "apps", "wabas", "numbers", "tokens"]) >= 10);
        assert!(whole.effects > 2);
        for crash_before in 1..=whole.effects {
            let mut bench = new(Some(crash_before));
            assert_eq!(planted(&bench), planted(&whole), "apart: {apart}, crash before {crash_before}");
            bench.text(ALICE, "to nobody");
            assert!(bench.posts.iter().all(|post| post.url == HOOK) && !bench.posts.is_empty());
        }

        let restarted = |crash_after: Option<usize>| {
            let mut bench = new(None);
            subscribe(&mut bench);
            let before = bench.effects;
            bench.crash_before = crash_after.map(|effects| before + effects);
            bench.restart(edited());
            (planted(&bench), bench.effects - before)
        };
        let (edited, effects) = restarted(None);
        for crash_after in 1..=effects {
            let (torn, _) = restarted(Some(crash_after));
            assert_eq!(torn, edited, "apart: {apart}, crash before effect {crash_after} of {effects}");
        }
    }
}

/// Rows from before there were any of tenants: they are planted beside the others.
#[test]
fn a_data_directory_without_rows_of_tenants_gets_them() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, true);
    bench.text(ALICE, "before");
    let whole = planted(&bench);
    let tables = ["portfolios", "apps", "wabas", "numbers", "tokens", "callbacks"];
    bench.rows = bench.rows.of(|table, _, _| !tables.contains(&table));
    bench.restart(two_tenants());
    assert_eq!(planted(&bench), whole);
    bench.text(ALICE, "after");
    let consumer = bench.consumers.values().next().unwrap();
    assert_eq!(consumer.received.len(), 2, "both arrived, in one session");
}

#[test]
fn a_token_is_in_no_row() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, true);
    bench.text(ALICE, "hello");
    subscribe(&mut bench);
    bench.restart(edited());
    assert_eq!(bench.rows.count(&["tokens"]), 4);
    for token in ["EAA", TOKEN, STRANGERS, "tokenOfTheShop", "anotherToken", "expired"] {
        assert!(!bench.rows.holds(token.as_bytes()), "{token}");
    }
    assert!(bench.rows.holds(b"Another name"), "else that tokens are not found proved nothing");
}

#[test]
fn what_is_in_force_is_known_before_the_start() {
    let (app, number) = (APP.parse().unwrap(), PHONE.parse().unwrap());
    let mut bench = Bench::new(with(vec![tenant(1)]));
    assert_eq!(bench.node.webhook(app, number), Some(HOOK));
    let restored = |bench: &mut Bench, config: NodeConfig| {
        let node = Node::restore(config, bench.rows.load()).unwrap();
        node.webhook(app, number).map(str::to_owned)
    };
    // What the file says now, before anything of it is durable.
    assert_eq!(restored(&mut bench, edited()).as_deref(), Some("http://by-file.test/"));
    subscribe(&mut bench);
    assert_eq!(restored(&mut bench, edited()).as_deref(), Some("http://by-api.test/"));
    let app_token = format!("{APP}|{SECRET}");
    bench.ok(ApiRequest::delete(format!("/{APP}/subscriptions"), &app_token));
    assert_eq!(restored(&mut bench, edited()), None);
}
