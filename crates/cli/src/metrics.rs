//! `--metrics`: what an operator may know, as numbers. No label names anybody: their values are words of the code.

use crate::address::address;
use crate::connections::Connections;
use axum::Router;
use axum::routing::get;
use clap::Args;
use metrics_exporter_prometheus::PrometheusBuilder;
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// Upper bounds of the buckets of all histograms, in seconds: a commit takes from a tenth of a millisecond to
/// as long as a disk is patient.
const BUCKETS: [f64; 10] = [0.0001, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0];

/// How often what was observed is folded into the buckets: until then it takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Where the numbers are to be had.
#[derive(Debug, Args)]
pub(crate) struct MetricsArguments {
    /// Serve metrics for Prometheus at http://ADDR/metrics; loopback addresses only [default: off]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    metrics: Option<SocketAddr>,
}

impl MetricsArguments {
    /// Counts from now on, and serves what was counted for as long as the program runs; does nothing if it was
    /// not asked to. Prints nothing.
    pub(crate) async fn serve(&self) -> miette::Result<()> {
        let Some(address) = self.metrics else { return Ok(()) };
        if !address.ip().is_loopback() {
            return Err(miette::miette!(
                help = "for example --metrics 127.0.0.1:9464; what collects them runs on this machine",
                "metrics are for this machine only, and {address} is no loopback address"
            ));
        }
        let listener = TcpListener::bind(address)
            .await
            .into_diagnostic()
            .wrap_err_with(|| format!("can't listen on {address}; choose another with --metrics"))?;
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).into_diagnostic()?;
        let numbers = builder.install_recorder().into_diagnostic()?;
        let upkeep = numbers.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        });
        let router = Router::new().route("/metrics", get(async move || numbers.render()));
        tokio::spawn(async move { axum::serve(Connections::of(listener), router).await });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;

    #[tokio::test]
    async fn numbers_are_not_served_to_other_machines() {
        let asked = MetricsArguments { metrics: Some(SocketAddr::from(([0, 0, 0, 0], 9464))) };
        let error = explain(&asked.serve().await.unwrap_err());
        assert!(error.contains("0.0.0.0:9464 is no loopback address"), "{error}");
        assert!(error.contains("--metrics 127.0.0.1:9464"), "{error}");
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named_with_the_flag() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = explain(&MetricsArguments { metrics: Some(address) }.serve().await.unwrap_err());
        assert!(error.contains(&address.to_string()) && error.contains("--metrics"), "{error}");
        assert!(MetricsArguments { metrics: None }.serve().await.is_ok());
    }

    #[test]
    fn buckets_ascend() {
        assert!(BUCKETS.is_sorted_by(|a, b| a < b));
    }
}
