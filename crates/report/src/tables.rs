//! The tables of a run.
//!
//! Times are microseconds of virtual time. Parties are numbered from 0, each kind by itself.

use crate::column::{Cell, Column, Field, Row, Table, Type};

macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $row:ident $(<$life:lifetime>)? = $name:literal $(, file: |$it:ident| $file:expr)?;
        $($field:ident: $type:ty, $unit:literal, $description:literal;)+
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $row $(<$life>)? {
            $(#[doc = $description] pub $field: $type,)+
        }

        impl $(<$life>)? Row for $row $(<$life>)? {
            const TABLE: &'static Table = &Table {
                name: $name,
                description: concat!($($doc),+).trim_ascii(),
                columns: &[$(Column {
                    name: stringify!($field),
                    kind: <$type as Field>::TYPE,
                    optional: <$type as Field>::OPTIONAL,
                    unit: $unit,
                    description: $description,
                }),+],
            };

            $(fn file(&self) -> &'static str {
                let $it = self;
                $file
            })?

            fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
                [$(self.$field.cell()),+].into_iter()
            }
        }
    };
}

table! {
    /// One row per message: who to whom, how large at each layer, and when it reached each stage.
    Message<'a> = "messages";
    id: u64, "", "The message's number in this run, in the order in which they were made.";
    kind: &'a str, "", "Which entry of the scenario's traffic it belongs to: `traffic/0`, …, or `answer`.";
    from: u64, "", "The sender's number among its kind (see `direction`).";
    to: u64, "", "The recipient's number among its kind (see `direction`).";
    business: Option<u64>, "", "The business at one end, if there is one.";
    node: Option<u64>, "", "The Cloud API node that speaks for the business.";
    relay: u64, "", "The relay that it went through.";
    suite: &'a str, "", "The protocol suite of the sender.";
    direction: &'a str, "", "`to-consumer`, `to-business` or `between-consumers`.";
    size_text: u64, "bytes", "What the sender wrote.";
    size_padded: Option<u64>, "bytes", "The plaintext with padding, once it was encrypted.";
    size_envelope: Option<u64>, "bytes", "The ciphertext, once it was sent.";
    begins_session: bool, "", "Whether it went as the first message of a session.";
    created_us: u64, "µs", "When the sender made it.";
    accepted_us: Option<u64>, "µs", "When the node or the app had answered for it.";
    submitted_us: Option<u64>, "µs", "When it was first handed to the relay.";
    relay_us: Option<u64>, "µs", "When the sender knew that the relay has it durably.";
    shown_us: Option<u64>, "µs", "When it was on the recipient's screen, or in a webhook.";
    delivered_us: Option<u64>, "µs", "When the sender knew that the recipient's device has it.";
    read_us: Option<u64>, "µs", "When the sender knew that it was read.";
    status: &'a str, "", "What became of it by the end of the run.";
}

table! {
    /// One row per event of the simulation, in the order of the trace.
    Event<'a> = "events";
    at_us: u64, "µs", "When.";
    sequence: u64, "", "Its number in the run.";
    party: &'a str, "", "At whom.";
    what: &'a str, "", "What happened.";
    peer: Option<&'a str>, "", "With whom, if with anyone.";
    bytes: u64, "bytes", "How much an observer there would have seen.";
}

table! {
    /// Measured over time, one row per value.
    Metric<'a> = "metrics";
    at_s: f64, "s", "When, in virtual time since the run began.";
    metric: &'a str, "", "What was measured; `queue_depth` is drawn in the report.";
    label: &'a str, "", "Of which party or part.";
    value: f64, "", "The value, in the metric's unit.";
}

table! {
    /// What one principal saw: one file for each, `views/PRINCIPAL`.
    View<'a> = "views", file: |row| row.principal.file();
    at_us: u64, "µs", "When.";
    principal: Principal, "", "Who saw it.";
    party: u64, "", "Which of that kind.";
    what: &'a str, "", "What it was.";
    from: Option<u64>, "", "Who it came from, where that could be seen.";
    to: Option<u64>, "", "Who it went to, where that could be seen.";
    bytes: u64, "bytes", "How much of it.";
    class: &'a str, "", "The data class, as in the privacy policy.";
}

