//! The tools on the small federation. What holds for any agreements is in `laws`.

mod differences;
mod diffs;
mod explanations;
mod laws;
mod pictures;
mod sample;

use super::*;
use crate::document::{Agencies, Agreement, AgreementKind, Grant};
use crate::error::AgreementError;
use crate::local::LocalRules;
use crate::rules::{Documents, Rules};
use crate::testing::{after, agency, directory, grant, northwest, now, rules, signed, signed_by};
use concord_domain::{Handling, Purpose};
use concord_trust::{Directory, SignedFile};
use std::sync::Arc;

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

fn built(files: impl IntoIterator<Item = SignedFile>, directory: Arc<Directory>) -> Rules {
    Rules::build(Documents::agreements(files), directory, LocalRules::default(), |_| None).0
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
    assert_eq!((row.len(), row[0]), (matrix.members().len(), ("customs.cn", None)));
    assert_eq!(matrix.row(&agency("nobody.cn")).count(), 0);
    assert_eq!(matrix.cells().len(), 1);
}

/// A proposal that nobody has signed.
fn unsigned(agreement: &Agreement) -> SignedFile {
    signed_by(agreement, |_| false)
}

#[test]
fn a_supposed_text_needs_no_signature_but_sense() {
    let rules = rules(&[northwest()]);
    let next = after(&northwest());
    let version_at = |text: &Agreement, instant| {
        let hypothetical = Hypothetical::adopt(&rules, &unsigned(text)).unwrap();
        let (from, to) = (agency("yn.police.cn"), agency("gs.police.cn"));
        let explained = explain(&hypothetical, &topic(Purpose::SeriousCrime).facts(&from, &to), instant);
        explained.decision.unwrap().agreement.version
    };
    assert_eq!(version_at(&next, now()), 2);
    let later = Agreement { valid_from: crate::testing::time("2026-07-01T00:00:00Z"), ..next.clone() };
    assert_eq!((version_at(&later, now()), version_at(&later, later.valid_from)), (1, 2), "in its own time");
    let outside = Grant { to: listed(&["police.la"]), ..grant("1") };
    let refused = Hypothetical::adopt(&rules, &unsigned(&Agreement { grants: vec![outside], ..next }));
    assert!(matches!(refused, Err(AgreementError::Invalid { .. })));
    let alone = Hypothetical::alone(&unsigned(&northwest()), &directory(&["gs.police.cn"]));
    assert!(matches!(alone, Err(AgreementError::NoCard { .. })));
}

#[test]
fn a_supposed_text_follows_what_counts_or_begins() {
    let second = after(&northwest());
    let today = rules(&[northwest(), second.clone()]);
    let adopt = |agreement: &Agreement| Hypothetical::adopt(&today, &unsigned(agreement));
    assert!(adopt(&northwest()).is_ok() && adopt(&second).is_ok(), "they count already");
    let other = Agreement { grants: vec![grant("2")], ..second.clone() };
    assert!(matches!(adopt(&other), Err(AgreementError::OtherText { version: 2, .. })));
    assert!(adopt(&after(&second)).is_ok());
    for unconnected in [after(&other), after(&after(&second)), named_second("elsewhere")] {
        let refused = adopt(&unconnected);
        assert!(matches!(refused, Err(AgreementError::NoPredecessor { .. })), "{refused:?}");
    }
    assert!(adopt(&named("elsewhere", &["yn.police.cn", "fda.cn"], vec![grant("1")])).is_ok());
    let directory = directory(&[]);
    assert!(Hypothetical::alone(&unsigned(&second), &directory).is_ok(), "a version of its own");
}

fn named_second(id: &str) -> Agreement {
    after(&named(id, &["yn.police.cn", "fda.cn"], vec![grant("1")]))
}

#[test]
fn a_supposed_text_settles_no_conflict() {
    let (left, right) = (after(&northwest()), Agreement { grants: vec![grant("2")], ..after(&northwest()) });
    let today = built([northwest(), left.clone(), right].iter().map(signed), directory(&[]));
    assert_eq!(today.conflicts().len(), 1);
    let refused = Hypothetical::adopt(&today, &unsigned(&left));
    assert!(matches!(refused, Err(AgreementError::TwoTexts { version: 2, .. })), "{refused:?}");
}
