//! `concord agreement matrix`.

use super::source::Source;
use super::topic::{Asked, When};
use super::words;
use crate::output::Format;
use crate::session::Session;
use anyhow::ensure;
use clap::Args;
use concord_agreements::tools::{self, Cell, Matrix};
use concord_domain::{AgencyId, AgencyPattern};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    when: When,
    /// Only these agencies; *.yn.police.cn is all whose names end so [default: all]
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    only: Vec<AgencyPattern>,
}

pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = arguments.source.documents(session).await?;
    let (topic, at) = (arguments.asked.topic(), arguments.when.or_now());
    let matrix = tools::matrix(&rules, &topic, at);
    let wanted = |agency: &&AgencyId| {
        arguments.only.is_empty() || arguments.only.iter().any(|pattern| pattern.matches(agency))
    };
    let shown: Vec<_> = matrix.members().iter().filter(wanted).collect();
    ensure!(!shown.is_empty(), "--only names no member");
    match session.output.format() {
        Format::Json => {
            shown.iter().try_for_each(|from| session.output.line(&line(&matrix, from, &shown)))?
        }
        Format::Table => {
            let (operation, purpose) = (&topic.operation, topic.purpose);
            let title =
                format!("{operation} for {purpose}, {}, at {}", topic.handling.level, words::time(at));
            session.output.line(&format!("{title}\n\n{}", table(&matrix, &shown)))?;
        }
    }
    Ok(())
}

fn line(matrix: &Matrix, from: &AgencyId, shown: &[&AgencyId]) -> String {
    let cell = |(to, cell): (&AgencyId, Option<&Cell>)| {
        let Cell { agreement, clause } = cell.filter(|_| shown.contains(&to))?;
        Some(json!({ "to": to, "agreement": agreement.id, "version": agreement.version, "clause": clause }))
    };
    let may_ask: Vec<_> = matrix.row(from).filter_map(cell).collect();
    json!({ "from": from, "may_ask": may_ask }).to_string()
}

/// A square of letters, one for each clause, with numbered columns so that 36 fit on a screen.
fn table(matrix: &Matrix, shown: &[&AgencyId]) -> String {
    let width = shown.iter().map(|agency| agency.as_str().len()).max().unwrap_or_default();
    let cells: BTreeSet<_> = pairs(shown).filter_map(|(from, to)| matrix.cell(from, to)).collect();
    let cells: BTreeMap<_, _> = cells.into_iter().zip((0..).map(letters)).collect();
    let step = shown.len().to_string().len().max(letters(cells.len()).len()) + 1;
    let head: String = (1..=shown.len()).map(|number| format!("{number:>step$}")).collect();
    let margin = width + 5;
    let mut lines = vec![format!("{:<margin$}{head}", "who asks \\ whom")];
    for (from, number) in shown.iter().zip(1..) {
        let place = |to: &&AgencyId| {
            let none = if from == to { "\\" } else { "." };
            let letters = matrix.cell(from, to).and_then(|cell| cells.get(cell));
            format!("{:>step$}", letters.map_or(none, String::as_str))
        };
        let row: String = shown.iter().map(place).collect();
        lines.push(format!("{number:>4} {from:<width$}{row}"));
    }
    lines.push(String::new());
    for (Cell { agreement, clause }, letters) in &cells {
        lines.push(format!("{letters:>4} {agreement} clause {clause}"));
    }
    lines.push("   . may not ask".to_owned());
    lines.join("\n")
}

fn pairs<'a>(shown: &'a [&AgencyId]) -> impl Iterator<Item = (&'a AgencyId, &'a AgencyId)> {
    shown.iter().flat_map(move |from| shown.iter().map(move |to| (*from, *to)))
}

/// `a` to `z`, then `aa`, `ab` and so on.
fn letters(place: usize) -> String {
    let letter = |place: usize| char::from(b'a'.saturating_add(u8::try_from(place % 26).unwrap_or_default()));
    let mut name = letter(place).to_string();
    let mut rest = place / 26;
    while rest > 0 {
        rest -= 1;
        name.insert(0, letter(rest));
        rest /= 26;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_behind_z() {
        let named: Vec<_> = [0, 25, 26, 51, 52, 701, 702].into_iter().map(letters).collect();
        assert_eq!(named, ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
    }
}
