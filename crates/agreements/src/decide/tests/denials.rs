//! What denials say.

use super::*;

#[test]
fn each_condition_has_its_reason() {
    let rules = with(vec![Grant { branches: Some(vec![Branch::Criminal, Branch::Border]), ..grant("2") }]);
    let fits = Case { branch: Some(Branch::Border), level: HandlingLevel::Restricted, ..case() };
    assert!(fits.passes(&rules));
    let says = |case: Case| case.denial(&rules).to_string();
    assert_eq!(
        says(Case { operation: "evidence.offer".parse().unwrap(), ..fits.clone() }),
        "northwest v1 does not grant the operation evidence.offer, only wanted.search (OPERATION_NOT_GRANTED)"
    );
    assert_eq!(
        says(Case { purpose: Purpose::Research, ..fits.clone() }),
        "clause 2 of northwest v1 does not grant the purpose research, only fugitive-apprehension, serious-crime \
         (PURPOSE_NOT_GRANTED)"
    );
    assert_eq!(
        says(Case { branch: Some(Branch::Economic), ..fits.clone() }),
        "clause 2 of northwest v1 does not grant the branch economic, only criminal, border (BRANCH_NOT_GRANTED)"
    );
    assert_eq!(
        says(Case { branch: None, ..fits.clone() }),
        "clause 2 of northwest v1 does not grant an unnamed branch, only criminal, border (BRANCH_NOT_GRANTED)"
    );
    assert_eq!(
        says(Case { level: HandlingLevel::Confidential, ..fits }),
        "clause 2 of northwest v1 does not go as far as the handling level confidential, only up to restricted \
         (HANDLING_EXCEEDED)"
    );
}

#[test]
fn the_denial_is_about_what_came_closest() {
    let other_operation = Grant { operations: vec!["notice.send".parse().unwrap()], ..grant("1") };
    let other_purpose = Grant { purposes: vec![Purpose::Research], ..grant("2") };
    let too_low = Grant { handling: HandlingLevel::Official, ..grant("3") };
    let far = Agreement { grants: vec![other_operation], ..named("pact", AgreementKind::Bilateral) };
    let near = Agreement { grants: vec![other_purpose, too_low.clone()], ..northwest() };
    let rules = rules(&[far, near]);
    let denial = Case { level: HandlingLevel::Restricted, ..case() }.denial(&rules);
    let (agreement, clause) = denial.closest.unwrap();
    assert_eq!(denial.refusal, Refusal::HandlingExceeded);
    assert_eq!((agreement.id.as_str(), clause), ("northwest", Some(too_low.clause)));
}

#[test]
fn of_two_as_close_the_first_is_named() {
    let narrow = |clause| Grant { purposes: vec![Purpose::Narcotics], ..grant(clause) };
    let clauses = Agreement { grants: vec![narrow("9"), narrow("1")], ..northwest() };
    let pact = Agreement { grants: vec![narrow("5")], ..named("pact", AgreementKind::Bilateral) };
    let clause = |rules: &Rules| case().denial(rules).closest.unwrap().1.unwrap().to_string();
    assert_eq!(clause(&rules(std::slice::from_ref(&clauses))), "9");
    assert_eq!(clause(&rules(&[clauses, pact])), "5");
}

#[test]
fn an_agreement_out_of_force_is_named_only_if_it_would_have_covered() {
    let over =
        Agreement { valid_until: time("2026-02-01T00:00:00Z"), ..named("event", AgreementKind::Event) };
    let narrow =
        Agreement { grants: vec![Grant { purposes: vec![Purpose::Narcotics], ..grant("1") }], ..northwest() };
    let both = rules(&[over.clone(), narrow]);
    assert_eq!(
        case().denial(&both).to_string(),
        "event v1 expired on 2026-02-01T00:00:00.000Z (AGREEMENT_EXPIRED)"
    );
    let research = Case { purpose: Purpose::Research, ..case() };
    assert_eq!(research.denial(&both).closest.unwrap().0.id.as_str(), "northwest");
    let alone = research.denial(&rules(&[over]));
    assert_eq!(
        alone.to_string(),
        "no agreement in force binds both yn.police.cn and gs.police.cn (NO_AGREEMENT)"
    );
}

#[test]
fn long_lists_are_cut_short() {
    let operations = (b'a'..=b'j').map(|c| format!("verb.{}", char::from(c)).parse().unwrap()).collect();
    let denial = case().denial(&with(vec![Grant { operations, ..grant("1") }]));
    assert!(denial.missing.ends_with("verb.g, verb.h and 2 more"), "{denial}");
}

#[test]
fn a_common_superior_is_no_agreement_between_those_below_it() {
    let far = Grant { below: false, ..grant("1") };
    let parties = vec![agency("police.cn"), agency("police.la")];
    let rules =
        rules(&[Agreement { parties, grants: vec![far], ..named("abroad", AgreementKind::International) }]);
    let denial = Case::between("yn.police.cn", "gs.police.cn").denial(&rules);
    assert_eq!(denial.refusal, Refusal::NoAgreement, "{denial}");
    let denial = Case::between("yn.police.cn", "police.la").denial(&rules);
    assert_eq!(
        denial.to_string(),
        "no agreement is about yn.police.cn and police.la; closest: clause 1 of abroad v1 grants wanted.search, but \
         not from yn.police.cn to police.la, nor to agencies below those it names (NO_AGREEMENT)"
    );
}
