//! Reasons and routes.

use super::*;
use crate::decide::Facts;
use crate::document::Onward;
use crate::local::{LocalRule, Side};
use crate::testing::time;
use concord_domain::wanted::Field;
use concord_domain::{HandlingLevel, Refusal, Vetting};

fn explained(rules: &crate::Rules, from: &str, to: &str) -> Explanation {
    let topic = topic(Purpose::SeriousCrime);
    explain(rules, &topic.facts(&agency(from), &agency(to)), now())
}

fn shown(chain: &Chain) -> String {
    let legs =
        chain.legs.iter().map(|leg| format!("{} -> {} ({})", leg.from, leg.to, leg.leave.agreement.id));
    legs.collect::<Vec<_>>().join(", ")
}

/// The foreign channel: county, province, ministry, partner.
fn foreign_channel() -> Vec<Agreement> {
    let names = |names: &[&str]| names.iter().map(|p| p.parse().unwrap()).collect::<Vec<_>>();
    let abroad = names(&["police.la"]);
    let up = Grant { below: false, brokered_to: abroad.clone(), onward: Onward::WithConsent, ..grant("1") };
    let on = Grant { on_behalf_of: names(&["gd.km.yn.police.cn"]), fields: vec![Field::Name], ..up.clone() };
    let out = Grant {
        below: false,
        on_behalf_of: names(&["*.yn.police.cn", "yn.police.cn"]),
        onward: Onward::ToParties,
        ..grant("7")
    };
    let until = time("2026-07-01T00:00:00Z");
    vec![
        named("county", &["gd.km.yn.police.cn", "yn.police.cn"], vec![up]),
        Agreement { valid_until: until, ..named("province", &["yn.police.cn", "police.cn"], vec![on]) },
        named("abroad", &["police.cn", "police.la"], vec![out]),
    ]
}

#[test]
fn leave_says_by_what_how_far_and_until_when() {
    let explained = explained(&rules(&[northwest()]), "yn.police.cn", "gs.police.cn");
    let leave = explained.decision.unwrap();
    assert_eq!((leave.agreement.to_string().as_str(), leave.clause.as_str()), ("northwest v1", "1"));
    assert_eq!(leave.extent.ceiling, HandlingLevel::Restricted);
    assert_eq!(leave.extent.fields, [Field::Name, Field::Birth]);
    assert_eq!((leave.extent.quota, leave.extent.onward), (None, Onward::None));
    assert_eq!(leave.until, northwest().valid_until);
    assert!(explained.chains.is_empty() && explained.carriers.is_empty());
}

#[test]
fn each_agreement_that_binds_both_says_what_it_lacks() {
    let other = Grant { purposes: vec![Purpose::Research], ..grant("3") };
    let event = Agreement {
        kind: AgreementKind::Event,
        ..named("event", &["yn.police.cn", "gs.police.cn"], vec![other])
    };
    let elsewhere = named("elsewhere", &["yn.police.cn", "sn.police.cn"], vec![grant("1")]);
    let explained = explained(&rules(&[northwest(), event, elsewhere]), "yn.police.cn", "gs.police.cn");
    let considered: Vec<_> = explained
        .considered
        .iter()
        .map(|c| {
            (
                c.agreement.id.as_str(),
                c.decision.as_ref().map_err(|denial| denial.refusal).map(|c| c.as_str()),
            )
        })
        .collect();
    assert_eq!(considered, [("event", Err(Refusal::PurposeNotGranted)), ("northwest", Ok("1"))]);
}

#[test]
fn the_future_is_judged_by_its_own_time() {
    let rules = rules(&[northwest()]);
    let (from, to, topic) = (agency("yn.police.cn"), agency("gs.police.cn"), topic(Purpose::SeriousCrime));
    let explained = explain(&rules, &topic.facts(&from, &to), time("2027-01-01T00:00:00Z"));
    assert_eq!(explained.decision.unwrap_err().refusal, Refusal::AgreementExpired);
}

#[test]
fn carriers_are_those_that_the_agreement_names() {
    let carried = |carriers| {
        let three = named("three", &["yn.police.cn", "gs.police.cn", "sn.police.cn"], vec![grant("1")]);
        let rules = rules(&[Agreement { carriers, ..three }]);
        let carriers = explained(&rules, "yn.police.cn", "gs.police.cn").carriers;
        carriers.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        carried(Some(listed(&["sn.police.cn", "km.yn.police.cn", "yn.police.cn"]))),
        ["km.yn.police.cn", "sn.police.cn"]
    );
    assert_eq!(carried(Some(listed(&["*.yn.police.cn"]))), ["gd.km.yn.police.cn", "km.yn.police.cn"]);
    assert_eq!(carried(Some(Agencies::Parties)), ["sn.police.cn"], "the other parties are at the ends");
    assert_eq!(carried(None), [""; 0]);
}

