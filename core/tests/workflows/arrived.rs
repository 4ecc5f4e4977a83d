//! Workflows whose create ends early behind its secret: none loses it.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::workflow::{Ensure, Ensured, Temporary};

use super::{CREATED, Reaction, client, create, scripted, sent};

const SECRET: &str = "sk-or-v1-0e6000000000000000000000000001c96";
const HOUR: Duration = Duration::from_secs(3600);

/// The secret has arrived, and nothing else comes.
fn arrived() -> Reaction {
    Reply::stalled(201).body(CREATED).into()
}

fn nothing() -> Reaction {
    Reaction::Keys(Vec::new())
}

/// Ready as soon as the create went out.
fn behind_the_create(transport: &FakeTransport) -> impl Future<Output = ()> + use<> {
    let transport = transport.clone();
    poll_fn(move |context| {
        context.waker().wake_by_ref();
        let is_out = transport.requests().iter().any(|request| request.method() == "POST");
        if is_out { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[tokio::test]
async fn a_reconciled_create_whose_time_is_up_behind_its_secret_returns_it() {
    let transport = scripted([arrived()]);
    let done = client(&transport).create_reconciled(create()).await.unwrap();
    assert_eq!(done.created.key().reveal(), SECRET);
    assert!(done.unconfirmed.is_empty());
    assert_eq!(sent(&transport), ["POST /keys"]);
}

#[tokio::test]
async fn a_reconciled_create_that_is_cancelled_behind_its_secret_returns_it() {
    let transport = scripted([arrived()]);
    let cancel = behind_the_create(&transport);
    let done = client(&transport).create_reconciled(create()).cancel_on(cancel).await.unwrap();
    assert_eq!(done.created.key().reveal(), SECRET);
    assert!(done.unconfirmed.is_empty());
}

#[tokio::test]
async fn ensure_that_is_cancelled_behind_the_secret_returns_it_as_unsettled() {
    let transport = scripted([nothing(), arrived()]);
    let cancel = behind_the_create(&transport);
    let ensured = client(&transport).ensure(Ensure::new(create())).cancel_on(cancel).await.unwrap();
    let Ensured::Created { created, unsettled } = ensured else { panic!("{ensured:?}") };
    assert_eq!(created.key().reveal(), SECRET);
    assert!(unsettled.is_some());
}

#[tokio::test]
async fn ensure_whose_create_runs_out_of_time_behind_the_secret_returns_it() {
    let transport = scripted([nothing(), arrived(), nothing()]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    let Ensured::Created { created, unsettled } = ensured else { panic!("{ensured:?}") };
    assert_eq!((created.key().reveal(), unsettled.is_none()), (SECRET, true));
}

#[tokio::test]
async fn a_temporary_key_that_is_cancelled_behind_its_secret_is_returned() {
    for is_cancelled in [false, true] {
        let transport = scripted([arrived()]);
        let call = client(&transport).temporary(Temporary::new(create(), HOUR));
        let info = if is_cancelled {
            call.cancel_on(behind_the_create(&transport)).await.unwrap()
        } else {
            call.await.unwrap()
        };
        assert_eq!(info.key().reveal(), SECRET);
        assert!(info.unconfirmed.is_empty());
    }
}
