//! Rejections of a change: a code for programs and a message for people.

use async_graphql::SimpleObject;

use crate::domain::beacon::BeaconRejection;
use crate::domain::bridge::BridgeRejection;
use crate::domain::correction::CorrectionRejection;
use crate::domain::endpoint::EndpointRejection;
use crate::domain::grant::GrantRejection;
use crate::domain::host_event::PositionRejection;
use crate::domain::language::Language;
use crate::domain::qualification::InviteRejection;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::rejection::job::JobRejection;
use crate::domain::rejection::{RejectionCode, RejectionTable};
use crate::domain::reservation::ReservationCampaignRejection;
use crate::domain::rule::RuleRejection;
use crate::domain::rule_texts::TextsRejection;
use crate::domain::word::WordCampaignRejection;
use crate::graphql::rejections::{Code, CodeSet};

/// The enum `ProblemCode`.
pub(super) struct ProblemCodes;

impl CodeSet for ProblemCodes {
    const NAME: &'static str = "ProblemCode";
    const DESCRIPTION: &'static str = "Reason for rejecting a change or a job request.";
    const TABLES: &'static [&'static [RejectionCode]] = &[
        ChangeRejection::CODES,
        RuleRejection::CODES,
        InviteRejection::CODES,
        TextsRejection::CODES,
        CorrectionRejection::CODES,
        GrantRejection::CODES,
        WordCampaignRejection::CODES,
        BeaconRejection::CODES,
        ReservationCampaignRejection::CODES,
        BridgeRejection::CODES,
        JobRejection::CODES,
        EndpointRejection::CODES,
        PositionRejection::CODES,
    ];
}

/// A reason for rejecting a change.
#[derive(SimpleObject)]
pub(super) struct Problem {
    /// Machine-readable code of the problem.
    code: Code<ProblemCodes>,
    /// Problem and how to fix it, in the language of the request.
    message: String,
}

impl Problem {
    pub fn new(rejection: &impl RejectionTable, language: Language) -> Self {
        Self {
            code: Code::of(rejection),
            message: rejection.text(language).into_owned(),
        }
    }

    /// Converts all rejections to problems.
    pub fn all(rejections: &[impl RejectionTable], language: Language) -> Vec<Self> {
        rejections
            .iter()
            .map(|rejection| Self::new(rejection, language))
            .collect()
    }
}
