//! The protobuf messages of both APIs, and their conversions to and from the domain's types.
//!
//! In scope: generated code, conversions that check every field, errors as google.rpc details.
//! Out of scope: what a message means; no service handles protobuf types itself.
//!
//! A conversion from protobuf takes the message apart field by field, so that a new field breaks the build
//! until somebody decides what it means.

mod codes;
mod directory;
mod document;
mod error;
mod federation;
mod person;
mod request;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod vetting;
mod wanted;

pub use directory::{
    CardFacts, KeyringFacts, Listing, Ping, PingTry, Pinged, Route, Sightings, Stop, Way, decode_ping_answer,
    decode_ping_ask, encode_ping_answer,
};
pub use document::{digests_from_pb, digests_to_pb};
pub use error::{INCIDENT_REASON, Problem, Problems, overloaded, reason, refused, violations};
pub use vetting::{Deciding, WaitingSearch};
pub use wanted::{Ask, SearchEvent, decode_answer, decode_finding, encode_answer, encode_finding};

/// Generated from `proto/`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::allow_attributes_without_reason,
    clippy::large_futures,
    clippy::indexing_slicing,
    reason = "generated code"
)]
pub mod pb {
    #[doc = "Package `concord.agreement.v1`."]
    pub mod agreement {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.agreement.v1");
        }
    }
    #[doc = "Package `concord.directory.v1`."]
    pub mod directory {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.directory.v1");
        }
    }
    #[doc = "Package `concord.federation.v1`."]
    pub mod federation {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.federation.v1");
        }
    }
    #[doc = "Package `concord.ledger.v1`."]
    pub mod ledger {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.ledger.v1");
        }
    }
    #[doc = "Package `concord.person.v1`."]
    pub mod person {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.person.v1");
        }
    }
    #[doc = "Package `concord.register.v1`."]
    pub mod register {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.register.v1");
        }
    }
    #[doc = "Package `concord.request.v1`."]
    pub mod request {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.request.v1");
        }
    }
    #[doc = "Package `concord.vetting.v1`."]
    pub mod vetting {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.vetting.v1");
        }
    }
    #[doc = "Package `concord.wanted.v1`."]
    pub mod wanted {
        #[doc = "Version 1."]
        pub mod v1 {
            tonic::include_proto!("concord.wanted.v1");
        }
    }
}

/// Descriptors of every file below `proto/`, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("concord");
