//! All layers, one after the other, into one matrix.

use crate::attacks::{self, Attack, AttackError};
use crate::construction::{self, Construction};
use crate::estimation::{self, Measured};
use crate::leak::LeakError;
use crate::live::{self, LiveError, LiveOptions};
use crate::looked::{self, Looked};
use crate::matrix::{Blind, CellReport, Leak, Matrix};
use crate::world::{self, PairPlan, Remains, StageError, TrialReport};
use privacy::surfaces::{Surfaces, SurfacesError};
use privacy::{Principal, labels};
use serde::Serialize;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

/// From so many seeds names are drawn.
const RESEEDED: u64 = 64;

/// What is to be audited, and how thoroughly.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Where the randomness of all runs comes from.
    pub seed: u64,
    /// Pairs of runs for each secret.
    pub pairs: u64,
    /// Only these secrets; none: all.
    pub only: Vec<String>,
    /// Whether it ends with the first layer that finds something.
    pub first: bool,
    /// The program as processes of its own, and where; `None`: only in virtual time.
    pub live: Option<LiveOptions>,
    /// Messages in each run by which bits are estimated; 0: none are.
    pub samples: usize,
    /// Runs that are searched for canaries.
    pub runs: u64,
    /// Runs of the campaign of faults.
    pub seeds: u64,
    /// On how many threads.
    pub threads: NonZeroUsize,
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which layer.
    pub layer: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// Of how much.
    pub of: u64,
}

/// How the same audit is run again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Repeat {
    /// What to type, if it was started by a command.
    pub command: String,
    /// Where the randomness came from.
    pub seed: u64,
    /// The version of the program.
    pub version: String,
}

/// What came of an audit. The default is of one in which nothing was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// How to run it again.
    pub repeat: Repeat,
    /// Cells of the matrix.
    pub cells_total: usize,
    /// Those for which everything was done that they need.
    pub cells_executed: usize,
    /// Things that somebody could learn and may not.
    pub leaks: usize,
    /// Bytes that were searched for canaries.
    pub bytes_scanned: u64,
    /// Pairs of runs that were compared.
    pub pairs_run: u64,
    /// Those in which somebody could tell what he may not.
    pub pairs_unequal: u64,
    /// Mutants that were audited: none, unless that was asked for.
    pub mutants_total: usize,
    /// Those of them that were caught.
    pub mutants_caught: usize,
    /// What was found on the sound variant of the mutants.
    pub false_alarms: u64,
    /// Canaries that were planted.
    pub canaries: usize,
    /// Views that were searched.
    pub views: usize,
    /// How long it took.
    pub seconds: f64,
    /// Every cell with its evidence.
    pub cells: Vec<CellReport>,
    /// Every leak.
    pub found: Vec<Leak>,
    /// What could not be checked, or where the check may be blind.
    pub blind: Vec<Blind>,
    /// What was looked at: nothing is claimed of anything else.
    pub looked_at: Vec<Looked>,
    /// What the transport is made of.
    pub construction: Construction,
    /// What was tried that must fail.
    pub attacks: Vec<Attack>,
    /// What was looked for when it had to be gone.
    pub remains: Vec<Remains>,
    /// The program as processes of its own.
    pub live: Option<Processes>,
    /// What sizes and times tell, in bits.
    pub measured: Vec<Measured>,
    /// The secrets that runs differed in.
    pub trials: Vec<TrialReport>,
}

