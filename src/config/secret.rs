//! Secrets, which are given as a value or as a file that contains it.

use std::path::Path;

use super::Problems;

/// A secret with the setting that it comes from, for messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Secret {
    pub setting: String,
    pub text: String,
}

/// Returns the secret of `variable` (or of the flag `flag`), or the content of the file of `variable` with `_FILE` (or of
/// the flag with `-file`), without white space around it. `Some(None)` if neither is set; `None` if both are, or if the
/// file cannot be read, which is reported.
pub fn read(
    variable: &str,
    flag: &str,
    value: Option<&str>,
    file: Option<&Path>,
    problems: &mut Problems,
) -> Option<Option<Secret>> {
    let (setting, text) = match (value, file) {
        (None, None) => return Some(None),
        (Some(_), Some(_)) => {
            problems.add(format!(
                "{variable} and {variable}_FILE (or {flag}, {flag}-file): set one of them"
            ));
            return None;
        }
        (Some(value), None) => (format!("{variable} (or {flag})"), value.to_owned()),
        (None, Some(file)) => {
            let setting = format!("{variable}_FILE (or {flag}-file): {}", file.display());
            match std::fs::read_to_string(file) {
                Ok(text) => (setting, text),
                Err(error) => {
                    problems.add(format!("{setting} cannot be read: {error}"));
                    return None;
                }
            }
        }
    };
    let text = text.trim().to_owned();
    Some(Some(Secret { setting, text }))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_secret_is_read_from_its_value_or_its_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "from a file\r").unwrap();
        let mut problems = Problems::default();
        let mut read = |value, file| read("NEWBEE_X", "--x", value, file, &mut problems);
        assert_eq!(read(None, None), Some(None));
        let text = |secret: Option<Option<Secret>>| secret.unwrap().unwrap().text;
        assert_eq!(text(read(Some("a value"), None)), "a value");
        assert_eq!(text(read(None, Some(file.path()))), "from a file");
        assert_eq!(read(Some("a value"), Some(file.path())), None);
        assert_eq!(read(None, Some(Path::new("/no/such/file"))), None);
        let said = problems.into_result().unwrap_err().to_string();
        for part in [
            "NEWBEE_X and NEWBEE_X_FILE (or --x, --x-file): set one of them",
            "NEWBEE_X_FILE (or --x-file): /no/such/file cannot be read: ",
        ] {
            assert!(said.contains(part), "{part} is missing in: {said}");
        }
        assert!(!said.contains("a value") && !said.contains("from a file"), "{said}");
    }
}
