//! What stands beside the clauses: blocks, own rules, what parties declared, carriers, brokers, offences, synchronizing.

use super::*;
use crate::declaration::{Act, Declaration};
use crate::document::{Onward, Quota, QuotaWindow, Terms};
use crate::local::{LocalRule, LocalRules, Side};
use crate::rules::Documents;
use crate::testing::{after, block, declared, declares, directory, directory_with, rules_of, signed};
use concord_domain::OffenceNature;
use std::time::Duration;

const MARCH: &str = "2026-03-01T00:00:00Z";
const JULY: &str = "2026-07-01T00:00:00Z";

/// Decides about [`case`] with other facts around it.
fn decided<Q: Question>(
    rules: &Rules,
    with: impl FnOnce(Facts<'_>) -> Facts<'_>,
) -> Result<Permit<Q>, Denial> {
    let case = case();
    decide(rules, &with(Facts::new(&case.from, &case.to, &case.operation, case.purpose)), now())
}

fn denied(rules: &Rules, with: impl FnOnce(Facts<'_>) -> Facts<'_>) -> String {
    decided::<Asking>(rules, with).unwrap_err().to_string()
}

fn with_declarations(agreement: &Agreement, declarations: &[Declaration]) -> Rules {
    let declarations = declarations.iter().map(declared).collect();
    rules_of(Documents { agreements: vec![signed(agreement)], declarations })
}

fn withdrawal(party: &str, at: &str) -> Declaration {
    declares(party, 1, Act::Withdrawal { effective_at: time(at) })
}

fn suspension(party: &str, from: &str, until: Option<&str>) -> Declaration {
    declares(party, 1, Act::Suspension { from: time(from), until: until.map(time) })
}

fn three() -> Agreement {
    let parties = ["yn.police.cn", "gs.police.cn", "sn.police.cn"].map(agency).to_vec();
    Agreement { parties, ..northwest() }
}

#[test]
fn a_blocked_agency_is_stopped_on_every_side_and_nobody_below_it() {
    let blocked = |names: &[&str]| {
        let blocks: Vec<_> = names.iter().map(|name| block(name, now())).collect();
        let brokered = Grant { brokered_to: vec!["police.la".parse().unwrap()], ..grant("1") };
        let on_behalf_of = vec!["fda.cn".parse().unwrap()];
        let grants = vec![Grant { on_behalf_of, ..brokered }];
        let carriers = Some(listed(&["odd.yn.police.cn"]));
        let documents = Documents::agreements([signed(&Agreement { grants, carriers, ..northwest() })]);
        Rules::build(documents, directory_with(&[], &blocks), LocalRules::default(), |_| None).0
    };
    let [via, behalf, onward] = ["odd.yn.police.cn", "fda.cn", "police.la"].map(agency);
    let asks = |rules: &Rules| {
        let (via, behalf) = (std::slice::from_ref(&via), std::slice::from_ref(&behalf));
        let case = case();
        let facts = Facts::new(&case.from, &case.to, &case.operation, case.purpose);
        let facts = Facts { via, behalf, onward: Some(&onward), ..facts };
        decide::<Asking>(rules, &facts, now()).map_err(|denial| denial.to_string())
    };
    assert!(asks(&blocked(&[])).is_ok());
    for name in ["yn.police.cn", "gs.police.cn", "odd.yn.police.cn", "fda.cn", "police.la"] {
        assert_eq!(
            asks(&blocked(&[name])).unwrap_err(),
            format!(
                "{name} is stopped since 2026-06-01T00:00:00.000Z by block notice 1, exercise (AGENCY_BLOCKED)"
            )
        );
    }
    assert!(asks(&blocked(&["police.cn", "customs.cn"])).is_ok());
    assert!(Case::between("km.yn.police.cn", "gs.police.cn").passes(&blocked(&["yn.police.cn"])));
}

#[test]
fn a_rule_of_our_own_forbids_what_agreements_allow() {
    let rule = LocalRule {
        name: "no narcotics".into(),
        when: Some(Side::Serving),
        agencies: Some(vec!["*.police.cn".parse().unwrap()]),
        operations: None,
        purposes: None,
        branches: None,
        handling_above: None,
        vetting: None,
    };
    let local = LocalRules::new(vec![rule]).unwrap();
    let documents = Documents::agreements([signed(&northwest())]);
    let rules = Rules::build(documents, directory(&[]), local, |_| None).0;
    assert!(decided::<Asking>(&rules, |facts| facts).is_ok(), "it is about serving");
    let denial = decided::<Opening>(&rules, |facts| facts).unwrap_err();
    assert_eq!(denial.to_string(), "the rule \"no narcotics\" of this agency forbids it (LOCAL_RULE)");
}

#[test]
fn a_withdrawn_party_takes_those_below_it_along() {
    let rules = with_declarations(&three(), &[withdrawal("yn.police.cn", MARCH)]);
    assert_eq!(
        case().denial(&rules).to_string(),
        "yn.police.cn has withdrawn from northwest v1 since 2026-03-01T00:00:00.000Z (AGREEMENT_WITHDRAWN)"
    );
    let below = Case::between("gs.police.cn", "km.yn.police.cn");
    assert_eq!(below.refusal(&rules), Refusal::AgreementWithdrawn);
    assert_eq!(below.clone().claims(&rules, "northwest").refusal(&rules), Refusal::AgreementWithdrawn);
    assert!(Case::between("gs.police.cn", "sn.police.cn").passes(&rules), "the others go on");
    assert!(below.decide(&rules, time("2026-02-28T23:59:59.999Z")).is_ok());
}

#[test]
fn with_fewer_than_two_parties_left_nothing_is_in_force() {
    let within = Case::between("km.yn.police.cn", "yn.police.cn");
    let upwards = Grant { to: listed(&["yn.police.cn"]), ..grant("1") };
    let northwest = Agreement { grants: vec![upwards], ..northwest() };
    assert!(within.passes(&rules(std::slice::from_ref(&northwest))));
    let rules = with_declarations(&northwest, &[withdrawal("gs.police.cn", MARCH)]);
    let denial = within.denial(&rules);
    assert_eq!(denial.refusal, Refusal::AgreementWithdrawn, "{denial}");
    let permit = within.decide(&rules, time("2026-02-01T00:00:00Z")).unwrap();
    assert_eq!(permit.until(), time(MARCH), "it rests on the other party too");
}

#[test]
fn a_suspension_names_its_party_and_time() {
    let rules = with_declarations(&northwest(), &[suspension("gs.police.cn", MARCH, Some(JULY))]);
    assert_eq!(
        case().denial(&rules).to_string(),
        "gs.police.cn has suspended northwest v1 since 2026-03-01T00:00:00.000Z until 2026-07-01T00:00:00.000Z \
         (AGREEMENT_SUSPENDED)"
    );
    assert!(case().decide(&rules, time(JULY)).is_ok());
    assert!(case().decide(&rules, time("2026-02-28T23:59:59.999Z")).is_ok());
}

#[test]
fn a_claimed_version_is_the_one_in_force() {
    let second = Agreement { valid_from: time(JULY), ..after(&northwest()) };
    let rules = rules_of(Documents::agreements([signed(&northwest()), signed(&second)]));
    let [first, second] = [MARCH, JULY].map(|at| rules.get(&second.id, time(at)).unwrap().reference());
    let claim = |text: &AgreementRef, at| {
        let case = Case { agreement: Some(text.clone()), ..case() };
        case.decide(&rules, time(at)).map(|permit| permit.agreement().version).map_err(|d| d.to_string())
    };
    assert_eq!(claim(&first, "2026-06-30T23:59:59.999Z"), Ok(1));
    assert_eq!(claim(&second, JULY), Ok(2));
    assert_eq!(
        claim(&first, JULY),
        Err("northwest is known here in version 2, not 1 (AGREEMENT_DIFFERS)".to_owned())
    );
    assert_eq!(
        claim(&second, MARCH),
        Err("northwest v2 is not in force before 2026-07-01T00:00:00.000Z (AGREEMENT_NOT_YET_IN_FORCE)"
            .to_owned())
    );
}

#[test]
fn two_successors_end_what_they_contend_for() {
    let second = Agreement { valid_from: time(MARCH), ..after(&northwest()) };
    let rival = Agreement { source: Some("another".into()), ..second.clone() };
    let documents = Documents::agreements([&northwest(), &second, &rival].map(signed));
    let rules = Rules::build(documents, directory(&[]), LocalRules::default(), |_| None).0;
    let denial = case().denial(&rules);
    assert_eq!(
        denial.to_string(),
        "yn.police.cn signed another text of northwest v2 too and is bound by neither since 2026-03-01T00:00:00.000Z \
         (AGREEMENT_DIFFERS)"
    );
    assert_eq!(case().decide(&rules, time("2026-02-01T00:00:00Z")).unwrap().until(), time(MARCH));
}

#[test]
fn carriers_are_those_that_the_agreement_names() {
    let carried = |carriers: Option<Agencies>, via: &[&str]| {
        let rules = rules(&[Agreement { carriers, ..three() }]);
        let via: Vec<_> = via.iter().map(|name| agency(name)).collect();
        let case = case();
        let facts = Facts::new(&case.from, &case.to, &case.operation, case.purpose);
        let facts = Facts { via: &via, ..facts };
        decide::<Carrying>(&rules, &facts, now()).map(drop).map_err(|denial| denial.to_string())
    };
    assert!(carried(None, &[]).is_ok());
    assert_eq!(
        carried(None, &["sn.police.cn"]).unwrap_err(),
        "clause 1 of northwest v1 does not let all of sn.police.cn carry it (CARRYING_NOT_GRANTED)"
    );
    assert!(carried(Some(Agencies::Parties), &["sn.police.cn"]).is_ok());
    let below = Some(listed(&["*.yn.police.cn", "sn.police.cn"]));
    assert!(carried(below.clone(), &["sn.police.cn", "gd.km.yn.police.cn"]).is_ok());
    for stranger in ["police.cn", "odd.yn.police.cn", "km.yn.police.cn"] {
        let parties = carried(Some(Agencies::Parties), &[stranger]).unwrap_err();
        assert!(parties.ends_with("(CARRYING_NOT_GRANTED)"), "below a party is not a party: {parties}");
    }
    assert!(carried(below, &["sn.police.cn", "odd.yn.police.cn"]).is_err());
    for end in ["yn.police.cn", "gs.police.cn"] {
        let denial = carried(Some(Agencies::Parties), &[end]).unwrap_err();
        assert_eq!(
            denial,
            format!("{end} would carry what it asks or answers itself (CARRYING_NOT_GRANTED)")
        );
    }
    let stranger = carried(Some(Agencies::Parties), &["nobody.cn"]).unwrap_err();
    assert!(stranger.ends_with("(NOT_A_MEMBER)"));
}

#[test]
fn superiors_carry_for_those_below_up_to_the_party_that_signed() {
    let rules = rules(&[three()]);
    let carried = |from: &str, to: &str, via: &str| {
        let (from, to, via) = (agency(from), agency(to), [agency(via)]);
        let case = case();
        let facts = Facts { via: &via, ..Facts::new(&from, &to, &case.operation, case.purpose) };
        let decided = decide::<Carrying>(&rules, &facts, now()).map_err(|denial| denial.refusal);
        let text = rules.get(&three().id, now()).unwrap().reference();
        let listed = rules.carriers_between(&text, [&from, &to], now()).contains(&via[0]);
        assert_eq!(listed, decided.is_ok(), "{from} to {to} via {}", via[0]);
        decided.map(drop)
    };
    let guandu = "gd.km.yn.police.cn";
    for (from, to) in [("sn.police.cn", guandu), (guandu, "sn.police.cn")] {
        for above in ["km.yn.police.cn", "yn.police.cn"] {
            assert_eq!(carried(from, to, above), Ok(()), "{from} to {to} by {above}");
        }
        // Above the party nobody has signed, and neither is anybody's superior who only stands beside.
        for other in ["police.cn", "gs.police.cn", "odd.yn.police.cn"] {
            assert_eq!(
                carried(from, to, other),
                Err(Refusal::CarryingNotGranted),
                "{from} to {to} by {other}"
            );
        }
    }
    assert_eq!(carried("sn.police.cn", "yn.police.cn", "km.yn.police.cn"), Err(Refusal::CarryingNotGranted));
}

#[test]
fn a_superior_that_takes_no_part_or_is_stopped_carries_nothing() {
    let agreement = three();
    let text = rules(std::slice::from_ref(&agreement)).get(&agreement.id, now()).unwrap().reference();
    let guandu = agency("gd.km.yn.police.cn");
    let withdrawn = with_declarations(&agreement, &[withdrawal("yn.police.cn", JULY)]);
    assert_eq!(withdrawn.superiors(&text, &guandu, now()).len(), 2);
    assert!(withdrawn.superiors(&text, &guandu, time(JULY)).is_empty());
    let stopped = directory_with(&[], &[block("km.yn.police.cn", time(JULY))]);
    let documents = Documents::agreements([signed(&agreement)]);
    let (stopped, _) = Rules::build(documents, stopped, LocalRules::default(), |_| None);
    assert_eq!(stopped.superiors(&text, &guandu, time(JULY)), [&agency("yn.police.cn")]);
}

#[test]
fn a_carrier_that_takes_no_part_carries_nothing() {
    let agreement = Agreement { carriers: Some(Agencies::Parties), ..three() };
    let rules = with_declarations(&agreement, &[withdrawal("sn.police.cn", JULY)]);
    let via = [agency("sn.police.cn")];
    let case = case();
    let facts = Facts { via: &via, ..Facts::new(&case.from, &case.to, &case.operation, case.purpose) };
    let permit = decide::<Carrying>(&rules, &facts, now()).unwrap();
    assert_eq!(permit.until(), time(JULY), "the permit rests on its carrier");
    assert_eq!(
        decide::<Carrying>(&rules, &facts, time(JULY)).unwrap_err().refusal,
        Refusal::CarryingNotGranted
    );
    assert_eq!(case.permit(&rules).until(), northwest().valid_until, "one without it does not");
}

#[test]
fn a_broker_asks_for_those_that_the_clause_names() {
    let third = ["fda.cn".parse().unwrap()].to_vec();
    let rules = with(vec![Grant { on_behalf_of: third.clone(), brokered_to: third, ..grant("1") }]);
    let [named, other] = ["fda.cn", "police.la"].map(agency);
    let behalf = |of: &[AgencyId]| {
        let case = case();
        let facts = Facts::new(&case.from, &case.to, &case.operation, case.purpose);
        decide::<Asking>(&rules, &Facts { behalf: of, ..facts }, now()).map(drop).map_err(|d| d.to_string())
    };
    assert!(behalf(std::slice::from_ref(&named)).is_ok());
    assert_eq!(
        behalf(&[named.clone(), other.clone()]).unwrap_err(),
        "clause 1 of northwest v1 does not let yn.police.cn ask on behalf of all of fda.cn, police.la \
         (BROKERING_NOT_GRANTED)"
    );
    let onward = |to: &AgencyId| {
        let case = case();
        let facts = Facts::new(&case.from, &case.to, &case.operation, case.purpose);
        decide::<Asking>(&rules, &Facts { onward: Some(to), ..facts }, now())
            .map(drop)
            .map_err(|d| d.to_string())
    };
    assert!(onward(&named).is_ok());
    assert_eq!(
        onward(&other).unwrap_err(),
        "clause 1 of northwest v1 does not let gs.police.cn ask police.la in turn (BROKERING_NOT_GRANTED)"
    );
}

#[test]
fn an_officer_vets_what_is_about_somebody() {
    let brokered_to = ["fda.cn".parse().unwrap()].to_vec();
    let rules = with(vec![Grant { brokered_to, vetting: Vetting::Officer, ..grant("1") }]);
    let (Case { from, to, purpose, .. }, onward) = (case(), agency("fda.cn"));
    let vetting = |operation: &str, onward: Option<&AgencyId>| {
        let operation = operation.parse().unwrap();
        let facts = Facts { onward, ..Facts::new(&from, &to, &operation, purpose) };
        decide::<Asking>(&rules, &facts, now()).unwrap().vetting()
    };
    assert_eq!(vetting("wanted.search", Some(&onward)), Vetting::Officer);
    assert_eq!(vetting("wanted.search", None), Vetting::Automatic, "asked of the broker itself");
    assert_eq!(vetting(Operation::PING, Some(&onward)), Vetting::Automatic);
}

#[test]
fn who_stands_below_a_broker_is_none() {
    let third = ["fda.cn".parse().unwrap()].to_vec();
    let rules = with(vec![Grant { on_behalf_of: third.clone(), brokered_to: third, ..grant("1") }]);
    let named = agency("fda.cn");
    let [above, below, far] = ["yn.police.cn", "km.yn.police.cn", "gs.police.cn"].map(agency);
    let Case { operation, purpose, .. } = case();
    let ask = |from: &AgencyId, to: &AgencyId, behalf: &[AgencyId], onward: Option<&AgencyId>| {
        let facts = Facts { behalf, onward, ..Facts::new(from, to, &operation, purpose) };
        decide::<Asking>(&rules, &facts, now()).map(drop).map_err(|denial| denial.refusal)
    };
    let for_others = std::slice::from_ref(&named);
    let refused = Err(Refusal::BrokeringNotGranted);
    assert_eq!((ask(&below, &far, &[], None), ask(&far, &below, &[], None)), (Ok(()), Ok(())));
    assert_eq!((ask(&above, &far, for_others, None), ask(&below, &far, for_others, None)), (Ok(()), refused));
    assert_eq!(
        (ask(&far, &above, &[], Some(&named)), ask(&far, &below, &[], Some(&named))),
        (Ok(()), refused)
    );
    let brokers = rules.brokers(&far, &named, &operation, now());
    assert!(brokers.contains(&above) && !brokers.contains(&below), "{brokers:?}");
}

#[test]
fn offences_are_excluded_by_terms_or_by_being_abroad() {
    let excludes = |kind, exclusions: Option<&[OffenceNature]>| {
        let terms = Terms { exclusions: exclusions.map(<[_]>::to_vec), ..Terms::default() };
        let rules = rules(&[Agreement { kind, terms, ..northwest() }]);
        let natures = OffenceNature::ALL.iter().copied();
        let excluded = natures.filter(|nature| {
            let asked = decided::<Opening>(&rules, |facts| Facts { nature: Some(*nature), ..facts });
            asked.is_err_and(|denial| denial.refusal == Refusal::OffenceExcluded)
        });
        excluded.collect::<Vec<_>>()
    };
    let (political, all) = ([OffenceNature::Political], OffenceNature::ALL);
    assert_eq!(excludes(AgreementKind::Regional, None), []);
    assert_eq!(excludes(AgreementKind::Regional, Some(&political)), political);
    assert_eq!(excludes(AgreementKind::International, None), all);
    assert_eq!(excludes(AgreementKind::International, Some(&political)), political);
    assert_eq!(excludes(AgreementKind::International, Some(&[])), []);
    let rules = rules(&[Agreement { kind: AgreementKind::International, ..northwest() }]);
    assert_eq!(
        denied(&rules, |facts| Facts { nature: Some(OffenceNature::Military), ..facts }),
        "clause 1 of northwest v1 excludes military offences (OFFENCE_EXCLUDED)"
    );
}

#[test]
fn a_strict_agreement_wants_a_node_that_knows_what_holds() {
    let terms = Terms { sync_within_minutes: Some(30), ..Terms::default() };
    let strict = rules(&[Agreement { strict: true, terms, ..northwest() }]);
    let ago = |minutes: u64| now().minus(Duration::from_secs(minutes * 60));
    let synced = |at| decided::<Asking>(&strict, |facts| Facts { synced: at, ..facts });
    let permit = synced(Some(ago(29))).unwrap();
    assert_eq!(permit.until(), now().plus(Duration::from_secs(60)));
    assert_eq!(
        synced(Some(ago(30))).unwrap_err().to_string(),
        "northwest v1 is strict, and the last synchronization, 2026-05-31T23:30:00.000Z, is over 30 minutes ago \
         (SYNC_STALE)"
    );
    assert_eq!(synced(None).unwrap_err().refusal, Refusal::SyncStale);
    assert!(decided::<Asking>(&rules(&[northwest()]), |facts| facts).is_ok(), "others do not care");
}

#[test]
fn a_permit_says_how_long_how_often_and_how_far() {
    let quota = Quota { requests: 5.try_into().unwrap(), per: QuotaWindow::Hour };
    let terms = Terms { withdrawal_notice_days: 30, ..Terms::default() };
    let grants = vec![Grant { quota: Some(quota), onward: Onward::ToParties, ..grant("1") }];
    let agreement = Agreement { grants, terms: terms.clone(), ..northwest() };
    let permit = case().permit(&rules(std::slice::from_ref(&agreement)));
    assert_eq!((permit.quota(), permit.onward(), permit.terms()), (Some(quota), Onward::ToParties, &terms));
    assert_eq!(permit.until(), agreement.valid_until);
    let second = Agreement { valid_from: time(JULY), ..after(&agreement) };
    let rules = rules_of(Documents::agreements([signed(&agreement), signed(&second)]));
    assert_eq!(case().permit(&rules).until(), time(JULY), "its successor may say something else");
    let blocks = [block("gs.police.cn", time(JULY))];
    let documents = Documents::agreements([signed(&agreement)]);
    let rules = Rules::build(documents, directory_with(&[], &blocks), LocalRules::default(), |_| None).0;
    assert_eq!(case().permit(&rules).until(), time(JULY));
    let rules = with_declarations(&agreement, &[suspension("gs.police.cn", JULY, None)]);
    assert_eq!(case().permit(&rules).until(), time(JULY));
}
