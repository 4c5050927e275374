//! The directory: the local API's messages, and the sealed bodies of pings between nodes.

mod listing;
mod ping;

pub use listing::{CardFacts, KeyringFacts, Listing, Route, Sightings, Stop, Way};
pub use ping::{Ping, PingTry, Pinged, decode_ping_answer, decode_ping_ask, encode_ping_answer};
