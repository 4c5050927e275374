//! Wanted persons: what another agency may ask of us, and what our own may ask of the others.

mod api;
mod events;
mod operation;
mod search;
mod watch;

pub use api::WantedApi;
pub use operation::WantedSearch;
pub use search::Search;
pub use watch::NotWatched;
