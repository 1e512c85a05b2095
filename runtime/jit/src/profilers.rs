//! Telling profilers and debuggers where machine code is: perf's map and dump, GDB's interface.
//!
//! Files are opened when there is the first code to tell of, and opened anew by a process that forked.

mod elf;
mod gdb;
mod jit_dump;

use crate::codes;
use crate::options::{self, Settings};
use jit_dump::JitDump;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// What is in front of names, as in Cinder, so that who knows one knows the other.
const PREFIX: &str = "__CINDER_JIT:";

/// Machine code that can run.
pub struct Installed<'a> {
    /// `module:qualified name`
    pub name: &'a str,
    pub address: u64,
    pub bytes: &'a [u8],
}

/// What is open in which process.
struct Files {
    process: u32,
    map: Option<File>,
    dump: Option<JitDump>,
}

static FILES: Mutex<Option<Files>> = Mutex::new(None);

impl Files {
    fn open(settings: &Settings) -> Files {
        let process = std::process::id();
        let open_map = || OpenOptions::new().create(true).append(true).open(format!("/tmp/perf-{process}.map")).ok();
        let map = settings.perf_map.then(open_map).flatten();
        let dump = settings.perf_dump.as_deref().and_then(|directory| JitDump::create(directory, process).ok());
        Files { process, map, dump }
    }
}

/// An object file with all code that is installed.
pub fn object_file() -> Vec<u8> {
    let named: Vec<(String, Vec<u8>)> = codes::all().into_iter().map(|(name, bytes)| (format!("{PREFIX}{name}"), bytes)).collect();
    elf::archive(&named)
}

/// Tells whoever wants to know.
pub fn installed(code: &Installed<'_>) {
    let settings = options::get();
    if settings.gdb || settings.gdb_elf {
        let image = elf::image(&format!("{PREFIX}{}", code.name), code);
        if settings.gdb_elf {
            let name = format!("/tmp/__cinder_jit_{}_{:x}.elf", std::process::id(), code.address);
            // Who cannot write there goes without.
            let _ = std::fs::write(name, &image);
        }
        gdb::register(image);
    }
    if !settings.perf_map && settings.perf_dump.is_none() {
        return;
    }
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if files.as_ref().is_none_or(|files| files.process != std::process::id()) {
        *files = Some(Files::open(&settings));
    }
    let Some(files) = files.as_mut() else { return };
    let name = format!("{PREFIX}{}", code.name.replace(char::is_whitespace, "_"));
    // A profile without a name is better than a program that stops because the disk is full.
    if let Some(map) = &mut files.map {
        let _ = writeln!(map, "{:x} {:x} {name}", code.address, code.bytes.len());
    }
    if let Some(dump) = &mut files.dump {
        let _ = dump.add(&name, code);
    }
}
