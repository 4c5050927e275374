//! Some of the parties, whatever they sign together with whomever, change nothing between the others.

use super::*;
use crate::declaration::{Act, Declaration};
use crate::local::LocalRules;
use crate::rules::Documents;
use crate::testing::{MEMBERS, after, declared, directory, key, signed, signed_by};
use concord_trust::{Kind, SignedFile, sha256};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

const PARTIES: [&str; 4] = ["yn.police.cn", "gs.police.cn", "sn.police.cn", "hl.police.cn"];
const OUTSIDERS: [&str; 3] = ["fda.cn", "customs.cn", "police.la"];

/// The agreement of all four: two versions, of which the second is in force from March on. In the first one are so many
/// of them; the others join by the second.
fn genuine(founders: usize) -> [Agreement; 2] {
    let parties = PARTIES.map(agency).to_vec();
    let first = Agreement { parties: parties[..founders].to_vec(), ..northwest() };
    let second = Agreement { parties, valid_from: time("2026-03-01T00:00:00Z"), ..after(&first) };
    [first, second]
}

/// Something that conspirators write, and sign with all the keys that they have.
#[derive(Debug, Clone)]
enum Plot {
    /// A text of any version, after any text, among these parties.
    Text {
        version: u32,
        after: Option<Index>,
        parties: Vec<&'static str>,
        from: u64,
        days: u64,
    },
    Declared {
        version: u32,
        by: Index,
        sequence: u64,
        act: Act,
    },
}

fn day(number: u64) -> Timestamp {
    Timestamp::from_millis(time("2026-01-01T00:00:00Z").as_millis() + number * 86_400_000)
}

fn a_plot() -> impl Strategy<Value = Plot> {
    let all = [PARTIES.as_slice(), &OUTSIDERS].concat();
    let text = (1u32..5, proptest::option::of(any::<Index>()), subsequence(all, 2..=5), 0u64..200, 1u64..400)
        .prop_map(|(version, after, parties, from, days)| Plot::Text { version, after, parties, from, days });
    let act = prop_oneof![
        (0u64..200).prop_map(|at| Act::Withdrawal { effective_at: day(at) }),
        (0u64..200).prop_map(|at| Act::Suspension { from: day(at), until: None }),
        Just(Act::Resumption),
    ];
    let declared = (1u32..4, any::<Index>(), 1u64..4, act)
        .prop_map(|(version, by, sequence, act)| Plot::Declared { version, by, sequence, act });
    prop_oneof![3 => text, 1 => declared]
}

/// The documents of the genuine agreement and of the plots.
fn documents(founders: usize, conspirators: &[&'static str], plots: &[Plot]) -> Documents {
    let mut texts = genuine(founders).to_vec();
    let mut documents = Documents::agreements(texts.iter().map(signed));
    let signers = [conspirators, &OUTSIDERS].concat();
    for plot in plots {
        match plot.clone() {
            Plot::Text { version, after, parties, from, days } => {
                let previous = after.filter(|_| version > 1).map(|after| after.get(&texts).to_toml());
                let previous = previous.map(|text| sha256(&[text.as_bytes()]));
                let previous = previous.or((version > 1).then_some(Digest([0; 32])));
                let parties = parties.into_iter().map(agency).collect();
                let (valid_from, valid_until) = (day(from), day(from + days));
                let text = Agreement { version, previous, parties, valid_from, valid_until, ..northwest() };
                let unsigned = signed_by(&text, |_| false);
                let sign = |file: SignedFile, name: &&str| file.sign(Kind::Agreement, name, &key(name));
                documents.agreements.push(signers.iter().fold(unsigned, sign));
                texts.push(text);
            }
            Plot::Declared { version, by, sequence, act } => {
                let (party, issued) = (agency(by.get::<&str>(&signers)), day(0));
                let agreement = northwest().id;
                let declaration = Declaration { agreement, version, party, sequence, issued, act };
                documents.declarations.push(declared(&declaration));
            }
        }
    }
    documents
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn some_parties_change_nothing_between_the_others(
        conspirators in subsequence(PARTIES.to_vec(), 1..=2), plots in vec(a_plot(), 1..6),
        instants in vec(0u64..400, 6), purpose in select(vec![Purpose::FugitiveApprehension, Purpose::Research]),
        floor in any::<bool>(), founders in select(vec![2, 4]),
    ) {
        let seen = sha256(&[genuine(founders)[1].to_toml().as_bytes()]);
        let floor = move |_: &AgreementId| floor.then_some((2, seen));
        let build = |documents| Rules::build(documents, directory(&[]), LocalRules::default(), floor).0;
        let (honest, plotted) = (build(documents(founders, &[], &[])), build(documents(founders, &conspirators, &plots)));
        let behind = |name: &str| {
            let mut line = honest.directory().line(&agency(name)).map(ToString::to_string).collect::<Vec<_>>().into_iter();
            line.find(|above| PARTIES.contains(&above.as_str()))
        };
        let innocent = |name: &&str| behind(name).is_some_and(|party| !conspirators.contains(&party.as_str()));
        let innocents: Vec<_> = MEMBERS.iter().map(|(name, _)| *name).filter(innocent).collect();
        for (from, to) in innocents.iter().flat_map(|from| innocents.iter().map(move |to| (from, to))) {
            // What two alone agreed on ends with either of them.
            let begin = if founders == 2 { 60 } else { 0 };
            for at in instants.iter().map(|number| day((*number).max(begin))) {
                for text in genuine(founders) {
                    let reference = honest.versions(&text.id).find(|t| t.version == text.version).unwrap().reference();
                    let case = Case { purpose, agreement: Some(reference), ..Case::between(from, to) };
                    let came_to = |rules| case.decide(rules, at).map(|permit| format!("{permit:?}")).map_err(|d| d.refusal);
                    prop_assert_eq!(came_to(&honest), came_to(&plotted), "{} to {} at {}", from, to, at);
                }
                let case = Case { purpose, ..Case::between(from, to) };
                let came_to = |rules| case.decide(rules, at).map(|permit| format!("{permit:?}")).map_err(|d| d.refusal);
                prop_assert_eq!(came_to(&honest), came_to(&plotted), "{} to {} at {}, unclaimed", from, to, at);
            }
        }
    }
}
