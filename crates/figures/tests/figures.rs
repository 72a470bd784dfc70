//! Each figure, measured quickly, is in its bands; and the same seed measures the same.

#![allow(clippy::unwrap_used, reason = "a test")]

use figures::{Lab, Outcome};

fn measured(id: &str) -> Outcome {
    let mut lab = Lab::new(7);
    lab.quick = true;
    (figures::find(id).unwrap().run)(&mut lab).unwrap()
}

fn passes(id: &str) {
    let outcome = measured(id);
    let out: Vec<_> = outcome.rows.iter().filter(|row| !row.pass).collect();
    assert!(outcome.passes(), "{out:#?}");
}

macro_rules! figures {
    ($($name:ident = $id:literal),*) => {
        $(#[test] fn $name() { passes($id); })*

        #[test]
        fn every_figure_is_tested() {
            let tested = [$($id),*];
            assert!(figures::all().iter().map(|figure| figure.id).eq(tested));
        }
    };
}

figures!(
    pqxdh_bundle = "pqxdh-bundle",
    pqxdh_first_message = "pqxdh-first-message",
    spqr_message = "spqr-message",
    spqr_epoch = "spqr-epoch",
    fs_pcs = "fs-pcs",
    authenticity_heals = "authenticity-heals",
    hndl = "hndl",
    prekey_depletion = "prekey-depletion",
    prekey_pogo = "prekey-pogo",
    length_leak = "length-leak",
    sealed_sender_sda = "sealed-sender-sda",
    prekey_retention = "prekey-retention"
);

#[test]
fn the_same_seed_measures_the_same() {
    assert_eq!(measured("spqr-epoch"), measured("spqr-epoch"));
}
