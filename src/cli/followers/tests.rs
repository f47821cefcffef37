#![allow(clippy::disallowed_methods, reason = "tests write files")]

use super::*;
use crate::{config::ConfigText, store::Memory};

const CONFIG: &str = "[defaults]\npublish_command = \"true\"\n\
    [source.a]\nurl = \"https://a.example/\"\n[source.b]\nurl = \"https://b.example/\"\n";

fn config() -> Config {
    let text = ConfigText { path: "gleaner.toml".into(), text: CONFIG.to_owned() };
    crate::config::read(&[text], &|_| None).unwrap()
}

fn owed(store: &Memory) -> Vec<String> {
    read(store).unwrap().owed.into_keys().map(|id| id.to_string()).collect()
}

#[test]
fn what_a_killed_process_wrote_and_did_not_note_is_owed() {
    let (config, store, folder) = (config(), Memory::new(), tempfile::tempdir().unwrap());
    let old = folder.path().join("a.atom");
    std::fs::write(&old, "").unwrap();
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::open(&old).unwrap().set_modified(hour_ago).unwrap();
    begin(&store).unwrap();
    std::fs::write(folder.path().join("b.atom"), "").unwrap();
    // Here the process is killed.
    recover(&config, &store, folder.path()).unwrap();
    assert_eq!(owed(&store), ["b"]);
    assert_eq!(read(&store).unwrap().owed.values().next().unwrap().counts, None, "nobody counted");
    recover(&config, &store, folder.path()).unwrap();
    assert_eq!(owed(&store), ["b"], "once");
}

#[test]
fn what_changes_while_it_is_told_is_told_again() {
    let (config, store, folder) = (config(), Memory::new(), tempfile::tempdir().unwrap());
    let id = SourceId::new("a").unwrap();
    let changed = BTreeMap::from([(id.clone(), Counts { new: 2, entries: 9 })]);
    note(&store, &changed).unwrap();
    let errand = Errand::of(&config, &read(&store).unwrap(), folder.path()).unwrap();
    note(&store, &changed).unwrap();
    errand.run().note(&store, &BTreeSet::from([id])).unwrap();
    assert_eq!(owed(&store), ["a"]);
    let errand = Errand::of(&config, &read(&store).unwrap(), folder.path()).unwrap();
    errand.run().note(&store, &BTreeSet::new()).unwrap();
    assert_eq!(owed(&store), [""; 0]);
}
