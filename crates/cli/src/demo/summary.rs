//! What a demonstration came to, as one screen and as JSON: what arrived and how fast, what each party saw, the bill,
//! and whether anything crossed the boundary.

use super::tracker::Tracker;
use super::views::Views;
use cloud::BillLine;
use endpoint::Suite;
use hdrhistogram::Histogram;
use kernel::Time;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use wire::Direction;

/// What happened.
pub(crate) struct Summary {
    suite: Suite,
    /// Whose primitives it was computed with.
    provider: &'static str,
    consumers: u32,
    sent: u64,
    delivered: u64,
    answers_sent: u64,
    answers_delivered: u64,
    duplicates: u64,
    forged: u64,
    redelivered: u64,
    statuses: [(&'static str, u64); 3],
    leaks: Vec<String>,
    scanned: [(&'static str, u64); 3],
    control_found: u64,
    stages: Vec<(&'static str, Histogram<u64>)>,
    bill: Vec<BillLine>,
    /// Of the messages that arrived.
    unbilled: u64,
    sample: Option<(String, usize, String)>,
    elapsed: Duration,
    memory_mib: f64,
}

impl Summary {
    pub(crate) fn new(
        tracker: &Tracker,
        (suite, provider): (Suite, &'static str),
        elapsed: Duration,
        bill: &[BillLine],
        views: &Views,
    ) -> Self {
        let state = tracker.lock();
        let statuses = |way: &super::tracker::Way| {
            way.wamid.as_ref().and_then(|wamid| state.statuses.get(wamid)).cloned()
        };
        let count = |test: &dyn Fn(&super::tracker::Way) -> bool| {
            state.ways.iter().filter(|way| test(way)).count() as u64
        };
        let stage = |from: &dyn Fn(&super::tracker::Way) -> Option<Time>,
                     to: &dyn Fn(&super::tracker::Way) -> Option<Time>| {
            // One microsecond to an hour, to three digits.
            let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).ok()?;
            for way in &state.ways {
                if let (Some(from), Some(to)) = (from(way), to(way)) {
                    let micros = u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX);
                    histogram.saturating_record(micros.max(1));
                }
            }
            Some(histogram)
        };
        let stages = [
            ("api_accept", stage(&|way| way.posted, &|way| way.accepted)),
            ("business_to_consumer", stage(&|way| way.posted, &|way| way.shown)),
            ("consumer_to_business", stage(&|way| way.shown, &|way| way.answered)),
            ("status_sent", stage(&|way| way.posted, &|way| statuses(way)?.sent)),
            ("status_delivered", stage(&|way| way.posted, &|way| statuses(way)?.delivered)),
            ("status_read", stage(&|way| way.posted, &|way| statuses(way)?.read)),
        ];
        let sample = views.sample.as_ref().map(|envelope| {
            let bytes: Vec<_> = envelope.ciphertext.iter().take(24).copied().collect();
            (hex::encode(bytes), envelope.ciphertext.len(), tracker.text(0))
        });
        let (delivered, answers_delivered) =
            (count(&|way| way.shown.is_some()), count(&|way| way.answered.is_some()));
        let unbilled = unbilled(bill, Direction::BusinessToConsumer, delivered)
            + unbilled(bill, Direction::ConsumerToBusiness, answers_delivered);
        Self {
            suite,
            provider,
            consumers: tracker.consumers,
            sent: count(&|way| way.posted.is_some()),
            delivered,
            answers_sent: delivered,
            answers_delivered,
            duplicates: state.duplicates,
            forged: state.forged,
            redelivered: state.redelivered,
            statuses: [
                ("sent", count(&|way| statuses(way).is_some_and(|statuses| statuses.sent.is_some()))),
                (
                    "delivered",
                    count(&|way| statuses(way).is_some_and(|statuses| statuses.delivered.is_some())),
                ),
                ("read", count(&|way| statuses(way).is_some_and(|statuses| statuses.read.is_some()))),
            ],
            leaks: views.leaks.iter().map(ToString::to_string).collect(),
            scanned: views.scanned,
            control_found: views.control_found,
            stages: stages.into_iter().filter_map(|(name, histogram)| Some((name, histogram?))).collect(),
            bill: bill.to_vec(),
            unbilled,
            sample,
            elapsed,
            memory_mib: peak_memory_mib(),
        }
    }

    fn lost(&self) -> u64 {
        (self.sent - self.delivered) + (self.answers_sent - self.answers_delivered)
    }

    /// Everything arrived once and nothing crossed the boundary, or an error that says what is wrong.
    pub(crate) fn verdict(&self) -> miette::Result<()> {
        let wrong = [
            (self.lost(), "messages were lost"),
            (self.duplicates, "messages arrived more than once"),
            (self.unbilled, "messages are not on the bill"),
            (self.forged, "webhooks had a wrong signature"),
            (self.leaks.len() as u64, "canaries were found where nobody may see them"),
            (u64::from(self.control_found == 0), "control search found nothing: the scan was blind"),
        ];
        let wrong: Vec<_> = wrong
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(miette::miette!("{}", wrong.join("; "))) }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        let millis = |micros: u64| micros as f64 / 1000.0;
        let latency: serde_json::Map<_, _> = self
            .stages
            .iter()
            .map(|(name, histogram)| {
                let percentiles = serde_json::json!({
                    "p50": millis(histogram.value_at_quantile(0.50)), "p90": millis(histogram.value_at_quantile(0.90)),
                    "p99": millis(histogram.value_at_quantile(0.99)), "max": millis(histogram.max()),
                    "count": histogram.len(),
                });
                ((*name).to_owned(), percentiles)
            })
            .collect();
        let bill: Vec<_> = self
            .bill
            .iter()
            .map(|line| {
                serde_json::json!({
                    "waba_id": line.account.as_str(), "phone_number_id": line.phone_number.as_str(),
                    "direction": direction(line), "billing_class": class(line),
                    "country_calling_code": line.reading.country_calling_code,
                    "messages": line.reading.envelopes, "bytes": line.reading.bytes, "billable": false,
                })
            })
            .collect();
        let scanned: serde_json::Map<_, _> =
            self.scanned.iter().map(|(view, bytes)| ((*view).to_owned(), (*bytes).into())).collect();
        let statuses: serde_json::Map<_, _> =
            self.statuses.iter().map(|(status, count)| ((*status).to_owned(), (*count).into())).collect();
        serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "suite": self.suite.name(),
            "provider": self.provider,
            "consumers": self.consumers,
            "messages_sent": self.sent,
            "messages_delivered": self.delivered,
            "replies_sent": self.answers_sent,
            "replies_delivered": self.answers_delivered,
            "duplicates": self.duplicates,
            "lost": self.lost(),
            "boundary_leaks": self.leaks.len(),
            "leaks": self.leaks,
            "bytes_scanned": scanned,
            "control_found": self.control_found,
            "forged_webhooks": self.forged,
            "webhooks_redelivered": self.redelivered,
            "statuses": statuses,
            "latency_ms": latency,
            "bill": bill,
            "unbilled": self.unbilled,
            "elapsed_s": self.elapsed.as_secs_f64(),
            "messages_per_s": self.per_second(),
            "peak_memory_mib": self.memory_mib,
        })
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let width = 22;
        writeln!(out, "\nmessages (suite {}, provider {})", self.suite, self.provider)?;
        writeln!(out, "  {:width$} {} of {}", "business to consumer", self.delivered, self.sent)?;
        writeln!(
            out,
            "  {:width$} {} of {}",
            "consumer to business", self.answers_delivered, self.answers_sent
        )?;
        writeln!(out, "  {:width$} {} lost, {} twice", "", self.lost(), self.duplicates)?;
        let rate = self.per_second();
        let (seconds, memory) = (self.elapsed.as_secs_f64(), self.memory_mib);
        writeln!(out, "  {:width$} {seconds:.1} s, {rate:.0} messages/s, {memory:.0} MiB at most", "")?;

        writeln!(out, "\nlatency, ms{:>20} {:>8} {:>8} {:>8}", "p50", "p90", "p99", "max")?;
        for (name, histogram) in &self.stages {
            let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
            let (p50, p90, p99, max) = (at(0.5), at(0.9), at(0.99), histogram.max() as f64 / 1000.0);
            writeln!(out, "  {name:width$} {p50:>6.1} {p90:>8.1} {p99:>8.1} {max:>8.1}")?;
        }

        if let Some((ciphertext, length, plaintext)) = &self.sample {
            writeln!(out, "\nwhat each party saw of the first message")?;
            writeln!(out, "  {:width$} {plaintext}", "business and node")?;
            writeln!(out, "  {:width$} {length} bytes: {ciphertext}…", "relay")?;
            writeln!(out, "  {:width$} {plaintext}", "consumer")?;
        }

        writeln!(out, "\nbill (from the relay's counts; a service message is free)")?;
        for line in &self.bill {
            let (count, bytes) = (line.reading.envelopes, line.reading.bytes);
            let (from, country) = (line.phone_number.as_str(), line.reading.country_calling_code);
            writeln!(
                out,
                "  {from}  {:22} {:10} +{country:<4} {count:>8} envelopes {bytes:>12} bytes",
                direction(line),
                class(line)
            )?;
        }

        if self.unbilled > 0 {
            writeln!(
                out,
                "  SHORT: the relay has not reported {} of the messages that arrived",
                self.unbilled
            )?;
        }

        writeln!(out, "\nboundary")?;
        for (view, bytes) in &self.scanned {
            writeln!(out, "  {view:24} {:>9.2} MB searched", *bytes as f64 / 1e6)?;
        }
        for leak in &self.leaks {
            writeln!(out, "  LEAK  {leak}")?;
        }
        let verdict = if self.leaks.is_empty() { "nothing crossed it" } else { "CROSSED" };
        writeln!(
            out,
            "  verdict                  {verdict} (the same search finds {} where it should)\n",
            self.control_found
        )
    }

    fn per_second(&self) -> f64 {
        (self.delivered + self.answers_delivered) as f64 / self.elapsed.as_secs_f64().max(1e-6)
    }
}

/// How many of so many that arrived this way the relay has not reported.
pub(super) fn unbilled(bill: &[BillLine], direction: Direction, arrived: u64) -> u64 {
    let lines = bill.iter().filter(|line| line.reading.direction == direction);
    arrived.saturating_sub(lines.map(|line| line.reading.envelopes).sum())
}

fn direction(line: &BillLine) -> &'static str {
    match line.reading.direction {
        Direction::BusinessToConsumer => "business to consumer",
        Direction::ConsumerToBusiness => "consumer to business",
        Direction::Unspecified => "unspecified",
    }
}

