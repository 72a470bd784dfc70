//! `blindpost audit leak`: how many bits of a secret a view tells.

mod text;

use crate::destination::{self, Destination, leave_standard_output};
use crate::out::{out, outln};
use crate::run::all_cores;
use ::audit::leak::{
    Answer, Observe, PADDINGS, Padding, Progress, Question, Secret, UnknownSecret, UnknownView, VIEWS, ask,
    page, plots, view,
};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use privacy::Principal;
use privacy::leak::Settings;
use serde_json::json;
use std::num::NonZeroUsize;
use std::time::Duration;
use text::{HEAD, lines_of, list, text_of};

/// Who waits so long is told how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Measures how many bits of a secret a principal's view tells, and what padding costs (docs/leakage.md).
///
/// The real parties run once for each padding, in virtual time. Lists are separated by commas, and `all` is a list.
///
/// Example: blindpost audit leak --secret text_kind --view transport --padding none,bucket --plot leak.svg
#[derive(Debug, Args)]
pub(crate) struct Leak {
    /// What is secret [default: text_kind]
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "text_kind",
        hide_default_value = true
    )]
    secret: Vec<String>,
    /// Whose view it is looked for in: network, transport, cloud, business, operator
    #[arg(long, value_name = "PRINCIPAL", value_delimiter = ',', default_value = "transport")]
    view: Vec<String>,
    /// How both ends pad
    #[arg(long, value_delimiter = ',', default_value = "all")]
    padding: Vec<Paddings>,
    /// Which part of the view is looked at
    #[arg(long, default_value = "size")]
    observe: Observed,
    /// How many consumers there are to write to
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    consumers: u32,
    /// Messages that the secret is about, for each padding
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    samples: u32,
    /// Where all randomness comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// On how many threads [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write the estimates to this file as JSON (- for standard output)
    #[arg(long, value_name = "FILE")]
    json: Option<Destination>,
    /// Draw bits, bytes and channels into this file: .svg, or .html with tables
    #[arg(long, value_name = "FILE")]
    plot: Option<Destination>,
    /// Print a line for each secret, view and padding, and no more
    #[arg(long)]
    brief: bool,
    /// Only say which secrets and views there are
    #[arg(long)]
    list: bool,
}

/// A padding, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Paddings {
    /// None at all
    None,
    /// To powers of two, however small
    Pow2,
    /// To powers of two, of 256 bytes at least: as deployed here
    Bucket,
    /// Each of them
    All,
}

/// A part of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Observed {
    /// How much passed
    Size,
    /// When
    Timing,
    /// Both
    All,
}

impl Leak {
    pub(crate) fn run(self) -> miette::Result<()> {
        if self.list {
            out!("{}", list())?;
            return Ok(());
        }
        let (secrets, views) = (self.secrets()?, self.views()?);
        if let Some(file) = &self.plot {
            kind_of(file)?;
        }
        destination::check([&self.json, &self.plot])?;
        let mut answers = Vec::new();
        let told = leave_standard_output([&self.json, &self.plot]);
        if told && self.brief {
            outln!("{HEAD}")?;
        }
        for secret in secrets {
            let found = self.answer(secret, views.clone())?;
            if told {
                let tell = if self.brief { lines_of } else { text_of };
                found.iter().try_for_each(|answer| out!("{}", tell(answer)))?;
            }
            answers.extend(found);
        }
        self.write(&answers)
    }

    fn secrets(&self) -> miette::Result<Vec<Secret>> {
        let known = Secret::ALL.map(Secret::name).join(", ");
        let parse = |name: &String| {
            name.parse().map_err(|error: UnknownSecret| {
                miette::miette!(help = format!("there are: {known}"), "{error}")
            })
        };
        let (all, named): (Vec<_>, Vec<_>) = self.secret.iter().partition(|name| *name == "all");
        let named = named.into_iter().map(parse).collect::<miette::Result<_>>()?;
        Ok(if all.is_empty() { named } else { Secret::ALL.to_vec() })
    }

