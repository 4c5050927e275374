//! What came of pings, for programs and for people.

use super::super::line::millis;
use crate::output::printable;
use crate::search::{PositionLine, ReceiptLine, agreement};
use concord_client::{PingTry, Pinged};
use concord_domain::{Passed, Timestamp};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What came of one ping.
#[derive(Debug, Serialize)]
pub(super) struct PingLine {
    agency: String,
    outcome: &'static str,
    reason: Option<String>,
    explanation: Option<String>,
    purpose: &'static str,
    agreement: Option<String>,
    route: Vec<String>,
    hops: Vec<HopLine>,
    tried: Vec<TryLine>,
    receipt: Option<ReceiptLine>,
    record: Option<PositionLine>,
    round_trip_ms: f64,
}

/// One agency on the way.
#[derive(Debug, Serialize)]
struct HopLine {
    agency: String,
    /// By its own clock.
    at: Timestamp,
    /// Milliseconds since the first, negative where clocks differ.
    after_ms: i64,
}

/// A way that brought nothing.
#[derive(Debug, Serialize)]
struct TryLine {
    next: String,
    outcome: &'static str,
    reason: Option<String>,
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl From<Pinged> for PingLine {
    fn from(pinged: Pinged) -> Self {
        let Pinged { agency, outcome, reason, explanation, purpose, authority, route, hops, .. } = pinged;
        let Pinged { tried, receipt, signed_receipt, record, round_trip, .. } = pinged;
        Self {
            agency: agency.to_string(),
            outcome: outcome.as_str(),
            reason: given(reason),
            explanation: given(explanation),
            purpose: purpose.as_str(),
            agreement: authority.as_ref().map(agreement),
            route: route.iter().map(ToString::to_string).collect(),
            hops: hop_lines(&hops),
            tried: tried.into_iter().map(Into::into).collect(),
            receipt: receipt.as_ref().map(|receipt| ReceiptLine::new(receipt, &signed_receipt)),
            record: record.as_ref().map(Into::into),
            round_trip_ms: millis(round_trip),
        }
    }
}

fn hop_lines(hops: &[Passed]) -> Vec<HopLine> {
    let first = hops.first().map(|hop| hop.at).unwrap_or_default();
    let line = |Passed { agency, at }: &Passed| {
        let whole = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let after_ms = whole(at.since(first)) - whole(first.since(*at));
        HopLine { agency: agency.to_string(), at: *at, after_ms }
    };
    hops.iter().map(line).collect()
}

impl From<PingTry> for TryLine {
    fn from(tried: PingTry) -> Self {
        let PingTry { next, outcome, reason } = tried;
        Self { next: next.to_string(), outcome: outcome.as_str(), reason: given(reason) }
    }
}

impl fmt::Display for PingLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agency, outcome, purpose, round_trip_ms, .. } = self;
        write!(f, "{agency} {outcome} in {round_trip_ms:.1} ms, for {purpose}")?;
        if let Some(agreement) = &self.agreement {
            write!(f, " under {agreement}")?;
        }
        match (&self.reason, self.explanation.as_deref().unwrap_or_default()) {
            (Some(reason), words) if !words.contains(reason.as_str()) => {
                write!(f, "\n  {}: {}", printable(reason), printable(words))?;
            }
            (Some(_), words) => write!(f, "\n  {}", printable(words))?,
            (None, _) => {}
        }
        for TryLine { next, outcome, reason } in &self.tried {
            let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            write!(f, "\n  tried by {next}: {outcome}{}", printable(&reason))?;
        }
        if self.hops.is_empty() && self.route.len() > 1 {
            write!(f, "\n  route {}", self.route.join(" > "))?;
        }
        for HopLine { agency, at, after_ms } in &self.hops {
            write!(f, "\n  {agency:<24} {at} {after_ms:+} ms")?;
        }
        Ok(())
    }
}

/// What came of all pings.
#[derive(Debug, Default)]
pub(super) struct Totals {
    answered: Vec<Duration>,
    unanswered: usize,
}

impl Totals {
    pub(super) fn count(&mut self, answered: bool, round_trip: Duration) {
        match answered {
            true => self.answered.push(round_trip),
            false => self.unanswered += 1,
        }
    }

    pub(super) fn all_answered(&self) -> bool {
        self.unanswered == 0
    }

