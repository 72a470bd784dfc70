//! What reviewers and recipients make of a template, on the clock.

use super::*;

#[test]
fn a_review_takes_its_time_on_the_clock() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::After(Duration::from_secs(120));
    let mut bench = Bench::new(config);
    bench.subscribe_to("message_template_status_update");
    let created = bench.ok(create(&promotion("sale")));
    assert_eq!(created["status"], "PENDING");
    let id: TemplateId = created["id"].as_str().unwrap().parse().unwrap();
    bench.pass(Duration::from_secs(119));
    assert_eq!(bench.status(id), Some(Status::Pending));
    assert!(bench.told("message_template_status_update").is_empty());
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.status(id), Some(Status::Approved));
    let told = bench.told("message_template_status_update");
    let expected = json!({
        "event": "APPROVED",
        "message_template_id": id.as_str().parse::<u64>().unwrap(),
        "message_template_name": "sale",
        "message_template_language": "en-US",
        "message_template_category": "MARKETING",
        "reason": "NONE",
    });
    assert_eq!(told, [expected]);
}

#[test]
fn what_recipients_do_not_like_is_paused_longer_each_time_and_then_disabled() {
    let mut bench = Bench::new(two_tenants());
    bench.subscribe_to("message_template_status_update,message_template_quality_update");
    let id = bench.make(&promotion("sale"));
    bench.review(id, Verdict::Quality(Quality::Green));
    bench.review(id, Verdict::Quality(Quality::Red));
    assert_eq!(bench.status(id), Some(Status::Paused));
    bench.pass(3 * HOUR - Duration::from_secs(1));
    assert_eq!(bench.status(id), Some(Status::Paused));
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.status(id), Some(Status::Approved));
    bench.review(id, Verdict::Quality(Quality::Red));
    bench.pass(5 * HOUR);
    assert_eq!(bench.status(id), Some(Status::Paused));
    bench.ok(ApiRequest::post(format!("/{}/unpause", id.as_str()), TOKEN, ""));
    assert_eq!(bench.status(id), Some(Status::Approved));
    let unpause = ApiRequest::post(format!("/{}/unpause", id.as_str()), TOKEN, "");
    assert_eq!(bench.refused(unpause).1, 100);
    bench.review(id, Verdict::Quality(Quality::Red));
    assert_eq!(bench.status(id), Some(Status::Disabled));
    let told = bench.told("message_template_status_update");
    let events: Vec<_> =
        told.iter().map(|of| (of["event"].as_str().unwrap(), of["other_info"]["title"].as_str())).collect();
    assert_eq!(
        events,
        [
            ("APPROVED", None),
            ("PAUSED", Some("FIRST_PAUSE")),
            ("APPROVED", Some("UNPAUSE")),
            ("PAUSED", Some("SECOND_PAUSE")),
            ("APPROVED", Some("UNPAUSE")),
            ("DISABLED", Some("DISABLED")),
        ]
    );
    assert!(told[5]["disable_info"]["disable_date"].is_u64());
    let qualities = bench.told("message_template_quality_update");
    let scores: Vec<_> =
        qualities.iter().map(|of| (&of["previous_quality_score"], &of["new_quality_score"])).collect();
    assert_eq!(scores, [(&json!("UNKNOWN"), &json!("GREEN")), (&json!("GREEN"), &json!("RED"))]);
}

#[test]
fn another_category_is_announced_and_then_there_and_billed() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    bench.subscribe_to("template_category_update");
    let mut definition = promotion("sale");
    definition["category"] = json!("UTILITY");
    let id = bench.make(&definition);
    bench.review(id, Verdict::Announce(Category::Marketing));
    bench.ok(message(ALICE, of("sale", filled())));
    assert_eq!(bench.relay.seen.last().unwrap().billing_class, BillingClass::Utility);
    bench.pass(DAY);
    bench.ok(message(ALICE, of("sale", filled())));
    assert_eq!(bench.relay.seen.last().unwrap().billing_class, BillingClass::Marketing);
    let told = bench.told("template_category_update");
    let common = json!({
        "message_template_id": id.as_str().parse::<u64>().unwrap(),
        "message_template_name": "sale",
        "message_template_language": "en-US",
    });
    let with = |mut own: Value| {
        own.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        own
    };
    let at = told[0]["category_update_timestamp"].clone();
    assert_eq!(
        told,
        [
            with(
                json!({ "correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": at })
            ),
            with(json!({ "previous_category": "UTILITY", "new_category": "MARKETING" })),
        ]
    );
    let shown =
        bench.ok(ApiRequest::get(format!("/{}?fields=category,previous_category", id.as_str()), TOKEN));
    assert_eq!((&shown["category"], &shown["previous_category"]), (&json!("MARKETING"), &json!("UTILITY")));
}

#[test]
fn a_reviewer_may_change_a_category_only_where_it_is_allowed() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::Manual;
    let mut bench = Bench::new(config);
    let refused = bench.make(&promotion("refused"));
    bench.review(refused, Verdict::Recategorise(Category::Utility));
    assert_eq!(bench.status(refused), Some(Status::Rejected));
    let shown = bench.ok(ApiRequest::get(format!("/{}?fields=rejected_reason", refused.as_str()), TOKEN));
    assert_eq!(shown["rejected_reason"], "INCORRECT_CATEGORY");
    let mut definition = promotion("changed");
    definition["allow_category_change"] = json!(true);
    let changed = bench.make(&definition);
    bench.review(changed, Verdict::Recategorise(Category::Utility));
    assert_eq!(bench.status(changed), Some(Status::Approved));
    let shown = bench.ok(ApiRequest::get(format!("/{}?fields=category", changed.as_str()), TOKEN));
    assert_eq!(shown["category"], "UTILITY");
}

#[test]
fn a_template_whose_messages_are_on_their_way_is_deleted_when_they_have_arrived() {
    let mut bench = Bench::new(two_tenants());
    bench.subscribe_to("message_template_status_update");
    let id = bench.make(&promotion("sale"));
    // Nobody has registered this number's app yet.
    bench.ok(message(ALICE, of("sale", filled())));
    bench.ok(ApiRequest::delete(format!("{}?name=sale", path()), TOKEN));
    let status = bench.status(id);
    assert!(matches!(status, Some(Status::PendingDeletion) | None), "{status:?}");
    bench.pass(31 * DAY);
    assert_eq!(bench.status(id), None);
    let told = bench.told("message_template_status_update");
    let last = told.last().unwrap();
    assert_eq!((&last["event"], &last["reason"]), (&json!("DELETED"), &Value::Null));
}
