//! The remarks of sdn.csv: items between semicolons, ended by a full stop, several of a kind marked `alt.`.
//!
//! | item | becomes |
//! |---|---|
//! | `DOB 02 Mar 1960`, `DOB Mar 1960`, `DOB 1960`, `DOB circa 1960`, `DOB 1960 to 1962` | a birth date |
//! | `POB ...` | birthplace |
//! | `nationality ...`, `citizen ...` | nationality |
//! | `Gender Male` | sex |
//! | `a.k.a. '...'` (quoted: what OFAC calls a weak alias), `f.k.a. '...'` | a weak or a former name |
//! | `Passport A1 (Iran) issued ... expires ...` and the other documents of [`DOCUMENTS`] | an identifier |
//!
//! Everything else (links to companies, offices held, executive orders) is left out.

use super::{RejectReason, person_name};
use concord_domain::wanted::{BirthDate, Identifier, IdentifierKind, NameKind, PersonName, Sex};

/// Characters after which the published files cut the remarks off, within a word if need be.
const CUT_AT: usize = 1000;

/// Documents by the words before their number.
const DOCUMENTS: &[(&str, IdentifierKind)] = &[
    ("Passport", IdentifierKind::Passport),
    ("Diplomatic Passport", IdentifierKind::Passport),
    ("Stateless Person Passport", IdentifierKind::Passport),
    ("National ID No.", IdentifierKind::NationalId),
    ("National ID No.:", IdentifierKind::NationalId),
    ("National Foreign ID Number", IdentifierKind::NationalId),
    ("Identification Number", IdentifierKind::NationalId),
    ("Turkish Identification Number", IdentifierKind::NationalId),
    ("Kenyan ID No.", IdentifierKind::NationalId),
    ("Moroccan Personal ID No.", IdentifierKind::NationalId),
    ("Personal ID Card", IdentifierKind::NationalId),
    ("Tazkira National ID Card", IdentifierKind::NationalId),
    ("Citizen's Card Number", IdentifierKind::NationalId),
    ("Registration ID", IdentifierKind::NationalId),
    ("CNP (Personal Numerical Code)", IdentifierKind::NationalId),
    ("UAE Identification", IdentifierKind::NationalId),
    ("Numero de Identidad", IdentifierKind::NationalId),
    ("Cedula No.", IdentifierKind::NationalId),
    ("C.U.R.P.", IdentifierKind::NationalId),
    ("C.U.I.", IdentifierKind::NationalId),
    ("D.N.I.", IdentifierKind::NationalId),
    ("N.I.E.", IdentifierKind::NationalId),
    ("LE Number", IdentifierKind::NationalId),
    ("Tax ID No.", IdentifierKind::TaxId),
    ("Italian Fiscal Code", IdentifierKind::TaxId),
    ("R.F.C.", IdentifierKind::TaxId),
    ("RFC", IdentifierKind::TaxId),
    ("NIT #", IdentifierKind::TaxId),
    ("RUC #", IdentifierKind::TaxId),
    ("RTN", IdentifierKind::TaxId),
    ("C.U.I.T.", IdentifierKind::TaxId),
    ("Driver's License No.", IdentifierKind::DriverLicence),
    ("SSN", IdentifierKind::Other),
    ("Travel Document Number", IdentifierKind::Other),
    ("Birth Certificate Number", IdentifierKind::Other),
    ("Residency Number", IdentifierKind::Other),
    ("Refugee ID Card", IdentifierKind::Other),
    ("Stateless Person ID Card", IdentifierKind::Other),
    ("VisaNumberID", IdentifierKind::Other),
    ("Electoral Registry No.", IdentifierKind::Other),
    ("Credencial electoral", IdentifierKind::Other),
    ("I.F.E.", IdentifierKind::Other),
    ("C.U.I.P.", IdentifierKind::Other),
    ("Cartilla de Servicio Militar Nacional", IdentifierKind::Other),
];

/// What the remarks say of a person.
#[derive(Default)]
pub(super) struct Remarks {
    pub(super) births: Vec<BirthDate>,
    pub(super) sex: Option<Sex>,
    pub(super) names: Vec<PersonName>,
    pub(super) identifiers: Vec<Identifier>,
    pub(super) birthplaces: Vec<String>,
    pub(super) nationalities: Vec<String>,
}

impl Remarks {
    /// Reads the column; a birth date in no known form refuses the row, since it would be lost otherwise.
    pub(super) fn read(text: &str) -> Result<Self, RejectReason> {
        let mut remarks = Self::default();
        let mut items: Vec<&str> = text.split(';').collect();
        if text.chars().count() >= CUT_AT && !text.ends_with('.') {
            items.pop();
        }
        if let Some(last) = items.last_mut() {
            *last = last.trim_end().strip_suffix('.').unwrap_or(last);
        }
        for item in items {
            let item = item.trim();
            remarks.item(item.strip_prefix("alt. ").unwrap_or(item))?;
        }
        Ok(remarks)
    }

