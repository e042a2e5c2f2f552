//! Signatures by the specification Standard Webhooks, version 1: HMAC-SHA256 over ID, time and body.

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the ID of the message: the same in every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// Header with the time of the attempt in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header with one signature per secret.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// Returns the signatures of a message with each of the secrets, separated by spaces.
pub fn sign(secrets: &[&[u8]], id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length is valid");
            mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
            mac.update(body);
            format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        let secret = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signed = sign(
            &[&secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_give_two_signatures() {
        let at = DateTime::UNIX_EPOCH;
        let (one, two) = (sign(&[b"a"], "id", at, b"{}"), sign(&[b"b"], "id", at, b"{}"));
        assert_eq!(sign(&[b"a", b"b"], "id", at, b"{}"), format!("{one} {two}"));
    }
}
