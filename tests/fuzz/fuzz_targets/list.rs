//! Hands what libFuzzer draws to the target of this name.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| openrouter_keys_tests::fuzz::list::run(data));
