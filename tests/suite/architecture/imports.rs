//! The import graph of `src/`: which module names which, by its `use` statements and inline paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Path of a module below the crate's root, such as `["http", "router"]`.
pub type Module = Vec<String>;

/// Returns for each source file its module and its code.
pub fn modules(sources: &[(std::path::PathBuf, String)]) -> BTreeMap<Module, String> {
    let named = sources.iter().map(|(path, text)| (module(path), code(text)));
    named.collect()
}

fn module(path: &Path) -> Module {
    let below = path.strip_prefix("src").expect("a path below src").with_extension("");
    let mut names: Module = below.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// Code without comments and without the unit tests at the end.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// Returns the modules that a module names.
pub fn imports(modules: &BTreeMap<Module, String>, of: &Module) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    for path in paths(&modules[of]) {
        let Some(absolute) = resolve(&path, of, modules) else {
            continue;
        };
        let longest = (1..=absolute.len()).rev().map(|length| absolute[..length].to_vec());
        found.extend(longest.into_iter().find(|module| modules.contains_key(module)));
    }
    found.remove(of);
    found
}

fn resolve(path: &[String], of: &Module, modules: &BTreeMap<Module, String>) -> Option<Module> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([of, &path[1..]].concat()),
        "super" => Some([&of[..of.len().checked_sub(supers)?], &path[supers..]].concat()),
        child => {
            let module = [of.as_slice(), &[child.to_owned()]].concat();
            modules.contains_key(&module).then(|| [of, path].concat())
        }
    }
}

/// Every path in `use` statements, with braces expanded, and every inline path that begins at a known place.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let text = statement.rsplit_once("use ").map_or("", |(_, tree)| tree);
        expand(&[], text.trim(), &mut found);
        for start in ["crate::", "super::", "self::"] {
            for (place, _) in statement.match_indices(start) {
                let is_whole =
                    !statement[..place].ends_with(|before: char| before.is_alphanumeric() || "_:$".contains(before));
                let end = |character: char| !(character.is_alphanumeric() || character == '_' || character == ':');
                let path = statement[place..].split(end).next().unwrap_or_default();
                if is_whole {
                    found.push(
                        path.split("::")
                            .filter(|name| !name.is_empty())
                            .map(str::to_owned)
                            .collect(),
                    );
                }
            }
        }
    }
    found
}

fn expand(before: &[String], tree: &str, found: &mut Vec<Vec<String>>) {
    let (path, branches) = match tree.split_once('{') {
        Some((path, rest)) => (path, rest.strip_suffix('}')),
        None => (tree, None),
    };
    let path = path.split(" as ").next().unwrap_or_default();
    let names = path.split("::").map(str::trim).filter(|name| !name.is_empty());
    let whole: Vec<String> = before.iter().cloned().chain(names.map(str::to_owned)).collect();
    let Some(branches) = branches else {
        return found.push(whole);
    };
    let (mut depth, mut start) = (0, 0);
    for (place, character) in branches.char_indices().chain([(branches.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let branch = branches[start..place].trim();
                if !branch.is_empty() {
                    expand(&whole, branch, found);
                }
                start = place + 1;
            }
            _ => {}
        }
    }
}

/// Returns a circle of rooms, if there is one: each imports the next, the last the first.
pub fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    arrows
        .keys()
        .find_map(|room| visit(room, arrows, &mut Vec::new(), &mut done))
}

fn visit(
    room: &str,
    arrows: &BTreeMap<String, BTreeSet<String>>,
    way: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(place) = way.iter().position(|passed| passed == room) {
        return Some(way[place..].to_vec());
    }
    if !done.insert(room.to_owned()) {
        return None;
    }
    way.push(room.to_owned());
    let next = arrows.get(room).into_iter().flatten();
    let found = next.into_iter().find_map(|next| visit(next, arrows, way, done));
    way.pop();
    found
}
