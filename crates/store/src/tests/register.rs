//! Imports: hidden until published, whole or not at all, and the same twice is the same once.

use super::{change, open};
use crate::{Change, Execution, SourceStats, Store, WriteError};
use concord_domain::wanted::{NameKind, Notice, PersonName};

fn notice(number: &str, name: &str) -> Notice {
    Notice {
        number: number.parse().unwrap(),
        names: vec![PersonName::new(NameKind::Primary, name).unwrap()],
        sex: None,
        births: vec!["1971~".parse().unwrap()],
        identifiers: vec!["passport:E123".parse().unwrap()],
        description: Default::default(),
        offence: Default::default(),
    }
}

async fn stage(store: &Store, generation: u64, numbers: &[&str]) -> Result<(), WriteError> {
    let notices = numbers.iter().map(|number| notice(number, "张三")).collect();
    store.submit(change(vec![Change::StageNotices { generation, notices }])).await.map(drop)
}

async fn publish(store: &Store, source: &str, generation: u64) -> Result<(), WriteError> {
    let source = source.to_owned();
    store.submit(change(vec![Change::PublishGeneration { source, generation }])).await.map(drop)
}

async fn drop_generation(store: &Store, generation: u64) -> Result<(), WriteError> {
    store.submit(change(vec![Change::DropGeneration { generation }])).await.map(drop)
}

fn live(store: &Store) -> Vec<(String, String)> {
    let mut live = Vec::new();
    let mut visit = |seen: crate::RegisteredNotice| {
        live.push((seen.notice.number.as_str().to_owned(), seen.source));
    };
    store.notices(&mut visit).unwrap();
    live
}

fn rows(dir: &tempfile::TempDir, table: &str) -> u64 {
    let db = rusqlite::Connection::open(dir.path().join("node.db")).unwrap();
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(number, source)| ((*number).to_owned(), (*source).to_owned())).collect()
}

#[tokio::test]
async fn an_import_shows_as_a_whole_and_repeats_without_duplicates() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let first = store.new_generation();
    stage(&store, first, &["B-2", "A-1"]).await.unwrap();
    stage(&store, first, &["C-3"]).await.unwrap();
    assert_eq!(live(&store), []);
    publish(&store, "own", first).await.unwrap();
    let expected = pairs(&[("A-1", "own"), ("B-2", "own"), ("C-3", "own")]);
    assert_eq!(live(&store), expected);

    let second = store.new_generation();
    stage(&store, second, &["A-1", "B-2", "C-3"]).await.unwrap();
    assert_eq!(live(&store), expected);
    publish(&store, "own", second).await.unwrap();
    assert_eq!(live(&store), expected);
    assert_eq!(rows(&dir, "notice"), 6);
    store.sweep_register().await.unwrap();
    assert_eq!((rows(&dir, "notice"), rows(&dir, "generation")), (3, 1));
    let stats = SourceStats { source: "own".into(), generation: second, notices: 3 };
    assert_eq!(store.register_stats().unwrap(), [stats]);
}

#[tokio::test]
async fn sources_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    for source in ["sdn", "own"] {
        let generation = store.new_generation();
        stage(&store, generation, &["7", "9"]).await.unwrap();
        publish(&store, source, generation).await.unwrap();
    }
    assert_eq!(live(&store), pairs(&[("7", "own"), ("7", "sdn"), ("9", "own"), ("9", "sdn")]));
    let found = store.notice(&"9".parse().unwrap()).unwrap();
    assert_eq!(found.iter().map(|f| f.source.as_str()).collect::<Vec<_>>(), ["own", "sdn"]);
    assert!(found.iter().all(|f| f.notice == notice("9", "张三")));
    publish(&store, "sdn", store.new_generation()).await.unwrap();
    assert_eq!(live(&store), pairs(&[("7", "own"), ("9", "own")]));
    assert!(store.notice(&"8".parse().unwrap()).unwrap().is_empty());
}

#[tokio::test]
async fn a_number_comes_once_in_a_generation() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let generation = store.new_generation();
    stage(&store, generation, &["1", "2"]).await.unwrap();
    let twice = stage(&store, generation, &["3", "2", "4"]).await;
    assert_eq!(twice, Err(WriteError::DuplicateNotice { generation, position: 1 }));
    publish(&store, "own", generation).await.unwrap();
    assert_eq!(live(&store), pairs(&[("1", "own"), ("2", "own")]));
}

#[tokio::test]
async fn a_generation_goes_one_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let generation = store.new_generation();
    stage(&store, generation, &["1"]).await.unwrap();
    publish(&store, "own", generation).await.unwrap();
    let closed = Err(WriteError::GenerationNotStaged { generation });
    assert_eq!(stage(&store, generation, &["2"]).await, closed);
    assert_eq!(publish(&store, "own", generation).await, closed);
    assert_eq!(publish(&store, "other", generation).await, closed);
    assert_eq!(drop_generation(&store, generation).await, Err(WriteError::GenerationLive { generation }));

    let given_up = store.new_generation();
    stage(&store, given_up, &["1"]).await.unwrap();
    drop_generation(&store, given_up).await.unwrap();
    drop_generation(&store, given_up).await.unwrap();
    assert_eq!((live(&store), rows(&dir, "notice")), (pairs(&[("1", "own")]), 1));
}

#[tokio::test]
async fn large_generations_go_in_batches() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let generation = store.new_generation();
    let numbers: Vec<String> = (0..600).map(|n| format!("N-{n}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let limit = Change::NOTICES_MAX;
    let oversized = stage(&store, generation, &numbers[..=limit]).await;
    assert_eq!(oversized, Err(WriteError::TooLarge { what: "notices", count: limit + 1, limit }));
    for batch in numbers.chunks(limit) {
        stage(&store, generation, batch).await.unwrap();
    }
    drop_generation(&store, generation).await.unwrap();
    assert_eq!(rows(&dir, "notice"), 600 - 256);
    store.sweep_register().await.unwrap();
    assert_eq!((rows(&dir, "notice"), rows(&dir, "generation")), (0, 0));
}

#[tokio::test]
async fn what_an_interrupted_import_left_is_swept_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    let (kept, lost) = (store.new_generation(), store.new_generation());
    stage(&store, kept, &["1"]).await.unwrap();
    publish(&store, "own", kept).await.unwrap();
    stage(&store, lost, &["2", "3"]).await.unwrap();
    store.close().await;
    let store = open(dir.path(), Execution::Thread);
    assert_eq!((rows(&dir, "notice"), rows(&dir, "generation")), (1, 1));
    assert_eq!(live(&store), pairs(&[("1", "own")]));
    let fresh = store.new_generation();
    assert!(fresh > kept);
    stage(&store, fresh, &["2"]).await.unwrap();
    store.close().await;
}
