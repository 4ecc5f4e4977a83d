//! Deleting by marked names.

use super::*;

const ONE: &str = "ci #00000000000000000000000000000001";
const OTHER: &str = "ci #00000000000000000000000000000002";
const THIRD: &str = "ci #00000000000000000000000000000003";

#[tokio::test]
async fn keys_with_one_of_the_names_are_deleted_and_the_rest_reported() {
    let row = |hash: &str, name: &str| format!(r#"{{"hash":"{hash}","name":"{name}"}}"#);
    let transport = scripted([
        Reaction::Keys(vec![row("aa", ONE), row("bb", OTHER), row("cc", "ci")]),
        Reply::status(404).json(r#"{"error":{"code":404,"message":"gone"}}"#).into(),
        Reply::status(403).json("{}").into(),
    ]);
    let swept = client(&transport).sweep(Sweep::new([ONE, OTHER, THIRD])).await.unwrap();
    assert_eq!(sent(&transport)[2..], ["DELETE /keys/aa", "DELETE /keys/bb"]);
    assert_eq!(swept.deleted[0].name.as_deref(), Some(ONE));
    assert_eq!((swept.failed[0].0.name.as_deref(), swept.failed.len()), (Some(OTHER), 1));
    assert_eq!(swept.absent, [THIRD]);
}

#[tokio::test]
async fn a_key_without_a_hash_is_found_and_the_error_is_about_the_response() {
    let transport = scripted([Reaction::Keys(vec![format!(r#"{{"name":"{ONE}"}}"#)])]);
    let swept = client(&transport).sweep(Sweep::new([ONE])).await.unwrap();
    let (_, error) = &swept.failed[0];
    assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error}");
    assert!(error.to_string().contains("without a usable hash"), "{error}");
}

#[tokio::test]
async fn a_name_without_a_marker_is_refused_and_nothing_is_sent() {
    let transport = FakeTransport::never();
    let error = client(&transport).sweep(Sweep::new([ONE, "production"])).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Build(error) if error.kind() == BuildErrorKind::Name)
    );
    assert!(error.to_string().starts_with("sweep: a name to sweep has no marker"), "{error}");
    assert!(transport.requests().is_empty());
    let swept = client(&transport).sweep(Sweep::new([""; 0])).await.unwrap();
    assert!(swept.deleted.is_empty() && transport.requests().is_empty());
}
