//! What a text can widen without any direct request changing.

use super::*;
use crate::document::{Confirmation, Terms};
use crate::testing::time;
use concord_domain::{OffenceNature, Vetting};

/// Clause, field, before and after, in a line.
fn shown(difference: &Difference) -> String {
    let Difference { agreement: _, clause, field, before, after } = difference;
    let place = clause.as_ref().map(|clause| format!("{clause} ")).unwrap_or_default();
    let said = |value: &Option<toml::Value>| value.as_ref().map_or("none".to_owned(), ToString::to_string);
    format!("{place}{field}: {} -> {}", said(before), said(after))
}

fn between(before: &[Agreement], after: &[Agreement]) -> (usize, Vec<String>) {
    let Comparison { changes, differences, .. } = compare(&rules(before), &rules(after), now());
    (changes.len(), differences.iter().map(shown).collect())
}

/// Nothing that is asked directly changes from one to the other; what else differs.
fn besides(before: &Agreement, after: &Agreement) -> Vec<String> {
    let (changes, differences) = between(std::slice::from_ref(before), std::slice::from_ref(after));
    assert_eq!(changes, 0);
    differences
}

fn with(terms: Terms) -> Agreement {
    Agreement { terms, ..northwest() }
}

#[test]
fn what_holds_for_the_whole_text_is_told_field_by_field() {
    let excluding = with(Terms { exclusions: Some(OffenceNature::ALL.to_vec()), ..Terms::default() });
    let all = r#"["political", "military", "persecution"]"#;
    let quick = Confirmation { urgent_minutes: 10, routine_minutes: 60 };
    let cases = [
        (
            Agreement { carriers: Some(Agencies::Parties), ..northwest() },
            r#"carriers: none -> "parties""#.into(),
        ),
        (Agreement { strict: true, ..northwest() }, "strict: false -> true".into()),
        (
            Agreement { valid_until: time("2028-01-01T00:00:00Z"), ..northwest() },
            r#"valid_until: "2027-01-01T00:00:00.000Z" -> "2028-01-01T00:00:00.000Z""#.into(),
        ),
        (excluding, format!("terms.exclusions: [] -> {all}")),
        (
            with(Terms { withdrawal_notice_days: 30, ..Terms::default() }),
            "terms.withdrawal_notice_days: 0 -> 30".into(),
        ),
        (
            with(Terms { confirmation: Some(quick), ..Terms::default() }),
            "terms.confirmation: none -> { routine_minutes = 60, urgent_minutes = 10 }".into(),
        ),
    ];
    for (after, expected) in cases {
        assert_eq!(besides(&northwest(), &after), [expected]);
    }
    assert!(besides(&northwest(), &northwest()).is_empty());
}

#[test]
fn a_clause_that_names_brokers_is_told_in_full() {
    let brokered = |grant: Grant| Grant { brokered_to: vec!["police.la".parse().unwrap()], ..grant };
    let with = |grants| Agreement { grants, ..northwest() };
    let named = besides(&northwest(), &with(vec![brokered(grant("1"))]));
    assert_eq!(named, [r#"1 brokered_to: [] -> ["police.la"]"#]);
    let vetted = Grant { vetting: Vetting::Officer, ..brokered(grant("1")) };
    let named = besides(&with(vec![brokered(grant("1"))]), &with(vec![vetted]));
    assert_eq!(named, [r#"1 vetting: "automatic" -> "officer""#]);
    let on_behalf = Grant { on_behalf_of: vec!["fda.cn".parse().unwrap()], ..grant("1") };
    assert_eq!(besides(&with(vec![on_behalf]), &northwest()), [r#"1 on_behalf_of: ["fda.cn"] -> []"#]);

    // Another clause allows it directly already, so only who asks through brokers gains.
    let narrow = Grant { purposes: vec![Purpose::SeriousCrime], ..grant("2") };
    let (before, after) = ([grant("1"), brokered(narrow)], [grant("1"), brokered(grant("2"))]);
    assert_eq!(
        besides(&with(before.to_vec()), &with(after.to_vec())),
        [r#"2 purposes: ["serious-crime"] -> ["fugitive-apprehension", "serious-crime"]"#]
    );
}

#[test]
fn what_hangs_on_the_kind_without_a_word_is_told_too() {
    let abroad = Agreement { kind: AgreementKind::International, ..northwest() };
    let told = besides(&northwest(), &abroad);
    let fields: Vec<_> = told.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(fields, ["kind", "terms.refusal_grounds", "terms.exclusions"]);
}

#[test]
fn a_text_that_was_not_there_says_all_that_it_says() {
    let both = ["yn.police.cn", "gs.police.cn"];
    let more = Agreement { carriers: Some(Agencies::Parties), ..named("more", &both, vec![grant("9")]) };
    let (changes, differences) = between(&[northwest()], &[northwest(), more]);
    let fields: Vec<_> = differences.iter().filter_map(|line| line.split(':').next()).collect();
    let expected = ["kind", "parties", "valid_from", "valid_until", "carriers", "title.zh", "title.en"];
    assert_eq!((changes, fields), (0, expected.to_vec()), "what it lets ask is allowed already");
}

#[test]
fn the_texts_compared_are_those_to_judge_by_at_the_time() {
    let next = Agreement {
        carriers: Some(Agencies::Parties),
        valid_from: time("2026-07-01T00:00:00Z"),
        ..after(&northwest())
    };
    let (today, then) = (rules(&[northwest()]), rules(&[northwest(), next.clone()]));
    assert_eq!(differences(&today, &then, now()), []);
    let told: Vec<_> = differences(&today, &then, next.valid_from).iter().map(|d| d.field).collect();
    assert_eq!(told, ["valid_from", "carriers"]);
}
