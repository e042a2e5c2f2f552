//! Labels of enums, selected as text: the driver would look the types of enums up once per connection, which needs a
//! prepared statement.

use sqlx::postgres::PgValueRef;
use sqlx::{Decode, Postgres, error::BoxDynError};

use crate::domain::award::{AwardStatus, AwardType};
use crate::domain::grant::GrantState;
use crate::domain::host_event::HostEventKind;
use crate::domain::qualification::InviteParty;
use crate::domain::rule::TargetRule;
use crate::domain::word::Split;

macro_rules! decoded_by_name {
    ($($enum:ty),*) => {$(
        impl Decode<'_, Postgres> for $enum {
            fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                let label = <&str as Decode<Postgres>>::decode(value)?;
                let known = Self::ALL.into_iter().find(|known| known.name() == label);
                known.ok_or_else(|| "the column holds a value that this version of newbee does not support".into())
            }
        }
    )*};
}
decoded_by_name!(
    AwardType,
    AwardStatus,
    GrantState,
    HostEventKind,
    InviteParty,
    TargetRule,
    Split
);
