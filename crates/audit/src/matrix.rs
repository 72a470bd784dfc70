//! The matrix with what was done about each of its cells, and what came of it.

use privacy::{Canary, Cell, DataClass, Party, Policy, Principal, Searched};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Every cell of the policy, and the evidence for it.
pub struct Matrix {
    policy: Policy,
    cells: BTreeMap<(DataClass, Principal), Cellular>,
    canaries: BTreeMap<String, Canary>,
    views: BTreeMap<(Party, String), u64>,
    leaks: Vec<Leak>,
    blind: Vec<Blind>,
}

/// A check that could not look, or may not see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Blind {
    /// Which layer.
    pub layer: &'static str,
    /// What it could not do.
    pub what: String,
}

/// What was found where it may not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leak {
    /// Which layer found it: `construction`, `label`, `canary`, `noninterference`, `destruction`.
    pub layer: &'static str,
    /// Who learnt something.
    pub principal: String,
    /// Of which class, if that is known.
    pub class: Option<String>,
    /// What, where and how.
    pub what: String,
}

/// What was done about a cell.
#[derive(Debug, Clone, Default)]
struct Cellular {
    fields: u64,
    values: u64,
    planted: BTreeSet<String>,
    seen: BTreeSet<String>,
    bytes: u64,
    pairs: u64,
    unequal: u64,
    told_apart: u64,
    secrets: BTreeSet<String>,
    bits: Option<Bits>,
    leaks: u64,
}

/// What is measured where nothing can be equal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bits {
    /// Which secret.
    pub secret: String,
    /// Mutual information of the secret and the view, in bits.
    pub bits: f64,
    /// The entropy of the secret: all that could be learnt.
    pub of: f64,
}

/// A cell, as a report has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellReport {
    /// The row.
    pub class: String,
    /// The column.
    pub principal: String,
    /// What the policy says: `yes`, `own`, `aggregated`, `packets` or `no`.
    pub rule: String,
    /// Whether everything was done that a cell of this class and rule needs.
    pub executed: bool,
    /// What is missing, if it was not.
    pub missing: Vec<String>,
    /// Labelled fields, columns, headers and log fields of the class that get to the principal.
    pub fields: u64,
    /// Values of the class that were seen in its views, by their labels.
    pub values: u64,
    /// Canaries of the class that were planted and are not the principal's own (a forbidden cell), or are (an allowed
    /// one).
    pub canaries: u64,
    /// Those of them that were seen.
    pub canaries_seen: u64,
    /// Bytes that were searched for them.
    pub bytes: u64,
    /// Pairs of runs that differ in a secret of the class that the principal may not learn.
    pub pairs: u64,
    /// Those whose views differ.
    pub pairs_unequal: u64,
    /// Pairs that it could tell apart and may: the comparison sees something.
    pub pairs_told_apart: u64,
    /// The secrets in them.
    pub secrets: Vec<String>,
    /// What was measured, if something was.
    pub measured: Option<Bits>,
    /// What was found that may not be.
    pub leaks: u64,
}

