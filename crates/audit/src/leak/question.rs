//! A question about leakage, and how it is answered.

use super::run::{Happened, run};
use super::script::Script;
use super::view::samples;
use super::{Answer, Channel, Cost, LeakError, Observe, Padding, Row, Secret};
use privacy::leak::{Estimate, Settings};
use privacy::{Policy, Principal};
use std::num::NonZeroUsize;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is secret.
    pub secret: Secret,
    /// Whose views are taken.
    pub views: Vec<Principal>,
    /// Which part of them.
    pub observe: Observe,
    /// How both ends pad: a run for each.
    pub paddings: Vec<Padding>,
    /// Who there is to write to; two at least.
    pub consumers: u32,
    /// Messages that the secret is about, in each run.
    pub samples: usize,
    /// How estimates are made; their seed is that of the runs too.
    pub settings: Settings,
    /// On how many threads; changes nothing but the time that it takes.
    pub threads: NonZeroUsize,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// What is being done.
    pub what: &'a str,
    /// The share of all that is done.
    pub done: f64,
}

/// With fewer samples nothing is said.
const LEAST: usize = 20;

/// Runs the parties once for each padding, and once without any for what padding costs; one answer for each view.
///
/// # Errors
/// Any [`LeakError`].
pub fn ask(question: &Question, told: &dyn Fn(Progress<'_>)) -> Result<Vec<Answer>, LeakError> {
    let policy = Policy::of_this_project()?;
    let seed = question.settings.seed;
    let script = Script::new(question.secret, question.consumers.max(2), question.samples, seed);
    let bare_is_asked = question.paddings.contains(&Padding::None);
    // A run takes about as long as its estimates.
    let parts = (2 * question.paddings.len() + usize::from(!bare_is_asked)) as f64;
    let mut done = 0.0;
    let happened = |padding, done: f64| {
        let what = format!("{} with padding {}", question.secret, super::name_of(padding));
        let told = |share: f64| told(Progress { what: &what, done: (done + share) / parts });
        let happened = run(&script, padding, seed, question.threads, &told)?;
        let found = happened.messages.len();
        if found < LEAST { Err(LeakError::TooFew(found)) } else { Ok(happened) }
    };
    let mut bare = None;
    if !bare_is_asked {
        bare = Some(mean_bytes(&happened(Padding::None, done)?));
        done += 1.0;
    }
    let answer = |view: &Principal| Answer {
        secret: question.secret,
        view: *view,
        observe: question.observe,
        policy: policy.cell(*view, question.secret.class()),
        seed,
        rows: Vec::new(),
    };
    let mut answers: Vec<Answer> = question.views.iter().map(answer).collect();
    let mut paddings = question.paddings.clone();
    // What the others are compared with comes first.
    paddings.sort_by_key(|padding| *padding != Padding::None);
    for padding in paddings {
        let happened = happened(padding, done)?;
        done += 1.0;
        let bytes = mean_bytes(&happened);
        let bare = *bare.get_or_insert(bytes);
        let cost = Cost {
            bytes_per_message: bytes,
            overhead_bytes: bytes - bare,
            overhead_percent: 100.0 * (bytes - bare) / bare,
        };
        let each = 1.0 / answers.len().max(1) as f64;
        for answer in &mut answers {
            let what = format!("what {} sees with padding {}", answer.view, super::name_of(padding));
            told(Progress { what: &what, done: done / parts });
            let samples = samples(&happened, question.secret, answer.view, question.observe)?;
            let (estimate, channel) = (Estimate::of(&samples, &question.settings), Channel::of(&samples));
            answer.rows.push(Row { padding, estimate, cost, channel });
            done += each;
        }
    }
    Ok(answers)
}

fn mean_bytes(happened: &Happened) -> f64 {
    let bytes = happened.messages.iter().map(|message| f64::from(message.passed.bytes));
    bytes.sum::<f64>() / happened.messages.len().max(1) as f64
}
