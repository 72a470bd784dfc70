//! Webhooks that travel together: what waits, in the order of each conversation, and nobody for somebody else's failure.

use crate::support::{Bench, HOOK, PHONE, SHOP, TOKEN, WABA, elements, two_tenants};
use cloud::webhook::{AccountReview, Announcement};
use cloud::{ApiRequest, DeliveryId, Input, NodeConfig, WebhookPost};
use content::Body;
use kernel::Time;
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// At most so many posts, of so many updates.
fn config(in_flight: usize, together: usize) -> NodeConfig {
    let mut config = two_tenants();
    config.webhooks.in_flight_per_app = in_flight;
    config.webhooks.updates_per_post = together;
    config
}

/// People who write to the shop.
fn people(bench: &mut Bench, count: usize) -> Vec<u64> {
    (0..count).map(|index| bench.consumer(&format!("1650555{:04}", 1000 + index), false)).collect()
}

/// Who wrote what, in the order in which it stands in a post.
type Said = Vec<(u64, String)>;

fn said(post: &WebhookPost) -> Said {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let said = elements(post, "messages").into_iter();
    said.map(|message| (text(&message["from"]).parse().unwrap(), text(&message["text"]["body"]))).collect()
}

#[test]
fn what_waits_travels_together_and_what_does_not_travels_alone_and_at_once() {
    let mut bench = Bench::new(config(1, 1000));
    let people = people(&mut bench, 20);
    bench.write(people[0], SHOP, Body::text("nobody waits"));
    assert_eq!(said(&bench.posts[0]), [(people[0], "nobody waits".into())]);
    bench.receivers.insert(HOOK.into(), None);
    for (index, person) in people.iter().enumerate() {
        bench.write(*person, SHOP, Body::text(index.to_string()));
    }
    assert_eq!(bench.posts.len(), 2, "one is under way, and the others wait");
    bench.receivers.clear();
    bench.answer(bench.posts[1].delivery, 200);
    let [_, first, others] = &bench.posts[..] else { panic!("{} posts", bench.posts.len()) };
    assert_eq!((said(first).len(), said(others).len()), (1, 19));
    assert_eq!(bench.node.unacknowledged(), 0);
    assert_eq!(bench.rows.count(&["webhooks"]), 0);
}

#[test]
fn a_post_has_no_more_updates_than_it_may_have() {
    let mut bench = Bench::new(config(1, 7));
    let people = people(&mut bench, 20);
    bench.receivers.insert(HOOK.into(), None);
    for person in &people {
        bench.write(*person, SHOP, Body::text("hello"));
    }
    bench.receivers.clear();
    bench.answer(bench.posts[0].delivery, 200);
    let sizes: Vec<_> = bench.posts.iter().map(|post| said(post).len()).collect();
    assert_eq!(sizes, [1, 7, 7, 5]);
}

#[test]
fn while_posts_may_be_under_way_what_waits_is_spread_over_them() {
    let mut bench = Bench::new(config(128, 1000));
    let people = people(&mut bench, 30);
    bench.receivers.insert(HOOK.into(), Some(500));
    for person in &people {
        bench.write(*person, SHOP, Body::text("hello"));
    }
    let before = bench.posts.len();
    bench.receivers.clear();
    bench.pass(Duration::from_secs(5));
    assert!(bench.posts[before..].iter().all(|post| said(post).len() == 1));
}

#[test]
fn a_post_is_no_longer_than_three_megabytes() {
    let mut bench = Bench::new(config(1, 1000));
    let people = people(&mut bench, 150);
    bench.receivers.insert(HOOK.into(), None);
    // Each character becomes twelve bytes.
    let long = "😀".repeat(4096);
    for person in &people {
        bench.write(*person, SHOP, Body::text(&long));
    }
    bench.receivers.clear();
    bench.answer(bench.posts[0].delivery, 200);
    assert_eq!(bench.node.unacknowledged(), 0);
    let longest = bench.posts.iter().map(|post| post.body.len()).max().unwrap();
    assert!((2_500_000..=3_000_000).contains(&longest), "{longest}");
    assert_eq!(bench.messages().len(), 150);
}

/// One post that the receiver will never take: its conversation waits, nobody else's does for long.
#[test]
fn a_conversation_that_fails_stops_no_other() {
    let mut bench = Bench::new(config(1, 1000));
    let people = people(&mut bench, 200);
    bench.receivers.insert(HOOK.into(), None);
    for (index, person) in people.iter().enumerate() {
        bench.write(*person, SHOP, Body::text(if index == 77 { "the poison" } else { "hello" }));
    }
    bench.write(people[77], SHOP, Body::text("behind it"));
    bench.receivers.clear();
    bench.poison = Some("the poison");
    bench.answer(bench.posts[0].delivery, 200);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.node.unacknowledged(), 2, "only what is behind the poison waits");
    // And it is tried less and less often, whatever else is acknowledged.
    let before = bench.posts.len();
    for hour in 0..12 {
        bench.write(people[0], SHOP, Body::text(format!("hour {hour}")));
        bench.pass(Duration::from_secs(3600));
    }
    let tried =
        bench.posts[before..].iter().filter(|post| said(post).iter().any(|(_, text)| text == "the poison"));
    let tried = tried.count();
    assert!((4..=24).contains(&tried), "{tried} in twelve hours");
    bench.poison = None;
    bench.pass(Duration::from_secs(4 * 3600));
    assert_eq!(bench.node.unacknowledged(), 0);
}

