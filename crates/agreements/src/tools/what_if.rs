//! What a proposed agreement would change.

use super::{Change, Hypothetical, diff};
use crate::error::AgreementError;
use crate::rules::Rules;
use concord_domain::Timestamp;
use concord_trust::SignedFile;

/// What would change at `at` if all parties signed the proposed text; see [`diff()`].
///
/// # Errors
/// As [`Hypothetical::adopt`].
pub fn what_if(rules: &Rules, proposed: &SignedFile, at: Timestamp) -> Result<Vec<Change>, AgreementError> {
    Ok(diff(rules, &Hypothetical::adopt(rules, proposed)?, at))
}
