//! Deadlines on a clock that stands still.

use super::*;
use tonic::Request;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_is_left_shrinks_to_nothing_and_no_further() {
    let deadline = Deadline::after(10 * SECOND);
    assert_eq!(deadline.left(), 10 * SECOND);
    tokio::time::advance(4 * SECOND).await;
    assert_eq!(deadline.left(), 6 * SECOND);
    tokio::time::advance(7 * SECOND).await;
    assert_eq!(deadline.left(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_margin_makes_it_earlier() {
    let deadline = Deadline::after(10 * SECOND);
    assert_eq!(deadline.less(3 * SECOND).left(), 7 * SECOND);
    assert_eq!(deadline.less(11 * SECOND).left(), Duration::ZERO);
    assert_eq!(deadline.left(), 10 * SECOND);
    assert_eq!(deadline.less(3 * SECOND).instant() + 3 * SECOND, deadline.instant());
}

/// A call that asks for `asked`, on a listener whose own deadline is `listener` away.
fn call(asked: Option<&'static str>, listener: Option<Duration>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(text) = asked {
        request.metadata_mut().insert("grpc-timeout", text.parse().unwrap());
    }
    if let Some(after) = listener {
        request.extensions_mut().insert(RequestDeadline(Instant::now() + after));
    }
    request
}

#[tokio::test(start_paused = true)]
async fn a_call_gets_what_it_asks_for_within_bounds() {
    let left = |asked, listener: u32| {
        let request = call(asked, Some(listener * SECOND));
        Deadline::of_call(&request, 10 * SECOND, 60 * SECOND).left()
    };
    assert_eq!(left(None, 300), 10 * SECOND, "the default");
    assert_eq!(left(Some("5S"), 5), 5 * SECOND, "less than the default");
    assert_eq!(left(Some("40S"), 40), 40 * SECOND, "more than the default");
    assert_eq!(left(Some("90S"), 90), 60 * SECOND, "never more than the most");
    let unlisted = Deadline::of_call(&call(Some("5S"), None), 10 * SECOND, 60 * SECOND);
    assert_eq!(unlisted.left(), 10 * SECOND, "only the listener reads the header");
    let most = Deadline::of_call(&call(None, None), 90 * SECOND, 60 * SECOND);
    assert_eq!(most.left(), 60 * SECOND);
}