fn class(line: &BillLine) -> String {
    line.reading.billing_class.as_str_name().to_ascii_lowercase()
}

/// The most memory that this process ever had resident (Linux: `VmHWM`).
fn peak_memory_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::tracker::Tracker;
    use crate::sink::Event;
    use kernel::{Rng, Seed};

    const NOW: Time = Time::from_secs(5);

    fn views(leaks: Vec<privacy::Finding>, control_found: u64) -> Views {
        Views {
            scanned: [("frames through the relay", 3), ("files of the relay", 2), ("log of all parties", 1)],
            leaks,
            control_found,
            sample: None,
        }
    }

    fn line(direction: Direction, envelopes: u32) -> BillLine {
        BillLine {
            account: "7".parse().unwrap(),
            phone_number: "8".parse().unwrap(),
            reading: wire::MeterReading {
                business: "15550783881".parse().unwrap(),
                direction,
                billing_class: wire::BillingClass::Service,
                country_calling_code: 49,
                envelopes: envelopes.into(),
                bytes: 100,
            },
        }
    }

    /// Two messages were sent; so many of them arrived and were answered, and all are on the bill.
    fn summary(arrived: u32, control_found: u64) -> Summary {
        let ways = [Direction::BusinessToConsumer, Direction::ConsumerToBusiness];
        with_bill(arrived, control_found, &ways.map(|direction| line(direction, arrived)))
    }

    fn with_bill(arrived: u32, control_found: u64, bill: &[BillLine]) -> Summary {
        let tracker = Tracker::new(2, 2, &mut Rng::for_entity(&Seed::from_number(1), "test"));
        for message in 0..2 {
            tracker.posted(message, NOW);
            tracker.accepted(message, Some(format!("w{message}")), NOW + Duration::from_millis(2));
        }
        for message in 0..arrived {
            let text = tracker.text(message);
            tracker.shown(&text, NOW + Duration::from_millis(5));
            let answer = Event::Message { id: format!("a{message}"), from: "49".into(), text };
            tracker.webhook(answer, NOW + Duration::from_millis(9));
        }
        Summary::new(
            &tracker,
            (Suite::Triple, "aws-lc"),
            Duration::from_secs(2),
            bill,
            &views(Vec::new(), control_found),
        )
    }

    #[test]
    fn a_demonstration_passes_only_if_all_arrived_and_the_search_could_see() {
        assert!(summary(2, 4).verdict().is_ok());
        let told = |summary: Summary| summary.verdict().unwrap_err().to_string();
        assert_eq!(told(summary(1, 4)), "1 messages were lost");
        assert_eq!(told(summary(2, 0)), "1 control search found nothing: the scan was blind");
    }

    #[test]
    fn a_bill_that_is_short_is_no_success_whichever_way_it_is_short() {
        for (out, back) in [(1, 2), (2, 1)] {
            let ways = [(Direction::BusinessToConsumer, out), (Direction::ConsumerToBusiness, back)];
            let summary = with_bill(2, 4, &ways.map(|(direction, count)| line(direction, count)));
            assert_eq!(summary.verdict().unwrap_err().to_string(), "1 messages are not on the bill");
            assert!(summary.to_text().contains("SHORT: the relay has not reported 1 of the messages"));
            assert_eq!(summary.to_json()["unbilled"], 1);
        }
    }

    #[test]
    fn its_json_has_the_keys_that_scripts_rely_on() {
        let json = summary(2, 4).to_json();
        for (key, value) in [
            ("suite", "triple".into()),
            ("provider", "aws-lc".into()),
            ("messages_sent", 2.into()),
            ("messages_delivered", 2.into()),
            ("replies_delivered", 2.into()),
            ("lost", 0.into()),
            ("duplicates", 0.into()),
            ("boundary_leaks", 0.into()),
            ("control_found", 4.into()),
            ("messages_per_s", serde_json::json!(2.0)),
        ] {
            assert_eq!(json[key], value, "{key}");
        }
        assert_eq!(json["latency_ms"]["business_to_consumer"]["count"], 2);
        assert_eq!(json["bytes_scanned"]["files of the relay"], 2);
        let p50 = json["latency_ms"]["api_accept"]["p50"].as_f64().unwrap();
        assert!((p50 - 2.0).abs() < 0.01, "{p50}");
    }

    #[test]
    fn the_screen_says_what_was_lost() {
        let text = summary(1, 4).to_text();
        for part in
            ["1 of 2", "1 lost, 0 twice", "nothing crossed it (the same search finds 4 where it should)"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
