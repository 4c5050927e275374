//! Closed sets of codes, each member mapped once for both directions.

use crate::pb;
use concord_domain::wanted::{IdentifierKind, NameKind, Sex};
use concord_domain::{
    Branch, Circuit, HandlingCode, HandlingLevel, Health, OffenceNature, OutcomeKind, PingOutcome, Purpose,
    VettingState,
};

/// Maps a domain enum to its protobuf twin and back; `Unspecified` and unknown numbers are nothing.
macro_rules! twins {
    ($domain:ty, $pb:ty, $to:ident, $from:ident, { $($variant:ident),+ $(,)? }) => {
        pub(crate) fn $to(value: $domain) -> i32 {
            let twin = match value { $(<$domain>::$variant => <$pb>::$variant,)+ };
            twin.into()
        }
        pub(crate) fn $from(value: i32) -> Option<$domain> {
            match <$pb>::try_from(value) {
                $(Ok(<$pb>::$variant) => Some(<$domain>::$variant),)+
                Ok(<$pb>::Unspecified) | Err(_) => None,
            }
        }
    };
}

twins!(Purpose, pb::request::v1::Purpose, purpose_to_pb, purpose, {
    FugitiveApprehension, SeriousCrime, EconomicCrime, Narcotics, HumanTrafficking, CounterTerrorism, PublicOrder,
    EventSecurity, FoodDrugSafety, Research,
});
twins!(Branch, pb::request::v1::Branch, branch_to_pb, branch, {
    Criminal, Economic, Narcotics, CounterTerrorism, PublicOrder, Border, FoodDrug,
});
twins!(OffenceNature, pb::request::v1::OffenceNature, nature_to_pb, nature, { Political, Military, Persecution });
twins!(HandlingLevel, pb::request::v1::HandlingLevel, level_to_pb, level, { Official, Restricted, Confidential });
twins!(HandlingCode, pb::request::v1::HandlingCode, code_to_pb, code, { H0, H1, H2, H3 });
twins!(Sex, pb::person::v1::Sex, sex_to_pb, sex, { Female, Male });
twins!(NameKind, pb::person::v1::NameKind, name_kind_to_pb, name_kind, { Primary, Alias, Former, Nickname, Weak });
twins!(IdentifierKind, pb::person::v1::IdentifierKind, identifier_kind_to_pb, identifier_kind, {
    ResidentId, Passport, NationalId, TaxId, DriverLicence, Other,
});
twins!(VettingState, pb::vetting::v1::VettingState, vetting_state_to_pb, vetting_state, { Open, Approved, Refused, Spent });
twins!(OutcomeKind, pb::wanted::v1::Outcome, outcome_to_pb, outcome, {
    Hit, NoHit, Refused, Pending, Unreachable, TimedOut, Failed,
});
twins!(Health, pb::directory::v1::Health, health_to_pb, health, { Unknown, Reachable, Failing, Stopped });
twins!(Circuit, pb::directory::v1::Circuit, circuit_to_pb, circuit, { Closed, Open, HalfOpen });
twins!(PingOutcome, pb::directory::v1::PingOutcome, ping_outcome_to_pb, ping_outcome, {
    Answered, Refused, Pending, Unreachable, TimedOut, Failed,
});
