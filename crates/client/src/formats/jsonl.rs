//! One JSON object a line, each a wanted notice with the content of Rules 275.
//!
//! ```json
//! {"number": "T-2024-001",
//!  "names": [{"text": "张三", "kind": "primary"}, {"text": "老三", "kind": "nickname"}],
//!  "sex": "male",
//!  "births": ["1971-03", "1972~"],
//!  "identifiers": [{"kind": "passport", "number": "E1234567", "country": "cn"}],
//!  "description": {"ethnicity": "", "native_place": "", "birthplace": "", "registered_residence": "",
//!                  "residence": "", "nationality": "", "occupation": "", "features": "", "accent": "", "habits": ""},
//!  "offence": {"time": "", "place": "", "summary": ""}}
//! ```
//!
//! (on one line). `number` and `names` are needed, everything else may be missing, null or empty. The kinds are
//! those of [`NameKind`] and [`IdentifierKind`], births those of
//! [`BirthDate`](concord_domain::wanted::BirthDate). An unknown field is refused by name: a misspelled one would
//! otherwise lose data in silence. Empty lines are passed over. What [`write()`] writes is read back the same.
//!
//! Another layout is read too, that of the lists on which matching is measured: `id`, `dob`, `ids` with `type`,
//! `nationality` beside the names, sex as `M` or `F`, kinds such as `alias_strong`; its `script`, `source` and
//! `related` are passed over.

use super::fields::Fields;
use super::lines::{Line, Lines};
use super::{RejectReason, Row};
use concord_domain::wanted::{
    Description, Identifier, IdentifierKind, InvalidIdentifier, NameKind, Notice, Offence, PersonName, Sex,
};
use serde_json::{Map, Value};
use std::io::{self, BufRead, Write};

/// Reads notices from lines.
#[derive(Debug)]
pub struct Reader<R> {
    lines: Lines<R>,
}

impl<R: BufRead> Reader<R> {
    /// Reads to the end of `reader`.
    pub fn new(reader: R) -> Self {
        Self { lines: Lines::new(reader) }
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Line { number: line, text } = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                continue;
            }
            return Some(Ok(match text.and_then(|text| parse(&text)) {
                Ok(notice) => Row::Taken { line, notice: Box::new(notice) },
                Err(reason) => Row::Rejected { line, reason },
            }));
        }
    }
}

/// Reads one line.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse(line: &str) -> Result<Notice, RejectReason> {
    let mut fields = Fields::of_line(line)?;
    let number = fields.needed("number", "id")?;
    let number = number.parse().map_err(|why| RejectReason::Text { field: "number".into(), why })?;
    let names = fields.objects("names", "names")?.into_iter().map(name).collect::<Result<_, _>>()?;
    let sex = fields.text("sex", "sex")?.map(|text| sex(&text)).transpose()?;
    let births = fields.texts("births", "dob")?.into_iter();
    let birth =
        |(field, text): (String, String)| text.parse().map_err(|why| RejectReason::Birth { field, why });
    let births = births.map(birth).collect::<Result<_, _>>()?;
    let identifiers = fields.objects("identifiers", "ids")?.into_iter().map(identifier);
    let identifiers = identifiers.collect::<Result<_, _>>()?;
    let mut description = description(fields.object("description")?)?;
    let nationality = fields.texts("nationality", "nationality")?;
    if !nationality.is_empty() {
        if !description.nationality.is_empty() {
            return Err(RejectReason::Twice { field: "description.nationality".into() });
        }
        let texts: Vec<String> = nationality.into_iter().map(|(_, text)| text).collect();
        description.nationality = texts.join("; ");
    }
    let offence = offence(fields.object("offence")?)?;
    fields.ignore("source");
    fields.ignore("related");
    fields.finish()?;
    Ok(Notice { number, names, sex, births, identifiers, description, offence }.validated()?)
}

fn name(mut fields: Fields) -> Result<PersonName, RejectReason> {
    let kind = fields.text("kind", "kind")?.unwrap_or_else(|| NameKind::Primary.as_str().to_owned());
    let kind = match kind.as_str() {
        "alias_strong" | "native" | "han_variant" | "pinyin" | "romanised" => NameKind::Alias,
        "alias_weak" => NameKind::Weak,
        kind => kind.parse().map_err(|code| RejectReason::code(fields.path("kind"), code))?,
    };
    let text = fields.needed("text", "text")?;
    let text =
        PersonName::new(kind, &text).map_err(|why| RejectReason::Text { field: fields.path("text"), why })?;
    fields.ignore("script");
    fields.finish()?;
    Ok(text)
}

