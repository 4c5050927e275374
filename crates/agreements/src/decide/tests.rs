//! Single decisions. What denials say is in `denials`; laws that hold for every decision are in `laws`, `narrowing` and
//! `conspiracy`; `model` holds a whole table against a reference.

mod conspiracy;
mod denials;
mod laws;
mod life;
mod model;
mod narrowing;

use super::*;
use crate::document::{Agencies, Agreement, AgreementKind};
use crate::testing::{agency, grant, northwest, now, rules, time};
use concord_domain::wanted::Field;
use concord_domain::{
    AgencyId, AgreementId, Branch, Digest, Handling, HandlingCode, HandlingLevel, Operation, Purpose, Refusal,
};

/// Facts that own what they are about, so that a test can change one.
#[derive(Debug, Clone)]
struct Case {
    from: AgencyId,
    to: AgencyId,
    operation: Operation,
    purpose: Purpose,
    level: HandlingLevel,
    branch: Option<Branch>,
    agreement: Option<AgreementRef>,
}

/// Yunnan searches at Gansu for a fugitive.
fn case() -> Case {
    Case {
        from: agency("yn.police.cn"),
        to: agency("gs.police.cn"),
        operation: "wanted.search".parse().unwrap(),
        purpose: Purpose::FugitiveApprehension,
        level: HandlingLevel::Official,
        branch: None,
        agreement: None,
    }
}

impl Case {
    fn between(from: &str, to: &str) -> Self {
        Self { from: agency(from), to: agency(to), ..case() }
    }

    fn claims(self, rules: &Rules, id: &str) -> Self {
        let text = rules.get(&id.parse().unwrap(), now()).unwrap();
        Self { agreement: Some(text.reference()), ..self }
    }

    fn decide(&self, rules: &Rules, now: Timestamp) -> Result<Permit<Asking>, Denial> {
        let Self { from, to, operation, purpose, level, branch, agreement } = self;
        let facts = Facts {
            handling: Handling { level: *level, code: HandlingCode::H3 },
            branch: *branch,
            agreement: agreement.as_ref(),
            ..Facts::new(from, to, operation, *purpose)
        };
        decide(rules, &facts, now)
    }

    fn permit(&self, rules: &Rules) -> Permit<Asking> {
        self.decide(rules, now()).unwrap()
    }

    fn passes(&self, rules: &Rules) -> bool {
        self.decide(rules, now()).is_ok()
    }

    fn denial(&self, rules: &Rules) -> Denial {
        self.decide(rules, now()).unwrap_err()
    }

    fn refusal(&self, rules: &Rules) -> Refusal {
        self.denial(rules).refusal
    }
}

fn named(id: &str, kind: AgreementKind) -> Agreement {
    Agreement { id: id.parse().unwrap(), kind, ..northwest() }
}

fn with(grants: Vec<Grant>) -> Rules {
    rules(&[Agreement { grants, ..northwest() }])
}

fn listed(patterns: &[&str]) -> Agencies {
    Agencies::Listed(patterns.iter().map(|p| p.parse().unwrap()).collect())
}

#[test]
fn a_permit_says_what_it_allows() {
    let rules = rules(&[northwest()]);
    let permit = case().permit(&rules);
    assert_eq!(*permit.agreement(), rules.get(&northwest().id, now()).unwrap().reference());
    assert_eq!(permit.clause().as_str(), "1");
    assert_eq!(permit.fields().iter().collect::<Vec<_>>(), [Field::Name, Field::Birth]);
    assert_eq!(permit.ceiling(), HandlingLevel::Restricted);
    assert_eq!((permit.from(), permit.to()), (&case().from, &case().to));
    assert_eq!((permit.operation(), permit.purpose()), (&case().operation, case().purpose));
    assert_eq!(
        format!("{permit:?}"),
        "Permit<asking>(yn.police.cn to gs.police.cn: wanted.search for fugitive-apprehension, northwest v1 clause 1)"
    );
}

#[test]
fn a_claimed_text_must_be_exactly_the_one_in_force() {
    let rules = rules(&[northwest(), named("pact", AgreementKind::Bilateral)]);
    let claim = |change: fn(&mut AgreementRef)| {
        let mut case = case().claims(&rules, "northwest");
        case.agreement.as_mut().map(change).unwrap();
        case
    };
    let permit = claim(|_| {}).permit(&rules);
    assert_eq!(permit.agreement().id.as_str(), "northwest", "the pact would come first, but is not claimed");
    assert_eq!(claim(|c| c.id = "other".parse().unwrap()).refusal(&rules), Refusal::AgreementUnknown);
    assert_eq!(claim(|c| c.version = 2).refusal(&rules), Refusal::AgreementDiffers);
    let other = claim(|c| c.digest = Digest([0; 32])).denial(&rules);
    assert_eq!(other.refusal, Refusal::AgreementDiffers);
    assert_eq!(
        other.to_string(),
        "northwest v1 is known here with another text than the one claimed (AGREEMENT_DIFFERS)"
    );
}

