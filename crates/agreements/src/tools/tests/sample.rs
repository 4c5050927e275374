//! Generated agreements for the laws.

use super::*;
use crate::document::{Onward, Quota, QuotaWindow};
use crate::testing::{MEMBERS, time};
use concord_domain::wanted::Field;
use concord_domain::{Branch, HandlingLevel, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub(super) const OPERATIONS: [&str; 2] = ["wanted.search", "assistance.submit"];
pub(super) const PURPOSES: [Purpose; 2] = [Purpose::SeriousCrime, Purpose::Narcotics];
pub(super) const BRANCHES: [Branch; 2] = [Branch::Criminal, Branch::Border];
/// Half of the agreements begin here, the others a year later.
const BEGINNINGS: [&str; 2] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"];

fn sides(parties: Vec<&'static str>) -> impl Strategy<Value = Agencies> {
    let some = subsequence(parties, 1..=2).prop_map(|names| listed(&names));
    prop_oneof![Just(Agencies::Parties), some]
}

prop_compose! {
    fn clauses(parties: Vec<&'static str>)(
        from in sides(parties.clone()), to in sides(parties), below in any::<bool>(),
        operations in subsequence(OPERATIONS.to_vec(), 1..=2), purposes in subsequence(PURPOSES.to_vec(), 1..=2),
        branches in option::of(subsequence(BRANCHES.to_vec(), 1..=2)), handling in select(HandlingLevel::ALL),
        fields in subsequence(vec![Field::Name, Field::Birth], 0..=2),
        quota in option::weighted(0.2, Just(Quota { requests: 3.try_into().unwrap(), per: QuotaWindow::Day })),
        onward in select(vec![Onward::None, Onward::ToParties]),
    ) -> Grant {
        let operations = operations.iter().map(|o| o.parse().unwrap()).collect();
        Grant { from, to, below, operations, purposes, branches, handling, fields, quota, onward, ..grant("1") }
    }
}

/// An agreement called `id`.
pub(super) fn an_agreement(id: &'static str) -> impl Strategy<Value = Agreement> {
    let names: Vec<_> = MEMBERS.iter().map(|(name, _)| *name).collect();
    let parties = subsequence(names, 2..=4);
    let clauses = parties.prop_flat_map(|parties| (Just(parties.clone()), vec(clauses(parties), 1..3)));
    let kinds = vec![AgreementKind::Event, AgreementKind::Regional, AgreementKind::National];
    (clauses, select(kinds), select(BEGINNINGS.to_vec())).prop_map(
        move |((parties, mut grants), kind, begin)| {
            for (grant, clause) in grants.iter_mut().zip(1..) {
                grant.clause = format!("{clause}").parse().unwrap();
            }
            let valid_until = time("2028-01-01T00:00:00Z");
            Agreement { kind, valid_from: time(begin), valid_until, ..named(id, &parties, grants) }
        },
    )
}

/// Up to three agreements of different names.
pub(super) fn some_agreements() -> impl Strategy<Value = Vec<Agreement>> {
    let all = (an_agreement("a"), an_agreement("b"), an_agreement("c"));
    (all, 0_usize..=3).prop_map(|((a, b, c), count)| [a, b, c].into_iter().take(count).collect())
}

/// Before and after the later of the beginnings.
pub(super) fn an_instant() -> impl Strategy<Value = Timestamp> {
    select(vec![now(), time("2027-06-01T00:00:00Z")])
}