    fn item(&mut self, item: &str) -> Result<(), RejectReason> {
        if let Some(date) = item.strip_prefix("DOB ") {
            push_new(&mut self.births, birth(date)?);
        } else if let Some(place) = item.strip_prefix("POB ") {
            push_new(&mut self.birthplaces, place.trim().to_owned());
        } else if let Some(of) = item.strip_prefix("nationality ").or_else(|| item.strip_prefix("citizen ")) {
            push_new(&mut self.nationalities, of.trim().to_owned());
        } else if item == "Gender Male" {
            self.sex = Some(Sex::Male);
        } else if item == "Gender Female" {
            self.sex = Some(Sex::Female);
        } else if let Some(alias) = item.strip_prefix("a.k.a. ").or_else(|| item.strip_prefix("n.k.a. ")) {
            self.quoted(NameKind::Weak, alias)?;
        } else if let Some(former) = item.strip_prefix("f.k.a. ") {
            self.quoted(NameKind::Former, former)?;
        } else if let Some(identifier) = identifier(item) {
            push_new(&mut self.identifiers, identifier);
        }
        Ok(())
    }

    fn quoted(&mut self, kind: NameKind, text: &str) -> Result<(), RejectReason> {
        if let Some(name) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            push_new(&mut self.names, person_name(kind, name)?);
        }
        Ok(())
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The birth date in the form that the register knows.
fn birth(text: &str) -> Result<BirthDate, RejectReason> {
    let edtf = match text.strip_prefix("circa ") {
        Some(about) => match about.split_once('-') {
            Some((from, to)) => format!("{}/{}", day(from), day(to)),
            None => format!("{}~", day(about)),
        },
        None => match text.split_once(" to ") {
            Some((from, to)) => format!("{}/{}", day(from), day(to)),
            None => day(text),
        },
    };
    edtf.parse().map_err(|why| RejectReason::Birth { field: "remarks.DOB".into(), why })
}

/// `02 Mar 1960` as `1960-03-02`, `Mar 1960` as `1960-03`; anything else as it is, to be refused where it is no date.
fn day(text: &str) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = |name: &str| MONTHS.iter().position(|m| *m == name).map(|at| at + 1);
    let words: Vec<&str> = text.split_whitespace().collect();
    let date = match words.as_slice() {
        [day, name, year] => month(name).map(|month| format!("{year}-{month:02}-{day:0>2}")),
        [name, year] => month(name).map(|month| format!("{year}-{month:02}")),
        _ => None,
    };
    date.unwrap_or_else(|| text.trim().to_owned())
}

/// A document with its number and, in brackets or after a comma, its country; `None` for an item that is none.
fn identifier(item: &str) -> Option<Identifier> {
    let document = |(words, kind): &(&str, IdentifierKind)| {
        item.strip_prefix(words)
            .and_then(|rest| rest.strip_prefix(' '))
            .map(|rest| (words.len(), rest, *kind))
    };
    let (_, rest, kind) = DOCUMENTS.iter().filter_map(document).max_by_key(|(length, ..)| *length)?;
    let (number, country) = match (rest.split_once(" ("), rest.split_once(", ")) {
        (Some((number, after)), _) => (number, after.split(')').next()),
        (None, Some((number, after))) => (number, after.split(',').next()),
        (None, None) => (rest, None),
    };
    let number =
        [" issued ", " expires "].into_iter().fold(number, |n, word| n.split(word).next().unwrap_or(n));
    // A few have the name of the number once more: "Passport No.: A1, Iran", "Passport Booklet: A1".
    let number = number.rsplit(": ").next().unwrap_or(number);
    if !is_number(number) {
        return None;
    }
    let kind =
        if country == Some("China") && is_resident_id(number) { IdentifierKind::ResidentId } else { kind };
    Identifier::new(kind, number, country).ok()
}

/// Sentences such as "Passport and National ID were issued in ..." begin like a document, but have no number.
fn is_number(text: &str) -> bool {
    let words = || text.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_lowercase));
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().count() <= Identifier::CHARS_MAX && !words()
}

/// Whether a number has the form of a Chinese resident identity number (GB 11643); whoever matches by it checks it.
fn is_resident_id(number: &str) -> bool {
    number.len() == 18 && number.trim_end_matches(['X', 'x']).len() >= 17 && {
        number.bytes().take(17).all(|b| b.is_ascii_digit())
    }
}
