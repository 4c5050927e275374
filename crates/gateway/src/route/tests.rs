//! From scopes to agencies.

use super::*;
use crate::testing::{HERE, MINISTRY, ORIGIN, OTHER, agency, directory_of, northwest, now, rules};
use concord_agreements::{Documents, LocalRules, Rules};
use std::sync::Arc;

fn in_force() -> InForce {
    InForce { rules: rules(&[northwest(1)]), epoch: 1 }
}

/// Rules without agreements in a federation of `count` agencies, [`HERE`] among them.
fn federation_of(count: usize) -> InForce {
    let others: Vec<_> = (1..count).map(|n| format!("a{n}.police.cn")).collect();
    let names: Vec<_> = others.iter().map(String::as_str).chain([HERE]).collect();
    let (rules, _) =
        Rules::build(Documents::default(), directory_of(&names), LocalRules::default(), |_| None);
    InForce { rules: Arc::new(rules), epoch: 1 }
}

fn resolved(scope: &Scope) -> Result<Vec<AgencyId>, ScopeInvalid> {
    resolve(scope, &agency(HERE), &in_force(), now())
}

#[test]
fn each_agency_is_asked_once_and_in_order() {
    let named = Scope::Agencies([ORIGIN, OTHER, ORIGIN, OTHER].map(agency).to_vec());
    assert_eq!(resolved(&named), Ok([OTHER, ORIGIN].map(agency).to_vec()));
}

#[test]
fn only_members_are_asked() {
    let named = Scope::Agencies([ORIGIN, "unheard.cn"].map(agency).to_vec());
    assert_eq!(resolved(&named), Err(ScopeInvalid::NotAMember(agency("unheard.cn"))));
}

#[test]
fn nobody_asks_itself() {
    let named = Scope::Agencies([ORIGIN, HERE].map(agency).to_vec());
    assert_eq!(resolved(&named), Err(ScopeInvalid::Ourselves(agency(HERE))));
    let others = [OTHER, ORIGIN].map(agency).to_vec();
    assert_eq!(resolved(&Scope::Agreement("northwest".parse().unwrap())), Ok(others.clone()));
    assert_eq!(resolved(&Scope::All), Ok([MINISTRY, OTHER, ORIGIN].map(agency).to_vec()));
}

#[test]
fn an_agreement_must_be_known() {
    let id: AgreementId = "unheard".parse().unwrap();
    assert_eq!(resolved(&Scope::Agreement(id.clone())), Err(ScopeInvalid::AgreementUnknown(id)));
}

#[test]
fn somebody_must_be_left_to_ask() {
    assert_eq!(resolved(&Scope::Agencies(vec![])), Err(ScopeInvalid::Nobody));
    assert_eq!(resolve(&Scope::All, &agency(HERE), &federation_of(1), now()), Err(ScopeInvalid::Nobody));
}

#[test]
fn a_scope_has_a_limit() {
    let limit = Scope::AGENCIES_MAX;
    let most = resolve(&Scope::All, &agency(HERE), &federation_of(limit + 1), now());
    assert_eq!(most.map(|agencies| agencies.len()), Ok(limit));
    let more = resolve(&Scope::All, &agency(HERE), &federation_of(limit + 2), now());
    assert_eq!(more, Err(ScopeInvalid::TooMany { found: limit + 1, limit }));
}
