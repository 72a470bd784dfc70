//! Taking TCP connections, also when the process has no file descriptor left for one.

use crate::{Seldom, now};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long it waits after a failure: until then somebody may have closed a connection.
const PAUSE: Duration = Duration::from_secs(1);

/// What `accept` fails with if the process, or the whole machine, has too many open files (errno 24 and 23 on Linux and BSD).
const TOO_MANY_FILES: [i32; 2] = [24, 23];

/// Takes connections for as long as it is asked to: no failure ends it.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    failures: Seldom,
}

impl Acceptor {
    /// Takes the connections of `listener`.
    pub fn new(listener: TcpListener) -> Self {
        Self { listener, failures: Seldom::default() }
    }

    /// The next connection, and whose it is. If connections can't be taken the log says so, once in a minute.
    pub async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(connection) => return connection,
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    if self.failures.may_say(now()) {
                        complain(&error);
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// True if only this connection has failed.
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

fn complain(error: &io::Error) {
    if error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
        tracing::warn!(
            "too many open files: connections wait until others are closed; raise the limit (ulimit -n) and start again"
        );
    } else {
        tracing::warn!(error = %error.kind(), "can't take connections; they wait");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_that_is_gone_is_no_failure_of_the_listener() {
        assert!(is_of_one(&ErrorKind::ConnectionAborted.into()));
        assert!(TOO_MANY_FILES.iter().all(|code| !is_of_one(&io::Error::from_raw_os_error(*code))));
    }
}
