//! Every pair, operation, purpose, carrier and instant of a federation of twelve, against a model that reads the
//! documents one after the other, written from the rules and sharing no code with what it checks.

use super::laws::{stays_within, written_out};
use super::*;
use crate::declaration::{Act, Declaration};
use crate::local::LocalRules;
use crate::rules::Documents;
use crate::testing::{MEMBERS, block, declared, directory_with, key, signed_by};
use concord_domain::Digest;
use concord_trust::{Block, Kind, sha256};

/// What clauses grant, and what comes with any of them.
const OPERATIONS: [&str; 3] = ["wanted.search", "assistance.submit", "directory.ping"];
const PURPOSES: [Purpose; 3] = [Purpose::FugitiveApprehension, Purpose::Narcotics, Purpose::Research];
const CARRIERS: [Option<&str>; 5] =
    [None, Some("gs.police.cn"), Some("police.cn"), Some("km.yn.police.cn"), Some("hl.police.cn")];

/// Which kind of agreement is taken first.
const ORDER: [&[AgreementKind]; 5] = [
    &[AgreementKind::Event, AgreementKind::Campaign],
    &[AgreementKind::Bilateral],
    &[AgreementKind::Regional],
    &[AgreementKind::BetweenDepartments, AgreementKind::International],
    &[AgreementKind::National],
];

/// Midnight of that day, or of the first day of 2026 after so many.
fn day(number: u64) -> Timestamp {
    Timestamp::from_millis(time("2026-01-01T00:00:00Z").as_millis() + number * 86_400_000)
}

/// An agreement, and who signed it.
struct Paper {
    agreement: Agreement,
    signers: Vec<AgencyId>,
}

/// The versions of an agreement that count one after the other, and who had to sign two texts of one of them, since when.
/// An agreement has more than one life where two texts of a version were signed.
type Life<'a> = (Vec<&'a Agreement>, Vec<(AgencyId, Timestamp)>);

struct Papers {
    agreements: Vec<Paper>,
    declarations: Vec<Declaration>,
    blocks: Vec<Block>,
}

fn digest(agreement: &Agreement) -> Digest {
    sha256(&[agreement.to_toml().as_bytes()])
}

