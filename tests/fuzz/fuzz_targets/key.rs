//! Passes libFuzzer's input to the target of the same name.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| openrouter_keys_tests::fuzz::key::run(data));
