//! One page that shows a run, or several beside each other: a file that needs nothing else.

use crate::error::{FileError, ReadError};
use crate::findings::Finding;
use crate::plot::{Palette, Plot, Unit, escape, number, with_unit};
use crate::read::Run;
use crate::sections::{Analysis, Entry, Grid, Headline, Section, float, latency, names};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Tables of more rows can be filtered.
const FILTERED: usize = 8;

/// A page could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// There is no run to show.
    #[error("no run to show; name one or more directories of runs")]
    NoRun,
    /// A run could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The page of `runs`.
///
/// # Errors
/// There is none, or one can't be read.
pub fn page(runs: &[Run]) -> Result<String, PageError> {
    let analyses = runs.iter().map(Analysis::new).collect::<Result<Vec<_>, _>>()?;
    let [first, ..] = runs else { return Err(PageError::NoRun) };
    let title = match runs {
        [only] => format!("{}, seed {}", only.manifest().facts.scenario, only.manifest().facts.seed),
        _ => format!("{} runs", runs.len()),
    };
    let mut body = String::new();
    if runs.len() > 1 {
        body += &comparison(runs, &analyses);
    }
    for (index, (run, analysis)) in runs.iter().zip(&analyses).enumerate() {
        body += &article(index, run, analysis, runs.len() > 1)?;
    }
    let links: String = analyses
        .iter()
        .take(1)
        .flat_map(|analysis| &analysis.sections)
        .fold(String::new(), |all, section| {
            all + &format!("<a href=\"#r0-{}\">{}</a>", section.id, section.title)
        });
    let links = links
        + "<a href=\"#r0-findings\">Findings</a><a href=\"#r0-scenario\">Scenario</a>\
           <a href=\"#r0-manifest\">How to repeat it</a>";
    let version = &*first.manifest().facts.version;
    Ok(Document { title: &title, version, links: &links, body: &body, ..Document::default() }.to_html())
}

/// A page of one's own: sections below a headline.
#[derive(Debug, Clone)]
pub struct Page {
    /// The headline.
    pub title: String,
    /// What it is, in a sentence.
    pub lede: String,
    /// What readers must know before they believe it.
    pub warning: Option<String>,
    /// The version of the program.
    pub version: String,
    /// The sections.
    pub sections: Vec<Section>,
}

impl Page {
    /// The page as HTML.
    #[must_use]
    pub fn to_html(&self) -> String {
        let links = self.sections.iter().fold(String::new(), |all, section| {
            all + &format!("<a href=\"#r0-{}\">{}</a>", section.id, escape(section.title))
        });
        let warning = self.warning.iter().fold(String::new(), |all, warning| {
            all + &format!("<p class=\"warning\" role=\"alert\">{}</p>\n", escape(warning))
        });
        let sections: String = self.sections.iter().map(|part| section(0, part, false)).collect();
        let body = format!(
            "<article>\n<h1>{}</h1>\n<p class=\"lede\">{}</p>\n{warning}{sections}</article>\n",
            escape(&self.title),
            escape(&self.lede),
        );
        let page = Document {
            title: &self.title,
            version: &self.version,
            links: &links,
            body: &body,
            ..Document::default()
        };
        page.to_html()
    }
}

/// A page around a body that others have drawn: header, colours, light and dark, print.
///
/// Its parts are HTML, and what comes from a run must be escaped in them.
#[derive(Debug, Clone, Default)]
pub struct Document<'a> {
    /// What the window is called: text, not HTML.
    pub title: &'a str,
    /// The version of the program: text, too.
    pub version: &'a str,
    /// Links to its sections.
    pub links: &'a str,
    /// What stands between header and footer.
    pub body: &'a str,
    /// Styles after those of every page.
    pub style: &'a str,
    /// A script after that of every page.
    pub script: &'a str,
}

impl Document<'_> {
    /// The page, which needs nothing from anywhere.
    #[must_use]
    pub fn to_html(&self) -> String {
        let Self { links, body, style, script, .. } = self;
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'unsafe-inline'; img-src data:\">\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <title>{title} · Blindpost</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n\
             <header><p class=\"brand\">Blindpost</p><nav aria-label=\"Sections\">{links}</nav>\
             <button id=\"theme\" type=\"button\" aria-label=\"Switch between light and dark\">Light / dark</button></header>\n\
             <main>\n{body}</main>\n<footer>Blindpost {}</footer>\n<div id=\"tip\" role=\"status\" hidden></div>\n\
             <script>\n{SCRIPT}{script}</script>\n</body>\n</html>\n",
            escape(self.version),
            title = escape(self.title),
        )
    }
}

