//! Two bags of tokens, one against the other.

use crate::lexicon::{EQUAL, Lexicon, TokenId};
use crate::query::Term;

/// A token of the query that the name lacks counts against it nearly in full: it was asked for.
pub(crate) const MISSING_FROM_NAME: u32 = 900;

/// A token of the name that the query lacks counts a third: people are asked for by part of their names.
const MISSING_FROM_QUERY: u32 = 300;

/// One token in common where either side has more of them: such a name must stay below every threshold in use.
const THIN_EVIDENCE: u32 = 600;

/// Tokens that one side writes together and the other apart.
const WRITTEN_TOGETHER: u32 = 970;

/// Which tokens of a name are spoken for. A bit for each: see `reading::TOKENS_MAX`.
#[derive(Default, Clone, Copy)]
struct Used(u32);

impl Used {
    fn has(self, at: usize) -> bool {
        self.0 & Self::bit(at) != 0
    }

    fn add(&mut self, at: usize) {
        self.0 |= Self::bit(at);
    }

    fn bit(at: usize) -> u32 {
        u32::try_from(at).ok().and_then(|at| 1u32.checked_shl(at)).unwrap_or(0)
    }
}

/// Weights in favour and against while tokens are paired off.
struct Alignment {
    query_used: Used,
    name_used: Used,
    /// Weight times likeness, in thousandths.
    agreed: u32,
    /// Weight of what was paired.
    paired: u32,
    /// Tokens of the side that has more of them in the pairs.
    evidence: u32,
}

/// How like a name is to the query, in thousandths. With `exact_only`, tokens are paired only with themselves: for
/// names that were read from Chinese, where one letter is another syllable.
pub(crate) fn likeness(query: &[Term], name: &[TokenId], lexicon: &Lexicon, exact_only: bool) -> u32 {
    let mut alignment = Alignment {
        query_used: Used::default(),
        name_used: Used::default(),
        agreed: 0,
        paired: 0,
        evidence: 0,
    };
    alignment.pair(query, name, lexicon, exact_only);
    alignment.join(query, name, lexicon);
    alignment.result(query, name, lexicon)
}

impl Alignment {
    /// Pairs each token with its most similar free partner, the best pairs first.
    fn pair(&mut self, query: &[Term], name: &[TokenId], lexicon: &Lexicon, exact_only: bool) {
        let mut pairs = Vec::with_capacity(query.len());
        for (q, term) in query.iter().enumerate() {
            for (n, token) in name.iter().enumerate() {
                if let Some(likeness) = term.likeness(*token).filter(|l| *l == EQUAL || !exact_only) {
                    pairs.push((
                        std::cmp::Reverse(likeness),
                        q,
                        n,
                        term.weight.midpoint(lexicon.weight(*token)),
                    ));
                }
            }
        }
        pairs.sort_unstable();
        for (std::cmp::Reverse(likeness), q, n, weight) in pairs {
            if !self.query_used.has(q) && !self.name_used.has(n) {
                self.query_used.add(q);
                self.name_used.add(n);
                self.count(weight, likeness, 1);
            }
        }
    }

    /// Pairs two neighbouring tokens with one that is both written together, on either side.
    fn join(&mut self, query: &[Term], name: &[TokenId], lexicon: &Lexicon) {
        let text = |n: usize| name.get(n).and_then(|token| lexicon.text(*token)).unwrap_or_default();
        for (q, two) in query.windows(2).enumerate() {
            let [first, second] = two else { continue };
            for n in 0..name.len() {
                let free = !self.query_used.has(q) && !self.query_used.has(q + 1) && !self.name_used.has(n);
                if free && text(n).strip_prefix(&*first.text) == Some(&second.text) {
                    self.query_used.add(q);
                    self.query_used.add(q + 1);
                    self.name_used.add(n);
                    self.count(first.weight.max(second.weight), WRITTEN_TOGETHER, 2);
                }
            }
        }
        for n in 1..name.len() {
            for (q, term) in query.iter().enumerate() {
                let free = !self.query_used.has(q) && !self.name_used.has(n - 1) && !self.name_used.has(n);
                if free && term.text.strip_prefix(text(n - 1)) == Some(text(n)) {
                    self.query_used.add(q);
                    self.name_used.add(n - 1);
                    self.name_used.add(n);
                    self.count(term.weight, WRITTEN_TOGETHER, 2);
                }
            }
        }
    }

    fn count(&mut self, weight: u32, likeness: u32, evidence: u32) {
        self.agreed += weight * likeness;
        self.paired += weight;
        self.evidence += evidence;
    }

    fn result(&self, query: &[Term], name: &[TokenId], lexicon: &Lexicon) -> u32 {
        let free_query = query.iter().enumerate().filter(|(q, _)| !self.query_used.has(*q));
        let free_name = name.iter().enumerate().filter(|(n, _)| !self.name_used.has(*n));
        let against = free_query.map(|(_, term)| term.weight).sum::<u32>() * MISSING_FROM_NAME
            + free_name.map(|(_, token)| lexicon.weight(*token)).sum::<u32>() * MISSING_FROM_QUERY;
        let likeness = self.agreed / (self.paired + against / EQUAL).max(1);
        if self.evidence == 1 && query.len().max(name.len()) > 1 {
            return likeness * THIN_EVIDENCE / EQUAL;
        }
        likeness
    }
}
