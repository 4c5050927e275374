//! Reading agreements as people write them.

use super::*;
use crate::testing::{grant, northwest};
use concord_domain::AgencyPattern;

const WRITTEN: &str = r#"
# A small region of two.
id = "yunnan-gansu"
version = 2
previous = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
kind = "between-departments"
source = "sample data"
parties = ["yn.police.cn", "gs.police.cn"]
valid_from = "2026-01-01T00:00:00Z"
valid_until = "2027-01-01T00:00:00Z"

[title]
zh = "滇甘"
en = "Yunnan and Gansu"

[[grants]]
clause = "3.1"
from = "parties"
to = ["gs.police.cn", "*.yn.police.cn"]
operations = ["wanted.search"]
purposes = ["fugitive-apprehension"]
branches = ["criminal"]
handling = "restricted"
fields = ["name", "birth"]

[[grants]]
clause = "3.2"
from = ["yn.police.cn"]
to = "parties"
below = false
operations = ["assistance.submit"]
purposes = ["narcotics"]
handling = "official"
fields = []
"#;

fn parse(text: &str) -> Result<Agreement, AgreementError> {
    Agreement::parse(&SignedFile::unsigned("a.toml", text.to_owned()))
}

fn why(agreement: &Agreement) -> String {
    agreement.check().unwrap_err().to_string()
}

#[test]
fn what_people_write_is_understood() {
    let agreement = parse(WRITTEN).unwrap();
    let [first, second] = agreement.grants.as_slice() else { panic!("two clauses") };
    assert_eq!(agreement.kind, AgreementKind::BetweenDepartments);
    assert_eq!(agreement.file_stem(), "yunnan-gansu.v2");
    assert_eq!(first.from, Agencies::Parties);
    let listed: [AgencyPattern; 2] = ["gs.police.cn".parse().unwrap(), "*.yn.police.cn".parse().unwrap()];
    assert_eq!(first.to, Agencies::Listed(listed.to_vec()));
    assert!(first.below && !second.below, "a clause reaches downwards unless it says otherwise");
    assert_eq!(first.branches, Some(vec![Branch::Criminal]));
    assert_eq!(second.branches, None);
}

#[test]
fn what_is_written_out_is_read_back() {
    for agreement in [parse(WRITTEN).unwrap(), northwest()] {
        assert_eq!(parse(&agreement.to_toml()).unwrap(), agreement);
    }
}

