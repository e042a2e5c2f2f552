//! Read replicas in `newbee status`.

use serde_json::{Value, json};

use crate::store::replicas::{State, Status};

/// Returns the replicas as JSON.
pub fn as_values(replicas: &[Status]) -> Value {
    let value = |replica: &Status| {
        let (state, reason) = match &replica.state {
            State::Used => ("USED", None),
            State::Primary => ("PRIMARY", None),
            State::Unused(trouble) => ("UNUSED", Some(trouble.to_string())),
        };
        json!({ "address": replica.address, "state": state, "lagSeconds": replica.lag.as_secs_f64(), "reason": reason })
    };
    replicas.iter().map(value).collect()
}

/// Lists the replicas, one a line.
pub fn text(replicas: &[Status]) -> String {
    let line = |replica: &Status| match &replica.state {
        State::Used => format!("{}: used", replica.address),
        State::Primary => format!("{}: the primary at present", replica.address),
        State::Unused(trouble) => format!("{}: not used, {trouble}", replica.address),
    };
    let lines: Vec<_> = replicas.iter().map(line).collect();
    lines.join("\n")
}

/// Returns a remark for each replica that is not used.
pub fn unused(replicas: &[Status]) -> impl Iterator<Item = String> {
    let unused = replicas
        .iter()
        .filter(|replica| matches!(replica.state, State::Unused(_)));
    unused.map(|replica| format!("the read replica {} is not used", replica.address))
}
