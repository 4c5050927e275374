//! Agreements begin and end, and agencies are stopped, while clients search without a pause and no node is restarted.
//! What counts is what stands in the ledgers, by the times that stand there.

use crate::PROGRAM;
use concord_agreements::{Agreement, AgreementKind, Grant};
use concord_client::Client;
use concord_domain::wanted::{Field, Finding, Query};
use concord_domain::{AgreementId, Clock, Outcome, OutcomeKind, Purpose, Refusal, SystemClock, Timestamp};
use concord_ledger::{Entry, Event, RequestFacts, leaf_hash};
use concord_pki::{BlockNotice, Withdrawal, block, lift, publish_agreement, withdraw};
use concord_testkit::cluster::{Stopped, TestCluster, agency, until};
use concord_testkit::forge::{self, Forger};
use concord_testkit::load::{Asking, Load};
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_id, query};
use concord_trust::BlockReason;
use concord_trust::envelope::{Context, Verdict};
use std::time::Duration;

const GUIZHOU: &str = "gz.police.cn";
const GUANGDONG: &str = "gd.police.cn";
const CHONGQING: &str = "cq.police.cn";
const SICHUAN: &str = "sc.police.cn";
const YUNNAN: &str = "yn.police.cn";
const HEILONGJIANG: &str = "hl.police.cn";
const MINISTRY: &str = "police.cn";
const BEIJING: &str = "bj.police.cn";

/// Clients that ask the same at once.
const CLIENTS: usize = 8;
/// Refusals that each client goes on to collect once there is nothing more to be had.
const REFUSALS: usize = 10;
/// What a test arranges for has so many times as long as a reload and a search take: by then nodes have taken it up, and
/// clients have asked under it. Where the machine got busier meanwhile and that was too late, the test begins anew with
/// more.
const PACES: [u32; 3] = [4, 8, 16];
/// What a test arranges for comes no sooner, so that clients see what was before.
const AHEAD: Duration = Duration::from_secs(2);
/// And lasts no less.
const LASTS_MIN: Duration = Duration::from_secs(3);

/// How long a reload and a search take here and now, with clients at work.
async fn pace(cluster: &TestCluster, from: &str, query: &Query) -> Duration {
    let begin = tokio::time::Instant::now();
    cluster.reload().await;
    Searched::of(&cluster.application(from).unwrap(), query.clone(), PATIENCE).await.unwrap();
    begin.elapsed()
}

fn known(scope: &[&str]) -> Query {
    query(by_id(&format!("passport:{}", passport(1))), agencies(scope))
}

async fn start(names: &[&str], holders: &[&str]) -> TestCluster {
    let cluster = TestCluster::start(PROGRAM, names).await.unwrap();
    for holder in holders {
        cluster.import(holder, "sample", vec![notice(1, "Person Number 1")]).await.unwrap();
    }
    cluster
}

/// Everything that the ledger says was released under an agreement: when, about which request, in which entry.
fn released<'a>(
    entries: &'a [Entry],
    agreement: &AgreementId,
) -> Vec<(Timestamp, &'a RequestFacts, &'a Entry)> {
    let under = |facts: &RequestFacts| facts.agreement.as_ref().is_some_and(|a| a.id == *agreement);
    let released = entries.iter().filter_map(|entry| {
        let Event::Released { request, .. } = &entry.event else { return None };
        Some((entry.time, request, entry))
    });
    released.filter(|(_, facts, _)| under(facts)).collect()
}

/// The entries of a ledger that is whole.
fn entries(stopped: &Stopped, name: &str) -> Vec<Entry> {
    stopped.verify(name).unwrap_or_else(|error| panic!("{error:#}"));
    stopped.entries(name).unwrap()
}

/// Clients saw this many hits under the agreement, each of which is one of those that the ledger released.
fn hits_are_among(findings: &[Finding], agreement: &AgreementId, responder: &str, ledger: &[Entry]) -> usize {
    let released: Vec<_> = released(ledger, agreement).into_iter().map(|(_, _, entry)| entry).collect();
    let hits = findings.iter().filter(|finding| {
        let under = finding.authority.as_ref().is_some_and(|a| a.agreement.id == *agreement);
        under && finding.agency.as_str() == responder && finding.outcome.kind() == OutcomeKind::Hit
    });
    hits.map(|hit| {
        let receipt = hit.receipt.as_ref().expect("a hit has a receipt");
        let entry = &ledger[usize::try_from(receipt.index).unwrap()];
        assert_eq!(leaf_hash(&entry.encode()), receipt.leaf);
        assert!(released.iter().any(|released| std::ptr::eq(*released, entry)), "{}", receipt.index);
    })
    .count()
}