fn article(index: usize, run: &Run, analysis: &Analysis, several: bool) -> Result<String, PageError> {
    let manifest = run.manifest();
    let facts = &manifest.facts;
    let mut out = format!(
        "<article>\n<h1>{}</h1>\n<p class=\"lede\">Seed {} · {} cryptography · {} of virtual time · version {}</p>\n",
        escape(&facts.scenario),
        facts.seed,
        escape(&facts.crypto),
        with_unit(float(manifest.totals.ended_us.saturating_sub(facts.started_us)), Unit::Microseconds),
        escape(&facts.version),
    );
    if !manifest.complete {
        let _ = writeln!(
            out,
            "<p class=\"warning\" role=\"alert\">This run is incomplete: {}. What follows is of what it got to.</p>",
            escape(&manifest.stopped_because)
        );
    }
    out += &headlines(&analysis.headlines);
    for part in &analysis.sections {
        out += &section(index, part, several);
    }
    out += &findings(index, run)?;
    out += &scenario(index, run)?;
    out += &how(index, run);
    out += "</article>\n";
    Ok(out)
}

fn headlines(headlines: &[Headline]) -> String {
    let items = headlines.iter().fold(String::new(), |all, headline| {
        all + &format!(
            "<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n",
            headline.name,
            escape(&headline.value),
            escape(&headline.note)
        )
    });
    format!("<dl class=\"headlines\">\n{items}</dl>\n")
}

fn section(index: usize, section: &Section, several: bool) -> String {
    let figures: String = section.plots.iter().map(|plot| figure(&named(index, plot, several))).collect();
    let grids: String = section.grids.iter().map(table).collect();
    let alone = if section.plots.len() == 1 { " alone" } else { "" };
    let figures = if figures.is_empty() {
        figures
    } else {
        format!("<div class=\"figures{alone}\">\n{figures}</div>\n")
    };
    format!(
        "<section id=\"r{index}-{}\">\n<h2>{}</h2>\n<p>{}</p>\n{figures}{grids}</section>\n",
        section.id,
        section.title,
        escape(&section.text)
    )
}

/// Ids are unique on a page, and a run alone keeps the plain ones.
fn named(index: usize, plot: &Plot, several: bool) -> Plot {
    let id = if several { format!("r{index}-{}", plot.id) } else { plot.id.clone() };
    Plot { id, ..plot.clone() }
}

fn figure(plot: &Plot) -> String {
    format!(
        "<figure><figcaption>{}</figcaption>\n{}</figure>\n",
        escape(&plot.title),
        plot.to_svg(Palette::Page)
    )
}

/// A table as it stands on a page, which readers sort and filter.
#[must_use]
pub fn table(grid: &Grid) -> String {
    let head = grid.columns.iter().zip(numeric(grid)).fold(String::new(), |all, (name, numeric)| {
        let class = if numeric { " class=\"n\"" } else { "" };
        all + &format!(
            "<th scope=\"col\"{class} aria-sort=\"none\"><button type=\"button\">{}</button></th>",
            escape(name)
        )
    });
    let rows = grid.rows.iter().fold(String::new(), |all, row| {
        let cells = row.iter().fold(String::new(), |all, entry| all + &cell(entry));
        all + "<tr>" + &cells + "</tr>\n"
    });
    let filter = if grid.rows.len() > FILTERED {
        format!(
            "<input type=\"search\" placeholder=\"Filter\" aria-label=\"Filter {}\">",
            escape(grid.caption)
        )
    } else {
        String::new()
    };
    format!(
        "<div class=\"grid\"><div class=\"scroll\"><table>\n<caption>{}{filter}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div></div>\n",
        escape(grid.caption)
    )
}

fn numeric(grid: &Grid) -> impl Iterator<Item = bool> {
    (0..grid.columns.len()).map(|column| {
        grid.rows.first().and_then(|row| row.get(column)).is_some_and(|entry| entry.value.is_some())
    })
}

fn cell(entry: &Entry) -> String {
    match entry.value {
        Some(value) => format!("<td class=\"n\" data-value=\"{value}\">{}</td>", escape(&entry.text)),
        None => format!("<td>{}</td>", escape(&entry.text)),
    }
}

