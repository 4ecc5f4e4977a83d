//! The state file: what persists across runs.

use std::fs;
use std::path::{Path, PathBuf};

use openrouter_keys_emulator::Emulator;
use serde_json::json;

use crate::client::{at, call};

/// A path in the target directory where nothing exists yet.
pub(crate) fn fresh_path(name: &str) -> PathBuf {
    let folder = built().parent().unwrap().join("tmp");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = fs::remove_file(&path);
    path
}

/// The build output, located at run time: in a copied checkout it differs from the compiled-in
/// path.
pub(crate) fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

#[test]
fn a_file_in_use_is_refused_by_any_path_until_it_is_released() {
    let path = fresh_path("in-use.json");
    let first = Emulator::builder().state_file(&path).start().unwrap();
    let roundabout = path.parent().unwrap().join(".").join("in-use.json");
    let mut paths = vec![path.clone(), roundabout];
    #[cfg(unix)]
    {
        let link = fresh_path("link-to-in-use.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        paths.push(link);
    }
    for other in &paths {
        let error = Emulator::builder().state_file(other).start().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        assert!(error.to_string().contains("another emulator is using it"), "{error}");
    }
    first.seed_keys(1);
    drop(first);
    for other in &paths {
        assert_eq!(Emulator::builder().state_file(other).start().unwrap().key_count(), 1);
    }
}

#[test]
fn an_empty_file_is_a_first_start() {
    for text in ["", "\n"] {
        let path = fresh_path("empty.json");
        fs::write(&path, text).unwrap();
        let emulator = Emulator::builder().state_file(&path).keys(2).start().unwrap();
        assert_eq!(emulator.key_count(), 2);
        assert!(fs::read_to_string(&path).unwrap().contains("key 001"));
    }
}

#[test]
fn a_reset_that_cannot_be_saved_changes_nothing() {
    let folder = fresh_path("vanishing-before-a-reset");
    fs::create_dir_all(&folder).unwrap();
    let emulator = Emulator::builder().state_file(folder.join("state.json")).start().unwrap();
    emulator.seed_keys(1);
    emulator.clock().set("2030-01-01T00:00:00Z".parse().unwrap());
    call(&emulator, "GET", "/keys").send();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(at(&emulator, "POST", "/_emulator/reset").send().refusal(), 500);
    assert_eq!((emulator.key_count(), emulator.requests().len()), (1, 1));
    assert_eq!(emulator.clock().now().to_string(), "2030-01-01T00:00:00Z");
}

#[test]
fn a_path_that_cannot_be_a_file_is_refused() {
    let folder = fresh_path("folder.json");
    fs::create_dir_all(&folder).unwrap();
    for bad in [Path::new(""), Path::new("/"), &folder] {
        assert!(Emulator::builder().state_file(bad).start().is_err(), "{bad:?}");
    }
    assert!(!folder.with_extension("json.lock").exists());
    #[cfg(unix)]
    {
        let link = fresh_path("dangling.json");
        std::os::unix::fs::symlink("nowhere.json", &link).unwrap();
        assert!(Emulator::builder().state_file(&link).start().is_err());
    }
}

#[test]
fn a_second_server_continues_where_the_first_stopped() {
    let path = fresh_path("round-trip.json");
    let first = Emulator::builder().state_file(&path).start().unwrap();
    let settings = json!({
        "name": "a", "limit": 10, "limit_reset": "daily", "expires_at": "2099-01-01T00:00:00Z",
        "external": {"user": "u"},
    });
    let created = call(&first, "POST", "/keys").json(&settings).send().json();
    let hash = created["data"]["hash"].as_str().unwrap();
    let deleted = first.seed_keys(2).remove(0);
    first.spend(hash, 0.25);
    call(&first, "DELETE", &format!("/keys/{deleted}")).send();
    let (management_key, keys) = (first.management_key().to_owned(), first.keys());
    drop(first);

    let second = Emulator::builder().state_file(&path).start().unwrap();
    assert_eq!(second.management_key(), management_key);
    assert_eq!(second.keys(), keys);
    let secret = created["key"].as_str().unwrap();
    assert_eq!(call(&second, "GET", "/key").bearer(secret).send().status, 200);
    let (_, newest) = second.create_ordinary_key("b");
    assert!(keys.iter().all(|key| key.hash != newest) && newest != deleted);
}

#[test]
fn the_file_is_complete_after_every_change_and_contains_no_secret() {
    let path = fresh_path("whole.json");
    let emulator = Emulator::builder().state_file(&path).start().unwrap();
    let (secret, hash) = emulator.create_ordinary_key("a");
    let text = fs::read_to_string(&path).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    assert!(text.contains(&hash));
    assert!(!text.contains(&secret) && !text.contains(emulator.management_key()));
}

#[test]
fn a_change_that_cannot_be_saved_is_not_made() {
    let folder = fresh_path("vanishing");
    fs::create_dir_all(&folder).unwrap();
    let emulator = Emulator::builder().state_file(folder.join("state.json")).start().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let create = call(&emulator, "POST", "/keys").json(&json!({"name": "a"}));
    assert_eq!(create.send().refusal(), 500);
    assert_eq!(emulator.key_count(), 0);
    assert!(!emulator.requests()[0].committed);
}

#[test]
fn a_file_with_other_content_is_refused_and_left_alone() {
    let path = fresh_path("other.json");
    fs::write(&path, "my notes").unwrap();
    assert!(Emulator::builder().state_file(&path).start().is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "my notes");
}
