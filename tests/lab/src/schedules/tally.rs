//! The results of many calls, added up.

use openrouter_keys_tests::model::Server;

/// The totals over all calls under one rule. Each call is meant to create one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that returned a key.
    pub returned: usize,
    /// Requests of all calls.
    pub posts: usize,
    /// Most requests sent by one call.
    pub most_posts: usize,
    /// Keys of a call after its first.
    pub doubled: usize,
    /// Orphaned keys that no error reported.
    pub lost_unnoticed: usize,
    /// Orphaned keys that an error reported.
    pub lost_and_told: usize,
    /// Calls that reported a key that was not created.
    pub false_alarms: usize,
    /// Calls that left no orphaned key.
    pub clean: usize,
}

impl Tally {
    /// Adds a call that has ended.
    pub fn add(&mut self, server: &Server, secret: Option<&str>, has_told: bool) {
        self.returned += usize::from(secret.is_some());
        self.posts += server.posts.len();
        self.most_posts = self.most_posts.max(server.posts.len());
        self.doubled += server.keys.len().saturating_sub(1);
        let lost = if has_told { &mut self.lost_and_told } else { &mut self.lost_unnoticed };
        let strays = server.keys_beside(secret).count();
        *lost += strays;
        self.false_alarms += usize::from(has_told && strays == 0);
        self.clean += usize::from(strays == 0);
    }
}
