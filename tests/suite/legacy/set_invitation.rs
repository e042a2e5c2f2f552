//! `get_invitation` and `set_invitation`.

use chrono::TimeDelta;

use crate::legacy::wire::{BAD_PARAMETERS, assert_fails, success};
use crate::support::app::{TestApp, TestUser};

const BOUND_BEFORE: (u16, &str) = (103, "重复设置邀请码");

impl TestApp {
    async fn bind(&self, user: &TestUser, code: &str) -> String {
        self.call_with("set_invitation", user, &[("parent_code", code)]).await
    }
}

#[tokio::test]
async fn an_invitation_before_and_after_its_binding() {
    let app = TestApp::start().await;
    let (parent, child) = (app.add_user(9).await, app.add_user(17).await);
    let created = app.clock.now().timestamp();
    let unbound = format!(
        r#"{{"user_id":"17","code":"{}","class":0,"parent_id":"0","parent_code":"","update_time":"{created}","create_time":"{created}"}}"#,
        child.code
    );
    assert_eq!(app.call("get_invitation", &child).await, success(&unbound));

    app.clock.advance(TimeDelta::seconds(61));
    let bound = success(&format!(
        r#"{{"user_id":"17","code":"{}","class":1,"parent_id":"9","parent_code":"{}","update_time":{},"create_time":{created}}}"#,
        child.code,
        parent.code,
        created + 61
    ));
    // The times are numbers in the answer to a binding, and text elsewhere.
    let read = success(&format!(
        r#"{{"user_id":"17","code":"{}","class":1,"parent_id":"9","parent_code":"{}","update_time":"{}","create_time":"{created}"}}"#,
        child.code,
        parent.code,
        created + 61
    ));
    let spelled = format!("  {} ", parent.code.to_lowercase());
    assert_eq!(app.bind(&child, &spelled).await, bound);
    assert_eq!(app.call("get_invitation", &child).await, read);

    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(app.bind(&child, &parent.code).await, bound, "again changes nothing");
    let other = app.add_user(3).await;
    assert_fails(&app.bind(&child, &other.code).await, BOUND_BEFORE);
    assert_eq!(app.call("get_invitation", &child).await, read);
}

#[tokio::test]
async fn codes_that_cannot_be_bound() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let (child, grandchild) = (app.add_user(2).await, app.add_user(3).await);
    app.bind(&child, &user.code).await;
    app.bind(&grandchild, &child.code).await;

    assert_fails(&app.bind(&user, &user.code).await, (110, "不能填写自己的邀请码"));
    for descendant in [&child, &grandchild] {
        assert_fails(
            &app.bind(&user, &descendant.code).await,
            (111, "不能填写自己下级的邀请码"),
        );
    }
    for unknown in ["nobody", "123456789012", "邀请码邀请码邀请码邀请码", "a\0b"] {
        assert_fails(&app.bind(&user, unknown).await, (102, "邀请码错误"));
    }
}

#[tokio::test]
async fn a_code_that_is_missing_or_too_long_is_a_bad_parameter() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    assert_fails(&app.call("set_invitation", &user).await, BAD_PARAMETERS);
    for code in [
        "",
        "   ",
        "1234567890123",
        "邀请码邀请码邀请码邀请码邀",
        "ßßßßßßß",
        "\u{3164}\u{200b}",
        &"x".repeat(50_000),
    ] {
        assert_fails(&app.bind(&user, code).await, BAD_PARAMETERS);
    }
}
