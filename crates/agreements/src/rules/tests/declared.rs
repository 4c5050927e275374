//! What parties declare.

use super::*;
use crate::declaration::{Act, Declaration};
use crate::document::Terms;
use crate::testing::{declared, declares, rules_of, time};

const MARCH: &str = "2026-03-01T00:00:00Z";

fn withdrawal(party: &str, sequence: u64, at: &str) -> Declaration {
    declares(party, sequence, Act::Withdrawal { effective_at: time(at) })
}

fn suspension(party: &str, sequence: u64, from: &str, until: Option<&str>) -> Declaration {
    declares(party, sequence, Act::Suspension { from: time(from), until: until.map(time) })
}

fn resumption(party: &str, sequence: u64) -> Declaration {
    declares(party, sequence, Act::Resumption)
}

fn with(agreement: &Agreement, declarations: &[Declaration]) -> (Rules, Vec<AgreementError>) {
    let declarations = declarations.iter().map(declared).collect();
    let documents = Documents { agreements: vec![signed(agreement)], declarations };
    Rules::build(documents, directory(&[]), LocalRules::default(), |_| None)
}

fn yunnan(rules: &Rules, at: &str) -> Option<Absence> {
    rules.absence(&northwest().id, &agency("yn.police.cn"), time(at))
}

