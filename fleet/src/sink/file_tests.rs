#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Write as _;
use std::path::Path;

use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{PutError, SecretSink as _};

use super::super::fence::{Fenced, Place as _};
use super::super::mark::{Held, Mark};
use super::super::test_delivery::test_delivery;
use super::{Lock, SecretFile, lock};

fn sink(folder: &Path) -> Fenced<SecretFile> {
    Fenced(SecretFile::new(folder.join("{name}.key").to_str().unwrap()))
}

fn secret(number: u8) -> Secret {
    Secret::new(format!("sk-or-v1-{number:032}"))
}

fn content(folder: &Path) -> String {
    fs::read_to_string(folder.join("ada.key")).unwrap()
}

#[tokio::test]
async fn a_secret_is_replaced_by_the_next_one_and_by_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = sink(folder.path());
    let path = folder.path().join("ada.key");
    for (hash, replaces, number) in [("aa", "00", 1), ("bb", "aa", 2), ("cc", "bb", 3)] {
        let key = test_delivery(hash, replaces, 4);
        sink.check(&test_delivery("", replaces, 4)).await.unwrap();
        assert_eq!(sink.was_put(&key).await.unwrap(), Some(false));
        sink.put(&secret(number), &key).await.unwrap();
        sink.put(&secret(number), &key).await.unwrap();
        assert_eq!(sink.was_put(&key).await.unwrap(), Some(true));
        assert_eq!(content(folder.path()), format!("{}\n", secret(number).reveal()));
    }
    // A key of another name, and a file of something else.
    let foreign = sink.put(&secret(9), &test_delivery("dd", "ff", 1)).await;
    assert!(matches!(foreign, Err(PutError::NotStored(_))), "{foreign:?}");
    fs::write(&path, "notes").unwrap();
    let foreign = sink.put(&secret(9), &test_delivery("dd", "cc", 5)).await;
    assert!(matches!(foreign, Err(PutError::NotStored(_))), "{foreign:?}");
    sink.check(&test_delivery("", "cc", 5)).await.unwrap_err();
    assert_eq!(content(folder.path()), "notes");
}

#[tokio::test]
async fn a_secret_without_a_mark_is_recognised_by_its_label() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ada.key"), "sk-or-v1-abc123456789xyz9\n").unwrap();
    let mut key = test_delivery("bb", "aa", 1);
    assert!(sink(folder.path()).put(&secret(1), &key).await.is_err());
    key.old_label = Some("sk-or-v1-abc...xyz9".to_owned());
    sink(folder.path()).put(&secret(1), &key).await.unwrap();
}

#[tokio::test]
async fn a_new_keys_file_must_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = sink(folder.path());
    let (new, created) = (test_delivery("", "", 0), test_delivery("aa", "", 0));
    sink.check(&new).await.unwrap();
    sink.put(&secret(1), &created).await.unwrap();
    sink.check(&new).await.unwrap_err();
    let other = sink.put(&secret(2), &test_delivery("bb", "", 0)).await;
    assert!(matches!(other, Err(PutError::NotStored(_))), "{other:?}");
    // Nothing but the file is left.
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["ada.key"]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_and_the_group_of_the_old_file_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |name| folder.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
    let mut sink = sink(folder.path());
    sink.put(&secret(1), &test_delivery("aa", "00", 1)).await.unwrap();
    assert_eq!((mode("ada.key"), mode(".ada.key.rotation")), (0o600, 0o600));
    let permissions = fs::Permissions::from_mode(0o644);
    fs::set_permissions(folder.path().join("ada.key"), permissions).unwrap();
    sink.put(&secret(2), &test_delivery("bb", "aa", 1)).await.unwrap();
    assert_eq!(mode("ada.key"), 0o640);
}

#[tokio::test]
async fn a_process_that_died_between_the_two_writes_leaves_a_place_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ada.key");
    let mut sink = sink(folder.path());
    sink.put(&secret(1), &test_delivery("aa", "00", 1)).await.unwrap();
    // The mark of the next secret is there, and the secret is not; after it is half a line.
    let key = test_delivery("bb", "aa", 3);
    sink.put(&secret(2), &key).await.unwrap();
    fs::write(&path, secret(1).reveal()).unwrap();
    let Lock(mut file) = lock(&path).unwrap();
    file.write_all(b"{\"hash\":\"bb").unwrap();
    drop(file);
    assert_eq!(sink.was_put(&key).await.unwrap(), Some(false));
    let late = sink.put(&secret(9), &test_delivery("dd", "aa", 2)).await;
    assert!(matches!(late, Err(PutError::Unknown(_))), "{late:?}");
    sink.put(&secret(3), &test_delivery("cc", "aa", 5)).await.unwrap();
    assert_eq!(content(folder.path()), format!("{}\n", secret(3).reveal()));
}

#[tokio::test]
async fn a_process_that_was_stopped_cannot_write_what_it_decided_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = sink(folder.path());
    sink.put(&secret(1), &test_delivery("aa", "00", 1)).await.unwrap();
    let (stopped, other) = (test_delivery("bb", "aa", 3), test_delivery("cc", "aa", 5));
    let found = sink.0.read(&stopped).await.unwrap();
    assert_eq!(sink.was_put(&other).await.unwrap(), Some(false));
    let mark = Mark::new(Held::new("bb", &secret(2)), &stopped);
    assert!(!sink.0.write(&stopped, &found, &secret(2), mark).await.unwrap());
    let late = sink.put(&secret(2), &stopped).await;
    assert!(matches!(late, Err(PutError::Unknown(_))), "{late:?}");
    sink.was_put(&stopped).await.unwrap_err();
    sink.put(&secret(3), &other).await.unwrap();
    assert!(
        !fs::read_to_string(folder.path().join(".ada.key.rotation")).unwrap().contains("sk-or")
    );
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_noticed_before_a_key_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let new = test_delivery("", "00", 1);
    let absent = folder.path().join("no/such");
    let error = sink(&absent).check(&new).await.unwrap_err().to_string();
    assert!(error.contains("no/such does not exist"), "{error}");
    let mut is_folder = Fenced(SecretFile::new(folder.path().to_str().unwrap()));
    is_folder.check(&new).await.unwrap_err();
}
