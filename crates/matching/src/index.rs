//! The index over a register's notices.

use crate::alignment;
use crate::identifiers::{NumberKey, country_code};
use crate::lexicon::{EQUAL, Lexicon, NameId, TokenId};
use crate::matched::{Basis, Closeness, Limits, Match, NoticeKey};
use crate::person::{Person, likeness_min};
use crate::query::Query;
use crate::reading::Reading;
use concord_domain::wanted::{NameKind, Notice, Score, Subject};
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A name that is the same when its tokens are written together.
const SAME_JOINED: u32 = 970;

/// One side was romanized by us, which loses what other romanizations keep.
const ROMANIZED: u32 = 970;

/// Two Chinese names that sound alike but are written otherwise: usually two persons, sometimes a clerk's slip.
const HOMOPHONE: u32 = 860;

/// A person's place in the index.
type PersonId = usize;

/// One name of one person.
struct Name {
    person: PersonId,
    kind: NameKind,
    tokens: Box<[TokenId]>,
    han: Option<Box<str>>,
    romanized: bool,
}

/// Who has a document number, and which country issued it, where that is known by code.
struct Holder {
    person: PersonId,
    country: Option<[u8; 2]>,
}

/// An immutable index over notices. It holds no notice, only what is needed to compare, and shows nothing in
/// `Debug`. A register that changes builds a new one: 25,000 notices take well under a second.
#[derive(Default)]
pub struct Index {
    people: Vec<Person>,
    names: Vec<Name>,
    lexicon: Lexicon,
    numbers: HashMap<NumberKey, Vec<Holder>>,
    joined: HashMap<String, Vec<NameId>>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} notices, {} names)", self.people.len(), self.names.len())
    }
}

impl Index {
    /// An index over the notices, which may be borrowed or streamed. Each key should come once: one that comes
    /// twice stands for both notices.
    pub fn build<N: Borrow<Notice>>(notices: impl IntoIterator<Item = (NoticeKey, N)>) -> Self {
        let mut index = Self::default();
        for (key, notice) in notices {
            index.add(key, notice.borrow());
        }
        index.lexicon.finish(index.names.len());
        index
    }

    /// Notices in the index.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is no notice.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The notices that may be about the subject, the best first, equal ones in the order of their keys. A notice
    /// comes once, with the best of its names. What the subject's identifiers match is not lessened by another
    /// name, birth date or sex: those may be the ones that are false.
    pub fn search(&self, subject: &Subject, limits: Limits) -> Vec<Match> {
        let mut found = BTreeMap::new();
        self.by_number(subject, &mut found);
        for name in subject.names() {
            self.by_name(&Query::new(name.text(), &self.lexicon), subject, limits.score_min, &mut found);
        }
        let mut matches: Vec<Match> = found.into_values().filter(|m| m.score >= limits.score_min).collect();
        matches.sort_by_key(|m| (std::cmp::Reverse(m.score), m.key));
        matches.truncate(limits.matches_max);
        matches
    }

    fn add(&mut self, key: NoticeKey, notice: &Notice) {
        let person = self.people.len();
        self.people.push(Person::new(key, notice));
        for identifier in &notice.identifiers {
            if let Some(number) = NumberKey::of(identifier) {
                let holder = Holder { person, country: country_code(identifier) };
                self.numbers.entry(number).or_default().push(holder);
            }
        }
        for name in &notice.names {
            let reading = Reading::of(name.text());
            if reading.tokens.is_empty() {
                continue;
            }
            let id = NameId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
            self.joined.entry(reading.tokens.concat()).or_default().push(id);
            let tokens = reading.tokens.iter().map(|token| self.lexicon.add(token, id)).collect();
            let han = reading.han.map(String::into_boxed_str);
            self.names.push(Name { person, kind: name.kind, tokens, han, romanized: reading.romanized });
        }
    }

    fn by_number(&self, subject: &Subject, found: &mut BTreeMap<PersonId, Match>) {
        for asked in subject.identifiers() {
            let country = country_code(asked);
            let holders = NumberKey::of(asked).and_then(|number| self.numbers.get(&number));
            for holder in holders.into_iter().flatten() {
                let other_country =
                    holder.country.is_some() && country.is_some() && holder.country != country;
                if let Some(person) = self.people.get(holder.person).filter(|_| !other_country) {
                    let this = Match { key: person.key, score: Score::BEST, basis: Basis::Identifier };
                    found.insert(holder.person, this);
                }
            }
        }
    }

    fn by_name(&self, query: &Query, subject: &Subject, least: Score, found: &mut BTreeMap<PersonId, Match>) {
        let joined = self.same_joined(query);
        let mut candidates = query.candidates(&self.lexicon, likeness_min(least));
        candidates.extend(&joined);
        candidates.sort_unstable();
        candidates.dedup();
        for id in candidates {
            let Some(name) = self.name(id) else { continue };
            let Some(person) = self.people.get(name.person) else { continue };
            let (likeness, closeness) = self.compare(query, name, joined.binary_search(&id).is_ok());
            let basis = Basis::Name {
                kind: name.kind,
                closeness,
                identifier_differs: person.has_document_like(subject),
            };
            let this = Match { key: person.key, score: person.score(likeness, name.kind, subject), basis };
            let best = found.entry(name.person).or_insert(this);
            if best.basis != Basis::Identifier && best.score < this.score {
                *best = this;
            }
        }
    }

    /// The names that are the same as the query when written together; in order.
    fn same_joined(&self, query: &Query) -> Vec<NameId> {
        let forms = query.reading.joined();
        let mut ids: Vec<NameId> =
            forms.iter().filter_map(|form| self.joined.get(form)).flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn compare(&self, query: &Query, name: &Name, same_joined: bool) -> (u32, Closeness) {
        let asked = &query.reading;
        if asked.han.is_some() && asked.han.as_deref() == name.han.as_deref() {
            return (EQUAL, Closeness::Same);
        }
        let exact_only = asked.han.is_some() || name.han.is_some();
        let mut likeness = alignment::likeness(&query.terms, &name.tokens, &self.lexicon, exact_only);
        if same_joined {
            likeness = likeness.max(SAME_JOINED);
        }
        let same = likeness == EQUAL || same_joined;
        if asked.han.is_some() && name.han.is_some() {
            let closeness = if same { Closeness::SameSound } else { Closeness::Similar };
            return (likeness * HOMOPHONE / EQUAL, closeness);
        }
        if asked.romanized != name.romanized {
            let closeness = if same { Closeness::SameSound } else { Closeness::Similar };
            return (likeness * ROMANIZED / EQUAL, closeness);
        }
        (likeness, if same { Closeness::Same } else { Closeness::Similar })
    }

    fn name(&self, id: NameId) -> Option<&Name> {
        self.names.get(usize::try_from(id.0).ok()?)
    }
}

#[cfg(test)]
mod tests;
