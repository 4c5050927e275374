//! Imports that end well.

use super::*;
use concord_ledger::Event;
use concord_store::{Change, Write};

#[tokio::test]
async fn a_source_is_taken_and_recorded() {
    let world = World::new().await;
    let notices = [notice("B-2", "Li Weiming"), notice("A-1", "Zhang Guoqiang")];
    let response = import(&world, "local", &notices).await;
    assert_eq!((response.taken, response.replaced, response.rejected.len()), (2, 0, 0));
    assert_eq!(exported(&world, "local").await, ["A-1 Zhang Guoqiang", "B-2 Li Weiming"]);
    assert_eq!(found(&world, "Zhang Guoqiang"), ["A-1"]);
    let [Event::Imported { source, notices, .. }] = &world.ledger()[..] else {
        panic!("{:?}", world.ledger())
    };
    assert_eq!((source.as_str(), *notices), ("local", 2));
}

#[tokio::test]
async fn a_large_source_is_taken_whole() {
    let world = World::new().await;
    let notices: Vec<_> = (0..701).map(|n| notice(&format!("N-{n:04}"), "Wang Fang")).collect();
    assert_eq!(import(&world, "local", &notices).await.taken, 701);
    let shown = exported(&world, "").await;
    let expected: Vec<_> = (0..701).map(|n| format!("N-{n:04} Wang Fang")).collect();
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn the_same_source_again_changes_nothing() {
    let world = World::new().await;
    let notices: Vec<_> = (0..300).map(|n| notice(&format!("N-{n:03}"), "Wang Fang")).collect();
    import(&world, "local", &notices).await;
    let before = exported(&world, "").await;
    let again = import(&world, "local", &notices).await;
    assert_eq!((again.taken, again.replaced), (300, 300));
    assert_eq!(exported(&world, "").await, before);
    let stats = world.registrar().stats(pb::StatsRequest {}).await.unwrap().into_inner().sources;
    assert_eq!(stats, [pb::SourceStats { source: "local".into(), notices: 300 }]);
}

#[tokio::test]
async fn a_new_content_takes_the_place_of_the_old() {
    let world = World::new().await;
    import(&world, "local", &[notice("A-1", "Zhang Guoqiang"), notice("A-2", "Li Weiming")]).await;
    let response =
        import(&world, "local", &[notice("A-2", "Li Weiming"), notice("A-3", "Chen Xiaoyu")]).await;
    assert_eq!((response.taken, response.replaced), (2, 2));
    assert_eq!(exported(&world, "").await, ["A-2 Li Weiming", "A-3 Chen Xiaoyu"]);
    assert!(found(&world, "Zhang Guoqiang").is_empty());
    assert_eq!(found(&world, "Chen Xiaoyu"), ["A-3"]);
}

#[tokio::test]
async fn an_empty_source_empties_what_was_there() {
    let world = World::new().await;
    import(&world, "local", &[notice("A-1", "Zhang Guoqiang")]).await;
    assert_eq!(import(&world, "local", &[]).await.replaced, 1);
    assert!(exported(&world, "").await.is_empty());
    assert!(found(&world, "Zhang Guoqiang").is_empty());
}

#[tokio::test]
async fn rows_that_are_no_notices_are_left_out_and_reported() {
    let world = World::new().await;
    let nameless = Notice { names: vec![], ..notice("A-9", "x") };
    let good = [
        notice("A-1", "Zhang Guoqiang"),
        nameless,
        notice("A-1", "Li Weiming"),
        notice("A-2", "Chen Xiaoyu"),
    ];
    let response = send(&world, vec![header("local"), rows(10, good), end(4)]).await.unwrap();
    assert_eq!(response.taken, 2);
    let rejected: Vec<_> = response.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(rejected[0].0, 11);
    assert!(rejected[0].1.contains("names"), "{}", rejected[0].1);
    assert_eq!(rejected[1], (12, "number: stands in an earlier row"));
    assert_eq!(exported(&world, "").await, ["A-1 Zhang Guoqiang", "A-2 Chen Xiaoyu"]);
}

#[tokio::test]
async fn two_sources_may_use_one_number() {
    let world = World::new().await;
    import(&world, "ofac-sdn", &[notice("1", "Zhang Guoqiang")]).await;
    import(&world, "local", &[notice("1", "Li Weiming")]).await;
    assert_eq!(exported(&world, "ofac-sdn").await, ["1 Zhang Guoqiang"]);
    for name in ["Zhang Guoqiang", "Li Weiming"] {
        let found = candidates(&world.register, name).unwrap();
        let [candidate] = &found[..] else { panic!("{} candidates", found.len()) };
        assert_eq!(candidate.notice.names[0].text(), name, "each source's own notice");
    }
    import(&world, "local", &[]).await;
    assert_eq!(found(&world, "Zhang Guoqiang"), ["1"], "the other source stays");
    assert!(found(&world, "Li Weiming").is_empty());
}

#[tokio::test]
async fn a_restart_finds_the_same() {
    let world = World::new().await;
    import(&world, "local", &[notice("A-1", "Zhang Guoqiang")]).await;
    let reloaded = Arc::new(Register::load(world.store.clone(), Heavy::Inline).await.unwrap());
    let candidates = |register: &Arc<Register>| candidates(register, "Zhang Guoqiang").unwrap();
    assert_eq!(candidates(&reloaded), candidates(&world.register));
    assert_eq!(candidates(&reloaded).len(), 1);
}

#[tokio::test]
async fn a_number_that_became_another_persons_is_not_disclosed_by_the_old_index() {
    let world = World::new().await;
    import(&world, "local", &[notice("A-1", "Zhang Guoqiang"), notice("A-2", "Li Weiming")]).await;
    let generation = world.store.new_generation();
    let changes = vec![
        Change::StageNotices { generation, notices: vec![notice("A-1", "Chen Xiaoyu")] },
        Change::PublishGeneration { source: "local".to_owned(), generation },
    ];
    world.store.submit(Write { name: "test", guards: vec![], changes, entries: vec![] }).await.unwrap();
    assert!(candidates(&world.register, "Zhang Guoqiang").is_none(), "it waits for the new index");
    world.register.reindex().await.unwrap();
    assert!(found(&world, "Zhang Guoqiang").is_empty());
    assert_eq!(found(&world, "Chen Xiaoyu"), ["A-1"]);
}
