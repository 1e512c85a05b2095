//! Runs the scoria binary with a time limit and collects what it says.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A program that runs longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// What a process left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    /// The exit status; a signal is its negative number, as `subprocess` has it.
    pub status: i32,
}

/// The scoria command in a known environment: no `PYTHON*` variable of whoever runs the tests is seen.
///
/// `PROGRAM_UNDER_TEST` puts another interpreter in its place: the reference, to see that what the tests expect is so.
pub fn scoria() -> Command {
    let mut command = Command::new(std::env::var_os("PROGRAM_UNDER_TEST").unwrap_or_else(|| env!("CARGO_BIN_EXE_scoria").into()));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(name);
        }
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("COLUMNS", "80");
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    command
}

/// Runs the command with `input` on its standard input, to its end or to the time limit.
pub fn run(command: &mut Command, input: &[u8]) -> Outcome {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the scoria binary was built with this test");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    // A program that does not read its input closes the pipe early; that is its right.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait().expect("the child is ours to wait for") {
            Some(status) => break status_number(status),
            None if Instant::now() > deadline => {
                child.kill().expect("the child is ours to end");
                child.wait().expect("the child is ours to wait for");
                break i32::MIN;
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    writer.join().expect("the writer does not panic");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (stdout, mut stderr) = (text(stdout.join().expect("a reader does not panic")), text(stderr.join().expect("a reader does not panic")));
    if status == i32::MIN {
        stderr.push_str("\n(the time limit was reached)\n");
    }
    Outcome { stdout, stderr, status }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read to its end");
        bytes
    })
}

#[cfg(unix)]
fn status_number(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| -status.signal().expect("a process ends by exit or by signal"))
}

#[cfg(not(unix))]
fn status_number(status: ExitStatus) -> i32 {
    status.code().expect("a process ends by exit")
}

/// A new folder that goes away at the end of the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("scoria-test-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path.canonicalize().expect("the folder was just made"))
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("the file is in the folder")).expect("the temporary folder is writable");
        fs::write(&path, content).expect("the temporary folder is writable");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
