//! `concord directory`: who is reachable how, each hop on the way, and what becomes of a node that is down.

use crate::PROGRAM;
use concord_testkit::cluster::{TestCluster, until};
use concord_testkit::searching::PATIENCE;
use serde_json::Value;

const YUNNAN: &str = "yn.police.cn";
const HEILONGJIANG: &str = "hl.police.cn";
const MINISTRY: &str = "police.cn";
const BEIJING: &str = "bj.police.cn";
/// Shares no agreement with Yunnan.
const JILIN: &str = "jl.police.cn";

async fn show(cluster: &TestCluster, from: &str, agency: &str) -> Value {
    let shown = cluster.concord(from, &["directory", "show", agency]).await.unwrap();
    let [line] = shown.lines().try_into().unwrap();
    line
}

/// Pings, and gives the exit code, each ping, and the summary.
async fn ping(cluster: &TestCluster, from: &str, rest: &[&str]) -> (Option<i32>, Vec<Value>, Value) {
    let ran = cluster.concord(from, &[&["directory", "ping"], rest].concat()).await.unwrap();
    let mut lines = ran.objects();
    let summary = lines.pop().unwrap_or_else(|| panic!("{}", ran.err));
    (ran.code, lines, summary["summary"].clone())
}

fn texts(list: &Value, key: &str) -> Vec<String> {
    let of = |item: &Value| item[key].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(of).collect()
}

/// The agencies of the hops, which must lie in this order in time: all clocks are those of one machine.
fn hops(pinged: &Value) -> Vec<String> {
    assert!(texts(&pinged["hops"], "at").is_sorted(), "{pinged}");
    texts(&pinged["hops"], "agency")
}

#[tokio::test]
async fn the_directory_shows_every_way_and_a_ping_each_hop() {
    let cluster = TestCluster::start(PROGRAM, &[YUNNAN, HEILONGJIANG, MINISTRY, BEIJING]).await.unwrap();
    let listed = cluster.concord(YUNNAN, &["directory", "list"]).await.unwrap().lines();
    let of = |name: &str| listed.iter().find(|line| line["agency"] == name);
    assert!(of(YUNNAN).is_none(), "a node does not call itself");
    assert_eq!(texts(&of(HEILONGJIANG).unwrap()["route"]["ways"], "next"), [MINISTRY, BEIJING]);
    assert_eq!(of(BEIJING).unwrap()["route"]["ways"][0]["next"], BEIJING);
    let stranger = of(JILIN).unwrap();
    assert!(stranger["route"].is_null(), "{stranger}");
    assert!(stranger["denial"].as_str().unwrap().contains("NO_AGREEMENT"), "{stranger}");

    let (code, pinged, summary) = ping(&cluster, YUNNAN, &[BEIJING, "--count", "2"]).await;
    assert_eq!((code, summary["answered"].as_u64()), (Some(0), Some(2)), "{pinged:?}");
    assert!(pinged.iter().all(|pinged| hops(pinged) == [YUNNAN, BEIJING]), "{pinged:?}");
    assert_eq!((&pinged[0]["outcome"], &pinged[0]["purpose"]), (&"answered".into(), &"serious-crime".into()));
    assert!(pinged[0]["agreement"].as_str().unwrap().starts_with("national-pursuit"));
    assert_eq!(pinged[0]["receipt"]["ledger"], BEIJING);

    let (code, pinged, _) = ping(&cluster, YUNNAN, &[HEILONGJIANG]).await;
    assert_eq!(
        (code, hops(&pinged[0])),
        (Some(0), [YUNNAN, MINISTRY, HEILONGJIANG].map(str::to_owned).to_vec())
    );

    let line = show(&cluster, YUNNAN, BEIJING).await;
    assert_eq!(
        (&line["health"], &line["route"]["ways"][0]["circuit"]),
        (&"reachable".into(), &"closed".into())
    );
    assert!(line["seen"]["certificate_days_left"].as_u64() > Some(0), "{line}");
    assert!(line["keyring"]["days_left"].as_u64() > Some(0), "{line}");
    assert!(line["route"]["ways"][0]["latency_ms"].as_f64() > Some(0.0), "{line}");

    let (code, pinged, _) = ping(&cluster, YUNNAN, &[BEIJING, "--purpose", "research"]).await;
    assert_eq!((code, &pinged[0]["reason"]), (Some(1), &"PURPOSE_NOT_GRANTED".into()));
    let refused = cluster.concord(YUNNAN, &["directory", "ping", YUNNAN]).await.unwrap();
    assert!(refused.code == Some(1) && refused.err.contains("own agency"), "{}", refused.err);

    let stopped = cluster.stop().await.unwrap();
    for name in [YUNNAN, HEILONGJIANG, MINISTRY, BEIJING] {
        stopped.verify(name).unwrap();
    }
}

#[tokio::test]
async fn a_node_that_is_down_is_told_and_found_again() {
    let mut cluster = TestCluster::start(PROGRAM, &[YUNNAN, MINISTRY]).await.unwrap();
    assert_eq!(ping(&cluster, YUNNAN, &[MINISTRY]).await.0, Some(0));
    cluster.kill(MINISTRY).await.unwrap();
    let (code, pinged, summary) = ping(&cluster, YUNNAN, &[MINISTRY, "--count", "6"]).await;
    assert_eq!((code, summary["answered"].as_u64()), (Some(1), Some(0)), "{pinged:?}");
    assert!(pinged.iter().all(|pinged| pinged["outcome"] == "unreachable"), "{pinged:?}");
    assert_eq!(texts(&pinged[0]["tried"], "next"), [MINISTRY]);
    let line = show(&cluster, YUNNAN, MINISTRY).await;
    assert_eq!(line["health"], "failing", "{line}");
    assert_ne!(line["route"]["ways"][0]["circuit"], "closed", "{line}");

    cluster.restart(MINISTRY).await.unwrap();
    let back = async || Ok((ping(&cluster, YUNNAN, &[MINISTRY]).await.0 == Some(0)).then_some(()));
    until("the ministry answers again", PATIENCE, back).await;
    let line = show(&cluster, YUNNAN, MINISTRY).await;
    assert_eq!(
        (&line["health"], &line["route"]["ways"][0]["circuit"]),
        (&"reachable".into(), &"closed".into())
    );
}

#[tokio::test]
async fn a_ping_by_brokers_goes_as_every_request_does() {
    let (county, province, abroad) = ("dx.gx.police.cn", "gx.police.cn", "police.la");
    let cluster = TestCluster::start(PROGRAM, &[county, province, MINISTRY, abroad]).await.unwrap();
    let line = show(&cluster, county, abroad).await;
    assert_eq!(line["route"]["broker"], province, "{line}");
    let (code, pinged, _) = ping(&cluster, county, &[abroad]).await;
    assert_eq!(code, Some(0), "{pinged:?}");
    let route: Vec<_> = pinged[0]["route"].as_array().unwrap().iter().collect();
    assert_eq!(route, [county, province, MINISTRY, abroad]);
    assert_eq!(hops(&pinged[0]), [MINISTRY, abroad], "as the one asked in the end saw it");
}
