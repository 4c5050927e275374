//! A queried name, prepared once and compared with many.

use crate::alignment::MISSING_FROM_NAME;
use crate::lexicon::{EQUAL, Lexicon, NameId, Near, TokenId};
use crate::reading::Reading;

/// Names compared for one queried name at most, those with the rarest tokens first: bounds the work that a query
/// of nothing but common tokens makes.
const CANDIDATES_MAX: usize = 20_000;

/// One token of a queried name.
pub(crate) struct Term {
    pub(crate) text: String,
    /// What it tells, in thousandths.
    pub(crate) weight: u32,
    /// The tokens of the register that it may stand for, in order.
    near: Vec<Near>,
}

impl Term {
    fn new(text: &str, lexicon: &Lexicon) -> Self {
        let near = lexicon.near(text);
        Self { text: text.to_owned(), weight: lexicon.query_weight(text, &near), near }
    }

    /// How like a token of the register is; `None` if the term does not stand for it.
    pub(crate) fn likeness(&self, token: TokenId) -> Option<u32> {
        let at = self.near.binary_search_by_key(&token, |near| near.token).ok()?;
        self.near.get(at).map(|near| near.likeness)
    }
}

/// A queried name.
pub(crate) struct Query {
    pub(crate) reading: Reading,
    /// One for each token of the reading.
    pub(crate) terms: Vec<Term>,
}

impl Query {
    pub(crate) fn new(name: &str, lexicon: &Lexicon) -> Self {
        let reading = Reading::of(name);
        let terms = reading.tokens.iter().map(|text| Term::new(text, lexicon)).collect();
        Self { reading, terms }
    }

    /// The names that may reach `likeness_min`: those that share a token with the query, leaving out the tokens so
    /// common that all of them together could not reach it. In order, each once.
    pub(crate) fn candidates(&self, lexicon: &Lexicon, likeness_min: u32) -> Vec<NameId> {
        let mut terms: Vec<&Term> = self.terms.iter().collect();
        terms.sort_by_key(|term| std::cmp::Reverse(term.weight));
        let mut left: u32 = terms.iter().map(|term| term.weight).sum();
        let mut passed = 0;
        let mut names = Vec::new();
        for term in terms {
            if left * EQUAL < likeness_min * (left + passed * MISSING_FROM_NAME / EQUAL)
                || names.len() >= CANDIDATES_MAX
            {
                break;
            }
            for near in &term.near {
                let room = CANDIDATES_MAX.saturating_sub(names.len());
                names.extend(lexicon.names(near.token).iter().take(room));
            }
            left -= term.weight;
            passed += term.weight;
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}
