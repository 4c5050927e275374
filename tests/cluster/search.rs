//! A search over a scope: what each agency answers, and what each agreement lets it disclose.

use crate::PROGRAM;
use concord_client::Client;
use concord_domain::wanted::{
    Description, Field, Fields, NameKind, Notice, Offence, PersonName, Query, Subject,
};
use concord_domain::{Clock, Failure, Outcome, OutcomeKind, Purpose, Refusal, SystemClock};
use concord_pki::Withdrawal;
use concord_testkit::cluster::{Signal, TestCluster, agency, until};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, by_name, query};
use serde_json::Value;
use std::time::Duration;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
const GUIZHOU: &str = "gz.police.cn";
const GUANGDONG: &str = "gd.police.cn";
const FOOD_AND_DRUG: &str = "fda.cn";

/// In Sichuan's register: with everything that a notice may hold.
const RICH: u32 = 1;
/// In Guizhou's.
const PLAIN: u32 = 2;
/// In nobody's.
const NOBODY: u32 = 999;

fn rich() -> Notice {
    let mut rich = notice(RICH, "欧阳试样");
    rich.names.push(PersonName::new(NameKind::Alias, "Ouyang Shiyang").unwrap());
    rich.names.push(PersonName::new(NameKind::Nickname, "Grizzlewick Thornapple").unwrap());
    rich.description = Description {
        nationality: "无".into(),
        occupation: "试验员".into(),
        features: "六指".into(),
        accent: "四川".into(),
        ..Description::default()
    };
    rich.offence = Offence { time: "2025".into(), place: "某地".into(), summary: "试样".into() };
    rich
}

fn passport_of(number: u32) -> Subject {
    by_id(&format!("passport:{}", passport(number)))
}

async fn ask(client: &Client, query: Query) -> Searched {
    Searched::of(client, query, PATIENCE).await.unwrap()
}

async fn start() -> TestCluster {
    let cluster =
        TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN, GUIZHOU, GUANGDONG, FOOD_AND_DRUG]).await.unwrap();
    let padding = |from: u32| (from..from + 50).map(|n| notice(n, &format!("Padding Number {n}")));
    let sichuan = padding(100).chain([rich()]).collect();
    let guizhou = padding(200).chain([notice(PLAIN, "Wobblethwaite Fenwickson")]).collect();
    for (agency, notices) in [(SICHUAN, sichuan), (GUIZHOU, guizhou)] {
        let report = cluster.import(agency, "sample", notices).await.unwrap();
        assert_eq!((report.taken, report.rejected.len()), (51, 0));
    }
    cluster
}

#[tokio::test]
async fn answers_and_refusals() {
    let cluster = start().await;
    let yunnan = cluster.application(YUNNAN).unwrap();
    by_identifier_and_name(&yunnan).await;
    refused_for_want_of_an_agreement(&yunnan).await;
    scopes(&yunnan).await;
    officers_search_in_their_own_name(&cluster).await;
    only_granted_fields(&cluster).await;
    lines_of_the_command(&cluster).await;
}

async fn by_identifier_and_name(yunnan: &Client) {
    let scope = || agencies(&[SICHUAN, GUIZHOU]);
    let subjects = [
        ("the passport", passport_of(RICH)),
        ("the name", by_name("欧阳试样")),
        ("the romanized name", by_name("SHIYANG OUYANG")),
        ("the nickname", by_name("Grizzlewick Thornapple")),
    ];
    for (by, subject) in subjects {
        let found = ask(yunnan, query(subject, scope())).await;
        assert_eq!(found.outcome(SICHUAN), Outcome::Hit, "by {by}");
        assert_eq!(found.notices(SICHUAN), ["T-00001"], "by {by}");
        assert_eq!(found.outcome(GUIZHOU), Outcome::NoHit, "by {by}");
    }
    let found = ask(yunnan, query(passport_of(PLAIN), scope())).await;
    assert_eq!((found.outcome(SICHUAN), found.notices(GUIZHOU)), (Outcome::NoHit, vec!["T-00002"]));

    let nothing = ask(yunnan, query(passport_of(NOBODY), scope())).await;
    for (agency, finding) in &nothing.findings {
        assert_eq!(finding.outcome, Outcome::NoHit, "{agency}");
        let authority = finding.authority.as_ref().expect("an authority");
        assert_eq!(authority.agreement.to_string(), "pan-southwest v1");
        assert_eq!(authority.clause.as_ref().map(|clause| clause.as_str()), Some("1"));
        assert_eq!(finding.receipt.as_ref().map(|receipt| receipt.ledger.as_str()), Some(agency.as_str()));
        assert!(!finding.signed_receipt.is_empty(), "{agency}");
        assert_eq!(finding.record.as_ref().map(|record| record.ledger.as_str()), Some(YUNNAN));
        assert_eq!(
            finding.route.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [YUNNAN, agency.as_str()]
        );
    }
}

