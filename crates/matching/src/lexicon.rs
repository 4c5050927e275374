//! The distinct tokens of a register: which names have them, how much they tell, how they may be misspelled.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use strsim::osa_distance;

/// Equal tokens, in thousandths.
pub(crate) const EQUAL: u32 = 1000;

/// Weight of a token that every name has, in thousandths of the weight that rarity adds at most. Not nothing: a
/// missing "bin" is still a difference.
const WEIGHT_MIN: u32 = 200;

/// Weight that rarity adds at most.
const WEIGHT_RARITY: u32 = 1000;

/// Weight of a single letter: initials are left out as often as not.
const WEIGHT_INITIAL: u32 = 150;

/// Deletion keys cover this many leading letters of a token (the prefix of SymSpell): 29 keys for a long token
/// instead of hundreds, and no neighbour is lost, since an edit behind the prefix leaves it as it is.
const PREFIX: usize = 7;

/// Edits that a token of this many letters may differ by. Short ones not at all: four letters with one changed
/// are usually another name.
fn edits_max(letters: usize) -> usize {
    match letters {
        0..=4 => 0,
        5..=7 => 1,
        _ => 2,
    }
}

/// A token's place in the lexicon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenId(pub(crate) u32);

/// A name's place in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u32);

/// A token of the lexicon that a queried one may stand for.
#[derive(Clone, Copy)]
pub(crate) struct Near {
    pub(crate) token: TokenId,
    /// In thousandths, [`EQUAL`] for the token itself.
    pub(crate) likeness: u32,
}

struct Token {
    text: Box<str>,
    weight: u32,
    names: Vec<NameId>,
}

/// Tokens by text, by misspelling and by number.
#[derive(Default)]
pub(crate) struct Lexicon {
    ids: HashMap<Box<str>, TokenId>,
    tokens: Vec<Token>,
    /// Hash of a token with up to [`edits_max`] letters left out, and the token; sorted.
    deletions: Vec<(u64, TokenId)>,
}

impl Lexicon {
    /// Adds that `name` has the token; its number.
    pub(crate) fn add(&mut self, text: &str, name: NameId) -> TokenId {
        let next = TokenId(u32::try_from(self.tokens.len()).unwrap_or(u32::MAX));
        let id = *self.ids.entry(text.into()).or_insert(next);
        if id == next {
            self.tokens.push(Token { text: text.into(), weight: 0, names: Vec::new() });
        }
        if let Some(token) = self.token_mut(id)
            && token.names.last() != Some(&name)
        {
            token.names.push(name);
        }
        id
    }

    /// To be called once, after the last [`Self::add`]: weighs the tokens and indexes their misspellings.
    pub(crate) fn finish(&mut self, names: usize) {
        for token in &mut self.tokens {
            token.weight = weight(&token.text, token.names.len(), names);
        }
        let mut deletions = Vec::new();
        for (id, token) in (0..).map(TokenId).zip(&self.tokens) {
            deletions.extend(deletion_keys(&token.text).into_iter().map(|key| (key, id)));
        }
        deletions.sort_unstable();
        deletions.shrink_to_fit();
        self.deletions = deletions;
    }

    /// The token itself, if a name has it, and its spelling neighbours; in the order of their numbers.
    pub(crate) fn near(&self, text: &str) -> Vec<Near> {
        let exact = self.ids.get(text).copied();
        let mut ids: Vec<TokenId> =
            deletion_keys(text).into_iter().flat_map(|key| self.with_deletion(key)).chain(exact).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|token| Some(Near { token, likeness: likeness(text, self.text(token)?)? }))
            .collect()
    }

    /// What a token tells, in thousandths; the most for a token that no name has.
    pub(crate) fn weight(&self, id: TokenId) -> u32 {
        self.token(id).map_or(WEIGHT_MIN + WEIGHT_RARITY, |token| token.weight)
    }

    /// What a token of a query tells: as much as itself, else as the rarest that it may stand for.
    pub(crate) fn query_weight(&self, text: &str, near: &[Near]) -> u32 {
        if text.len() == 1 {
            return WEIGHT_INITIAL;
        }
        match self.ids.get(text) {
            Some(id) => self.weight(*id),
            None => near.iter().map(|n| self.weight(n.token)).max().unwrap_or(WEIGHT_MIN + WEIGHT_RARITY),
        }
    }

    /// The token as text.
    pub(crate) fn text(&self, id: TokenId) -> Option<&str> {
        self.token(id).map(|token| &*token.text)
    }

    /// The names that have the token, in order.
    pub(crate) fn names(&self, id: TokenId) -> &[NameId] {
        self.token(id).map_or(&[], |token| &token.names)
    }

    fn token(&self, id: TokenId) -> Option<&Token> {
        self.tokens.get(usize::try_from(id.0).ok()?)
    }

    fn token_mut(&mut self, id: TokenId) -> Option<&mut Token> {
        self.tokens.get_mut(usize::try_from(id.0).ok()?)
    }

    fn with_deletion(&self, key: u64) -> impl Iterator<Item = TokenId> {
        let start = self.deletions.partition_point(|(k, _)| *k < key);
        let rest = self.deletions.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(k, _)| *k == key).map(|(_, id)| *id)
    }
}

