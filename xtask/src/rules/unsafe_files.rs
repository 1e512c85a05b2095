//! The files that may hold `unsafe`, each with the reason.
//!
//! The object model is `unsafe` throughout; outside it, a file is listed by name. A line here is a decision: it is taken
//! when no safe interface of `object` can do, and goes away with its cause.

use crate::source;
use crate::workspace::Workspace;

/// Folders in which every file may.
const FOLDERS: &[&str] = &["runtime/object/"];

/// Files that may, and why.
const FILES: &[(&str, &str)] = &[
    // The evaluation loop works on the words of frames: values are moved in and out of raw slots.
    ("runtime/interp/src/compiled.rs", "compiled code works on frames, and hands values over as words"),
    ("runtime/interp/src/compiled/functions.rs", "frames are laid on the data stack"),
    ("runtime/interp/src/compiled/look.rs", "follows frames"),
    ("runtime/interp/src/compiled/raising.rs", "compiled code works on frames"),
    ("runtime/interp/src/compiled/resume.rs", "compiled code works on frames, and hands values over as words"),
    ("runtime/interp/src/inlined.rs", "lays frames of calls that compiled code has inlined"),
    ("runtime/interp/src/eval.rs", "the value stack"),
    ("runtime/interp/src/eval/arithmetic.rs", "the value stack"),
    ("runtime/interp/src/eval/calls.rs", "arguments lie on the value stack"),
    ("runtime/interp/src/eval/exceptions.rs", "unwinding drops stack slots"),
    ("runtime/interp/src/eval/iteration.rs", "iterators on the value stack"),
    ("runtime/interp/src/eval/names.rs", "fast locals and cells"),
    ("runtime/interp/src/eval/operators.rs", "reads operands on the evaluation stack"),
    ("runtime/interp/src/eval/steps.rs", "the value stack"),
    ("runtime/interp/src/frame.rs", "frames are raw memory with a variable tail"),
    ("runtime/interp/src/frame_object.rs", "a frame object points at a live frame"),
    ("runtime/interp/src/frame_object/locals_proxy.rs", "f_locals writes through to a live frame"),
    ("runtime/interp/src/function.rs", "a function enters the loop with raw arguments"),
    ("runtime/interp/src/function/bind.rs", "arguments are moved into a new frame's slots"),
    ("runtime/interp/src/generator.rs", "a suspended generator owns its frame"),
    ("runtime/interp/src/generator/chain.rs", "links frames of generators"),
    ("runtime/interp/src/generator/throw.rs", "a suspended generator owns its frame"),
    ("runtime/interp/src/shadow.rs", "instructions of a copy lie beside the data of their sites"),
    ("runtime/interp/src/shadow/dispatch.rs", "handlers work on the value stack and on sites"),
    ("runtime/interp/src/shadow/handlers/arithmetic.rs", "the value stack"),
    ("runtime/interp/src/shadow/handlers/attributes.rs", "the value stack, sites"),
    ("runtime/interp/src/shadow/handlers/calls.rs", "arguments are moved from the value stack into frames"),
    ("runtime/interp/src/shadow/handlers/containers.rs", "the value stack"),
    ("runtime/interp/src/shadow/handlers/enter.rs", "frames are laid on the data stack"),
    ("runtime/interp/src/shadow/handlers/exceptions.rs", "the value stack"),
    ("runtime/interp/src/shadow/handlers/iteration.rs", "the value stack"),
    ("runtime/interp/src/shadow/handlers/jumps.rs", "the value stack"),
    ("runtime/interp/src/shadow/handlers/locals.rs", "fast locals and cells"),
    ("runtime/interp/src/shadow/handlers/native_calls.rs", "the value stack; functions are kept as addresses, whose type goes with the form"),
    ("runtime/interp/src/shadow/handlers/slices.rs", "the value stack; functions are kept as addresses, whose type goes with the form"),
    ("runtime/interp/src/shadow/handlers/super_attributes.rs", "the value stack, sites"),
    ("runtime/interp/src/shadow/listing.rs", "code objects that are alive are remembered by address"),
    ("runtime/interp/src/shadow/specialize.rs", "reads the value stack, rewrites instructions"),
    ("runtime/interp/src/traceback.rs", "walks the chain of frames"),
    ("runtime/interp/src/tracing.rs", "events name the running frame"),
    ("runtime/interp/src/tracing/jump.rs", "a jump drops values of the stack"),
    ("runtime/interp/src/tracing/monitoring.rs", "events name the running frame"),
    // Machine code: its memory, and what it shares with the runtime.
    ("runtime/jit/src/classify.rs", "compiled code passes words"),
    ("runtime/jit/src/codes.rs", "keeps addresses of code and of what goes with it"),
    ("runtime/jit/src/compile.rs", "the address of code becomes a function"),
    ("runtime/jit/src/deopt/look.rs", "reads the stack frames of compiled code, and returns into it"),
    ("runtime/jit/src/deopt.rs", "reads saved registers and machine stacks, writes frames"),
    ("runtime/jit/src/graveyard.rs", "searches the stacks of threads"),
    ("runtime/jit/src/helpers.rs", "compiled code passes words"),
    ("runtime/jit/src/hot.rs", "what sites saw is remembered as words"),
    ("runtime/jit/src/layout.rs", "looks at how vectors are laid out"),
    ("runtime/jit/src/patches.rs", "reads versions where compiled code counts on them"),
    ("runtime/jit/src/memory.rs", "memory that is executable"),
    ("runtime/jit/src/profilers/gdb.rs", "the list that debuggers read"),
    ("runtime/jit/src/profilers/jit_dump.rs", "perf finds the file by a mapping of it"),
    ("runtime/jit/src/trampoline.rs", "assembly"),
    // Calls into the system that neither std nor a safe crate offers.
    ("cli/src/closed_streams.rs", "looks at the standard streams before Rust's start-up opens them"),
    ("runtime/stdlib/src/ctypes/call.rs", "calls C functions by the machine's convention"),
    ("runtime/stdlib/src/ctypes/callback.rs", "C functions whose code is made at run time, and their threads"),
    ("runtime/stdlib/src/ctypes/memory.rs", "memory by its address, the system's loader"),
    ("runtime/stdlib/src/faulthandler/sys.rs", "libc"),
    ("runtime/stdlib/src/locale/sys.rs", "libc"),
    ("runtime/stdlib/src/mmap/sys.rs", "libc, memory that other processes change"),
    ("runtime/stdlib/src/multiprocessing/semaphore.rs", "libc, semaphores that processes share"),
    ("runtime/stdlib/src/posixsubprocess/child.rs", "between fork and exec"),
    ("runtime/stdlib/src/select/sys.rs", "libc"),
    ("runtime/stdlib/src/signal/handler.rs", "signal handlers run outside Rust's rules"),
    ("runtime/stdlib/src/socket/sys.rs", "libc"),
    ("runtime/stdlib/src/sqlite/ffi.rs", "SQLite's C interface"),
    ("runtime/stdlib/src/sqlite/ffi/entry.rs", "SQLite's C interface"),
    ("runtime/stdlib/src/sys.rs", "libc"),
    ("runtime/stdlib/src/sys/accounts.rs", "libc"),
    ("runtime/stdlib/src/sys/spawn.rs", "libc"),
    ("runtime/stdlib/src/sys/xattr.rs", "libc"),
    ("runtime/stdlib/src/thread/raw_lock.rs", "a lock that one thread takes and another releases"),
    ("runtime/stdlib/src/time/sys.rs", "libc"),
    ("runtime/stdlib/src/zlib/sys.rs", "streams of zlib that can be copied"),
];

