//! BLS signatures on the curve BLS12-381: signatures in G1 (48 bytes), public keys in G2 (96 bytes), as drand's
//! quicknet uses them.
//!
//! A key has exactly one valid signature per message. Only the holder of the secret key can compute it, and anyone can
//! verify it with the public key. A signature is therefore a random value that its signer cannot choose.

use std::fmt;

use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, SecretKey, Signature};

/// Domain separation tag of RFC 9380 for signatures in G1.
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// A compressed public key.
pub type PublicKeyBytes = [u8; 96];
/// A compressed signature.
pub type SignatureBytes = [u8; 48];

/// A secret signing key.
#[derive(Clone)]
pub struct SigningKey(SecretKey);

impl SigningKey {
    /// Derives a key from 32 secret bytes and a public context; the same input gives the same key.
    pub fn derive(secret: &[u8; 32], context: &[u8]) -> Self {
        Self(SecretKey::key_gen(secret, context).expect("32 bytes are enough key material"))
    }

    /// Returns the public key that verifies the signatures of this key.
    pub fn public_key(&self) -> PublicKeyBytes {
        self.0.sk_to_pk().to_bytes()
    }

    /// Returns the one valid signature of a message.
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        self.0.sign(message, DOMAIN, &[]).to_bytes()
    }
}

/// Hides the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

/// Returns true if the signature is valid for the message and key. Malformed points and keys outside the group are
/// rejected.
pub fn is_valid(public_key: &PublicKeyBytes, message: &[u8], signature: &SignatureBytes) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::uncompress(public_key), Signature::uncompress(signature)) else {
        return false;
    };
    signature.verify(true, message, DOMAIN, &[], &key, true) == BLST_ERROR::BLST_SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_signature_is_valid() {
        let (key, other) = (SigningKey::derive(&[1; 32], b"a"), SigningKey::derive(&[1; 32], b"b"));
        let signature = key.sign(b"message");
        assert_eq!(signature, SigningKey::derive(&[1; 32], b"a").sign(b"message"));
        assert!(is_valid(&key.public_key(), b"message", &signature));
        assert!(!is_valid(&key.public_key(), b"another", &signature));
        assert!(!is_valid(&other.public_key(), b"message", &signature));
        let mut infinity = [0; 48];
        infinity[0] = 0xc0;
        let mut no_key = [0; 96];
        no_key[0] = 0xc0;
        for forged in [[0; 48], [0xff; 48], infinity] {
            assert!(!is_valid(&key.public_key(), b"message", &forged));
        }
        assert!(
            !is_valid(&no_key, b"message", &infinity),
            "the point at infinity is no key"
        );
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}
