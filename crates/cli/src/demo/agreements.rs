//! Steps in which agreements begin and end while every node runs on.

use super::cast::Cast;
use super::inquiry::{Findings, Inquiry};
use crate::cluster::Cluster;
use crate::people::Person;
use anyhow::{Context, bail, ensure};
use concord_agreements::{Agreement, AgreementKind, Grant, Title};
use concord_client::Client;
use concord_domain::wanted::{Field, Finding};
use concord_domain::{AgreementId, Clock, OutcomeKind, Purpose, SystemClock, Timestamp};
use concord_pki::{Layout, Withdrawal, publish_agreement, withdraw};
use std::time::Duration;
use tokio::time::sleep;

/// How long the event lasts. Where nodes take it up only when it is over, the next longer one is tried: a busy machine
/// may need seconds.
const EVENT_LASTS: [Duration; 3] = [Duration::from_secs(3), Duration::from_secs(9), Duration::from_secs(27)];

/// Within which nodes that were told take up a new document, on a busy machine, and see that an event is over.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(20);

/// Between two looks at what nodes do.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// An agreement for an event begins and ends by itself.
pub(super) async fn event_ends(
    cluster: &Cluster,
    guizhou: &Client,
    cast: &Cast,
) -> anyhow::Result<(Vec<Finding>, String)> {
    for (number, lasts) in (1..).zip(EVENT_LASTS) {
        let ring = ring(number, cast, SystemClock.now(), lasts)?;
        publish_agreement(&Layout::new(cluster.dir()), &ring)?;
        cluster.reload();
        let Some(served) = served(guizhou, cast, &ring).await? else { continue };
        let refused = refused_after(guizhou, cast, &ring).await?;
        let says = format!(
            "{} ({}, {}) lets Guizhou ask {}: hit; {} s later it is over: {}; no node was restarted",
            ring.id,
            ring.title.zh,
            ring.title.en,
            cast.guangdong,
            lasts.as_secs(),
            refused.refusal(&cast.guangdong)?
        );
        return Ok((served.into_each().chain(refused.into_each()).collect(), says));
    }
    bail!("no event was long enough for the nodes to take it up: {EVENT_LASTS:?}")
}

/// The ring around an event: for its security Guizhou may ask Guangdong, from now on, for so long.
fn ring(number: u32, cast: &Cast, now: Timestamp, lasts: Duration) -> anyhow::Result<Agreement> {
    let grant = Grant {
        below: false,
        ..Grant::new(
            "1".parse()?,
            vec!["wanted.search".parse()?],
            vec![Purpose::EventSecurity],
            vec![Field::Name, Field::Birth, Field::Identifiers],
        )
    };
    let parties = vec![cast.guizhou.clone(), cast.guangdong.clone()];
    let id = format!("event-ring-{number}").parse()?;
    Ok(Agreement {
        source: Some("Made up by the demo.".to_owned()),
        title: Title { zh: "护城河".to_owned(), en: "ring around an event".to_owned() },
        ..Agreement::new(id, AgreementKind::Event, parties, now..now.plus(lasts), vec![grant])
    })
}

async fn ask(guizhou: &Client, cast: &Cast) -> anyhow::Result<Findings> {
    let person: Person = Cast::people(3).nth(21).context("a person")?;
    let mut inquiry = Inquiry::by_id(&person, std::slice::from_ref(&cast.guangdong))?;
    inquiry.purpose = Purpose::EventSecurity;
    inquiry.ask(guizhou).await
}

/// The hit, once both nodes have taken up the agreement; none if it was over before.
async fn served(guizhou: &Client, cast: &Cast, ring: &Agreement) -> anyhow::Result<Option<Findings>> {
    while ring.in_force(SystemClock.now()) {
        let found = ask(guizhou, cast).await?;
        if found.of(&cast.guangdong)?.outcome.kind() == OutcomeKind::Hit {
            found.under(&cast.guangdong, &ring.id)?;
            return Ok(Some(found));
        }
        // One of the two has not taken it up.
        found.refusal(&cast.guangdong)?;
        sleep(LOOK_EVERY).await;
    }
    Ok(None)
}

/// The refusal that comes by itself, and not before its time.
async fn refused_after(guizhou: &Client, cast: &Cast, ring: &Agreement) -> anyhow::Result<Findings> {
    let last = ring.valid_until.plus(TAKEN_UP_WITHIN);
    while SystemClock.now() < last {
        let found = ask(guizhou, cast).await?;
        if found.of(&cast.guangdong)?.outcome.kind() == OutcomeKind::Hit {
            sleep(LOOK_EVERY).await;
            continue;
        }
        let reason = found.refusal(&cast.guangdong)?;
        ensure!(["AGREEMENT_EXPIRED", "NO_AGREEMENT"].contains(&reason), "refused for {reason}");
        ensure!(!ring.in_force(SystemClock.now()), "refused for {reason} before {}", ring.valid_until);
        return Ok(found);
    }
    bail!("{} is over since {}, and is still served", ring.id, ring.valid_until)
}

/// A party leaves an agreement; the others go on under it.
pub(super) async fn withdrawn(
    cluster: &Cluster,
    guizhou: &Client,
    cast: &Cast,
) -> anyhow::Result<(Vec<Finding>, String)> {
    let agreement: AgreementId = "pan-southwest".parse()?;
    let person: Person = Cast::people(2).nth(11).context("a person")?;
    let scope = [cast.chongqing.clone(), cast.sichuan.clone()];
    let ask = async || Inquiry::by_id(&person, &scope)?.ask(guizhou).await;
    let before = ask().await?;
    before.under(&cast.chongqing, &agreement)?;

    let now = SystemClock.now();
    let withdrawal = Withdrawal { version: 1, now, effective_at: now };
    withdraw(&Layout::new(cluster.dir()), &agreement, &cast.chongqing, withdrawal)?;
    cluster.reload();
    let last = now.plus(TAKEN_UP_WITHIN);
    while SystemClock.now() < last {
        let after = ask().await?;
        after.expect(&cast.sichuan, OutcomeKind::NoHit)?;
        if after.of(&cast.chongqing)?.outcome.kind() == OutcomeKind::Hit {
            sleep(LOOK_EVERY).await;
            continue;
        }
        let reason = after.refusal(&cast.chongqing)?;
        ensure!(reason == "AGREEMENT_WITHDRAWN", "{}: refused for {reason}", cast.chongqing);
        let says = format!(
            "{} leaves {agreement} by a signed declaration: {reason}; {} answers as before; no node was restarted",
            cast.chongqing, cast.sichuan
        );
        return Ok((before.into_each().chain(after.into_each()).collect(), says));
    }
    bail!("{} has withdrawn since {now}, and is still asked", cast.chongqing)
}
