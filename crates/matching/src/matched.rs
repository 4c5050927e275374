//! What a search returns, and its bounds.

use concord_domain::wanted::{Candidate, NameKind, Score};

/// The least score that counts as a hit: one misspelled token of two passes it, one shared token of two never does.
/// Of 4,467 queries for persons who are not in a register of 22,687, 1 in 90 reaches it (1 in 48 would reach 600, 1
/// in 210 would reach 800); of the persons who are in it and score 600, it keeps 94 in 100.
pub const HIT_MIN: Score = Score::from_thousandths(700);

/// The caller's handle for a notice. Equal scores are ordered by it: give keys in an order that every replica
/// shares, such as the order of notice numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeKey(pub u32);

/// How many matches, and how good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Matches at most.
    pub matches_max: usize,
    /// Weaker matches are left out.
    pub score_min: Score,
}

impl Default for Limits {
    /// What an answer to another agency may hold.
    fn default() -> Self {
        Self { matches_max: Candidate::PER_ANSWER_MAX, score_min: HIT_MIN }
    }
}

/// A notice that may be about the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The notice.
    pub key: NoticeKey,
    /// How well it matches.
    pub score: Score,
    /// By what.
    pub basis: Basis,
}

/// What a match rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The same kind of document with the same number; names, birth and sex were not looked at.
    Identifier,
    /// A name.
    Name {
        /// The kind of the notice's name that matched.
        kind: NameKind,
        /// How near that name is.
        closeness: Closeness,
        /// The notice has a document of a kind that was asked for, and none of that kind has the number asked
        /// for. People hold several passports, so this warns and does not exclude.
        identifier_differs: bool,
    },
}

/// How near a name is, from near to far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// The same letters or characters, order and punctuation aside.
    Same,
    /// The same romanization: a homophone, or one side was written in another script.
    SameSound,
    /// A similar spelling, or more tokens on one side.
    Similar,
}
