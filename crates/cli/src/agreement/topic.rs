//! What is asked about, and when, on the command line.

use clap::Args;
use concord_agreements::tools::Topic;
use concord_domain::{
    Branch, Clock, Handling, HandlingCode, HandlingLevel, Operation, Purpose, SystemClock, Timestamp,
};

/// What is asked, why, and how.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// What is asked, as service.verb
    #[arg(long, value_name = "OPERATION", default_value = "wanted.search")]
    operation: Operation,
    /// Why it is asked, such as fugitive-apprehension
    #[arg(long, value_name = "PURPOSE")]
    purpose: Purpose,
    /// Handling level of the request: official, restricted or confidential
    #[arg(long, value_name = "LEVEL", default_value = "official")]
    handling: HandlingLevel,
    /// The asking officer's branch, such as narcotics [default: none stated]
    #[arg(long, value_name = "BRANCH")]
    branch: Option<Branch>,
}

impl Asked {
    pub(super) fn topic(&self) -> Topic {
        let Self { operation, purpose, handling, branch } = self;
        let handling = Handling { level: *handling, code: HandlingCode::H0 };
        Topic { operation: operation.clone(), purpose: *purpose, handling, branch: *branch }
    }
}

/// The time that is asked about.
#[derive(Debug, Args)]
pub(super) struct When {
    /// The time to judge by, past or future: 2027-01-01, or 2027-01-01T08:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

impl When {
    pub(super) fn or_now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| SystemClock.now())
    }
}

/// The time that documents are compared at.
#[derive(Debug, Args)]
pub(super) struct WhenBegun {
    /// The time to judge by: 2027-01-01, or 2027-01-01T08:00:00Z [default: now, or when the last of the documents begins
    /// if that is later]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

impl WhenBegun {
    /// Not now if one of them begins only later: a text that is not in force yet would be compared as if it said nothing.
    pub(super) fn or_begun(&self, begins: impl IntoIterator<Item = Timestamp>) -> Timestamp {
        self.at.unwrap_or_else(|| begins.into_iter().fold(SystemClock.now(), Timestamp::max))
    }
}

/// Reads a time, or a day, which begins at midnight UTC.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    whole.parse().map_err(|_| "write it like 2027-01-01 or 2027-01-01T08:00:00Z, in UTC".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_compared_when_the_last_has_begun_unless_another_time_is_named() {
        let [past, future, later] = ["2020-01-01", "2200-01-01", "2201-01-01"].map(|day| time(day).unwrap());
        let at = |at, begins: &[Timestamp]| WhenBegun { at }.or_begun(begins.iter().copied());
        assert_eq!(at(None, &[past, later, future]), later);
        assert!((past..future).contains(&at(None, &[past])), "now");
        assert_eq!(at(Some(past), &[future]), past);
    }

    #[test]
    fn a_day_is_its_first_instant() {
        assert_eq!(time("2027-01-01"), time("2027-01-01T00:00:00Z"));
        for bad in ["", "2027", "2027-02-30", "tomorrow", "2027-01-01T08:00"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
