//! The response bodies, each built once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use openrouter_keys_native::test_util::samples;

use crate::protocol::HASH;

pub(super) const KEY: &str = samples::KEY;

/// Pages by keys per page, total keys, and offset.
#[derive(Default)]
pub(super) struct Bodies(Mutex<HashMap<[usize; 3], Bytes>>);

impl Bodies {
    pub(super) fn page(&self, per_page: usize, total: usize, offset: usize) -> Bytes {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let body = bodies.entry([per_page, total, offset]).or_insert_with(|| {
            let end = total.min(offset.saturating_add(per_page));
            page(offset..end).into()
        });
        body.clone()
    }
}

/// Like [`samples::page`], with any range of keys.
fn page(numbers: impl Iterator<Item = usize>) -> String {
    let keys = numbers.map(|number| {
        let (hash, name) = (format!("{number:064x}"), format!("Customer {number}"));
        samples::KEY_OBJECT.replace(HASH, &hash).replace("Customer 42", &name)
    });
    format!(r#"{{"data":[{}]}}"#, keys.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_neither_overlap_nor_omit_keys() {
        let bodies = Bodies::default();
        assert_eq!(bodies.page(100, 250, 0), samples::page(100));
        let last = bodies.page(100, 250, 198);
        let last = String::from_utf8(last.to_vec()).unwrap();
        assert_eq!(last.matches("\"hash\"").count(), 52);
        assert!(last.contains("Customer 198") && last.contains("Customer 249"));
        assert_eq!(bodies.page(100, 250, 297), r#"{"data":[]}"#);
    }
}
