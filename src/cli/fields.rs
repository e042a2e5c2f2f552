//! Fields that several operations on the admin API select, as macros so that they can be parts of constants.

/// Every field of a run.
macro_rules! run_fields {
    () => {
        "id job state origin scheduledFor businessDay dryRun backfillFrom backfillTo attempt process heartbeatAt \
         requestedBy reason cancelRequestedAt cancelRequestedBy progress report hadEffect finding error createdAt startedAt endedAt"
    };
}

/// Every field of an award but its timeline.
macro_rules! award_fields {
    () => {
        "id userId item type amount coinId targetId status businessDay settlesAt createdAt updatedAt source sourceKey \
         ruleVersion recordedBy settleError"
    };
}

/// Every field of an entry of the audit log.
macro_rules! audit_fields {
    () => {
        "id at actor action subject userId reason before after requestId"
    };
}

/// Every field of a rule.
macro_rules! rule_fields {
    () => {
        "item version type amount maxAmount amountStep coinId dailyLimit holdSeconds enabled opensAt closesAt \
         targetRule streakLength streakRepeats changedBy createdAt reason"
    };
}

/// Every field of a reservation campaign.
macro_rules! reservation_fields {
    () => {
        "id key title state count capacity opensAt closesAt closed rewardAmount rewardCoinId rewardHoldSeconds \
         legacyDefault launchedAt rewardsPaidAt createdBy reason createdAt"
    };
}
