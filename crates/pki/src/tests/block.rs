//! Stopping an agency, and letting it go on.

use super::*;
use crate::{BlockNotice, block, lift};
use concord_trust::{BlockReason, Charter, Kind, SignedFile, SigningKey};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn gz() -> AgencyId {
    agency("gz.police.cn")
}

fn notice() -> BlockNotice {
    BlockNotice { now: now(), until: None, reason: BlockReason::KeysCompromised }
}

#[test]
fn a_nodes_directory_takes_each_notice_as_it_is_written() {
    let (_dir, generated) = fresh();
    let blocked = |at| directory(&generated).blocked(&gz(), at).map(|block| block.reason);
    assert_eq!(blocked(now()), None);
    assert_eq!(block(&generated.layout, &gz(), notice()).unwrap(), 1);
    assert_eq!(blocked(now().plus(HOUR)), Some(BlockReason::KeysCompromised));
    assert_eq!(lift(&generated.layout, &gz(), now().plus(HOUR)).unwrap(), 2);
    assert_eq!(blocked(now().plus(HOUR)), None);
    let limited = BlockNotice { until: Some(now().plus(HOUR)), reason: BlockReason::Exercise, ..notice() };
    assert_eq!(block(&generated.layout, &gz(), limited).unwrap(), 3);
    assert_eq!((blocked(now()), blocked(now().plus(HOUR))), (Some(BlockReason::Exercise), None));
    assert_eq!(std::fs::read_dir(generated.layout.blocks()).unwrap().count(), 2);
}

#[test]
fn the_charter_that_counts_says_who_stops_agencies() {
    let (_dir, generated) = fresh();
    let layout = &generated.layout;
    block(layout, &gz(), notice()).unwrap();
    let emergency = SigningKey::generate(&SystemEntropy);
    let before = Charter::clone(directory(&generated).charter());
    let next = Charter {
        sequence: 2,
        previous: Some(generated.charter),
        emergency: Some(emergency.public()),
        ..before
    };
    let file = SignedFile::unsigned("charter.2.toml", next.to_toml());
    let keys = [1, 2, 3].map(|number| layout.charter_keys().join(format!("{number}.key")));
    let file = keys.into_iter().fold(file, |file, key| {
        let label = key.file_stem().unwrap().to_str().unwrap().to_owned();
        file.sign(Kind::Charter, &label, &crate::read_key(key).unwrap())
    });
    file.write(&layout.federation(), "charter.2").unwrap();
    std::fs::write(layout.emergency_key(), emergency.to_text().as_bytes()).unwrap();
    assert_eq!(lift(layout, &gz(), now().plus(HOUR)).unwrap(), 2);
    assert!(directory(&generated).blocked(&gz(), now().plus(HOUR)).is_none());
}

#[test]
fn nothing_is_lifted_that_is_not_there() {
    let (_dir, generated) = fresh();
    assert!(matches!(lift(&generated.layout, &gz(), now()), Err(PkiError::NotBlocked { .. })));
    block(&generated.layout, &gz(), BlockNotice { until: Some(now().plus(HOUR)), ..notice() }).unwrap();
    let over = lift(&generated.layout, &gz(), now().plus(HOUR));
    assert!(matches!(over, Err(PkiError::NotBlocked { .. })));
    lift(&generated.layout, &gz(), now()).unwrap();
    assert!(matches!(lift(&generated.layout, &gz(), now()), Err(PkiError::NotBlocked { .. })));
}

#[test]
fn a_notice_that_nobody_would_accept_is_not_written() {
    let (_dir, generated) = fresh();
    let stranger = block(&generated.layout, &agency("nowhere.cn"), notice());
    assert!(matches!(stranger, Err(PkiError::Document(_))));
    let never = block(&generated.layout, &gz(), BlockNotice { until: Some(now()), ..notice() });
    assert!(matches!(never, Err(PkiError::Document(_))));
    let other = SigningKey::generate(&SystemEntropy).to_text();
    std::fs::write(generated.layout.emergency_key(), other.as_bytes()).unwrap();
    assert!(matches!(block(&generated.layout, &gz(), notice()), Err(PkiError::Document(_))));
    assert!(!generated.layout.blocks().exists());
}
