//! What lies beside a memory: snapshots, patient numbers, and what the log says was lost.

use super::*;

/// Folders of snapshots and patient numbers.
struct Place {
    folder: tempfile::TempDir,
    current: Digest,
}

impl Place {
    /// With one snapshot of the lineage and no patient numbers.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), current: Digest::of(b"current") };
        place.snapshot("oncology-v1", &place.current, &lineage());
        place
    }

    fn snapshot(&self, dataset: &str, snapshot: &Digest, lineage: &Digest) -> PathBuf {
        let folder = self.folder.path().join(dataset).join(snapshot.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let manifest = format!("{{\"format\":2,\"lineage\":\"{lineage}\"}}");
        std::fs::write(folder.join("manifest.json"), manifest).unwrap();
        folder
    }

    /// Numbers of so many patients, of a series or of before series.
    fn numbers(&self, series: bool, count: u32) {
        let series = if series { format!(" {}", Digest::of(b"series")) } else { String::new() };
        let version = if series.is_empty() { 1 } else { 2 };
        let mut text = format!("kring patient numbers {version} oncology NOORD{series}\n");
        (0..count).for_each(|patient| text.push_str(&format!("{patient}\n")));
        let seal = Digest::of(text.as_bytes());
        let path = self.folder.path().join("oncology.numbers");
        std::fs::write(path, format!("{text}sha256 {seal}\n")).unwrap();
    }

    fn lineage(&self) -> Lineage {
        let current = self.folder.path().join("oncology-v1").join(self.current.to_string());
        let dataset = DatasetId::new("oncology").unwrap();
        Lineage::of(&dataset, &current, self.folder.path()).unwrap()
    }

    /// The code of what is wrong.
    fn code(&self, heads: &Heads) -> Option<&'static str> {
        let (sim, key) = (Sim::default(), key("a"));
        let read = read(&over(&sim, &key), heads, &self.lineage());
        read.err().map(|error| error.code())
    }
}

fn forgotten(snapshots: &[Digest]) -> Heads {
    Heads { forgotten: snapshots.iter().copied().collect(), ..Heads::default() }
}

const FORGOTTEN: Option<&str> = Some("ledger_without_history");

#[test]
fn answers_over_a_snapshot_that_is_gone_or_unreadable_count_for_every_lineage_that_may_be_so_old() {
    let place = Place::new();
    let (gone, old) = (Digest::of(b"gone"), Digest::of(b"old"));
    place.numbers(false, 3);
    assert_eq!(place.code(&Heads::default()), None);
    assert_eq!(place.code(&forgotten(&[place.current])), FORGOTTEN);
    assert_eq!(place.code(&forgotten(&[gone])), FORGOTTEN);
    // Of another lineage, of this dataset or another one.
    place.snapshot("oncology-v1", &old, &Digest::of(b"other"));
    place.snapshot("cardiology-v1", &gone, &Digest::of(b"other"));
    assert_eq!(place.code(&forgotten(&[old, gone])), None);
    let manifest = place.snapshot("oncology-v1", &old, &Digest::of(b"other")).join("manifest.json");
    std::fs::write(manifest, "{\"format\":2,\"lineage\":\"x").unwrap();
    assert_eq!(place.code(&forgotten(&[old])), FORGOTTEN);
    // Without the file nobody knows that the numbers have a series.
    std::fs::remove_file(place.folder.path().join("oncology.numbers")).unwrap();
    assert_eq!(place.code(&forgotten(&[old])), FORGOTTEN);
    place.numbers(true, 3);
    assert_eq!(place.code(&forgotten(&[old])), None);
    assert_eq!(place.code(&forgotten(&[place.current])), FORGOTTEN);
}