#[test]
fn who_was_away_and_is_back_hears_at_once_of_all_that_failed_meanwhile() {
    let mut bench = Bench::new(config(128, 1000));
    let people = people(&mut bench, 10);
    bench.receivers.insert(HOOK.into(), Some(503));
    for person in &people {
        bench.write(*person, SHOP, Body::text("while it was away"));
    }
    // The next try is in hours.
    bench.pass(Duration::from_secs(3 * 3600));
    bench.receivers.clear();
    let newcomer = bench.consumer("16505559999", false);
    bench.write(newcomer, SHOP, Body::text("and now"));
    assert_eq!(bench.node.unacknowledged(), 0);
    assert_eq!(bench.messages().len(), 11);
}

#[test]
fn what_goes_to_different_places_does_not_travel_together() {
    let mut bench = Bench::new(config(1, 1000));
    let over = json!({ "webhook_configuration": {
        "override_callback_uri": "http://number.test/", "verify_token": "t",
    } });
    bench.ok(ApiRequest::post(format!("/{PHONE}"), TOKEN, over.to_string()));
    let people = people(&mut bench, 3);
    bench.receivers.insert(HOOK.into(), None);
    bench.receivers.insert("http://number.test/".into(), None);
    for person in &people {
        bench.write(*person, SHOP, Body::text("to the number's"));
        let review = Announcement::Review(AccountReview { decision: "APPROVED".into() });
        bench.hear_of(Input::OfAccount(WABA.parse().unwrap(), review));
    }
    bench.receivers.clear();
    bench.answer(bench.posts[0].delivery, 200);
    assert_eq!(bench.node.unacknowledged(), 0);
    assert_eq!(bench.messages().len(), 3);
    for post in &bench.posts {
        let is_of_account = String::from_utf8_lossy(&post.body).contains("account_review_update");
        assert_eq!((post.url == HOOK, said(post).is_empty()), (is_of_account, is_of_account));
    }
}

/// What happens to a node and its app's server.
#[derive(Debug, Clone)]
enum Act {
    Write(usize),
    /// The post that has waited longest, or the next, and so on, is answered.
    Answer(usize, u16),
    Pass(u16),
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..4_usize).prop_map(Act::Write),
        4 => (0..3_usize, prop_oneof![3 => Just(200_u16), 2 => Just(500), 1 => Just(302)])
            .prop_map(|(which, status)| Act::Answer(which, status)),
        2 => (1..90_u16).prop_map(Act::Pass),
        1 => Just(Act::Crash),
    ]
}

/// What the app's server knows, and what it may hear next.
struct Server {
    /// Of each conversation, what it has not acknowledged.
    open: BTreeMap<u64, VecDeque<String>>,
    under_way: Vec<(Time, DeliveryId, Said)>,
    seen: usize,
}

impl Server {
    fn look(&mut self, bench: &Bench, in_flight: usize, together: usize) {
        self.under_way.retain(|(posted, ..)| bench.now.since(*posted) < Duration::from_secs(60));
        for post in &bench.posts[self.seen..] {
            let said = said(post);
            assert!(!said.is_empty() && said.len() <= together);
            let mut next: BTreeMap<u64, usize> = BTreeMap::new();
            for (who, text) in &said {
                let is_under_way =
                    self.under_way.iter().any(|(_, _, others)| others.iter().any(|(other, _)| other == who));
                assert!(!is_under_way, "an earlier one of the conversation is under way");
                let place = next.entry(*who).or_default();
                assert_eq!(self.open[who].get(*place), Some(text), "not the next of its conversation");
                *place += 1;
            }
            self.under_way.push((bench.now, post.delivery, said));
        }
        self.seen = bench.posts.len();
        assert!(self.under_way.len() <= in_flight);
    }

    fn acknowledge(&mut self, said: &[(u64, String)]) {
        for (who, text) in said {
            assert_eq!(self.open.get_mut(who).unwrap().pop_front().as_ref(), Some(text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is answered when, and whenever the power fails: no update is posted while an earlier one of its conversation is
    /// under way or failed, none is left out, and in the end each was acknowledged.
    #[test]
    fn a_conversation_keeps_its_order(acts in prop::collection::vec(act(), 1..60)) {
        let (in_flight, together) = (2, 3);
        let mut bench = Bench::new(config(in_flight, together));
        let people = people(&mut bench, 4);
        bench.receivers.insert(HOOK.into(), None);
        let mut server = Server { open: BTreeMap::new(), under_way: Vec::new(), seen: 0 };
        for (index, act) in acts.into_iter().enumerate() {
            match act {
                Act::Write(who) => {
                    server.open.entry(people[who]).or_default().push_back(index.to_string());
                    bench.write(people[who], SHOP, Body::text(index.to_string()));
                }
                Act::Answer(which, status) if which < server.under_way.len() => {
                    let (_, delivery, said) = server.under_way.remove(which);
                    if status == 200 {
                        server.acknowledge(&said);
                    }
                    bench.answer(delivery, status);
                }
                Act::Answer(..) => {}
                Act::Pass(seconds) => {
                    for _ in 0..seconds {
                        bench.pass(Duration::from_secs(1));
                        server.look(&bench, in_flight, together);
                    }
                }
                Act::Crash => {
                    server.under_way.clear();
                    bench.crash();
                    bench.settle();
                }
            }
            server.look(&bench, in_flight, together);
        }
        bench.receivers.clear();
        for (_, delivery, said) in std::mem::take(&mut server.under_way) {
            server.acknowledge(&said);
            bench.answer(delivery, 200);
        }
        bench.pass(Duration::from_secs(5 * 3600));
        prop_assert_eq!(bench.node.unacknowledged(), 0);
        prop_assert_eq!(bench.rows.count(&["webhooks"]), 0);
        for post in &bench.posts[server.seen..] {
            server.acknowledge(&said(post));
        }
        prop_assert!(server.open.values().all(VecDeque::is_empty));
    }
}
