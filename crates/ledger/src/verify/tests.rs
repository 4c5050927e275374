//! Logs that are whole pass; every way of damaging one is found and named.

mod altered;
mod log;
mod signed;
mod tiled;

use super::*;
use log::Log;

#[test]
fn whole_logs_pass_with_or_without_tiles_and_head() {
    for (size, checkpoints) in [(0, vec![0]), (1, vec![1]), (300, vec![1, 255, 256, 300]), (600, vec![600])] {
        let log = Log::new(size, &checkpoints);
        let report = log.audit().unwrap();
        let expected = Report {
            size,
            root: log.root(),
            checkpoints: checkpoints.len() as u64,
            signed: size,
            tiled: Some(size),
        };
        assert_eq!(report, expected);
        assert_eq!(log.clone().without_folder().audit().unwrap(), Report { tiled: None, ..expected });
    }
}

#[test]
fn entries_after_the_last_checkpoint_are_reported_as_unsigned() {
    let report = Log::new(10, &[4, 7]).audit().unwrap();
    assert_eq!((report.size, report.signed, report.checkpoints, report.tiled), (10, 7, 2, Some(7)));
    let report = Log::new(3, &[]).audit().unwrap();
    assert_eq!((report.size, report.signed, report.checkpoints, report.tiled), (3, 0, 0, None));
}

#[test]
fn what_cannot_be_read_is_not_a_fault() {
    let log = Log::new(2, &[2]);
    let rows = log.rows.iter().cloned().map(Ok).take(1).chain([Err("disk")]);
    let stopped = log.with(|audit| audit.run(rows, log.checkpoints.iter().cloned().map(Ok)).unwrap_err());
    assert!(matches!(stopped, Stop::Store("disk")));

    #[derive(Debug)]
    struct Unreadable;
    impl Folder for Unreadable {
        fn read(&self, _: &str) -> io::Result<Option<Vec<u8>>> {
            Err(io::Error::other("disk"))
        }
    }
    let rows = log.rows.iter().cloned().map(Ok::<_, &str>);
    let stopped = log.with(|audit| {
        let audit = Audit { folder: Some(&Unreadable), ..*audit };
        audit.run(rows, log.checkpoints.iter().cloned().map(Ok)).unwrap_err()
    });
    assert!(matches!(stopped, Stop::Folder(_)));
}
