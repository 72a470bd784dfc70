//! All layers, one after the other, into one matrix.

use crate::construction::{self, Construction};
use crate::matrix::{Blind, CellReport, Leak, Matrix};
use crate::world::{self, PairPlan, StageError, TrialReport};
use privacy::labels;
use privacy::surfaces::{Surfaces, SurfacesError};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::Duration;

/// What is to be audited, and how thoroughly.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Where the randomness of all runs comes from.
    pub seed: u64,
    /// Pairs of runs for each secret.
    pub pairs: u64,
    /// Only these secrets; none: all.
    pub only: Vec<String>,
    /// Runs that are searched for canaries.
    pub runs: u64,
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

/// What came of an audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
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
    /// What the transport is made of.
    pub construction: Construction,
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
    /// Runs all layers. `progress` hears how far each is; `now` is a clock.
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
        let construction = construction::check(&mut matrix);
        label(&surfaces, &mut matrix);
        for run in 0..self.runs {
            progress(Progress { layer: "canaries", done: run, of: self.runs });
            world::search(self.seed.wrapping_add(run), &surfaces, &mut matrix)?;
        }
        let plan =
            PairPlan { seed: self.seed, pairs: self.pairs, only: self.only.clone(), threads: self.threads };
        let told = |done, of| progress(Progress { layer: "pairs", done, of });
        let trials = world::run(&plan, &surfaces, &mut matrix, &told)?;
        Ok(Report::of(&matrix, construction, trials, now().saturating_sub(began)))
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
    fn of(matrix: &Matrix, construction: Construction, trials: Vec<TrialReport>, took: Duration) -> Self {
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
            cells_total: cells.len(),
            cells_executed: cells.iter().filter(|cell| cell.executed).count(),
            leaks: matrix.leaks().len(),
            bytes_scanned: matrix.bytes(),
            pairs_run: trials.iter().map(|trial| trial.pairs).sum(),
            pairs_unequal: trials.iter().map(unequal).sum(),
            canaries: matrix.canaries(),
            views: matrix.views(),
            seconds: took.as_secs_f64(),
            cells,
            found: matrix.leaks().to_vec(),
            blind,
            construction,
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
