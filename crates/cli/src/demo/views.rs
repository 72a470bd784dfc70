//! What each party could see, and what was found in it that should not be there.

use super::tracker::Tracker;
use crate::log::Lines;
use crate::sink::Event;
use crate::tenants::TenantSettings;
use link::{Direction, Observer, Tap};
use miette::IntoDiagnostic as _;
use privacy::{Canary, DataClass, Finding, Scanner};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wire::{Decoder, Envelope, ToRelay};

/// What was searched, and what was found.
pub(crate) struct Views {
    /// Bytes of frames through the relay, files of the relay, and log of all parties.
    pub(crate) scanned: [(&'static str, u64); 3],
    /// Canaries where none may be.
    pub(crate) leaks: Vec<Finding>,
    /// What the same search finds in what only the ends may see: a search that is blind finds nothing.
    pub(crate) control_found: u64,
    /// The first envelope that a business sent, as the relay saw it.
    pub(crate) sample: Option<Envelope>,
}

/// Sees every frame through the relay, both ways, outside of QUIC's encryption.
pub(crate) struct RelayTap {
    scanner: Scanner,
    bytes: Arc<AtomicU64>,
    leaks: Arc<Mutex<Vec<Finding>>>,
    sample: Arc<Mutex<Option<Envelope>>>,
}

impl RelayTap {
    pub(crate) fn new(scanner: Scanner) -> Self {
        Self { scanner, bytes: Arc::default(), leaks: Arc::default(), sample: Arc::default() }
    }
}

impl Tap for RelayTap {
    fn stream(&self, direction: Direction) -> Observer {
        let mut search = self.scanner.view("frames through the relay");
        let mut decoder = Decoder::<ToRelay>::default();
        let (count, leaks, sample) =
            (Arc::clone(&self.bytes), Arc::clone(&self.leaks), Arc::clone(&self.sample));
        Box::new(move |bytes| {
            count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let found = search.feed(bytes);
            if !found.is_empty() {
                leaks.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            }
            if direction == Direction::ToRelay {
                take_sample(&mut decoder, bytes, &sample);
            }
        })
    }

    fn transfer(&self, _: Direction) -> Observer {
        let mut search = self.scanner.view("transfers through the relay");
        let (count, leaks) = (Arc::clone(&self.bytes), Arc::clone(&self.leaks));
        Box::new(move |bytes| {
            count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let found = search.feed(bytes);
            if !found.is_empty() {
                leaks.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            }
        })
    }
}

/// Keeps the first envelope that goes to a consumer, to show it.
fn take_sample(decoder: &mut Decoder<ToRelay>, bytes: &[u8], sample: &Mutex<Option<Envelope>>) {
    let mut sample = sample.lock().unwrap_or_else(PoisonError::into_inner);
    if sample.is_some() {
        return;
    }
    decoder.feed(bytes);
    while let Ok(Some(frame)) = decoder.next_frame() {
        if let ToRelay::Submit { envelope, .. } = frame {
            *sample = Some(envelope);
            return;
        }
    }
}

impl Views {
    /// Searches what is left when all parties have stopped.
    pub(crate) fn collect(
        tap: &RelayTap,
        scanner: &Scanner,
        control: &Control,
        relay_dir: &Path,
        lines: &Lines,
    ) -> miette::Result<Self> {
        let log = lines.bytes();
        let files = scanner.scan_dir(relay_dir).into_diagnostic()?;
        let mut leaks = tap.leaks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        leaks.extend(files);
        leaks.extend(scanner.view("log").feed(&log));
        Ok(Self {
            scanned: [
                ("frames through the relay", tap.bytes.load(Ordering::Relaxed)),
                ("files of the relay", size_of(relay_dir)),
                ("log of all parties", log.len() as u64),
            ],
            leaks,
            control_found: control.found.load(Ordering::Relaxed),
            sample: tap.sample.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }
}

/// The same search over what the businesses may see, where it must find something: a search that finds
/// nothing anywhere proves nothing.
pub(crate) struct Control {
    scanner: Scanner,
    found: AtomicU64,
}

impl Control {
    pub(crate) fn new(scanner: &Scanner) -> Self {
        Self { scanner: scanner.clone(), found: AtomicU64::new(0) }
    }

    pub(crate) fn look_at(&self, event: &Event) {
        if let Event::Message { text, .. } = event {
            let found = self.scanner.view("webhooks").feed(text.as_bytes()).len();
            self.found.fetch_add(found as u64, Ordering::Relaxed);
        }
    }
}

/// Everything that no relay and no log may ever show: each conversation's canary, and the businesses' secrets.
pub(crate) fn canaries(tracker: &Tracker, businesses: &[TenantSettings]) -> Vec<Canary> {
    let conversations = tracker.canaries.iter().enumerate();
    let mut canaries: Vec<_> = conversations
        .map(|(index, text)| {
            Canary::new(&format!("text of conversation {index}"), DataClass::Content, text.as_bytes())
        })
        .collect();
    for business in businesses {
        let secrets = [
            ("token", &business.token),
            ("app secret", &business.app_secret),
            ("verify token", &business.verify_token),
        ];
        canaries.extend(secrets.map(|(what, secret)| {
            Canary::new(&format!("{what} of {}", business.name), DataClass::Secret, secret.as_bytes())
        }));
    }
    canaries
}

/// Bytes in all files under a directory.
fn size_of(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size_of(&entry.path()),
        _ => entry.metadata().map_or(0, |about| about.len()),
    };
    entries.map(size).sum()
}
