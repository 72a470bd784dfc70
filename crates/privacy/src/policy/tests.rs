//! Policies that must be refused, and what the one of this project forbids.

use super::*;

const POLICY: &str = include_str!("../../policy.toml");

fn refused(change: impl FnOnce(&str) -> String) -> String {
    let changed = change(POLICY);
    assert_ne!(changed, POLICY);
    Policy::parse(&changed).unwrap_err().to_string()
}

#[test]
fn the_projects_policy_forbids_what_the_project_is_about() {
    let policy = Policy::of_this_project().unwrap();
    for class in [DataClass::Content, DataClass::ContentSize, DataClass::Secret] {
        for principal in [Principal::Network, Principal::Transport, Principal::Operator] {
            assert!(!policy.allows(principal, class), "{principal} and {class}");
        }
    }
    assert!(policy.allows(Principal::Transport, DataClass::Routing));
    assert!(policy.allows(Principal::Cloud, DataClass::Metering));
    assert!(!policy.allows(Principal::Operator, DataClass::ConsumerAddress));
}

#[test]
fn aggregates_and_packets_allow_no_single_value() {
    let policy = Policy::of_this_project().unwrap();
    assert_eq!(policy.cell(Principal::Operator, DataClass::Metering), Cell::Aggregated);
    assert!(!policy.allows(Principal::Operator, DataClass::Metering));
    assert_eq!(policy.cell(Principal::Network, DataClass::Timing), Cell::Packets);
    assert!(!policy.allows(Principal::Network, DataClass::Timing));
}

#[test]
fn a_class_that_is_none_is_named() {
    let error = refused(|policy| policy.replace("[matrix.timing]", "[matrix.timming]"));
    assert!(error.contains("[matrix.timming] is no data class"), "{error}");
}

#[test]
fn a_principal_who_is_none_is_named() {
    let error = refused(|policy| policy.replacen("network = \"no\"", "netwrok = \"no\"", 1));
    assert!(error.contains("[matrix.content] names `netwrok`"), "{error}");
    let error = refused(|policy| policy.replace("[receives.cloud]", "[receives.clod]"));
    assert!(error.contains("[receives] names `clod`"), "{error}");
}

#[test]
fn a_word_that_means_nothing_is_named() {
    let error = refused(|policy| policy.replacen("transport = \"no\"", "transport = \"maybe\"", 1));
    assert!(error.contains("[matrix.content] says `transport = \"maybe\"`"), "{error}");
}

#[test]
fn silence_is_refused() {
    let error = refused(|policy| policy.replacen("transport = \"no\"\n", "", 1));
    assert!(error.contains("[matrix.content] says nothing of `transport`"), "{error}");
    let error = refused(|policy| policy.replace("[receives.network]", ""));
    assert!(error.contains("[receives.network] is missing"), "{error}");
}

#[test]
fn a_section_nobody_reads_is_refused() {
    let error = refused(|policy| policy.replacen("withheld =", "witheld =", 1));
    assert!(error.contains("witheld"), "{error}");
}

const OTHERS: &str = "
[vocabulary]
principals = [\"server\", \"operator\", \"help-desk\"]
classes = [\"content\", \"order_number\"]
[matrix.content]
server = \"no\"
operator = \"no\"
help-desk = \"own\"
[matrix.order_number]
what = \"what was bought\"
server = \"yes\"
operator = \"no\"
help-desk = \"yes\"
";

#[test]
fn others_have_their_own_vocabulary() {
    let policy = Policy::parse(OTHERS).unwrap();
    let desk = policy.principal("help-desk").unwrap();
    let order = policy.class("order_number").unwrap();
    assert_eq!(desk.to_string(), "help-desk");
    assert_eq!(policy.cell(desk, order), Cell::Yes);
    // A name that is ours is ours.
    assert_eq!(policy.principal("operator"), Some(Principal::Operator));
    assert_eq!(policy.class("content"), Some(DataClass::Content));
    assert_eq!(policy.cell(desk, DataClass::Content), Cell::Own);
    // What it doesn't name isn't there, and may learn nothing.
    assert_eq!(policy.principal("cloud"), None);
    assert_eq!(policy.class("secret"), None);
    assert_eq!(policy.cell(Principal::Cloud, DataClass::Content), Cell::No);
}

#[test]
fn a_vocabulary_that_says_nothing_is_refused() {
    let refused = |from: &str, to: &str| {
        assert!(OTHERS.contains(from));
        Policy::parse(&OTHERS.replace(from, to)).unwrap_err().to_string()
    };
    let error = refused("\"server\", \"operator\", \"help-desk\"", "");
    assert_eq!(error, "[vocabulary] has no principals: nothing could be a leak");
    assert!(refused("\"server\",", "\"server\", \"server\",").contains("[vocabulary] names `server`"));
    assert!(refused("\"server\",", "\"what\",").contains("[vocabulary] names `what`"));
    assert!(refused("\"order_number\"", "\"Order\"").contains("[vocabulary] names `Order`"));
    let error = refused("\"order_number\"]", "\"order_numbers\"]");
    assert_eq!(error, "[matrix.order_number] is no data class; the classes are content, order_numbers");
}

#[test]
fn every_class_and_rule_of_ours_is_explained() {
    let policy = Policy::of_this_project().unwrap();
    for row in policy.rows() {
        assert!(!row.what.is_empty(), "[matrix.{}] has no `what`", row.class);
    }
    assert_eq!(policy.rules().len(), 5);
    for outlives in policy.outlives() {
        assert!(!outlives.until.is_empty() && !outlives.why.is_empty(), "{}", outlives.rows);
    }
}

#[test]
fn what_outlives_messages_is_somebodys_and_of_a_class() {
    let policy = Policy::of_this_project().unwrap();
    let sessions = policy.outlives().iter().find(|outlives| outlives.rows == "sessions").unwrap();
    assert_eq!(sessions.at, [Principal::Cloud, Principal::Onprem]);
    assert_eq!(sessions.class, DataClass::ConsumerAddress);
    let error = refused(|policy| policy.replacen("class = \"consumer_address\"", "class = \"adress\"", 1));
    assert!(error.contains("[outlives.adress]"), "{error}");
    let error = refused(|policy| policy.replacen("at = [\"transport\"]", "at = [\"relay\"]", 1));
    assert!(error.contains("[outlives] names `relay`"), "{error}");
}