#[test]
fn brokers_are_found_along_the_foreign_channel() {
    let explained = explained(&rules(&foreign_channel()), "gd.km.yn.police.cn", "police.la");
    assert_eq!(explained.decision.unwrap_err().refusal, Refusal::NoAgreement);
    let [chain] = explained.chains.as_slice() else { panic!("{:?}", explained.chains) };
    assert_eq!(
        shown(chain),
        "gd.km.yn.police.cn -> yn.police.cn (county), yn.police.cn -> police.cn (province), \
         police.cn -> police.la (abroad)"
    );
    assert_eq!(chain.brokers().map(|b| b.as_str()).collect::<Vec<_>>(), ["yn.police.cn", "police.cn"]);
    let extent = chain.extent().unwrap();
    assert_eq!(extent.vetting, Vetting::Automatic);
    assert_eq!((extent.fields, extent.onward), (vec![Field::Name], Onward::WithConsent), "terms only narrow");
    assert_eq!(chain.until(), Some(time("2026-07-01T00:00:00Z")));
}

#[test]
fn a_chain_tells_that_an_officer_vets_on_the_way() {
    let mut channel = foreign_channel();
    channel[1].grants[0].vetting = Vetting::Officer;
    let explained = explained(&rules(&channel), "gd.km.yn.police.cn", "police.la");
    let [chain] = explained.chains.as_slice() else { panic!("{:?}", explained.chains) };
    let each: Vec<_> = chain.legs.iter().map(|leg| leg.leave.extent.vetting).collect();
    assert_eq!(each, [Vetting::Automatic, Vetting::Officer, Vetting::Automatic]);
    assert_eq!(chain.extent().map(|extent| extent.vetting), Some(Vetting::Officer));
}

#[test]
fn one_broker_is_enough_where_it_is() {
    let explained = explained(&rules(&foreign_channel()), "yn.police.cn", "police.la");
    let chains: Vec<_> = explained.chains.iter().map(shown).collect();
    assert_eq!(chains, ["yn.police.cn -> police.cn (province), police.cn -> police.la (abroad)"]);
}

#[test]
fn each_link_of_the_chain_must_speak_of_the_others() {
    let change: [fn(&mut Vec<Agreement>); 4] = [
        |all| all[0].grants[0].brokered_to.clear(),
        |all| all[1].grants[0].brokered_to.clear(),
        |all| all[1].grants[0].on_behalf_of.clear(),
        |all| all[2].grants[0].on_behalf_of.clear(),
    ];
    for (place, change) in change.iter().enumerate() {
        let mut agreements = foreign_channel();
        change(&mut agreements);
        let explained = explained(&rules(&agreements), "gd.km.yn.police.cn", "police.la");
        assert!(explained.chains.is_empty(), "{place}: {:?}", explained.chains);
    }
}

#[test]
fn nobody_is_a_stranger_to_itself() {
    let rules = rules(&[northwest()]);
    let (yn, topic) = (agency("yn.police.cn"), topic(Purpose::SeriousCrime));
    let explained = explain(&rules, &Facts { ..topic.facts(&yn, &yn) }, now());
    assert!(explained.decision.is_err() && explained.considered.is_empty() && explained.chains.is_empty());
}

#[test]
fn a_nodes_own_rules_are_about_what_its_agency_asks_is_asked_and_carries() {
    let rule = |name: &str, when| LocalRule {
        name: name.into(),
        when: Some(when),
        agencies: None,
        operations: None,
        purposes: None,
        branches: None,
        handling_above: None,
        vetting: None,
    };
    let parties = ["yn.police.cn", "gs.police.cn", "sn.police.cn", "hl.police.cn"];
    let carriers = Some(listed(&["sn.police.cn", "hl.police.cn"]));
    let text = Agreement { carriers, ..named("four", &parties, vec![grant("1")]) };
    let with = |rules| {
        let local = LocalRules::new(rules).unwrap().of(agency("sn.police.cn"));
        let (rules, problems) =
            Rules::build(Documents::agreements([signed(&text)]), directory(&[]), local, |_| None);
        assert!(problems.is_empty(), "{problems:?}");
        rules
    };
    let refused = |rules: &Rules, from, to| {
        let topic = topic(Purpose::SeriousCrime);
        let shown = matrix(rules, &topic, now());
        let denied = explained(rules, from, to).decision.err().map(|denial| denial.refusal);
        assert_eq!(shown.cell(&agency(from), &agency(to)).is_none(), denied.is_some());
        denied
    };
    let by_rule = Some(Refusal::LocalRule);
    for (side, asks, asked) in [(Side::Asking, by_rule, None), (Side::Serving, None, by_rule)] {
        let rules = with(vec![rule("not we", side)]);
        assert_eq!(refused(&rules, "sn.police.cn", "gs.police.cn"), asks, "{side:?}");
        assert_eq!(refused(&rules, "gs.police.cn", "sn.police.cn"), asked, "{side:?}");
        assert_eq!(refused(&rules, "yn.police.cn", "gs.police.cn"), None, "{side:?}: others");
    }
    let carriers = |rules| explained(&with(rules), "yn.police.cn", "gs.police.cn").carriers;
    assert_eq!(carriers(vec![]), ["hl.police.cn", "sn.police.cn"].map(agency));
    assert_eq!(carriers(vec![rule("not we", Side::Carrying)]), [agency("hl.police.cn")]);
}
