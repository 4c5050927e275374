//! Changes, as rows that people read.

use super::*;
use crate::declaration::Act;
use crate::document::{Onward, Quota, QuotaWindow};
use crate::local::LocalRule;
use crate::testing::{MEMBERS, after, block, declared, declares, directory_of, directory_with, signed};
use concord_domain::wanted::Field;
use concord_domain::{AgencyId, Branch, HandlingLevel};

fn words<T: ToString>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A row in a line: what becomes of it, who, whom, for what.
fn shown(change: &Change) -> String {
    let kind = match &change.kind {
        ChangeKind::Gained(_) => "gained",
        ChangeKind::Lost(_) => "lost",
        ChangeKind::Altered { .. } => "altered",
    };
    let short = |agencies: &[AgencyId]| words(agencies).replace(".police.cn", "");
    format!("{kind}: {} > {}: {}", short(&change.from), short(&change.to), words(&change.purposes))
}

fn between(before: &[Agreement], after: &[Agreement]) -> Vec<Change> {
    diff(&rules(before), &rules(after), now())
}

fn only(agreement: Agreement) -> Agreement {
    let grants = agreement.grants.into_iter().map(|grant| Grant { below: false, ..grant }).collect();
    Agreement { grants, ..agreement }
}

#[test]
fn a_new_agreement_is_one_row() {
    let added = only(named("three", &["yn.police.cn", "gs.police.cn", "sn.police.cn"], vec![grant("1")]));
    let changes = between(&[], std::slice::from_ref(&added));
    let rows: Vec<_> = changes.iter().map(shown).collect();
    assert_eq!(rows, ["gained: gs sn yn > gs sn yn: fugitive-apprehension serious-crime"]);
    let lost = between(&[added], &[]);
    assert_eq!(
        lost.iter().map(shown).collect::<Vec<_>>(),
        ["lost: gs sn yn > gs sn yn: fugitive-apprehension serious-crime"]
    );
}

#[test]
fn one_direction_is_told_apart_from_both() {
    let one = Grant {
        from: listed(&["yn.police.cn", "sn.police.cn"]),
        to: listed(&["gs.police.cn"]),
        ..grant("1")
    };
    let changes =
        between(&[], &[only(named("a", &["yn.police.cn", "gs.police.cn", "sn.police.cn"], vec![one]))]);
    let rows: Vec<_> = changes.iter().map(shown).collect();
    assert_eq!(rows, ["gained: sn yn > gs: fugitive-apprehension serious-crime"]);
}

#[test]
fn a_next_version_changes_what_it_says_and_no_more() {
    let quota = Quota { requests: 5.try_into().unwrap(), per: QuotaWindow::Hour };
    let alterations: [fn(&mut Grant); 4] = [
        |grant| grant.handling = HandlingLevel::Confidential,
        |grant| grant.fields = vec![Field::Name],
        |grant| grant.onward = Onward::ToParties,
        |_| {},
    ];
    let mut seen = Vec::new();
    for alter in alterations {
        let mut next = only(northwest());
        alter(&mut next.grants[0]);
        seen.push(words(&between(&[only(northwest())], &[next]).iter().map(shown).collect::<Vec<_>>()));
    }
    let all = "altered: gs yn > gs yn: fugitive-apprehension serious-crime";
    assert_eq!(seen, [all, all, all, ""]);
    let mut next = after(&only(northwest()));
    next.grants[0].quota = Some(quota);
    next.grants[0].purposes = vec![Purpose::SeriousCrime, Purpose::Research];
    let changes = between(&[only(northwest())], &[only(northwest()), next]);
    assert_eq!(
        changes.iter().map(shown).collect::<Vec<_>>(),
        [
            "gained: gs yn > gs yn: research",
            "altered: gs yn > gs yn: serious-crime",
            "lost: gs yn > gs yn: fugitive-apprehension"
        ]
    );
    let ChangeKind::Altered { before, after } = &changes[1].kind else { panic!("{changes:?}") };
    assert_eq!((before[0].extent.quota, after[0].extent.quota), (None, Some(quota)));
    assert_eq!((before[0].agreement.version, after[0].agreement.version), (1, 2));
}

#[test]
fn a_clause_that_goes_higher_with_fewer_fields_is_seen() {
    let high = Grant { handling: HandlingLevel::Confidential, fields: vec![], ..grant("2") };
    let next = Agreement { grants: vec![grant("1"), high], ..northwest() };
    let changes = between(&[only(northwest())], &[only(next)]);
    let [Change { kind: ChangeKind::Altered { before, after }, .. }] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    let ceilings = |tiers: &[Leave]| tiers.iter().map(|leave| leave.extent.ceiling).collect::<Vec<_>>();
    assert_eq!(ceilings(before), [HandlingLevel::Restricted]);
    assert_eq!(ceilings(after), [HandlingLevel::Restricted, HandlingLevel::Confidential]);
}

