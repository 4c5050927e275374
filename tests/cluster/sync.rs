//! Documents spread from node to node: each has a folder of its own, so that nothing travels by files.

use crate::PROGRAM;
use concord_agreements::{Agreement, AgreementKind, Grant, Terms};
use concord_client::DocumentState;
use concord_domain::wanted::Field;
use concord_domain::{Clock, Entropy, Outcome, Purpose, Refusal, SystemClock, SystemEntropy};
use concord_pki::{KeyName, Renewal, renew_keyring};
use concord_testkit::cluster::{TestCluster, agency, until};
use concord_testkit::command::Ran;
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use concord_trust::{
    Card, Charter, DocumentKind, DutyDesk, Keyring, Member, MemberKind, Names, SignedFile, SigningKey, sha256,
};
use std::time::Duration;

const GUIZHOU: &str = "gz.police.cn";
const SICHUAN: &str = "sc.police.cn";
/// Shares no agreement with Guizhou in the sample.
const GUANGDONG: &str = "gd.police.cn";
const ALL: [&str; 3] = [GUIZHOU, SICHUAN, GUANGDONG];

/// Some rounds, with room for a busy machine.
const SPREAD: Duration = Duration::from_secs(30);

fn key(cluster: &TestCluster, name: &str, key: KeyName) -> SigningKey {
    SigningKey::from_text(&std::fs::read_to_string(cluster.files(name).key(key)).unwrap()).unwrap()
}

/// A pact of Guizhou and Guangdong, from now on.
fn pact() -> Agreement {
    let now = SystemClock.now();
    let day = Duration::from_secs(86_400);
    let grant = Grant::new(
        "1".parse().unwrap(),
        vec!["wanted.search".parse().unwrap()],
        vec![Purpose::FugitiveApprehension],
        vec![Field::Name],
    );
    let (id, parties) = ("gz-gd".parse().unwrap(), [GUIZHOU, GUANGDONG].map(agency).to_vec());
    let validity = now.minus(day)..now.plus(30 * day);
    Agreement { strict: true, ..Agreement::new(id, AgreementKind::Bilateral, parties, validity, vec![grant]) }
}

fn signed(cluster: &TestCluster, pact: &Agreement, party: &str) -> SignedFile {
    let kind = DocumentKind::Agreement;
    let file = SignedFile::unsigned(&pact.file_stem(), pact.to_toml());
    file.sign(kind.signed_as(), party, &key(cluster, party, KeyName::Agreement))
}

/// Waits until every node shows a document of this kind, name and sequence in this state.
async fn at_all(cluster: &TestCluster, kind: DocumentKind, name: &str, sequence: u64, state: DocumentState) {
    at(cluster, &ALL, kind, name, sequence, state).await;
}

/// The same of these nodes.
async fn at(
    cluster: &TestCluster,
    nodes: &[&str],
    kind: DocumentKind,
    name: &str,
    sequence: u64,
    state: DocumentState,
) {
    for node in nodes {
        let client = cluster.application(node).unwrap();
        until(&format!("{kind} {name} {sequence} {state} at {node}"), SPREAD, async || {
            let documents = client.documents(Some(kind)).await?;
            let found = documents.iter().find(|d| d.at.name == name && d.at.sequence == sequence);
            Ok(found.filter(|found| found.state == state).map(drop))
        })
        .await;
    }
}

async fn ask(cluster: &TestCluster) -> Outcome {
    let client = cluster.application(GUIZHOU).unwrap();
    let asked = query(by_id(&format!("passport:{}", passport(7))), agencies(&[GUANGDONG]));
    Searched::of(&client, asked, PATIENCE).await.unwrap().outcome(GUANGDONG)
}