impl Matrix {
    /// A matrix for which nothing has been done.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let cells = classes()
            .flat_map(|class| Principal::ALL.map(|principal| ((class, principal), Cellular::default())));
        Self {
            cells: cells.collect(),
            policy,
            canaries: BTreeMap::new(),
            views: BTreeMap::new(),
            leaks: Vec::new(),
            blind: Vec::new(),
        }
    }

    /// The policy that it executes.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Something broke the policy.
    pub fn leak(&mut self, leak: Leak) {
        let class = leak.class.as_deref().and_then(DataClass::parse);
        let principal = Principal::parse(&leak.principal);
        if let (Some(class), Some(principal)) = (class, principal) {
            self.cell(class, principal).leaks += 1;
        }
        self.leaks.push(leak);
    }

    /// A check could not look, or may not see.
    pub fn blind(&mut self, layer: &'static str, what: impl Into<String>) {
        self.blind.push(Blind { layer, what: what.into() });
    }

    /// What could not be checked.
    #[must_use]
    pub fn blind_spots(&self) -> &[Blind] {
        &self.blind
    }

    /// So many labelled fields of a class can get to a principal.
    pub fn fields(&mut self, principal: Principal, class: DataClass, fields: u64) {
        self.cell(class, principal).fields += fields;
    }

    /// A principal saw so many values of a class, by the labels of the fields that they were in.
    pub fn values(&mut self, principal: Principal, class: DataClass, values: u64) {
        self.cell(class, principal).values += values;
        if values > 0
            && matches!(self.policy.cell(principal, class), Cell::No | Cell::Packets | Cell::Aggregated)
        {
            let what = format!("{values} values labelled {class} came before its eyes");
            let (principal, class) = (principal.name().to_owned(), Some(class.name().to_owned()));
            self.leak(Leak { layer: "label", principal, class, what });
        }
    }

    /// Views were searched for canaries.
    pub fn searched(&mut self, canaries: &[Canary], views: &[Searched]) {
        for canary in canaries {
            self.canaries.insert(canary.name().to_string(), canary.clone());
        }
        for view in views {
            *self.views.entry((view.party.clone(), view.view.to_string())).or_default() += view.bytes;
            self.look_at(view, canaries);
        }
    }

    fn look_at(&mut self, view: &Searched, canaries: &[Canary]) {
        let principal = view.party.principal();
        let seen: BTreeSet<&str> = view.findings.iter().map(|finding| &*finding.canary).collect();
        for canary in canaries {
            let permitted = self.policy.permits(&view.party, canary);
            let allowed = self.policy.allows(principal, canary.class());
            if permitted == allowed {
                let name = canary.name().to_string();
                let cell = self.cell(canary.class(), principal);
                cell.planted.insert(name.clone());
                if seen.contains(&*name) {
                    cell.seen.insert(name);
                }
            }
        }
        for class in classes() {
            self.cell(class, principal).bytes += view.bytes;
        }
        let mut told = BTreeSet::new();
        for finding in &view.findings {
            let Some(canary) = self.canaries.get(&*finding.canary) else { continue };
            // The same canary a hundred times in one view is one leak.
            if !self.policy.permits(&view.party, canary) && told.insert(finding.canary.clone()) {
                let class = Some(finding.class.name().to_owned());
                let what = format!("{finding} ({}, {})", view.party, view.view);
                self.leak(Leak { layer: "canary", principal: principal.name().to_owned(), class, what });
            }
        }
    }

    /// Two runs with different secrets were compared in the eyes of a principal.
    pub fn pair(
        &mut self,
        principal: Principal,
        class: DataClass,
        secret: &str,
        may_tell: bool,
        equal: bool,
    ) {
        let cell = self.cell(class, principal);
        if may_tell {
            cell.told_apart += u64::from(!equal);
        } else {
            cell.pairs += 1;
            cell.unequal += u64::from(!equal);
            cell.secrets.insert(secret.to_owned());
        }
    }

    /// So much of a secret was measured in a view.
    pub fn measured(&mut self, principal: Principal, class: DataClass, bits: Bits) {
        self.cell(class, principal).bits = Some(bits);
    }

    /// What leaked, worst layer first.
    #[must_use]
    pub fn leaks(&self) -> &[Leak] {
        &self.leaks
    }

    /// How many bytes were searched.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.views.values().sum()
    }

    /// How many views were searched.
    #[must_use]
    pub fn views(&self) -> usize {
        self.views.len()
    }

    /// How many canaries were planted.
    #[must_use]
    pub fn canaries(&self) -> usize {
        self.canaries.len()
    }

    /// Every cell with its evidence, in the order of the document.
    #[must_use]
    pub fn cells(&self) -> Vec<CellReport> {
        let all = classes().flat_map(|class| Principal::ALL.map(|principal| (class, principal)));
        let report =
            |(class, principal)| Some(self.report(class, principal, self.cells.get(&(class, principal))?));
        all.filter_map(report).collect()
    }

    fn report(&self, class: DataClass, principal: Principal, cell: &Cellular) -> CellReport {
        let rule = self.policy.cell(principal, class);
        let missing = self.missing(class, principal, rule, cell);
        CellReport {
            class: class.name().into(),
            principal: principal.name().into(),
            rule: rule.to_string(),
            executed: missing.is_empty(),
            missing,
            fields: cell.fields,
            values: cell.values,
            canaries: cell.planted.len() as u64,
            canaries_seen: cell.seen.len() as u64,
            bytes: cell.bytes,
            pairs: cell.pairs,
            pairs_unequal: cell.unequal,
            pairs_told_apart: cell.told_apart,
            secrets: cell.secrets.iter().cloned().collect(),
            measured: cell.bits.clone(),
            leaks: cell.leaks,
        }
    }

    /// What a cell of this class and rule still needs: a check that did not look is not one that found nothing.
    fn missing(&self, class: DataClass, principal: Principal, rule: Cell, cell: &Cellular) -> Vec<String> {
        let mut missing = Vec::new();
        let needs = Needs::of(class);
        if cell.bytes == 0 {
            missing.push(format!("no view of {principal} was searched"));
        }
        match rule {
            Cell::Yes | Cell::Own => {
                // Whoever may see something must have: or else the search is blind.
                let exists = self.exists(class);
                let sees = cell.values > 0 || !cell.seen.is_empty() || cell.told_apart > 0;
                if exists && cell.fields > 0 && !sees {
                    missing.push(format!("{principal} may see {class} and nothing of it was seen there"));
                }
            }
            Cell::No | Cell::Packets | Cell::Aggregated => {
                if needs.canary && cell.planted.is_empty() {
                    missing.push(format!("no canary of {class} was planted"));
                }
                if needs.canary && !self.seen_anywhere(class) {
                    missing.push(format!("canaries of {class} were seen nowhere: the search may be blind"));
                }
                // What sizes and times of packets show differs whenever they do.
                if needs.pairs && rule != Cell::Packets && cell.pairs == 0 {
                    missing.push(format!("no two runs with different {class} were compared"));
                }
            }
        }
        missing
    }

    /// Whether the system has anything of the class yet.
    fn exists(&self, class: DataClass) -> bool {
        self.cells.iter().any(|((other, _), cell)| *other == class && cell.fields > 0)
    }

    fn seen_anywhere(&self, class: DataClass) -> bool {
        self.cells.iter().any(|((other, _), cell)| *other == class && !cell.seen.is_empty())
    }

    fn cell(&mut self, class: DataClass, principal: Principal) -> &mut Cellular {
        self.cells.entry((class, principal)).or_default()
    }
}

/// What a forbidden cell needs beside labels.
struct Needs {
    /// A value that can be recognised.
    canary: bool,
    /// Two runs with different values.
    pairs: bool,
}

impl Needs {
    fn of(class: DataClass) -> Self {
        let (canary, pairs) = match class {
            DataClass::Content
            | DataClass::Secret
            | DataClass::ConsumerAddress
            | DataClass::BusinessAddress => (true, true),
            DataClass::PublicKey | DataClass::Routing => (true, false),
            DataClass::ContentSize | DataClass::Timing | DataClass::PaddedSize | DataClass::BillingClass => {
                (false, true)
            }
            // Counts, ratings, reports and aggregates are small numbers: nothing to recognise. Metering is compared with
            // the traffic that it counts (class `routing`); ratings and reports do not exist yet.
            _ => (false, false),
        };
        Self { canary, pairs }
    }
}

/// The rows of the document: a container is none.
fn classes() -> impl Iterator<Item = DataClass> {
    DataClass::ALL.into_iter().filter(|class| *class != DataClass::Structure)
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.layer, self.principal)?;
        if let Some(class) = &self.class {
            write!(f, " learns {class}")?;
        }
        write!(f, ": {}", self.what)
    }
}