fn sex(text: &str) -> Result<Sex, RejectReason> {
    match text {
        "F" => Ok(Sex::Female),
        "M" => Ok(Sex::Male),
        text => text.parse().map_err(|code| RejectReason::code("sex".into(), code)),
    }
}

fn identifier(mut fields: Fields) -> Result<Identifier, RejectReason> {
    let kind: IdentifierKind = match fields.needed("kind", "type")?.as_str() {
        "national_id" => IdentifierKind::NationalId,
        kind => kind.parse().map_err(|code| RejectReason::code(fields.path("kind"), code))?,
    };
    let (number, country) = (fields.needed("number", "number")?, fields.text("country", "country")?);
    let wrong = |why: InvalidIdentifier| match why {
        InvalidIdentifier::Number(why) => RejectReason::Text { field: fields.path("number"), why },
        InvalidIdentifier::Kind(code) => RejectReason::code(fields.path("kind"), code),
        InvalidIdentifier::Form => RejectReason::Missing { field: fields.path("number") },
    };
    let identifier = Identifier::new(kind, &number, country.as_deref()).map_err(wrong)?;
    fields.finish()?;
    Ok(identifier)
}

fn description(mut fields: Fields) -> Result<Description, RejectReason> {
    let mut text = |name| Ok::<_, RejectReason>(fields.text(name, name)?.unwrap_or_default());
    let description = Description {
        ethnicity: text("ethnicity")?,
        native_place: text("native_place")?,
        birthplace: text("birthplace")?,
        registered_residence: text("registered_residence")?,
        residence: text("residence")?,
        nationality: text("nationality")?,
        occupation: text("occupation")?,
        features: text("features")?,
        accent: text("accent")?,
        habits: text("habits")?,
    };
    fields.finish()?;
    Ok(description)
}

fn offence(mut fields: Fields) -> Result<Offence, RejectReason> {
    let mut text = |name| Ok::<_, RejectReason>(fields.text(name, name)?.unwrap_or_default());
    let offence = Offence { time: text("time")?, place: text("place")?, summary: text("summary")? };
    fields.finish()?;
    Ok(offence)
}

/// Writes a notice as one line; what is not known is left out.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, notice: &Notice) -> io::Result<()> {
    let Notice { number, names, sex, births, identifiers, description, offence } = notice;
    let mut line = Map::new();
    line.insert("number".into(), number.as_str().into());
    let name = |n: &PersonName| object([("text", n.text()), ("kind", n.kind.as_str())]);
    line.insert("names".into(), names.iter().map(name).collect());
    if let Some(sex) = sex {
        line.insert("sex".into(), sex.as_str().into());
    }
    let births: Vec<Value> = births.iter().map(|birth| birth.as_str().into()).collect();
    let identifier = |i: &Identifier| {
        let country = i.country().unwrap_or_default();
        object([("kind", i.kind.as_str()), ("number", i.number()), ("country", country)])
    };
    let identifiers: Vec<Value> = identifiers.iter().map(identifier).collect();
    for (field, list) in [("births", births), ("identifiers", identifiers)] {
        if !list.is_empty() {
            line.insert(field.into(), list.into());
        }
    }
    for (field, value) in [("description", described(description)), ("offence", offended(offence))] {
        if value.as_object().is_some_and(|object| !object.is_empty()) {
            line.insert(field.into(), value);
        }
    }
    writeln!(out, "{}", Value::Object(line))
}

fn described(description: &Description) -> Value {
    let Description { ethnicity, native_place, birthplace, registered_residence, residence, .. } =
        description;
    let Description { nationality, occupation, features, accent, habits, .. } = description;
    object([
        ("ethnicity", ethnicity.as_str()),
        ("native_place", native_place),
        ("birthplace", birthplace),
        ("registered_residence", registered_residence),
        ("residence", residence),
        ("nationality", nationality),
        ("occupation", occupation),
        ("features", features),
        ("accent", accent),
        ("habits", habits),
    ])
}

fn offended(offence: &Offence) -> Value {
    let Offence { time, place, summary } = offence;
    object([("time", time.as_str()), ("place", place), ("summary", summary)])
}

/// An object of the texts that are not empty.
fn object<const N: usize>(fields: [(&str, &str); N]) -> Value {
    fields.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests;
