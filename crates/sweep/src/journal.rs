//! A sweep's directory: which runs are done, and what came of them.

use crate::cells::{Cell, cells};
use crate::error::JournalError;
use crate::plan::Setting;
use crate::queue::{Done, Job, Queue};
use crate::{Point, Sweep, page};
use report::tables::{SweepPoint, SweepResult, SweepSummary};
use report::{DirectoryLock, FileEntry, Format};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const MANIFEST: &str = "sweep.json";
const JOURNAL: &str = "journal.jsonl";
const PAGE: &str = "sweep.html";
/// The version of the directory's layout.
const FORMAT: u32 = 1;

/// The queue of one machine, in a directory. Every result is a line of `journal.jsonl` before the next run is taken;
/// opened again, it has only the runs that are missing.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    manifest: Manifest,
    state: Mutex<State>,
    _lock: DirectoryLock,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Job>,
    done: BTreeMap<Job, Done>,
    file: File,
}

/// What `sweep.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    complete: bool,
    command: String,
    runs: usize,
    done: usize,
    #[serde(flatten)]
    plan: Plan,
    files: Vec<FileEntry>,
}

/// What makes two sweeps the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Plan {
    name: String,
    /// The program's version.
    version: String,
    seeds: Vec<u64>,
    points: Vec<PlannedPoint>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PlannedPoint {
    settings: Vec<Setting>,
    /// The digest of the scenario with these settings, in hexadecimal.
    scenario_digest: String,
}

impl Journal {
    /// Takes `dir` for `sweep`, and makes it if need be. If there are results of the same sweep in it, only what is
    /// missing waits; those of another one are overwritten only if `force` says so.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(
        dir: &Path,
        sweep: &Sweep,
        version: &str,
        command: &str,
        force: bool,
    ) -> Result<Self, JournalError> {
        fs::create_dir_all(dir).map_err(failed("create", dir))?;
        let lock = DirectoryLock::take(dir)?;
        let plan = Plan::of(sweep, version);
        let path = dir.join(JOURNAL);
        match Manifest::read(dir)? {
            Found::Manifest(found) if found.plan == plan => {}
            Found::Nothing | Found::Manifest(_) | Found::Damaged if force => {
                remove(&path)?;
            }
            Found::Nothing if fs::read_dir(dir).map_err(failed("list", dir))?.next().is_none() => {}
            Found::Nothing => return Err(JournalError::NotASweep(dir.into())),
            Found::Manifest(_) | Found::Damaged => return Err(JournalError::Another(dir.into())),
        }
        let jobs: Vec<Job> = (0..sweep.points.len())
            .flat_map(|point| sweep.seeds.iter().map(move |seed| Job { point, seed: *seed }))
            .collect();
        let known: BTreeSet<Job> = jobs.iter().copied().collect();
        let done: BTreeMap<Job, Done> = read_journal(&path)?
            .into_iter()
            .filter(|done| known.contains(&done.job))
            .map(|done| (done.job, done))
            .collect();
        let waiting = jobs.iter().copied().filter(|job| !done.contains_key(job)).collect();
        let manifest = Manifest {
            format: FORMAT,
            complete: false,
            command: command.into(),
            runs: jobs.len(),
            done: done.len(),
            plan,
            files: Vec::new(),
        };
        manifest.write(dir)?;
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed("open", &path))?;
        let state = Mutex::new(State { waiting, done, file });
        Ok(Self { dir: dir.into(), manifest, state, _lock: lock })
    }

    /// How many runs were done before and are not done again, or have been done since.
    #[must_use]
    pub fn done(&self) -> usize {
        self.state().done.len()
    }

    /// Writes tables and page of what there is, and says in the manifest whether that is all.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn finish(mut self, sweep: &Sweep, formats: &[Format]) -> Result<Vec<Cell>, JournalError> {
        let done = std::mem::take(&mut self.state().done);
        let cells = cells(&sweep.points, &done);
        let told: Vec<String> = sweep.points.iter().map(Point::told).collect();
        let mut files = report::write_table(&self.dir, formats, points(&sweep.points))?;
        let results = done.values().flat_map(|done| {
            let (point, seed) = (done.job.point as u64, done.job.seed);
            done.measures.iter().map(move |(measure, value)| SweepResult {
                point,
                seed,
                measure,
                value: *value,
            })
        });
        files.extend(report::write_table(&self.dir, formats, results)?);
        let summary = cells.iter().map(|cell| SweepSummary {
            point: cell.point as u64,
            settings: told.get(cell.point).map_or("", String::as_str),
            measure: cell.measure,
            runs: cell.interval.runs as u64,
            mean: cell.interval.mean,
            deviation: cell.interval.deviation,
            low: cell.interval.ends.map(|(low, _)| low),
            high: cell.interval.ends.map(|(_, high)| high),
        });
        files.extend(report::write_table(&self.dir, formats, summary)?);
        self.manifest.files = files;
        self.manifest.done = done.len();
        self.manifest.complete = done.len() == self.manifest.runs;
        let page = page::of(sweep, &cells, &self.manifest.plan.version, done.len());
        let path = self.dir.join(PAGE);
        fs::write(&path, page.to_html()).map_err(failed("write", &path))?;
        self.manifest.write(&self.dir)?;
        Ok(cells)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for Journal {
    fn take(&self) -> Option<Job> {
        self.state().waiting.pop_front()
    }

    fn keep(&self, done: Done) -> Result<(), JournalError> {
        let path = self.dir.join(JOURNAL);
        let line =
            serde_json::to_string(&done).map_err(|error| failed("write", &path)(io::Error::other(error)))?;
        let line = format!("{}\n", checked(&line));
        let mut state = self.state();
        state
            .file
            .write_all(line.as_bytes())
            .and_then(|()| state.file.sync_data())
            .map_err(failed("write", &path))?;
        state.done.insert(done.job, done);
        Ok(())
    }
}

