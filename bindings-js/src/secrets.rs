//! A call's known secrets, which nothing that foreign code throws may show.

use std::cell::RefCell;
use std::rc::Rc;

use openrouter_keys_core::internal::mask;
use openrouter_keys_core::{CallOptions, Client};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

thread_local! {
    /// The secrets of the call that is being made or polled.
    static PRESENT: RefCell<Option<Secrets>> = const { RefCell::new(None) };
}

/// The secrets of a client, and those that one call learns as it goes.
#[derive(Clone)]
pub(crate) struct Secrets {
    client: Client,
    options: CallOptions,
    others: Rc<RefCell<Vec<Zeroizing<String>>>>,
}

impl Secrets {
    pub(crate) fn new(client: &Client, options: CallOptions) -> Self {
        Self { client: client.clone(), options, others: Rc::default() }
    }

    /// Lets [`note`] add to this call's secrets during `work`.
    pub(crate) fn while_known<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = PRESENT.replace(Some(self.clone()));
        let done = work();
        PRESENT.replace(before);
        done
    }

    /// The text without secrets; `None` if it shows none.
    pub(crate) fn masked(&self, text: String) -> Option<String> {
        let text = Zeroizing::new(text);
        let others = self.others.borrow();
        let others: Vec<&str> = others.iter().map(|secret| secret.as_str()).collect();
        let masked = self.client.masked(&text, &self.options, &others);
        (masked != *text).then_some(masked)
    }
}

/// The keys that the current call knows. Shorter ones may appear in other strings by
/// chance.
pub(crate) fn known() -> Vec<Zeroizing<String>> {
    const SHORTEST: usize = 16;
    PRESENT.with_borrow(|present| {
        let Some(Secrets { client, others, .. }) = present else { return Vec::new() };
        let own = client.fixed_key().map(|key| Zeroizing::new(key.reveal().to_owned()));
        let others = others.borrow();
        let all = own.into_iter().chain(others.iter().cloned());
        all.filter(|key| key.len() >= SHORTEST).collect()
    })
}

/// The text without anything that looks like an API key; `None` if nothing does.
#[wasm_bindgen]
pub fn masked(text: String) -> Option<String> {
    let text = Zeroizing::new(text);
    let masked = mask(&text, &[]);
    (masked != *text).then_some(masked)
}

/// Notes a secret of the current call.
pub(crate) fn note(secret: &str) {
    PRESENT.with_borrow(|present| {
        let Some(Secrets { others, .. }) = present else { return };
        let mut others = others.borrow_mut();
        if !secret.is_empty() && !others.iter().any(|other| other.as_str() == secret) {
            others.push(Zeroizing::new(secret.to_owned()));
        }
    });
}
