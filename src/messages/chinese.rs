//! Simplified Chinese texts of the messages.

use std::borrow::Cow;

use super::Message;

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
        Message::AlreadySignedIn => "今天已经签到，请明天再来。",
        Message::InvitationCodeUnknown => "没有这个邀请码，请检查后重新输入。",
        Message::InvitationAlreadySet => "你已经绑定过其他邀请码，不能更改。",
        Message::InvitationCodeOwn => "这是你自己的邀请码，请输入邀请你的朋友的邀请码。",
        Message::InvitationCodeDescendant => "这是你邀请的用户的邀请码，请输入邀请你的朋友的邀请码。",
        Message::WordUnavailable => "口令不存在、尚未开放或者已经领完，请检查口令和开放时间。",
        Message::WordExpired => "口令已经过期，请留意下一个口令。",
        Message::WordAlreadyClaimed => "你已经领取过这个口令的奖励。",
        Message::TooManyTries { minutes } => return format!("尝试次数过多，请在{minutes}分钟后再试。").into(),
        Message::ReservationUnknown => "没有这个预约活动，请检查名称。",
        Message::ReservationNotOpen => "预约还没有开始，请在开放后再来。",
        Message::ReservationClosed => "预约已经结束。",
        Message::ReservationFull => "预约名额已满，如果有人取消，可以稍后再试。",
        Message::SignInClosed => "签到暂未开放，当前开放的任务见 todayTasks。",
        Message::Unauthenticated => "请发送请求头 Authorization: Bearer <会话密钥>。",
        Message::Busy => "服务繁忙，请几秒后再试。",
        Message::InternalFault => "服务出现故障，暂时无法处理。请重试；如果仍然失败，请反馈请求编号。",
        Message::ScopeNeeded { scope } => return format!("这需要具有{scope}权限的 API 密钥。").into(),
        Message::ApiKeyNeeded => "请发送请求头 Authorization: Bearer <API 密钥>，密钥由 newbee key create 生成。",
        Message::ApiKeyUnknown => "API 密钥不存在或已被吊销，请用 newbee key create 重新生成。",
        Message::SessionKeyUnknown => {
            "会话密钥不存在、已过期或已被吊销。请从聊天应用重新获取后再发送，或者不带 Authorization 请求头以访客身份访问。"
        }
        Message::AuthorizationMalformed => {
            "Authorization 请求头必须是 \"Bearer <密钥>\"，密钥不超过 55 个字符。请改正；允许访客的接口也可以不带这个请求头。"
        }
        Message::KeysNotChecked => "暂时无法校验密钥，请稍后再试。",
        Message::TooMuchUnderWay => "当前请求过多，请稍后再试。",
        Message::TookTooLong => "操作耗时过长，已被放弃。请减少一次请求的内容，或稍后再试。",
        Message::AskedTooOften { seconds } => {
            return format!("请求过于频繁，请在{seconds}秒后再试，并降低频率。").into();
        }
        Message::ReasonInvalid => "请说明原因，1 到 500 个字符，不能含控制字符。",
        Message::ItemInvalid => "项目名由小写字母、数字和下划线组成，最多 40 个字符，以字母开头。",
        Message::PaidByCampaigns => "口令和预约由各自的活动发放奖励，请创建活动而不是规则。",
        Message::NeverPaid { item } => {
            return format!("没有事件会发放该项目的奖励：INVITE 类型只有 {item}。请使用它，或改用其他类型。").into();
        }
        Message::AmountInvalid => "金额必须大于零，最多四位小数，并且小于 10000000000000000。",
        Message::RangeInvalid => "maxAmount 必须大于 amount，并且相差 amountStep 的整数倍。",
        Message::CoinInvalid => "币种 ID 为 1 到 32 个字符，不能含控制字符。",
        Message::DailyLimitInvalid => "dailyLimit 为 1 到 1000000；不限则不填。",
        Message::SignInOnceADay => "sign_in 必须是 DAILY 且 dailyLimit 为 1：每天签到一次。",
        Message::HoldInvalid => "holdSeconds 为 0 到 31622400，即 366 天。",
        Message::WindowEndsBeforeItStarts => "closesAt 必须晚于 opensAt。",
        Message::StreakMissing => "BONUS 规则需要 streakLength：连续签到多少天可以获得。",
        Message::StreakNotAllowed => "只有 BONUS 规则有 streakLength，请不要填写。",
        Message::StreakInvalid => "streakLength 为 1 到 3660 天。",
        Message::TargetNotAllowed => "这类项目没有目标，targetRule 必须是 NONE。",
        Message::RuleTypeDiffers { kind } => {
            return format!("该项目的类型是{kind}，不能更改，请使用其他项目名。").into();
        }
        Message::RuleVersionDiffers { version } => {
            return format!("该规则已被他人修改，当前版本是{version}。请重新读取后再决定。").into();
        }
        Message::SelectionTooWide => "请指定奖励：按 ID、用户或业务日。",
        Message::TooManyIds => "一次最多指定 500 个 ID。",
        Message::TooManyAwards => "符合条件的奖励超过 10000 个，请按用户或项目缩小范围。没有任何改动。",
        Message::UserIdInvalid => "用户 ID 是大于零的整数，由宿主应用分配。",
        Message::UserNameInvalid => "名称为 1 到 100 个字符，不能含控制字符，至少有一个可见字符。",
        Message::UserPortraitInvalid => "头像须为 http 或 https 地址，不含空格和引号，最多 2000 个字符。",
        Message::UserCodeInvalid => "邀请码为 1 到 12 个可见字符，不能含控制字符。",
        Message::UserClassInvalid => "用户等级为 0 或 1。",
        Message::UserCodeRefused => "这个邀请码已被使用，或者该用户已有其他邀请码且不能更改。请换一个，或者不填。",
        Message::UserRepeated => "本次请求中同一用户有前后不一致的内容，每个用户请只发送一次。",
        Message::UserErased => "该用户的资料已被删除，不能再次注册。",
        Message::UserExists => "该 ID 的用户已经存在，没有任何改动。",
        Message::UserUnknown => "没有该 ID 的用户。",
        Message::SessionKeyInvalid => {
            "宿主的会话密钥为 22 到 55 个可见 ASCII 字符，不含空格，至少 10 个不同字符，且不以 nbk_ 开头。"
        }
        Message::SessionKeyTaken => "该会话密钥已登记给其他用户，每个密钥只能登记一次。",
        Message::SessionKeyEnded => "该会话密钥已经失效，不能恢复，请登记新的密钥。",
        Message::SessionKeyPublic => "这是演示用的公开密钥，人人都知道。请选择不易猜到的密钥。",
        Message::LifetimeInvalid => "会话密钥的有效期为一小时到十年，即 3600 到 315360000 秒。",
        Message::IdempotencyKeyInvalid => "幂等键为 1 到 100 个字符，不能含控制字符。",
        Message::TaskItemUnknown => "规则目录中没有这个项目。",
        Message::TaskItemNotATask => "该项目不是宿主上报的任务，其奖励由 newbee 自行发放。",
        Message::TaskTargetMissing => "该项目按目标每天计一次，请指定目标。",
        Message::TaskTargetNotAllowed => "该项目没有目标，请不要填写。",
        Message::TaskTargetTooLong => "目标为 1 到 64 个字符，不能含控制字符。",
        Message::TaskConflict => "该幂等键已用于其他内容，新的事件请使用新的键。",
        Message::TaskRuleClosed => "任务完成时，该项目的规则已停用或不在开放时间内。开放期间完成的任务请使用新的键。",
        Message::TaskAlreadyAwarded => "该用户已经获得这项奖励。",
        Message::TaskLimitReached { limit } => return format!("该用户当天已获得该项目{limit}次，达到上限。").into(),
        Message::TaskDayClosed { day } => {
            return format!("业务日{day}已经关闭。如需计入今天，请不要填写 occurredAt。").into();
        }
        Message::TaskInTheFuture => "occurredAt 在未来，请检查上报方的时钟。",
        Message::WordInvalid => "口令为 1 到 12 个可见字符，不能含控制字符。",
        Message::WordTaken => "这个口令在该时间段内已有活动，请先结束它，或者换一个口令或时间。",
        Message::WordAmountInvalid => "活动总额必须大于零，最多四位小数，并且小于 1000000000000。",
        Message::ShareCountInvalid => "活动的份数为 1 到 100000。",
        Message::SharesTooSmall => "每份将小于 0.0001，请提高总额或减少份数。",
        Message::BeaconTimeInvalid => "公开随机数须在创建活动至少一分钟之后产生，并且不晚于活动开始时间。",
        Message::BeaconInvalid { round, url } => {
            return format!("这不是 drand quicknet 第 {round} 轮的签名，请从 {url} 获取。").into();
        }
        Message::BeaconNotPromised => "这个活动创建时没有使用公开随机数，无需填写。",
        Message::DrawKeyMissing => "口令抽取需要密钥，请设置 NEWBEE_DRAW_KEY（可用 openssl rand -hex 32 生成）。",
        Message::ClosesInThePast => "closesAt 在过去，活动还没有开始就已经结束。",
        Message::JobTakesNoDay => "这个任务不按日期运行，请不要填写日期。",
        Message::DayRangeBackwards => "日期范围的结束早于开始，请先写较早的日期。",
        Message::DayRangeTooLong { days } => {
            return format!("日期范围有 {days} 天，最多 366 天，请分段提交。").into();
        }
        Message::DayNotOver { day } => {
            return format!("{day} 是最后一个已经结束的业务日，范围不能超过它。").into();
        }
        Message::JobDayNotOver { day, from } => {
            return format!("业务日{day}还没有结束，任务最早可在 {from} 处理它。").into();
        }
        Message::JobDayTooEarly { day } => {
            return format!("本服务的第一个业务日是{day}，请选择它或之后的日期。").into();
        }
        Message::DayHoldsAwards { day } => return format!("已关闭的业务日{day}有奖励，不能重新打开。").into(),
        Message::DaysClosedAhead { count, day } => {
            return format!("自{day}起有 {count} 个业务日在结束之前就被关闭。请检查时钟，然后重新打开它们。").into();
        }
        Message::BooksDoNotBalance { violations, checks } => {
            return format!("账目不平：{violations} 处违规，检查项：{checks}。").into();
        }
        Message::ChecksUnfinished { checks } => return format!("以下账目检查没有完成：{checks}。").into(),
        Message::AwardsParked { count, error } => {
            return format!("{count} 笔奖励被搁置：{error}。请重试或作废。").into();
        }
        Message::TotalsDiffer { day } => return format!("已关闭的业务日{day}的合计与其奖励不符。").into(),
        Message::LastRunFailed { error } => return format!("上次运行失败：{error}。").into(),
        Message::JobPausedWithBacklog { by, count, unit } => {
            let unit = match unit.as_str() {
                "awards" => "笔奖励",
                "days" => "个业务日",
                "places" => "个名额",
                other => other,
            };
            return format!("已被 {by} 暂停，{count} {unit}等待处理。").into();
        }
        Message::RunUnknown => "没有这次运行，请用 jobRuns 查询。",
        Message::RunOver => "这次运行已经结束，没有任何改变。",
        Message::CampaignUnknown => "没有这个活动。",
        Message::CampaignKeyInvalid => {
            "活动标识为 1 到 40 个字符，以小写字母开头，由小写字母、数字、连字符和下划线组成。"
        }
        Message::CampaignKeyTaken => "这个活动标识已被使用，请换一个。",
        Message::CampaignTitleInvalid => "标题为 1 到 100 个字符；没有标题则不填。",
        Message::CapacityInvalid => "名额是大于零的整数；不限则不填。",
        Message::CapacityBelowCount { reserved } => {
            return format!("已有{reserved}人预约，名额不能少于这个数。").into();
        }
        Message::SessionEnded => "你的登录已失效，请重新登录。",
        Message::TooManySubscriptions { most } => {
            return format!("你已经打开了{most}个实时连接，请先关闭一个。").into();
        }
        Message::CampaignLaunched => "活动已经开启，只能修改标题和旧接口默认标记。",
    };
    text.into()
}
