//! `up`, `status` and `down` with real processes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

mod pooled;

const PROGRAM: &str = env!("CARGO_BIN_EXE_testnet");

struct Folder(tempfile::TempDir);

impl Folder {
    fn dir(&self) -> String {
        self.0.path().join("net").to_string_lossy().into_owned()
    }

    fn run(&self, command: &str, more: &[&str]) -> Output {
        Command::new(PROGRAM).args([command, "--dir", &self.dir()]).args(more).output().unwrap()
    }

    #[track_caller]
    fn good(&self, command: &str, more: &[&str]) -> String {
        let output = self.run(command, more);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn ask(&self, sql: &str) -> Value {
        serde_json::from_str(&self.asked(sql, "json").0).unwrap()
    }

    /// What `kring ask` prints, and what it says beside it.
    fn asked(&self, sql: &str, format: &str) -> (String, String) {
        let dir = self.0.path().join("net");
        let output = Command::new(dir.join("bin/kring"))
            .args(["ask", sql, "--format", format, "--profile"])
            .arg(dir.join("people/a.jansen/profile.toml"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        (String::from_utf8(output.stdout).unwrap(), said)
    }

    /// Process ids by hospital, as `up` recorded them.
    fn record(&self) -> Option<Value> {
        let text = std::fs::read_to_string(self.0.path().join("net/run.json")).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }
}

impl Drop for Folder {
    /// Also when a test fails.
    fn drop(&mut self) {
        self.run("down", &[]);
    }
}

/// Processes whose command line names the folder: nodes, and workers that read its snapshots.
fn processes(dir: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap();
    let lines = entries.filter_map(|entry| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(dir).then_some(line)
    });
    lines.collect()
}

/// The generated rows of a hospital that did not opt out, as the pooled answer counts them.
fn pooled() -> (i64, i64) {
    use testnet::generate::table::Value;
    let (mut surgery, mut bladder) = (0, 0);
    for tables in testnet::generate::Region::new(9, 3, 30).tables() {
        let patients = tables.table("patient").unwrap();
        let out: Vec<_> = patients
            .column("patient_key")
            .zip(patients.column("opt_out"))
            .filter(|(_, out)| **out == Value::Integer(1))
            .map(|(key, _)| key)
            .collect();
        let diagnoses = tables.table("diagnosis").unwrap();
        let mut groups = std::collections::BTreeMap::new();
        let keys = diagnoses.column("diagnosis_key").zip(diagnoses.column("patient_key"));
        for ((key, patient), group) in keys.zip(diagnoses.column("tumour_group")) {
            if !out.contains(&patient) {
                groups.insert(key, group);
            }
        }
        let treatments = tables.table("treatment").unwrap();
        let kinds = treatments.column("modality").zip(treatments.column("procedure"));
        for (key, (modality, procedure)) in treatments.column("diagnosis_key").zip(kinds) {
            let Some(group) = groups.get(key) else { continue };
            surgery +=
                i64::from(*modality == Value::from("surgery") && **group == Value::from("neuro"));
            bladder +=
                i64::from(*procedure == Value::from("turbt") && **group == Value::from("blaas"));
        }
    }
    (surgery, bladder)
}

fn answers_equal_the_generated_tables(folder: &Folder) {
    let (surgery, bladder) = pooled();
    assert!(surgery > 5 && bladder > 5, "{surgery} {bladder}");
    let per_procedure = folder.ask(
        "SELECT t.procedure, count(*) AS n FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key \
         WHERE d.tumour_group = 'blaas' AND t.procedure = 'turbt' GROUP BY t.procedure HAVING count(*) > 0",
    );
    assert_eq!(per_procedure["rows"], json!([["turbt", bladder.to_string()]]), "{per_procedure}");
    assert_eq!(per_procedure["status"], "synthetic");
    let surgeries = folder.ask(
        "SELECT count(*) AS n FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key \
         WHERE d.tumour_group = 'neuro' AND t.modality = 'surgery'",
    );
    assert_eq!(surgeries["rows"], json!([[surgery.to_string()]]), "{surgeries}");
    assert_eq!(surgeries["coverage"].as_object().unwrap().len(), 3);
}

/// A quantile says between which values the pooled one lies, in every format.
fn quantiles_state_their_interval(folder: &Folder) {
    let sql = "SELECT tumour_group, median(age_at_inc) AS m FROM diagnosis WHERE tumour_group = 'blaas' GROUP BY tumour_group HAVING count(*) > 0";
    let answer = folder.ask(sql);
    let interval = &answer["intervals"][0];
    assert_eq!((&interval["row"], &interval["column"]), (&json!(0), &json!(1)), "{answer}");
    let [low, high] = ["low", "high"].map(|end| interval[end].as_f64().unwrap());
    let value = answer["rows"][0][1].as_f64().unwrap();
    assert!(low <= value && value <= high && high - low <= 15.0, "{answer}");
    assert_eq!((&answer["notes"], low % 2.5), (&json!([]), 0.0), "{answer}");
    let (csv, _) = folder.asked(sql, "csv");
    assert_eq!(csv, format!("tumour_group,m,m_low,m_high\nblaas,{value},{low},{high}\n"));
    let (table, _) = folder.asked(sql, "table");
    assert!(table.contains(&format!(" [{low}..{high}] ")), "{table}");
    assert!(table.contains("the pooled value lies in this interval"), "{table}");
    let sql = "SELECT tumour_group, median(age_at_inc) > 60 AS old FROM diagnosis GROUP BY tumour_group HAVING median(age_at_inc) > 0";
    let (csv, said) = folder.asked(sql, "csv");
    assert!(csv.starts_with("tumour_group,old,old_low,old_high\n"), "{csv}");
    assert!(said.contains("a quantile decided which rows there are"), "{said}");
    let (table, _) = folder.asked(sql, "table");
    assert!(table.contains("true [?..?]") || table.contains("false [?..?]"), "{table}");
}

#[test]
fn a_network_outlives_up_and_ends_with_down() {
    let folder = Folder(tempfile::Builder::new().prefix("kring-up-").tempdir().unwrap());
    let dir = folder.dir();
    assert_eq!(folder.run("status", &[]).status.code(), Some(1));
    let options = ["--topology", "three", "--patients", "30", "--seed", "9", "--min-patients", "1"];
    folder.good("up", &options);
    let first = folder.record().unwrap();
    let nodes = |line: &&String| line.contains(" run --config ");
    assert_eq!(processes(&dir).iter().filter(nodes).count(), 3, "{:?}", processes(&dir));
    let status = folder.good("status", &[]);
    assert_eq!(status.matches("2 of 2 peers connected, oncology ").count(), 3, "{status}");
    answers_equal_the_generated_tables(&folder);
    quantiles_state_their_interval(&folder);

    // Again: nothing is started twice, and another network does not fit into the folder.
    folder.good("up", &[]);
    assert_eq!(folder.record().unwrap(), first);
    let other = folder.run("up", &["--patients", "31"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("holds another network"));

    // An id that another program has got is nobody's node: it is neither counted nor ended.
    a_stale_id_is_left_alone(&folder, &first);
    folder.good("down", &[]);
    assert_eq!(processes(&dir), Vec::<String>::new());
    assert_eq!(folder.record(), None);
    assert_eq!(folder.run("status", &[]).status.code(), Some(1));
    folder.good("down", &[]);
    what_cannot_start_leaves_nothing_running(&folder);
}

/// A port is taken: the node that needs it ends, and those that `up` started are ended too.
fn what_cannot_start_leaves_nothing_running(folder: &Folder) {
    let text = std::fs::read_to_string(Path::new(&folder.dir()).join("network.json")).unwrap();
    let network: Value = serde_json::from_str(&text).unwrap();
    let port = u16::try_from(network["ports"]["ZUID"]["tcp"].as_u64().unwrap()).unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let failed = folder.run("up", &[]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("ZUID ended"), "{failed:?}");
    assert_eq!(processes(&folder.dir()), Vec::<String>::new());
    assert_eq!(folder.record(), None);
    drop(taken);
}

fn a_stale_id_is_left_alone(folder: &Folder, first: &Value) {
    let mut other = Command::new("sleep").arg("600").spawn().unwrap();
    let node = first["nodes"]["OOST"].as_u64().unwrap();
    let mut changed = first.clone();
    changed["nodes"]["OOST"] = json!(other.id());
    let file = Path::new(&folder.dir()).join("run.json");
    std::fs::write(&file, changed.to_string()).unwrap();
    let status = folder.run("status", &[]);
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains("OOST     not running"));
    std::fs::write(&file, json!({"nodes": {"OOST": other.id()}}).to_string()).unwrap();
    folder.good("down", &[]);
    assert!(other.try_wait().unwrap().is_none(), "the other program was ended");
    other.kill().unwrap();
    other.wait().unwrap();
    std::fs::write(&file, first.to_string()).unwrap();
    assert!(Path::new(&format!("/proc/{node}")).exists());
}