#[test]
fn a_claim_does_not_fall_back_to_another_agreement() {
    let narrow = Agreement {
        grants: vec![Grant { purposes: vec![Purpose::Narcotics], ..grant("1") }],
        ..named("narrow", AgreementKind::Regional)
    };
    let rules = rules(&[northwest(), narrow]);
    assert_eq!(case().permit(&rules).agreement().id.as_str(), "northwest");
    assert_eq!(case().claims(&rules, "narrow").refusal(&rules), Refusal::PurposeNotGranted);
}

#[test]
fn in_force_from_its_first_instant_to_before_its_last() {
    let rules = rules(&[northwest()]);
    let instants = [
        ("2025-12-31T23:59:59.999Z", Some(Refusal::AgreementNotYetInForce)),
        ("2026-01-01T00:00:00Z", None),
        ("2026-12-31T23:59:59.999Z", None),
        ("2027-01-01T00:00:00Z", Some(Refusal::AgreementExpired)),
    ];
    for case in [case(), case().claims(&rules, "northwest")] {
        for (instant, expected) in instants {
            let refusal = case.decide(&rules, time(instant)).err().map(|denial| denial.refusal);
            assert_eq!(refusal, expected, "{instant}");
        }
    }
}

#[test]
fn members_of_the_charter_only_and_never_oneself() {
    let rules = rules(&[northwest()]);
    assert_eq!(Case::between("nobody.cn", "gs.police.cn").refusal(&rules), Refusal::NotAMember);
    assert_eq!(Case::between("yn.police.cn", "x.yn.police.cn").refusal(&rules), Refusal::NotAMember);
    assert_eq!(Case::between("yn.police.cn", "yn.police.cn").refusal(&rules), Refusal::NoAgreement);
}

#[test]
fn who_is_not_bound_gets_nothing() {
    let rules = rules(&[northwest()]);
    for (from, to) in [("sn.police.cn", "gs.police.cn"), ("yn.police.cn", "police.la")] {
        let case = Case::between(from, to);
        let denial = case.denial(&rules);
        assert_eq!((denial.refusal, denial.closest), (Refusal::NoAgreement, None));
        assert_eq!(case.claims(&rules, "northwest").refusal(&rules), Refusal::NotAParty);
    }
    assert_eq!(
        Case::between("police.cn", "gs.police.cn").refusal(&rules),
        Refusal::NoAgreement,
        "a superior is not bound by what those below it signed"
    );
}

#[test]
fn a_grant_reaches_below_if_it_says_so() {
    let below = rules(&[northwest()]);
    let flat = with(vec![Grant { below: false, ..grant("1") }]);
    for (from, to) in [("km.yn.police.cn", "gs.police.cn"), ("gs.police.cn", "gd.km.yn.police.cn")] {
        assert!(Case::between(from, to).passes(&below));
        let denial = Case::between(from, to).denial(&flat);
        assert_eq!(denial.refusal, Refusal::NoAgreement, "{denial}");
        assert!(denial.closest.is_some(), "{denial}");
    }
    assert!(case().passes(&flat));
}

#[test]
fn below_means_below_in_the_charter_and_not_by_name() {
    let star = listed(&["*.yn.police.cn"]);
    for below in [true, false] {
        let rules = with(vec![Grant { from: star.clone(), below, ..grant("1") }]);
        assert!(Case::between("km.yn.police.cn", "gs.police.cn").passes(&rules));
        assert_eq!(case().refusal(&rules), Refusal::OperationNotGranted, "the star leaves out its base");
        let odd = Case::between("odd.yn.police.cn", "gs.police.cn");
        assert_eq!(odd.refusal(&rules), Refusal::NoAgreement, "it stands below Gansu itself");
    }
}

#[test]
fn a_grant_among_parties_is_between_them_and_not_within_one() {
    let rules = rules(&[northwest()]);
    for (from, to) in [("km.yn.police.cn", "yn.police.cn"), ("gd.km.yn.police.cn", "km.yn.police.cn")] {
        let case = Case::between(from, to);
        assert_eq!(case.refusal(&rules), Refusal::NoAgreement);
        assert_eq!(case.claims(&rules, "northwest").refusal(&rules), Refusal::OperationNotGranted);
    }
    assert!(Case::between("km.yn.police.cn", "odd.yn.police.cn").passes(&rules), "it is behind Gansu");
    let three = Agreement {
        parties: ["police.cn", "yn.police.cn", "fda.cn"].map(agency).to_vec(),
        ..named("three", AgreementKind::National)
    };
    let rules = self::rules(&[three]);
    assert!(Case::between("km.yn.police.cn", "gs.police.cn").passes(&rules), "the nearest party counts");
    assert_eq!(Case::between("sn.police.cn", "gs.police.cn").refusal(&rules), Refusal::NoAgreement);
    let named = Grant { from: listed(&["*.yn.police.cn"]), to: listed(&["yn.police.cn"]), ..grant("1") };
    assert!(Case::between("km.yn.police.cn", "yn.police.cn").passes(&with(vec![named])), "named, it may");
}

