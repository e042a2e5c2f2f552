//! The playground: GraphiQL for both APIs, built from the sources in `playground/` by `node build.mjs` there.
//!
//! A release build embeds the files of an earlier page build. Otherwise they are read from disk at each request: from
//! the source tree that newbee was built in, or from a directory `dist` beside the program. If there are none, a page
//! explains what to do.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::domain::language::Language;
use crate::http::static_files::{File, Files, InMemoryFile, Overlay, Site};

/// Content-Security-Policy of the playground: [`STRICT_POLICY`](crate::http::static_files::STRICT_POLICY), plus what
/// GraphiQL's editor requires, inline styles and workers from files of the site. Nothing from other hosts is allowed. A
/// test compares both policies.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const UNBUILT: &str = include_str!("unbuilt.html");
/// Command that builds the files, run in the source tree.
pub const BUILD_COMMAND: &str = "node src/web/playground/build.mjs";

/// Server settings for the pages, served as `settings.json` beside them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Playground {
    /// Role of the server, for display: `demo` or `serve`.
    pub environment: &'static str,
    /// Users of the demo; empty elsewhere.
    pub users: Vec<PlaygroundUser>,
    /// API key of the demo; `None` elsewhere.
    pub api_key: Option<&'static str>,
    #[serde(skip)]
    pub build: PlaygroundBuild,
}

/// Public keys of a demo.
#[derive(Clone, Debug)]
pub struct PublicKeys {
    pub users: Vec<PlaygroundUser>,
    pub api_key: &'static str,
}

/// A user of the demo, with a public key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaygroundUser {
    pub name: &'static str,
    pub key: &'static str,
    pub shows: &'static str,
    pub shows_zh: &'static str,
    pub is_expired: bool,
}

/// State of a page build by this process, if any. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct PlaygroundBuild(Arc<Mutex<BuildState>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BuildState {
    /// This process has started no build.
    #[default]
    None,
    Running,
    /// The build failed, for this reason.
    Failed(String),
}

