//! What is decided about a request that came in.

use crate::authority::InForce;
use concord_agreements::{Facts, Opening, decide};
use concord_domain::{AgencyId, Timestamp};
use concord_trust::envelope::{AddressedRequest, Context};

/// What a request says in the open, and by whom it came.
pub(super) fn facts_of<'a>(
    context: &'a Context,
    carriers: &'a [AgencyId],
    synced: Option<Timestamp>,
) -> Facts<'a> {
    Facts {
        via: carriers,
        synced,
        handling: context.handling,
        branch: context.branch,
        agreement: Some(&context.agreement),
        ..Facts::new(&context.origin, &context.destination, &context.operation, context.purpose)
    }
}

/// Whether an attempt is denied for nothing but its carriers. Another attempt may come by others, so that this says
/// nothing of the request.
pub(super) fn only_its_way_is_denied(
    request: &AddressedRequest<'_>,
    in_force: &InForce,
    synced: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let carriers = request.carriers();
    let denied = |via| {
        let facts = facts_of(request.context(), via, synced);
        decide::<Opening>(&in_force.rules, &facts, now).is_err()
    };
    !carriers.is_empty() && denied(&carriers) && !denied(&[])
}
