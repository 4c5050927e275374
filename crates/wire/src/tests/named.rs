//! Each field that is wrong is named by its path, and what stands in it is not repeated.

use super::fields;
use crate::error::{Problems, violations};
use crate::pb::person::v1 as person;
use crate::pb::request::v1 as request;
use crate::pb::vetting::v1 as vetting;
use crate::pb::wanted::v1 as pb;
use crate::testing::{candidate, finding, notice, query};
use crate::vetting::Deciding;
use crate::wanted::{Ask, decode_answer, encode_answer};
use concord_domain::wanted::{Candidate, Finding, LedgerPosition, Notice, Query, Scope, Subject};
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

const SPOILS: [Spoil; 11] = [
    ("subject.names[0]", |m| subject(m).names = vec![String::new()]),
    ("subject.identifiers[1].number", |m| {
        subject(m).identifiers = vec![
            person::Identifier { kind: 1, number: "1".into(), country: String::new() },
            bad_identifier(),
        ];
    }),
    ("subject.birth", |m| subject(m).birth = SECRET.into()),
    ("subject.sex", |m| subject(m).sex = UNKNOWN),
    ("scope.list.agencies[1]", |m| {
        let agencies = vec!["yn.police.cn".to_owned(), "YN".to_owned()];
        m.scope = Some(pb::Scope { agencies: Some(pb::scope::Agencies::List(pb::AgencyList { agencies })) });
    }),
    ("purpose", |m| m.purpose = UNKNOWN),
    ("case_reference", |m| m.case_reference = "  ".into()),
    ("officer", |m| m.officer = format!("{SECRET}\u{7}")),
    ("handling.level", |m| m.handling.get_or_insert_default().level = UNKNOWN),
    ("handling.code", |m| m.handling.get_or_insert_default().code = UNKNOWN),
    ("branch", |m| m.branch = UNKNOWN),
];

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
    for count in [0, Scope::AGENCIES_MAX + 1] {
        let agencies = vec!["yn.police.cn".to_owned(); count];
        let list = pb::scope::Agencies::List(pb::AgencyList { agencies });
        let problems = Scope::try_from(pb::Scope { agencies: Some(list) }).unwrap_err();
        assert_eq!(fields(&problems), ["list"]);
        assert!(problems.to_string().contains(&Scope::AGENCIES_MAX.to_string()));
    }
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
