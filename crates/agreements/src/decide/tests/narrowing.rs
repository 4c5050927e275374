//! Adding a restriction never widens, and a permit says truly how long it holds.

use super::laws::{STEP_MS, a_case, an_instant, some_agreements};
use super::*;
use crate::declaration::{Act, Declaration};
use crate::document::Terms;
use crate::local::{LocalRule, LocalRules, Side};
use crate::rules::Documents;
use crate::testing::{MEMBERS, block, declared, directory_with, signed};
use concord_domain::{OffenceNature, Vetting};
use concord_trust::Block;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;

/// Everything that decisions follow from.
#[derive(Debug, Clone)]
struct World {
    agreements: Vec<Agreement>,
    declarations: Vec<Declaration>,
    blocks: BTreeMap<&'static str, Block>,
    local: Vec<LocalRule>,
}

/// Facts beyond a case's.
#[derive(Debug, Clone)]
struct Around {
    via: Vec<AgencyId>,
    nature: Option<OffenceNature>,
    synced: Option<Timestamp>,
    onward: Option<AgencyId>,
}

impl World {
    fn rules(&self) -> Rules {
        let documents = Documents {
            agreements: self.agreements.iter().map(signed).collect(),
            declarations: self.declarations.iter().map(declared).collect(),
        };
        let blocks: Vec<_> = self.blocks.values().cloned().collect();
        let local = LocalRules::new(self.local.clone()).unwrap();
        Rules::build(documents, directory_with(&[], &blocks), local, |_| None).0
    }

    /// Takes something away. What there is to take from is picked by `which`.
    fn restrict(&mut self, restriction: Restriction, which: Index) {
        let agreement = which.get_mut(&mut self.agreements);
        let at = which.index(agreement.grants.len());
        match restriction {
            Restriction::Declared(act) => {
                let party = which.get(&agreement.parties).clone();
                let sequence = u64::try_from(self.declarations.len()).unwrap() + 1;
                let issued = Timestamp::from_millis(0);
                let (id, version) = (agreement.id.clone(), agreement.version);
                self.declarations.push(Declaration { agreement: id, version, party, sequence, issued, act });
            }
            Restriction::Blocked(from) => {
                let (name, _) = which.get(&MEMBERS);
                self.blocks.entry(*name).or_insert_with(|| block(name, from));
            }
            Restriction::Ruled(rule) => {
                let name = format!("rule {}", self.local.len());
                self.local.push(LocalRule { name, ..rule });
            }
            Restriction::Purpose => {
                let purposes = &mut agreement.grants[at].purposes;
                if purposes.len() > 1 {
                    purposes.pop();
                }
            }
            Restriction::Handling => agreement.grants[at].handling = HandlingLevel::Official,
            Restriction::Exclusion => {
                let exclusions = Some(OffenceNature::ALL.to_vec());
                agreement.terms = Terms { exclusions, ..agreement.terms.clone() };
            }
            Restriction::Strict => agreement.strict = true,
            Restriction::Vetting => agreement.grants[at].vetting = Vetting::Officer,
            Restriction::Carrier => match &mut agreement.carriers {
                Some(Agencies::Listed(carriers)) if carriers.len() > 1 => drop(carriers.pop()),
                carriers => *carriers = None,
            },
        }
    }
}

#[derive(Debug, Clone)]
enum Restriction {
    Declared(Act),
    Blocked(Timestamp),
    Ruled(LocalRule),
    Purpose,
    Handling,
    Exclusion,
    Strict,
    Vetting,
    Carrier,
}

fn a_rule() -> impl Strategy<Value = LocalRule> {
    let side = proptest::option::of(select(vec![Side::Asking, Side::Serving, Side::Carrying]));
    let member = select(MEMBERS.to_vec()).prop_map(|(name, _)| vec![name.parse().unwrap()]);
    let level = proptest::option::of(select(HandlingLevel::ALL));
    (side, proptest::option::of(member), level).prop_map(|(when, agencies, handling_above)| LocalRule {
        name: String::new(),
        when,
        agencies,
        operations: None,
        purposes: None,
        branches: None,
        handling_above,
        vetting: None,
    })
}

fn a_restriction() -> impl Strategy<Value = Restriction> {
    prop_oneof![
        an_instant().prop_map(|effective_at| Restriction::Declared(Act::Withdrawal { effective_at })),
        (an_instant(), proptest::option::of(1u64..4)).prop_map(|(from, steps)| {
            let until = steps.map(|steps| Timestamp::from_millis(from.as_millis() + steps * STEP_MS));
            Restriction::Declared(Act::Suspension { from, until })
        }),
        an_instant().prop_map(Restriction::Blocked),
        a_rule().prop_map(Restriction::Ruled),
        Just(Restriction::Purpose),
        Just(Restriction::Handling),
        Just(Restriction::Exclusion),
        Just(Restriction::Strict),
        Just(Restriction::Vetting),
        Just(Restriction::Carrier),
    ]
}

