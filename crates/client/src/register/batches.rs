//! Rows into bounded messages: a header, rows, the end with their number.

use concord_domain::wanted::Notice;
use concord_wire::pb::register::v1 as pb;
use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};
use prost::Message;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of one message at most; the node takes no more.
const ROWS_MAX: usize = 100;
/// Bytes of rows in one message: far below the node's limit of 1 MiB, and above the largest notice (some 350 KiB).
const BYTES_MAX: usize = 512 * 1024;

/// The first error among the rows, for whoever started the import: gRPC has no way to carry it back.
pub(super) type Broken = Arc<Mutex<Option<io::Error>>>;

pub(super) struct Batches {
    source: Option<String>,
    rows: BoxStream<'static, io::Result<(u64, Notice)>>,
    /// A row that did not fit into the message before.
    kept: Option<pb::ImportRow>,
    count: u64,
    sent: Box<dyn FnMut(u64) + Send>,
    broken: Broken,
    ended: bool,
    may_empty: bool,
}

impl Batches {
    pub(super) fn new(
        source: &str,
        may_empty: bool,
        rows: BoxStream<'static, io::Result<(u64, Notice)>>,
        sent: Box<dyn FnMut(u64) + Send>,
        broken: Broken,
    ) -> Self {
        Self {
            source: Some(source.to_owned()),
            rows,
            kept: None,
            count: 0,
            sent,
            broken,
            ended: false,
            may_empty,
        }
    }

    pub(super) fn messages(self) -> impl Stream<Item = pb::ImportRequest> + Send {
        let parts = unfold(self, |mut batches| async {
            let part = batches.next().await?;
            Some((pb::ImportRequest { part: Some(part) }, batches))
        });
        parts.boxed()
    }

    async fn next(&mut self) -> Option<pb::import_request::Part> {
        if let Some(source) = self.source.take() {
            return Some(pb::import_request::Part::Header(pb::ImportHeader {
                source,
                may_empty: self.may_empty,
            }));
        }
        if self.ended {
            return None;
        }
        match self.batch().await {
            Ok(rows) if rows.is_empty() => {
                self.ended = true;
                Some(pb::import_request::Part::End(pb::ImportEnd { rows: self.count }))
            }
            Ok(rows) => {
                self.count = self.count.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
                (self.sent)(self.count);
                Some(pb::import_request::Part::Rows(pb::ImportRows { rows }))
            }
            // Without its end the node drops the import whole.
            Err(error) => {
                *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                None
            }
        }
    }

    async fn batch(&mut self) -> io::Result<Vec<pb::ImportRow>> {
        let mut rows = Vec::with_capacity(ROWS_MAX);
        let mut bytes = 0;
        while rows.len() < ROWS_MAX {
            let row = match self.kept.take() {
                Some(row) => row,
                None => match self.rows.next().await.transpose()? {
                    Some((line, notice)) => pb::ImportRow { line, notice: Some(notice.into()) },
                    None => break,
                },
            };
            bytes += row.encoded_len();
            if bytes > BYTES_MAX && !rows.is_empty() {
                self.kept = Some(row);
                break;
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::wanted::{Description, NameKind, Offence, PersonName};
    use futures_util::stream::iter;

    fn notice(habits: usize) -> Notice {
        Notice {
            number: "T-1".parse().unwrap(),
            names: vec![PersonName::new(NameKind::Primary, "某甲").unwrap()],
            sex: None,
            births: vec![],
            identifiers: vec![],
            description: Description { habits: "x".repeat(habits), ..Default::default() },
            offence: Offence::default(),
        }
    }

    async fn parts(rows: Vec<io::Result<(u64, Notice)>>) -> (Vec<pb::import_request::Part>, Broken) {
        let broken = Broken::default();
        let batches = Batches::new("s", false, iter(rows).boxed(), Box::new(|_| ()), Arc::clone(&broken));
        (batches.messages().map(|m| m.part.unwrap()).collect().await, broken)
    }

    #[tokio::test]
    async fn every_row_goes_once_within_both_limits() {
        let rows = (0..1500).map(|n| Ok((n, notice(if n % 10 == 0 { 60_000 } else { 10 })))).collect();
        let (parts, broken) = parts(rows).await;
        assert!(matches!(parts.first(), Some(pb::import_request::Part::Header(_))));
        let Some(pb::import_request::Part::End(end)) = parts.last() else { panic!("no end") };
        let mut lines = Vec::new();
        for part in &parts[1..parts.len() - 1] {
            let pb::import_request::Part::Rows(rows) = part else { panic!("not rows") };
            assert!(rows.rows.len() <= ROWS_MAX && rows.encoded_len() < BYTES_MAX + 4096);
            lines.extend(rows.rows.iter().map(|r| r.line));
        }
        assert_eq!((end.rows, lines), (1500, (0..1500).collect()));
        assert!(broken.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn an_unreadable_row_leaves_the_stream_without_an_end() {
        let (parts, broken) = parts(vec![Ok((1, notice(1))), Err(io::Error::other("gone"))]).await;
        assert_eq!(parts.len(), 1, "only the header");
        assert!(broken.lock().unwrap().is_some());
    }
}
