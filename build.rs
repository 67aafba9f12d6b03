//! Tells the linker how to write a static program's relocations.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A static program relocates itself when it starts, a hundred thousand pointers. Packed (DT_RELR) their list takes 1 % of the
    // bytes. musl reads it since 1.2.4, so every Rust that builds this does; a linker that cannot write it warns and goes on.
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("musl") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
