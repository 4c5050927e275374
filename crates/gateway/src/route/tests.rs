//! From scopes to agencies.

use super::*;
use crate::testing::{HERE, MINISTRY, ORIGIN, OTHER, agency, northwest, now, rules_in};
use concord_agreements::{Agreement, AgreementKind};

const KUNMING: &str = "km.yn.police.cn";
const GUANDU: &str = "gd.km.yn.police.cn";
/// Is called like a part of Yunnan, and is none.
const ODD: &str = "odd.yn.police.cn";
const LANZHOU: &str = "lz.gs.police.cn";
const LAOS: &str = "police.la";

const MEMBERS: [(&str, Option<&str>); 9] = [
    (MINISTRY, None),
    (ORIGIN, Some(MINISTRY)),
    (HERE, Some(MINISTRY)),
    (OTHER, Some(MINISTRY)),
    (KUNMING, Some(ORIGIN)),
    (GUANDU, Some(KUNMING)),
    (ODD, Some(OTHER)),
    (LANZHOU, Some(HERE)),
    (LAOS, None),
];

fn in_force() -> InForce {
    let pact = Agreement {
        kind: AgreementKind::Bilateral,
        parties: [ORIGIN, LAOS].map(agency).to_vec(),
        id: "pact".parse().unwrap(),
        ..northwest(1)
    };
    InForce { rules: rules_in(&MEMBERS, &[northwest(1), pact]), epoch: 1 }
}

fn scope(terms: &[&str], except: &[&str]) -> Scope {
    let terms = terms.iter().map(|term| term.parse().unwrap());
    Scope::new(terms, except.iter().map(|pattern| pattern.parse().unwrap())).unwrap()
}

fn resolved(terms: &[&str], except: &[&str]) -> Result<Vec<AgencyId>, ScopeInvalid> {
    resolve(&scope(terms, except), &agency(HERE), &in_force(), now())
}

fn all_of(names: &[&str]) -> Result<Vec<AgencyId>, ScopeInvalid> {
    let mut agencies: Vec<_> = names.iter().map(|name| agency(name)).collect();
    agencies.sort();
    Ok(agencies)
}

#[test]
fn each_agency_is_asked_once_and_in_order() {
    assert_eq!(resolved(&[ORIGIN, OTHER, ORIGIN], &[]), all_of(&[OTHER, ORIGIN]));
    let overlapping = ["*.yn.police.cn", KUNMING, "region:northwest", "agreement:northwest"];
    assert_eq!(resolved(&overlapping, &[]), all_of(&[ORIGIN, OTHER, KUNMING, GUANDU, ODD, LANZHOU]));
}

#[test]
fn a_pattern_means_those_below_in_the_charter_and_not_its_base() {
    assert_eq!(resolved(&["*.yn.police.cn"], &[]), all_of(&[KUNMING, GUANDU]));
    let police = [ORIGIN, OTHER, KUNMING, GUANDU, ODD, LANZHOU];
    assert_eq!(resolved(&["*.police.cn"], &[]), all_of(&police));
}

#[test]
fn a_pattern_that_means_nobody_is_told() {
    let nobody = |pattern: &str| Err(ScopeInvalid::Nobody(pattern.parse().unwrap()));
    assert_eq!(resolved(&["all", "*.police.la"], &[]), nobody("*.police.la"));
    assert_eq!(resolved(&["*.sn.police.cn"], &[]), nobody("*.sn.police.cn"), "called so is not below");
    assert_eq!(resolved(&[ORIGIN], &["*.police.la"]), all_of(&[ORIGIN]), "to leave out nobody is no fault");
}

#[test]
fn an_agreement_means_its_parties_and_a_region_those_below_them_too() {
    assert_eq!(resolved(&["agreement:northwest"], &[]), all_of(&[ORIGIN, OTHER]));
    assert_eq!(resolved(&["region:northwest"], &[]), all_of(&[ORIGIN, OTHER, KUNMING, GUANDU, ODD, LANZHOU]));
    assert_eq!(resolved(&["agreement:pact"], &[]), all_of(&[ORIGIN, LAOS]));
    assert_eq!(resolved(&["region:pact"], &[]), Err(ScopeInvalid::NotRegional("pact".parse().unwrap())));
}

#[test]
fn an_agreement_must_be_known() {
    let unknown = Err(ScopeInvalid::AgreementUnknown("unheard".parse().unwrap()));
    assert_eq!(resolved(&["agreement:unheard"], &[]), unknown);
    assert_eq!(resolved(&["all", "region:unheard"], &[]), unknown);
}

#[test]
fn whom_an_exception_means_is_left_out_whoever_else_means_them() {
    let without = resolved(&["all", KUNMING], &["*.yn.police.cn", MINISTRY, HERE]);
    assert_eq!(without, all_of(&[ORIGIN, OTHER, ODD, LANZHOU, LAOS]));
    assert_eq!(resolved(&[ORIGIN], &[ORIGIN]), Err(ScopeInvalid::NobodyElse));
}

#[test]
fn only_members_are_named() {
    let stranger = Err(ScopeInvalid::NotAMember(agency("unheard.cn")));
    assert_eq!(resolved(&[ORIGIN, "unheard.cn"], &[]), stranger);
    assert_eq!(resolved(&["*.unheard.cn"], &[]), stranger);
    assert_eq!(resolved(&["all"], &["unheard.cn"]), stranger, "or the one that is meant would be asked");
}

#[test]
fn nobody_asks_itself() {
    assert_eq!(resolved(&[ORIGIN, HERE], &[]), Err(ScopeInvalid::Ourselves(agency(HERE))));
    assert!(!resolved(&["*.police.cn"], &[]).unwrap().contains(&agency(HERE)), "left out of what means it");
    let alone = InForce { rules: rules_in(&[(HERE, None)], &[]), epoch: 1 };
    assert_eq!(resolve(&scope(&["all"], &[]), &agency(HERE), &alone, now()), Err(ScopeInvalid::NobodyElse));
}

/// Rules without agreements in a federation of `count` agencies, [`HERE`] among them.
fn federation_of(count: usize) -> InForce {
    let others: Vec<_> = (1..count).map(|n| format!("a{n}.police.cn")).collect();
    let members: Vec<_> = others.iter().map(String::as_str).chain([HERE]).map(|name| (name, None)).collect();
    InForce { rules: rules_in(&members, &[]), epoch: 1 }
}

#[test]
fn a_scope_has_a_limit() {
    let limit = Scope::AGENCIES_MAX;
    let all = scope(&["all"], &[]);
    let most = resolve(&all, &agency(HERE), &federation_of(limit + 1), now());
    assert_eq!(most.map(|agencies| agencies.len()), Ok(limit));
    let larger = federation_of(limit + 2);
    let more = resolve(&all, &agency(HERE), &larger, now());
    assert_eq!(more, Err(ScopeInvalid::TooMany { found: limit + 1, limit }));
    let less = resolve(&scope(&["all"], &["a1.police.cn"]), &agency(HERE), &larger, now());
    assert_eq!(less.map(|agencies| agencies.len()), Ok(limit), "what is left out does not count");
}