async fn refused_for_want_of_an_agreement(yunnan: &Client) {
    let asked = ask(yunnan, query(passport_of(RICH), agencies(&[GUANGDONG, SICHUAN]))).await;
    let refused = asked.finding(GUANGDONG);
    assert_eq!(refused.outcome, Outcome::Refused(Refusal::NoAgreement));
    let explanation = &refused.explanation;
    assert!(explanation.contains(YUNNAN) && explanation.contains(GUANGDONG), "{explanation}");
    assert!(refused.candidates.is_empty() && refused.receipt.is_none());
    assert!(refused.record.is_some(), "our own refusal is on our own record");
    assert_eq!(refused.route.len(), 1, "nothing was sent: {:?}", refused.route);
    assert_eq!(asked.outcome(SICHUAN), Outcome::Hit);

    let other_purpose =
        Query { purpose: Purpose::Research, ..query(passport_of(RICH), agencies(&[SICHUAN])) };
    let asked = ask(yunnan, other_purpose).await;
    assert_eq!(asked.outcome(SICHUAN), Outcome::Refused(Refusal::PurposeNotGranted));
    assert!(
        asked.finding(SICHUAN).explanation.contains("research"),
        "{}",
        asked.finding(SICHUAN).explanation
    );
}

async fn scopes(yunnan: &Client) {
    // Three parties of the agreement have no node here, and so publish no keyring.
    let absent = ["cq.police.cn", "qh.police.cn", "xz.police.cn"];
    let members = agencies(&["agreement:pan-southwest"]);
    let asked = ask(yunnan, query(passport_of(RICH), members)).await;
    assert_eq!(asked.totals.asked(), 5);
    assert_eq!((asked.outcome(SICHUAN), asked.outcome(GUIZHOU)), (Outcome::Hit, Outcome::NoHit));
    for agency in absent {
        assert_eq!(asked.outcome(agency), Outcome::Unreachable(Failure::NoEndpoint), "{agency}");
    }

    let asked = ask(yunnan, query(passport_of(RICH), agencies(&["all"]))).await;
    let sample = concord_pki::Federation::sample().unwrap();
    let others: Vec<_> =
        sample.members.iter().map(|m| m.agency.to_string()).filter(|a| a != YUNNAN).collect();
    assert_eq!(asked.findings.len(), others.len(), "everybody but the one who asks");
    for agency in others {
        let expected = match agency.as_str() {
            SICHUAN => OutcomeKind::Hit,
            GUIZHOU => OutcomeKind::NoHit,
            agency if absent.contains(&agency) => OutcomeKind::Unreachable,
            _ => OutcomeKind::Refused,
        };
        assert_eq!(asked.outcome(&agency).kind(), expected, "{agency}");
        let explained = !asked.finding(&agency).explanation.is_empty();
        assert_eq!(explained, !matches!(expected, OutcomeKind::Hit | OutcomeKind::NoHit), "{agency}");
    }
}

async fn officers_search_in_their_own_name(cluster: &TestCluster) {
    let officer = cluster.officer(YUNNAN).unwrap();
    let own = Query { officer: None, ..query(passport_of(RICH), agencies(&[SICHUAN])) };
    assert_eq!(ask(&officer, own).await.outcome(SICHUAN), Outcome::Hit);
}

/// What a hit of Sichuan discloses of the rich notice.
async fn disclosed(client: &Client, purpose: Purpose) -> Notice {
    let asked = ask(client, Query { purpose, ..query(passport_of(RICH), agencies(&[SICHUAN])) }).await;
    let [candidate] = asked.finding(SICHUAN).candidates.as_slice() else { panic!("one candidate") };
    candidate.notice.clone()
}

/// A notice's `Debug` shows nothing, so that two are compared without printing them.
async fn only_granted_fields(cluster: &TestCluster) {
    let yunnan = cluster.application(YUNNAN).unwrap();
    let whole = disclosed(&yunnan, Purpose::FugitiveApprehension).await;
    assert!(whole == rich(), "clause 1 of pan-southwest grants every field");

    let who: Fields =
        [Field::Name, Field::Aliases, Field::Sex, Field::Birth, Field::Identifiers].into_iter().collect();
    let fda = cluster.application(FOOD_AND_DRUG).unwrap();
    for (client, clause) in [(&fda, "food-drug-provinces 1"), (&yunnan, "pan-southwest 2")] {
        let part = disclosed(client, Purpose::FoodDrugSafety).await;
        assert!(part == rich().disclose(&who), "{clause} grants who it is");
        let Notice { description, offence, .. } = part;
        assert!(description == Description::default() && offence == Offence::default(), "{clause}");
    }
}

const LINE: [&str; 10] = [
    "agency",
    "outcome",
    "reason",
    "explanation",
    "agreement",
    "route",
    "candidates",
    "receipt",
    "record",
    "elapsed_ms",
];
const SUMMARY: [&str; 9] =
    ["asked", "hit", "no_hit", "refused", "pending", "unreachable", "timed_out", "failed", "elapsed_ms"];

fn sorted<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_unstable();
    keys
}

fn keys(object: &Value) -> Vec<&str> {
    sorted(object.as_object().expect("an object").keys().map(String::as_str))
}

