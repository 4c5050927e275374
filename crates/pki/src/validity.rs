//! How long things live.

use crate::error::PkiError;
use concord_domain::Timestamp;
use concord_trust::Keyring;
use std::time::Duration;
use time::OffsetDateTime;

const DAY: Duration = Duration::from_secs(86_400);

/// How long what is made lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lives {
    /// A keyring; [`Keyring::LIFE_MAX`] at most.
    pub keyring: Duration,
    /// A node's or client's certificate.
    pub leaf: Duration,
    /// An authority's certificate.
    pub authority: Duration,
}

impl Default for Lives {
    /// A week, 30 days, five years: what lies on more machines lives shorter.
    fn default() -> Self {
        Self { keyring: Keyring::LIFE_MAX, leaf: DAY * 30, authority: DAY * (5 * 365 + 1) }
    }
}

/// When a certificate is valid, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
}

impl Validity {
    /// How much earlier than now validity begins: the clock skew that the federation tolerates, so that a peer whose
    /// clock is late takes a fresh certificate.
    pub const BACKDATED: Duration = Duration::from_secs(60);

    /// For `life` from `now`.
    pub fn starting(now: Timestamp, life: Duration) -> Self {
        Self { from: now.minus(Self::BACKDATED), until: now.plus(life) }
    }

    /// Beginning and end as a certificate holds them.
    pub(crate) fn dates(self) -> Result<(OffsetDateTime, OffsetDateTime), PkiError> {
        let Self { from, until } = self;
        if from >= until {
            return Err(PkiError::NeverValid { from, until });
        }
        Ok((date(from)?, date(until)?))
    }
}

/// A time as a certificate or revocation list holds it.
pub(crate) fn date(at: Timestamp) -> Result<OffsetDateTime, PkiError> {
    i64::try_from(at.as_millis() / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or(PkiError::TimeOutOfRange { at })
}
