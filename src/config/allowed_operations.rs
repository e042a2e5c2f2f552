//! Allow list of operations for the customer API.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use super::Problems;

const SETTING: &str = "NEWBEE_ALLOWED_OPERATIONS (or --allowed-operations)";

/// Location of the allow list.
#[derive(Args, Clone, Debug, Default)]
pub struct AllowedOperationsArgs {
    /// A persisted-documents.json of graphql-codegen, or a folder of such files. /graphql then executes only the
    /// operations in them, sent by id or by exact text. Without it, /graphql executes any operation
    #[arg(long, env = "NEWBEE_ALLOWED_OPERATIONS", value_name = "FILE|FOLDER")]
    pub allowed_operations: Option<PathBuf>,
}

/// Entry of an allow list, as stored in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOperation {
    /// File of the entry, for error messages.
    pub file: PathBuf,
    /// Id that the build assigned to the text, usually its hash.
    pub id: String,
    /// Text of the document.
    pub text: String,
}

impl AllowedOperationsArgs {
    /// Reads the list; `Some(None)` if none is configured, so that all operations are allowed. The operations are
    /// validated later, against the schema.
    pub fn read(&self, problems: &mut Problems) -> Option<Option<Vec<ListedOperation>>> {
        let Some(path) = &self.allowed_operations else {
            return Some(None);
        };
        let files = match files_of(path) {
            Ok(files) => files,
            Err(error) => {
                problems.add(format!("{SETTING}: {} cannot be read: {error}", path.display()));
                return None;
            }
        };
        if files.is_empty() {
            problems.add(format!(
                "{SETTING}: the folder {} contains no .json file",
                path.display()
            ));
            return None;
        }
        let mut listed = Vec::new();
        let mut all_are_good = true;
        for file in files {
            match read_list(&file) {
                Ok(operations) => listed.extend(operations),
                Err(wrong) => {
                    all_are_good = false;
                    problems.add(format!("{SETTING}: {} {wrong}", file.display()));
                }
            }
        }
        all_are_good.then_some(Some(listed))
    }
}

fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Byte order mark that some editors save at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn read_list(file: &Path) -> Result<Vec<ListedOperation>, String> {
    let text = fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let list: Map<String, Value> = serde_json::from_slice(json).map_err(|error| {
        format!("is not a JSON object of ids and texts, as written by graphql-codegen's persistedDocuments: {error}")
    })?;
    if list.is_empty() {
        return Err("contains no operations".to_owned());
    }
    let operations = list.into_iter().map(|(id, text)| match text {
        Value::String(text) => Ok(ListedOperation {
            file: file.to_owned(),
            id,
            text,
        }),
        _ => Err(format!(
            "has a value under {id:?} that is not the text of an operation; expected an object of ids and texts, as \
             written by graphql-codegen's persistedDocuments"
        )),
    });
    operations.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Result<Option<Vec<ListedOperation>>, String> {
        let mut problems = Problems::default();
        let args = AllowedOperationsArgs {
            allowed_operations: Some(path.to_owned()),
        };
        let listed = args.read(&mut problems);
        problems.into_result().map_err(|problems| problems.to_string())?;
        Ok(listed.expect("there was no problem"))
    }

    #[test]
    fn a_file_or_all_files_of_a_folder_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (web, app) = (folder.path().join("web.json"), folder.path().join("app.json"));
        fs::write(&web, r#"{ "ab": "query Q { a }", "cd": "{ b }" }"#).unwrap();
        fs::write(&app, "\u{feff}{ \"ef\": \"{ c }\" }").unwrap();
        fs::write(folder.path().join("README.md"), "not a list").unwrap();
        let ids = |listed: Option<Vec<ListedOperation>>| {
            let listed = listed.expect("a list").into_iter();
            listed.map(|operation| operation.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(read(&web).unwrap()), ["ab", "cd"]);
        assert_eq!(ids(read(folder.path()).unwrap()), ["ef", "ab", "cd"]);
        let nothing_said = AllowedOperationsArgs::default().read(&mut Problems::default());
        assert_eq!(nothing_said, Some(None));
    }

    #[test]
    fn every_file_that_is_not_a_list_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            read(&folder.path().join("missing.json"))
                .unwrap_err()
                .contains("missing.json")
        );
        assert!(read(folder.path()).unwrap_err().contains("no .json file"));
        for (name, content) in [
            ("a.json", "not JSON"),
            ("b.json", "[]"),
            ("c.json", "{}"),
            ("d.json", r#"{ "operations": [] }"#),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let said = read(folder.path()).unwrap_err();
        for name in ["a.json", "b.json", "c.json", "d.json"] {
            assert!(said.contains(name), "{name} is missing in: {said}");
        }
    }
}
