//! Whom an agreement names as carriers.

use crate::coverage::names;
use crate::document::{Agencies, Agreement};
use concord_domain::AgencyId;
use concord_trust::Directory;

/// Whether the agreement names `agency` as a carrier.
pub(super) fn is_carrier(text: &Agreement, agency: &AgencyId, directory: &Directory) -> bool {
    text.carriers.as_ref().is_some_and(|carriers| match carriers {
        Agencies::Parties => text.parties.contains(agency),
        Agencies::Listed(patterns) => patterns.iter().any(|pattern| names(pattern, agency, directory)),
    })
}
