//! Finds a person in a register by document number or by name.
//!
//! In scope: an immutable index over notices and its search, the normal form of document numbers and the check
//! of resident identity numbers (GB 11643), names in Latin and Chinese writing, weak support for other scripts.
//! Out of scope: where notices are stored, who may search and what may be disclosed, and whether a match is the
//! person: a match is a lead.
//!
//! ```text
//!  notices --Index::build--> people, identifiers, names -> tokens -> lexicon (spelling neighbours, postings)
//!  subject --Index::search-> same number ----------------------------------------------> 1000
//!                            name -> reading -> neighbours of rare tokens -> candidates -> alignment -> birth, sex
//! ```
//!
//! A number decides alone and is never fuzzy. A name is a bag of tokens in any order, the rarer ones weighing
//! more; one shared token of several is never a hit. All arithmetic is on integers, so that every replica gives
//! the same scores in the same order.
//!
//! References: GB 11643-1999 (resident identity number), SymSpell (deletion keys as candidates for spelling
//! neighbours), OpenCC (traditional to simplified), the romanization of Hanyu Pinyin (GB/T 16159, GB/T 28039).

mod alignment;
mod han;
mod identifiers;
mod index;
mod lexicon;
mod matched;
mod person;
mod query;
mod reading;

pub use identifiers::{InvalidResidentId, check_resident_id};
pub use index::Index;
pub use matched::{Basis, Closeness, HIT_MIN, Limits, Match, NoticeKey};
