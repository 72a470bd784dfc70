//! How long a node's rows give content away, on the real node, relay and app.
//!
//! A message of a consumer waits at the node while the business's webhook is down, one of the business's while the
//! consumer is offline. After every change a thief seizes the node's durable rows with all keys in them, looks for the
//! content, and tries the keys on everything that went over the wire.

mod disk;
mod exposure;

use crate::{Axis, Band, Error, Figure, Lab, Outcome, Plot, Series, Surface};
use exposure::{Case, Way};
use std::time::Duration;

/// `prekey-retention`.
pub(crate) const FIGURE: Figure = Figure {
    id: "prekey-retention",
    title: "Exposure of content at the node against its retention and the outage",
    source: "docs/figures.md",
    run,
};

const HOUR: Duration = Duration::from_secs(3600);
/// Hours that the other end is away.
const OUTAGES_H: &[u32] = &[0, 1, 2, 6, 12, 24, 48];
const OUTAGES_H_QUICK: &[u32] = &[0, 3, 6];
/// Hours that the node keeps what it can't hand on.
const RETENTIONS_H: &[u32] = &[1, 6, 24, 72];
const RETENTIONS_H_QUICK: &[u32] = &[1, 2, 12];
/// A webhook is tried again so often; a little of that may be added to an outage.
pub(crate) const RETRY: Duration = Duration::from_secs(60);

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    for way in [Way::In, Way::Out] {
        sweep(lab, way, &mut outcome)?;
    }
    disk::add(lab, &mut outcome)?;
    outcome.note(
        "Retention of incoming content is `RetrySchedule::give_up_after`, of outgoing content `Policy::retention`. The \
         relay has ciphertext only, for `RelayConfig::inbox_ttl`.",
    );
    Ok(outcome)
}

/// A grid of outages and retentions in one direction.
fn sweep(lab: &mut Lab, way: Way, outcome: &mut Outcome) -> Result<(), Error> {
    let (outages, retentions) =
        if lab.quick { (OUTAGES_H_QUICK, RETENTIONS_H_QUICK) } else { (OUTAGES_H, RETENTIONS_H) };
    let case =
        |retention: &u32, outage: &u32| Case { way, outage: HOUR * *outage, retention: HOUR * *retention };
    let cases: Vec<Case> = retentions
        .iter()
        .flat_map(|retention| outages.iter().map(move |outage| case(retention, outage)))
        .collect();
    let seed = lab.seed;
    let results = lab.for_each(way.name(), &cases, |case| exposure::of(seed, case));
    let exposures = results.into_iter().collect::<Result<Vec<_>, _>>()?;

    let hours = |span: Duration| span.as_secs_f64() / HOUR.as_secs_f64();
    let (mut outage_bound, mut retention_bound, mut left, mut worst) = (Vec::new(), Vec::new(), 0, 0.0_f64);
    for (case, exposure) in cases.iter().zip(&exposures) {
        let window = hours(exposure.window);
        let expected = hours(case.outage.min(case.retention));
        worst = worst.max((window - expected).abs());
        left += exposure.readable_at_the_end;
        let points = if case.outage < case.retention { &mut outage_bound } else { &mut retention_bound };
        points.push((expected, window));
    }
    let name = way.name();
    let one = Band::between(0.98, 1.02);
    let slope = (slope(&outage_bound), "hours an hour");
    outcome.claimed(format!("{name}: window by outage, below retention"), slope, "1: linear", one);
    let slope = (self::slope(&retention_bound), "hours an hour");
    outcome.claimed(format!("{name}: window by retention, below outage"), slope, "1: linear", one);
    let retry = hours(RETRY) * 1.1;
    let expected = "the smaller of the two, or a retry later";
    let case = format!("{name}: farthest from it in {} cases", cases.len());
    outcome.claimed(case, (worst, "hours"), expected, Band::between(0.0, retry));
    let case = format!("{name}: readable after delivery or retention");
    outcome.claimed(case, (f64::from(left), "messages"), "none", Band::exactly(0.0));

    let rows = || exposures.chunks(outages.len());
    outcome.surfaces.push(Surface {
        title: format!("How long content of {name} can be read at the node"),
        x: Axis { label: "outage, hours".into(), ticks: outages.iter().map(u32::to_string).collect() },
        y: Axis { label: "retention, hours".into(), ticks: retentions.iter().map(u32::to_string).collect() },
        z: "hours".into(),
        values: rows().map(|row| row.iter().map(|exposure| Some(hours(exposure.window))).collect()).collect(),
    });
    let curve = |(retention, row): (&u32, &[exposure::Exposure])| Series {
        name: format!("kept for {retention} hours"),
        points: outages.iter().zip(row).map(|(outage, e)| (f64::from(*outage), hours(e.window))).collect(),
    };
    outcome.plots.push(Plot {
        title: format!("How long content of {name} can be read at the node"),
        x: "outage, hours".into(),
        y: "window, hours".into(),
        series: retentions.iter().zip(rows()).map(curve).collect(),
    });
    Ok(())
}

/// Of the straight line that fits best.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let products: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    products / points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_that_is_kept_too_long_is_off_the_line() {
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
        let kept_for_a_day = [(1.0, 24.0), (6.0, 24.0), (12.0, 24.0)];
        assert!(!Band::between(0.98, 1.02).contains(slope(&kept_for_a_day)));
    }
}
