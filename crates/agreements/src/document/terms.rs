//! Times and grounds that an agreement sets in place of the law's defaults.

use super::{Agreement, AgreementKind};
use concord_domain::{OffenceNature, RefusalGround};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an agreement says beyond its clauses. What it leaves out follows the law's defaults, named at each field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Within which a hit is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// Within which assistance is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistance: Option<Assistance>,
    /// The grounds on which assistance may be refused. At home complete papers leave none (Rules 348), abroad all of
    /// ILA 14 exist: so the default is none, but all for an international agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal_grounds: Option<Vec<RefusalGround>>,
    /// Natures of offences on which the parties do not cooperate at all. The default is none, but all for an
    /// international agreement (ILA 14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusions: Option<Vec<OffenceNature>>,
    /// Days between a withdrawal's issue and its effect at least.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withdrawal_notice_days: u16,
    /// Minutes within which a node must have synchronized, if the agreement is strict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_within_minutes: Option<u32>,
}

/// Within which a hit is confirmed, in minutes. The practice that works: 10 when urgent, 60 when routine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// When urgent.
    pub urgent_minutes: u32,
    /// When routine.
    pub routine_minutes: u32,
}

/// Within which assistance is given, in days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assistance {
    /// Identity, age and criminal-record checks (Rules 353: 7).
    pub check_days: u16,
    /// The same for remote areas (Rules 353: 15).
    pub remote_check_days: u16,
    /// Everything else; the law says «promptly».
    pub other_days: u16,
}

impl Confirmation {
    /// Minutes at most: a week. A hit that waits longer is as good as not confirmed.
    pub const MINUTES_MAX: u32 = 7 * 24 * 60;
}

impl Assistance {
    /// Days at most: a year.
    pub const DAYS_MAX: u16 = 366;
}

impl Agreement {
    /// Whether the parties do not cooperate at all on offences of this nature.
    pub fn excludes(&self, nature: OffenceNature) -> bool {
        match &self.terms.exclusions {
            Some(exclusions) => exclusions.contains(&nature),
            None => self.kind == AgreementKind::International,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_zero(days: &u16) -> bool {
    *days == 0
}

impl Terms {
    /// How long a node may go without synchronizing where a strict agreement sets nothing: a block notice or a
    /// withdrawal reaches everybody within a round, and an hour is far longer than any round.
    pub const SYNC_WITHIN_DEFAULT: Duration = Duration::from_secs(3600);

    /// Days of notice at most: a year. A longer one would bind a party to what it no longer wants.
    pub const WITHDRAWAL_NOTICE_DAYS_MAX: u16 = 366;
    /// Minutes without synchronizing at most: a week, the longest life of a keyring.
    pub const SYNC_WITHIN_MINUTES_MAX: u32 = 7 * 24 * 60;

    /// How long a node may go without synchronizing under a strict agreement.
    pub fn sync_within(&self) -> Duration {
        self.sync_within_minutes
            .map_or(Self::SYNC_WITHIN_DEFAULT, |minutes| Duration::from_secs(u64::from(minutes) * 60))
    }

    /// The least time between a withdrawal's issue and its effect.
    pub fn withdrawal_notice(&self) -> Duration {
        Duration::from_secs(u64::from(self.withdrawal_notice_days) * 86_400)
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
