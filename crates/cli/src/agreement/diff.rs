//! `concord agreement diff`, and how changes are shown.

use super::source::{Source, documents};
use super::topic::When;
use super::words::{self, LeaveLine};
use crate::output::Format;
use crate::session::Session;
use anyhow::bail;
use clap::Args;
use concord_agreements::tools::{Change, ChangeKind, Hypothetical, Leave, diff};
use concord_domain::{AgencyId, Branch, Timestamp};
use concord_trust::SignedFile;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Before: an agreement's document, signed or not, or a federation's folder
    before: PathBuf,
    /// After: likewise
    after: PathBuf,
    /// For two documents: the federation's folder, with the charter that says who is below whom
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    when: When,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { before, after, dir, when } = arguments;
    let at = when.or_now();
    let changes = match (before.is_dir(), after.is_dir(), dir) {
        (true, true, _) => {
            let (_, before) = documents(session, before)?;
            let (_, after) = documents(session, after)?;
            diff(&before, &after, at)
        }
        (false, false, Some(dir)) => {
            let source = Source { dir: dir.clone() };
            let (directory, _) = documents(session, &source.dir)?;
            let alone = |file: &Path| {
                Ok::<_, anyhow::Error>(Hypothetical::alone(&SignedFile::read(file)?, &directory)?)
            };
            diff(&alone(before)?, &alone(after)?, at)
        }
        (false, false, None) => {
            bail!("two documents are compared with the help of the charter: give --dir DIR")
        }
        (true, false, _) | (false, true, _) => {
            bail!("compare two documents or two folders, not one with the other")
        }
    };
    show(session, &changes, at)
}

/// Every change, then how many there are.
pub(super) fn show(session: &Session, changes: &[Change], at: Timestamp) -> anyhow::Result<()> {
    match session.output.format() {
        Format::Json => {
            changes.iter().try_for_each(|change| session.output.line(&line(change).to_string()))?;
            let summary = json!({ "summary": { "changes": changes.len(), "at": at } });
            session.output.line(&summary.to_string())?;
        }
        Format::Table => {
            changes.iter().try_for_each(|change| session.output.line(&(text(change) + "\n")))?;
            let count = match changes.len() {
                0 => "nothing changes".to_owned(),
                1 => "1 change".to_owned(),
                count => format!("{count} changes"),
            };
            session.output.line(&format!("{count}, as of {}", words::time(at)))?;
        }
    }
    Ok(())
}

fn branches(branches: &[Option<Branch>]) -> Vec<String> {
    branches.iter().map(|branch| branch.map_or_else(|| "all others".to_owned(), |b| b.to_string())).collect()
}

fn line(change: &Change) -> Value {
    let Change { from, to, operations, purposes, branches, kind } = change;
    let leaves = |leaves: &[Leave]| leaves.iter().map(LeaveLine::from).collect::<Vec<_>>();
    let (name, before, after) = match kind {
        ChangeKind::Gained(after) => ("gained", Vec::new(), leaves(after)),
        ChangeKind::Lost(before) => ("lost", leaves(before), Vec::new()),
        ChangeKind::Altered { before, after } => ("altered", leaves(before), leaves(after)),
    };
    json!({
        "change": name, "from": from, "to": to, "operations": operations, "purposes": purposes,
        "branches": self::branches(branches), "before": before, "after": after,
    })
}

fn text(change: &Change) -> String {
    let Change { from, to, operations, purposes, branches, kind } = change;
    let name = match kind {
        ChangeKind::Gained(_) => "gained",
        ChangeKind::Lost(_) => "lost",
        ChangeKind::Altered { .. } => "altered",
    };
    let mut lines = vec![format!("{name}: {} for {}", words::list(operations), words::list(purposes))];
    lines.extend(who(from, to));
    if !branches.is_empty() {
        lines.push(format!("  branches  {}", words::list(self::branches(branches))));
    }
    let leaves = |name: &str, leaves: &[Leave]| {
        leaves.iter().map(|leave| format!("  {name:<10}{}", words::leave(leave))).collect::<Vec<_>>()
    };
    match kind {
        ChangeKind::Gained(after) => lines.extend(leaves("by", after)),
        ChangeKind::Lost(before) => lines.extend(leaves("was by", before)),
        ChangeKind::Altered { before, after } => {
            lines.extend(leaves("before", before));
            lines.extend(leaves("after", after));
        }
    }
    lines.join("\n")
}

fn who(from: &[AgencyId], to: &[AgencyId]) -> Vec<String> {
    if from == to {
        return vec![format!("  among     {}", words::list(from))];
    }
    vec![format!("  from      {}", words::list(from)), format!("  to        {}", words::list(to))]
}
