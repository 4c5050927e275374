//! What is known of a person besides names, and how it moves the score of a name.

use crate::lexicon::EQUAL;
use crate::matched::{HIT_MIN, NoticeKey};
use concord_domain::wanted::{BirthDate, IdentifierKind, NameKind, Notice, Score, Sex, Subject};

/// The score of the same name when nothing else is known; the rest is for a birth date that agrees.
const NAME_ALONE: u32 = 940;

/// A birth date that agrees to the day.
const SAME_DAY: u32 = 60;

/// Birth dates that may be the same, one of them being vague.
const SAME_PERIOD: u32 = 40;

/// Birth dates a little apart: a typing error, day and month swapped, a birthday given by a registrar.
const BIRTH_NEAR: u32 = 40;

/// How far apart birth dates may be and still be taken for an error: two years and a day.
const BIRTH_NEAR_DAYS: u64 = 731;

/// Birth dates that cannot be the same person's; besides, the score stays below [`HIT_MIN`].
const BIRTH_CONFLICT: u32 = 250;

/// The other sex.
const SEX_CONFLICT: u32 = 150;

/// A name that its publisher calls weak.
const WEAK_NAME: u32 = 50;

/// One notice, without its names.
pub(crate) struct Person {
    pub(crate) key: NoticeKey,
    births: Box<[BirthDate]>,
    sex: Option<Sex>,
    documents: Box<[IdentifierKind]>,
}

impl Person {
    pub(crate) fn new(key: NoticeKey, notice: &Notice) -> Self {
        let documents = notice.identifiers.iter().map(|identifier| identifier.kind).collect();
        Self { key, births: notice.births.as_slice().into(), sex: notice.sex, documents }
    }

    /// Whether the person has a document of a kind that was asked for.
    pub(crate) fn has_document_like(&self, subject: &Subject) -> bool {
        subject.identifiers().iter().any(|asked| self.documents.contains(&asked.kind))
    }

    /// The score of a name of this likeness, in thousandths.
    pub(crate) fn score(&self, likeness: u32, kind: NameKind, subject: &Subject) -> Score {
        let name = likeness * NAME_ALONE / EQUAL;
        let weak = if kind == NameKind::Weak { WEAK_NAME } else { 0 };
        let sex = match (self.sex, subject.sex) {
            (Some(ours), Some(asked)) if ours != asked => SEX_CONFLICT,
            (Some(_) | None, Some(_) | None) => 0,
        };
        let score = match subject.birth.as_ref().and_then(|asked| self.birth_fit(asked)) {
            None => name,
            Some(BirthFit::SameDay) => name + SAME_DAY,
            Some(BirthFit::SamePeriod) => name + SAME_PERIOD,
            Some(BirthFit::Near) => name.saturating_sub(BIRTH_NEAR),
            Some(BirthFit::Conflict) => {
                name.saturating_sub(BIRTH_CONFLICT).min(u32::from(HIT_MIN.thousandths()).saturating_sub(1))
            }
        };
        Score::from_thousandths(u16::try_from(score.saturating_sub(weak + sex)).unwrap_or(u16::MAX))
    }

    /// How well the best of the birth dates fits; `None` if there is none.
    fn birth_fit(&self, asked: &BirthDate) -> Option<BirthFit> {
        self.births.iter().map(|ours| BirthFit::of(ours, asked)).min()
    }
}

/// The least score that a name must have on its own so that the whole may reach `score`.
pub(crate) fn likeness_min(score: Score) -> u32 {
    u32::from(score.thousandths()).saturating_sub(SAME_DAY) * EQUAL / NAME_ALONE
}

/// From best to worst.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum BirthFit {
    SameDay,
    SamePeriod,
    Near,
    Conflict,
}

impl BirthFit {
    fn of(a: &BirthDate, b: &BirthDate) -> Self {
        if a.overlaps(b) {
            let exact = a.exact().is_some() && b.exact().is_some();
            return if exact { Self::SameDay } else { Self::SamePeriod };
        }
        if a.days_apart(b) <= BIRTH_NEAR_DAYS { Self::Near } else { Self::Conflict }
    }
}
