//! Notices, subjects and candidates.

use crate::codes;
use crate::error::Problems;
use crate::pb::person::v1 as pb;
use concord_domain::wanted::{
    BirthDate, Candidate, Description, Identifier, InvalidSubject, NameKind, Notice, Offence, PersonName,
    Score, Subject,
};

impl From<PersonName> for pb::PersonName {
    fn from(name: PersonName) -> Self {
        Self { kind: codes::name_kind_to_pb(name.kind), text: name.text().to_owned() }
    }
}

impl TryFrom<pb::PersonName> for PersonName {
    type Error = Problems;

    fn try_from(message: pb::PersonName) -> Result<Self, Problems> {
        let pb::PersonName { kind, text } = message;
        let kind = codes::name_kind(kind).unwrap_or(NameKind::Primary);
        Self::new(kind, &text).map_err(|e| Problems::one("text", e))
    }
}

impl From<Identifier> for pb::Identifier {
    fn from(identifier: Identifier) -> Self {
        Self {
            kind: codes::identifier_kind_to_pb(identifier.kind),
            number: identifier.number().to_owned(),
            country: identifier.country().unwrap_or_default().to_owned(),
        }
    }
}

impl TryFrom<pb::Identifier> for Identifier {
    type Error = Problems;

    fn try_from(message: pb::Identifier) -> Result<Self, Problems> {
        let pb::Identifier { kind, number, country } = message;
        let kind =
            codes::identifier_kind(kind).ok_or_else(|| Problems::one("kind", "is missing or unknown"))?;
        Self::new(kind, &number, Some(&country)).map_err(|e| Problems::one("number", e))
    }
}

impl From<Description> for pb::Description {
    fn from(description: Description) -> Self {
        let Description {
            ethnicity,
            native_place,
            birthplace,
            registered_residence,
            residence,
            nationality,
            occupation,
            features,
            accent,
            habits,
        } = description;
        Self {
            ethnicity,
            native_place,
            birthplace,
            registered_residence,
            residence,
            nationality,
            occupation,
            features,
            accent,
            habits,
        }
    }
}

impl From<pb::Description> for Description {
    fn from(message: pb::Description) -> Self {
        let pb::Description {
            ethnicity,
            native_place,
            birthplace,
            registered_residence,
            residence,
            nationality,
            occupation,
            features,
            accent,
            habits,
        } = message;
        Self {
            ethnicity,
            native_place,
            birthplace,
            registered_residence,
            residence,
            nationality,
            occupation,
            features,
            accent,
            habits,
        }
    }
}

impl From<Notice> for pb::Notice {
    fn from(notice: Notice) -> Self {
        let Notice { number, names, sex, births, identifiers, description, offence } = notice;
        let Offence { time, place, summary } = offence;
        Self {
            number: number.as_str().to_owned(),
            names: names.into_iter().map(Into::into).collect(),
            sex: sex.map(codes::sex_to_pb).unwrap_or_default(),
            births: births.iter().map(ToString::to_string).collect(),
            identifiers: identifiers.into_iter().map(Into::into).collect(),
            description: Some(description.into()),
            offence: Some(pb::Offence { time, place, summary }),
        }
    }
}

impl TryFrom<pb::Notice> for Notice {
    type Error = Problems;

    fn try_from(message: pb::Notice) -> Result<Self, Problems> {
        let pb::Notice { number, names, sex, births, identifiers, description, offence } = message;
        let pb::Offence { time, place, summary } = offence.unwrap_or_default();
        let mut problems = Problems::default();
        let number = problems.take("number", number.parse());
        let names = each(&mut problems, "names", names);
        let births = parsed_births(&mut problems, &births);
        let identifiers = each(&mut problems, "identifiers", identifiers);
        let notice = number.map(|number| Self {
            number,
            names,
            sex: codes::sex(sex),
            births,
            identifiers,
            description: description.unwrap_or_default().into(),
            offence: Offence { time, place, summary },
        });
        problems.finish(notice)?.validated().map_err(|e| Problems::one("notice", e))
    }
}

fn parsed_births(problems: &mut Problems, births: &[String]) -> Vec<BirthDate> {
    let parse = |(n, text): (usize, &String)| problems.take(&format!("births[{n}]"), text.parse());
    births.iter().enumerate().filter_map(parse).collect()
}

fn each<M, T: TryFrom<M, Error = Problems>>(
    problems: &mut Problems,
    field: &str,
    messages: Vec<M>,
) -> Vec<T> {
    let convert = |(n, m)| problems.within(&format!("{field}[{n}]"), T::try_from(m));
    messages.into_iter().enumerate().filter_map(convert).collect()
}

impl From<Subject> for pb::Subject {
    fn from(subject: Subject) -> Self {
        Self {
            names: subject.names().iter().map(|n| n.text().to_owned()).collect(),
            identifiers: subject.identifiers().iter().cloned().map(Into::into).collect(),
            birth: subject.birth.as_ref().map(ToString::to_string).unwrap_or_default(),
            sex: subject.sex.map(codes::sex_to_pb).unwrap_or_default(),
        }
    }
}

impl TryFrom<pb::Subject> for Subject {
    type Error = Problems;

    fn try_from(message: pb::Subject) -> Result<Self, Problems> {
        let pb::Subject { names, identifiers, birth, sex } = message;
        let mut problems = Problems::default();
        for (n, name) in names.iter().enumerate() {
            problems.take(&format!("names[{n}]"), PersonName::new(NameKind::Primary, name));
        }
        let identifiers = each(&mut problems, "identifiers", identifiers);
        let birth = problems.take("birth", (!birth.is_empty()).then(|| birth.parse()).transpose());
        let sex = problems.optional("sex", sex, codes::sex);
        let (birth, sex) = problems.finish(birth.zip(sex))?;
        let mut subject = Self::new(&names, identifiers).map_err(invalid_subject)?;
        (subject.birth, subject.sex) = (birth, sex);
        Ok(subject)
    }
}

fn invalid_subject(error: InvalidSubject) -> Problems {
    let field = match error {
        InvalidSubject::Empty => "",
        InvalidSubject::TooMany { field, .. } => field,
        InvalidSubject::Name(_) => "names",
    };
    Problems::one(field, error)
}

impl From<Candidate> for pb::Candidate {
    fn from(candidate: Candidate) -> Self {
        let Candidate { score, notice } = candidate;
        Self { score: u32::from(score.thousandths()), notice: Some(notice.into()) }
    }
}

impl TryFrom<pb::Candidate> for Candidate {
    type Error = Problems;

    /// A disclosed notice may have lost every name to its grant, so the limits of a full notice do not apply.
    fn try_from(message: pb::Candidate) -> Result<Self, Problems> {
        let pb::Candidate { score, notice } = message;
        let score = u16::try_from(score).map_err(|_| Problems::one("score", "must be 1000 at most"))?;
        let mut problems = Problems::default();
        let notice = notice.ok_or_else(|| Problems::one("notice", "is missing"))?;
        let notice = problems.within("notice", disclosed(notice));
        problems.finish(notice.map(|notice| Self { score: Score::from_thousandths(score), notice }))
    }
}

fn disclosed(message: pb::Notice) -> Result<Notice, Problems> {
    let hidden = message.names.is_empty();
    let placeholder = pb::PersonName { kind: 0, text: "-".into() };
    let names = if hidden { vec![placeholder] } else { message.names.clone() };
    let mut notice = Notice::try_from(pb::Notice { names, ..message })?;
    if hidden {
        notice.names.clear();
    }
    Ok(notice)
}