/// Files with `unsafe` that are not listed, and listed files that no longer need to be.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut found = Vec::new();
    for file in &workspace.files {
        let lines = source::lines_with_word(&source::code(&file.text), "unsafe");
        let Some(line) = lines.first() else { continue };
        found.push(file.path.as_str());
        let is_allowed = FOLDERS.iter().any(|folder| file.path.starts_with(folder)) || FILES.iter().any(|(path, _)| *path == file.path);
        if !is_allowed {
            breaches.push(format!("{}:{line}: unsafe in a file that is not listed", file.path));
        }
    }
    breaches.extend(FILES.iter().filter(|(path, _)| !found.contains(path)).map(|(path, _)| format!("{path} is listed and has no unsafe")));
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::RustFile;

    #[test]
    fn only_code_counts() {
        let file = |path: &str, text: &str| RustFile { path: path.into(), text: text.into() };
        let files = vec![
            file("parser/src/lib.rs", "//! unsafe\nfn f() {}"),
            file("parser/src/fast.rs", "//! x\n\nunsafe fn f() {}"),
            file("runtime/object/src/x.rs", "unsafe fn f() {}"),
        ];
        let breaches = check(&Workspace { packages: Vec::new(), files });
        assert_eq!(breaches[0], "parser/src/fast.rs:3: unsafe in a file that is not listed");
        assert_eq!(breaches.len(), 1 + FILES.len());
    }
}
