//! Holds requests until they are released.

use tokio::sync::watch;

pub(super) struct Hold {
    waiting: watch::Sender<usize>,
    /// How often the held requests were released.
    releases: watch::Sender<u64>,
}

impl Default for Hold {
    fn default() -> Self {
        Self { waiting: watch::Sender::new(0), releases: watch::Sender::new(0) }
    }
}

impl Hold {
    /// Returns when this request is released.
    pub(super) async fn wait(&self) {
        let mut releases = self.releases.subscribe();
        self.waiting.send_modify(|waiting| *waiting = waiting.saturating_add(1));
        // Fails only once the server is gone.
        let _ = releases.changed().await;
    }

    /// Returns once this many requests are held.
    pub(super) async fn until(&self, requests: usize) {
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting >= requests).await;
    }

    /// Releases all requests and resets the count.
    pub(super) fn release(&self) {
        self.waiting.send_replace(0);
        self.releases.send_modify(|releases| *releases = releases.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn requests_are_held_and_released_together() {
        let hold = Arc::new(Hold::default());
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let hold = hold.clone();
                tokio::spawn(async move { hold.wait().await })
            })
            .collect();
        hold.until(3).await;
        assert!(waiting.iter().all(|request| !request.is_finished()));
        hold.release();
        for request in waiting {
            request.await.unwrap();
        }
        assert_eq!(*hold.waiting.borrow(), 0);
    }
}