/// An audit could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The policy, or the list of surfaces, that is built in is wrong.
    #[error(transparent)]
    Surfaces(#[from] SurfacesError),
    /// No run could be played.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Nothing could be measured.
    #[error(transparent)]
    Leak(#[from] LeakError),
    /// The program could not be run, or not be looked into.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// Nothing could be attacked.
    #[error(transparent)]
    Attack(#[from] AttackError),
}

/// What an audit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every cell was executed and nothing leaked.
    Clean,
    /// Something leaked.
    Leak,
    /// Nothing was found, and not everything was looked at.
    NotChecked,
}

impl Audit {
    /// Runs all layers, from the cheapest to the deepest. `progress` hears how far each is; `now` is a clock.
    ///
    /// # Errors
    /// [`AuditError`]: nothing can be said then.
    pub fn run(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
        now: &dyn Fn() -> Duration,
    ) -> Result<Report, AuditError> {
        let began = now();
        let surfaces = Surfaces::of_this_project()?;
        let mut matrix = Matrix::new(surfaces.policy().clone());
        let mut layers = Layers { construction: construction::check(&mut matrix), ..Layers::default() };
        label(&surfaces, &mut matrix);
        if self.only.is_empty() {
            self.look(&surfaces, &mut matrix, &mut layers, progress, now)?;
        }
        if self.goes_on(&matrix) {
            let plan = PairPlan {
                seed: self.seed,
                pairs: self.pairs,
                only: self.only.clone(),
                threads: self.threads,
            };
            let told = |done, of| progress(Progress { layer: "pairs", done, of });
            let trials = world::run(&plan, &surfaces, &mut matrix, &told);
            layers.looked_at.push(looked::by_noninterference());
            layers.trials = survived(trials, &mut matrix)?;
        }
        if self.only.is_empty() && self.goes_on(&matrix) {
            let told = |done, of| progress(Progress { layer: "faults", done, of });
            layers.attacks.push(attacks::power(&mut matrix, self.seeds, self.threads, &told)?);
        }
        if self.samples > 0 && self.only.is_empty() && self.goes_on(&matrix) {
            let told = |done, of| progress(Progress { layer: "bits", done, of });
            layers.measured = estimation::measure(&mut matrix, self.seed, self.samples, self.threads, &told)?;
        }
        if let Some(options) = self.live.as_ref().filter(|_| self.only.is_empty() && self.goes_on(&matrix)) {
            progress(Progress { layer: "processes", done: 0, of: 1 });
            let processes = processes(options, &surfaces, &mut matrix)?;
            layers.looked_at.push(looked::as_processes(processes.not_looked_at.is_empty()));
            layers.live = Some(processes);
        }
        let report = Report::of(&matrix, layers, now().saturating_sub(began));
        let version = env!("CARGO_PKG_VERSION").into();
        Ok(Report { repeat: Repeat { command: String::new(), seed: self.seed, version }, ..report })
    }

    /// Searches what everybody saw, tries what must fail, and looks for what must be gone.
    fn look(
        &self,
        surfaces: &Surfaces,
        matrix: &mut Matrix,
        layers: &mut Layers,
        progress: &(dyn Fn(Progress) + Sync),
        now: &dyn Fn() -> Duration,
    ) -> Result<(), AuditError> {
        for run in 0..self.runs {
            progress(Progress { layer: "canaries", done: run, of: self.runs });
            let searched = world::search(self.seed.wrapping_add(run), surfaces, matrix);
            survived(searched, matrix)?;
        }
        layers.looked_at.push(looked::by_canary());
        if self.goes_on(matrix) {
            progress(Progress { layer: "names", done: 0, of: 1 });
            survived(world::reseed((self.seed, RESEEDED), self.threads, surfaces, matrix), matrix)?;
            layers.looked_at.push(looked::by_name());
        }
        if self.goes_on(matrix) {
            layers.attacks = attacks::run(surfaces, matrix, now)?;
        }
        if self.goes_on(matrix) {
            let remains = world::look(self.seed, matrix);
            layers.remains = survived(remains, matrix)?;
        }
        Ok(())
    }

    /// False once something was found, if that is enough.
    fn goes_on(&self, matrix: &Matrix) -> bool {
        !self.first || matrix.leaks().is_empty()
    }
}

/// What came of each layer.
#[derive(Default)]
struct Layers {
    construction: Construction,
    attacks: Vec<Attack>,
    remains: Vec<Remains>,
    trials: Vec<TrialReport>,
    live: Option<Processes>,
    measured: Vec<Measured>,
    looked_at: Vec<Looked>,
}

/// What was done with the program as processes of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Processes {
    /// Views that were searched.
    pub views: usize,
    /// Bytes in them: packets, files, memory, logs, HTTP.
    pub bytes: u64,
    /// Points at which a process died, after which nothing that had been deleted could be read.
    pub crash_points: u32,
    /// What was done one after the other, and how many seconds each took.
    pub phases: Vec<(String, f64)>,
    /// Requests with which every route and every way to be refused was walked over.
    pub walked: usize,
    /// What this computer did not let be looked at, and why: nothing is claimed of it.
    pub not_looked_at: Vec<String>,
}

