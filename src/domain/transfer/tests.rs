//! Lines and the records that they are read as.

use serde_json::json;

use super::*;

fn calendar() -> Calendar {
    Calendar::new(chrono_tz::Asia::Shanghai)
}

fn one(line: &str) -> Result<Record, String> {
    match parse(line, calendar()).pop().expect("a record")? {
        Parsed::Record(record) => Ok(record),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_award_of_the_source_document_is_an_award() {
    let log = r#"{"id":"22","user_id":"17","award_item":"set_fomo_id","award_type":"newbee","amount":"10.0000","coin_id":"1","target_id":"0","status":"1","create_time":"1573986332","update_time":"1573986332"}"#;
    let record = one(log).unwrap();
    assert_eq!(
        (record.kind, record.key.as_str(), record.user_id),
        ("award", "22", Some(17))
    );
    assert_eq!(record.content["business_day"], "2019-11-17");
    assert_eq!(record.content["created_at"], "2019-11-17T10:25:32.000000Z");
    assert!(!record.content.contains_key("target_id"));
    let typed = r#"{"type":"award","awardId":22,"userId":17,"item":"set_fomo_id","awardType":"NEWBEE","amount":"10","coinId":"1","status":"settled","createdAt":1573986332}"#;
    assert_eq!(one(typed).unwrap(), record);
    let reply = format!(r#"{{"success":true,"status":1,"msg":"成功","data":{{"award_logs":[{log},{log}]}}}}"#);
    assert_eq!(parse(&reply, calendar()).len(), 2);
}

#[test]
fn an_invitation_of_the_source_document_is_a_user() {
    let line = r#"{"user_id":"9","code":"OLD9","class":1,"parent_id":"17","parent_code":"OLD17","update_time":"1573986000","create_time":1573900000}"#;
    let record = one(line).unwrap();
    assert_eq!(record.content["parent_id"], 17);
    assert_eq!(record.content["bound_at"], "2019-11-17T10:20:00.000000Z");
    assert_eq!(record.content["normalised_code"], "01D9");
    let unbound = one(&line.replace("\"17\"", "\"0\"").replace("OLD17", "")).unwrap();
    assert!(!unbound.content.contains_key("parent_id") && !unbound.content.contains_key("bound_at"));
}

#[test]
fn rows_get_the_names_of_the_database() {
    let parsed = parse(
        r#"{"type":"dailyCount","userId":1,"businessDay":"2026-01-01"}"#,
        calendar(),
    );
    let columns = json!({ "user_id": 1, "business_day": "2026-01-01" });
    let expected = Parsed::Row {
        kind: "dailyCount".to_owned(),
        columns: columns.as_object().expect("an object").clone(),
    };
    assert_eq!(parsed, [Ok(expected)]);
    for name in ["award_count", "day", "reward_coin_id"] {
        assert_eq!(column_name(&field_name(name)), name);
    }
    assert_eq!(field_name("reward_coin_id"), "rewardCoinId");
}

#[test]
fn ids_are_bounded_and_times_have_a_unit() {
    let award = |id: &str, at: &str| {
        one(&format!(
            r#"{{"type":"award","awardId":{id},"userId":1,"item":"x","awardType":"DAILY","amount":"1","coinId":"1","status":"PENDING","createdAt":{at}}}"#
        ))
    };
    assert!(award("1", "1573986332").is_ok() && award("\"1\"", "\"2019-11-17T18:25:32+08:00\"").is_ok());
    for (id, at, word) in [
        ("0", "1", "awardId"),
        ("-1", "1", "awardId"),
        ("1.5", "1", "awardId"),
        ("9007199254740991", "1", "award ID"),
        ("1", "1573986332000", "milliseconds"),
        ("1", "\"2019-11-17 10:25:32\"", "createdAt"),
        ("1", "true", "createdAt"),
        ("1", "null", "createdAt is missing"),
    ] {
        let reason = award(id, at).unwrap_err();
        assert!(reason.contains(word), "{id} {at}: {reason}");
    }
}