#[test]
fn a_wrong_word_is_named() {
    let cases = [
        ("version = 2", "version = 2\nvesion = 3", "vesion"),
        ("below = false", "bellow = false", "bellow"),
        ("en = \"Yunnan and Gansu\"", "en = \"Yunnan and Gansu\"\nfr = \"\"", "fr"),
        ("from = \"parties\"", "from = \"party\"", "the word \"parties\" or a list"),
        ("\"fugitive-apprehension\"", "\"curiosity\"", "curiosity"),
        ("\"yn.police.cn\", \"gs", "\"Yn.police.cn\", \"gs", "agency"),
        ("\"*.yn.police.cn\"", "\"yn.*.cn\"", "agency"),
        ("\"between-departments\"", "\"secret\"", "secret"),
        ("valid_until = \"2027-01-01T00:00:00Z\"", "valid_until = \"2027-01-01\"", "2027-01-01"),
        ("valid_until = \"2027-01-01T00:00:00Z\"", "", "valid_until"),
        ("handling = \"official\"", "", "handling"),
    ];
    for (written, instead, named) in cases {
        assert!(WRITTEN.contains(written), "{written}");
        let error = parse(&WRITTEN.replace(written, instead)).unwrap_err().to_string();
        assert!(error.starts_with("a.toml: ") && error.contains(named), "{instead}: {error}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut file = SignedFile::unsigned("a.toml", WRITTEN.to_owned());
    file.bytes[3] = 0xff;
    assert!(matches!(
        Agreement::parse(&file),
        Err(AgreementError::Document(DocumentError::Malformed { .. }))
    ));
}

#[test]
fn limits_of_the_document_are_named() {
    let alone = Agreement { parties: northwest().parties[..1].to_vec(), ..northwest() };
    assert_eq!(why(&alone), "parties: 1 are fewer than the 2 needed");
    let twice = Agreement { parties: vec![northwest().parties[0].clone(); 2], ..northwest() };
    assert_eq!(why(&twice), "parties: yn.police.cn stands there twice");
    let crowd = (0..=Agreement::PARTIES_MAX).map(|n| format!("a{n}.cn").parse().unwrap());
    let crowd = Agreement { parties: crowd.collect(), ..northwest() };
    assert_eq!(why(&crowd), "parties: 257 are more than the limit of 256");
    let three = ["a.cn", "b.cn", "c.cn"].map(|name| name.parse().unwrap()).to_vec();
    let three = Agreement { kind: AgreementKind::Bilateral, parties: three, ..northwest() };
    assert_eq!(why(&three), "parties: a bilateral agreement has 2, this one 3");
    let never = Agreement { valid_until: northwest().valid_from, ..northwest() };
    assert!(why(&never).starts_with("valid_until: "));
    assert_eq!(why(&Agreement { version: 0, ..northwest() }), "version: must be at least 1");
    let untitled = Title { zh: " ".into(), en: "x".into() };
    assert_eq!(why(&Agreement { title: untitled, ..northwest() }), "title.zh: is empty");
    let wordy = Some("x".repeat(Agreement::SOURCE_MAX + 1));
    assert!(why(&Agreement { source: wordy, ..northwest() }).starts_with("source: 2001 characters"));
    assert_eq!(why(&Agreement { grants: vec![], ..northwest() }), "grants: 0 are fewer than the 1 needed");
    let same = Agreement { grants: vec![grant("1"), grant("1")], ..northwest() };
    assert_eq!(why(&same), "grants: clause: 1 stands there twice");
}

#[test]
fn a_version_names_the_one_before_and_the_first_names_none() {
    let previous = Some(concord_domain::Digest([1; 32]));
    assert_eq!(why(&Agreement { previous, ..northwest() }), "previous: version 1 has none before it");
    assert_eq!(
        why(&Agreement { version: 2, ..northwest() }),
        "previous: version 2 must name the digest of the version before it"
    );
    assert!(Agreement { version: 2, previous, ..northwest() }.check().is_ok());
}

#[test]
fn limits_of_terms_and_carriers_are_named() {
    let with = |terms| why(&Agreement { terms, ..northwest() });
    let confirmation = |urgent_minutes, routine_minutes| {
        with(Terms {
            confirmation: Some(Confirmation { urgent_minutes, routine_minutes }),
            ..Terms::default()
        })
    };
    assert_eq!(confirmation(0, 60), "terms.confirmation.urgent_minutes: 0 is not within 1 to 60");
    assert_eq!(confirmation(61, 60), "terms.confirmation.urgent_minutes: 61 is not within 1 to 60");
    assert_eq!(confirmation(1, 10_081), "terms.confirmation.routine_minutes: 10081 is not within 1 to 10080");
    let assistance = |check_days, remote_check_days, other_days| {
        let assistance = Some(Assistance { check_days, remote_check_days, other_days });
        with(Terms { assistance, ..Terms::default() })
    };
    assert_eq!(assistance(0, 15, 30), "terms.assistance.check_days: 0 is not within 1 to 366");
    assert_eq!(assistance(7, 367, 30), "terms.assistance.remote_check_days: 367 is not within 1 to 366");
    assert_eq!(assistance(7, 15, 0), "terms.assistance.other_days: 0 is not within 1 to 366");
    let notice = Terms { withdrawal_notice_days: 367, ..Terms::default() };
    assert_eq!(with(notice), "terms.withdrawal_notice_days: 367 is not within 0 to 366");
    let never = Terms { sync_within_minutes: Some(0), ..Terms::default() };
    assert_eq!(with(never), "terms.sync_within_minutes: 0 is not within 1 to 10080");
    let twice = Some(vec![concord_domain::OffenceNature::Political; 2]);
    let twice = Terms { exclusions: twice, ..Terms::default() };
    assert_eq!(with(twice), "terms.exclusions: political stands there twice");
    let twice = Some(vec![concord_domain::RefusalGround::NoLink; 2]);
    let twice = Terms { refusal_grounds: twice, ..Terms::default() };
    assert_eq!(with(twice), "terms.refusal_grounds: no-link stands there twice");
    let nobody = Agreement { carriers: Some(Agencies::Listed(vec![])), ..northwest() };
    assert_eq!(why(&nobody), "carriers: 0 are fewer than the 1 needed");
    let twice = Agencies::Listed(vec!["yn.police.cn".parse().unwrap(); 2]);
    assert_eq!(
        why(&Agreement { carriers: Some(twice), ..northwest() }),
        "carriers: yn.police.cn stands there twice"
    );
}

#[test]
fn limits_of_a_clause_are_named() {
    let with = |grant| why(&Agreement { grants: vec![grant], ..northwest() });
    let nobody = Grant { to: Agencies::Listed(vec![]), ..grant("7") };
    assert_eq!(with(nobody), "grants, clause 7, to: 0 are fewer than the 1 needed");
    let nothing = Grant { operations: vec![], ..grant("7") };
    assert_eq!(with(nothing), "grants, clause 7, operations: 0 are fewer than the 1 needed");
    let aimless = Grant { purposes: vec![], ..grant("7") };
    assert_eq!(with(aimless), "grants, clause 7, purposes: 0 are fewer than the 1 needed");
    let no_branch = Grant { branches: Some(vec![]), ..grant("7") };
    assert_eq!(with(no_branch), "grants, clause 7, branches: 0 are fewer than the 1 needed");
    let third = vec!["police.la".parse::<AgencyPattern>().unwrap(); 2];
    let brokered = Grant { brokered_to: third.clone(), ..grant("7") };
    assert_eq!(with(brokered), "grants, clause 7, brokered_to: police.la stands there twice");
    let vetted = Grant { vetting: Vetting::Officer, ..grant("7") };
    assert_eq!(with(vetted), "grants, clause 7, vetting: is for brokers, and brokered_to names nobody");
    let behalf = Grant { on_behalf_of: third, ..grant("7") };
    assert_eq!(with(behalf), "grants, clause 7, on_behalf_of: police.la stands there twice");
    let requests = (Quota::REQUESTS_MAX + 1).try_into().unwrap();
    let endless = Grant { quota: Some(Quota { requests, per: QuotaWindow::Day }), ..grant("7") };
    assert!(with(endless).starts_with("grants, clause 7, quota, requests: 172800001 is not within 1"));
    let repeated = Grant { fields: vec![Field::Name, Field::Name], ..grant("7") };
    assert_eq!(with(repeated), "grants, clause 7, fields: name stands there twice");
}

#[test]
fn what_is_made_in_code_holds_and_grants_no_more_than_it_is_given() {
    let parties = northwest().parties;
    let year = northwest().valid_from..northwest().valid_until;
    let only = Grant::new(
        "1".parse().unwrap(),
        vec!["wanted.search".parse().unwrap()],
        vec![Purpose::Research],
        vec![],
    );
    let made = Agreement::new("pact".parse().unwrap(), AgreementKind::Bilateral, parties, year, vec![only]);
    made.check().unwrap();
    let written = r#"id = "pact"
version = 1
kind = "bilateral"
parties = ["yn.police.cn", "gs.police.cn"]
valid_from = "2026-01-01T00:00:00.000Z"
valid_until = "2027-01-01T00:00:00.000Z"
strict = false

[title]
zh = "pact"
en = "pact"

[[grants]]
clause = "1"
from = "parties"
to = "parties"
below = true
operations = ["wanted.search"]
purposes = ["research"]
handling = "restricted"
fields = []
onward = "none"
"#;
    assert_eq!(made.to_toml(), written);
}