/// The program as it is shipped, in processes, and all that can be seen of it from outside.
fn processes(
    options: &LiveOptions,
    surfaces: &Surfaces,
    matrix: &mut Matrix,
) -> Result<Processes, LiveError> {
    let outcome = live::run(options)?;
    matrix.searched(&outcome.canaries, &outcome.searched);
    let mut told = BTreeSet::new();
    let ours: BTreeSet<String> =
        surfaces.log_events().into_iter().map(|event| crate_of(&event.target)).collect();
    for line in outcome.logs.iter().filter(|line| is_of(line, &ours)) {
        let mut seen = surfaces.log_line(line);
        // The same line a thousand times is one that nobody has classified.
        seen.problems.retain(|problem| told.insert(problem.to_string()));
        matrix.seen(Principal::Operator, seen);
    }
    for exposition in &outcome.metrics {
        matrix.totals(Principal::Operator, surfaces.metrics(exposition));
    }
    for broken in &outcome.broken {
        let what = broken.to_string();
        matrix.leak(Leak { layer: "processes", principal: "anybody".into(), class: None, what });
    }
    Ok(Processes {
        views: outcome.searched.len(),
        bytes: outcome.searched.iter().map(|view| view.bytes).sum(),
        crash_points: outcome.crash_points,
        phases: outcome.phases.iter().map(|(what, took)| ((*what).to_owned(), took.as_secs_f64())).collect(),
        walked: outcome.walked,
        not_looked_at: outcome.not_looked_at.into_iter().map(str::to_owned).collect(),
    })
}

/// Whether one of our crates wrote a line, within a span or not: libraries say much about sockets and timers, which is
/// searched for canaries like all else.
fn is_of(line: &str, crates: &BTreeSet<String>) -> bool {
    line.split(' ').filter_map(|word| word.strip_suffix(':')).any(|target| crates.contains(&crate_of(target)))
}

fn crate_of(target: &str) -> String {
    target.split("::").next().unwrap_or_default().to_owned()
}

/// A run that broke a promise is a finding like any other.
fn survived<T: Default>(outcome: Result<T, StageError>, matrix: &mut Matrix) -> Result<T, StageError> {
    match outcome {
        Err(StageError::Broken(what)) => {
            matrix.leak(Leak { layer: "attack", principal: "anybody".into(), class: None, what });
            Ok(T::default())
        }
        other => other,
    }
}

/// By label: everything that has a class, against what its readers may have.
fn label(surfaces: &Surfaces, matrix: &mut Matrix) {
    for problem in labels::check(surfaces.pool(), surfaces.policy()) {
        let (principal, class) = match &problem {
            labels::Problem::NotAllowed { principal, class, .. } => (principal.name(), Some(class.name())),
            _ => ("anybody", None),
        };
        let (principal, class) = (principal.to_owned(), class.map(str::to_owned));
        matrix.leak(Leak { layer: "label", principal, class, what: problem.to_string() });
    }
    for ((principal, class), fields) in surfaces.reach() {
        matrix.fields(principal, class, fields);
    }
}

impl Report {
    fn of(matrix: &Matrix, layers: Layers, took: Duration) -> Self {
        let Layers { construction, attacks, remains, trials, live, measured, looked_at } = layers;
        let cells = matrix.cells();
        let mut blind = matrix.blind_spots().to_vec();
        for trial in &trials {
            blind.extend(trial.blind.iter().map(|party| Blind {
                layer: "noninterference",
                what: format!("{party} should have noticed {} ({}) and never did", trial.about, trial.name),
            }));
        }
        let unequal = |trial: &TrialReport| {
            let mut seeds: Vec<u64> = trial.unequal.iter().map(|unequal| unequal.seed).collect();
            seeds.sort_unstable();
            seeds.dedup();
            seeds.len() as u64
        };
        Self {
            repeat: Repeat::default(),
            cells_total: cells.len(),
            cells_executed: cells.iter().filter(|cell| cell.executed).count(),
            leaks: matrix.leaks().len(),
            bytes_scanned: matrix.bytes(),
            pairs_run: trials.iter().map(|trial| trial.pairs).sum(),
            pairs_unequal: trials.iter().map(unequal).sum(),
            mutants_total: 0,
            mutants_caught: 0,
            false_alarms: 0,
            canaries: matrix.canaries(),
            views: matrix.views(),
            seconds: took.as_secs_f64(),
            cells,
            found: matrix.leaks().to_vec(),
            blind,
            looked_at,
            construction,
            attacks,
            remains,
            live,
            measured,
            trials,
        }
    }

    /// What it means.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.leaks > 0 {
            Verdict::Leak
        } else if self.cells_executed < self.cells_total || !self.blind.is_empty() {
            Verdict::NotChecked
        } else {
            Verdict::Clean
        }
    }
}