fn comparison(runs: &[Run], analyses: &[Analysis]) -> String {
    let names: Vec<String> = runs
        .iter()
        .map(|run| {
            let facts = &run.manifest().facts;
            let directory = run.dir().file_name().map(|name| name.to_string_lossy().into_owned());
            format!("{} ({}, seed {})", directory.unwrap_or_default(), facts.scenario, facts.seed)
        })
        .collect();
    let mut columns = vec!["run"];
    for headline in analyses.iter().flat_map(|analysis| &analysis.headlines) {
        if !columns.contains(&headline.name) {
            columns.push(headline.name);
        }
    }
    let rows = names.iter().zip(analyses).map(|(name, analysis)| {
        let of = |column: &&str| {
            let found = analysis.headlines.iter().find(|headline| headline.name == *column);
            Entry::text(found.map_or("–", |headline| &headline.value))
        };
        std::iter::once(Entry::text(name)).chain(columns.iter().skip(1).map(of)).collect()
    });
    let rows = rows.collect();
    let runs: Vec<(String, &crate::sections::Messages)> =
        names.iter().cloned().zip(analyses.iter().map(|analysis| &analysis.messages)).collect();
    let plot = latency::compare(&runs);
    let figures = if plot.series.is_empty() {
        "<p>No run delivered a message.</p>".into()
    } else {
        format!("<div class=\"figures alone\">{}</div>\n", figure(&plot))
    };
    let headlines = table(&Grid {
        caption: "Headlines, by run",
        columns: columns.iter().map(ToString::to_string).collect(),
        rows,
    });
    format!("<section><h1>{} runs</h1>\n{headlines}{figures}</section>\n", names.len())
}

fn findings(index: usize, run: &Run) -> Result<String, PageError> {
    let findings = run.findings()?;
    let start = run.manifest().facts.started_us;
    let found = |caption, findings: &[Finding]| {
        let rows = findings.iter().map(|finding| {
            let numbers: Vec<String> =
                finding.numbers.iter().map(|(name, value)| format!("{name} {}", number(*value))).collect();
            vec![
                Entry::text(&*finding.name),
                Entry::number(float(finding.at_us.saturating_sub(start)), Unit::Microseconds),
                Entry::text(&*finding.what),
                Entry::text(numbers.join(", ")),
            ]
        });
        table(&Grid { caption, columns: names(["name", "at", "what", "numbers"]), rows: rows.collect() })
    };
    let mut out = String::new();
    match &findings.adversaries[..] {
        [] => out += "<p>No adversary reported a result.</p>\n",
        all => out += &found("Adversaries", all),
    }
    match &findings.faults[..] {
        [] => out += "<p>No fault struck.</p>\n",
        all => out += &found("Faults", all),
    }
    Ok(format!("<section id=\"r{index}-findings\">\n<h2>Findings</h2>\n{out}</section>\n"))
}

fn scenario(index: usize, run: &Run) -> Result<String, PageError> {
    let text = run.scenario()?.map_or_else(
        || "<p>The run kept no scenario.</p>\n".into(),
        |text| format!("<pre><code>{}</code></pre>\n", escape(&text)),
    );
    Ok(format!("<section id=\"r{index}-scenario\">\n<h2>Scenario</h2>\n{text}</section>\n"))
}

fn how(index: usize, run: &Run) -> String {
    let manifest = run.manifest();
    let (facts, totals) = (&manifest.facts, &manifest.totals);
    let list = [
        ("version", facts.version.clone()),
        ("scenario digest", facts.scenario_digest.clone()),
        ("seed", facts.seed.to_string()),
        ("threads", facts.threads.to_string()),
        ("cryptography", facts.crypto.clone()),
        ("trace hash", totals.trace_hash.clone()),
        ("events", number(float(totals.events))),
        ("wall time", with_unit(totals.wall_s, Unit::Seconds)),
        ("complete", if manifest.complete { "yes" } else { "no" }.into()),
        ("stopped because", manifest.stopped_because.clone()),
    ];
    let list = list.into_iter().fold(String::new(), |all, (name, value)| {
        all + &format!("<dt>{name}</dt><dd>{}</dd>\n", escape(&value))
    });
    let rows = manifest.files.iter().map(|file| {
        vec![
            Entry::text(&*file.path),
            Entry {
                text: file.rows.map_or("–".into(), |rows| number(float(rows))),
                value: Some(file.rows.map_or(0.0, float)),
            },
            Entry::number(float(file.bytes), Unit::Bytes),
            Entry::text(&*file.sha256),
        ]
    });
    let files = table(&Grid {
        caption: "Files",
        columns: names(["file", "rows", "size", "SHA-256"]),
        rows: rows.collect(),
    });
    format!(
        "<section id=\"r{index}-manifest\">\n<h2>How to repeat it</h2>\n<pre><code>{}</code></pre>\n\
         <dl class=\"facts\">\n{list}</dl>\n{files}</section>\n",
        escape(&facts.command)
    )
}
