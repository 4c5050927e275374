//! Tiles damaged beside a log that is whole.

use super::log::Log;
use crate::tiles::CHECKPOINT_PATH;
use crate::verify::Fault;
use proptest::prelude::*;
use proptest::sample::Index;

/// Seven of size 600, five older partial ones.
const TILES: usize = 12;

fn log() -> Log {
    Log::new(600, &[100, 300, 600])
}

/// The path that a fault names, and the first entry it touches where it says so.
fn named(fault: &Fault) -> (String, Option<u64>) {
    if let Fault::TileMissing { path } = fault {
        return (path.to_string(), None);
    }
    let Fault::TileDiffers { path, index } = fault else { panic!("{fault}") };
    (path.to_string(), Some(*index))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_byte_of_any_tile(which in any::<Index>(), at in any::<Index>(), flip in 1u8..) {
        let mut log = log();
        log.files().remove(CHECKPOINT_PATH);
        let checkpoint = log.checkpoints[2].clone().into_bytes();
        let (path, bytes) = log.files().iter_mut().nth(which.index(TILES)).unwrap();
        let (path, at) = (path.clone(), at.index(bytes.len()));
        bytes[at] ^= flip;
        log.files().insert(CHECKPOINT_PATH.to_owned(), checkpoint);
        let fault = log.audit().unwrap_err();
        prop_assert_eq!(fault.suspects(), None);
        prop_assert_eq!(named(&fault).0, path);
    }

    #[test]
    fn any_tile_cut_short_or_drawn_out(which in any::<Index>(), cut in any::<Index>(), longer in any::<bool>()) {
        let mut log = log();
        log.files().remove(CHECKPOINT_PATH);
        let checkpoint = log.checkpoints[2].clone().into_bytes();
        let (path, bytes) = log.files().iter_mut().nth(which.index(TILES)).unwrap();
        let path = path.clone();
        if longer { bytes.push(0) } else { bytes.truncate(cut.index(bytes.len())) }
        log.files().insert(CHECKPOINT_PATH.to_owned(), checkpoint);
        prop_assert_eq!(named(&log.audit().unwrap_err()).0, path);
    }
}

#[test]
fn the_first_entry_that_a_tile_gets_wrong_is_named() {
    for (path, at, index) in [
        ("tile/0/000", 32 * 17 + 3, 17),
        ("tile/0/002.p/88", 32 * 87, 512 + 87),
        ("tile/1/000.p/2", 32, 256),
        ("tile/entries/000", 0, 0),
        ("tile/entries/000", 9 + 8, 1),
        ("tile/entries/001", 0, 256),
    ] {
        let mut log = log();
        log.files().get_mut(path).unwrap()[at] ^= 1;
        assert_eq!(named(&log.audit().unwrap_err()), (path.to_owned(), Some(index)), "{path} at {at}");
    }
}

#[test]
fn tiles_of_the_published_size_must_be_there_and_older_partial_ones_need_not() {
    let paths: Vec<String> = log().files().keys().cloned().collect();
    let older = ["tile/0/000.p/100", "tile/entries/000.p/100", "tile/0/001.p/44", "tile/1/000.p/1"];
    let older = older.iter().chain(&["tile/entries/001.p/44"]);
    assert_eq!(paths.len(), 1 + TILES, "{paths:?}");
    for path in paths.iter().filter(|path| *path != CHECKPOINT_PATH) {
        let mut log = log();
        log.files().remove(path);
        match log.audit() {
            Ok(_) => assert!(older.clone().any(|old| old == path), "{path}"),
            Err(fault) => assert_eq!(named(&fault), (path.clone(), None)),
        }
    }
}

#[test]
fn a_folder_that_lags_behind_is_compared_as_far_as_it_claims() {
    let mut log = log();
    log.folder = Log::new(300, &[100, 300]).folder;
    assert_eq!(log.audit().unwrap().tiled, Some(300));
    log.replace(290, b"forged".to_vec());
    assert_eq!(log.audit(), Err(Fault::Altered { index: 290 }));
}
