//! What the command line and the environment say about how to run.

use std::ffi::OsString;

/// `sys.flags` and the paths; filled in by the command, which alone reads the environment.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// `sys.argv`
    pub arguments: Vec<OsString>,
    /// `sys.orig_argv`
    pub original_arguments: Vec<OsString>,
    /// Directories that go on `sys.path` before the library.
    pub search_path: Vec<String>,
    /// `-X` options: name and value.
    pub x_options: Vec<(String, Option<String>)>,
    /// `sys.warnoptions`
    pub warn_options: Vec<String>,
    /// The path of the running program; empty if unknown.
    pub executable: String,
    pub prefix: String,
    pub exec_prefix: String,
    pub base_prefix: String,
    pub base_exec_prefix: String,
    /// `PYTHONHOME`
    pub home: Option<String>,
    /// Another 3.14 `Lib/` to use instead of the one inside the program.
    pub library: Option<String>,
    pub debug: i64,
    pub inspect: bool,
    pub interactive: bool,
    pub optimize: i64,
    pub dont_write_bytecode: bool,
    pub no_user_site: bool,
    pub no_site: bool,
    pub ignore_environment: bool,
    pub verbose: i64,
    pub bytes_warning: i64,
    pub quiet: bool,
    pub isolated: bool,
    pub dev_mode: bool,
    pub utf8_mode: bool,
    pub warn_default_encoding: bool,
    pub safe_path: bool,
    pub unbuffered: bool,
    /// `-1`: hashes are randomised as by default; else the seed of `PYTHONHASHSEED`.
    pub hash_seed: Option<u32>,
    pub int_max_str_digits: i64,
    pub pycache_prefix: Option<String>,
    /// `-X importtime`
    pub import_time: u8,
    /// `-X cpu_count`
    pub cpu_count: Option<i64>,
    /// `PYTHONPLATLIBDIR`
    pub platform_library: String,
    /// `PYTHONIOENCODING`: encoding and error handler.
    pub io_encoding: Option<String>,
    /// Whether the standard streams let bytes through that are no text.
    pub lenient_streams: bool,
    /// Which of the descriptors 0, 1 and 2 were not open when the process started.
    pub closed_streams: [bool; 3],
}

impl Configuration {
    /// Where the library is, or seems to be: `sys._stdlib_dir`.
    pub fn library_directory(&self) -> String {
        self.library.clone().unwrap_or_else(|| library_below(&self.base_prefix))
    }
}

/// Where the library of an installation is.
pub fn library_below(prefix: &str) -> String {
    format!("{}/lib/python3.14", prefix.trim_end_matches('/'))
}