fn seen(findings: &[Finding], refusal: Refusal) -> usize {
    findings.iter().filter(|finding| finding.outcome == Outcome::Refused(refusal)).count()
}

/// The ring around an event: for its security the two ask each other.
fn ring(from: Timestamp, lasts: Duration) -> Agreement {
    let grant = Grant::new(
        "1".parse().unwrap(),
        vec!["wanted.search".parse().unwrap()],
        vec![Purpose::EventSecurity],
        vec![Field::Name, Field::Identifiers],
    );
    let (id, parties) = ("event-ring".parse().unwrap(), [GUIZHOU, GUANGDONG].map(agency).to_vec());
    Agreement::new(id, AgreementKind::Event, parties, from..from.plus(lasts), vec![grant])
}

#[tokio::test]
async fn an_event_begins_and_ends_by_itself_and_nothing_is_served_outside_its_time() {
    for paces in PACES {
        if event(paces).await {
            return;
        }
    }
    panic!("the nodes never took up the event before it was nearly over");
}

/// Whether the nodes took up the event early enough to serve by it.
async fn event(paces: u32) -> bool {
    let cluster = start(&[GUIZHOU, GUANGDONG], &[GUANGDONG]).await;
    let asking = Asking {
        from: GUIZHOU,
        query: Query { purpose: Purpose::EventSecurity, ..known(&[GUANGDONG]) },
        refusals: REFUSALS,
        about: agency(GUANGDONG),
        refusal: Refusal::AgreementExpired,
    };
    let load = Load::start(&cluster, CLIENTS, std::slice::from_ref(&asking)).await;
    let pace = pace(&cluster, GUIZHOU, &asking.query).await;
    let ring = ring(SystemClock.now().plus(AHEAD), LASTS_MIN.max(pace * paces));
    publish_agreement(&cluster.layout(), &ring).unwrap();
    cluster.reload().await;
    // Each client can ask some times.
    if SystemClock.now().plus(pace * 2) > ring.valid_until {
        return false;
    }
    let findings = load.end().await;

    let stopped = cluster.stop().await.unwrap();
    let [origin, destination] = [GUIZHOU, GUANGDONG].map(|name| entries(&stopped, name));
    for ledger in [&origin, &destination] {
        for (at, ..) in released(ledger, &ring.id) {
            assert!(ring.in_force(at), "released at {at}, valid {} to {}", ring.valid_from, ring.valid_until);
        }
    }
    let hits = hits_are_among(&findings, &ring.id, GUANGDONG, &destination);
    let kept = released(&destination, &ring.id).len();
    assert!(hits >= CLIENTS && kept >= hits, "{hits} seen, {kept} kept");
    assert!(seen(&findings, Refusal::NoAgreement) >= CLIENTS, "clients asked before it was there");
    assert!(seen(&findings, Refusal::AgreementExpired) >= CLIENTS * REFUSALS);
    true
}

#[tokio::test]
async fn once_a_withdrawal_is_in_effect_nothing_is_released_to_the_party_or_by_it() {
    for paces in PACES {
        if withdrawal(paces).await {
            return;
        }
    }
    panic!("the nodes never took up the withdrawal before it was in effect");
}

