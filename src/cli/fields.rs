//! Field selections shared by several operations on the admin API. They are macros so that `concat!` can use them.

/// All fields of a run.
macro_rules! run_fields {
    () => {
        "id job state origin scheduledFor businessDay dryRun backfillFrom backfillTo attempt process heartbeatAt \
         requestedBy reason cancelRequestedAt cancelRequestedBy progress report hadEffect finding error createdAt startedAt endedAt"
    };
}

/// All fields of an award except its timeline.
macro_rules! award_fields {
    () => {
        "id userId item type amount coinId targetId status businessDay settlesAt createdAt updatedAt source sourceKey \
         ruleVersion recordedBy settleError"
    };
}

/// All fields of an audit log entry.
macro_rules! audit_fields {
    () => {
        "id at actor action subject userId reason before after requestId"
    };
}

/// All fields of a grant except its lines.
macro_rules! grant_fields {
    () => {
        "id state reason lineCount awardCount requestedBy requestedAt expiresAt decidedBy decidedAt decisionReason \
         sums { coinId count amount }"
    };
}

/// All fields of a rule.
macro_rules! rule_fields {
    () => {
        "item version type amount maxAmount amountStep coinId dailyLimit holdSeconds enabled opensAt closesAt \
         targetRule streakLength streakRepeats dayBudget totalBudget makeUpDays makeUpsPerMonth \
         freezeEvery maxFreezes \
         invite { pays requiredItems signInDays withinDays maxAccountAgeDays friends lifetimeLimit } \
         texts { titleEn titleZh descriptionEn descriptionZh link } changedBy createdAt reason"
    };
}

/// All fields of a reservation campaign.
macro_rules! reservation_fields {
    () => {
        "id key title state count capacity opensAt closesAt closed rewardAmount rewardCoinId rewardHoldSeconds \
         legacyDefault launchedAt rewardsPaidAt createdBy reason createdAt"
    };
}