#[tokio::test]
async fn an_agreement_submitted_anywhere_is_in_force_everywhere_until_a_party_withdraws() {
    let cluster = TestCluster::start_apart(PROGRAM, &ALL).await.unwrap();
    cluster.import(GUANGDONG, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    assert_eq!(ask(&cluster).await, Outcome::Refused(Refusal::NoAgreement));
    let (pact, kind) = (pact(), DocumentKind::Agreement);

    // At somebody's node who is no party; then the other signature at another node.
    let third = cluster.application(SICHUAN).unwrap();
    let status = third.submit_document(kind, signed(&cluster, &pact, GUIZHOU)).await.unwrap();
    assert_eq!((status.state, status.signers), (DocumentState::Pending, vec![GUIZHOU.to_owned()]));
    at_all(&cluster, kind, "gz-gd", 1, DocumentState::Pending).await;
    assert_eq!(ask(&cluster).await, Outcome::Refused(Refusal::NoAgreement));
    let party = cluster.application(GUANGDONG).unwrap();
    party.submit_document(kind, signed(&cluster, &pact, GUANGDONG)).await.unwrap();
    at_all(&cluster, kind, "gz-gd", 1, DocumentState::InForce).await;
    assert_eq!(ask(&cluster).await, Outcome::Hit);

    let effective_at = SystemClock.now().plus(Duration::from_secs(2)).to_string();
    let ran = declares(&cluster, "withdraw", GUANGDONG, &["--effective-at", &effective_at]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    at_all(&cluster, DocumentKind::Declaration, "gz-gd/gd.police.cn", 1, DocumentState::InForce).await;
    refused(&cluster, Refusal::AgreementWithdrawn).await;
}

#[tokio::test]
async fn a_party_suspends_its_part_and_resumes_and_leaves_only_with_due_notice() {
    let cluster = TestCluster::start_apart(PROGRAM, &ALL).await.unwrap();
    cluster.import(GUANGDONG, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    let pact = Agreement { terms: Terms { withdrawal_notice_days: 30, ..Terms::default() }, ..pact() };
    let (kind, party) = (DocumentKind::Agreement, cluster.application(GUANGDONG).unwrap());
    for signer in [GUIZHOU, GUANGDONG] {
        party.submit_document(kind, signed(&cluster, &pact, signer)).await.unwrap();
    }
    at_all(&cluster, kind, "gz-gd", 1, DocumentState::InForce).await;

    let tomorrow = SystemClock.now().plus(Duration::from_secs(86_400)).to_string();
    for (who, why) in [(GUANGDONG, "30 days' notice"), (SICHUAN, "sc.police.cn is not among its parties")] {
        let ran = declares(&cluster, "withdraw", who, &["--effective-at", &tomorrow]).await;
        assert!(ran.code == Some(1) && ran.err.contains(why), "{ran:?}");
    }
    assert_eq!(party.documents(Some(DocumentKind::Declaration)).await.unwrap(), [], "nothing was signed");

    let now = SystemClock.now().to_string();
    let ran = declares(&cluster, "suspend", GUANGDONG, &["--from", &now]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    refused(&cluster, Refusal::AgreementSuspended).await;
    let ran = declares(&cluster, "resume", GUANGDONG, &[]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    at_all(&cluster, DocumentKind::Declaration, "gz-gd/gd.police.cn", 2, DocumentState::InForce).await;
    assert_eq!(ask(&cluster).await, Outcome::Hit);
}

/// What a party declares about the pact at its own node, by the command line.
async fn declares(cluster: &TestCluster, act: &str, party: &str, when: &[&str]) -> Ran {
    let key = cluster.files(party).key(KeyName::Agreement);
    let about = ["agreement", act, "gz-gd", "--party", party, "--key", key.to_str().unwrap()];
    cluster.concord(party, &[&about, when].concat()).await.unwrap()
}

/// Waits until Guizhou's question is refused for this reason.
async fn refused(cluster: &TestCluster, refusal: Refusal) {
    until(&format!("refused for {refusal}"), SPREAD, async || {
        Ok((ask(cluster).await == Outcome::Refused(refusal)).then_some(()))
    })
    .await;
}

/// The sample's charter with other members, signed by enough of its keys.
fn next_charter(cluster: &TestCluster, change: impl FnOnce(&mut Vec<Member>)) -> SignedFile {
    let layout = cluster.layout();
    let file = SignedFile::read(&layout.charter()).unwrap();
    let before = Charter::verify(&file, sha256(&[&file.bytes])).unwrap();
    let mut charter = Charter { sequence: 2, previous: Some(before.digest()), ..Charter::clone(&before) };
    change(&mut charter.members);
    ["1", "2"].iter().fold(SignedFile::unsigned("charter", charter.to_toml()), |file, n| {
        let text = std::fs::read_to_string(layout.charter_keys().join(format!("{n}.key"))).unwrap();
        file.sign(DocumentKind::Charter.signed_as(), n, &SigningKey::from_text(&text).unwrap())
    })
}

/// Guizhou and Sichuan share the pact of the south-west, of which Chongqing is a party, and that of the nation with all.
#[tokio::test]
async fn a_member_that_the_charter_names_no_more_is_out_and_the_others_go_on() {
    let cluster = TestCluster::start_apart(PROGRAM, &ALL).await.unwrap();
    cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
    let of = async |from: &str, to: &str| {
        let asked = query(by_id(&format!("passport:{}", passport(7))), agencies(&[to]));
        Searched::of(&cluster.application(from).unwrap(), asked, PATIENCE).await
    };
    let pact = pact();
    for signer in [GUIZHOU, GUANGDONG] {
        let file = signed(&cluster, &pact, signer);
        cluster.application(signer).unwrap().submit_document(DocumentKind::Agreement, file).await.unwrap();
    }
    at_all(&cluster, DocumentKind::Agreement, "gz-gd", 1, DocumentState::InForce).await;
    assert_eq!(of(GUIZHOU, SICHUAN).await.unwrap().outcome(SICHUAN), Outcome::Hit);
    assert_eq!(of(GUANGDONG, GUIZHOU).await.unwrap().outcome(GUIZHOU), Outcome::NoHit);

    let left = ["cq.police.cn", GUANGDONG].map(agency);
    let next = next_charter(&cluster, |members| members.retain(|member| !left.contains(&member.agency)));
    let (kind, guizhou) = (DocumentKind::Charter, cluster.application(GUIZHOU).unwrap());
    guizhou.submit_document(kind, next).await.unwrap();
    at(&cluster, &[GUIZHOU, SICHUAN], kind, "charter", 2, DocumentState::InForce).await;
    assert_eq!(of(GUIZHOU, SICHUAN).await.unwrap().outcome(SICHUAN), Outcome::Hit, "the others' word stands");
    let error = of(GUIZHOU, GUANGDONG).await.unwrap_err().to_string();
    assert!(error.contains("gd.police.cn is not a member"), "{error}");
    let after = of(GUANGDONG, GUIZHOU).await.unwrap().outcome(GUIZHOU);
    let out = matches!(after, Outcome::Unreachable(_) | Outcome::Refused(Refusal::NotAMember));
    assert!(out, "{after}: it is not listened to, and may know by now");
}

#[tokio::test]
async fn a_renewed_keyring_and_a_charter_with_one_more_member_spread() {
    let mut cluster = TestCluster::start_apart(PROGRAM, &ALL).await.unwrap();
    let layout = cluster.layout();
    let renewal = Renewal { now: SystemClock.now(), life: Keyring::LIFE_MAX, endpoints: None };
    renew_keyring(&layout, &agency(GUIZHOU), &renewal).unwrap();
    let renewed = SignedFile::read(&layout.keyrings().join(format!("{GUIZHOU}.toml"))).unwrap();
    let sichuan = cluster.application(SICHUAN).unwrap();
    sichuan.submit_document(DocumentKind::Keyring, renewed).await.unwrap();
    at_all(&cluster, DocumentKind::Keyring, GUIZHOU, 2, DocumentState::InForce).await;

    let seed = || {
        let mut seed = [0; 32];
        SystemEntropy.fill(&mut seed);
        SigningKey::from_seed(seed)
    };
    let (root, agreement, keyring) = (seed(), seed(), seed());
    let next = next_charter(&cluster, |members| {
        members.push(Member {
            agency: agency("new.police.cn"),
            kind: MemberKind::Department,
            superior: None,
            root: root.public(),
        });
    });
    let guangdong = cluster.application(GUANGDONG).unwrap();
    guangdong.submit_document(DocumentKind::Charter, next).await.unwrap();
    at_all(&cluster, DocumentKind::Charter, "charter", 2, DocumentState::InForce).await;

    let card = Card {
        agency: agency("new.police.cn"),
        sequence: 1,
        previous: None,
        agreement_key: agreement.public(),
        keyring_key: keyring.public(),
        names: Names { zh: "新".into(), en: "New".into() },
        duty_desk: DutyDesk {
            phone: "+86 0".into(),
            email: "desk@new.example".into(),
            hours: "always".into(),
        },
        next: None,
    };
    let kind = DocumentKind::Card;
    let card = SignedFile::unsigned("card", card.to_toml()).sign(kind.signed_as(), "new.police.cn", &root);
    sichuan.submit_document(kind, card).await.unwrap();
    at_all(&cluster, kind, "new.police.cn", 1, DocumentState::InForce).await;

    // Durable, though no file has them.
    cluster.kill(GUIZHOU).await.unwrap();
    cluster.restart(GUIZHOU).await.unwrap();
    at_all(&cluster, kind, "new.police.cn", 1, DocumentState::InForce).await;
    let stopped = cluster.stop().await.unwrap();
    for node in ALL {
        let adopted = stopped.entries(node).unwrap().into_iter().filter(|entry| {
            matches!(&entry.event, concord_ledger::Event::Adopted { kind, sequence: 2, .. } if kind.as_str() == "charter")
        });
        assert_eq!(adopted.count(), 1, "{node} has on its record when it knew");
    }
}
