//! Outcomes as people read them: a row for each agency, printed as it arrives.

use super::line::{CandidateLine, FindingLine};
use comfy_table::{ColumnConstraint, ContentArrangement, Width, presets};

/// Columns wide enough for the usual content, so that rows printed one by one stand below each other; longer content
/// wraps within its column.
const WIDTHS: [u16; 5] = [18, 13, 31, 8, 64];

/// Rows of one search.
#[derive(Debug)]
pub(super) struct Table;

impl Table {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) fn head(&self) -> String {
        row(["AGENCY", "OUTCOME", "AGREEMENT", "MS", "WHAT"].map(str::to_owned))
    }

    pub(super) fn row(&self, line: &FindingLine) -> String {
        row([
            line.agency.clone(),
            line.outcome.to_owned(),
            line.agreement.clone().unwrap_or_default(),
            line.elapsed_ms.to_string(),
            what(line),
        ])
    }
}

fn row(cells: [String; 5]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_row(cells);
    table.set_constraints(WIDTHS.map(|width| ColumnConstraint::Absolute(Width::Fixed(width))));
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The candidates, or why there are none.
fn what(line: &FindingLine) -> String {
    if !line.candidates.is_empty() {
        return line.candidates.iter().map(candidate).collect::<Vec<_>>().join("\n");
    }
    match (line.reason, &line.explanation) {
        (Some(reason), Some(explanation)) if !explanation.contains(reason) => {
            format!("{reason}: {explanation}")
        }
        (Some(_), Some(explanation)) => explanation.clone(),
        (Some(reason), None) => reason.to_owned(),
        (None, explanation) => {
            let watch = line.watch.as_ref().map(|watch| format!("concord watch {watch}"));
            [explanation.clone(), watch].into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
    }
}

fn candidate(line: &CandidateLine) -> String {
    let CandidateLine { notice, name, score, id } = line;
    let rest = [name, id].into_iter().flatten().fold(String::new(), |rest, part| rest + "  " + part);
    format!("{score:.3}  {notice}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_below_each_other_and_name_the_reason() {
        let line = FindingLine {
            agency: "xj.police.cn".into(),
            outcome: "refused",
            reason: Some("NO_AGREEMENT"),
            explanation: Some("no agreement between the two agencies covers this".into()),
            agreement: None,
            route: vec![],
            candidates: vec![],
            receipt: None,
            record: None,
            elapsed_ms: 3,
            watch: None,
        };
        let (head, row) = (Table.head(), Table.row(&line));
        assert_eq!(head.find("OUTCOME"), row.find("refused"), "{head}\n{row}");
        assert!(row.contains("NO_AGREEMENT: no agreement"), "{row}");
    }

    #[test]
    fn a_candidate_is_one_line() {
        let line = CandidateLine { notice: "T-1".into(), name: Some("某甲".into()), score: 0.98, id: None };
        assert_eq!(candidate(&line), "0.980  T-1  某甲");
    }
}
