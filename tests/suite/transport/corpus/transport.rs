//! Malformed HTTP: bytes that are no request, broken heads and bodies, other methods and media types.

use super::case::{Case, ENDPOINTS, End, Http, Keys, graphql};
use super::queries::CUSTOMER;
use super::random::Random;

/// Bytes without sense, from none at all to what begins like a request.
pub fn raw_bytes(random: &mut Random, _: &Keys) -> Case {
    let count = random.between(0, 2_000);
    let noise = random.bytes(count);
    let bytes = match random.below(6) {
        0 => noise,
        1 => noise.iter().map(|byte| byte & 0x7f).collect(),
        2 => [b"POST /graphql HTTP/1.1\r\n", noise.as_slice()].concat(),
        3 => [b"GET /", noise.as_slice(), b" HTTP/1.1\r\nhost: a\r\n\r\n"].concat(),
        4 => [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", noise.as_slice()].concat(),
        _ => [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", noise.as_slice()].concat(),
    };
    Case {
        kind: "raw bytes",
        bytes,
        end: End::Anyhow,
    }
}

/// Lines of a head that contradict each other, are too many, too long, or of no known kind.
pub fn head_games(random: &mut Random, keys: &Keys) -> Case {
    let endpoint = random.text(&ENDPOINTS);
    let body = graphql("{ __typename }", "{}");
    let request = Http::post_json(endpoint, keys, body.clone());
    let length = body.len().to_string();
    match random.below(15) {
        0 => request
            .header("content-length", length.clone())
            .header("content-length", "7"),
        1 => request
            .header("content-length", length)
            .header("transfer-encoding", "chunked"),
        2 => request.header("content-length", "-1"),
        3 => request.header("content-length", "99999999999999999999999999"),
        4 => request.header("transfer-encoding", "gzip, chunked"),
        5 => request
            .header("content-length", length)
            .header("expect", "100-continue"),
        6 => {
            let many = random.between(90, 2_000);
            (0..many).fold(request.header("content-length", length), |request, number| {
                request.header(&format!("x-{number}"), "y")
            })
        }
        7 => {
            let value = "v".repeat(random.magnitude());
            request.header("content-length", length).header("x-long", value)
        }
        8 => request
            .header("content-length", length)
            .header("authorization", "Bearer another"),
        9 => {
            let value = random.bytes(40);
            let value: Vec<u8> = value.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
            let name = random.text(&[
                "accept",
                "content-type",
                "x-request-id",
                "traceparent",
                "authorization",
                "host",
                "cookie",
            ]);
            request.header("content-length", length).header(name, value)
        }
        10 => request
            .header("content-length", length)
            .header("content-encoding", random.text(&["gzip", "br", "x"]).to_string()),
        11 => request
            .header("content-length", length)
            .header("x y", "bad name")
            .header("", "none"),
        12 => {
            let forwarded = random.text(&[
                "for=\"[",
                "for=;;;,,,",
                "\"\"\"",
                ",,,,,,,,",
                "for=1.2.3.4:99999, for=_x",
            ]);
            let request = request.header("content-length", length).header("forwarded", forwarded);
            request.header("x-forwarded-for", ",".repeat(random.between(1, 5_000)))
        }
        13 => request
            .header("content-length", length)
            .header("upgrade", "websocket")
            .header("connection", "upgrade"),
        _ => request
            .header("content-length", length)
            .header("accept", "*/*;q=".to_owned() + &"9".repeat(random.between(1, 300))),
    }
    .anyhow("head games")
}

/// Bodies that end early, go on too long, or come in chunks that are none.
pub fn broken_bodies(random: &mut Random, keys: &Keys) -> Case {
    let endpoint = random.text(&ENDPOINTS);
    let body = graphql(random.text(&CUSTOMER), "{}");
    let cut = random.below(body.len());
    let request = |body: Vec<u8>| Http::post_json(endpoint, keys, body);
    match random.below(7) {
        0 => request(body.as_bytes()[..cut].to_vec()).header("content-length", body.len().to_string()),
        1 => request(body.clone().into_bytes()).header("content-length", cut.to_string()),
        2 => {
            let chunks = format!("{:x}\r\n{}\r\n", cut, &body[..body.floor_char_boundary(cut)]);
            request(chunks.into_bytes()).header("transfer-encoding", "chunked")
        }
        3 => request(format!("zz\r\n{body}\r\n0\r\n\r\n").into_bytes()).header("transfer-encoding", "chunked"),
        4 => request(b"ffffffffffffffffff\r\nx".to_vec()).header("transfer-encoding", "chunked"),
        5 => {
            let chunks: String = body
                .chars()
                .map(|letter| format!("{:x};a=b\r\n{letter}\r\n", letter.len_utf8()))
                .collect();
            request(format!("{chunks}0\r\nx-trailer: y\r\n\r\n").into_bytes()).header("transfer-encoding", "chunked")
        }
        _ => request(body.into_bytes()),
    }
    .anyhow("broken body")
}

const MEDIA_TYPES: [&str; 10] = [
    "",
    "text/plain",
    "application/graphql",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "application/json;;;=;charset",
    "application/jsonp",
    "multipart/form-data",
    "multipart/form-data; boundary=----x",
    "application/octet-stream",
];

/// Bodies of other media types than they should be, uploads among them, and batches.
pub fn other_bodies(random: &mut Random, keys: &Keys) -> Case {
    let endpoint = random.text(&ENDPOINTS);
    let query = random.text(&CUSTOMER);
    let one = graphql(query, "{}");
    let body = match random.below(6) {
        0 => format!("[{}]", vec![one.as_str(); random.between(0, 200)].join(",")),
        1 => {
            let part = |name: &str, text: &str| {
                format!("------x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
            };
            let files = random.between(0, 50);
            let file: String = (0..files)
                .map(|number| part(&number.to_string(), "\u{0}file\r\n"))
                .collect();
            format!(
                "{}{}{file}------x--\r\n",
                part("operations", &one),
                part("map", "{\"0\":[\"variables.file\"]}")
            )
        }
        2 => format!("query={query}&variables=%7B%7D"),
        3 => query.to_owned(),
        4 => String::new(),
        _ => one,
    };
    let media_type = random.text(&MEDIA_TYPES);
    let method = random.text(&["POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]);
    Http::new(method, endpoint)
        .header("authorization", format!("Bearer {}", keys.session))
        .header(
            "content-type",
            if random.one_in(3) {
                "application/json"
            } else {
                media_type
            },
        )
        .body(body)
        .whole("other body")
}

/// Queries in addresses, encoded well, badly or not at all.
pub fn addresses(random: &mut Random, keys: &Keys) -> Case {
    let query = random.text(&CUSTOMER);
    let encoded: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let piece = random
        .text(&[
            "%",
            "%zz",
            "%ff",
            "%00",
            "%c0%af",
            "&",
            "=",
            "+",
            ";",
            "#",
            "%ed%a0%80",
            "?",
        ])
        .to_string();
    let at = random.below(encoded.len());
    let broken = format!("{}{piece}{}", &encoded[..at], &encoded[at..]);
    let endpoint = random.text(&[
        "/graphql",
        "/admin/graphql",
        "/customer/get_children",
        "/customer/",
        "/readyz",
        "/schema.graphql",
    ]);
    let target = match random.below(8) {
        0 => format!("{endpoint}?query={encoded}"),
        1 => format!("{endpoint}?query={broken}"),
        2 => format!(
            "{endpoint}?query={encoded}&variables={}",
            random.text(&["%7B", "[]", "%7B%22a%22:1%7D", "null", "1e999"])
        ),
        3 => format!("{endpoint}?query={encoded}&extensions=%7B%22persistedQuery%22%3A{piece}%7D"),
        4 => format!(
            "{endpoint}?{}",
            format!("query={piece}&").repeat(random.between(1, 3_000))
        ),
        5 => format!("{endpoint}/{broken}/../..//{piece}"),
        6 => format!("{endpoint}?query=%7B{}", "%5B".repeat(random.between(1, 10_000))),
        _ => format!(
            "{endpoint}?session_key={}&operationName={piece}&query={encoded}",
            keys.session
        ),
    };
    let method = random.text(&["GET", "GET", "GET", "HEAD", "DELETE", "TRACE"]);
    let request = Http::new(method, &target).header("authorization", format!("Bearer {}", keys.session));
    // An address that is none is refused with a reply or with the connection's end.
    let mut case = request.whole("address");
    case.end = End::Anyhow;
    case
}

/// Names of documents in place of their text, and operations by names that are not there.
pub fn persisted(random: &mut Random, keys: &Keys) -> Case {
    let hash = match random.below(4) {
        0 => "\"\"".to_owned(),
        1 => format!("\"{}\"", "0123456789abcdef".repeat(4)),
        2 => format!("\"{}\"", "f".repeat(random.magnitude())),
        _ => random.text(&["null", "1", "{}", "[]"]).to_string(),
    };
    let version = random.text(&["1", "2", "-1", "\"1\"", "null", "1e400"]);
    let query = match random.below(3) {
        0 => String::new(),
        1 => "\"query\":\"\",".to_owned(),
        _ => format!("\"query\":{},", serde_json::Value::from(random.text(&CUSTOMER))),
    };
    let name = random.text(&["null", "\"A\"", "\"\"", "7", "\"\\u0000\""]);
    let body = format!(
        "{{{query}\"operationName\":{name},\"extensions\":{{\"persistedQuery\":{{\"version\":{version},\"sha256Hash\":{hash}}}}}}}"
    );
    let endpoint = random.text(&["/graphql", "/admin/graphql"]);
    let mut case = Http::post_json(endpoint, keys, body).whole("persisted document");
    if case.bytes.len() > 100_000 {
        case.end = End::Anyhow;
    }
    case
}
