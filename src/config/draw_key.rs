//! The secret keys of word draws: `NEWBEE_DRAW_KEY`, or the file that `NEWBEE_DRAW_KEY_FILE` names.

use std::path::PathBuf;

use clap::Args;

use super::Problems;
use super::secret::{self, Secret};
use crate::domain::draw_keys::DrawKeys;

/// Sources of the secret keys of word draws.
#[derive(Args, Clone, Debug, Default)]
pub struct DrawKeyArgs {
    /// Secret key of word draws, 64 hexadecimal digits (openssl rand -hex 32). Append older keys, separated by
    /// commas, while their campaigns are open or may still be verified
    #[arg(long, env = "NEWBEE_DRAW_KEY", value_name = "KEY", hide_env_values = true)]
    pub draw_key: Option<String>,
    /// File with the secret keys of word draws, instead of --draw-key
    #[arg(long, env = "NEWBEE_DRAW_KEY_FILE", value_name = "FILE")]
    pub draw_key_file: Option<PathBuf>,
}

impl DrawKeyArgs {
    /// Reads the keys; empty if none are configured.
    pub fn read(&self, problems: &mut Problems) -> Option<DrawKeys> {
        let secret = secret::read(
            "NEWBEE_DRAW_KEY",
            "--draw-key",
            self.draw_key.as_deref(),
            self.draw_key_file.as_deref(),
            problems,
        )?;
        let Some(Secret { setting, text }) = secret else {
            return Some(DrawKeys::none());
        };
        let keys = DrawKeys::parse(&text);
        if keys.is_none() {
            // The value is not included: it may be a secret.
            problems.add(format!(
                "{setting}: expected keys of 64 hexadecimal digits, separated by commas. Generate one with: openssl rand -hex 32"
            ));
        }
        keys
    }

    /// Reads the keys of a production server, which rejects the demo's public key.
    pub fn read_for_serve(&self, problems: &mut Problems) -> Option<DrawKeys> {
        let keys = self.read(problems)?;
        if keys.hold_the_demo_key() {
            problems.add("NEWBEE_DRAW_KEY (or --draw-key): this is the public key of the demo. Generate one with: openssl rand -hex 32".to_owned());
            return None;
        }
        Some(keys)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::domain::draw_keys::DEMO_DRAW_KEY;

    fn read(draw_key: Option<&str>, draw_key_file: Option<PathBuf>) -> (Option<DrawKeys>, String) {
        let mut problems = Problems::default();
        let draw_key = draw_key.map(str::to_owned);
        let keys = DrawKeyArgs {
            draw_key,
            draw_key_file,
        }
        .read_for_serve(&mut problems);
        (
            keys,
            problems
                .into_result()
                .err()
                .map(|problems| problems.to_string())
                .unwrap_or_default(),
        )
    }

    #[test]
    fn keys_come_from_the_variable_or_the_file_and_are_never_repeated() {
        let key = "ab".repeat(32);
        assert!(read(None, None).0.unwrap().new_campaign_key(&[0; 32]).is_none());
        assert!(read(Some(&key), None).0.unwrap().new_campaign_key(&[0; 32]).is_some());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{key}\n{}", "cd".repeat(32)).unwrap();
        assert!(read(None, Some(file.path().to_owned())).0.is_some());
        for (draw_key, draw_key_file, part) in [
            (Some("secret"), None, "64 hexadecimal digits"),
            (Some(key.as_str()), Some(file.path().to_owned()), "set one of them"),
            (None, Some("no/such/file".into()), "cannot be read"),
            (Some(DEMO_DRAW_KEY), None, "public key of the demo"),
        ] {
            let (keys, problem) = read(draw_key, draw_key_file);
            assert!(keys.is_none() && problem.contains(part), "{problem}");
            assert!(!problem.contains("secret") && !problem.contains(&key), "{problem}");
        }
    }
}
