//! People who do not exist.

use concord_domain::wanted::{
    Description, Identifier, IdentifierKind, NameKind, Notice, Offence, PersonName, Sex,
};

/// A notice about a person who does not exist: numbered, named, with a passport of an unassigned series.
///
/// # Panics
/// Never with a plain name.
pub fn notice(number: u32, name: &str) -> Notice {
    let passport = Identifier::new(IdentifierKind::Passport, &passport(number), None);
    Notice {
        number: format!("T-{number:05}").parse().expect("a number"),
        names: vec![PersonName::new(NameKind::Primary, name).expect("a name")],
        sex: Some(Sex::Male),
        births: vec!["1980-01-01".parse().expect("a date")],
        identifiers: vec![passport.expect("a passport")],
        description: Description::default(),
        offence: Offence::default(),
    }
}

/// The passport of the person with that number.
pub fn passport(number: u32) -> String {
    format!("ZZ{number:07}")
}
