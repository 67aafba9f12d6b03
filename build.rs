//! Tells the linker how to write a static program small.

use std::{env, fs, path::Path};

/// What is left out of a release, which ends with its first panic: how to unwind a stack takes 2 MB. The C runtime keeps its own
/// few bytes, which mark where the section begins and ends.
const NO_UNWINDING: &str =
    "SECTIONS { /DISCARD/ : { *(EXCLUDE_FILE(*crtbegin*.o *crtend*.o) .eh_frame) } } INSERT AFTER .rodata;";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).as_deref() == Ok(value);
    if !is("CARGO_CFG_TARGET_ENV", "musl") {
        return;
    }
    // A static program relocates itself when it starts, a hundred thousand pointers. Packed (DT_RELR) their list takes 1 % of the
    // bytes. musl reads it since 1.2.4, so every Rust that builds this does; a linker that cannot write it warns and goes on.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // That of profiles that inherit from it, too.
    if is("PROFILE", "release") {
        let script = Path::new(&env::var_os("OUT_DIR").expect("Cargo sets it")).join("no-unwinding.ld");
        fs::write(&script, NO_UNWINDING).expect("a file in Cargo's folder can be written");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-T{}", script.display());
    }
}
