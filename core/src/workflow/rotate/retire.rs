//! The old key's end: it is disabled once nobody uses it, and deleted some time later.

use std::time::Duration;

use super::work::{Hold, Step, Work};
use crate::workflow::sweep::delete_hash;

impl Work<'_> {
    /// Disables the old key once nobody uses it; returns why not otherwise. A key that is gone
    /// counts as disabled if the new one exists: otherwise something else is wrong, such as the
    /// account.
    pub(super) async fn disable_old(&mut self) -> Step<Option<Hold>> {
        let old = self.read_old().await?;
        let is_on = old.is_some_and(|old| old.disabled.copied() != Some(true));
        if is_on && !self.state.leaked {
            if let Some(left) = self.rest_of_pause(self.state.since, self.state.grace_ms).await? {
                return Ok(Some(Hold::Pause(left)));
            }
            if let Some(hold) = self.used().await? {
                return Ok(Some(hold));
            }
        }
        self.check_new().await?;
        if is_on {
            self.disable_at_once().await?;
        }
        Ok(None)
    }

    /// Whether the old key is in use, or how long it takes to know. If the API does not say, it
    /// counts as in use.
    async fn used(&mut self) -> Step<Option<Hold>> {
        if self.state.quiet_ms == 0 {
            return Ok(None);
        }
        let quiet = Duration::from_millis(self.state.quiet_ms);
        let kept = self.state.old_key.clone().filter(|_| self.state.quiet_since.is_some());
        let before = if let Some(before) = kept {
            let since = self.state.quiet_since;
            if let Some(left) = self.rest_of_pause(since, self.state.quiet_ms).await? {
                return Ok(Some(Hold::Pause(left)));
            }
            before
        } else {
            let Some(before) = self.read_old().await? else { return Ok(None) };
            let now = self.context.unix_time().filter(|_| quiet > self.longest_pause);
            if now.is_some() {
                // A later run compares the key with this.
                self.keep_old();
                self.state.quiet_since = now;
                self.save("").await?;
                return Ok(Some(Hold::Pause(quiet)));
            }
            self.context.pause(quiet).await?;
            Box::new(before)
        };
        let Some(after) = self.read_old().await? else { return Ok(None) };
        // `null` means that no use is recorded.
        let use_is_told = after.last_used_at.is_null() || after.last_used_at.get().is_some();
        let is_told = after.usage.get().is_some() || use_is_told;
        let is_quiet = before.usage == after.usage
            && before.byok_usage == after.byok_usage
            && before.last_used_at == after.last_used_at;
        if is_told && is_quiet {
            return Ok(None);
        }
        if self.state.quiet_since.take().is_some() {
            self.save("").await?;
        }
        Ok(Some(Hold::InUse(Box::new(after))))
    }

    /// Deletes the old key some time after it was disabled; returns why not otherwise, such as that
    /// somebody enabled it again.
    pub(super) async fn delete_old(&mut self) -> Step<Option<Hold>> {
        if let Some(left) = self.rest_of_pause(self.state.since, self.state.watch_ms).await? {
            return Ok(Some(Hold::Pause(left)));
        }
        let old = self.read_old().await?;
        if let Some(old) = old.as_ref().filter(|old| old.disabled.copied() != Some(true)) {
            return Ok(Some(Hold::InUse(Box::new(old.clone()))));
        }
        self.check_new().await?;
        if old.is_some() {
            // After the deletion, its spend cannot be read.
            self.keep_old();
            self.save("").await?;
            delete_hash(self.context, &self.state.old).await?;
        }
        Ok(None)
    }

    /// Refuses to disable or delete the old key while the new one does not work.
    async fn check_new(&self) -> Step<()> {
        let new = self.read(self.new_hash()?).await?;
        if new.is_none_or(|new| new.disabled.copied() == Some(true)) {
            return Err(self.unverified("it is disabled or gone").into());
        }
        Ok(())
    }

    /// Waits for the rest of a pause that began then; returns the rest if it is too long.
    async fn rest_of_pause(&self, since: Option<i64>, ms: u64) -> Step<Option<Duration>> {
        let times = since.zip(self.context.unix_time());
        let passed = times.map(|(from, now)| now.saturating_sub(from));
        let passed = passed.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
        let left = Duration::from_millis(ms).saturating_sub(Duration::from_secs(passed));
        // Without a clock, no later run would know when the pause began.
        if left > self.longest_pause && times.is_some() {
            return Ok(Some(left));
        }
        self.pause(left).await?;
        Ok(None)
    }
}