/// How like two tokens are: `None` if more edits apart than the shorter one may be. An edit is a letter added,
/// left out, changed, or swapped with its neighbour.
fn likeness(a: &str, b: &str) -> Option<u32> {
    if a == b {
        return Some(EQUAL);
    }
    let bound = edits_max(a.len().min(b.len()));
    if bound == 0 {
        return None;
    }
    let edits = osa_distance(a, b);
    let share = EQUAL.checked_mul(u32::try_from(edits).ok()?)? / u32::try_from(a.len().max(b.len())).ok()?;
    (edits <= bound).then(|| EQUAL.saturating_sub(share))
}

/// Rarity on a logarithmic scale: nothing for a token of every name, all for a token of one.
fn weight(text: &str, having: usize, names: usize) -> u32 {
    if text.len() == 1 {
        return WEIGHT_INITIAL;
    }
    let (having, names) = (log2_q8(having.saturating_add(1)), log2_q8(names.saturating_add(1)).max(1));
    WEIGHT_MIN + WEIGHT_RARITY * names.saturating_sub(having) / names
}

/// The binary logarithm in 256ths, linear between powers of two: on integers, so that every machine agrees.
fn log2_q8(n: usize) -> u32 {
    let n = u64::try_from(n).unwrap_or(u64::MAX).max(1);
    let whole = n.ilog2();
    let fraction = (u128::from(n) << 8 >> whole) & 0xff;
    whole * 256 + u32::try_from(fraction).unwrap_or(0)
}

/// Hashes of the token's first [`PREFIX`] letters with every choice of up to [`edits_max`] of them left out; none for
/// a token too short to be misspelled.
fn deletion_keys(text: &str) -> Vec<u64> {
    let edits = edits_max(text.len());
    if edits == 0 {
        return Vec::new();
    }
    let mut forms: Vec<Vec<char>> = vec![text.chars().take(PREFIX).collect()];
    let mut keys: Vec<u64> = forms.iter().map(|form| hash(form)).collect();
    for _ in 0..edits {
        forms = forms.iter().flat_map(|form| without_one(form)).collect();
        keys.extend(forms.iter().map(|form| hash(form)));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn without_one(form: &[char]) -> impl Iterator<Item = Vec<char>> {
    (0..form.len()).map(|at| form.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| *c).collect())
}

/// Keys live in memory only, so the hash need not be stable over releases; a collision costs one comparison.
fn hash(form: &[char]) -> u64 {
    let mut hasher = DefaultHasher::new();
    form.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lexicon(tokens: &[&str]) -> Lexicon {
        let mut lexicon = Lexicon::default();
        for (n, token) in (0..).zip(tokens) {
            lexicon.add(token, NameId(n));
        }
        lexicon.finish(tokens.len());
        lexicon
    }

    fn found(lexicon: &Lexicon, text: &str) -> Vec<String> {
        lexicon.near(text).iter().map(|n| lexicon.text(n.token).unwrap().to_owned()).collect()
    }

    #[test]
    fn short_tokens_are_never_misspelled_and_long_ones_are() {
        let register = lexicon(&["li", "wang", "ahmad", "ahmed", "muhammad", "mohammed"]);
        assert_eq!(found(&register, "lu"), [""; 0]);
        assert_eq!(found(&register, "wamg"), [""; 0]);
        assert_eq!(found(&register, "ahmad"), ["ahmad", "ahmed"]);
        assert_eq!(found(&register, "muhammed"), ["muhammad", "mohammed"]);
        assert_eq!(found(&register, "muhamamd"), ["muhammad"], "neighbours swapped");
    }

    #[test]
    fn rarer_tokens_weigh_more() {
        let mut register = Lexicon::default();
        let common = (0..100).map(|n| register.add("li", NameId(n))).last().unwrap();
        let rare = register.add("zhuge", NameId(7));
        register.finish(100);
        assert_eq!(register.names(common).len(), 100);
        assert_eq!(register.weight(common), WEIGHT_MIN);
        assert!(register.weight(rare) > 1000);
    }

    #[test]
    fn logarithms_grow() {
        assert_eq!((log2_q8(1), log2_q8(2), log2_q8(3), log2_q8(1024)), (0, 256, 384, 2560));
        assert!((1..2000).all(|n| log2_q8(n) <= log2_q8(n + 1)));
        assert!(log2_q8(usize::MAX) < 64 * 256);
    }

    proptest! {
        /// The candidates by deletion keys are exactly those that comparing with every token would give.
        #[test]
        fn no_neighbour_is_missed(tokens in proptest::collection::vec("[ab]{4,10}", 1..30), asked in "[ab]{4,10}") {
            let texts: Vec<&str> = tokens.iter().map(String::as_str).collect();
            let register = lexicon(&texts);
            let mut expected: Vec<&str> =
                texts.iter().copied().filter(|t| likeness(&asked, t).is_some()).collect();
            expected.sort_unstable();
            expected.dedup();
            let mut found = found(&register, &asked);
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
