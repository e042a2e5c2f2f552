use super::RejectionTable;
use super::change::ChangeRejection;
use super::job::JobRejection;
use crate::domain::act::ActRejection;
use crate::domain::beacon::BeaconRejection;
use crate::domain::bridge::BridgeRejection;
use crate::domain::correction::CorrectionRejection;
use crate::domain::endpoint::EndpointRejection;
use crate::domain::grant::{GrantLineRejection, GrantRejection};
use crate::domain::host_event::PositionRejection;
use crate::domain::invitation::InvitationRejection;
use crate::domain::language::Language;
use crate::domain::make_up::MakeUpRejection;
use crate::domain::qualification::InviteRejection;
use crate::domain::reservation::{ReservationCampaignRejection, ReservationRejection};
use crate::domain::rule::RuleRejection;
use crate::domain::session::SessionRejection;
use crate::domain::sign_in::SignInRejection;
use crate::domain::task::TaskRejection;
use crate::domain::tries::TriesRejection;
use crate::domain::user::{EraseRejection, UnknownUser, UserRejection};
use crate::domain::word::{WordCampaignRejection, WordRejection};

fn is_chinese(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// Checks the texts of a table, and that its codes are those of its rows.
fn check<R: RejectionTable>(samples: &[R]) {
    for rejection in samples {
        let (english, chinese) = (rejection.text(Language::English), rejection.text(Language::Chinese));
        assert!(english.ends_with('.') && english.is_ascii(), "{rejection:?}: {english}");
        assert!(
            chinese.ends_with('。') && chinese.chars().any(is_chinese),
            "{rejection:?}: {chinese}"
        );
    }
    let codes: Vec<_> = R::CODES.iter().map(|code| code.name).collect();
    assert_eq!(samples.iter().map(RejectionTable::code).collect::<Vec<_>>(), codes);
}

#[test]
fn every_rejection_has_its_texts_and_its_code() {
    check(&ActRejection::samples());
    check(&BeaconRejection::samples());
    check(&BridgeRejection::samples());
    check(&ChangeRejection::samples());
    check(&CorrectionRejection::samples());
    check(&EndpointRejection::samples());
    check(&EraseRejection::samples());
    check(&GrantLineRejection::samples());
    check(&GrantRejection::samples());
    check(&InvitationRejection::samples());
    check(&JobRejection::samples());
    check(&MakeUpRejection::samples());
    check(&PositionRejection::samples());
    check(&ReservationCampaignRejection::samples());
    check(&ReservationRejection::samples());
    check(&RuleRejection::samples());
    check(&InviteRejection::samples());
    check(&SessionRejection::samples());
    check(&SignInRejection::samples());
    check(&TaskRejection::samples());
    check(&TriesRejection::samples());
    check(&UnknownUser::samples());
    check(&UserRejection::samples());
    check(&WordCampaignRejection::samples());
    check(&WordRejection::samples());
}

#[test]
fn nested_rejections_keep_their_code_text_and_legacy_status() {
    let nested = WordRejection::from(TriesRejection::samples().remove(0));
    assert_eq!(nested.code(), "TOO_MANY_TRIES");
    assert_eq!(nested.legacy().map(|legacy| legacy.number), Some(206));
    assert_eq!(nested.to_string(), "Too many attempts. Try again in 0 min.");
}