/// Whether the nodes took up the withdrawal before it was in effect.
async fn withdrawal(paces: u32) -> bool {
    let cluster = start(&[GUIZHOU, CHONGQING, SICHUAN], &[GUIZHOU, CHONGQING, SICHUAN]).await;
    let id: AgreementId = "pan-southwest".parse().unwrap();
    let leaves = |from, scope: &[&str], about| Asking {
        from,
        query: known(scope),
        refusals: REFUSALS,
        about: agency(about),
        refusal: Refusal::AgreementWithdrawn,
    };
    let asking = [leaves(GUIZHOU, &[CHONGQING, SICHUAN], CHONGQING), leaves(CHONGQING, &[GUIZHOU], GUIZHOU)];
    let load = Load::start(&cluster, CLIENTS / 2, &asking).await;
    let pace = pace(&cluster, GUIZHOU, &known(&[CHONGQING, SICHUAN])).await;
    let now = SystemClock.now();
    let effective_at = now.plus(AHEAD.max(pace * paces));
    let withdrawal = Withdrawal { version: 1, now, effective_at };
    withdraw(&cluster.layout(), &id, &agency(CHONGQING), withdrawal).unwrap();
    cluster.reload().await;
    if SystemClock.now() >= effective_at {
        return false;
    }
    let findings = load.end().await;

    let stopped = cluster.stop().await.unwrap();
    let party = agency(CHONGQING);
    for name in [GUIZHOU, CHONGQING, SICHUAN] {
        let ledger = entries(&stopped, name);
        let (with, without): (Vec<_>, Vec<_>) = released(&ledger, &id)
            .into_iter()
            .partition(|(_, facts, _)| facts.origin == party || facts.destination == party);
        for (at, ..) in &with {
            assert!(*at < effective_at, "{name} released at {at}, after {effective_at}");
        }
        if name == SICHUAN {
            assert!(without.iter().any(|(at, ..)| *at >= effective_at), "the others go on");
        } else {
            assert!(with.iter().any(|(at, ..)| *at >= now), "{name}: the party is served until then");
            assert!(hits_are_among(&findings, &id, name, &ledger) > 0, "{name}");
        }
    }
    assert!(seen(&findings, Refusal::AgreementWithdrawn) >= CLIENTS * REFUSALS);
    true
}

fn pursuit(of: &str) -> Query {
    Query { purpose: Purpose::SeriousCrime, ..known(&[of]) }
}

async fn ask(client: &Client, of: &str) -> Finding {
    Searched::of(client, pursuit(of), PATIENCE).await.unwrap().findings.remove(of).unwrap()
}

/// Asks until what is carried goes by way of this agency; it arrives all the time.
async fn carried_by(client: &Client, carrier: &str) {
    let way = [YUNNAN, carrier, HEILONGJIANG].map(agency);
    until("it goes by the other carrier", PATIENCE, async || {
        let finding = ask(client, HEILONGJIANG).await;
        assert_eq!(finding.outcome, Outcome::Hit, "{finding:?}");
        Ok((finding.route == way).then_some(()))
    })
    .await;
}

#[tokio::test]
async fn a_blocked_agency_neither_asks_nor_answers_nor_carries_until_the_block_is_lifted() {
    let cluster = start(&[YUNNAN, HEILONGJIANG, MINISTRY, BEIJING], &[HEILONGJIANG, MINISTRY]).await;
    let [yunnan, beijing, ministry] =
        [YUNNAN, BEIJING, MINISTRY].map(|name| cluster.application(name).unwrap());
    carried_by(&yunnan, MINISTRY).await;
    for asking in [&yunnan, &beijing] {
        assert_eq!(ask(asking, MINISTRY).await.outcome, Outcome::Hit);
    }

    let notice = BlockNotice { now: SystemClock.now(), until: None, reason: BlockReason::KeysCompromised };
    block(&cluster.layout(), &agency(MINISTRY), notice).unwrap();
    cluster.reload().await;
    let blocked = Outcome::Refused(Refusal::AgencyBlocked);
    for asking in [&yunnan, &beijing] {
        assert_eq!(ask(asking, MINISTRY).await.outcome, blocked, "it is not asked");
    }
    for asked in [YUNNAN, BEIJING, HEILONGJIANG] {
        assert_eq!(ask(&ministry, asked).await.outcome, blocked, "its own node does not ask");
        assert_eq!(forged(&cluster, asked).await, Verdict::Refused(Refusal::AgencyBlocked), "{asked}");
    }
    carried_by(&yunnan, BEIJING).await;

    lift(&cluster.layout(), &agency(MINISTRY), SystemClock.now()).unwrap();
    cluster.reload().await;
    // Both carriers are known by their times now; the quicker one carries on.
    assert_eq!(ask(&yunnan, MINISTRY).await.outcome, Outcome::Hit);
}

/// What the others answer to whoever has the ministry's keys and asks without its node.
async fn forged(cluster: &TestCluster, asked: &str) -> Verdict {
    let address = &cluster.node(asked).federation_api;
    let forger = Forger::new(&cluster.layout(), &agency(MINISTRY), &agency(asked), address);
    let context = Context { purpose: Purpose::SeriousCrime, ..forger.context("national-pursuit") };
    let request = forger.seal(context, forge::ask(1));
    let answer = forger.deliver(forger.attempt(&request, 1)).await.unwrap();
    forger.open(&request, answer).reply.answer.verdict
}
