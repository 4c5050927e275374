//! `concord agreement diff`, and how changes are shown.

use super::source::{of_folder, of_node};
use super::topic::WhenBegun;
use super::words::{self, LeaveLine};
use crate::output::{Format, printable};
use crate::session::Session;
use anyhow::bail;
use clap::Args;
use concord_agreements::Agreement;
use concord_agreements::tools::{Change, ChangeKind, Comparison, Difference, Hypothetical, Leave, compare};
use concord_domain::{AgencyId, Branch};
use concord_trust::SignedFile;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Before: an agreement's document, signed or not, or a federation's folder
    before: PathBuf,
    /// After: likewise
    after: PathBuf,
    /// For two documents: the federation's folder, with the charter that says who is below whom [default: that of the node
    /// that --connect or --cluster names]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    when: WhenBegun,
}

pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { before, after, dir, when } = arguments;
    let comparison = match (before.is_dir(), after.is_dir(), dir) {
        (true, true, _) => {
            let (_, before) = of_folder(session, before, None)?;
            let (_, after) = of_folder(session, after, None)?;
            compare(&before, &after, when.or_begun([]))
        }
        (false, false, _) => {
            let (directory, _) = match dir {
                Some(dir) => of_folder(session, dir, None)?,
                None if session.names_node() => of_node(session, None).await?,
                None => bail!(
                    "two documents are compared with the help of the charter: give --dir DIR, or a node"
                ),
            };
            let [before, after] = [SignedFile::read(before)?, SignedFile::read(after)?];
            let begins = [Agreement::parse(&before)?.valid_from, Agreement::parse(&after)?.valid_from];
            let alone = |file| Hypothetical::alone(file, &directory);
            compare(&alone(&before)?, &alone(&after)?, when.or_begun(begins))
        }
        (true, false, _) | (false, true, _) => {
            bail!("compare two documents or two folders, not one with the other")
        }
    };
    show(session, &comparison)
}

/// Every change, every other difference, then how many there are.
pub(super) fn show(session: &Session, comparison: &Comparison) -> anyhow::Result<()> {
    let Comparison { at, changes, differences } = comparison;
    match session.output.format() {
        Format::Json => {
            changes.iter().try_for_each(|change| session.output.line(&line(change).to_string()))?;
            differences.iter().try_for_each(|d| session.output.line(&difference_line(d).to_string()))?;
            let (changes, differences) = (changes.len(), differences.len());
            let summary = json!({ "summary": { "changes": changes, "differences": differences, "at": at } });
            session.output.line(&summary.to_string())?;
        }
        Format::Table => {
            changes.iter().try_for_each(|change| session.output.line(&(text(change) + "\n")))?;
            differences.iter().try_for_each(|d| session.output.line(&(difference_text(d) + "\n")))?;
            let counts = counted(changes.len(), differences.len());
            session.output.line(&format!("{counts}, compared as of {}", words::time(*at)))?;
        }
    }
    Ok(())
}

/// Changes are those of direct requests alone: that there are none does not mean that nobody gains anything.
fn counted(changes: usize, differences: usize) -> String {
    let changes = match changes {
        0 => "no direct request changes".to_owned(),
        1 => "1 change of direct requests".to_owned(),
        count => format!("{count} changes of direct requests"),
    };
    match differences {
        0 => format!("{changes}, nothing else differs"),
        1 => format!("{changes}, 1 field differs"),
        count => format!("{changes}, {count} fields differ"),
    }
}

fn difference_line(difference: &Difference) -> Value {
    let Difference { agreement, clause, field, before, after } = difference;
    json!({ "differs": field, "agreement": agreement, "clause": clause, "before": before, "after": after })
}

fn difference_text(difference: &Difference) -> String {
    let Difference { agreement, clause, field, before, after } = difference;
    let place = clause.as_ref().map_or_else(|| agreement.to_string(), |c| format!("{agreement} clause {c}"));
    let said = |value: &Option<_>| {
        value
            .as_ref()
            .map_or_else(|| "not there".to_owned(), |value: &toml::Value| printable(&value.to_string()))
    };
    format!("differs: {field} of {place}\n  before    {}\n  after     {}", said(before), said(after))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_said_that_nothing_changes_where_a_field_differs() {
        assert_eq!(counted(0, 0), "no direct request changes, nothing else differs");
        assert_eq!(counted(0, 1), "no direct request changes, 1 field differs");
        assert_eq!(counted(2, 3), "2 changes of direct requests, 3 fields differ");
    }

    #[test]
    fn a_difference_is_shown_with_before_and_after() {
        let carriers = Difference {
            agreement: "pact".parse().unwrap(),
            clause: None,
            field: "carriers",
            before: None,
            after: Some(vec!["police.cn"].into()),
        };
        let shown = "differs: carriers of pact\n  before    not there\n  after     [\"police.cn\"]";
        assert_eq!(difference_text(&carriers), shown);
        let after = json!(["police.cn"]);
        let line = json!({ "differs": "carriers", "agreement": "pact", "clause": null, "before": null, "after": after });
        assert_eq!(difference_line(&carriers), line);
        let brokers = Difference { clause: Some("2".parse().unwrap()), field: "brokered_to", ..carriers };
        assert!(difference_text(&brokers).starts_with("differs: brokered_to of pact clause 2\n"));
    }
}
