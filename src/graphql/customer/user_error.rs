//! What a person can set right: codes, their legacy numbers, and every sentence that a person may see.

use async_graphql::{Enum, Interface, SimpleObject};

use super::award::Award;
use crate::domain::invitation::InvitationRefusal;
use crate::domain::language::Language;
use crate::graphql::RequestScope;
use crate::graphql::scalars::DateTime;

/// Why a mutation did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum UserErrorCode {
    /// Today's sign-in was done before. Status 202 of the legacy methods.
    AlreadySignedIn,
    /// No user has this invitation code. Status 102 of the legacy methods.
    InvitationCodeUnknown,
    /// Another code was bound before, and a code is bound once. Status 103 of the legacy methods.
    InvitationAlreadySet,
    /// The code is the user's own. Status 110 of the legacy methods.
    InvitationCodeOwn,
    /// The code belongs to somebody whom the user invited, directly or through others. Status 111 of the legacy methods.
    InvitationCodeDescendant,
}

impl UserErrorCode {
    /// The `status` of the legacy methods.
    fn legacy_status(self) -> i32 {
        match self {
            Self::AlreadySignedIn => 202,
            Self::InvitationCodeUnknown => 102,
            Self::InvitationAlreadySet => 103,
            Self::InvitationCodeOwn => 110,
            Self::InvitationCodeDescendant => 111,
        }
    }

    /// The sentence for a person.
    fn message(self, language: Language) -> &'static str {
        let (english, chinese) = match self {
            Self::AlreadySignedIn => (
                "You have signed in today. Come back tomorrow.",
                "今天已经签到，请明天再来。",
            ),
            Self::InvitationCodeUnknown => (
                "Nobody has this invitation code. Check its spelling.",
                "没有这个邀请码，请检查后重新输入。",
            ),
            Self::InvitationAlreadySet => (
                "You have bound another invitation code before. It cannot be changed.",
                "你已经绑定过其他邀请码，不能更改。",
            ),
            Self::InvitationCodeOwn => (
                "This is your own invitation code. Enter the code of the friend who invited you.",
                "这是你自己的邀请码，请输入邀请你的朋友的邀请码。",
            ),
            Self::InvitationCodeDescendant => (
                "This code belongs to somebody you invited. Enter the code of the friend who invited you.",
                "这是你邀请的用户的邀请码，请输入邀请你的朋友的邀请码。",
            ),
        };
        match language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

impl From<InvitationRefusal> for UserErrorCode {
    fn from(refusal: InvitationRefusal) -> Self {
        match refusal {
            InvitationRefusal::CodeUnknown => Self::InvitationCodeUnknown,
            InvitationRefusal::AlreadySet => Self::InvitationAlreadySet,
            InvitationRefusal::CodeOwn => Self::InvitationCodeOwn,
            InvitationRefusal::CodeDescendant => Self::InvitationCodeDescendant,
        }
    }
}

/// Something that the person using the client can set right.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "What is wrong, for programs."),
    field(
        name = "message",
        ty = "&String",
        desc = "What is wrong and what to do, for the person."
    ),
    field(
        name = "field",
        ty = "&Option<Vec<String>>",
        desc = "The path of the argument that is wrong; null when it is none in particular."
    ),
    field(
        name = "legacy_status",
        ty = "&Option<i32>",
        desc = "The `status` that the legacy methods answer with."
    )
)]
pub(super) enum UserError {
    AlreadySignedInError(AlreadySignedInError),
    InvitationError(InvitationError),
}

/// Today's sign-in was done before; nothing changed.
#[derive(SimpleObject)]
pub(super) struct AlreadySignedInError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    legacy_status: Option<i32>,
    /// The award of today's sign-in.
    award: Award,
    /// When the user can sign in again.
    next_sign_in_at: DateTime,
}

/// The invitation code was not bound.
#[derive(SimpleObject)]
pub(super) struct InvitationError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    legacy_status: Option<i32>,
}

impl UserError {
    pub fn already_signed_in(award: Award, scope: &RequestScope) -> Self {
        let code = UserErrorCode::AlreadySignedIn;
        Self::AlreadySignedInError(AlreadySignedInError {
            code,
            message: code.message(scope.language).to_owned(),
            field: None,
            legacy_status: Some(code.legacy_status()),
            award,
            next_sign_in_at: DateTime(scope.next_day_at()),
        })
    }

    pub fn invitation(refusal: InvitationRefusal, scope: &RequestScope) -> Self {
        let code = UserErrorCode::from(refusal);
        Self::InvitationError(InvitationError {
            code,
            message: code.message(scope.language).to_owned(),
            field: Some(vec!["parentCode".to_owned()]),
            legacy_status: Some(code.legacy_status()),
        })
    }
}
