//! What is known of a call's secrets: nothing that foreign code throws may show one.

use std::cell::RefCell;
use std::rc::Rc;

use openrouter_keys_core::internal::mask;
use openrouter_keys_core::{CallOptions, Client};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

thread_local! {
    /// Of the call that is being made or polled.
    static PRESENT: RefCell<Option<Secrets>> = const { RefCell::new(None) };
}

/// The secrets of a client and of one call, which come to light in its course.
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

    /// Lets [`note`] note the call's secrets in the course of this work.
    pub(crate) fn while_known<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = PRESENT.replace(Some(self.clone()));
        let done = work();
        PRESENT.replace(before);
        done
    }

    /// The text without what may not be shown; nothing if there is nothing of it.
    pub(crate) fn masked(&self, text: String) -> Option<String> {
        let text = Zeroizing::new(text);
        let others = self.others.borrow();
        let others: Vec<&str> = others.iter().map(|secret| secret.as_str()).collect();
        let masked = self.client.masked(&text, &self.options, &others);
        (masked != *text).then_some(masked)
    }
}

/// The keys that the present call knows. One of fewer characters than this is in other
/// texts by chance.
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

/// The text without what looks like an API key; nothing if there is none.
#[wasm_bindgen]
pub fn masked(text: String) -> Option<String> {
    let text = Zeroizing::new(text);
    let masked = mask(&text, &[]);
    (masked != *text).then_some(masked)
}

/// Notes a secret of the present call.
pub(crate) fn note(secret: &str) {
    PRESENT.with_borrow(|present| {
        let Some(Secrets { others, .. }) = present else { return };
        let mut others = others.borrow_mut();
        if !secret.is_empty() && !others.iter().any(|other| other.as_str() == secret) {
            others.push(Zeroizing::new(secret.to_owned()));
        }
    });
}
