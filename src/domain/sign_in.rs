//! Rejections of a sign-in.

use serde::{Deserialize, Serialize};

use super::rejection::rejections;

rejections! {
    /// Reason why a sign-in created no award.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum SignInRejection {
        /// The user has already signed in today.
        AlreadySignedIn => "ALREADY_SIGNED_IN" legacy (202, "今日挖矿任务已完成"),
            "You have already signed in today. Come back tomorrow.",
            "今天已经签到，请明天再来。";
        /// The sign-in rule is disabled or outside its window.
        Closed => "SIGN_IN_CLOSED" legacy (6, "签到暂未开放"),
            "Sign-in is currently closed. See todayTasks for the open tasks.",
            "签到暂未开放，当前开放的任务见 todayTasks。";
        /// The budget of the sign-in rule is used up, so there is no award and the streak does not continue.
        BudgetSpent => "SIGN_IN_BUDGET_SPENT" legacy (6, "签到奖励已经发完"),
            "All awards for signing in have been given out. Try again tomorrow.",
            "签到奖励已经发完，请明天再来看看。";
    }
}