    fn views(&self) -> miette::Result<Vec<Principal>> {
        let known = VIEWS.map(Principal::name).join(", ");
        let parse = |name: &String| {
            view(name).map_err(|error: UnknownView| {
                miette::miette!(help = format!("there are: {known}"), "{error}")
            })
        };
        let (all, named): (Vec<_>, Vec<_>) = self.view.iter().partition(|name| *name == "all");
        let named = named.into_iter().map(parse).collect::<miette::Result<_>>()?;
        Ok(if all.is_empty() { named } else { VIEWS.to_vec() })
    }

    fn paddings(&self) -> Vec<Padding> {
        let is_asked = |padding: &Padding| {
            let asked = match padding {
                Padding::None => Paddings::None,
                Padding::Pow2 => Paddings::Pow2,
                Padding::Bucket => Paddings::Bucket,
            };
            self.padding.iter().any(|padding| *padding == asked || *padding == Paddings::All)
        };
        PADDINGS.into_iter().filter(is_asked).collect()
    }

    fn answer(&self, secret: Secret, views: Vec<Principal>) -> miette::Result<Vec<Answer>> {
        let question = Question {
            secret,
            views,
            observe: match self.observe {
                Observed::Size => Observe::Size,
                Observed::Timing => Observe::Timing,
                Observed::All => Observe::All,
            },
            paddings: self.paddings(),
            consumers: self.consumers,
            samples: usize::try_from(self.samples).unwrap_or(usize::MAX),
            settings: Settings { seed: self.seed, ..Settings::default() },
            threads: self.threads.unwrap_or_else(all_cores),
        };
        let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent}%  {msg}") {
            bar.set_style(style);
        }
        let told = |Progress { what, done }: Progress<'_>| {
            if bar.is_hidden() && bar.elapsed() > PATIENCE {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.set_message(what.to_owned());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast of floats saturates"
            )]
            bar.set_position((done * 1000.0) as u64);
        };
        let answers = ask(&question, &told);
        bar.finish_and_clear();
        answers.into_diagnostic().wrap_err_with(|| format!("{secret} could not be measured"))
    }

    fn write(&self, answers: &[Answer]) -> miette::Result<()> {
        if let Some(file) = &self.json {
            let value =
                json!({ "version": env!("CARGO_PKG_VERSION"), "seed": self.seed, "answers": answers });
            file.write_json(&value)?;
        }
        let Some(file) = &self.plot else { return Ok(()) };
        match kind_of(file)? {
            Picture::Svg => file.write(&report::plot::sheet("What views tell", &plots(answers))),
            Picture::Html => file.write(&page(answers, env!("CARGO_PKG_VERSION")).to_html()),
        }
    }
}

/// What is drawn into a file.
#[derive(Debug, Clone, Copy)]
enum Picture {
    Svg,
    Html,
}

/// To standard output goes a drawing.
fn kind_of(file: &Destination) -> miette::Result<Picture> {
    match file.path().extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(Picture::Svg),
        None if file.is_standard_output() => Ok(Picture::Svg),
        Some("html") => Ok(Picture::Html),
        _ => Err(miette::miette!(
            help = "let its name end in .svg, or in .html for a page with tables",
            "can't draw into {}",
            file.path().display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::arguments::parsed;
    use crate::error::explain;

    #[test]
    fn all_is_a_list_of_its_own() {
        let all = parsed::<Leak>("--secret all --view all --padding all");
        assert_eq!(all.secrets().unwrap(), Secret::ALL);
        assert_eq!(all.views().unwrap(), VIEWS);
        assert_eq!(all.paddings(), PADDINGS);
        let some = parsed::<Leak>("--secret text_kind,language --view cloud --padding bucket,none");
        assert_eq!(some.secrets().unwrap().len(), 2);
        assert_eq!(some.paddings(), [Padding::None, Padding::Bucket], "in the order of the paddings");
    }

    #[test]
    fn a_picture_is_drawn_as_its_name_says() {
        let to = |name: &str| Destination::from(std::ffi::OsString::from(name));
        assert!(matches!(kind_of(&to("-")), Ok(Picture::Svg)), "to standard output goes a drawing");
        assert!(matches!(kind_of(&to("a.svg")), Ok(Picture::Svg)));
        assert!(matches!(kind_of(&to("a.b.html")), Ok(Picture::Html)));
        for name in ["a.png", "svg", ""] {
            let error = explain(&kind_of(&to(name)).unwrap_err());
            assert!(error.contains(".svg, or in .html"), "{error}");
        }
    }
}
