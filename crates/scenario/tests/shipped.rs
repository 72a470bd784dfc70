//! The scenarios of the repository: readable, and as large as their table says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use scenario::{Crypto, Profile, Scenario};
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn shipped() -> Vec<Scenario> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    let read = |file: PathBuf| {
        let scenario = Scenario::read(&file).unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(file.file_stem().unwrap().to_str(), Some(scenario.name.as_str()));
        scenario
    };
    files.into_iter().map(read).collect()
}

#[test]
fn every_file_is_a_row_of_the_table() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    for scenario in shipped() {
        let row =
            readme.lines().find(|line| line.starts_with(&format!("| [{0}]({0}.toml) |", scenario.name)));
        let row = row.unwrap_or_else(|| panic!("{} has no row: {}", scenario.name, scenario.estimate()));
        let estimate = scenario.estimate();
        assert!(row.contains(&format!("| {} |", thousands(estimate.consumers))), "{row}: {estimate}");
        let messages = row.split('|').nth_back(1).unwrap().trim().replace(',', "").parse::<f64>().unwrap();
        assert!((messages / estimate.messages - 1.0).abs() < 0.06, "{row}: {estimate}");
    }
}

#[test]
fn none_is_larger_than_it_needs_to_be() {
    for scenario in shipped() {
        let messages = scenario.estimate().messages;
        let most = match scenario.name.as_str() {
            "benchmark-modelled" => 5.1e6,
            "benchmark-real" => 1.1e6,
            "mixed-day" => 60e3,
            _ => 20e3,
        };
        assert!(messages > 100.0 && messages <= most, "{}: {messages}", scenario.name);
    }
}

#[test]
fn mixed_day_has_every_profile_and_can_be_modelled() {
    let mixed = Scenario::read(&folder().join("mixed-day.toml")).unwrap();
    for profile in [
        Profile::SupportChat,
        Profile::OneTimeCodes,
        Profile::Campaign,
        Profile::Notifications,
        Profile::CatalogueSales,
    ] {
        assert!(mixed.traffic.iter().any(|traffic| traffic.profile == Some(profile)), "{profile:?}");
    }
    assert_eq!(mixed.with("crypto", "modelled").unwrap().crypto, Crypto::Modelled);
}

fn thousands(number: u64) -> String {
    match number {
        0..=999 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1000), number % 1000),
    }
}
