//! Tests of the guard: it rejects the five kinds of hostile queries, and accepts what real clients send.

use async_graphql::Value;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::Selection;

use super::*;

fn check(query: &str) -> Result<(), Refused> {
    check_text(query)?;
    check_document(&parse_query(query).expect("the test's query parses"))
}

fn nesting(text: &str) -> usize {
    let mut nesting = Nesting::default();
    for token in tokens(text).filter(|token| token.kind == Kind::Punctuation) {
        nesting.count(token.text.as_bytes()[0]);
    }
    nesting.deepest
}

fn count(text: &str) -> usize {
    tokens(text).count()
}

/// Fragments that each spread the next one `width` times: `width ^ levels` selections from a few hundred bytes.
fn fragment_bomb(levels: usize, width: usize) -> String {
    let mut query = String::from("{ ...F0 }");
    for level in 0..levels {
        let spreads = format!("...F{} ", level + 1).repeat(width);
        query += &format!(" fragment F{level} on Q {{ {spreads} }}");
    }
    query + &format!(" fragment F{levels} on Q {{ a }}")
}

#[test]
fn deep_list_literals_never_reach_the_parser() {
    for depth in [33, 2_000, 8_000] {
        let query = format!("{{ a(z: {}1{}) }}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check_text(&query), Err(Refused::BracketsTooDeep));
    }
}

#[test]
fn deep_object_literals_never_reach_the_parser() {
    let query = format!("{{ a(z: {}1{}) }}", "{a:".repeat(1_500), "}".repeat(1_500));
    assert_eq!(check_text(&query), Err(Refused::BracketsTooDeep));
}

#[test]
fn deep_selections_never_reach_the_parser() {
    let query = format!("{}a{}", "{a".repeat(3_000), "}".repeat(3_000));
    assert_eq!(check_text(&query), Err(Refused::BracketsTooDeep));
}

#[test]
fn fragment_bombs_are_rejected_in_linear_time() {
    let started = std::time::Instant::now();
    assert_eq!(check(&fragment_bomb(8, 10)), Err(Refused::TooManySelections));
    assert_eq!(check(&fragment_bomb(25, 2)), Err(Refused::TooManySelections));
    assert_eq!(check(&fragment_bomb(60, 2)), Err(Refused::SelectionsTooDeep));
    assert!(started.elapsed().as_millis() < 500, "weighing is linear in the text");
}

#[test]
fn hundreds_of_directives_are_rejected_at_any_position() {
    let many = "@x ".repeat(300);
    for query in [
        format!("query {many} {{ a }}"),
        format!("{{ a {many} }}"),
        format!("{{ ... {many} {{ a }} }}"),
        format!("{{ ...F {many} }} fragment F on Q {{ a }}"),
        format!("{{ ...F }} fragment F on Q {many} {{ a }}"),
        format!("query($v: Int {many}) {{ a }}"),
    ] {
        assert_eq!(check(&query), Err(Refused::TooManyDirectives));
    }
}

#[test]
fn cycles_are_rejected_in_unused_fragments_too() {
    let cycle = "fragment A on Q { ...B } fragment B on Q { ...A }";
    assert!(matches!(
        check(&format!("{{ ...A }} {cycle}")),
        Err(Refused::FragmentCycle(_))
    ));
    assert!(matches!(
        check(&format!("{{ a }} {cycle}")),
        Err(Refused::FragmentCycle(_))
    ));
}

#[test]
fn a_long_chain_of_fragments_does_not_recurse_deep() {
    let links: String = (0..80)
        .map(|link| format!("fragment F{link} on Q{{a{{...F{}}}}} ", link + 1))
        .collect();
    assert_eq!(
        check(&format!("{{...F0}} {links} fragment F80 on Q{{a}}")),
        Err(Refused::SelectionsTooDeep)
    );
}

#[test]
fn all_operations_are_measured_together() {
    let fragment = format!("fragment F on Q {{ {} }}", "a ".repeat(90));
    let operations: String = (0..11)
        .map(|number| format!("query O{number} {{ b {{ ...F }} }} "))
        .collect();
    assert_eq!(
        check(&format!("{operations}{fragment}")),
        Err(Refused::TooManySelections)
    );
}

#[test]
fn aliases_count_wherever_a_fragment_is_used() {
    let query = "{ x { ...F } y { ...F } z { ...F } } fragment F on Q { a1: a a2: a a3: a a4: a a5: a a6: a a7: a a8: a a9: a b1: a b2: a }";
    assert_eq!(check(query), Err(Refused::TooManyAliases));
}

#[test]
fn long_texts_are_rejected() {
    let query = format!("{{ a }} #{}", "x".repeat(MAX_QUERY_BYTES));
    assert_eq!(check_text(&query), Err(Refused::QueryTooLong));
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let many = "[{(".repeat(100);
    assert_eq!(check(&format!("{{ a(z: \"{many} \\\" {many}\") }}")), Ok(()));
    assert_eq!(
        check(&format!("{{ a(z: \"\"\"{many} \\\"\"\" \" {many}\"\"\") }}")),
        Ok(())
    );
    assert_eq!(check(&format!("{{ # {many} \"\n a }}")), Ok(()));
    assert_eq!(check(&format!("{{ a(z: \"\", y: \"#\") }} # {many}")), Ok(()));
}

#[test]
fn nothing_hides_brackets_that_the_parser_sees() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for query in [
        format!("{{ a(y: \"\", z: {deep}) }}"),
        format!("{{ a(y: \"\"\"\"\"\", z: {deep}) }}"),
        format!("{{ a(y: \"\\\\\", z: {deep}) }}"),
        format!("# \"\n{{ a(z: {deep}) }}"),
        format!("{{ a(y: \"#\", z: {deep}) }}"),
        format!("# one line \r {{ a(z: {deep}) }}"),
        format!("{{ a(z: [\"\"\"unclosed\" {deep}]) }}"),
    ] {
        assert_eq!(check_text(&query), Err(Refused::BracketsTooDeep), "{query}");
    }
}