impl PlaygroundBuild {
    pub fn set(&self, state: BuildState) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> BuildState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns the playground of the customer API.
pub fn for_customers(playground: &Playground) -> Site {
    page(&Playground {
        api_key: None,
        ..playground.clone()
    })
}

/// Returns the playground of the admin API: the same files with different settings.
pub fn for_admins(playground: &Playground) -> Site {
    page(&Playground {
        users: Vec::new(),
        ..playground.clone()
    })
}

fn page(playground: &Playground) -> Site {
    let settings = serde_json::to_string(playground).expect("texts always make JSON");
    let build = playground.build.clone();
    Site::new(Overlay(InMemoryFile("settings.json", settings), Built::find()), POLICY)
        .or_until_built(move |language| unbuilt(language, &build.get()))
}

/// Returns true if the pages are embedded in the program.
#[must_use]
pub fn is_embedded() -> bool {
    embedded(INDEX).is_some()
}

/// Returns true if the pages can be served now.
#[must_use]
pub fn is_built() -> bool {
    Built::find().read(INDEX).is_some()
}

const INDEX: &str = "index.html";

/// Files of the latest build that can be found.
struct Built {
    folders: [Option<PathBuf>; 2],
}

impl Built {
    fn find() -> Self {
        let clone = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/playground/dist"));
        let program = std::env::current_exe().ok();
        let beside = program.and_then(|program| Some(program.parent()?.join("dist")));
        Self {
            folders: [Some(clone), beside],
        }
    }
}

impl Files for Built {
    fn read(&self, name: &str) -> Option<File> {
        if is_embedded() {
            return embedded(name);
        }
        // The stamp file distinguishes a playground build from any other directory of that name.
        let mut folders = self.folders.iter().flatten();
        let folder = folders.find(|folder| folder.join(INDEX).is_file() && folder.join(".built-from").is_file())?;
        std::fs::read(folder.join(name)).ok().map(File::of)
    }
}

#[cfg(embedded_pages)]
fn embedded(name: &str) -> Option<File> {
    /// Not compressed again: the directory contains compressed siblings of the files.
    #[derive(rust_embed::RustEmbed)]
    #[folder = "src/web/playground/dist"]
    #[allow_missing = true]
    struct Dist;
    crate::http::static_files::Embedded::<Dist>::default().read(name)
}

#[cfg(not(embedded_pages))]
fn embedded(_name: &str) -> Option<File> {
    None
}

/// Renders the page that replaces the playground, for each state of the build.
fn unbuilt(language: Language, build: &BuildState) -> String {
    let (title, about, command) = match (language, build) {
        (Language::English, BuildState::Running) => (
            "The playground is being built",
            "This takes about a minute the first time. This page opens the playground when it is ready.".to_owned(),
            "",
        ),
        (Language::Chinese, BuildState::Running) => (
            "正在构建 playground",
            "首次构建大约需要一分钟。构建完成后，本页面会自动打开 playground。".to_owned(),
            "",
        ),
        (Language::English, BuildState::Failed(reason)) => (
            "The playground could not be built",
            format!("{reason}. Building needs Node 20.19 or newer and, the first time, the npm registry. To try again, run in the clone:"),
            BUILD_COMMAND,
        ),
        (Language::Chinese, BuildState::Failed(reason)) => (
            "playground 构建失败",
            format!("{reason}。构建需要 Node 20.19 或更高版本，首次构建还需要 npm 源。要重试，请在代码目录中运行："),
            BUILD_COMMAND,
        ),
        (Language::English, BuildState::None) => (
            "The playground is not included",
            "newbee was built without it. In a clone, run the command below (Node 20.19 or newer); this page then opens the playground. \
             For a program without its clone, copy src/web/playground/dist beside it, or build the pages before cargo build --release."
                .to_owned(),
            BUILD_COMMAND,
        ),
        (Language::Chinese, BuildState::None) => (
            "此 newbee 不含 playground",
            "构建时未包含 playground。请在代码目录中运行以下命令（需要 Node 20.19 或更高版本），完成后本页面会自动打开。\
             如果只有程序，请把 src/web/playground/dist 复制到程序旁边，或先构建页面再执行 cargo build --release。"
                .to_owned(),
            BUILD_COMMAND,
        ),
    };
    let code = match language {
        Language::English => "en",
        Language::Chinese => "zh-CN",
    };
    let about = about.replace('&', "&amp;").replace('<', "&lt;");
    let command = match command {
        "" => String::new(),
        command => format!("<pre><code>{command}</code></pre>"),
    };
    UNBUILT
        .replace("{lang}", code)
        .replace("{title}", title)
        .replace("{about}", &about)
        .replace("{command}", &command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::static_files;

    #[test]
    fn the_policy_is_strict_except_for_the_needs_of_the_editor() {
        let directives = |policy: &'static str| policy.split("; ").map(str::trim).collect::<Vec<_>>();
        let strict = directives(static_files::STRICT_POLICY);
        let loosened: Vec<_> = directives(POLICY)
            .into_iter()
            .filter(|directive| !strict.contains(directive))
            .collect();
        assert_eq!(
            loosened,
            [
                "style-src 'self' 'unsafe-inline'",
                "font-src 'self' data:",
                "worker-src 'self'"
            ]
        );
    }

    #[test]
    fn the_page_without_a_build_explains_its_state() {
        let script = BUILD_COMMAND.strip_prefix("node ").expect("a script of Node");
        assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(script).exists());
        for language in [Language::English, Language::Chinese] {
            let running = unbuilt(language, &BuildState::Running);
            assert!(!running.contains(BUILD_COMMAND), "{running}");
            for place in ["{lang}", "{title}", "{about}", "{command}"] {
                assert!(!running.contains(place), "{running}");
            }
            let failed = unbuilt(language, &BuildState::Failed("node <missing>".to_owned()));
            assert!(
                failed.contains("node &lt;missing>") && failed.contains(BUILD_COMMAND),
                "{failed}"
            );
            let none = unbuilt(language, &BuildState::None);
            assert!(
                none.contains(BUILD_COMMAND) && none.contains("cargo build --release"),
                "{none}"
            );
        }
        let english = unbuilt(Language::English, &BuildState::None);
        assert!(!english.contains("background"), "nothing builds it: {english}");
    }

    #[test]
    fn a_directory_without_a_build_stamp_is_not_served() {
        let folder = tempfile::tempdir().expect("a folder");
        let built = Built {
            folders: [None, Some(folder.path().to_owned())],
        };
        std::fs::write(folder.path().join(INDEX), "<p>").expect("a file");
        assert!(is_embedded() || built.read(INDEX).is_none());
        std::fs::write(folder.path().join(".built-from"), "").expect("a file");
        assert!(built.read(INDEX).is_some());
    }
}
