//! What a proposed agreement would change.

use super::{Comparison, Hypothetical, compare};
use crate::error::AgreementError;
use crate::rules::Rules;
use concord_domain::Timestamp;
use concord_trust::SignedFile;

/// What would change at `at` if all parties signed the proposed text; see [`compare()`].
///
/// # Errors
/// As [`Hypothetical::adopt`].
pub fn what_if(rules: &Rules, proposed: &SignedFile, at: Timestamp) -> Result<Comparison, AgreementError> {
    Ok(compare(rules, &Hypothetical::adopt(rules, proposed)?, at))
}