fn points(points: &[Point]) -> impl Iterator<Item = SweepPoint<'_>> {
    (0..).zip(points).flat_map(|(number, point)| {
        point.settings.iter().map(move |setting| SweepPoint {
            point: number,
            key: &setting.key,
            value: &setting.value,
            number: setting.number(),
        })
    })
}

impl Plan {
    fn of(sweep: &Sweep, version: &str) -> Self {
        let points = sweep.points.iter().map(|point| PlannedPoint {
            settings: point.settings.clone(),
            scenario_digest: hex::encode(point.scenario.digest()),
        });
        Self {
            name: sweep.name.clone(),
            version: version.into(),
            seeds: sweep.seeds.clone(),
            points: points.collect(),
        }
    }
}

enum Found {
    Nothing,
    Damaged,
    Manifest(Manifest),
}

impl Manifest {
    fn read(dir: &Path) -> Result<Found, JournalError> {
        let path = dir.join(MANIFEST);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(failed("read", &path)(error)),
            Ok(text) => Ok(match serde_json::from_slice::<Self>(&text) {
                Ok(manifest) if manifest.format == FORMAT => Found::Manifest(manifest),
                _ => Found::Damaged,
            }),
        }
    }

    /// Under another name first: it is whole or the one before.
    fn write(&self, dir: &Path) -> Result<(), JournalError> {
        let (path, partial) = (dir.join(MANIFEST), dir.join(format!("{MANIFEST}.partial")));
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| failed("write", &path)(io::Error::other(error)))?;
        text.push(b'\n');
        fs::write(&partial, text).map_err(failed("write", &partial))?;
        fs::rename(&partial, &path).map_err(failed("rename", &partial))
    }
}

/// The results that are whole; a line that a kill cut off is cut off the file too, so that the next one starts a line.
fn read_journal(path: &Path) -> Result<Vec<Done>, JournalError> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(failed("read", path))?,
    };
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    if whole < text.len() {
        let file = OpenOptions::new().write(true).open(path).map_err(failed("open", path))?;
        file.set_len(whole as u64).map_err(failed("cut", path))?;
    }
    let lines = text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
    let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    lines.map(|(number, line)| result_of(path, number, line)).collect()
}

/// A result with the digest of what stands behind it: a number that was changed is not believed.
fn checked(result: &str) -> String {
    format!("{CHECK}{}\",{}", report::digest(result.as_bytes()), result.strip_prefix('{').unwrap_or_default())
}

const CHECK: &str = "{\"sha256\":\"";

fn result_of(path: &Path, number: usize, line: &[u8]) -> Result<Done, JournalError> {
    let damaged = |why: String| JournalError::Damaged { path: path.into(), line: number, why };
    let parts = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix(CHECK)?.split_once("\","));
    let (expected, rest) = parts.ok_or_else(|| damaged("it is no result with a digest".into()))?;
    let result = format!("{{{rest}");
    let found = report::digest(result.as_bytes());
    if found != expected {
        return Err(damaged(format!("the SHA-256 of its result is {found}, and it says {expected}")));
    }
    serde_json::from_str(&result).map_err(|error| damaged(error.to_string()))
}

fn remove(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> JournalError + use<> {
    let path = path.to_path_buf();
    move |reason| JournalError::File { action, path: path.clone(), reason }
}
