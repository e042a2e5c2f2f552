//! Rejections of requests about jobs and business days.

use chrono::NaiveDate;

use super::change::ChangeRejection;
use super::rejections;

rejections! {
    /// Reason why a request about jobs was rejected.
    pub enum JobRejection {
        /// The job takes no business day.
        TakesNoDay => "TAKES_NO_DAY",
            "This job does not take a business day. Omit it.",
            "这个任务不按日期运行，请不要填写日期。";
        /// The range of days ends before it begins.
        RangeBackwards => "RANGE_BACKWARDS",
            "The range ends before it starts. Give the earlier day first.",
            "日期范围的结束早于开始，请先写较早的日期。";
        /// The range has more than 366 days.
        RangeTooLong { days: i64 } => "RANGE_TOO_LONG",
            format!("The range has {days} days; the maximum is 366. Split it into parts."),
            format!("日期范围有 {days} 天，最多 366 天，请分段提交。");
        /// The day, or the last day of the range, is not over yet.
        DayNotOver { day: NaiveDate, from: String } => "DAY_NOT_OVER",
            format!("The business day {day} is not over. The job can process it from {from}."),
            format!("业务日{day}还没有结束，任务最早可在 {from} 处理它。");
        /// The day, or the last day of the range, is not over yet.
        RangeNotOver { day: NaiveDate } => "DAY_NOT_OVER",
            format!("{day} is the last completed business day. The range cannot go beyond it."),
            format!("{day} 是最后一个已经结束的业务日，范围不能超过它。");
        /// The day is before the first business day of the service.
        DayTooEarly { day: NaiveDate } => "DAY_TOO_EARLY",
            format!("The first business day of this service is {day}. Choose it or a later one."),
            format!("本服务的第一个业务日是{day}，请选择它或之后的日期。");
        /// The day has awards and cannot be reopened.
        DayHoldsAwards { day: NaiveDate } => "DAY_HOLDS_AWARDS",
            format!("The closed business day {day} has awards, so it cannot be reopened."),
            format!("已关闭的业务日{day}有奖励，不能重新打开。");
        /// There is no such run.
        RunUnknown => "RUN_UNKNOWN",
            "There is no such run. See jobRuns for the list of runs.",
            "没有这次运行，请用 jobRuns 查询。";
        /// The run has already ended.
        RunOver { state: String } => "RUN_OVER",
            "The run is already over. Nothing was changed.",
            "这次运行已经结束，没有任何改变。";
    }
    with { Change(ChangeRejection) }
}