/// Returns the nesting of list literals in the arguments of a parsed query's first field.
fn parsed_nesting(query: &str) -> Option<usize> {
    fn depth(value: &Value) -> usize {
        match value {
            Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }
    let document = parse_query(query).ok()?;
    let (_, operation) = document.operations.iter().next()?;
    let Selection::Field(field) = &operation.node.selection_set.node.items.first()?.node else {
        return None;
    };
    field
        .node
        .arguments
        .iter()
        .filter_map(|(_, value)| value.node.clone().into_const())
        .map(|value| depth(&value))
        .max()
}

#[test]
fn the_count_is_never_below_what_the_parser_sees() {
    const PIECES: [&str; 12] = [
        "\"", "\"\"\"", "\\", "\\\"\"\"", "#", "\n", "\r", "[", "[[", "]", "]]", "1 ",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut parsed = 0;
    for _ in 0..200_000 {
        let mut text = String::from("{ a(z: [");
        for _ in 0..10 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text += PIECES[(state >> 32) as usize % PIECES.len()];
        }
        text += "]) }";
        if let Some(seen) = parsed_nesting(&text) {
            parsed += 1;
            assert!(nesting(&text) >= seen + 2, "{text:?}");
        }
    }
    assert!(parsed > 1_000, "only {parsed} of the texts parse");
}

#[test]
fn deep_json_is_refused_outside_strings() {
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(check_json(deep.as_bytes(), 100), Err(Refused::JsonTooDeep));
    assert_eq!(check_json(format!("\"{deep}\"").as_bytes(), 100), Ok(()));
    assert_eq!(
        check_json(format!("{{\"a\\\"\": {deep}}}").as_bytes(), 100),
        Err(Refused::JsonTooDeep)
    );
}

#[test]
fn json_values_are_counted_outside_strings_and_never_too_few() {
    let list = |items: usize| format!("[{}]", vec!["1"; items].join(","));
    assert_eq!(check_json(list(99).as_bytes(), 100), Ok(()));
    assert_eq!(check_json(list(100).as_bytes(), 100), Err(Refused::TooManyValues(100)));
    assert_eq!(check_json(format!("\"{}\"", list(1_000)).as_bytes(), 100), Ok(()));
    for text in [
        vec!["[]"; 100].join(","),
        vec!["{}"; 100].join(","),
        vec!["\"a\":{\"b\":1}"; 60].join(","),
    ] {
        assert_eq!(
            check_json(text.as_bytes(), 100),
            Err(Refused::TooManyValues(100)),
            "{text}"
        );
    }
}

#[test]
fn tokens_are_those_of_the_specification() {
    for (text, expected) in [
        ("", 0),
        (" ,\t\r\n\u{feff}# a comment { }", 0),
        ("{ me { id } }", 6),
        ("query Q($a: [Int!]! = [1, -2.5e+3]) @x { ...F }", 23),
        ("{a(b:\"x y \\\" z\",c:\"\"\"a \"b\" {\n c\"\"\",d:\"\")}", 14),
        ("1...2", 3),
        ("é", 1),
    ] {
        assert_eq!(count(text), expected, "{text}");
    }
}

#[test]
fn a_text_of_too_many_tokens_is_refused_before_it_is_parsed() {
    let fields = |count: usize| format!("{{ {} }}", "a ".repeat(count));
    assert_eq!(check_text(&fields(MAX_TOKENS - 2)), Ok(()));
    assert_eq!(check_text(&fields(MAX_TOKENS - 1)), Err(Refused::TooManyTokens));
    assert_eq!(check_text(&format!("{{ a }} #{}", " a".repeat(5_000))), Ok(()));
    let introspection = count(include_str!("introspection.graphql"));
    assert!(
        introspection * 3 < MAX_TOKENS,
        "{introspection} tokens of introspection"
    );
}

#[test]
fn fields_at_the_root_are_counted_through_fragments_and_under_one_name_too() {
    let root = |count: usize| "a ".repeat(count);
    assert_eq!(check(&format!("{{ {} }}", root(MAX_ROOT_FIELDS))), Ok(()));
    assert_eq!(
        check(&format!("{{ {} }}", root(MAX_ROOT_FIELDS + 1))),
        Err(Refused::TooManyRootFields)
    );
    assert_eq!(check(&format!("{{ b {{ {} }} }}", root(MAX_ROOT_FIELDS + 1))), Ok(()));
    assert_eq!(check(&format!("mutation {{ {} }}", root(MAX_ROOT_MUTATIONS))), Ok(()));
    for mutation in [
        format!("mutation {{ {} }}", root(MAX_ROOT_MUTATIONS + 1)),
        format!(
            "mutation {{ ...F ...F ... {{ a }} }} fragment F on M {{ {} }}",
            root(MAX_ROOT_MUTATIONS / 2)
        ),
    ] {
        assert_eq!(check(&mutation), Err(Refused::TooManyRootMutations), "{mutation}");
    }
}

#[test]
fn introspection_is_detected_at_any_position() {
    let asks = |query: &str| asks_for_the_schema(&parse_query(query).unwrap());
    for query in [
        "{ __schema { types { name } } }",
        "{ a: __type(name: \"Query\") { name } }",
        "{ ... { ... on Query { __schema { types { name } } } } }",
        "{ ...F } fragment F on Query { __type(name: \"A\") { name } }",
        "{ a } fragment Unused on Query { __schema { types { name } } }",
        "query A { a } query B { __schema { types { name } } }",
        include_str!("introspection.graphql"),
    ] {
        assert!(asks(query), "{query}");
    }
    assert!(!asks("{ __typename me { __typename id } __schemas }"));
}

#[test]
fn queries_of_real_clients_are_accepted() {
    assert_eq!(check("{ me { todayAwards { id } ...Missing } }"), Ok(()));
    assert_eq!(check(include_str!("introspection.graphql")), Ok(()));
}
