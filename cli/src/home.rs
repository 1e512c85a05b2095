//! Where the program and its library are: `sys.prefix`, `sys.path`, `PYTHONHOME`.
//!
//! The library is inside the program. `PYTHONHOME` and `--stdlib` name another one, which must be there.

use runtime::Configuration;
use std::path::Path;

/// Finds the program, and says what follows for prefixes and paths.
pub fn locate(configuration: &mut Configuration) {
    let executable = std::env::current_exe().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let above = Path::new(&executable).parent().and_then(Path::parent).map(|path| path.to_string_lossy().into_owned());
    let default = above.unwrap_or_else(|| "/usr/local".into());
    let (prefix, exec_prefix) = match &configuration.home {
        Some(home) => match home.split_once(':') {
            Some((prefix, exec_prefix)) => (prefix.to_owned(), exec_prefix.to_owned()),
            None => (home.clone(), home.clone()),
        },
        None => (default.clone(), default),
    };
    let library = match &configuration.library {
        Some(library) => library.clone(),
        None => runtime::library_below(&prefix),
    };
    if configuration.home.is_some() {
        configuration.library.get_or_insert_with(|| library.clone());
    }
    let archive = format!("{}/lib/python314.zip", prefix.trim_end_matches('/'));
    let dynamic = format!("{}/lib-dynload", runtime::library_below(&exec_prefix));
    configuration.search_path.extend([archive, library, dynamic]);
    (configuration.base_prefix, configuration.base_exec_prefix) = (prefix.clone(), exec_prefix.clone());
    (configuration.prefix, configuration.exec_prefix) = (prefix, exec_prefix);
    configuration.executable = executable;
}

/// Whether there is a library to start with; else the message that says what was looked for.
pub fn check(configuration: &Configuration) -> Result<(), String> {
    let Some(library) = &configuration.library else { return Ok(()) };
    if Path::new(library).join("encodings/__init__.py").exists() {
        return Ok(());
    }
    let text = |value: Option<&str>| value.map_or_else(|| "(not set)".to_owned(), |value| format!("'{value}'"));
    let flag = |value: bool| i32::from(value).to_string();
    let search_path = std::env::var("PYTHONPATH").ok().filter(|_| !configuration.ignore_environment);
    let paths: String = configuration.search_path.iter().map(|path| format!("    '{path}',\n")).collect();
    let rows = [
        ("PYTHONHOME", text(configuration.home.as_deref())),
        ("PYTHONPATH", text(search_path.as_deref())),
        ("program name", text(Some(&configuration.executable))),
        ("isolated", flag(configuration.isolated)),
        ("environment", flag(!configuration.ignore_environment)),
        ("user site", flag(!configuration.no_user_site)),
        ("safe_path", flag(configuration.safe_path)),
        ("import site", flag(!configuration.no_site)),
        ("is in build tree", flag(false)),
        ("stdlib dir", text(Some(library))),
        ("sys.path[0]", text(None)),
        ("sys._base_executable", text(Some(&configuration.executable))),
        ("sys.base_prefix", text(Some(&configuration.base_prefix))),
        ("sys.base_exec_prefix", text(Some(&configuration.base_exec_prefix))),
        ("sys.platlibdir", text(Some("lib"))),
        ("sys.executable", text(Some(&configuration.executable))),
        ("sys.prefix", text(Some(&configuration.prefix))),
        ("sys.exec_prefix", text(Some(&configuration.exec_prefix))),
        ("sys.path", format!("[\n{paths}  ]")),
    ];
    let rows: String = rows.iter().map(|(name, value)| format!("  {name} = {value}\n")).collect();
    Err(format!(
        "Python path configuration:\n{rows}Fatal Python error: Failed to import encodings module\n\
         Python runtime state: core initialized\nModuleNotFoundError: No module named 'encodings'\n\n"
    ))
}

/// A path that goes on being the same when the current directory changes; the empty one is the current directory.
pub fn absolute(path: &str) -> String {
    let mut out = if path.starts_with('/') { String::new() } else { std::env::current_dir().map_or_else(|_| String::new(), text_of) };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            _ => {
                out.push('/');
                out.push_str(part);
            }
        }
    }
    if out.is_empty() { "/".into() } else { out }
}

fn text_of(path: std::path::PathBuf) -> String {
    path.to_string_lossy().into_owned()
}