impl Papers {
    fn lives(&self) -> Vec<Life<'_>> {
        let mut ids: Vec<_> = self.agreements.iter().map(|paper| &paper.agreement.id).collect();
        ids.sort();
        ids.dedup();
        ids.into_iter().flat_map(|id| self.going_on(id, (Vec::new(), Vec::new()))).collect()
    }

    fn going_on<'a>(&'a self, id: &AgreementId, (counting, out): Life<'a>) -> Vec<Life<'a>> {
        // Who is still bound by the version before when that text begins.
        let bound = |next: &Agreement| -> Vec<AgencyId> {
            let Some(before) = counting.last() else { return Vec::new() };
            let gone = |party: &AgencyId| self.withdrew(before, party, before.version, next.valid_from);
            before.parties.iter().filter(|party| !gone(party)).cloned().collect()
        };
        let may_be_next = |paper: &&Paper| {
            let next = &paper.agreement;
            let right = next.id == *id && usize::try_from(next.version).unwrap() == counting.len() + 1;
            let linked = next.previous == counting.last().map(|before| digest(before));
            let must = [next.parties.clone(), bound(next)].concat();
            right && linked && must.iter().all(|party| paper.signers.contains(party))
        };
        let next: Vec<_> = self.agreements.iter().filter(may_be_next).map(|paper| &paper.agreement).collect();
        if next.is_empty() {
            return if counting.is_empty() { Vec::new() } else { vec![(counting, out)] };
        }
        let mut lives = Vec::new();
        for one in &next {
            let mut out = out.clone();
            for other in next.iter().filter(|other| digest(other) != digest(one)) {
                let [mine, theirs] = [one, other].map(|text| [text.parties.clone(), bound(text)].concat());
                let both = mine.into_iter().filter(|party| theirs.contains(party));
                out.extend(both.map(|party| (party, one.valid_from.min(other.valid_from))));
            }
            lives.extend(self.going_on(id, ([counting.clone(), vec![one]].concat(), out)));
        }
        lives
    }

    /// Whether the party's withdrawal, named for `text`, covers `version` and is in effect at `at`.
    fn withdrew(&self, text: &Agreement, party: &AgencyId, version: u32, at: Timestamp) -> bool {
        self.declarations.iter().any(|d| match d.act {
            Act::Withdrawal { effective_at } => {
                let notice = u64::from(text.terms.withdrawal_notice_days) * 86_400_000;
                let in_time = effective_at.as_millis() >= d.issued.as_millis() + notice;
                let named =
                    d.agreement == text.id && d.version == text.version && text.parties.contains(party);
                named && d.party == *party && version <= d.version && in_time && effective_at <= at
            }
            Act::Suspension { .. } | Act::Resumption => false,
        })
    }

    /// Whether the party takes part in that version at that time.
    fn takes_part(&self, (versions, out): &Life<'_>, version: u32, party: &AgencyId, at: Timestamp) -> bool {
        let fallen_out = out.iter().any(|(who, since)| who == party && *since <= at);
        let withdrawn = versions.iter().any(|text| self.withdrew(text, party, version, at));
        let id = &versions[0].id;
        let mut pausing: Vec<_> = self
            .declarations
            .iter()
            .filter(|d| d.agreement == *id && d.party == *party && !matches!(d.act, Act::Withdrawal { .. }))
            .collect();
        pausing.sort_by_key(|d| d.sequence);
        let suspended = match pausing.last().map(|d| d.act) {
            Some(Act::Suspension { from, until: None }) => from <= at,
            Some(Act::Suspension { from, until: Some(until) }) => from <= at && at < until,
            Some(Act::Withdrawal { .. } | Act::Resumption) | None => false,
        };
        !fallen_out && !withdrawn && !suspended
    }

    fn is_blocked(&self, agency: &AgencyId, at: Timestamp) -> bool {
        let stops = |b: &Block| b.agency == *agency && b.from <= at && b.until.is_none_or(|until| at < until);
        self.blocks.iter().any(stops)
    }

    /// Which clause of which version allows it.
    fn allowing(
        &self,
        lives: &[Life<'_>],
        case: &Case,
        via: Option<&AgencyId>,
        at: Timestamp,
    ) -> Option<(AgreementId, u32, String)> {
        let mut all = vec![&case.from, &case.to];
        all.extend(via);
        if all.iter().any(|agency| self.is_blocked(agency, at)) || case.from == case.to {
            return None;
        }
        if via.is_some_and(|carrier| *carrier == case.from || *carrier == case.to) {
            return None;
        }
        let mut found = Vec::new();
        for life in lives {
            let (versions, _) = life;
            let begun = versions.iter().rev().find(|text| text.valid_from <= at);
            let Some(text) = begun.filter(|text| at < text.valid_until) else { continue };
            let present = |party: &AgencyId| self.takes_part(life, text.version, party, at);
            let ends =
                all.iter().all(|agency| nearest_party(text, agency).is_some_and(|party| present(&party)));
            let enough = text.parties.iter().filter(|party| present(party)).count() >= 2;
            if !ends || !enough {
                continue;
            }
            let carries = |carrier: &AgencyId| match &text.carriers {
                Some(Agencies::Parties) if text.parties.contains(carrier) => true,
                Some(Agencies::Listed(listed)) if listed.iter().any(|p| p.as_str() == carrier.as_str()) => {
                    true
                }
                None | Some(Agencies::Parties | Agencies::Listed(_)) => {
                    [&case.from, &case.to].iter().any(|end| stands_between(text, end, carrier))
                }
            };
            let grants = text.grants.iter().find(|grant| {
                let names = |agencies, agency: &AgencyId| {
                    written_out(text, grant, agencies).iter().any(|name| name == agency.as_str())
                };
                let asked = case.operation.as_str();
                (asked == "directory.ping"
                    || grant.operations.iter().any(|granted| granted.as_str() == asked))
                    && grant.purposes.contains(&case.purpose)
                    && names(&grant.from, &case.from)
                    && names(&grant.to, &case.to)
                    && !stays_within(text, grant, case)
                    && via.is_none_or(carries)
            });
            let order = ORDER.iter().position(|kinds| kinds.contains(&text.kind)).unwrap();
            found.extend(grants.map(|g| (order, text.id.clone(), text.version, g.clause.to_string())));
        }
        found.sort();
        found.into_iter().next().map(|(_, id, version, clause)| (id, version, clause))
    }

    fn rules(&self) -> Rules {
        let agreements = self.agreements.iter().map(|paper| {
            let file = signed_by(&paper.agreement, |party| paper.signers.contains(party));
            let others = paper.signers.iter().filter(|signer| !paper.agreement.parties.contains(signer));
            others.fold(file, |file, other| file.sign(Kind::Agreement, other.as_str(), &key(other.as_str())))
        });
        let declarations = self.declarations.iter().map(declared).collect();
        let documents = Documents { agreements: agreements.collect(), declarations };
        Rules::build(documents, directory_with(&[], &self.blocks), LocalRules::default(), |_| None).0
    }
}

