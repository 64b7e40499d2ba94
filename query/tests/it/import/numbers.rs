//! Snapshots and patient numbers that last.

use std::fs;
use std::path::Path;

use policies::Digest;
use query::snapshot;

use super::*;

#[tokio::test]
async fn the_sealed_folder_is_a_snapshot_and_current() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let report = site.import().await.unwrap();
    let folder = report.folder.clone().unwrap();
    assert_eq!(site.current(), Some(folder.clone()));
    let snapshot = snapshot::open(&folder).unwrap();
    snapshot.is_of(&site.dataset).unwrap();
    assert_eq!(Some(snapshot.id()), report.snapshot);
    assert_eq!(snapshot.manifest().tables[&ident("treatment")].rows, 3);
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.starts_with("{\"format\":2,\"dataset\":\"tumours\",\"version\":2,"));
    let mut other = dataset();
    other.digest = Digest::of(b"another file");
    assert_eq!(snapshot.is_of(&other).unwrap_err().code(), "snapshot_of_another_dataset");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("patient.parquet"))), (0o700, 0o600));
}

#[tokio::test]
async fn the_same_rows_give_the_same_snapshot() {
    let first = Site::with(PATIENTS, TREATMENTS);
    let again = Site::with(PATIENTS, TREATMENTS);
    let mut lines: Vec<&str> = PATIENTS.lines().collect();
    lines[1..].reverse();
    let shuffled = Site::with(lines.join("\r\n"), TREATMENTS);
    let id = first.import().await.unwrap().snapshot;
    assert_eq!(first.import().await.unwrap().snapshot, id);
    assert_eq!(again.import().await.unwrap().snapshot, id);
    assert_eq!(shuffled.import().await.unwrap().snapshot, id);
}

#[tokio::test]
async fn patients_keep_their_numbers() {
    let site = Site::with(PATIENTS, TREATMENTS);
    site.import().await.unwrap();
    site.write("patients.csv", "patient_key,age,sex,bmi\n30,70,f,\n1,40,f,\n10,54,m,\n2,41,m,\n");
    let second = sealed(&site.import().await.unwrap(), "patient");
    assert_eq!(integers(&second, "patient_key"), [10, 30, 1, 2]);
    assert_eq!(numbers(&second), [1, 2, 3, 4]);
    site.write("patients.csv", PATIENTS);
    let third = sealed(&site.import().await.unwrap(), "patient");
    assert_eq!(integers(&third, "patient_key"), [7, 10, 30]);
    assert_eq!(numbers(&third), [0, 1, 2]);
}

#[tokio::test]
async fn numbers_are_never_given_anew() {
    let site = Site::with(PATIENTS, TREATMENTS);
    site.import().await.unwrap();
    let path = site.path("numbers");
    let good = fs::read_to_string(&path).unwrap();
    let series = Digest::of(b"numbers");
    assert!(
        good.starts_with(&format!(
            "kring patient numbers 2 tumours EMC {series}\n7\n10\n30\nsha256 "
        ))
    );
    let cases: [(String, &str); 6] = [
        (String::new(), "numbering_damaged"),
        (good.replace("\n10\n", "\n11\n"), "numbering_damaged"),
        (good.replace("\n30\n", "\n"), "numbering_damaged"),
        (good[..good.len() - 5].to_owned(), "numbering_damaged"),
        (numbering("tumours UMCU", &["7", "10", "30"]), "numbering_of_another"),
        (numbering("tumours EMC", &["7", "10"]), "numbering_stale"),
    ];
    for (text, code) in cases {
        fs::write(&path, &text).unwrap();
        assert_eq!(site.import().await.unwrap_err().code(), code, "{text}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, numbering("tumours EMC", &["7", "10", "30", "7"])).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "numbering_damaged");
    fs::remove_file(&path).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "numbering_missing");
    fs::write(&path, &good).unwrap();
    site.import().await.unwrap();
}

fn numbering(owner: &str, keys: &[&str]) -> String {
    let series = Digest::of(b"numbers");
    let text = format!("kring patient numbers 2 {owner} {series}\n{}\n", keys.join("\n"));
    format!("{text}sha256 {}\n", Digest::of(text.as_bytes()))
}

#[tokio::test]
async fn patients_who_are_numbered_anew_begin_another_lineage() {
    let lineage = |report: &ImportReport| snapshot::lineage(report.folder.as_ref().unwrap());
    let site = Site::with(PATIENTS, TREATMENTS);
    let first = site.import().await.unwrap();
    let again = ImportPlan { new_series: Digest::of(b"other numbers"), ..site.plan() };
    // The file is there: its series holds.
    assert_eq!(lineage(&import(&again).await.unwrap()), lineage(&first));
    let old = site.path("old");
    fs::rename(site.path("snapshots"), &old).unwrap();
    fs::remove_file(site.path("numbers")).unwrap();
    let second = import(&again).await.unwrap();
    assert_ne!(lineage(&second), lineage(&first));
    // Snapshots of both are never beside each other, whichever of them is current.
    let id = first.snapshot.unwrap().to_string();
    let beside = second.folder.clone().unwrap().with_file_name(&id);
    fs::rename(old.join("tumours-v2").join(&id), &beside).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "other_lineage");
    fs::write(beside.join("manifest.json"), "{").unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "snapshot_manifest_invalid");
}

