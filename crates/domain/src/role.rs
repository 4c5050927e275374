//! Roles of local callers.

use crate::text::codes;

codes! {
    /// What a local caller may do, as an organizational unit of its certificate says. The agency's own authority
    /// gives roles; which methods a role allows is the local API's to say.
    pub enum Role("role") {
        /// May search, and ask agencies whether they answer.
        Inquirer = "inquirer",
        /// An application that may name the officer it acts for.
        OnBehalf = "on-behalf",
        /// May change and read the agency's own register.
        Registrar = "registrar",
        /// May read the record.
        Auditor = "auditor",
        /// May hand in agreements and other published documents, and ask agencies whether they answer.
        Liaison = "liaison",
        /// May see and decide what other agencies ask this one to ask on.
        Vetter = "vetter",
    }
}