fn nearest_party(text: &Agreement, agency: &AgencyId) -> Option<AgencyId> {
    let mut name = agency.as_str();
    while !text.parties.iter().any(|party| party.as_str() == name) {
        name = MEMBERS.iter().find(|(member, _)| *member == name).and_then(|(_, above)| *above)?;
    }
    text.parties.iter().find(|party| party.as_str() == name).cloned()
}

/// Whether the carrier is above the agency, and not above the party that signed for it.
fn stands_between(text: &Agreement, agency: &AgencyId, carrier: &AgencyId) -> bool {
    let mut name = agency.as_str();
    while !text.parties.iter().any(|party| party.as_str() == name) {
        let Some(above) = MEMBERS.iter().find(|(member, _)| *member == name).and_then(|(_, above)| *above)
        else {
            return false;
        };
        if above == carrier.as_str() {
            // Somebody from here on up must have signed.
            return nearest_party(text, carrier).is_some();
        }
        name = above;
    }
    false
}

/// An agreement of that name and kind among these parties, in force on those days.
fn among(id: &str, kind: AgreementKind, parties: &[&str], days: std::ops::Range<u64>) -> Agreement {
    let parties = parties.iter().map(|name| agency(name)).collect();
    Agreement { parties, valid_from: day(days.start), valid_until: day(days.end), ..named(id, kind) }
}

fn granting(clause: &str, operation: &str, purposes: &[Purpose]) -> Grant {
    Grant { operations: vec![operation.parse().unwrap()], purposes: purposes.to_vec(), ..grant(clause) }
}

fn following(before: &Agreement, changed: Agreement) -> Agreement {
    Agreement { version: before.version + 1, previous: Some(digest(before)), ..changed }
}

fn by_all(agreement: &Agreement) -> Paper {
    Paper { signers: agreement.parties.clone(), agreement: agreement.clone() }
}

fn says(id: &str, version: u32, party: &str, sequence: u64, act: Act) -> Declaration {
    let (agreement, party) = (id.parse().unwrap(), agency(party));
    Declaration { agreement, version, party, sequence, issued: day(1), act }
}

