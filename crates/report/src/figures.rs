//! Each plot of a run as a file of its own, for papers.

use crate::error::FileError;
use crate::html::PageError;
use crate::plot::Palette;
use crate::read::Run;
use crate::sections::Analysis;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes every plot of `run` into `dir` as SVG, named after the plot; returns the files. The text of a
/// figure is set in Helvetica or Arial, or whatever sans serif is there.
pub fn write(run: &Run, dir: &Path) -> Result<Vec<PathBuf>, PageError> {
    fs::create_dir_all(dir).map_err(|e| FileError::new("create", dir, e))?;
    let plots = Analysis::new(run)?.sections.into_iter().flat_map(|section| section.plots);
    plots
        .map(|plot| {
            let file = dir.join(format!("{}.svg", plot.id));
            fs::write(&file, plot.to_svg(Palette::Paper)).map_err(|e| FileError::new("write", &file, e))?;
            Ok(file)
        })
        .collect()
}
