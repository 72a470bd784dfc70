//! What a step of a modelled machine comes to: whether something must be durable, what is said then, what it means.

use super::endpoint::Event;
use super::frame::ToRelay;
use super::webhooks::Told;
use crate::real::notes::Stage;
use crate::record::Who;
use kernel::Time;
use wire::ConnectionId;

/// What follows from one step, cleared and used again for the next.
#[derive(Default)]
pub(crate) struct Fx {
    /// There is a transaction.
    pub(crate) writes: bool,
    pub(crate) outputs: Vec<Output>,
    /// What the endpoint tells the machine around it.
    pub(crate) events: Vec<Event>,
}

/// What a machine says.
#[derive(Debug, Clone)]
pub(crate) enum Output {
    Send(ConnectionId, ToRelay),
    /// To the screen: which message of the device's, whose, and how many bytes.
    Show {
        sequence: u64,
        from: Who,
        message: u64,
        bytes: u32,
    },
    /// What became of a message of the person's.
    Status(u64, Stage),
    /// The API's answer, which names the message.
    Respond {
        request: Asked,
        message: u64,
    },
    /// A webhook is posted.
    Post(Post),
}

/// A request of a business's server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) business: u32,
    pub(crate) to: Who,
    pub(crate) created: Time,
    pub(crate) bytes: u32,
    pub(crate) stream: u16,
}

/// A webhook on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post {
    pub(crate) business: u32,
    /// Which one: the answer names it.
    pub(crate) delivery: u32,
    /// About which message.
    pub(crate) message: u64,
    pub(crate) told: Told,
    pub(crate) size: u32,
}

impl Fx {
    pub(crate) const fn write(&mut self) {
        self.writes = true;
    }

    pub(crate) fn say(&mut self, output: Output) {
        self.outputs.push(output);
    }
}