/// The whole life of some agreements within twelve days.
fn papers() -> Papers {
    let [search, assist, _] = OPERATIONS;
    let [fugitive, narcotics, research] = PURPOSES;
    let four = ["yn.police.cn", "gs.police.cn", "sn.police.cn", "hl.police.cn"];
    let region = Agreement {
        carriers: Some(listed(&["gs.police.cn"])),
        grants: vec![
            granting("1", search, &[fugitive, narcotics]),
            Grant { from: listed(&["*.yn.police.cn"]), ..granting("2", assist, &[fugitive]) },
        ],
        ..among("region", AgreementKind::Regional, &four, 1..12)
    };
    // Shaanxi has withdrawn by then; the three go on without it and drop narcotics.
    let without = ["yn.police.cn", "gs.police.cn", "hl.police.cn"];
    let second = Agreement {
        grants: vec![granting("1", search, &[fugitive]), granting("3", assist, &[research])],
        ..among("region", AgreementKind::Regional, &without, 5..12)
    };
    let second = following(&region, second);
    // Two of them would rule the third out; it has not signed.
    let coup = among("region", AgreementKind::Regional, &["yn.police.cn", "gs.police.cn"], 6..12);
    let coup = following(&second, coup);
    let nation = Agreement {
        carriers: Some(Agencies::Parties),
        grants: vec![
            Grant { from: listed(&["police.cn"]), ..granting("1", search, &[fugitive, research]) },
            Grant { below: false, ..granting("2", assist, &PURPOSES) },
        ],
        ..among("nation", AgreementKind::National, &["police.cn", "fda.cn", "customs.cn"], 0..12)
    };
    let ring = Agreement {
        grants: vec![granting("7", search, &PURPOSES)],
        ..among("ring", AgreementKind::Event, &["yn.police.cn", "odd.yn.police.cn"], 3..4)
    };
    let pact = among("pact", AgreementKind::Bilateral, &["yn.police.cn", "police.la"], 2..9);
    let pact = Agreement { grants: vec![granting("1", assist, &[narcotics])], ..pact };
    let longer = following(&pact, Agreement { valid_until: day(12), ..pact.clone() });
    let half_signed = Paper { agreement: longer, signers: vec![agency("yn.police.cn")] };
    let open = among("twin", AgreementKind::Bilateral, &["hl.police.cn", "sn.police.cn"], 0..12);
    let left = following(&open, Agreement { valid_from: day(9), ..open.clone() });
    let right = following(&open, Agreement { valid_from: day(8), ..open.clone() });
    let suspension = |from, until: Option<u64>| Act::Suspension { from: day(from), until: until.map(day) };
    let mut gone = block("km.yn.police.cn", day(10));
    gone.until = Some(day(11));
    Papers {
        agreements: [&region, &second, &nation, &ring, &pact, &open, &left, &right]
            .map(by_all)
            .into_iter()
            .chain([Paper { signers: coup.parties.clone(), agreement: coup }, half_signed])
            .collect(),
        declarations: vec![
            says("region", 1, "sn.police.cn", 1, Act::Withdrawal { effective_at: day(4) }),
            says("nation", 1, "fda.cn", 1, suspension(6, Some(7))),
            says("nation", 1, "police.cn", 1, suspension(2, None)),
            says("nation", 1, "police.cn", 2, Act::Resumption),
            says("pact", 1, "police.la", 1, suspension(7, None)),
            says("region", 2, "hl.police.cn", 1, Act::Withdrawal { effective_at: day(9) }),
        ],
        blocks: vec![block("gs.police.cn", day(10)), gone],
    }
}

#[test]
fn every_pair_operation_purpose_carrier_and_instant() {
    let papers = papers();
    let (rules, lives) = (papers.rules(), papers.lives());
    let instants =
        (0..=12).flat_map(|number| [day(number), Timestamp::from_millis(day(number).as_millis() - 1)]);
    let (mut permits, mut denials) = (std::collections::BTreeSet::new(), 0_usize);
    for at in instants {
        for (from, to) in MEMBERS.iter().flat_map(|(from, _)| MEMBERS.iter().map(move |(to, _)| (from, to))) {
            for (operation, purpose) in OPERATIONS.iter().flat_map(|o| PURPOSES.map(|p| (o, p))) {
                for carrier in CARRIERS {
                    let via: Vec<_> = carrier.map(agency).into_iter().collect();
                    let case =
                        Case { operation: operation.parse().unwrap(), purpose, ..Case::between(from, to) };
                    let facts = Facts::new(&case.from, &case.to, &case.operation, purpose);
                    let decided = decide::<Asking>(&rules, &Facts { via: &via, ..facts }, at).ok();
                    let decided = decided.map(|permit| {
                        let text = permit.agreement();
                        (text.id.clone(), text.version, permit.clause().to_string())
                    });
                    let expected = papers.allowing(&lives, &case, via.first(), at);
                    assert_eq!(
                        decided, expected,
                        "{from} to {to} via {carrier:?}: {operation} for {purpose} at {at}"
                    );
                    match decided {
                        Some(by) => drop(permits.insert(by)),
                        None => denials += 1,
                    }
                }
            }
        }
    }
    let by: Vec<_> =
        permits.iter().map(|(id, version, clause)| format!("{id} v{version} {clause}")).collect();
    let every = [
        "nation v1 1",
        "nation v1 2",
        "pact v1 1",
        "region v1 1",
        "region v1 2",
        "region v2 1",
        "region v2 3",
        "ring v1 7",
        "twin v1 1",
    ];
    assert_eq!(by, every, "each clause decides somewhere in the table");
    assert!(denials > 0);
}
