//! A search through a partition and its healing.

use concord_client::SearchEvent;
use concord_domain::wanted::{Query, Subject};
use concord_domain::{AgencyId, Handling, Outcome, Purpose};
use concord_ledger::Event;
use concord_testkit::audit;
use concord_testkit::people::{notice, passport};
use concord_testkit::searching::agencies;
use concord_testkit::simulation::{SimFederation, Trace};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use turmoil::{Builder, Sim};

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";
const GUIZHOU: &str = "gz.police.cn";

/// Longer than any step of the scenario.
const TIMEOUT: Duration = Duration::from_secs(4);

type Outcomes = BTreeMap<String, Outcome>;

fn query(number: u32) -> Query {
    let passport = format!("passport:{}", passport(number)).parse().unwrap();
    Query {
        subject: Subject::new(&[], vec![passport]).unwrap(),
        scope: agencies(&[SICHUAN, GUIZHOU]),
        purpose: Purpose::FugitiveApprehension,
        case: "A-2026-001".parse().unwrap(),
        officer: Some("053211".parse().unwrap()),
        handling: Handling::default(),
        branch: None,
        nature: None,
    }
}

async fn search(client: &concord_client::Client, trace: &Trace, number: u32) -> anyhow::Result<Outcomes> {
    let mut outcomes = Outcomes::new();
    let mut events = Box::pin(client.search(query(number), TIMEOUT).await?);
    while let Some(event) = events.next().await {
        match event? {
            SearchEvent::Finding(finding) => {
                let record = finding.record.as_ref().map(|r| r.leaf);
                trace.note(format!("finding {} {} {record:?}", finding.agency, finding.outcome));
                outcomes.insert(finding.agency.to_string(), finding.outcome);
            }
            SearchEvent::Summary { totals, .. } => assert_eq!(totals.asked(), 2),
        }
    }
    Ok(outcomes)
}

/// A node compares documents with its peers before it serves.
async fn serving(clients: &[&concord_client::Client]) {
    for client in clients {
        while client.stats().await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Runs the scenario, and gives its outcomes and its trace.
fn run(seed: u64) -> (Vec<Outcomes>, Vec<String>) {
    let trace = Trace::default();
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    trace.collect(|| {
        let mut sim: Sim<'_> = Builder::new()
            .rng_seed(seed)
            .simulation_duration(Duration::from_secs(120))
            .tick_duration(Duration::from_millis(1))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(20))
            .build();
        let federation = SimFederation::start(&mut sim, &[YUNNAN, SICHUAN, GUIZHOU], seed).unwrap();
        let agency = |name: &str| name.parse::<AgencyId>().unwrap();
        let connecting = |name: &str, sim: &Sim<'_>| {
            federation.application(&agency(name), SimFederation::local_api(sim, &agency(name)))
        };
        let (yunnan, sichuan) = (connecting(YUNNAN, &sim), connecting(SICHUAN, &sim));
        let (found, seen) = (Arc::clone(&outcomes), trace.clone());
        sim.client("console", async move {
            let (yunnan, sichuan) = (yunnan.connect()?, sichuan.connect()?);
            serving(&[&yunnan, &sichuan]).await;
            let rows = (1..=20).map(|n| Ok((u64::from(n), notice(n, &format!("Person Number {n}")))));
            let report = sichuan.import("sample", futures_util::stream::iter(rows), |_| ()).await?;
            assert_eq!((report.taken, report.rejected.len()), (20, 0));
            let before = search(&yunnan, &seen, 7).await?;
            turmoil::partition(YUNNAN, SICHUAN);
            let during = search(&yunnan, &seen, 8).await?;
            turmoil::repair(YUNNAN, SICHUAN);
            tokio::time::sleep(Duration::from_secs(10)).await;
            let after = search(&yunnan, &seen, 9).await?;
            found.lock().unwrap().extend([before, during, after]);
            // One interval more, so that the last checkpoints are signed.
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok(())
        });
        sim.run().unwrap();
        drop(sim);
        check_ledgers(&federation, &trace);
    });
    let outcomes = outcomes.lock().unwrap().clone();
    (outcomes, trace.lines())
}

fn check_ledgers(federation: &SimFederation, trace: &Trace) {
    let ledgers: BTreeMap<_, _> = federation
        .agencies()
        .iter()
        .map(|agency| {
            audit::verify(&federation.documents(), agency, &federation.node(agency).data()).unwrap();
            (agency.to_string(), audit::entries(&federation.node(agency).data()).unwrap())
        })
        .collect();
    for (agency, entries) in &ledgers {
        for entry in entries {
            // A keyring holds certificates, whose ECDSA signatures take their randomness past every seam.
            let line = if let Event::Adopted { kind, name, sequence, digest: _ } = &entry.event {
                format!("{kind} {name} {sequence} at {}", entry.time)
            } else {
                format!("{entry:?}")
            };
            trace.note(format!("{agency} {} {line}", entry.event.name()));
        }
    }
    let answered =
        |name: &str| audit::assert_in_both(&ledgers[YUNNAN], &name.parse().unwrap(), &ledgers[name]);
    assert_eq!(answered(GUIZHOU), 3);
    assert_eq!(answered(SICHUAN), 2);
}

#[test]
fn a_partition_is_told_and_heals() {
    let (outcomes, _) = run(1);
    let [before, during, after] = outcomes.as_slice() else { panic!("three searches: {outcomes:?}") };
    assert_eq!(before[SICHUAN], Outcome::Hit);
    assert_eq!(before[GUIZHOU], Outcome::NoHit);
    assert!(matches!(during[SICHUAN], Outcome::TimedOut | Outcome::Unreachable(_)), "{during:?}");
    assert_eq!(during[GUIZHOU], Outcome::NoHit);
    assert_eq!(after[SICHUAN], Outcome::Hit);
    assert_eq!(after[GUIZHOU], Outcome::NoHit);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let (first, second) = (run(7).1, run(7).1);
    let differs = first.iter().zip(&second).position(|(a, b)| a != b);
    if let Some(at) = differs {
        panic!("line {at} differs:\n{}\n{}", first[at], second[at]);
    }
    assert_eq!(first.len(), second.len());
    assert!(first.len() > 30, "a trace of {} lines shows nothing", first.len());
    assert_ne!(first, run(8).1, "another seed, another trace");
}
