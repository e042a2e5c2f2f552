//! Simplified Chinese.

use std::borrow::Cow;

use super::Message;

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
        Message::AlreadySignedIn => "今天已经签到，请明天再来。",
        Message::InvitationCodeUnknown => "没有这个邀请码，请检查后重新输入。",
        Message::InvitationAlreadySet => "你已经绑定过其他邀请码，不能更改。",
        Message::InvitationCodeOwn => "这是你自己的邀请码，请输入邀请你的朋友的邀请码。",
        Message::InvitationCodeDescendant => "这是你邀请的用户的邀请码，请输入邀请你的朋友的邀请码。",
        Message::WordUnavailable => "口令不存在或者已经领完，请检查后重新输入。",
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
    };
    text.into()
}
