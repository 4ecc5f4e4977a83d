//! Workflows whose create ends early after its secret arrived: none loses it.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::workflow::{Ensure, Ensured, Temporary};

use super::{CREATED, Reaction, client, create, scripted, sent};

const SECRET: &str = "sk-or-v1-0e6000000000000000000000000001c96";
const HOUR: Duration = Duration::from_secs(3600);

/// The secret arrives, and nothing after it.
fn arrived() -> Reaction {
    Reply::stalled(201).body(CREATED).into()
}

fn nothing() -> Reaction {
    Reaction::Keys(Vec::new())
}

/// Ready once the create was sent.
fn after_the_create(transport: &FakeTransport) -> impl Future<Output = ()> + use<> {
    let transport = transport.clone();
    poll_fn(move |context| {
        context.waker().wake_by_ref();
        let is_out = transport.requests().iter().any(|request| request.method() == "POST");
        if is_out { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[tokio::test]
async fn a_reconciled_create_that_times_out_after_its_secret_returns_it() {
    let transport = scripted([arrived()]);
    let done = client(&transport).create_reconciled(create()).await.unwrap();
    assert_eq!(done.created.key().reveal(), SECRET);
    assert!(done.unconfirmed.is_empty());
    assert_eq!(sent(&transport), ["POST /keys"]);
}

#[tokio::test]
async fn a_reconciled_create_cancelled_after_its_secret_returns_it() {
    let transport = scripted([arrived()]);
    let cancel = after_the_create(&transport);
    let done = client(&transport).create_reconciled(create()).cancel_on(cancel).await.unwrap();
    assert_eq!(done.created.key().reveal(), SECRET);
    assert!(done.unconfirmed.is_empty());
}

#[tokio::test]
async fn ensure_cancelled_after_the_secret_returns_it_as_unsettled() {
    let transport = scripted([nothing(), arrived()]);
    let cancel = after_the_create(&transport);
    let ensured = client(&transport).ensure(Ensure::new(create())).cancel_on(cancel).await.unwrap();
    let Ensured::Created { created, unsettled } = ensured else { panic!("{ensured:?}") };
    assert_eq!(created.key().reveal(), SECRET);
    assert!(unsettled.is_some());
}

#[tokio::test]
async fn ensure_whose_create_times_out_after_the_secret_returns_it() {
    let transport = scripted([nothing(), arrived(), nothing()]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    let Ensured::Created { created, unsettled } = ensured else { panic!("{ensured:?}") };
    assert_eq!((created.key().reveal(), unsettled.is_none()), (SECRET, true));
}

#[tokio::test]
async fn a_temporary_key_cancelled_after_its_secret_is_returned() {
    for is_cancelled in [false, true] {
        let transport = scripted([arrived()]);
        let call = client(&transport).temporary(Temporary::new(create(), HOUR));
        let info = if is_cancelled {
            call.cancel_on(after_the_create(&transport)).await.unwrap()
        } else {
            call.await.unwrap()
        };
        assert_eq!(info.key().reveal(), SECRET);
        assert!(info.unconfirmed.is_empty());
    }
}
