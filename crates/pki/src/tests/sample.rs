//! The sample federation says what it should, and its form is checked.

use super::*;
use crate::FederationError;
use crate::sample::{AGREEMENTS, FEDERATION};
use concord_agreements::{Agreement, AgreementKind, Asking, Facts, LocalRules, Rules, decide};
use concord_domain::{Purpose, Refusal};
use concord_trust::MemberKind;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

/// Memberships of the seven regional mechanisms, as publicly reported.
const MECHANISMS: [(&str, &str); 7] = [
    ("northeast", "ln jl hl nm"),
    ("capital-ring", "bj tj he sx ln sd nm"),
    ("northwest", "sn gs qh nx xj xpcc nm"),
    ("pan-southwest", "cq sc gz yn xz qh"),
    ("su-zhe-wan-hu", "js zj ah sh"),
    ("central-five", "ah jx ha hn hb"),
    ("pan-pearl-river", "gd gx hi fj jx hn"),
];

fn sample_agreements() -> Vec<Agreement> {
    Federation::sample().unwrap().agreements.into_iter().map(|proposed| proposed.agreement).collect()
}

#[test]
fn the_seven_mechanisms_have_their_reported_members() {
    let agreements = sample_agreements();
    let regional: BTreeSet<_> = agreements
        .iter()
        .filter(|a| a.kind == AgreementKind::Regional)
        .map(|a| (a.id.to_string(), a.parties.iter().cloned().collect::<BTreeSet<_>>()))
        .collect();
    let province = |code| agency(&format!("{code}.police.cn"));
    let expected = MECHANISMS.map(|(id, codes)| (id.to_owned(), codes.split(' ').map(province).collect()));
    assert_eq!(regional, BTreeSet::from(expected));
}

#[test]
fn every_province_sits_in_a_mechanism() {
    let federation = Federation::sample().unwrap();
    let in_mechanisms: BTreeSet<_> = MECHANISMS.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
    let provinces = federation.members.iter().filter(|m| m.kind == MemberKind::Province);
    let codes: BTreeSet<_> = provinces.map(|m| m.agency.as_str().split('.').next().unwrap()).collect();
    assert_eq!(codes, in_mechanisms);
    // The 31 of GB/T 2260 and the production corps.
    assert_eq!(codes.len(), 32);
}

#[test]
fn every_agreement_calls_itself_sample_data() {
    for agreement in sample_agreements() {
        let source = agreement.source.as_deref().unwrap();
        assert!(source.contains("Sample data"), "{}", agreement.id);
        assert_eq!(agreement.valid_from, "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(agreement.valid_until, "2036-01-01T00:00:00Z".parse().unwrap());
    }
}

#[test]
fn duty_desks_cannot_be_reached() {
    for member in Federation::sample().unwrap().members {
        assert!(member.duty_desk.email.ends_with(".example"), "{}", member.agency);
        assert!(member.duty_desk.phone.contains(" 00"), "{}", member.agency);
    }
}

#[test]
fn some_may_ask_some() {
    let (_dir, generated) = fresh();
    let folder = generated.layout.federation();
    let (rules, _) = Rules::read(&folder, Arc::new(directory(&generated)), LocalRules::default(), |_| None);
    let operation = "wanted.search".parse().unwrap();
    let asks = |from: &str, to: &str, purpose| {
        let (from, to) = (agency(from), agency(to));
        let facts = Facts::new(&from, &to, &operation, purpose);
        decide::<Asking>(&rules, &facts, now()).map(|p| p.agreement().id.to_string()).map_err(|d| d.refusal)
    };
    let fugitive = Purpose::FugitiveApprehension;
    assert_eq!(asks("yn.police.cn", "gz.police.cn", fugitive), Ok("pan-southwest".into()));
    assert_eq!(asks("km.yn.police.cn", "sc.police.cn", fugitive), Ok("pan-southwest".into()));
    assert_eq!(asks("hn.police.cn", "gd.police.cn", fugitive), Ok("hunan-guangdong".into()));
    assert_eq!(asks("hn.police.cn", "gd.police.cn", Purpose::EconomicCrime), Ok("pan-pearl-river".into()));
    assert_eq!(asks("fda.cn", "gd.police.cn", Purpose::FoodDrugSafety), Ok("food-drug-provinces".into()));
    assert_eq!(asks("police.cn", "hl.police.cn", Purpose::SeriousCrime), Ok("national-food-drug".into()));
    assert_eq!(asks("yn.police.cn", "police.la", Purpose::Narcotics), Ok("china-laos".into()));
    for (from, to) in [
        ("yn.police.cn", "gd.police.cn"),
        ("gd.police.cn", "hl.police.cn"),
        ("km.yn.police.cn", "police.la"),
        ("gz.police.cn", "police.la"),
        ("fda.cn", "yn.police.cn"),
    ] {
        assert!(asks(from, to, Purpose::Narcotics).is_err(), "{from} to {to}");
    }
    assert_eq!(asks("yn.police.cn", "police.la", fugitive), Err(Refusal::PurposeNotGranted));
    assert_eq!(asks("yn.police.cn", "police.mm", Purpose::Narcotics), Err(Refusal::NoAgreement));
}

fn read(federation: &str) -> Result<Federation, FederationError> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("agreements")).unwrap();
    for (id, text) in AGREEMENTS {
        fs::write(dir.path().join(format!("agreements/{id}.toml")), text).unwrap();
    }
    let file = dir.path().join("federation.toml");
    fs::write(&file, federation).unwrap();
    Federation::read(&file)
}

#[test]
fn a_description_is_read_from_files_too() {
    let read = read(FEDERATION).unwrap();
    let sample = Federation::sample().unwrap();
    assert_eq!((read.members, read.charter), (sample.members, sample.charter));
    assert_eq!(read.agreements.len(), sample.agreements.len());
    // What stands in the folder of the recipe is what the list names, and the other way round.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../certs-dev/agreements");
    assert_eq!(fs::read_dir(folder).unwrap().count(), AGREEMENTS.len());
}

#[test]
fn a_bad_description_is_refused_by_name() {
    let with = |from: &str, to: &str| {
        assert!(FEDERATION.contains(from), "{from}");
        read(&FEDERATION.replacen(from, to, 1)).unwrap_err()
    };
    use FederationError as E;
    assert!(matches!(with("name =", "nickname ="), E::Malformed { .. }));
    assert!(matches!(with("threshold = 2", "threshold = 4"), E::Count { field: "charter.threshold", .. }));
    assert!(matches!(with("bj.police.cn\"", "tj.police.cn\""), E::Twice { field: "members", .. }));
    assert!(matches!(with("    \"northeast\",\n", "    \"northwest\",\n"), E::Twice { .. }));
    assert!(matches!(with("northeast", "northsouth"), E::File { .. }));
    assert!(matches!(with("superior = \"yn.police.cn\"", "superior = \"xx.cn\""), E::UnknownSuperior { .. }));
    assert!(matches!(with("\"police.la\"", "\"police.laos.la\""), E::UnknownParty { .. }));
    assert!(matches!(with("公安部", " "), E::Text { .. }));
}
