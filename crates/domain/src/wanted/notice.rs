//! The wanted notice (通缉令), with the content of Rules 275.

use super::{BirthDate, Field, Fields, Identifier, NameKind, PersonName, Sex};
use crate::text::{hidden, short_text};
use minicbor::{Decode, Encode};
use thiserror::Error;

short_text! {
    /// The number of a notice, unique within its register.
    pub struct NoticeNumber("notice number", 64, |c| !c.is_control())
}
hidden!(NoticeNumber);

/// Where a person comes from and how they look, each as written, empty where not known.
#[derive(Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Description {
    /// Ethnicity (民族).
    #[n(0)]
    pub ethnicity: String,
    /// Native place (籍贯).
    #[n(1)]
    pub native_place: String,
    /// Birthplace (出生地).
    #[n(2)]
    pub birthplace: String,
    /// Registered residence (户籍所在地).
    #[n(3)]
    pub registered_residence: String,
    /// Residence (住址).
    #[n(4)]
    pub residence: String,
    /// Nationality.
    #[n(5)]
    pub nationality: String,
    /// Occupation (职业).
    #[n(6)]
    pub occupation: String,
    /// Clothing and physical features (衣着和体貌特征).
    #[n(7)]
    pub features: String,
    /// Accent (口音).
    #[n(8)]
    pub accent: String,
    /// Habits (行为习惯).
    #[n(9)]
    pub habits: String,
}
hidden!(Description);

impl Description {
    fn texts(&self) -> [(&'static str, &String); 10] {
        let Self {
            ethnicity, native_place, birthplace, registered_residence, residence, nationality, ..
        } = self;
        let Self { occupation, features, accent, habits, .. } = self;
        [
            ("ethnicity", ethnicity),
            ("native place", native_place),
            ("birthplace", birthplace),
            ("registered residence", registered_residence),
            ("residence", residence),
            ("nationality", nationality),
            ("occupation", occupation),
            ("features", features),
            ("accent", accent),
            ("habits", habits),
        ]
    }

    fn disclose(self, fields: &Fields) -> Self {
        let mut kept = Self::default();
        if fields.contains(Field::Background) {
            kept = Self {
                features: String::new(),
                accent: String::new(),
                habits: String::new(),
                ..self.clone()
            };
        }
        if fields.contains(Field::Appearance) {
            (kept.features, kept.accent, kept.habits) = (self.features, self.accent, self.habits);
        }
        kept
    }
}

/// The offence, besides what must stay secret.
#[derive(Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Offence {
    /// When it happened, as written.
    #[n(0)]
    pub time: String,
    /// Where it happened, as written.
    #[n(1)]
    pub place: String,
    /// What happened.
    #[n(2)]
    pub summary: String,
}
hidden!(Offence);

/// A wanted notice.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Notice {
    /// Its number, unique within the register.
    #[n(0)]
    pub number: NoticeNumber,
    /// Names, the primary one first.
    #[n(1)]
    pub names: Vec<PersonName>,
    /// Sex, where known.
    #[n(2)]
    pub sex: Option<Sex>,
    /// Birth dates; lists publish several where sources differ.
    #[n(3)]
    pub births: Vec<BirthDate>,
    /// Identifiers.
    #[n(4)]
    pub identifiers: Vec<Identifier>,
    /// Origins and appearance.
    #[n(5)]
    pub description: Description,
    /// The offence.
    #[n(6)]
    pub offence: Offence,
}
hidden!(Notice);

/// What is wrong with a notice; names the field and the limit, never the content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidNotice {
    /// Nobody can be found by it.
    #[error("names: at least one is needed")]
    NoName,
    /// Too many of something.
    #[error("{field}: {count} is more than the limit of {limit}")]
    TooMany {
        /// The field.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A text is too long.
    #[error("{field}: {length} characters are more than the limit of {limit}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
}