#[test]
fn a_grant_has_a_direction() {
    let rules =
        with(vec![Grant { from: listed(&["yn.police.cn"]), to: listed(&["gs.police.cn"]), ..grant("4.2") }]);
    assert!(case().passes(&rules));
    let denial = Case::between("gs.police.cn", "yn.police.cn").denial(&rules);
    assert_eq!(
        denial.to_string(),
        "clause 4.2 of northwest v1 grants wanted.search, but not from gs.police.cn to yn.police.cn \
         (OPERATION_NOT_GRANTED)"
    );
}

#[test]
fn nothing_is_put_together_from_two_clauses() {
    let searching = Grant { purposes: vec![Purpose::Narcotics], ..grant("1") };
    let asking = Grant { operations: vec!["assistance.submit".parse().unwrap()], ..grant("2") };
    assert_eq!(case().refusal(&with(vec![searching, asking])), Refusal::PurposeNotGranted);
}

#[test]
fn the_more_specific_kind_is_taken_then_the_name_then_the_clause() {
    let taken = |agreements: &[Agreement]| {
        let permit = case().permit(&rules(agreements));
        (permit.agreement().id.clone(), permit.clause().to_string())
    };
    let first = |id: &str, clause: &str| (id.parse::<AgreementId>().unwrap(), clause.to_owned());
    let kinds = [
        named("a-national", AgreementKind::National),
        named("b-international", AgreementKind::International),
        named("c-regional", AgreementKind::Regional),
        named("d-bilateral", AgreementKind::Bilateral),
        named("e-campaign", AgreementKind::Campaign),
    ];
    for upto in 1..=kinds.len() {
        assert_eq!(taken(&kinds[..upto]), first(kinds[upto - 1].id.as_str(), "1"));
    }
    let two = [named("b", AgreementKind::Regional), named("a", AgreementKind::Regional)];
    assert_eq!(taken(&two), first("a", "1"));
    let clauses = Agreement { grants: vec![grant("9"), grant("1")], ..northwest() };
    assert_eq!(taken(&[clauses]), first("northwest", "9"));
}

#[test]
fn whoever_may_ask_anything_may_ping_under_the_same_conditions() {
    let ping = |case: Case| Case { operation: Operation::PING.parse().unwrap(), ..case };
    let narrow = Grant { from: listed(&["yn.police.cn"]), to: listed(&["gs.police.cn"]), ..grant("4") };
    let narrow = Grant { branches: Some(vec![Branch::Criminal]), ..narrow };
    let rules = with(vec![narrow]);
    let criminal = |case: Case| Case { branch: Some(Branch::Criminal), ..case };
    assert_eq!(ping(criminal(case())).permit(&rules).clause().as_str(), "4");
    assert_eq!(ping(case()).refusal(&rules), Refusal::BranchNotGranted);
    let back = Case::between("gs.police.cn", "yn.police.cn");
    assert_eq!(ping(criminal(back)).refusal(&rules), Refusal::OperationNotGranted, "not the other way round");
    let other = Case { purpose: Purpose::Research, ..criminal(case()) };
    assert_eq!(ping(other).refusal(&rules), Refusal::PurposeNotGranted);
    assert_eq!(ping(Case::between("yn.police.cn", "police.la")).refusal(&rules), Refusal::NoAgreement);
}

#[test]
fn a_question_admits_only_its_operations() {
    struct Submitting;
    impl Question for Submitting {
        const NAME: &'static str = "submitting";
        fn admits(operation: &Operation) -> bool {
            operation.as_str() == "assistance.submit"
        }
    }
    let (rules, case) = (rules(&[northwest()]), case());
    let facts = Facts::new(&case.from, &case.to, &case.operation, case.purpose);
    assert_eq!(decide::<Opening>(&rules, &facts, now()).unwrap().clause().as_str(), "1");
    let denial = decide::<Submitting>(&rules, &facts, now()).unwrap_err();
    assert_eq!(denial.refusal, Refusal::OperationUnknown);
    assert_eq!(denial.missing, "submitting does not cover the operation wanted.search");
}