#[test]
fn two_clauses_that_say_what_one_did_are_no_change() {
    let one = Grant { handling: HandlingLevel::Confidential, ..grant("1") };
    let two = vec![grant("1"), Grant { clause: "2".parse().unwrap(), ..one.clone() }];
    let next = Agreement { grants: two, ..northwest() };
    assert_eq!(between(&[Agreement { grants: vec![one], ..northwest() }], &[next]), []);
}

#[test]
fn branches_are_told_where_they_differ() {
    let narrow = |branches| only(Agreement { grants: vec![Grant { branches, ..grant("1") }], ..northwest() });
    let changes = between(&[], &[narrow(None)]);
    assert_eq!(changes[0].branches, [], "any");
    let changes = between(&[], &[narrow(Some(vec![Branch::Narcotics]))]);
    assert_eq!(changes[0].branches, [Some(Branch::Narcotics)]);
    let changes = between(&[only(northwest())], &[narrow(Some(vec![Branch::Narcotics]))]);
    assert_eq!((changes.len(), shown(&changes[0]).starts_with("lost")), (1, true));
    assert_eq!(changes[0].branches, [None], "all others");
}

#[test]
fn the_same_leave_by_another_agreement_is_no_change() {
    let both = ["yn.police.cn", "gs.police.cn"];
    assert_eq!(between(&[northwest()], &[northwest(), named("more", &both, vec![grant("9")])]), []);
    assert_eq!(between(&[northwest()], &[named("instead", &both, vec![grant("9")])]), []);
}

#[test]
fn what_is_not_in_force_changes_nothing() {
    let later = Agreement {
        valid_from: northwest().valid_until,
        valid_until: crate::testing::time("2028-01-01T00:00:00Z"),
        ..northwest()
    };
    assert_eq!(between(&[], &[later]), []);
}

#[test]
fn who_comes_to_stand_below_another_gains_and_loses() {
    let moved = MEMBERS.map(|(name, superior)| match name {
        "km.yn.police.cn" => (name, Some("gs.police.cn")),
        _ => (name, superior),
    });
    let to_gansu = Grant { to: listed(&["gs.police.cn"]), from: listed(&["yn.police.cn"]), ..grant("1") };
    let file = signed(&Agreement { grants: vec![to_gansu], ..northwest() });
    let before = built([file.clone()], directory(&[]));
    let after = built([file], directory_of(&moved, &[], &[]));
    let rows: Vec<_> = diff(&before, &after, now()).iter().map(shown).collect();
    let purposes = "fugitive-apprehension serious-crime";
    assert_eq!(
        rows,
        [
            format!("gained: yn > gd.km.yn km.yn: {purposes}"),
            format!("lost: gd.km.yn km.yn > gs odd.yn: {purposes}")
        ]
    );
}

#[test]
fn who_withdraws_or_is_stopped_or_forbidden_loses() {
    let plain = Agreement { grants: vec![Grant { below: false, ..grant("1") }], ..northwest() };
    let before = rules(std::slice::from_ref(&plain));
    let with = |declarations, blocks: &[concord_trust::Block], own| {
        let documents = Documents { agreements: vec![signed(&plain)], declarations };
        let after =
            Rules::build(documents, directory_with(&[], blocks), LocalRules::new(own).unwrap(), |_| None).0;
        diff(&before, &after, now()).iter().map(shown).collect::<Vec<_>>()
    };
    let all = "fugitive-apprehension serious-crime";
    let both = [format!("lost: gs yn > gs yn: {all}")];
    let withdrawal = Act::Withdrawal { effective_at: now() };
    assert_eq!(with(vec![declared(&declares("gs.police.cn", 1, withdrawal))], &[], vec![]), both);
    assert_eq!(with(vec![], &[block("gs.police.cn", now())], vec![]), both);
    let forbidden = LocalRule {
        name: "not from Gansu".into(),
        when: None,
        agencies: Some(vec!["gs.police.cn".parse().unwrap()]),
        operations: None,
        purposes: None,
        branches: None,
        handling_above: None,
        vetting: None,
    };
    assert_eq!(with(vec![], &[], vec![forbidden]), [format!("lost: gs > yn: {all}")]);
}

#[test]
fn an_agency_without_a_card_is_still_a_member() {
    let before = built([signed(&northwest())], directory(&["fda.cn"]));
    assert_eq!(diff(&before, &rules(&[northwest()]), now()), []);
}

#[test]
fn what_if_is_the_difference_that_a_proposal_makes() {
    let today = rules(&[northwest()]);
    let proposed = named("food", &["fda.cn", "yn.police.cn"], vec![grant("1")]);
    let Comparison { changes, .. } = what_if(&today, &signed_by(&proposed, |_| false), now()).unwrap();
    assert_eq!(changes, between(&[northwest()], &[northwest(), proposed]));
    let rows: Vec<_> = changes.iter().map(shown).collect();
    assert_eq!(
        rows,
        [
            "gained: fda.cn > gd.km.yn km.yn yn: fugitive-apprehension serious-crime",
            "gained: gd.km.yn km.yn yn > fda.cn: fugitive-apprehension serious-crime"
        ]
    );
}
