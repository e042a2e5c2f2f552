//! Client restrictions of `serve` and `demo`: CORS origins and allowed operations.

use crate::app::ClientRules;
use crate::config::{ClientArgs, Problems};
use crate::graphql;
use crate::http::AllowedOperations;

/// Reads the settings and validates each allowed operation against the schema. Returns `None` if a setting is invalid;
/// the reasons are then added to `problems`.
pub async fn read_rules(args: &ClientArgs, problems: &mut Problems) -> Option<ClientRules> {
    let cors_origins = args.cors_origins.read(problems);
    let allowed_operations = match args.allowed_operations.read(problems)? {
        None => None,
        Some(listed) => match AllowedOperations::check(&listed, graphql::customer_schema()).await {
            Ok(allowed) => Some(allowed),
            Err(wrong) => {
                for operation in wrong {
                    problems.add(format!("NEWBEE_ALLOWED_OPERATIONS: {operation}"));
                }
                return None;
            }
        },
    };
    Some(ClientRules {
        cors_origins: cors_origins?,
        allowed_operations,
        ..ClientRules::default()
    })
}
