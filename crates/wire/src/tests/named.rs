//! Each field that is wrong is named by its path, and what stands in it is not repeated.

use super::fields;
use crate::directory::{Ping, decode_ping_answer, encode_ping_answer};
use crate::error::{Problems, violations};
use crate::pb::directory::v1 as directory;
use crate::pb::person::v1 as person;
use crate::pb::request::v1 as request;
use crate::pb::vetting::v1 as vetting;
use crate::pb::wanted::v1 as pb;
use crate::testing::{candidate, finding, notice, query};
use crate::vetting::Deciding;
use crate::wanted::{Ask, decode_answer, encode_answer};
use concord_domain::wanted::{Candidate, Finding, LedgerPosition, Notice, Query, Scope, Subject};
use concord_domain::{Passed, Timestamp};
use concord_trust::envelope::HOPS_MAX;
use proptest::prelude::*;
use proptest::sample::subsequence;
use prost::Message;

/// Number of no code.
const UNKNOWN: i32 = 99;
/// Stands in wrong fields; must not come back in a message about a person.
const SECRET: &str = "秘密";

fn bad_identifier() -> person::Identifier {
    person::Identifier { kind: 1, number: format!("{SECRET}\u{7}"), country: String::new() }
}

/// One way to spoil a query, with the field that it spoils.
type Spoil = (&'static str, fn(&mut pb::SearchRequest));

const SPOILS: [Spoil; 12] = [
    ("subject.names[0]", |m| subject(m).names = vec![String::new()]),
    ("subject.identifiers[1].number", |m| {
        subject(m).identifiers = vec![
            person::Identifier { kind: 1, number: "1".into(), country: String::new() },
            bad_identifier(),
        ];
    }),
    ("subject.birth", |m| subject(m).birth = SECRET.into()),
    ("subject.sex", |m| subject(m).sex = UNKNOWN),
    ("scope.terms[1].agencies", |m| {
        let term = Some(pb::scope_term::Term::Agencies("YN".to_owned()));
        m.scope.get_or_insert_default().terms = vec![all(), pb::ScopeTerm { term }];
    }),
    ("scope.except[1]", |m| {
        m.scope.get_or_insert_default().except = ["*.yn.police.cn", "*"].map(str::to_owned).to_vec();
    }),
    ("purpose", |m| m.purpose = UNKNOWN),
    ("case_reference", |m| m.case_reference = "  ".into()),
    ("officer", |m| m.officer = format!("{SECRET}\u{7}")),
    ("handling.level", |m| m.handling.get_or_insert_default().level = UNKNOWN),
    ("handling.code", |m| m.handling.get_or_insert_default().code = UNKNOWN),
    ("branch", |m| m.branch = UNKNOWN),
];

fn all() -> pb::ScopeTerm {
    pb::ScopeTerm { term: Some(pb::scope_term::Term::All(pb::AllAgencies {})) }
}

fn subject(message: &mut pb::SearchRequest) -> &mut person::Subject {
    message.subject.get_or_insert_default()
}

proptest! {
    #[test]
    fn all_wrong_fields_of_a_query_are_named(query in query(), spoils in subsequence(&SPOILS, 1..=SPOILS.len())) {
        let mut message = pb::SearchRequest::from(query);
        spoils.iter().for_each(|(_, spoil)| spoil(&mut message));
        let problems = Query::try_from(message).unwrap_err();
        let expected: Vec<_> = spoils.iter().map(|(field, _)| *field).take(Problems::COUNT_MAX).collect();
        prop_assert_eq!(fields(&problems), expected);
        prop_assert!(!problems.to_string().contains(SECRET));
    }

    #[test]
    fn what_must_be_there_is_named_when_it_is_not(query in query()) {
        let whole = pb::SearchRequest::from(query);
        type Without = fn(pb::SearchRequest) -> pb::SearchRequest;
        let cases: [(&str, Without); 4] = [
            ("subject", |m| pb::SearchRequest { subject: None, ..m }),
            ("scope", |m| pb::SearchRequest { scope: None, ..m }),
            ("purpose", |m| pb::SearchRequest { purpose: 0, ..m }),
            ("case_reference", |m| pb::SearchRequest { case_reference: String::new(), ..m }),
        ];
        for (field, without) in cases {
            prop_assert_eq!(fields(&Query::try_from(without(whole.clone())).unwrap_err()), [field]);
        }
    }

    #[test]
    fn a_wrong_field_of_a_finding_is_named(finding in finding()) {
        let whole = pb::AgencyOutcome::from(finding);
        let clause = request::AgreementClause { id: "x".into(), version: 1, digest: vec![1], clause: String::new() };
        let place = request::LedgerPosition { ledger: "x".into(), index: 0, leaf_hash: vec![0; 32] };
        let worst = person::Candidate { score: 1, notice: None };
        let cases = [
            ("agency", pb::AgencyOutcome { agency: "YN".into(), ..whole.clone() }),
            ("outcome", pb::AgencyOutcome { outcome: UNKNOWN, ..whole.clone() }),
            ("outcome", pb::AgencyOutcome { outcome: 3, reason: "UNHEARD".into(), ..whole.clone() }),
            ("agreement.digest", pb::AgencyOutcome { agreement: Some(clause), ..whole.clone() }),
            ("route", pb::AgencyOutcome { route: vec!["YN".into()], ..whole.clone() }),
            ("candidates.notice", pb::AgencyOutcome { candidates: vec![worst], ..whole.clone() }),
            ("receipt.ledger", pb::AgencyOutcome { receipt: Some(place.clone()), ..whole.clone() }),
            ("record.ledger", pb::AgencyOutcome { record: Some(place), ..whole.clone() }),
            ("watch", pb::AgencyOutcome { watch: "x".into(), ..whole }),
        ];
        for (field, message) in cases {
            prop_assert_eq!(fields(&Finding::try_from(message).unwrap_err()), [field]);
        }
    }

    #[test]
    fn a_wrong_field_of_a_notice_is_named_and_not_repeated(notice in notice(1..4)) {
        let whole = person::Notice::from(notice);
        let cases = [
            ("number", person::Notice { number: format!("{SECRET}\u{7}"), ..whole.clone() }),
            ("births[0]", person::Notice { births: vec![SECRET.into()], ..whole.clone() }),
            ("identifiers[0].number", person::Notice { identifiers: vec![bad_identifier()], ..whole.clone() }),
            ("identifiers[0].kind", person::Notice {
                identifiers: vec![person::Identifier { number: SECRET.into(), ..Default::default() }],
                ..whole.clone()
            }),
            ("names[1].text", person::Notice {
                names: [SECRET, "\u{7}"].map(|text| person::PersonName { kind: 1, text: text.into() }).into(),
                ..whole.clone()
            }),
            ("notice", person::Notice { names: vec![], ..whole.clone() }),
            ("notice", person::Notice {
                description: Some(person::Description {
                    habits: SECRET.repeat(Notice::TEXT_MAX),
                    ..Default::default()
                }),
                ..whole
            }),
        ];
        for (field, message) in cases {
            let problems = Notice::try_from(message).unwrap_err();
            prop_assert_eq!(fields(&problems), [field]);
            prop_assert!(!problems.to_string().contains(SECRET), "{}", problems);
        }
    }

    #[test]
    fn an_answer_has_a_limit(one in candidate()) {
        let many = vec![one; Candidate::PER_ANSWER_MAX + 1];
        prop_assert_eq!(fields(&decode_answer(&encode_answer(&many)).unwrap_err()), ["candidates"]);
    }

    #[test]
    fn a_score_has_a_limit(one in candidate()) {
        let message = person::Candidate { score: 1 << 20, ..one.into() };
        prop_assert_eq!(fields(&Candidate::try_from(message).unwrap_err()), ["score"]);
    }
}

#[test]
fn what_is_wrong_with_a_decision_is_named_and_not_repeated() {
    let decide = |reference: &str, decision, officer: &str| vetting::DecideVettingRequest {
        reference: reference.into(),
        decision,
        officer: officer.into(),
    };
    let refuse = |reason: &str| {
        Some(vetting::decide_vetting_request::Decision::Refuse(vetting::Rejection { reason: reason.into() }))
    };
    let reference = "a7".repeat(16);
    let cases = [
        ("reference", decide(SECRET, refuse("x"), "")),
        ("decision", decide(&reference, None, "")),
        ("refuse.reason", decide(&reference, refuse(""), "")),
        ("refuse.reason", decide(&reference, refuse(&SECRET.repeat(151)), "")),
        ("officer", decide(&reference, refuse("x"), &format!("{SECRET}\u{7}"))),
    ];
    for (field, message) in cases {
        let problems = Deciding::try_from(message).unwrap_err();
        assert_eq!(fields(&problems), [field]);
        assert!(!problems.to_string().contains(SECRET), "{problems}");
    }
}

#[test]
fn counts_over_their_limit_are_named() {
    let names = vec!["张".to_owned(); Subject::NAMES_MAX + 1];
    let problems = Subject::try_from(person::Subject { names, ..Default::default() }).unwrap_err();
    assert_eq!(fields(&problems), ["names"]);
    let one = person::Identifier { kind: 1, number: "1".into(), country: String::new() };
    let identifiers = vec![one; Subject::IDENTIFIERS_MAX + 1];
    let problems = Subject::try_from(person::Subject { identifiers, ..Default::default() }).unwrap_err();
    assert_eq!(fields(&problems), ["identifiers"]);
    let many = pb::Scope { terms: vec![all(); Scope::TERMS_MAX], except: vec![String::new()] };
    let problems = Scope::try_from(many).unwrap_err();
    assert_eq!(fields(&problems), ["terms"]);
    assert!(problems.to_string().contains(&Scope::TERMS_MAX.to_string()));
    let nobody = pb::Scope { terms: vec![], except: vec!["yn.police.cn".to_owned()] };
    assert_eq!(fields(&Scope::try_from(nobody).unwrap_err()), ["terms"]);
}

#[test]
fn every_wrong_term_of_a_scope_is_named() {
    use pb::scope_term::Term;
    let wrong = [Some(Term::Agreement("No id".into())), Some(Term::Region(String::new())), None];
    let terms = wrong.map(|term| pb::ScopeTerm { term }).into_iter().chain([all()]).collect();
    let problems = Scope::try_from(pb::Scope { terms, except: vec![] }).unwrap_err();
    assert_eq!(fields(&problems), ["terms[0].agreement", "terms[1].region", "terms[2]"]);
}

#[test]
fn every_wrong_field_of_an_ask_is_named() {
    let message = pb::SearchAsk { subject: None, case_reference: String::new(), officer: String::new() };
    let problems = Ask::decode(&message.encode_to_vec()).unwrap_err();
    assert_eq!(fields(&problems), ["subject", "case_reference", "officer"]);
}

#[test]
fn a_wrong_position_is_named() {
    let message = request::LedgerPosition { ledger: "YN".into(), index: 0, leaf_hash: vec![0; 31] };
    assert_eq!(fields(&LedgerPosition::try_from(message).unwrap_err()), ["ledger", "leaf_hash"]);
}

#[test]
fn a_message_full_of_mistakes_gets_a_short_status() {
    let identifiers = vec![person::Identifier::default(); 10_000];
    let message = pb::SearchRequest {
        subject: Some(person::Subject { identifiers, ..Default::default() }),
        ..Default::default()
    };
    let problems = Query::try_from(message).unwrap_err();
    assert_eq!(problems.iter().count(), Problems::COUNT_MAX);
    let status = violations(&problems);
    assert!(status.message().len() + status.details().len() < 8 << 10, "fits into trailers of 16 KiB");
}

#[test]
fn a_way_without_its_ends_or_with_too_many_carriers_is_no_answer_to_a_ping() {
    let hop =
        |n: usize| Passed { agency: format!("a{n}.police.cn").parse().unwrap(), at: Timestamp::default() };
    for length in [0, 1, HOPS_MAX + 3] {
        let hops: Vec<_> = (0..length).map(hop).collect();
        assert_eq!(
            fields(&decode_ping_answer(&encode_ping_answer(&hops)).unwrap_err()),
            ["hops"],
            "{length}"
        );
    }
}

#[test]
fn a_wrong_field_of_a_ping_is_named() {
    let whole = directory::PingRequest { agency: "yn.police.cn".into(), purpose: 1, branch: 1 };
    assert!(Ping::try_from(whole.clone()).is_ok());
    let cases = [
        ("agency", directory::PingRequest { agency: String::new(), ..whole.clone() }),
        ("purpose", directory::PingRequest { purpose: UNKNOWN, ..whole.clone() }),
        ("branch", directory::PingRequest { branch: UNKNOWN, ..whole }),
    ];
    for (field, message) in cases {
        assert_eq!(fields(&Ping::try_from(message).unwrap_err()), [field]);
    }
}