/// Whom every clause lets those asked ask in turn.
const BEYOND: &str = "police.la";

/// Agreements with carriers and brokers, and some restrictions already. A second declaration of a party would replace its first, so
/// that it is no restriction: there is one at most.
fn a_world() -> impl Strategy<Value = World> {
    let carriers = prop_oneof![Just(None), Just(Some(Agencies::Parties))];
    let agreements = (some_agreements(), vec(carriers, 5)).prop_map(|(mut agreements, carriers)| {
        for (agreement, carriers) in agreements.iter_mut().zip(carriers) {
            agreement.carriers = carriers;
            agreement.grants.iter_mut().for_each(|grant| grant.brokered_to = vec![BEYOND.parse().unwrap()]);
        }
        agreements
    });
    (agreements, vec((a_restriction(), any::<Index>()), 0..3)).prop_map(|(agreements, restrictions)| {
        let mut world = World { agreements, declarations: vec![], blocks: BTreeMap::new(), local: vec![] };
        restrictions.into_iter().for_each(|(restriction, which)| world.restrict(restriction, which));
        world.declarations.truncate(1);
        world
    })
}

fn around() -> impl Strategy<Value = Around> {
    let via = vec(select(MEMBERS.to_vec()).prop_map(|(name, _)| agency(name)), 0..2);
    let nature = proptest::option::weighted(0.2, select(OffenceNature::ALL));
    let onward = proptest::option::of(Just(agency(BEYOND)));
    let around = (via, nature, proptest::option::of(an_instant()), onward);
    around.prop_map(|(via, nature, synced, onward)| Around { via, nature, synced, onward })
}

fn asks(rules: &Rules, case: &Case, around: &Around, now: Timestamp) -> Result<Permit<Asking>, Denial> {
    let facts = Facts {
        handling: Handling { level: case.level, code: HandlingCode::H3 },
        branch: case.branch,
        agreement: case.agreement.as_ref(),
        via: &around.via,
        nature: around.nature,
        synced: around.synced,
        onward: around.onward.as_ref(),
        ..Facts::new(&case.from, &case.to, &case.operation, case.purpose)
    };
    decide(rules, &facts, now)
}

proptest! {
    #[test]
    fn a_restriction_never_turns_a_denial_into_a_permit(
        world in a_world(), restriction in a_restriction(), which in any::<Index>(),
        cases in vec((a_case(), around()), 48), now in an_instant(),
    ) {
        let mut restricted = world.clone();
        let declared = world.declarations.len();
        restricted.restrict(restriction, which);
        prop_assume!(declared == 0 || restricted.declarations.len() == declared);
        let (before, after) = (world.rules(), restricted.rules());
        for (case, around) in cases {
            if let Ok(permit) = asks(&after, &case, &around, now) {
                prop_assert!(asks(&before, &case, &around, now).is_ok(), "{:?} {:?}: {:?}", case, around, permit);
            }
        }
    }

    #[test]
    fn to_demand_an_officer_changes_nothing_but_that_one_vets_at_least(
        world in a_world(), by_rule in proptest::option::of(a_rule()), which in any::<Index>(),
        cases in vec((a_case(), around()), 48), now in an_instant(),
    ) {
        let mut demanding = world.clone();
        demanding.restrict(match by_rule {
            Some(rule) => Restriction::Ruled(LocalRule { vetting: Some(Vetting::Officer), ..rule }),
            None => Restriction::Vetting,
        }, which);
        let (before, after) = (world.rules(), demanding.rules());
        for (case, around) in cases {
            let case = Case { agreement: None, ..case };
            let [before, after] = [&before, &after].map(|rules| asks(rules, &case, &around, now));
            prop_assert_eq!(before.is_ok(), after.is_ok());
            if let (Ok(before), Ok(after)) = (before, after) {
                prop_assert_eq!(before.clause(), after.clause());
                prop_assert!(after.vetting() >= before.vetting());
            }
        }
    }

    #[test]
    fn a_permit_is_the_same_until_it_says_so(
        world in a_world(), cases in vec((a_case(), around()), 48), now in an_instant(), part in 0u64..1000,
    ) {
        let rules = world.rules();
        for (case, around) in cases {
            let Ok(permit) = asks(&rules, &case, &around, now) else { continue };
            prop_assert!(permit.until() > now);
            let case = Case { agreement: Some(permit.agreement().clone()), ..case };
            let length = permit.until().as_millis() - now.as_millis();
            for later in [0, length * part / 1000, length - 1] {
                let at = Timestamp::from_millis(now.as_millis() + later);
                let again = asks(&rules, &case, &around, at).unwrap();
                prop_assert_eq!(format!("{:?}", again), format!("{:?}", permit));
                prop_assert_eq!(again.until(), permit.until());
            }
        }
    }
}
