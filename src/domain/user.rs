//! Users as reported by the host application.

use serde::{Deserialize, Serialize};

use super::id::UserId;
use super::invitation::{MAX_CODE_LENGTH, normalise_code};
use super::rejection::change::ChangeRejection;
use super::rejection::rejections;
use super::text::{display_form, match_form};

/// Maximum length of a name, in characters.
pub const MAX_NAME_LENGTH: usize = 100;
pub const MAX_PORTRAIT_LENGTH: usize = 2_000;

/// Report of a user by the host application. For an existing user, only the fields that are given are changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserReport {
    pub user_id: UserId,
    /// `None`: not given, unchanged. `Some(None)`: the user has no name.
    pub name: Option<Option<String>>,
    pub portrait_uri: Option<Option<String>>,
    /// The user's permanent invitation code; `None` for a random one.
    pub code: Option<String>,
    /// User level, 0 or 1; `None`: not given.
    pub class: Option<i16>,
}

rejections! {
    /// Reason why a user was not registered.
    #[derive(Copy)]
    pub enum UserRejection {
        /// The ID is not a positive integer.
        IdInvalid => "ID_INVALID",
            "A user ID is a positive integer assigned by the host application.",
            "用户 ID 是大于零的整数，由宿主应用分配。";
        /// The name has no visible characters, is too long, or has control characters.
        NameInvalid => "NAME_INVALID",
            "A name is 1-100 characters without control characters, with at least one visible character.",
            "名称为 1 到 100 个字符，不能含控制字符，至少有一个可见字符。";
        /// The portrait address is not http or https, or is too long.
        PortraitInvalid => "PORTRAIT_INVALID",
            "A portrait must be an http or https URL without spaces or quotes, at most 2000 characters long.",
            "头像须为 http 或 https 地址，不含空格和引号，最多 2000 个字符。";
        /// The invitation code has no visible characters, or is too long.
        CodeInvalid => "CODE_INVALID",
            "An invitation code is 1-12 visible characters without control characters.",
            "邀请码为 1 到 12 个可见字符，不能含控制字符。";
        /// The class is neither 0 nor 1.
        ClassInvalid => "CLASS_INVALID",
            "A class must be 0 or 1.",
            "用户等级为 0 或 1。";
        /// An equivalent code belongs to another user, or the user already has a different code.
        CodeRefused => "CODE_REFUSED",
            "This invitation code is already in use, or the user already has another one, which cannot be changed. Choose another code, or omit it.",
            "这个邀请码已被使用，或者该用户已有其他邀请码且不能更改。请换一个，或者不填。";
        /// The call contains an earlier, different entry for this user.
        Repeated => "REPEATED",
            "An earlier entry of this call has different data for the same user. Send each user once.",
            "本次请求中同一用户有前后不一致的内容，每个用户请只发送一次。";
        /// The user already exists and was not to be changed.
        UserExists => "USER_EXISTS",
            "A user with this ID already exists. Nothing was changed.",
            "该 ID 的用户已经存在，没有任何改动。";
        /// The user was erased and cannot be registered again.
        UserErased => "USER_ERASED",
            "This user was erased and cannot be registered again.",
            "该用户的资料已被删除，不能再次注册。";
    }
}

rejections! {
    /// Rejection of a request about a user that does not exist.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum UnknownUser {
        /// There is no user with this ID.
        Unknown => "USER_UNKNOWN",
            "There is no user with this ID.",
            "没有该 ID 的用户。";
    }
}

rejections! {
    /// Reason why a user was not erased.
    #[derive(Copy)]
    pub enum EraseRejection {
        /// The reason is empty, too long, or has control characters.
        ReasonInvalid => "REASON_INVALID",
            ChangeRejection::ReasonInvalid.text(Language::English),
            ChangeRejection::ReasonInvalid.text(Language::Chinese);
    }
    with { User(UnknownUser) }
}

/// Returns the form in which names are searched, see [`match_form`]: at most 100 characters, so that every name fits an
/// index. `None` if nothing of the name is visible.
pub fn search_name(name: &str) -> Option<String> {
    let form: String = match_form(name).chars().take(MAX_NAME_LENGTH).collect();
    (!form.is_empty()).then_some(form)
}

impl UserReport {
    /// Returns the report with name and code as they are stored, see [`display_form`].
    pub fn in_display_form(&self) -> Self {
        Self {
            name: self.name.as_ref().map(|name| name.as_deref().map(display_form)),
            code: self.code.as_deref().map(display_form),
            ..self.clone()
        }
    }

