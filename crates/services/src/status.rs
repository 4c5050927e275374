//! What callers of the local API are told where there is no outcome.

use concord_domain::Entropy;
use concord_gateway::{NotRecorded, incident};
use concord_wire::{overloaded, refused};
use tonic::{Code, Status};

/// An outcome is not on the record, and so must not be shown.
pub(crate) fn not_recorded(error: NotRecorded, entropy: &dyn Entropy) -> Status {
    match error {
        NotRecorded::Fault(fault) => incident(&fault, entropy),
        NotRecorded::Busy { limit } | NotRecorded::Full { limit } => overloaded(error.to_string(), limit),
        NotRecorded::RulesChanged
        | NotRecorded::TimePassed
        | NotRecorded::QuotaSpent { .. }
        | NotRecorded::Known => refused(Code::Aborted, "RULES_CHANGING", error.to_string(), &[]),
    }
}