#[test]
fn a_withdrawal_takes_effect_at_its_instant() {
    let (rules, problems) = with(&northwest(), &[withdrawal("yn.police.cn", 1, MARCH)]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(yunnan(&rules, "2026-02-28T23:59:59.999Z"), None);
    assert_eq!(yunnan(&rules, MARCH), Some(Absence::Withdrawn { since: time(MARCH) }));
    let left: Vec<_> = rules.participants(&northwest().id, now()).map(AgencyId::as_str).collect();
    assert_eq!(left, ["gs.police.cn"]);
    assert_eq!(rules.declarations().len(), 1);
}

#[test]
fn a_withdrawal_covers_its_version_and_all_before_and_none_after() {
    let later = Agreement { valid_from: time("2026-05-01T00:00:00Z"), ..after(&northwest()) };
    let of_version = |version, effective_at| {
        let act = Act::Withdrawal { effective_at: time(effective_at) };
        let declaration = Declaration { version, ..declares("yn.police.cn", 1, act) };
        rules_of(Documents {
            agreements: vec![signed(&northwest()), signed(&later)],
            declarations: vec![declared(&declaration)],
        })
    };
    let first = of_version(1, MARCH);
    assert!(yunnan(&first, "2026-04-01T00:00:00Z").is_some());
    assert_eq!(yunnan(&first, "2026-06-01T00:00:00Z"), None, "it signed the second");
    let second = of_version(2, MARCH);
    assert!(
        yunnan(&second, "2026-04-01T00:00:00Z").is_some()
            && yunnan(&second, "2026-06-01T00:00:00Z").is_some()
    );
}

#[test]
fn the_notice_agreed_must_have_passed() {
    let terms = Terms { withdrawal_notice_days: 59, ..Terms::default() };
    let noticed = Agreement { terms, ..northwest() };
    let (rules, problems) = with(&noticed, &[withdrawal("yn.police.cn", 1, MARCH)]);
    assert!(problems.is_empty() && yunnan(&rules, MARCH).is_some(), "59 days after the first of January");
    let early = withdrawal("yn.police.cn", 1, "2026-02-28T23:59:59.999Z");
    let (rules, problems) = with(&noticed, &[early]);
    assert!(matches!(problems.as_slice(), [AgreementError::NoticeTooShort { .. }]), "{problems:?}");
    assert_eq!(yunnan(&rules, MARCH), None);
    let backwards = withdrawal("yn.police.cn", 1, "2025-12-31T00:00:00Z");
    assert!(matches!(with(&northwest(), &[backwards]).1.as_slice(), [AgreementError::NoticeTooShort { .. }]));
}

#[test]
fn one_withdraws_only_from_what_one_is_bound_by() {
    let unknown = Declaration { version: 2, ..withdrawal("yn.police.cn", 1, MARCH) };
    let elsewhere =
        Declaration { agreement: "other".parse().unwrap(), ..withdrawal("yn.police.cn", 1, MARCH) };
    for declaration in [unknown, elsewhere, withdrawal("sn.police.cn", 1, MARCH)] {
        let (rules, problems) = with(&northwest(), &[declaration]);
        assert!(
            matches!(problems.as_slice(), [AgreementError::NothingToWithdrawFrom { .. }]),
            "{problems:?}"
        );
        assert_eq!(rules.participants(&northwest().id, now()).count(), 2);
    }
}

#[test]
fn nobody_declares_for_another() {
    let declaration = withdrawal("yn.police.cn", 1, MARCH);
    for signer in ["gs.police.cn", "police.cn"] {
        let file = SignedFile::unsigned("d.toml", declaration.to_toml());
        let file = file.sign(Kind::Declaration, "yn.police.cn", &key(signer));
        let documents = Documents { agreements: vec![signed(&northwest())], declarations: vec![file] };
        let (rules, problems) = Rules::build(documents, directory(&[]), LocalRules::default(), |_| None);
        assert!(matches!(problems.as_slice(), [AgreementError::Document(DocumentError::NotSigned { .. })]));
        assert_eq!(yunnan(&rules, MARCH), None);
    }
}

#[test]
fn the_latest_suspension_counts_and_a_resumption_ends_it() {
    let first = suspension("yn.police.cn", 1, "2026-02-01T00:00:00Z", None);
    let second = suspension("yn.police.cn", 2, MARCH, Some("2026-04-01T00:00:00Z"));
    let rules = with(&northwest(), &[second.clone(), first.clone()]).0;
    assert_eq!(yunnan(&rules, "2026-02-15T00:00:00Z"), None);
    let until = Some(time("2026-04-01T00:00:00Z"));
    assert_eq!(yunnan(&rules, MARCH), Some(Absence::Suspended { since: time(MARCH), until }));
    assert_eq!(yunnan(&rules, "2026-04-01T00:00:00Z"), None);
    let ended = with(&northwest(), &[first.clone(), resumption("yn.police.cn", 2)]).0;
    assert_eq!(yunnan(&ended, MARCH), None);
    let again = with(
        &northwest(),
        &[first, resumption("yn.police.cn", 2), suspension("yn.police.cn", 3, MARCH, None)],
    );
    assert!(yunnan(&again.0, MARCH).is_some());
}

#[test]
fn of_two_declarations_under_one_sequence_the_stricter_counts() {
    let suspended = suspension("yn.police.cn", 1, MARCH, None);
    let (rules, problems) = with(&northwest(), &[suspended.clone(), resumption("yn.police.cn", 1)]);
    assert!(
        matches!(problems.as_slice(), [AgreementError::TwoDeclarations { sequence: 1, .. }]),
        "{problems:?}"
    );
    assert!(yunnan(&rules, MARCH).is_some());
    let twins = [resumption("yn.police.cn", 2), suspension("yn.police.cn", 2, "2026-05-01T00:00:00Z", None)];
    let rules = with(&northwest(), &[std::slice::from_ref(&suspended), twins.as_slice()].concat()).0;
    assert!(yunnan(&rules, "2026-05-01T00:00:00Z").is_some());
    let twins = [resumption("yn.police.cn", 2), withdrawal("yn.police.cn", 2, "2026-05-01T00:00:00Z")];
    let rules = with(&northwest(), &[std::slice::from_ref(&suspended), twins.as_slice()].concat()).0;
    assert!(
        matches!(yunnan(&rules, MARCH), Some(Absence::Suspended { .. })),
        "a doubted resumption ends nothing"
    );
    assert!(matches!(yunnan(&rules, "2026-05-01T00:00:00Z"), Some(Absence::Withdrawn { .. })));
    assert!(with(&northwest(), &[suspended.clone(), suspended]).1.is_empty(), "the same text twice is one");
}

#[test]
fn declarations_lie_beside_agreements_under_their_own_names() {
    let folder = tempfile::tempdir().unwrap();
    signed(&northwest()).write(&folder.path().join("agreements"), "northwest.v1").unwrap();
    let write = |stem: &str, declaration: &Declaration| {
        declared(declaration).write(&folder.path().join("declarations"), stem).unwrap();
    };
    write("northwest.yn.police.cn.d1", &withdrawal("yn.police.cn", 1, MARCH));
    write("northwest.yn.police.cn.d3", &suspension("yn.police.cn", 2, MARCH, None));
    let (rules, problems) = Rules::read(folder.path(), directory(&[]), LocalRules::default(), |_| None);
    assert!(yunnan(&rules, MARCH).is_some());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.to_string().ends_with("holds what should be named northwest.yn.police.cn.d2.toml"));
}
