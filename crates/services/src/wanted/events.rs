//! What came of several requests, each as it arrives, then how many there were of each outcome.

use concord_domain::wanted::{Finding, Totals};
use concord_gateway::{Fault, NotRecorded};
use concord_wire::SearchEvent;
use futures_util::Stream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What came of one request.
pub(super) type Asked = Result<Finding, NotRecorded>;

/// What is left of a search or a watch while it streams.
struct Streaming<F> {
    requests: JoinSet<Asked>,
    /// Adds requests for which there is a place.
    fill: F,
    totals: Totals,
    started: Instant,
    open: bool,
}

/// The outcome of each of `requests` and of what `fill` adds before each is waited for, then the summary.
pub(super) fn events<F: FnMut(&mut JoinSet<Asked>) + Send>(
    requests: JoinSet<Asked>,
    started: Instant,
    fill: F,
) -> impl Stream<Item = Result<SearchEvent, NotRecorded>> + use<F> {
    let streaming = Streaming { requests, fill, totals: Totals::default(), started, open: true };
    futures_util::stream::unfold(streaming, |mut streaming| async move {
        if !streaming.open {
            return None;
        }
        (streaming.fill)(&mut streaming.requests);
        let event = match streaming.requests.join_next().await {
            Some(Ok(Ok(finding))) => {
                streaming.totals.count(finding.outcome.kind());
                metrics::counter!("concord_search_outcomes_total", "outcome" => finding.outcome.kind().as_str())
                    .increment(1);
                Ok(SearchEvent::Finding(Box::new(finding)))
            }
            Some(Ok(Err(error))) => Err(error),
            Some(Err(panicked)) => Err(NotRecorded::Fault(Fault::new("asking an agency", panicked))),
            None => {
                streaming.open = false;
                let elapsed = streaming.started.elapsed();
                Ok(SearchEvent::Summary { totals: std::mem::take(&mut streaming.totals), elapsed })
            }
        };
        // After an error nothing more may be shown: what is not on the record must not look complete.
        streaming.open &= event.is_ok();
        Some((event, streaming))
    })
}
