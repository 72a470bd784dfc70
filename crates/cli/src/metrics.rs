//! `--metrics`: what an operator may know, as numbers. No label names anybody: their values are words of the code.

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
    #[arg(long, value_name = "ADDR")]
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
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(())
    }
}
