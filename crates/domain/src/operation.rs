//! What is asked, as `service.verb`.

use crate::text::{short_text, shown};

short_text! {
    /// An operation such as `wanted.search`. Open on purpose: a new service needs no new routing.
    pub struct Operation("operation", 48, |c| c.is_ascii_lowercase() || c == '.' || c == '-')
}
shown!(Operation);