#[test]
fn entries_that_a_version_without_a_memory_archived_count_as_answers() {
    let place = Place::new();
    let unheard = Heads { unheard: true, ..Heads::default() };
    place.numbers(false, 3);
    assert_eq!(place.code(&unheard), FORGOTTEN);
    let (sim, key) = (Sim::default(), key("a"));
    let (charges, chain) = filled(&sim, &key, 1);
    // What has a charge was begun by a version with a memory, which looked first.
    let lineages = [(lineage(), head(&chain))].into();
    let charged = Heads { unheard: true, lineages, ..Heads::default() };
    assert!(read(&charges, &charged, &place.lineage()).is_ok());
    place.numbers(true, 3);
    assert_eq!(place.code(&unheard), None);
}

#[test]
fn a_lineage_that_the_log_says_is_lost_is_not_read() {
    let place = Place::new();
    place.numbers(true, 3);
    let lost = |lineage| Heads { lost: [lineage].into(), ..Heads::default() };
    assert_eq!(place.code(&lost(lineage())), Some("ledger_lost"));
    assert_eq!(place.code(&lost(Digest::of(b"other"))), None);
}

/// The bytes of a charge that tells one cell of patient 5 alone, as `query` writes it.
fn of_patient_5() -> Vec<u8> {
    let set = [0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 5, 0];
    let number = |number: u64| number.to_le_bytes().to_vec();
    let parts: [Vec<u8>; 12] = [
        vec![1],
        lineage().as_bytes().to_vec(),
        number(0),
        number(1),
        vec![1],
        Digest::of(b"cell").as_bytes().to_vec(),
        number(18),
        set.to_vec(),
        number(0),
        number(0),
        number(20_000),
        number(1),
    ];
    parts.concat()
}

#[test]
fn patient_numbers_that_end_before_a_patient_of_the_memory_are_an_older_copy() {
    let place = Place::new();
    let (sim, key) = (Sim::default(), key("a"));
    let charges = over(&sim, &key);
    let chain = charges.read(&lineage(), None).unwrap();
    charges.put(&lineage(), &chain, of_patient_5()).unwrap();
    let code = |count| {
        place.numbers(true, count);
        read(&charges, &Heads::default(), &place.lineage()).err().map(|error| error.code())
    };
    assert_eq!(code(6), None);
    assert_eq!(code(5), Some("ledger_of_other_numbers"));
    std::fs::remove_file(place.folder.path().join("oncology.numbers")).unwrap();
    assert!(read(&charges, &Heads::default(), &place.lineage()).is_ok());
}

#[tokio::test]
async fn a_memory_that_cannot_be_read_right_now_is_read_again() {
    let (place, sim, key) = (Place::new(), Sim::default(), key("a"));
    place.numbers(true, 3);
    let (charges, _) = filled(&sim, &key, 2);
    let folder = place.folder.path().to_path_buf();
    let ledger = Ledger::new(charges, Heads::default(), folder, Tasks::new());
    assert_eq!(ledger.state(&place.lineage()), None);
    sim.fail_next(std::io::ErrorKind::Other);
    let refused = ledger.open(place.lineage()).await.unwrap_err();
    assert_eq!(refused.told().code, "no_ledger");
    assert_eq!(ledger.state(&place.lineage()), None);
    ledger.open(place.lineage()).await.unwrap();
    let whole = MemoryState { filled: Some(0), problem: None };
    assert_eq!(ledger.state(&place.lineage()), Some(whole));
    // What is wrong with the charges stays so.
    let (sim, key) = (Sim::default(), self::key("a"));
    let (charges, _) = filled(&sim, &key, 2);
    sim.remove_for_good(&file(0));
    let folder = place.folder.path().to_path_buf();
    let ledger = Ledger::new(charges, Heads::default(), folder, Tasks::new());
    ledger.open(place.lineage()).await.unwrap_err();
    let problem = Some("ledger_missing".to_owned());
    assert_eq!(ledger.state(&place.lineage()), Some(MemoryState { filled: None, problem }));
}

#[test]
fn a_memory_that_fills_up_is_told_once_at_each_step() {
    let told = |before, after| passed(before, after);
    assert!(!told(0, 49) && told(49, 50) && !told(50, 51) && !told(51, 79));
    assert!(told(79, 80) && told(0, 100) && !told(80, 100) && !told(50, 50));
}
