//! Where log lines go. They name no number, token or content, whatever the level (invariant 9).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Log lines to standard error, filtered by `BLINDPOST_LOG` (default `info`).
pub(crate) fn to_stderr() {
    let filter = EnvFilter::try_from_env("BLINDPOST_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init();
}

/// Log lines, all of them, to memory.
pub(crate) fn to_memory() -> Lines {
    let lines = Lines::default();
    let filter =
        EnvFilter::new("debug,hyper_util=info,h2=info,quinn=info,quinn_proto=info,rustls=info,mio=info");
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    let _ = subscriber.with_writer(lines.clone()).try_init();
    lines
}

/// Everything that was logged.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
