//! `concord register import`.

use crate::session::Session;
use anyhow::{Context, bail};
use concord_client::formats::{Format, Reader, Row};
use concord_client::{ImportReport, RejectedRow};
use concord_domain::wanted::Notice;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// Rejected rows that are remembered; the node has the same limit. A file with more is of another format.
const REJECTED_MAX: usize = 10_000;

/// Imports a file and reports what became of each row that was not taken.
pub(super) async fn run(
    session: &Session,
    format: Format,
    source: Option<String>,
    may_empty: bool,
    file: &Path,
) -> anyhow::Result<ExitCode> {
    let source = match source {
        Some(source) => source,
        None => source_of(file)?,
    };
    let client = session.client()?;
    let rows = Rows::open(format, file)?;
    let (left_out, bar) = (Arc::clone(&rows.left_out), rows.bar.clone());
    let counted = bar.clone();
    let sent = move |rows| counted.set_message(format!("{rows} notices"));
    let rows = futures_util::stream::iter(rows);
    let report = match may_empty {
        true => client.import_even_nothing(&source, rows, sent).await,
        false => client.import(&source, rows, sent).await,
    };
    bar.finish_and_clear();
    let left_out = std::mem::take(&mut *left_out.lock().unwrap_or_else(PoisonError::into_inner));
    print(session, &source, report.with_context(|| file.display().to_string())?, left_out)?;
    Ok(ExitCode::SUCCESS)
}

/// The file's name without its ending. One that a source cannot have is not bent into shape: two files could end
/// up as one source, and the second would replace the first.
fn source_of(file: &Path) -> anyhow::Result<String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if stem.is_empty() || !stem.bytes().all(plain) {
        bail!("{}: name the source with --source (a-z, 0-9, -, _ and .)", file.display());
    }
    Ok(stem)
}

/// Rows that were not sent.
#[derive(Debug, Default)]
struct LeftOut {
    skipped: BTreeMap<String, u64>,
    rejected: Vec<RejectedRow>,
}

/// The rows of a file as they are sent; keeps those that are not.
#[derive(Debug)]
struct Rows {
    reader: Reader,
    left_out: Arc<Mutex<LeftOut>>,
    bar: ProgressBar,
}

impl Rows {
    fn open(format: Format, file: &Path) -> anyhow::Result<Self> {
        let reader = Reader::open(format, file)?;
        // It draws only on a terminal.
        let bar = ProgressBar::new(reader.bytes_total());
        bar.set_style(ProgressStyle::with_template("{bar:40} {percent}% {msg} {elapsed}")?);
        Ok(Self { reader, left_out: Arc::default(), bar })
    }

    fn leave_out(&self, row: Row) -> io::Result<Option<(u64, Notice)>> {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        match row {
            Row::Taken { line, notice } => return Ok(Some((line, *notice))),
            Row::Skipped { line: _, reason } => {
                *left_out.skipped.entry(reason.to_string()).or_default() += 1;
            }
            Row::Rejected { line, reason } if left_out.rejected.len() < REJECTED_MAX => {
                left_out.rejected.push(RejectedRow { line, reason: reason.to_string() });
            }
            Row::Rejected { line, reason } => {
                let message =
                    format!("line {line}: {reason}; more rejected rows than the limit of {REJECTED_MAX}");
                return Err(io::Error::other(message));
            }
        }
        Ok(None)
    }
}

impl Iterator for Rows {
    type Item = io::Result<(u64, Notice)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = self.reader.next()?;
            self.bar.set_position(self.reader.bytes_read());
            match row.and_then(|row| self.leave_out(row)) {
                Ok(Some(row)) => return Some(Ok(row)),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[derive(Debug, Serialize)]
struct RejectedLine<'a> {
    line: u64,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct Summary<'a> {
    source: &'a str,
    taken: u64,
    replaced: u64,
    /// Rows by reason.
    skipped: &'a BTreeMap<String, u64>,
    rejected: usize,
}

#[derive(Debug, Serialize)]
struct SummaryLine<'a> {
    summary: Summary<'a>,
}

fn print(session: &Session, source: &str, report: ImportReport, left_out: LeftOut) -> anyhow::Result<()> {
    let LeftOut { skipped, mut rejected } = left_out;
    let ImportReport { taken, replaced, rejected: by_node } = report;
    rejected.extend(by_node);
    rejected.sort_by_key(|row| row.line);
    for RejectedRow { line, reason } in &rejected {
        session.output.result(&RejectedLine { line: *line, reason }, || format!("line {line}: {reason}"))?;
    }
    let summary = Summary { source, taken, replaced, skipped: &skipped, rejected: rejected.len() };
    let shown = words(&summary);
    Ok(session.output.result(&SummaryLine { summary }, || shown)?)
}

fn words(summary: &Summary<'_>) -> String {
    let Summary { source, taken, replaced, skipped, rejected } = summary;
    let mut words = format!("{source}: {taken} taken, {replaced} replaced, {rejected} rejected");
    for (reason, rows) in *skipped {
        words += &format!(", {rows} skipped ({reason})");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_after_its_file() {
        assert_eq!(source_of(Path::new("/x/SDN.csv")).unwrap(), "sdn");
        assert!(source_of(Path::new("在逃.jsonl")).unwrap_err().to_string().contains("--source"));
    }

    #[test]
    fn what_is_left_out_is_counted_and_named_by_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            "{\"number\":\"T-1\",\"names\":[{\"text\":\"某甲\",\"kind\":\"primary\"}]}\n{}\n",
        )
        .unwrap();
        let rows = Rows::open(Format::Jsonl, file.path()).unwrap();
        let left_out = Arc::clone(&rows.left_out);
        let taken: Vec<_> = rows.map(|row| row.unwrap().0).collect();
        let left_out = left_out.lock().unwrap();
        assert_eq!((taken, left_out.rejected[0].line), (vec![1], 2));
        assert!(left_out.rejected[0].reason.contains("number is missing"), "{}", left_out.rejected[0].reason);
    }

    #[test]
    fn the_summary_counts_by_reason() {
        let skipped = [("not an individual".to_owned(), 3)].into();
        let summary = Summary { source: "sdn", taken: 2, replaced: 0, skipped: &skipped, rejected: 1 };
        assert_eq!(words(&summary), "sdn: 2 taken, 0 replaced, 1 rejected, 3 skipped (not an individual)");
    }
}