#[tokio::test]
async fn numbers_of_before_series_go_on() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let text = "kring patient numbers 1 tumours EMC\n30\n";
    let text = format!("{text}sha256 {}\n", Digest::of(text.as_bytes()));
    fs::write(site.path("numbers"), text).unwrap();
    let sealed = sealed(&site.import().await.unwrap(), "patient");
    assert_eq!(
        (integers(&sealed, "patient_key"), numbers(&sealed)),
        (vec![30, 7, 10], vec![0, 1, 2])
    );
    let kept = fs::read_to_string(site.path("numbers")).unwrap();
    assert!(kept.starts_with("kring patient numbers 1 tumours EMC\n30\n7\n10\nsha256 "));
}

#[tokio::test]
async fn one_import_at_a_time() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let lock = fs::File::create(site.path("numbers.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "import_running");
    drop(lock);
    site.import().await.unwrap();
}

#[tokio::test]
async fn an_import_that_was_cut_short_leaves_no_trace() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let parent = site.path("snapshots").join("tumours-v2");
    fs::create_dir_all(parent.join(".sealing")).unwrap();
    fs::write(parent.join(".sealing").join("patient.parquet"), b"half").unwrap();
    fs::write(parent.join("current.tmp"), b"half").unwrap();
    fs::write(site.path("numbers.tmp"), b"half").unwrap();
    assert_eq!(site.current(), None);
    let report = site.import().await.unwrap();
    snapshot::open(&report.folder.unwrap()).unwrap();
    let mut names: Vec<_> = fs::read_dir(&parent)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".lock", &report.snapshot.unwrap().to_string(), "current"]);
    assert!(!site.path("numbers.tmp").exists());
}

#[tokio::test]
async fn a_damaged_snapshot_is_not_sealed_over() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let folder = site.import().await.unwrap().folder.unwrap();
    let mut bytes = fs::read(folder.join("treatment.parquet")).unwrap();
    bytes[10] ^= 1;
    fs::write(folder.join("treatment.parquet"), bytes).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "snapshot_damaged");
}

#[tokio::test]
async fn numbers_hold_across_versions_of_the_dataset() {
    let mut site = Site::with(PATIENTS, TREATMENTS);
    site.import().await.unwrap();
    site.dataset.version = 3;
    let report = site.import().await.unwrap();
    assert_eq!(numbers(&sealed(&report, "patient")), [0, 1, 2]);
    site.dataset.version = 4;
    let path = site.path("numbers");
    fs::write(&path, numbering("tumours EMC", &["10", "7", "30"])).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "numbering_stale");
    fs::remove_file(&path).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "numbering_missing");
}
