//! `get_invitation` and `set_invitation`.

use chrono::TimeDelta;

use crate::legacy::wire::{BAD_PARAMETERS, Wire, assert_fails, success};
use crate::support::app::TestUser;

const BOUND_BEFORE: (u16, &str) = (103, "重复设置邀请码");

impl Wire {
    async fn bind(&self, user: &TestUser, code: &str) -> String {
        self.call_with("set_invitation", user, &[("parent_code", code)]).await
    }
}

#[tokio::test]
async fn an_invitation_before_and_after_its_binding() {
    let wire = Wire::start().await;
    let (parent, child) = (wire.app.add_user(9).await, wire.app.add_user(17).await);
    let created = wire.app.clock.now().timestamp();
    let unbound = format!(
        r#"{{"user_id":"17","code":"{}","class":0,"parent_id":"0","parent_code":"","update_time":"{created}","create_time":"{created}"}}"#,
        child.code
    );
    assert_eq!(wire.call("get_invitation", &child).await, success(&unbound));

    wire.app.clock.advance(TimeDelta::seconds(61));
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
    assert_eq!(wire.bind(&child, &spelled).await, bound);
    assert_eq!(wire.call("get_invitation", &child).await, read);

    wire.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(wire.bind(&child, &parent.code).await, bound, "again changes nothing");
    let other = wire.app.add_user(3).await;
    assert_fails(&wire.bind(&child, &other.code).await, BOUND_BEFORE);
    assert_eq!(wire.call("get_invitation", &child).await, read);
}

#[tokio::test]
async fn codes_that_cannot_be_bound() {
    let wire = Wire::start().await;
    let user = wire.app.add_user(1).await;
    let (child, grandchild) = (wire.app.add_user(2).await, wire.app.add_user(3).await);
    wire.bind(&child, &user.code).await;
    wire.bind(&grandchild, &child.code).await;

    assert_fails(&wire.bind(&user, &user.code).await, (110, "不能填写自己的邀请码"));
    for descendant in [&child, &grandchild] {
        assert_fails(
            &wire.bind(&user, &descendant.code).await,
            (111, "不能填写自己下级的邀请码"),
        );
    }
    for unknown in ["nobody", "123456789012", "邀请码邀请码邀请码邀请码", "a\0b"] {
        assert_fails(&wire.bind(&user, unknown).await, (102, "邀请码错误"));
    }
}

#[tokio::test]
async fn a_code_that_is_missing_or_too_long_is_a_bad_parameter() {
    let wire = Wire::start().await;
    let user = wire.app.add_user(1).await;
    assert_fails(&wire.call("set_invitation", &user).await, BAD_PARAMETERS);
    for code in [
        "",
        "   ",
        "1234567890123",
        "邀请码邀请码邀请码邀请码邀",
        "ßßßßßßß",
        "\u{3164}\u{200b}",
        &"x".repeat(50_000),
    ] {
        assert_fails(&wire.bind(&user, code).await, BAD_PARAMETERS);
    }
}
