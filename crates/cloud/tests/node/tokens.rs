//! Tokens: what they may do, what is said of them, and how an app proves that a token is its own.

use crate::support::{ALICE, APP, Bench, PHONE, SECRET, TOKEN, WABA, message, tenant, two_tenants, with};
use cloud::{AccessToken, ApiRequest, Scope, TokenKind};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::Time;
use serde_json::{Value, json};
use sha2::Sha256;

const APP_TOKEN: &str = "700000000000001|secretOfTheShop0001";

fn asked(bench: &mut Bench, path: &str, token: &str) -> (u16, Value) {
    let response = bench.ask(ApiRequest::get(path, token)).unwrap();
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

/// A shop with a second token.
fn shop(token: AccessToken) -> Bench {
    let mut shop = tenant(1);
    shop.tokens.push(token);
    Bench::new(with(vec![shop, tenant(2)]))
}

#[test]
fn a_token_does_what_its_scopes_are_for() {
    let of = |scopes: &[Scope]| AccessToken {
        scopes: scopes.iter().copied().collect(),
        ..AccessToken::of_system_user("EAAsecond".into())
    };
    for (scopes, sends, manages) in [
        (&[Scope::Messaging][..], true, false),
        (&[Scope::Management], false, true),
        (&[Scope::Business, Scope::Events], false, false),
        (&Scope::ALL, true, true),
    ] {
        let mut bench = shop(of(scopes));
        let text = message(ALICE, json!({ "text": { "body": "hi" } }));
        let text = ApiRequest { authorization: Some("Bearer EAAsecond".into()), ..text };
        let sent = bench.ask(text).unwrap();
        let (managed, body) = asked(&mut bench, &format!("/{WABA}"), "EAAsecond");
        assert_eq!((sent.status == 200, managed == 200), (sends, manages), "{scopes:?}: {body}");
        assert!(sends || sent.status == 403 && manages || managed == 403, "{scopes:?}");
    }
}

#[test]
fn a_token_is_described_to_its_own_app_only() {
    let expires = Time::from_secs(4_000_000_000);
    let second = AccessToken {
        kind: TokenKind::User,
        scopes: [Scope::Messaging].into_iter().collect(),
        accounts: vec![WABA.parse().unwrap()],
        expires: Some(expires),
        ..AccessToken::of_system_user("EAAsecond".into())
    };
    let mut bench = shop(second);
    let path = "/v23.0/debug_token?input_token=EAAsecond";
    for token in [TOKEN, APP_TOKEN, "EAAsecond"] {
        let (status, body) = asked(&mut bench, path, token);
        assert_eq!((status, &body["data"]["is_valid"]), (200, &json!(true)));
        assert_eq!(body["data"]["type"], "USER");
        assert_eq!(body["data"]["expires_at"], 4_000_000_000_u64);
        assert_eq!(body["data"]["scopes"], json!(["whatsapp_business_messaging"]));
        let granular = json!([{ "scope": "whatsapp_business_messaging", "target_ids": [WABA] }]);
        assert_eq!(body["data"]["granular_scopes"], granular);
    }
    let of_another = asked(&mut bench, path, "EAAtokenOfTheShop0002");
    let of_none = asked(&mut bench, "/debug_token?input_token=EAAnobodys", "EAAtokenOfTheShop0002");
    assert_eq!(of_another, of_none);
    assert_eq!(of_none.1["data"]["is_valid"], false);
    // One that is over is described, and is not valid.
    let (_, over) = asked(&mut bench, "/debug_token?input_token=EAAexpired0001", TOKEN);
    assert_eq!((&over["data"]["is_valid"], &over["data"]["app_id"]), (&json!(false), &json!(APP)));
    let (_, own) = asked(
        &mut bench,
        &format!("/debug_token?input_token={}", "700000000000001%7CsecretOfTheShop0001"),
        TOKEN,
    );
    assert_eq!((&own["data"]["type"], own["data"].get("user_id")), (&json!("APP"), None));
}

#[test]
fn an_app_is_given_its_token_for_its_secret() {
    let mut bench = Bench::new(two_tenants());
    let path = |id: &str, secret: &str| {
        format!(
            "/v23.0/oauth/access_token?client_id={id}&client_secret={secret}&grant_type=client_credentials"
        )
    };
    let ask = |bench: &mut Bench, path: String| {
        let request = ApiRequest { authorization: None, ..ApiRequest::get(path, "") };
        let response = bench.ask(request).unwrap();
        (response.status, serde_json::from_slice::<Value>(&response.body).unwrap())
    };
    let (status, body) = ask(&mut bench, path(APP, SECRET));
    assert_eq!((status, body), (200, json!({ "access_token": APP_TOKEN, "token_type": "bearer" })));
    let wrong = ask(&mut bench, path(APP, "secretOfTheShop0002"));
    assert_eq!((wrong.0, &wrong.1["error"]["code"]), (400, &json!(1)));
    let unknown = ask(&mut bench, path("700000000000009", SECRET));
    assert_eq!(unknown.1["error"]["message"], wrong.1["error"]["message"]);
    let (status, body) = ask(&mut bench, "/oauth/access_token".to_owned());
    assert_eq!(
        (status, &body["error"]["message"]),
        (400, &json!("(#100) The parameter client_id is required."))
    );
}

#[test]
fn who_has_a_token_proves_that_it_has_the_secret_too() {
    let proof = |secret: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(TOKEN);
        hex::encode(mac.finalize().into_bytes())
    };
    let (right, wrong) = (proof(SECRET), proof("secretOfTheShop0002"));
    for requires_proof in [false, true] {
        let mut shop = tenant(1);
        shop.app.requires_proof = requires_proof;
        let mut bench = Bench::new(with(vec![shop]));
        let (status, body) = asked(&mut bench, &format!("/{PHONE}"), TOKEN);
        assert_eq!(status == 200, !requires_proof, "{body}");
        let (status, _) = asked(&mut bench, &format!("/{PHONE}?appsecret_proof={right}"), TOKEN);
        assert_eq!(status, 200);
        let (status, body) = asked(&mut bench, &format!("/{PHONE}?appsecret_proof={wrong}"), TOKEN);
        assert_eq!((status, &body["error"]["code"]), (400, &json!(100)), "{body}");
    }
}
