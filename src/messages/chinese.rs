//! Simplified Chinese texts of the messages.

use std::borrow::Cow;

use super::Message;

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
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
        Message::SessionEnded => "你的登录已失效，请重新登录。",
        Message::TooManySubscriptions { most } => {
            return format!("你已经打开了{most}个实时连接，请先关闭一个。").into();
        }
    };
    text.into()
}
