//! How often a clause may be used.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::time::Duration;

/// Requests that each asking agency may make to each one asked under a clause, in each window of time. A request is
/// charged once, however many attempts it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many.
    pub requests: NonZeroU32,
    /// In which time; windows begin at whole multiples since 1970, the same everywhere.
    pub per: QuotaWindow,
}

impl Quota {
    /// Requests of one window at most: twice the thousand a second that two nodes could exchange without a pause, for a
    /// day. A higher number limits nothing, and is a slip of the pen.
    pub const REQUESTS_MAX: u32 = 172_800_000;
}

/// The time in which a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuotaWindow {
    /// Each minute.
    Minute,
    /// Each hour.
    Hour,
    /// Each day, in UTC.
    Day,
}

impl QuotaWindow {
    /// How long it is.
    pub const fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_secs(60),
            Self::Hour => Duration::from_secs(3600),
            Self::Day => Duration::from_secs(86_400),
        }
    }
}