async fn lines_of_the_command(cluster: &TestCluster) {
    let identifier = format!("passport:{}", passport(RICH));
    let scope = [SICHUAN, GUIZHOU, GUANGDONG].join(",");
    let words = ["search", "--id", &identifier, "--scope", &scope, "--purpose", "fugitive-apprehension"];
    let who = ["--case", "A-2026-001", "--officer", "053211"];
    let ran = cluster.concord(YUNNAN, &[words.as_slice(), who.as_slice()].concat()).await.unwrap();
    let lines = ran.lines();
    let (summary, lines) = lines.split_last().expect("lines");
    assert_eq!(lines.len(), 3);
    assert_eq!(keys(summary), ["summary"]);
    assert_eq!(keys(&summary["summary"]), sorted(SUMMARY));
    let counts = ["asked", "hit", "no_hit", "refused"].map(|count| summary["summary"][count].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(1), Some(1)]);

    let of =
        |agency: &str| lines.iter().find(|line| line["agency"] == agency).expect("a line for each agency");
    lines.iter().for_each(|line| assert_eq!(keys(line), sorted(LINE)));
    let (hit, no_hit, refused) = (of(SICHUAN), of(GUIZHOU), of(GUANGDONG));
    assert_eq!([&hit["outcome"], &no_hit["outcome"], &refused["outcome"]], ["hit", "no_hit", "refused"]);
    assert_eq!(hit["agreement"], "pan-southwest v1 clause 1");
    assert_eq!(hit["route"], serde_json::json!([YUNNAN, SICHUAN]));
    assert_eq!(keys(&hit["candidates"][0]), ["id", "name", "notice", "score"]);
    assert_eq!(hit["candidates"][0]["notice"], "T-00001");
    assert_eq!(hit["candidates"][0]["id"], identifier.as_str());
    assert_eq!(hit["candidates"][0]["score"], 1.0);
    assert_eq!(keys(&hit["receipt"]), ["index", "leaf", "ledger", "signed"]);
    assert_eq!((&hit["reason"], &no_hit["candidates"]), (&Value::Null, &serde_json::json!([])));
    assert_eq!((&refused["reason"], &refused["receipt"]), (&"NO_AGREEMENT".into(), &Value::Null));
}

#[tokio::test]
async fn a_node_that_goes_and_comes_back() {
    let mut cluster = start().await;
    let yunnan = cluster.application(YUNNAN).unwrap();
    let both = || query(passport_of(PLAIN), agencies(&[SICHUAN, GUIZHOU]));
    let before = ask(&yunnan, both()).await;
    assert_eq!((before.outcome(SICHUAN), before.outcome(GUIZHOU)), (Outcome::NoHit, Outcome::Hit));

    cluster.kill(GUIZHOU).await.unwrap();
    let during = ask(&yunnan, both()).await;
    assert_eq!(during.outcome(GUIZHOU), Outcome::Unreachable(Failure::ConnectFailed));
    assert!(during.finding(GUIZHOU).receipt.is_none() && during.finding(GUIZHOU).record.is_some());
    assert_eq!(during.outcome(SICHUAN), Outcome::NoHit, "the others answer");

    cluster.restart(GUIZHOU).await.unwrap();
    let after = ask(&yunnan, both()).await;
    assert_eq!(after.outcome(GUIZHOU), Outcome::Hit, "its register is still there");
    withdrawn(&mut cluster).await;
}

/// Longer than a reload takes on a busy machine.
const RELOADED_WITHIN: Duration = Duration::from_secs(20);

/// Asks Guizhou until it answers so.
async fn answered(what: &str, client: &Client, expected: Outcome) -> Searched {
    until(what, RELOADED_WITHIN, async || {
        let asked = ask(client, query(passport_of(PLAIN), agencies(&[GUIZHOU]))).await;
        Ok((asked.outcome(GUIZHOU) == expected).then_some(asked))
    })
    .await
}

/// What a party has left binds it no more, from the moment that the nodes have taken it up, without a restart.
async fn withdrawn(cluster: &mut TestCluster) {
    let yunnan = cluster.application(YUNNAN).unwrap();
    answered("before anything is withdrawn", &yunnan, Outcome::Hit).await;
    let now = SystemClock.now();
    let withdrawal = Withdrawal { version: 1, now, effective_at: now };
    let agreement = "pan-southwest".parse().unwrap();
    concord_pki::withdraw(&cluster.layout(), &agreement, &agency(GUIZHOU), withdrawal).unwrap();
    [YUNNAN, GUIZHOU].iter().for_each(|agency| cluster.signal(agency, Signal::HUP).unwrap());
    let refused = Outcome::Refused(Refusal::AgreementWithdrawn);
    let asked = answered("both know of the withdrawal", &yunnan, refused).await;
    let explanation = &asked.finding(GUIZHOU).explanation;
    assert!(explanation.contains("pan-southwest"), "{explanation}");
    let others = ask(&yunnan, query(passport_of(RICH), agencies(&[SICHUAN]))).await;
    assert_eq!(others.outcome(SICHUAN), Outcome::Hit, "the others go on");
}
