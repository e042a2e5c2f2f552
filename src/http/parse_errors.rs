//! Parse errors as people can read them: the parser library draws the place into its message, over several lines, although
//! the place is told apart in `locations` anyway.

use async_graphql::{ServerError, parser};

/// The error of a text that is not a GraphQL document: one line, with its place in `locations`.
pub(super) fn tidy(error: parser::Error) -> ServerError {
    let mut tidied = ServerError::from(error);
    tidied.message = format!("Syntax error: {}", sentence(&tidied.message));
    tidied
}

/// The drawing ends with a line `  = expected selection_set`, which alone says something.
fn sentence(message: &str) -> String {
    let told = message
        .lines()
        .rev()
        .find_map(|line| line.trim_start().strip_prefix("= "))
        .unwrap_or(message);
    told.replace("EOI", "the end of the document").replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(query: &str) -> ServerError {
        tidy(parser::parse_query(query).expect_err("does not parse"))
    }

    #[test]
    fn the_drawing_is_gone_and_the_place_is_told() {
        let error = error_of("{ a(");
        assert!(
            error.message.starts_with("Syntax error: expected "),
            "{}",
            error.message
        );
        assert!(
            !error.message.contains('\n') && !error.message.contains("-->"),
            "{}",
            error.message
        );
        assert_eq!((error.locations[0].line, error.locations[0].column), (1, 5));
    }

    #[test]
    fn errors_without_a_drawing_stay() {
        assert_eq!(
            error_of("{ a } { b }").message,
            "Syntax error: document contains multiple operations"
        );
    }
}
