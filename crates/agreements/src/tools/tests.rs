//! The tools on the small federation. What holds for any agreements is in `laws`.

mod diffs;
mod explanations;
mod laws;
mod pictures;
mod sample;

use super::*;
use crate::document::{Agencies, Agreement, AgreementKind, Grant};
use crate::error::AgreementError;
use crate::testing::{agency, directory, grant, northwest, now, rules, signed_by};
use concord_domain::{Handling, Purpose};

fn topic(purpose: Purpose) -> Topic {
    let operation = "wanted.search".parse().unwrap();
    Topic { operation, purpose, handling: Handling::default(), branch: None }
}

fn named(id: &str, parties: &[&str], grants: Vec<Grant>) -> Agreement {
    let parties = parties.iter().map(|name| agency(name)).collect();
    Agreement { id: id.parse().unwrap(), parties, grants, ..northwest() }
}

fn listed(patterns: &[&str]) -> Agencies {
    Agencies::Listed(patterns.iter().map(|p| p.parse().unwrap()).collect())
}

#[test]
fn a_matrix_names_the_clause_of_each_cell() {
    let rules = rules(&[northwest()]);
    let matrix = matrix(&rules, &topic(Purpose::SeriousCrime), now());
    let cell = |from, to| matrix.cell(&agency(from), &agency(to)).map(|cell| cell.clause.as_str());
    assert_eq!(cell("yn.police.cn", "gs.police.cn"), Some("1"));
    assert_eq!(cell("gs.police.cn", "gd.km.yn.police.cn"), Some("1"), "it reaches below");
    assert_eq!(cell("yn.police.cn", "yn.police.cn"), None);
    assert_eq!(cell("yn.police.cn", "police.la"), None);
    assert_eq!(cell("yn.police.cn", "nobody.cn"), None);
    let row: Vec<_> = matrix.row(&agency("fda.cn")).map(|(to, cell)| (to.as_str(), cell)).collect();
    assert_eq!((row.len(), row[0]), (matrix.members().len(), ("fda.cn", None)));
    assert_eq!(matrix.row(&agency("nobody.cn")).count(), 0);
    assert_eq!(matrix.cells().len(), 1);
}

#[test]
fn a_supposed_text_needs_no_signature_but_sense() {
    let rules = rules(&[northwest()]);
    let unsigned = |agreement: &Agreement| signed_by(agreement, |_| false);
    let hypothetical = Hypothetical::adopt(&rules, &unsigned(&Agreement { version: 2, ..northwest() }));
    let explained = explain(
        &hypothetical.unwrap(),
        &topic(Purpose::SeriousCrime).facts(&agency("yn.police.cn"), &agency("gs.police.cn")),
        now(),
    );
    assert_eq!(explained.decision.unwrap().agreement.version, 2);
    let outside = Grant { to: listed(&["police.la"]), ..grant("1") };
    let refused = Hypothetical::adopt(
        &rules,
        &unsigned(&Agreement { version: 2, grants: vec![outside], ..northwest() }),
    );
    assert!(matches!(refused, Err(AgreementError::Invalid { .. })));
    let alone = Hypothetical::alone(&unsigned(&northwest()), &directory(&["gs.police.cn"]));
    assert!(matches!(alone, Err(AgreementError::NoCard { .. })));
}

#[test]
fn a_supposed_text_takes_no_higher_versions_place() {
    let rules = rules(&[Agreement { version: 2, ..northwest() }]);
    let adopt = |agreement: &Agreement| Hypothetical::adopt(&rules, &signed_by(agreement, |_| false));
    assert!(matches!(adopt(&northwest()), Err(AgreementError::BelowFloor { version: 1, floor: 2, .. })));
    let other = Agreement { version: 2, grants: vec![grant("2")], ..northwest() };
    assert!(matches!(adopt(&other), Err(AgreementError::OtherText { version: 2, .. })));
    assert!(adopt(&Agreement { version: 2, ..northwest() }).is_ok(), "the same text");
}
