//! A relay's ends of all connections, found by the endpoint's place instead of by its key.

use crate::draws::Purpose;
use crate::link::Way;
use crate::plan::Plan;
use crate::record::Who;
use smallvec::SmallVec;
use wire::ConnectionId;

/// The lines to all endpoints, by their place at the relay: there may be a million, and one is looked for with each frame.
pub(crate) struct Lines(Vec<Line>);

/// The line to one endpoint.
struct Line {
    /// The connections that are up: one, but for moments.
    up: SmallVec<[ConnectionId; 1]>,
    way: Way,
}

/// The connection of an endpoint that has this number among its own.
pub(crate) fn connection(endpoint: Who, dial: u32) -> ConnectionId {
    ConnectionId(u64::from(endpoint.as_u32()) << 32 | u64::from(dial))
}

/// Whose connection it is.
fn endpoint(connection: ConnectionId) -> Who {
    Who::from_u32(u32::try_from(connection.0 >> 32).unwrap_or(0))
}

impl Lines {
    /// The lines of a relay, none of which is up.
    pub(crate) fn of(plan: &Plan, relay: Who) -> Self {
        let line = |endpoint: Who| Line {
            up: SmallVec::new(),
            way: Way::new(plan.origin().draws(Purpose::FromRelay, u64::from(endpoint.as_u32()))),
        };
        Self(plan.endpoints_of(relay).map(line).collect())
    }

    /// A connection is up.
    pub(crate) fn open(&mut self, plan: &Plan, connection: ConnectionId) {
        if let Some(line) = self.line(plan, endpoint(connection)) {
            line.up.push(connection);
        }
    }

    /// Who is at the other end of a connection that is up.
    pub(crate) fn end_of(&mut self, plan: &Plan, connection: ConnectionId) -> Option<Who> {
        let who = endpoint(connection);
        self.line(plan, who)?.up.contains(&connection).then_some(who)
    }

    /// A connection is gone. Says who was at its other end, if it was up.
    pub(crate) fn close(&mut self, plan: &Plan, connection: ConnectionId) -> Option<Who> {
        let who = endpoint(connection);
        let up = &mut self.line(plan, who)?.up;
        let place = up.iter().position(|other| *other == connection)?;
        up.remove(place);
        Some(who)
    }

    /// All connections are gone. Says which, ascending.
    pub(crate) fn close_all(&mut self) -> impl Iterator<Item = (ConnectionId, Who)> + use<> {
        let mut gone: Vec<_> = self.0.iter_mut().flat_map(|line| line.up.drain(..)).collect();
        gone.sort_unstable();
        gone.into_iter().map(|connection| (connection, endpoint(connection)))
    }

    /// The way to an endpoint of the relay.
    pub(crate) fn way(&mut self, plan: &Plan, endpoint: Who) -> Option<&mut Way> {
        self.line(plan, endpoint).map(|line| &mut line.way)
    }

    fn line(&mut self, plan: &Plan, endpoint: Who) -> Option<&mut Line> {
        self.0.get_mut(plan.place_at_relay(endpoint))
    }
}
