//! Record keys: the same for a patient in every snapshot of a lineage, and unrelated in every other.

use std::collections::BTreeMap;

use datafusion::arrow::array::Array as _;
use datafusion::arrow::datatypes::UInt64Type;
use query::import::RecordSecret;
use query::snapshot;

use super::*;

const MODULUS: u64 = 0xffff_ffff_0000_0001;

/// Each patient's record key.
fn keys(report: &ImportReport) -> BTreeMap<i64, u64> {
    let patients = sealed(report, "patient");
    let keys = patients.column_by_name("__rkey").unwrap().as_primitive::<UInt64Type>();
    assert_eq!(keys.null_count(), 0);
    assert!(keys.values().iter().all(|key| *key < MODULUS));
    integers(&patients, "patient_key").into_iter().zip(keys.values().iter().copied()).collect()
}

fn lineage(report: &ImportReport) -> policies::Digest {
    snapshot::open(report.folder.as_ref().unwrap()).unwrap().manifest().lineage
}

#[tokio::test]
async fn a_patient_has_one_record_key_over_all_snapshots_of_a_lineage() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let first = site.import().await.unwrap();
    site.write("patients.csv", "patient_key,age,sex,bmi\n30,71,f,\n1,40,f,\n10,54,m,\n2,41,m,\n");
    let second = site.import().await.unwrap();
    assert_ne!(first.snapshot, second.snapshot);
    assert_eq!(lineage(&first), lineage(&second));
    let (first, second) = (keys(&first), keys(&second));
    assert_eq!((first[&10], first[&30]), (second[&10], second[&30]));
    let all: std::collections::BTreeSet<u64> =
        first.values().chain(second.values()).copied().collect();
    assert_eq!(all.len(), 5, "each patient its own");
}

#[tokio::test]
async fn another_version_hospital_or_secret_is_another_lineage() {
    let own = Site::with(PATIENTS, TREATMENTS);
    let own = own.import().await.unwrap();
    let mut newer = Site::with(PATIENTS, TREATMENTS);
    newer.dataset.version = 3;
    let elsewhere = Site::with(PATIENTS, TREATMENTS);
    let secret = Site::with(PATIENTS, TREATMENTS);
    let hospital = HospitalCode::new("AMC").unwrap();
    let record_secret = RecordSecret::new(&[8; 32]);
    for other in [
        newer.import().await.unwrap(),
        import(&ImportPlan { hospital, ..elsewhere.plan() }).await.unwrap(),
        import(&ImportPlan { record_secret, ..secret.plan() }).await.unwrap(),
    ] {
        assert_ne!(lineage(&own), lineage(&other));
        let others = keys(&other);
        assert!(keys(&own).iter().all(|(patient, key)| others[patient] != *key));
    }
}

#[tokio::test]
async fn another_secret_over_snapshots_of_this_one_is_refused() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let first = site.import().await.unwrap();
    let other = || ImportPlan { record_secret: RecordSecret::new(&[8; 32]), ..site.plan() };
    let error = import(&other()).await.unwrap_err();
    assert_eq!(error.code(), "other_lineage");
    assert_eq!(site.current(), first.folder);
    // Also over a snapshot that is damaged, as long as it tells its lineage.
    let manifest = site.current().unwrap().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"patients\":3", "\"patients\":4")).unwrap();
    assert_eq!(import(&other()).await.unwrap_err().code(), "other_lineage");
    site.import().await.unwrap_err();
}

#[tokio::test]
async fn record_keys_are_in_the_patient_table_alone_and_nowhere_else() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let report = site.import().await.unwrap();
    assert!(sealed(&report, "treatment").column_by_name("__rkey").is_none());
    let mut said = serde_json::to_string(&report).unwrap() + &report.to_html();
    said += &format!("{report:?} {:?}", site.plan());
    said += &fs::read_to_string(report.folder.as_ref().unwrap().join("manifest.json")).unwrap();
    for key in keys(&report).values() {
        assert!(!said.contains(&key.to_string()));
    }
    assert!(!said.contains("[7, 7") && said.contains("<redacted>"), "the secret is not printed");
}
