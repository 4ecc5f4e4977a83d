//! Which fault applies to which request.

use std::collections::VecDeque;

use http::Method;

use crate::fault::Fault;

#[derive(Default)]
pub(crate) struct Script {
    /// Each applies to one request, which uses it up.
    next: VecDeque<Fault>,
    /// Each applies to every request that nothing in `next` matches.
    always: Vec<Fault>,
}

impl Script {
    pub(crate) fn next(&mut self, fault: Fault) {
        self.next.push_back(fault);
    }

    pub(crate) fn always(&mut self, fault: Fault) {
        self.always.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn pending(&self) -> usize {
        self.next.len()
    }

    pub(crate) fn take(&mut self, method: &Method, path: &str) -> Option<Fault> {
        let index = self.next.iter().position(|fault| fault.is_meant_for(method, path));
        index
            .and_then(|index| self.next.remove(index))
            .or_else(|| self.always.iter().find(|f| f.is_meant_for(method, path)).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_a_matching_request() {
        let mut script = Script::default();
        script.next(Fault::status(503).on_method(Method::POST));
        script.next(Fault::status(500));
        assert_eq!(script.take(&Method::GET, "/api/v1/keys"), Some(Fault::status(500)));
        assert_eq!(script.take(&Method::GET, "/api/v1/keys"), None);
        assert!(script.take(&Method::POST, "/api/v1/keys").is_some());
        assert_eq!(script.pending(), 0);
    }

    #[test]
    fn a_standing_fault_applies_to_every_request_until_cleared() {
        let mut script = Script::default();
        script.always(Fault::status(503));
        script.next(Fault::status(500));
        assert_eq!(script.take(&Method::GET, "/"), Some(Fault::status(500)));
        assert_eq!(script.take(&Method::GET, "/"), Some(Fault::status(503)));
        assert_eq!(script.take(&Method::GET, "/"), Some(Fault::status(503)));
        script.clear();
        assert_eq!(script.take(&Method::GET, "/"), None);
    }
}
