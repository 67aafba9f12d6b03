#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cruddur_site_fuzz::run("packages", data));
