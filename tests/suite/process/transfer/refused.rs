//! Refused lines: each is named with its reason, and everything else is imported.

use std::process::Stdio;

use super::{award, file, import, import_with, user, value};
use crate::support::database::TestDatabase;
use crate::support::program::{newbee, run};
use crate::support::wait_until;

/// Lines that are wrong by themselves, with the reason.
const WRONG: &[(&str, &str)] = &[
    (
        "{\"type\":\"user\",\"userId\":1",
        "The line ends within a JSON value. Write each object in one line, as `jq -c . FILE` does.",
    ),
    (
        "{",
        "The line ends within a JSON value. Write each object in one line, as `jq -c . FILE` does.",
    ),
    ("nonsense", "Not JSON: expected ident (column 2)."),
    ("[1]", "Expected a JSON object."),
    ("{\"a\":1}", "type is missing, such as \"user\" or \"award\"."),
    ("{\"award_logs\":5}", "award_logs: expected a list."),
    (r#"{"award_logs":[{"id":"0"}]}"#, "award_logs[0]: status is missing."),
    (r#"{"type":7}"#, "type: expected a text, got 7."),
    (r#"{"type":"user"}"#, "userId is missing."),
    (
        r#"{"type":"user","userId":"x"}"#,
        "userId: expected a positive integer, got \"x\".",
    ),
    (r#"{"type":"user","userId":1}"#, "createdAt is missing."),
    (
        r#"{"type":"user","userId":1,"createdAt":1573986332000}"#,
        "createdAt: expected Unix seconds (not milliseconds), or a time such as 2026-11-22T03:04:05Z, got 1573986332000.",
    ),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"nmae":"x"}"#,
        "nmae: unknown field.",
    ),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"code":"1234567890123"}"#,
        "An invitation code is 1-12 visible characters without control characters.",
    ),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"parentId":2}"#,
        "boundAt is missing: the time when the parent was bound.",
    ),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"parentId":1,"boundAt":2}"#,
        "parentId is the user's own ID.",
    ),
    (
        r#"{"type":"award","awardId":1,"userId":1,"item":"sign_in","awardType":"DAILY","amount":"1.00001","coinId":"1","status":"VOID","createdAt":1}"#,
        "amount: expected an amount as a text with at most four decimal places, such as \"10.0000\", got \"1.00001\".",
    ),
    (
        r#"{"type":"award","awardId":1,"userId":1,"item":"sign_in","awardType":"HOURLY","amount":"1","coinId":"1","status":"VOID","createdAt":1}"#,
        "awardType: expected one of ",
    ),
    (
        r#"{"type":"award","awardId":1,"userId":1,"item":"sign_in","awardType":"DAILY","amount":"-1","coinId":"1","status":"VOID","createdAt":1}"#,
        "amount: expected an amount above zero and below 10^16.",
    ),
    (
        r#"{"type":"openingBalance","userId":1,"coinId":"1","amount":"0","at":1}"#,
        "amount: expected an amount other than zero, below 10^16; omit users without a balance.",
    ),
    (
        r#"{"type":"streak","userId":1,"lastDay":"2026-2-3","length":1}"#,
        "lastDay: expected a day from 1900-01-01 to 9999-12-31, such as 2026-11-22, got \"2026-2-3\".",
    ),
    (
        r#"{"type":"dailyCount","userId":1,"businessDay":"2026-01-01","item":"x","count":"many"}"#,
        "invalid input syntax for type integer: \"many\".",
    ),
    (
        r#"{"type":"dailyCount","userId":1,"businessDay":"2026-01-01","count":1}"#,
        "item is missing.",
    ),
    (
        r#"{"type":"dailyCount","userId":1,"businessDay":"2026-01-01","item":"x","number":1}"#,
        "number: unknown field.",
    ),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"parentCode":"\u0000"}"#,
        "parentCode: expected a text without zero characters, got \"\\u0000\".",
    ),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"\u0000":1}"#,
        "\u{2400}: unknown field.",
    ),
    (
        r#"{"type":"dailyCount","userId":1,"businessDay":"2026-01-01","item":"\u0000","count":1}"#,
        "unsupported Unicode escape sequence: \\u0000 cannot be converted to text.",
    ),
    (r#"{"type":"person","userId":1}"#, "type: expected one of user, award, "),
    (
        r#"{"type":"user","userId":1,"createdAt":1,"lastChange":9223372036854775807}"#,
        "lastChange: expected a number from 0 to 9000000000000000, got 9223372036854775807.",
    ),
    (
        r#"{"type":"award","awardId":1,"userId":1,"item":"sign_in","awardType":"DAILY","amount":"1","coinId":"1","status":"VOID","createdAt":1,"ruleVersion":99999999999}"#,
        "ruleVersion: expected a positive integer up to 2147483647, got 99999999999.",
    ),
    (
        r#"{"type":"award","awardId":1,"userId":1,"item":"sign_in","awardType":"DAILY","amount":"1","coinId":"1","status":"VOID","createdAt":1,"sourceKey":"\n"}"#,
        "sourceKey: expected at most 100 characters without control characters, got \"\\n\".",
    ),
    (
        r#"{"type":"claim","userId":1,"campaignId":1,"shareNumber":99999999999,"amount":"1","claimant":"x"}"#,
        "shareNumber: expected a positive integer up to 2147483647, got 99999999999.",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_line_is_named_and_the_others_are_imported() {
    let database = TestDatabase::create().await;
    let good = r#"{"type":"user","userId":5,"createdAt":1}"#;
    let mut lines: Vec<&str> = WRONG.iter().map(|(line, _)| *line).collect();
    lines.push(good);
    let done = import(&database, &lines.join("\n")).await;
    assert_eq!(done.code, Some(1));
    let named: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("line ")).collect();
    assert_eq!(named.len(), WRONG.len(), "{}", done.stderr);
    for (number, ((line, reason), named)) in (1..).zip(WRONG.iter().zip(named)) {
        assert!(
            named.starts_with(&format!("line {number}: {reason}")),
            "{line}: {named}"
        );
    }
    assert_eq!(
        value(&database, "select string_agg(user_id::text, ' ') from users").await,
        "5"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_the_database_or_another_line_is_refused() {
    let database = TestDatabase::create().await;
    let first = [user(1, r#","code":"ONE","name":"Ann""#), user(2, ""), award(10, 1, "5")].join("\n");
    import(&database, &first).await.succeeded();
    let second = [
        user(1, r#","code":"ONE","name":"Bob""#),
        user(3, r#","name":"Cid""#),
        user(3, r#","name":"Dan""#),
        user(4, r#","code":"0ne""#),
        award(10, 2, "5"),
        award(11, 2, "5"),
        award(11, 2, "6"),
        award(12, 77, "5"),
        award(13, 3, "5"),
        award(14, 2, "5").replace("join_group", "fly"),
        award(15, 2, "5"),
        award(15, 2, "5"),
        user(5, r#","code":"FIVE""#),
        user(6, r#","code":"five ""#),
        r#"{"type":"place","userId":2,"campaign":"libra","reservedAt":1}"#.to_owned(),
        r#"{"type":"claim","campaignId":1,"shareNumber":1,"claimNumber":1,"userId":2,"awardId":15,"amount":"1","claimedAt":1,"claimant":"00"}"#.to_owned(),
        r#"{"type":"day","day":"9000-01-01","state":"CLOSED","closedAt":"9000-01-02T00:00:00Z"}"#.to_owned(),
        r#"{"type":"day","day":"0044-03-15 BC","state":"CLOSED","closedAt":"2026-01-02T00:00:00Z"}"#.to_owned(),
    ]
    .join("\n");
    let done = import(&database, &second).await;
    done.refused(&[
        "line 1: user 1: The user has another name.",
        "line 2: user 3: Line 3 has other data for it.",
        "line 3: user 3: Line 2 has other data for it.",
        "line 4: user 4: The code 0ne equals the code ONE of user 1 in the database.",
        "line 5: award 10: Award 10 belongs to user 1.",
        "line 6: award 11: Line 7 has other data for it.",
        "line 7: award 11: Line 6 has other data for it.",
        "line 8: award 12: User 77 is neither in the import nor in the database.",
        "line 9: award 13: User 3 is not imported (line 2).",
        "line 10: award 14: The rule catalogue has no item fly. Create it first: newbee rule set fly",
        "line 13: user 5: The code FIVE equals the code five of user 6 in line 14.",
        "line 14: user 6: The code five equals the code FIVE of user 5 in line 13.",
        "line 15: place 2/libra: There is no reservation campaign libra. Create it first: newbee reservation create libra",
        "line 16: claimant: expected 64 hexadecimal digits.",
        "line 17: day 9000-01-01: The day is not over, so it cannot be closed.",
        "line 18: day 0044-03-15 BC: The day is not between 1900-01-01 and 9999-12-31.",
    ]);
    assert_eq!(
        (done.count("award", "imported"), done.count("award", "repeated")),
        (1, 1)
    );
    assert_eq!(
        value(&database, "select string_agg(award_id::text, ' ') from awards").await,
        "10 15"
    );
    assert_eq!(
        value(
            &database,
            "select string_agg(user_id::text, ' ' order by user_id) from users"
        )
        .await,
        "1 2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_rules_are_checked_as_by_set_rule() {
    let database = TestDatabase::create().await;
    let text = |item: &str, more: &str| format!(r#"{{"type":"ruleText","item":"{item}",{more}}}"#);
    let link = r#""titleEn":"Sign in","link":"javascript://%0aalert(1)""#;
    let huge = format!(r#""descriptionEn":"{}""#, "名".repeat(100_000));
    let lines = [
        text("sign_in", link),
        text("sign_in", r#""titleZh":"\u200b","titleEn":" x""#),
        text("sign_in", &huge),
        text("sign_in", r#""titleEn":"a\u0000b""#),
        text("sign_in", r#""title":"Sign in""#),
        text("nobody", r#""titleEn":"Later""#),
        text(
            "join_group",
            r#""titleEn":"Join a group","titleZh":"加入群组","link":"chatapp://groups""#,
        ),
    ]
    .join("\n");
    let done = import(&database, &lines).await;
    let line = |field: &str, most: usize| {
        format!("{field} must be one line of 1 to {most} characters without control characters; null removes it.")
    };
    let [english, chinese, description] = [line("titleEn", 80), line("titleZh", 80), line("descriptionEn", 500)];
    done.refused(&[
        "line 1: link must be an https URL or a deep link of your app, such as chatapp://groups: at most 500 ASCII characters, \
         without user name, password, spaces or quotes; null removes it.",
        &format!("line 2: {english} {chinese}"),
        &format!("line 3: {description}"),
        "line 4: unsupported Unicode escape sequence: \\u0000 cannot be converted to text.",
        "line 5: title: unknown field.",
        "line 6: ruleText nobody: The rule catalogue has no item nobody. Create it first: newbee rule set nobody",
    ]);
    let stored = "select string_agg(concat_ws(' ', item, title_en, title_zh, link), ', ') from rule_texts";
    assert_eq!(
        value(&database, stored).await,
        "join_group Join a group 加入群组 chatapp://groups"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_refused_lines_go_to_a_file_on_request() {
    let database = TestDatabase::create().await;
    let lines = "x\n".repeat(150);
    let done = import(&database, &lines).await;
    assert_eq!(
        done.stderr.lines().filter(|line| line.starts_with("line ")).count(),
        100
    );
    assert!(
        done.stderr.contains("… and 50 more; --errors FILE writes all of them."),
        "{}",
        done.stderr
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refused.txt");
    let done = import_with(&database, &lines, &["--errors", path.to_str().unwrap()]).await;
    assert!(!done.stderr.contains("line "), "{}", done.stderr);
    assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_files_are_refused_before_anything_happens() {
    let database = TestDatabase::create().await;
    let (folder, path) = file("{\"coins\":{\"1\":{\"paid\":{}}}}");
    let path = path.to_str().unwrap();
    let nowhere = folder.path().join("none/none");
    let nowhere = nowhere.to_str().unwrap();
    let arguments = ["import", nowhere, "--totals", path, "--errors", nowhere];
    let (code, _, stderr) = run(&database, &arguments).await;
    assert_eq!(code, Some(2), "{stderr}");
    for part in ["FILE: ", "--totals: ", "coins.1.paid: unknown figure", "--errors: "] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    let header = r#"{"type":"newbeeExport","version":1,"timeZone":"Europe/London"}"#;
    let done = import(&database, header).await;
    assert_eq!(done.code, Some(1));
    assert!(
        done.stderr
            .contains("Europe/London, but this installation has Asia/Shanghai"),
        "{}",
        done.stderr
    );
    let done = import(&database, &header.replace(":1,", ":2,")).await;
    assert!(done.stderr.contains("version 2 of the format"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_pipe_is_an_import_of_nothing() {
    let database = TestDatabase::create().await;
    let mut command = newbee();
    command
        .args(["import", "-"])
        .envs(database.environment())
        .stdin(Stdio::piped());
    let output = command
        .spawn()
        .expect("newbee starts")
        .wait_with_output()
        .await
        .expect("newbee ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_import_runs_at_a_time() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let mut other = pool.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(28258, -1)")
        .execute(&mut other)
        .await
        .unwrap();
    let done = import(&database, &user(1, "")).await;
    assert!(
        done.code == Some(1) && done.stderr.contains("Another import is running"),
        "{}",
        done.stderr
    );
    // One that ends at this moment, such as one that was killed, is waited for.
    let ends = async {
        wait_until("the import has looked once", async || {
            let looked = "select exists (select 1 from pg_stat_activity where datname = current_database()
                          and query like 'select pg_try_advisory_lock%' and pid <> pg_backend_pid())";
            sqlx::query_scalar::<_, bool>(looked).fetch_one(&pool).await.unwrap()
        })
        .await;
        sqlx::query("select pg_advisory_unlock(28258, -1)")
            .execute(&mut other)
            .await
            .unwrap();
    };
    let lines = user(1, "");
    let (done, ()) = tokio::join!(import(&database, &lines), ends);
    done.succeeded();
    drop(other);
    pool.close().await;
}
