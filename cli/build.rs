//! How the program is linked: at a fixed address, with the functions that every start runs side by side.
//!
//! ARCHITECTURE.md, "Start-up", says what that is good for. Linkers that are not GNU's or LLVM's are left alone.

use std::env;
use std::path::Path;

fn main() {
    let order = Path::new(env!("CARGO_MANIFEST_DIR")).join("start_up.ld");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", order.display());
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !has_linker_of_its_own() {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        if is("PROFILE", "release") {
            println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", order.display());
        }
    }
}

fn is(name: &str, value: &str) -> bool {
    env::var(name).is_ok_and(|found| found == value)
}

/// Whether whoever builds has chosen a linker.
fn has_linker_of_its_own() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let linker = env::var("RUSTC_LINKER").is_ok_and(|linker| !linker.is_empty());
    linker || ["linker=", "fuse-ld", "relocation-model"].iter().any(|choice| flags.contains(choice))
}
