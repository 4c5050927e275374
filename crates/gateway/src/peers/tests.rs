use super::*;

fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

fn fail(peers: &Peers, times: u32) {
    for _ in 0..times {
        peers.enter(&agency("gs.police.cn")).unwrap().failed();
    }
}

#[tokio::test(start_paused = true)]
async fn a_circuit_opens_after_failures_in_a_row_and_probes_once() {
    let (peers, gansu) = (Peers::default(), agency("gs.police.cn"));
    fail(&peers, FAILURES_MAX - 1);
    peers.enter(&gansu).unwrap().answered(&gansu);
    fail(&peers, FAILURES_MAX);
    assert_eq!(peers.enter(&gansu).map(drop), Err(NotCalled::CircuitOpen));
    assert!(peers.is_open(&gansu));
    tokio::time::advance(OPEN_FIRST).await;
    assert!(!peers.is_open(&gansu), "the next call is a probe");
    let probe = peers.enter(&gansu).unwrap();
    assert_eq!(peers.enter(&gansu).map(drop), Err(NotCalled::CircuitOpen), "one probe at a time");
    probe.answered(&gansu);
    let calls = [(); 2].map(|()| peers.enter(&gansu));
    assert!(calls.iter().all(Result::is_ok), "closed again");
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_for_longer_up_to_a_limit() {
    let (peers, gansu) = (Peers::default(), agency("gs.police.cn"));
    fail(&peers, FAILURES_MAX);
    let mut length = OPEN_FIRST;
    for _ in 0..8 {
        tokio::time::advance(length - Duration::from_millis(1)).await;
        assert!(peers.is_open(&gansu), "{length:?}");
        tokio::time::advance(Duration::from_millis(1)).await;
        peers.enter(&gansu).unwrap().failed();
        length = (length * 2).min(OPEN_MAX);
    }
    assert_eq!(length, OPEN_MAX);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_leaves_room_for_the_next() {
    let (peers, gansu) = (Peers::default(), agency("gs.police.cn"));
    fail(&peers, FAILURES_MAX);
    tokio::time::advance(OPEN_FIRST).await;
    drop(peers.enter(&gansu).unwrap());
    assert!(peers.enter(&gansu).is_ok());
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_given_up_open_no_circuit() {
    let (peers, gansu) = (Peers::default(), agency("gs.police.cn"));
    for _ in 0..2 * FAILURES_MAX {
        drop(peers.enter(&gansu).unwrap());
    }
    assert!(!peers.is_open(&gansu));
}

#[tokio::test(start_paused = true)]
async fn one_peer_does_not_take_the_others_places() {
    let (peers, gansu) = (Peers::default(), agency("gs.police.cn"));
    let calls: Vec<_> = (0..CALLS_MAX).map(|_| peers.enter(&gansu).unwrap()).collect();
    assert_eq!(peers.enter(&gansu).map(drop), Err(NotCalled::Busy));
    assert!(peers.enter(&agency("sn.police.cn")).is_ok());
    drop(calls);
    assert!(peers.enter(&gansu).is_ok());
}

#[tokio::test(start_paused = true)]
async fn latency_is_known_by_way_and_destination() {
    let (peers, ministry, gansu) = (Peers::default(), agency("police.cn"), agency("gs.police.cn"));
    let call = peers.enter(&ministry).unwrap();
    tokio::time::advance(Duration::from_millis(40)).await;
    call.answered(&gansu);
    assert_eq!(peers.latency(&ministry, &gansu), Some(Duration::from_millis(40)));
    assert_eq!(peers.latency(&gansu, &gansu), None);
    let call = peers.enter(&ministry).unwrap();
    tokio::time::advance(Duration::from_millis(90)).await;
    call.answered(&gansu);
    assert_eq!(peers.latency(&ministry, &gansu), Some(Duration::from_millis(50)));
    let call = peers.enter(&ministry).unwrap();
    tokio::time::advance(Duration::from_millis(1050)).await;
    call.kept_waiting(&gansu);
    assert_eq!(peers.latency(&ministry, &gansu), Some(Duration::from_millis(250)), "who hangs comes later");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_tells_all_that_is_known_and_how_long_ago_it_was() {
    let (peers, ministry, gansu) = (Peers::default(), agency("police.cn"), agency("gs.police.cn"));
    let ends = "2026-06-09T08:00:00Z".parse().unwrap();
    peers.asked(&gansu, true);
    tokio::time::advance(Duration::from_secs(2)).await;
    peers.asked(&gansu, false);
    peers.compared(&gansu);
    peers.showed(&gansu, ends);
    fail(&peers, FAILURES_MAX);
    let call = peers.enter(&ministry).unwrap();
    tokio::time::advance(OPEN_FIRST).await;
    call.answered(&gansu);
    let snapshot = peers.snapshot();
    assert_eq!(snapshot.keys().collect::<Vec<_>>(), [&gansu, &ministry]);
    assert_eq!(
        snapshot[&gansu],
        PeerState {
            circuit: Circuit::HalfOpen,
            latency: BTreeMap::new(),
            answered: Some(Duration::from_secs(2) + OPEN_FIRST),
            unanswered: Some(OPEN_FIRST),
            compared: Some(OPEN_FIRST),
            certificate_ends: Some(ends),
        }
    );
    assert_eq!(snapshot[&ministry].circuit, Circuit::Closed);
    assert_eq!(snapshot[&ministry].latency, BTreeMap::from([(gansu, OPEN_FIRST)]));
}
