//! Yunnan and Heilongjiang share only the national agreement and no line: what one asks, others carry.

use crate::PROGRAM;
use concord_domain::wanted::Query;
use concord_domain::{Failure, Outcome, Purpose, Refusal};
use concord_ledger::Event;
use concord_testkit::cluster::TestCluster;
use concord_testkit::memory;
use concord_testkit::people::notice;
use concord_testkit::searching::{PATIENCE, Searched, agencies, by_name, query};
use std::path::Path;

const YUNNAN: &str = "yn.police.cn";
const HEILONGJIANG: &str = "hl.police.cn";
const MINISTRY: &str = "police.cn";
const BEIJING: &str = "bj.police.cn";

/// Stands nowhere but in the register of Heilongjiang and in what is asked.
const NAME: &str = "Quillfeather Ozymandian";

fn pursuit() -> Query {
    let asked = query(by_name(NAME), agencies(&[HEILONGJIANG]));
    Query { purpose: Purpose::SeriousCrime, ..asked }
}

async fn start() -> TestCluster {
    let cluster = TestCluster::start(PROGRAM, &[YUNNAN, HEILONGJIANG, MINISTRY, BEIJING]).await.unwrap();
    cluster.import(HEILONGJIANG, "sample", vec![notice(1, NAME)]).await.unwrap();
    cluster
}

async fn ask(cluster: &TestCluster) -> Searched {
    Searched::of(&cluster.application(YUNNAN).unwrap(), pursuit(), PATIENCE).await.unwrap()
}

fn route(searched: &Searched) -> Vec<String> {
    searched.finding(HEILONGJIANG).route.iter().map(ToString::to_string).collect()
}

/// Whether any file below a folder holds these bytes.
fn on_disk(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            on_disk(&path, needle)
        } else {
            memory::contains(&std::fs::read(&path).unwrap_or_default(), needle)
        }
    })
}

#[tokio::test]
async fn a_carrier_takes_it_there_and_never_knows_whom_it_is_about() {
    let cluster = start().await;
    for _ in 0..5 {
        let asked = ask(&cluster).await;
        assert_eq!(asked.outcome(HEILONGJIANG), Outcome::Hit, "{:?}", asked.finding(HEILONGJIANG));
        assert_eq!(asked.notices(HEILONGJIANG), ["T-00001"]);
        assert_eq!(route(&asked), [YUNNAN, MINISTRY, HEILONGJIANG]);
    }
    let pid = |name| cluster.node(name).pid;
    assert!(memory::holds(pid(HEILONGJIANG), NAME.as_bytes()).unwrap(), "the search of memory works");
    assert!(!memory::holds(pid(MINISTRY), NAME.as_bytes()).unwrap(), "the carrier's memory");
    let data = |name: &str| cluster.files(name).data();
    assert!(on_disk(&data(HEILONGJIANG), NAME.as_bytes()), "the search of files works");
    assert!(!on_disk(&data(MINISTRY), NAME.as_bytes()), "the carrier's disk");

    let stopped = cluster.stop().await.unwrap();
    for name in [YUNNAN, HEILONGJIANG, MINISTRY] {
        stopped.verify(name).unwrap();
    }
    let carried = stopped.entries(MINISTRY).unwrap();
    let carried = carried.iter().filter(|entry| matches!(entry.event, Event::Carried { .. })).count();
    assert_eq!(carried, 5, "each on the carrier's record");
}

#[tokio::test]
async fn another_carrier_takes_over_in_time_and_with_none_left_the_outcome_says_so() {
    let mut cluster = start().await;
    assert_eq!(route(&ask(&cluster).await), [YUNNAN, MINISTRY, HEILONGJIANG]);
    cluster.kill(MINISTRY).await.unwrap();
    let asked = ask(&cluster).await;
    assert_eq!(asked.outcome(HEILONGJIANG), Outcome::Hit);
    assert_eq!(route(&asked), [YUNNAN, BEIJING, HEILONGJIANG]);

    cluster.kill(BEIJING).await.unwrap();
    let asked = ask(&cluster).await;
    let finding = asked.finding(HEILONGJIANG);
    assert_eq!(finding.outcome, Outcome::Unreachable(Failure::NoRoute));
    let explanation = &finding.explanation;
    assert!(explanation.contains(MINISTRY) && explanation.contains(BEIJING), "{explanation}");
    assert!(finding.record.is_some() && finding.receipt.is_none());

    cluster.restart(MINISTRY).await.unwrap();
    let back = async || {
        let asked = ask(&cluster).await;
        Ok((asked.outcome(HEILONGJIANG) == Outcome::Hit).then_some(()))
    };
    concord_testkit::cluster::until("the ministry carries again", PATIENCE, back).await;

    // What no agreement covers is not carried either.
    let other = Query { purpose: Purpose::Research, ..pursuit() };
    let asked = Searched::of(&cluster.application(YUNNAN).unwrap(), other, PATIENCE).await.unwrap();
    assert_eq!(asked.outcome(HEILONGJIANG), Outcome::Refused(Refusal::PurposeNotGranted));
}
