//! Journals: two machines under a virtual clock, and what is written together.

#![allow(clippy::unwrap_used, reason = "tests")]

mod trouble;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request, Response};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore as _};
use openrouter_keys_core::error::{BoxError, TransportError};
use openrouter_keys_core::transport::{SendContext, Transport, send_within};
use openrouter_keys_fleet::{Journal, Leased, Store};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use trouble::{Dice, Reached};

/// A create that took effect: whose, and whose the journal was then.
#[derive(Debug)]
struct Create {
    name: String,
    by: String,
    holder: String,
}

/// The API, as one machine reaches it.
#[derive(Clone)]
struct Api {
    objects: Arc<InMemory>,
    creates: Arc<Mutex<Vec<Create>>>,
    dice: Dice,
    began: Instant,
}

impl Api {
    /// The owner in the newest object of the journal.
    async fn holder(&self) -> String {
        let folder = Path::from("journals/team");
        let listed = self.objects.list_with_delimiter(Some(&folder)).await.unwrap().objects;
        let newest = listed.into_iter().map(|object| object.location).max().unwrap();
        let content = self.objects.get_opts(&newest, GetOptions::default()).await.unwrap();
        let content = content.bytes().await.unwrap();
        let batch: serde_json::Value = serde_json::from_slice(&content).unwrap();
        batch.get("owner").unwrap().as_str().unwrap().to_owned()
    }
}

#[async_trait]
impl Transport for Api {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        // Requests are on their way for up to their timeout.
        let hundredths = u32::try_from(self.dice.below(100)).unwrap();
        sleep(context.timeout() * hundredths / 100).await;
        let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
        let create = Create { name: header("name"), by: header("by"), holder: self.holder().await };
        self.creates.lock().unwrap().push(create);
        Ok(Response::default())
    }

    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn entropy(&self) -> u64 {
        self.dice.roll()
    }
}

/// Creates what the journal does not say is done. Returns whether all is.
async fn run(store: &Store, api: &Api) -> Result<bool, BoxError> {
    let opening = store.journal("team").owner("machine");
    let (journal, events) = opening.open(Arc::new(api.clone())).await?;
    let leased = Leased::new(api.clone(), journal.clone());
    for name in ["ada", "bob", "cyd"] {
        let done = format!(r#"{{"done":"{name}"}}"#);
        if events.contains(&done) {
            continue;
        }
        journal.append(&[format!(r#"{{"creating":"{name}"}}"#)]).await?;
        api.dice.nap().await;
        let request = Request::builder().method(Method::POST).header("name", name);
        let request = request.header("by", journal.owner()).body(Bytes::new()).unwrap();
        send_within(&leased, request, &SendContext::default()).await?;
        api.dice.nap().await;
        journal.append(&[done]).await?;
    }
    journal.close().await?;
    Ok(true)
}

/// Plays one story; returns how often a machine took over from the other.
async fn story(seed: u64) -> usize {
    let objects = Arc::new(InMemory::new());
    let creates = Arc::new(Mutex::new(Vec::new()));
    let machines = [1, 2].map(|number| {
        let dice = Dice::new(seed.wrapping_mul(2).wrapping_add(number));
        let store = Store::new(Arc::new(Reached::new(&objects, dice.clone())), "");
        let (objects, creates) = (Arc::clone(&objects), Arc::clone(&creates));
        let api = Api { objects, creates, dice, began: Instant::now() };
        async move {
            // Each machine tries until it finds all done.
            while !run(&store, &api).await.unwrap_or(false) {
                api.dice.nap().await;
            }
        }
    });
    join_all(machines).await;
    let creates = creates.lock().unwrap();
    for create in creates.iter() {
        assert_eq!(create.by, create.holder, "story {seed}: {creates:?}");
    }
    let mut names: Vec<_> = creates.iter().map(|create| create.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, ["ada", "bob", "cyd"]);
    let mut owners: Vec<_> = creates.iter().map(|create| &create.by).collect();
    owners.dedup();
    owners.len().saturating_sub(1)
}

#[test]
fn a_machine_that_slept_through_its_lease_creates_nothing() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let mut taken_over = 0;
    for seed in 0..300 {
        taken_over += runtime.block_on(story(seed));
    }
    assert!(taken_over > 100, "{taken_over}");
}

fn opened(delay: Duration) -> (Reached, impl Future<Output = (Journal, Store)>) {
    let objects = Arc::new(InMemory::new());
    let mut reached = Reached::new(&objects, Dice::new(1));
    reached.delay = Some(delay);
    let store = Store::new(Arc::new(reached.clone()), "team");
    let (creates, began) = (Arc::default(), Instant::now());
    let api = Api { objects, creates, dice: Dice::new(2), began };
    let open = async move {
        let (journal, events) = store.journal("june").open(Arc::new(api)).await.unwrap();
        assert!(events.is_empty());
        (journal, store)
    };
    (reached, open)
}

#[tokio::test(start_paused = true)]
async fn appends_that_wait_for_another_are_written_together_in_order() {
    let (reached, open) = opened(Duration::from_millis(30));
    let (journal, store) = open.await;
    let began = Instant::now();
    let event = |number: usize| vec![number.to_string()];
    join_all((0..1000).map(|number| journal.append(&event(number)))).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(*reached.writes.lock().unwrap() < 5);
    let events = store.journal("june").read().await.unwrap();
    assert_eq!(events, (0..1000).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn after_an_append_that_was_dropped_nothing_more_is_appended_or_sent() {
    let (_, open) = opened(Duration::from_secs(1));
    let (journal, store) = open.await;
    let dropped = tokio::time::timeout(Duration::from_millis(500), journal.append(&["1".into()]));
    assert!(dropped.await.is_err());
    let error = journal.append(&["2".into()]).await.unwrap_err().to_string();
    assert!(error.contains("interrupted"), "{error}");
    assert!(journal.hold(Duration::ZERO).await.is_err());
    assert!(journal.append(&["not JSON".into()]).await.is_err());
    assert!(store.journal("june").read().await.unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_name_never_leaves_its_folder(name in "[./a-z%A-Z:\\\\ ]{1,12}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::folder(folder.path().join("store")).unwrap();
        let api = Api {
            objects: Arc::default(),
            creates: Arc::default(),
            dice: Dice::new(1),
            began: Instant::now(),
        };
        runtime.block_on(async {
            let (journal, _) = store.journal(&name).open(Arc::new(api)).await.unwrap();
            journal.close().await.unwrap();
        });
        let journals = std::fs::read_dir(folder.path().join("store/journals")).unwrap();
        prop_assert_eq!(journals.count(), 1);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