    pub(super) fn line(&self) -> TotalsLine {
        let Self { answered, unanswered } = self;
        let count = u32::try_from(answered.len()).unwrap_or(u32::MAX);
        let total: Duration = answered.iter().sum();
        let summary = Summary {
            sent: answered.len() + unanswered,
            answered: answered.len(),
            min_ms: answered.iter().min().copied().map(millis),
            mean_ms: total.checked_div(count).map(millis),
            max_ms: answered.iter().max().copied().map(millis),
        };
        TotalsLine { summary }
    }
}

/// The last line of some pings.
#[derive(Debug, Serialize)]
pub(super) struct TotalsLine {
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct Summary {
    sent: usize,
    answered: usize,
    min_ms: Option<f64>,
    mean_ms: Option<f64>,
    max_ms: Option<f64>,
}

impl fmt::Display for TotalsLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { sent, answered, min_ms, mean_ms, max_ms } = &self.summary;
        write!(f, "{answered} of {sent} answered")?;
        match (min_ms, mean_ms, max_ms) {
            (Some(min), Some(mean), Some(max)) => {
                write!(f, "; ms: {min:.1} at least, {mean:.1} on average, {max:.1} at most")
            }
            (_, _, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::{PingOutcome, Purpose};

    fn pinged(outcome: PingOutcome, hops: &[(&str, u64)]) -> PingLine {
        let passed = |(agency, at): &(&str, u64)| Passed {
            agency: agency.parse().unwrap(),
            at: Timestamp::from_millis(*at),
        };
        let next = "bj.police.cn".parse().unwrap();
        PingLine::from(Pinged {
            agency: "gs.police.cn".parse().unwrap(),
            outcome,
            reason: if outcome == PingOutcome::Answered { String::new() } else { "NO_ROUTE".to_owned() },
            explanation: "by \u{1b}[2J".to_owned(),
            purpose: Purpose::Narcotics,
            authority: None,
            route: vec!["yn.police.cn".parse().unwrap(), "police.cn".parse().unwrap()],
            hops: hops.iter().map(passed).collect(),
            tried: vec![PingTry { next, outcome: PingOutcome::TimedOut, reason: String::new() }],
            receipt: None,
            signed_receipt: vec![],
            record: None,
            round_trip: Duration::from_micros(1500),
        })
    }

    #[test]
    fn each_hop_stands_with_its_time_and_clocks_may_differ() {
        let hops = [("yn.police.cn", 1000), ("police.cn", 997), ("gs.police.cn", 1004)];
        let line = pinged(PingOutcome::Answered, &hops);
        assert_eq!(line.hops.iter().map(|hop| hop.after_ms).collect::<Vec<_>>(), [0, -3, 4]);
        let text = line.to_string();
        assert!(text.starts_with(
            "gs.police.cn answered in 1.5 ms, for narcotics\n  tried by bj.police.cn: timed_out\n"
        ));
        assert!(text.ends_with("gs.police.cn             1970-01-01T00:00:01.004Z +4 ms"), "{text}");
    }

    #[test]
    fn without_an_answer_the_reason_and_the_route_stand_there() {
        let line = pinged(PingOutcome::Unreachable, &[]);
        let text = line.to_string();
        assert!(
            text.contains("NO_ROUTE: by  [2J") && text.contains("route yn.police.cn > police.cn"),
            "{text}"
        );
        let json = serde_json::to_value(&line).unwrap();
        assert_eq!(
            (json["outcome"].as_str(), json["round_trip_ms"].as_f64()),
            (Some("unreachable"), Some(1.5))
        );
        assert_eq!(json["tried"][0]["next"], "bj.police.cn");
    }

    #[test]
    fn totals_are_of_those_that_were_answered() {
        let mut totals = Totals::default();
        [(true, 1), (false, 50), (true, 3)]
            .into_iter()
            .for_each(|(answered, ms)| totals.count(answered, Duration::from_millis(ms)));
        assert!(!totals.all_answered());
        assert_eq!(
            totals.line().to_string(),
            "2 of 3 answered; ms: 1.0 at least, 2.0 on average, 3.0 at most"
        );
        assert_eq!(Totals::default().line().to_string(), "0 of 0 answered");
    }
}
