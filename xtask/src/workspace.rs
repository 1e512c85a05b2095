//! The packages of the workspace and their Rust files, as plain text.
//!
//! Only as much of `Cargo.toml` is read as the rules need: section headings, and keys at the start of a line.

use std::fs;
use std::path::{Path, PathBuf};

/// One package of the workspace.
pub struct Package {
    /// Its folder, relative to the root: `runtime/object`.
    pub folder: String,
    pub name: String,
    /// `Cargo.toml`, as sections of key and value lines.
    pub manifest: Vec<Section>,
}

/// `[heading]` and the lines below it.
pub struct Section {
    pub heading: String,
    pub entries: Vec<(String, String)>,
}

/// One Rust file.
pub struct RustFile {
    /// Relative to the root, with forward slashes.
    pub path: String,
    pub text: String,
}

/// Everything the rules look at.
pub struct Workspace {
    pub packages: Vec<Package>,
    pub files: Vec<RustFile>,
}

impl Workspace {
    /// Reads the checkout that this program was built in.
    pub fn read() -> Self {
        let root = root();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the workspace has a Cargo.toml");
        let packages: Vec<Package> = members(&manifest).into_iter().map(|folder| Package::read(&root, folder)).collect();
        let mut files = Vec::new();
        for package in &packages {
            for part in ["src", "tests", "benches", "examples", "build.rs"] {
                collect(&root, &root.join(&package.folder).join(part), &mut files);
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Self { packages, files }
    }
}

impl Package {
    fn read(root: &Path, folder: String) -> Self {
        let path = root.join(&folder).join("Cargo.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} is a member of the workspace: {error}", path.display()));
        let manifest = sections(&text);
        let name = manifest
            .iter()
            .find(|section| section.heading == "package")
            .and_then(|section| section.entries.iter().find(|(key, _)| key == "name"))
            .map(|(_, value)| value.trim_matches('"').to_owned())
            .expect("a package has a name");
        Self { folder, name, manifest }
    }
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace").to_owned()
}

/// The quoted names in `members = [...]`.
fn members(manifest: &str) -> Vec<String> {
    let (_, list) = manifest.split_once("members = [").expect("the workspace lists its members");
    let (list, _) = list.split_once(']').expect("the list of members ends");
    list.split(',').map(|entry| entry.trim().trim_matches('"').to_owned()).filter(|entry| !entry.is_empty()).collect()
}

fn sections(text: &str) -> Vec<Section> {
    let mut all: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            all.push(Section { heading: heading.to_owned(), entries: Vec::new() });
        } else if let (Some(section), Some((key, value))) = (all.last_mut(), line.split_once('='))
            && !line.starts_with('#')
        {
            section.entries.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    all
}

/// The Rust files at or below `path`.
fn collect(root: &Path, path: &Path, files: &mut Vec<RustFile>) {
    if path.is_dir() {
        let Ok(entries) = fs::read_dir(path) else { return };
        for entry in entries.flatten() {
            collect(root, &entry.path(), files);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs")
        && let Ok(text) = fs::read_to_string(path)
    {
        let relative = path.strip_prefix(root).expect("the file is below the root");
        files.push(RustFile { path: relative.to_string_lossy().replace('\\', "/"), text });
    }
}