    /// Checks the report itself, before any look-up.
    ///
    /// # Errors
    /// Returns the first invalid field.
    pub fn check(&self) -> Result<(), UserRejection> {
        let fits = |text: &Option<Option<String>>, longest| {
            text.iter().flatten().all(|text| {
                (1..=longest).contains(&text.chars().take(longest + 1).count()) && !text.contains(char::is_control)
            })
        };
        if self.user_id.0 <= 0 {
            Err(UserRejection::IdInvalid)
        } else if !fits(&self.name, MAX_NAME_LENGTH)
            || self.name.iter().flatten().any(|name| search_name(name).is_none())
        {
            Err(UserRejection::NameInvalid)
        } else if !self.portrait_uri.iter().flatten().all(|uri| is_portrait_address(uri)) {
            Err(UserRejection::PortraitInvalid)
        } else if self
            .code
            .as_deref()
            .is_some_and(|code| normalise_code(code).is_none() || code.chars().count() > MAX_CODE_LENGTH)
        {
            Err(UserRejection::CodeInvalid)
        } else if self.class.is_some_and(|class| !(0..=1).contains(&class)) {
            Err(UserRejection::ClassInvalid)
        } else {
            Ok(())
        }
    }
}

/// Returns true for an absolute `http` or `https` URL of at most [`MAX_PORTRAIT_LENGTH`] characters. Clients use it in
/// images and links, so `javascript:`, `data:` and relative URLs are rejected, and so are spaces, quotes, control
/// characters and direction characters.
fn is_portrait_address(text: &str) -> bool {
    let is_plain = |character: char| match character {
        '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => false,
        _ if character.is_ascii() => character.is_ascii_graphic(),
        _ => character.is_alphanumeric(),
    };
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && host.starts_with(|first: char| first.is_alphanumeric() || first == '[')
        && !host.contains('@')
        && text.chars().count() <= MAX_PORTRAIT_LENGTH
        && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portraits_are_urls_that_a_browser_may_load() {
        for good in [
            "https://cdn.example/a.png",
            "HTTP://cdn.example:8080/a/b.png?size=2&v=%20#top",
            "https://[2001:db8::1]/a.png",
            "https://例子.example/头像.png",
        ] {
            assert!(is_portrait_address(good), "{good}");
        }
        let long = format!("https://cdn.example/{}", "a".repeat(MAX_PORTRAIT_LENGTH));
        for bad in [
            "",
            "javascript:alert(1)",
            "JaVaScRiPt://cdn.example/%0aalert(1)",
            " https://cdn.example/a.png",
            "java\tscript:alert(1)",
            "data:image/svg+xml,<svg onload=alert(1)>",
            "vbscript:x",
            "file:///etc/passwd",
            "ftp://cdn.example/a.png",
            "//cdn.example/a.png",
            "/a.png",
            "https://",
            "https:///a.png",
            "https://user:secret@cdn.example/a.png",
            "https://cdn.example/a b.png",
            "https://cdn.example/\"onerror=alert(1)",
            "https://cdn.example/\u{202e}gnp.exe",
            "https://cdn.example/\u{200b}a.png",
            "https://cdn.example/\u{0}",
            long.as_str(),
        ] {
            assert!(!is_portrait_address(bad), "{bad:?}");
        }
    }

    #[test]
    fn each_field_has_its_limits() {
        let good = UserReport {
            user_id: UserId(1),
            ..UserReport::default()
        };
        assert_eq!(good.check(), Ok(()));
        let text = |length: usize| Some(Some("名".repeat(length)));
        for (report, refusal) in [
            (UserReport::default(), UserRejection::IdInvalid),
            (
                UserReport {
                    name: text(101),
                    ..good.clone()
                },
                UserRejection::NameInvalid,
            ),
            (
                UserReport {
                    name: text(0),
                    ..good.clone()
                },
                UserRejection::NameInvalid,
            ),
            (
                UserReport {
                    name: Some(Some("a\0".into())),
                    ..good.clone()
                },
                UserRejection::NameInvalid,
            ),
            (
                UserReport {
                    name: Some(Some("\u{3164}\u{200b}".into())),
                    ..good.clone()
                },
                UserRejection::NameInvalid,
            ),
            (
                UserReport {
                    code: Some("\u{3164}".into()),
                    ..good.clone()
                },
                UserRejection::CodeInvalid,
            ),
            (
                UserReport {
                    portrait_uri: text(2_001),
                    ..good.clone()
                },
                UserRejection::PortraitInvalid,
            ),
            (
                UserReport {
                    code: Some(" ".into()),
                    ..good.clone()
                },
                UserRejection::CodeInvalid,
            ),
            (
                UserReport {
                    class: Some(2),
                    ..good.clone()
                },
                UserRejection::ClassInvalid,
            ),
        ] {
            assert_eq!(report.check(), Err(refusal));
        }
        let full = UserReport {
            name: text(100),
            portrait_uri: Some(Some("https://cdn.example/ann.png".into())),
            code: Some("ANN2026".into()),
            class: Some(1),
            ..good
        };
        assert_eq!(full.check(), Ok(()));
    }
}
