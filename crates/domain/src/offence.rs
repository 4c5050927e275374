//! What kind of offence a case is about, as far as that may exclude cooperation.

use crate::text::codes;

codes! {
    /// A nature of an offence for which cooperation is refused where the agreement excludes it (ILA 14). A request
    /// that states none is about an ordinary offence.
    pub enum OffenceNature("offence nature") {
        /// A political offence (ILA 14 (3)).
        Political = "political",
        /// A purely military offence (ILA 14 (4)).
        Military = "military",
        /// Prosecution for race, ethnicity, religion, nationality, sex or political opinion (ILA 14 (5)).
        Persecution = "persecution",
    }
}

codes! {
    /// A ground on which a request may be refused (ILA 14); which of them exist is a term of the agreement.
    pub enum RefusalGround("ground of refusal") {
        /// Not an offence where it is asked (dual criminality).
        NotAnOffence = "not-an-offence",
        /// Being tried already, tried, or time-barred.
        AlreadyTried = "already-tried",
        /// A political offence.
        Political = "political",
        /// A purely military offence.
        Military = "military",
        /// A purpose of prosecuting for race, ethnicity, religion, nationality, sex or political opinion.
        Persecution = "persecution",
        /// No substantial link between what is asked and the case.
        NoLink = "no-link",
        /// Another, in words.
        Other = "other",
    }
}