impl Notice {
    /// Names at most. The richest entry of the published lists has 77 aliases.
    pub const NAMES_MAX: usize = 128;
    /// Identifiers at most.
    pub const IDENTIFIERS_MAX: usize = 64;
    /// Birth dates at most.
    pub const BIRTHS_MAX: usize = 16;
    /// Characters of any descriptive text at most.
    pub const TEXT_MAX: usize = 4096;

    /// Checks every limit.
    pub fn validated(self) -> Result<Self, InvalidNotice> {
        if self.names.is_empty() {
            return Err(InvalidNotice::NoName);
        }
        let counts = [
            ("names", self.names.len(), Self::NAMES_MAX),
            ("identifiers", self.identifiers.len(), Self::IDENTIFIERS_MAX),
            ("births", self.births.len(), Self::BIRTHS_MAX),
        ];
        for (field, count, limit) in counts {
            if count > limit {
                return Err(InvalidNotice::TooMany { field, count, limit });
            }
        }
        let Offence { time, place, summary } = &self.offence;
        let offence = [("offence time", time), ("offence place", place), ("offence summary", summary)];
        for (field, text) in self.description.texts().into_iter().chain(offence) {
            let length = text.chars().count();
            if length > Self::TEXT_MAX {
                return Err(InvalidNotice::TooLong { field, length, limit: Self::TEXT_MAX });
            }
        }
        Ok(self)
    }

    /// The name to show: the primary one, else the first.
    pub fn name(&self) -> Option<&PersonName> {
        self.names.iter().find(|n| n.kind == NameKind::Primary).or_else(|| self.names.first())
    }

    /// Only what a grant allows; the number stays, so that a follow-up can name the notice.
    #[must_use]
    pub fn disclose(self, fields: &Fields) -> Self {
        let keep_name = |n: &PersonName| match n.kind {
            NameKind::Primary => fields.contains(Field::Name),
            NameKind::Alias | NameKind::Former | NameKind::Nickname | NameKind::Weak => {
                fields.contains(Field::Aliases)
            }
        };
        Self {
            number: self.number,
            names: self.names.into_iter().filter(keep_name).collect(),
            sex: self.sex.filter(|_| fields.contains(Field::Sex)),
            births: if fields.contains(Field::Birth) { self.births } else { Vec::new() },
            identifiers: if fields.contains(Field::Identifiers) { self.identifiers } else { Vec::new() },
            description: self.description.disclose(fields),
            offence: if fields.contains(Field::Offence) { self.offence } else { Offence::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        Notice {
            number: "T-1".parse().unwrap(),
            names: vec![
                PersonName::new(NameKind::Primary, "张三").unwrap(),
                PersonName::new(NameKind::Nickname, "老三").unwrap(),
            ],
            sex: Some(Sex::Male),
            births: vec!["1971".parse().unwrap()],
            identifiers: vec!["passport:E1".parse().unwrap()],
            description: Description {
                accent: "云南".into(), ethnicity: "汉".into(), ..Default::default()
            },
            offence: Offence { summary: "诈骗".into(), ..Default::default() },
        }
    }

    #[test]
    fn only_granted_fields_are_disclosed() {
        let shown = notice().disclose(&[Field::Name, Field::Appearance].into_iter().collect());
        assert_eq!(shown.names.len(), 1);
        assert_eq!(shown.description.accent, "云南");
        assert!(
            shown.description.ethnicity.is_empty() && shown.identifiers.is_empty() && shown.births.is_empty()
        );
        assert!(shown.sex.is_none() && shown.offence.summary.is_empty());
        assert_eq!(notice().disclose(&Fields::all()), notice());
        assert_eq!(notice().disclose(&Fields::default()).number.as_str(), "T-1");
    }

    #[test]
    fn limits_are_named() {
        let mut long = notice();
        long.description.habits = "x".repeat(Notice::TEXT_MAX + 1);
        assert!(matches!(long.validated(), Err(InvalidNotice::TooLong { field: "habits", .. })));
        let nameless = Notice { names: vec![], ..notice() };
        assert_eq!(nameless.validated(), Err(InvalidNotice::NoName));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", notice()), "Notice(redacted)");
    }
}
