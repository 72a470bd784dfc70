//! The harness tells who understands whom from who does not. The table itself is `cargo xtask interop`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::cell::RefCell;
use std::rc::Rc;

use interop::{Initiator, Oracle, OracleVersion, Plan, Speaks, converse, refuses};

fn oracle(version: OracleVersion) -> Rc<RefCell<Oracle>> {
    let started = Oracle::start(version, &Oracle::directory());
    Rc::new(RefCell::new(started.unwrap_or_else(|error| panic!("{error}"))))
}

fn plan(speaks: Speaks, initiator: Initiator) -> Plan {
    Plan { speaks, official_has_kyber: speaks != Speaks::X3dh, initiator, messages: 60, seed: 7 }
}

#[test]
fn devices_of_one_suite_understand_each_other() {
    for (speaks, version) in [
        (Speaks::X3dh, OracleVersion::V072),
        (Speaks::Pqxdh, OracleVersion::V072),
        (Speaks::Triple, OracleVersion::V103),
    ] {
        for initiator in Initiator::ALL {
            let divergences = converse(&oracle(version), &plan(speaks, initiator)).unwrap();
            assert_eq!(divergences, [], "{speaks}, {initiator} initiating");
        }
    }
}

/// A harness that finds nothing proves nothing.
#[test]
fn a_divergence_is_noticed() {
    let oracle = oracle(OracleVersion::V103);
    for initiator in Initiator::ALL {
        let divergences = converse(&oracle, &plan(Speaks::Pqxdh, initiator)).unwrap();
        assert!(!divergences.is_empty(), "{initiator} initiating");
    }
    assert!(!refuses(&oracle, &plan(Speaks::Triple, Initiator::Ours)).unwrap().is_empty());
}

#[test]
fn missing_packages_are_an_error_that_says_what_to_do() {
    let error = Oracle::start(OracleVersion::V103, "/nowhere".as_ref()).err().unwrap().to_string();
    assert!(error.contains("run `cargo xtask interop`"), "{error}");
}
