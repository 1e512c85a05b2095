//! perf's format for code made at run time: a file of records, each with the code itself. `perf inject --jit` reads it.

use super::Installed;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;

/// A file that is being written.
pub struct JitDump {
    file: File,
    process: u32,
    n_codes: u64,
}

/// Nanoseconds of the clock that perf is told to use (`-k mono`).
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is one for a time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl JitDump {
    /// Creates `jit-PID.dump` in a directory. perf learns of it because a page of it is mapped, executable.
    pub fn create(directory: &str, process: u32) -> io::Result<JitDump> {
        let path = format!("{directory}/jit-{process}.dump");
        let mut file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path)?;
        let mut header = Vec::new();
        [0x4a69_5444u32, 1, 40, 62, 0, process].iter().for_each(|word| header.extend(word.to_le_bytes()));
        [now(), 0].iter().for_each(|word| header.extend(word.to_le_bytes()));
        file.write_all(&header)?;
        // SAFETY: a new mapping, which nobody uses and which stays.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
        if mapped == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(JitDump { file, process, n_codes: 0 })
    }

    /// Adds a record for a function.
    pub fn add(&mut self, name: &str, code: &Installed<'_>) -> io::Result<()> {
        let name = name.replace('\0', "_");
        let size = 56 + name.len() + 1 + code.bytes.len();
        // SAFETY: it has no arguments.
        let thread = unsafe { libc::syscall(libc::SYS_gettid) } as u32;
        let mut record = Vec::with_capacity(size);
        [0, size as u32].iter().for_each(|word| record.extend(word.to_le_bytes()));
        record.extend(now().to_le_bytes());
        [self.process, thread].iter().for_each(|word| record.extend(word.to_le_bytes()));
        [code.address, code.address, code.bytes.len() as u64, self.n_codes].iter().for_each(|word| record.extend(word.to_le_bytes()));
        record.extend(name.as_bytes());
        record.push(0);
        record.extend(code.bytes);
        self.n_codes += 1;
        self.file.write_all(&record)
    }
}
