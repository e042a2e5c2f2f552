//! Sum above which a grant needs the approval of a second author: `NEWBEE_GRANT_APPROVAL_ABOVE`.

use clap::Args;

use super::Problems;
use crate::domain::grant::ApprovalLimit;
use crate::domain::money::parse_decimal;

/// Approval of grants.
#[derive(Args, Clone, Debug, Default)]
pub struct GrantArgs {
    /// Sum of one coin, per author and business day, above which a grant waits for the approval of a second key, such
    /// as 1000; 0 means that every grant does [default: none does]
    #[arg(long, env = "NEWBEE_GRANT_APPROVAL_ABOVE", value_name = "AMOUNT")]
    pub grant_approval_above: Option<String>,
}

impl GrantArgs {
    /// Parses the setting.
    pub fn read(&self, problems: &mut Problems) -> Option<ApprovalLimit> {
        let Some(text) = &self.grant_approval_above else {
            return Some(ApprovalLimit::default());
        };
        let limit = parse_decimal(text.trim())
            .ok()
            .filter(|limit| !limit.is_sign_negative());
        if limit.is_none() {
            problems.add(format!(
                "NEWBEE_GRANT_APPROVAL_ABOVE (or --grant-approval-above): expected an amount such as 1000, got {text:?}"
            ));
        }
        limit.map(|limit| ApprovalLimit(Some(limit)))
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    #[test]
    fn the_limit_is_an_amount() {
        let read = |text: Option<&str>| {
            let mut problems = Problems::default();
            let args = GrantArgs {
                grant_approval_above: text.map(str::to_owned),
            };
            let limit = args.read(&mut problems);
            limit.map(|limit| limit.0).ok_or(problems.to_string())
        };
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some("0")), Ok(Some(Decimal::ZERO)));
        assert_eq!(read(Some("12.5")), Ok(Some(Decimal::new(125, 1))));
        for wrong in ["", "-1", "1e3", "much"] {
            assert!(read(Some(wrong)).unwrap_err().contains(&format!("{wrong:?}")));
        }
    }
}