table! {
    /// Which messages an adversary could read, and why or why not.
    Exposure<'a> = "exposure";
    adversary: &'a str, "", "The adversary's name in the scenario.";
    at_us: u64, "µs", "When the message was sent.";
    conversation: u64, "", "The conversation's number.";
    message: u64, "", "The message's number in its conversation.";
    readable: bool, "", "Whether the adversary could read it.";
    because: &'a str, "", "Why.";
}

table! {
    /// One row per completed post-quantum epoch of a conversation: what healing took.
    Epoch = "epochs";
    conversation: u64, "", "The conversation's number.";
    epoch: u64, "", "The epoch that was reached.";
    at_us: u64, "µs", "When.";
    messages_since: u64, "messages", "Messages, both ways, since the epoch before.";
}

table! {
    /// One row per point of a sweep and key that was varied.
    SweepPoint<'a> = "points";
    point: u64, "", "The point's number in the sweep.";
    key: &'a str, "", "Which key of the scenario was varied.";
    value: &'a str, "", "Its value there, as a scenario file has it.";
    number: Option<f64>, "", "The number in that value, without its unit, if it is one.";
}

table! {
    /// One row per run of a sweep and measure.
    SweepResult<'a> = "results";
    point: u64, "", "The point's number in the sweep.";
    seed: u64, "", "The run's seed.";
    measure: &'a str, "", "What was measured.";
    value: f64, "", "The value, in the unit that the measure's name ends in.";
}

table! {
    /// One row per point of a sweep and measure: the runs with all seeds, taken together.
    SweepSummary<'a> = "summary";
    point: u64, "", "The point's number in the sweep.";
    settings: &'a str, "", "What was varied, and its values there.";
    measure: &'a str, "", "What was measured.";
    runs: u64, "", "Runs that have a value.";
    mean: f64, "", "Their mean.";
    deviation: Option<f64>, "", "Their standard deviation, if there are two or more.";
    low: Option<f64>, "", "The lower end of the mean's 95 % confidence interval (Student's t).";
    high: Option<f64>, "", "The upper end.";
}

/// The tables, in the order of the documentation.
pub const TABLES: [&Table; 6] =
    [Message::TABLE, Event::TABLE, Metric::TABLE, View::TABLE, Exposure::TABLE, Epoch::TABLE];

/// Every table's definition in Markdown.
pub fn docs() -> String {
    TABLES.map(Table::to_markdown).join("\n")
}

/// Whose view a row of [`View`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// Who taps the network.
    Network,
    /// The transport relay.
    Relay,
    /// The Cloud API node.
    Node,
    /// The business.
    Business,
    /// The consumer.
    Consumer,
    /// Who runs the machines: logs, metrics, traces.
    Operator,
}

impl Principal {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Network, Self::Relay, Self::Node, Self::Business, Self::Consumer, Self::Operator];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Relay => "relay",
            Self::Node => "node",
            Self::Business => "business",
            Self::Consumer => "consumer",
            Self::Operator => "operator",
        }
    }

    /// The file of its view, without an extension, relative to the run's directory.
    pub fn file(self) -> &'static str {
        match self {
            Self::Network => "views/network",
            Self::Relay => "views/relay",
            Self::Node => "views/node",
            Self::Business => "views/business",
            Self::Consumer => "views/consumer",
            Self::Operator => "views/operator",
        }
    }
}

impl Field for Principal {
    const TYPE: Type = Type::Text;
    fn cell(&self) -> Cell<'_> {
        Cell::Text(self.name())
    }
}

/// Every file that a table may be in, with that table.
pub(crate) fn files() -> impl Iterator<Item = (&'static str, &'static Table)> {
    let single = TABLES.into_iter().filter(|table| table.name != View::TABLE.name);
    let views = Principal::ALL.map(|principal| (principal.file(), View::TABLE));
    single.map(|table| (table.name, table)).chain(views)
}
