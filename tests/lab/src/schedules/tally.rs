//! What came of many calls, added up.

use openrouter_keys_tests::model::Server;

/// The sums over all calls under one rule. Each call wants one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that returned a key.
    pub returned: usize,
    /// Requests in all.
    pub posts: usize,
    /// Requests of the call that sent the most.
    pub most_posts: usize,
    /// Keys beyond the first of each call.
    pub doubled: usize,
    /// Keys that nobody holds and nobody was told of.
    pub lost_unnoticed: usize,
    /// Keys that nobody holds and an error told of.
    pub lost_and_told: usize,
    /// Calls that told of a key where none was made.
    pub false_alarms: usize,
    /// Calls that left no key that nobody holds.
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
