//! Rejections that changes of rules, awards, campaigns and jobs share.

use super::rejections;

rejections! {
    /// Reason for rejecting a change that several kinds of changes share.
    #[derive(Copy)]
    pub enum ChangeRejection {
        /// The item name is not valid.
        ItemInvalid => "ITEM_INVALID",
            "An item is at most 40 lowercase letters, digits and underscores, starting with a letter.",
            "项目名由小写字母、数字和下划线组成，最多 40 个字符，以字母开头。";
        /// The amount is not positive, has more than four decimal places, or is too large.
        AmountInvalid => "AMOUNT_INVALID",
            "An amount must be greater than 0 and less than 10000000000000000, with at most four decimal places.",
            "金额必须大于零，最多四位小数，并且小于 10000000000000000。";
        /// The coin ID is empty or too long.
        CoinInvalid => "COIN_INVALID",
            "A coin ID is 1 to 32 characters without control characters.",
            "币种 ID 为 1 到 32 个字符，不能含控制字符。";
        /// The hold is negative or too long.
        HoldInvalid => "HOLD_INVALID",
            "holdSeconds must be 0 to 31622400 (366 days).",
            "holdSeconds 为 0 到 31622400，即 366 天。";
        /// The window ends before it starts.
        WindowEndsBeforeItStarts => "WINDOW_ENDS_BEFORE_IT_STARTS",
            "closesAt must be later than opensAt.",
            "closesAt 必须晚于 opensAt。";
        /// The reason is empty or too long.
        ReasonInvalid => "REASON_INVALID",
            "A reason is required: 1 to 500 characters without control characters.",
            "请说明原因，1 到 500 个字符，不能含控制字符。";
        /// There is no such campaign.
        CampaignUnknown => "CAMPAIGN_UNKNOWN",
            "There is no such campaign.",
            "没有这个活动。";
    }
}
