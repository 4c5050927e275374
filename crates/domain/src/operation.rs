//! What is asked, as `service.verb`.

use crate::text::{short_text, shown};

short_text! {
    /// An operation such as `wanted.search`. Open on purpose: a new service needs no new routing.
    pub struct Operation("operation", 48, |c| c.is_ascii_lowercase() || c == '.' || c == '-')
}
shown!(Operation);

impl Operation {
    /// The one operation that no clause names: whoever may ask an agency anything may ask it whether it answers, and by
    /// which way the question came. It discloses nothing about anybody.
    pub const PING: &'static str = "directory.ping";
}
