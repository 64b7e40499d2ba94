//! A snapshot is what was sealed, or is refused.

use std::fs;

use super::*;

fn sealed_in(folder: &Path, edit: impl FnOnce(&mut serde_json::Value)) -> PathBuf {
    let table = b"rows";
    let mut manifest = serde_json::json!({
        "format": 2, "dataset": "tumours", "version": 1, "dataset_digest": Digest::of(b"d"),
        "hospital": "EMC", "lineage": Digest::of(b"lineage"),
        "tables": {"patient": {"file": "patient.parquet", "sha256": Digest::of(table), "rows": 4}},
        "patients": 4,
    });
    edit(&mut manifest);
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let folder = folder.join(Digest::of(&bytes).to_string());
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(MANIFEST), &bytes).unwrap();
    fs::write(folder.join("patient.parquet"), table).unwrap();
    folder
}

#[track_caller]
fn refused(edit: impl FnOnce(&mut serde_json::Value), code: &str) {
    let temp = tempfile::tempdir().unwrap();
    let folder = sealed_in(temp.path(), edit);
    assert_eq!(verify(&folder, false).unwrap_err().code(), code);
}

#[test]
fn a_good_snapshot_opens() {
    let temp = tempfile::tempdir().unwrap();
    let folder = sealed_in(temp.path(), |_| {});
    let snapshot = open(&folder).unwrap();
    assert_eq!(snapshot.manifest().patients, 4);
    assert_eq!(
        snapshot.file(&Ident::new("patient").unwrap()),
        Some(folder.join("patient.parquet"))
    );
    assert_eq!(Some(snapshot.id().to_string().as_str()), folder.file_name().unwrap().to_str());
}

#[test]
fn a_manifest_of_another_shape_is_refused() {
    let bad = "snapshot_manifest_invalid";
    refused(|manifest| manifest["format"] = 3.into(), bad);
    refused(|manifest| manifest["lineage"] = 5.into(), bad);
    refused(|manifest| manifest["more"] = 1.into(), bad);
    refused(|manifest| manifest["patients"] = (-1).into(), bad);
    refused(|manifest| manifest["hospital"] = "emc".into(), bad);
    refused(|manifest| manifest["tables"]["patient"]["sha256"] = "00".into(), bad);
}

#[test]
fn a_snapshot_of_before_record_keys_says_to_import_again() {
    let temp = tempfile::tempdir().unwrap();
    let folder = sealed_in(temp.path(), |manifest| {
        manifest["format"] = 1.into();
        manifest.as_object_mut().unwrap().remove("lineage");
    });
    let error = verify(&folder, false).unwrap_err();
    assert_eq!(error.code(), "snapshot_without_record_keys");
    assert!(error.to_string().ends_with("run `kring import` again"), "{error}");
    assert_eq!(lineage(&folder), None);
}

#[test]
fn a_file_cannot_be_outside_the_folder() {
    for file in ["../patient.parquet", "/etc/passwd", "a/patient.parquet", "other.parquet", ""] {
        refused(
            |manifest| manifest["tables"]["patient"]["file"] = file.into(),
            "snapshot_manifest_invalid",
        );
    }
    let temp = tempfile::tempdir().unwrap();
    let folder = sealed_in(temp.path(), |_| {});
    let file = folder.join("patient.parquet");
    fs::rename(&file, temp.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(temp.path().join("elsewhere"), &file).unwrap();
    assert_eq!(verify(&folder, false).unwrap_err().code(), "snapshot_damaged");
}

#[test]
fn a_changed_file_is_found_when_read() {
    let temp = tempfile::tempdir().unwrap();
    let folder = sealed_in(temp.path(), |_| {});
    fs::write(folder.join("patient.parquet"), b"r0ws").unwrap();
    assert!(verify(&folder, false).is_ok());
    assert_eq!(open(&folder).unwrap_err().code(), "snapshot_damaged");
    fs::remove_file(folder.join("patient.parquet")).unwrap();
    assert_eq!(verify(&folder, false).unwrap_err().code(), "snapshot_io");
}

#[test]
fn a_changed_manifest_does_not_fit_its_folder() {
    let temp = tempfile::tempdir().unwrap();
    let folder = sealed_in(temp.path(), |_| {});
    let text = fs::read_to_string(folder.join(MANIFEST)).unwrap();
    fs::write(folder.join(MANIFEST), text.replace("\"patients\":4", "\"patients\":5")).unwrap();
    assert_eq!(open(&folder).unwrap_err().code(), "snapshot_renamed");
    fs::write(folder.join(MANIFEST), vec![b' '; (1 << 20) + 1]).unwrap();
    assert_eq!(open(&folder).unwrap_err().code(), "snapshot_manifest_invalid");
}

#[test]
fn the_pointer_names_a_folder_beside_it() {
    let temp = tempfile::tempdir().unwrap();
    let dataset = DatasetId::new("tumours").unwrap();
    let current = || current(temp.path(), &dataset, 1);
    assert_eq!(current().unwrap(), None);
    assert!(currents(temp.path(), &dataset).unwrap().is_empty());
    fs::create_dir(temp.path().join("tumours-v2")).unwrap();
    fs::create_dir(temp.path().join("tumours-v2-v1")).unwrap();
    let parent = parent(temp.path(), &dataset, 1);
    fs::create_dir(&parent).unwrap();
    let folder = sealed_in(&parent, |_| {});
    let id = folder.file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(parent.join(CURRENT), format!("{id}\n")).unwrap();
    assert_eq!(current().unwrap(), Some(folder.clone()));
    assert_eq!(currents(temp.path(), &dataset).unwrap(), [folder]);
    let other = Digest::of(b"other").to_string();
    for text in [String::new(), id, "../..\n".to_owned(), format!("{other}\n")] {
        fs::write(parent.join(CURRENT), text).unwrap();
        assert_eq!(current().unwrap_err().code(), "snapshot_pointer_damaged");
    }
}
