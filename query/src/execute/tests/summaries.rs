//! The hidden summaries of real texts over a sealed snapshot, as the daemon receives them.

use std::collections::BTreeSet;

use policies::footprint::MeasureKind;

use super::*;
use crate::cell::Order;
use crate::pipe::frame::Message;
use crate::pipe::{Reply, Wanted};
use crate::receive::{self, RawFragment};
use crate::record::RecordKey;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.region]
codes = [{ code = "north" }, { code = "south" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "region", type = "text", class = "category", codes = "region", nullable = true },
  { name = "died", type = "integer", class = "flag", nullable = true },
]

[[tables]]
name = "visit"
key = "visit_key"
foreign_keys = [{ column = "patient_key", table = "patient" }]
columns = [
  { name = "visit_key", type = "integer", class = "key" },
  { name = "patient_key", type = "text", class = "key" },
  { name = "cost", type = "decimal", scale = 1, class = "measure", min = "-10.0", max = "60.0", nullable = true },
]
"#;
/// Patients a to f; a died is not known of all.
const PATIENTS: &str =
    "patient_key,region,died\na,north,1\nb,north,0\nc,south,1\nd,,0\ne,south,\nf,north,1\n";
/// Not in the order of patients.
const VISITS: &str = "visit_key,patient_key,cost\n1,c,10.0\n2,a,60.0\n3,a,-10.0\n4,b,\n5,a,5.5\n6,c,20.0\n7,e,0.0\n8,d,-3.0\n";

struct Site {
    _folder: tempfile::TempDir,
    dataset: Dataset,
    snapshot: std::path::PathBuf,
    hospital: HospitalCode,
    networks: Networks,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
        let (mut sources, mut tables) = (Vec::new(), Vec::new());
        for (name, rows) in [("patient", PATIENTS), ("visit", VISITS)] {
            let path = folder.path().join(format!("{name}.csv"));
            std::fs::write(&path, rows).unwrap();
            let name = Ident::new(name).unwrap();
            sources.push(Source { name: name.clone(), path, format: Format::csv() });
            let columns = BTreeMap::new();
            tables.push(TableMapping::Columns { table: name.clone(), source: name, columns });
        }
        let plan = ImportPlan {
            dataset: &dataset,
            hospital: HospitalCode::new("ALFA").unwrap(),
            sources,
            tables,
            opt_out: None,
            numbering: folder.path().join("numbering"),
            new_series: policies::Digest::of(b"numbers"),
            record_secret: RecordSecret::new(&[7; 32]),
            out: folder.path().join("out"),
            strict: true,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let snapshot = runtime.block_on(import(&plan)).unwrap().folder.unwrap();
        let (hospital, networks) = (plan.hospital.clone(), Networks::new());
        Self { _folder: folder, dataset, snapshot, hospital, networks }
    }

    fn place(&self) -> Place<'_> {
        let Self { dataset, snapshot, hospital, networks, .. } = self;
        Place { dataset, snapshot, hospital, networks, not_given: &[] }
    }

    #[track_caller]
    fn split(&self, sql: &str) -> crate::cut::Split {
        cut::split(&self.dataset, &self.networks, sql).expect(sql)
    }

    /// The order that is read off the plan of a text's first fragment: over kept tables, and over files.
    fn orders(&self, sql: &str) -> [Order; 2] {
        let (place, split) = (self.place(), self.split(sql));
        let fragment = &split.fragments[0];
        let snapshot = snapshot::verify(&self.snapshot, false).unwrap();
        [Tables::default(), Tables::keeping_files_to(0)].map(|mut tables| {
            let plan = bind::bind(fragment, &place, &snapshot, &mut tables).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let state = session().unwrap();
            let planning = state.create_physical_plan(&plan);
            let rows = runtime.unwrap().block_on(planning).unwrap();
            order::of(rows.as_ref(), fragment.keys.len())
        })
    }

    /// The cells of a text's first fragment, received.
    #[track_caller]
    fn ask(&self, sql: &str) -> RawFragment {
        let (place, split) = (self.place(), self.split(sql));
        let footprint = split.footprint.fragments.clone();
        let digests: Vec<Digest> = footprint.iter().map(|fragment| fragment.digest).collect();
        let mut received = [Tables::default(), Tables::keeping_files_to(0)].map(|mut tables| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let running =
                execute(&split.fragments, &place, (&digests, Wanted::ALL, None), &mut tables);
            let executed = runtime.unwrap().block_on(running).expect(sql);
            let (cells, sets): (Vec<_>, Vec<_>) =
                executed.into_iter().map(|executed| (executed.cells, executed.sets)).unzip();
            let cells = cells.iter().map(|cells| crate::ipc::encode(cells).unwrap());
            let blobs = cells.chain(sets.into_iter().flatten()).collect();
            let reply = Message { head: Reply::Executed { fragments: digests.clone() }, blobs };
            receive::check(&footprint, Wanted::ALL, &reply).expect(sql).remove(0)
        });
        received.swap(0, 1);
        let [scanned, kept] = received;
        assert_eq!(summary(&scanned), summary(&kept), "{sql}");
        kept
    }
}

/// What the summaries of cells say, as text: patients, key, and each measure.
fn summary(fragment: &RawFragment) -> Vec<String> {
    let of_cell = |cell: crate::receive::RawCell<'_>| {
        let measures: Vec<String> = cell
            .contributions()
            .map(|of| {
                let tops = of.tops.unwrap();
                let key = (of.key.unwrap().get(), of.mark.unwrap().get());
                let (first, second, all) = (tops.first, tops.second, tops.all);
                format!("{} {first} {second} {all} {key:?} {:?}", of.n, of.patients)
            })
            .collect();
        let (n, key) = (cell.n(), cell.key().unwrap().get());
        format!("{n} {key} {:?} {measures:?}", cell.patients())
    };
    fragment.cells().map(of_cell).collect()
}

/// Cell by cell, how many patients there are, and how many contribute to each measure.
fn numbers(fragment: &RawFragment) -> Vec<Vec<u64>> {
    let of_cell = |cell: crate::receive::RawCell<'_>| {
        let measures = cell.contributions().map(|of| of.n);
        std::iter::once(cell.n()).chain(measures).collect()
    };
    fragment.cells().map(of_cell).collect()
}

fn key_of(patients: &[&str]) -> u64 {
    let secret = RecordSecret::new(&[7; 32]);
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let lineage = secret.lineage(
        &dataset.id,
        1,
        (&HospitalCode::new("ALFA").unwrap(), Some(Digest::of(b"numbers"))),
    );
    let keys = patients.iter().map(|patient| secret.key(&lineage, patient));
    keys.fold(RecordKey::default(), RecordKey::plus).get()
}

#[test]
fn a_cell_says_who_contributes_what() {
    let cells = Site::new().ask(
        "SELECT region, count(*), sum(cost), count(*) FILTER (WHERE cost > 5) FROM visit \
         JOIN patient ON visit.patient_key = patient.patient_key GROUP BY region",
    );
    // North: a with three visits, b with one without a cost. South: c with two, e with one. Not known: d.
    let n: Vec<u64> = cells.cells().map(|cell| cell.n()).collect();
    assert_eq!(n, [2, 2, 1]);
    let north = cells.cells().next().unwrap();
    assert_eq!(north.key().unwrap().get(), key_of(&["a", "b"]));
    let measures: Vec<_> = north.contributions().collect();
    let told: Vec<(MeasureKind, u64, [i128; 3])> = measures
        .iter()
        .map(|of| {
            let tops = of.tops.unwrap();
            (of.measure.kind, of.n, [tops.first, tops.second, tops.all])
        })
        .collect();
    assert_eq!(
        told,
        [
            (MeasureKind::Rows, 2, [3, 1, 4]),
            (MeasureKind::Rows, 1, [3, 0, 3]),
            (MeasureKind::Value, 1, [555, 0, 555]),
            (MeasureKind::Rows, 1, [2, 0, 2]),
        ]
    );
    let south: Vec<_> = cells.cells().nth(1).unwrap().contributions().collect();
    // A cost of 0 is a contribution.
    assert_eq!(south[2].n, 2);
    assert_eq!(south[2].tops.unwrap().first, 300);
    assert!(south[2].patients.is_none() && south[1].patients.unwrap().len() == 2);
    let unknown = cells.cells().nth(2).unwrap();
    assert_eq!(unknown.contributions().nth(2).unwrap().tops.unwrap().first, 30);
}

#[test]
fn counts_of_the_same_patients_have_one_key_however_they_are_asked() {
    let site = Site::new();
    let dead = key_of(&["a", "c", "f"]);
    for (aggregate, at) in [
        ("count(*) FILTER (WHERE died = 1)", 0),
        ("sum(died)", 1),
        ("sum(CASE WHEN died = 1 THEN 1 ELSE 0 END)", 1),
        ("avg(died)", 1),
        ("count(distinct patient_key) FILTER (WHERE died > 0)", 0),
        ("share(died = 1)", 1),
    ] {
        let cells = site.ask(&format!("SELECT {aggregate} FROM patient"));
        let cell = cells.cells().next().unwrap();
        let of: Vec<_> = cell.contributions().collect();
        assert_eq!((of[at].n, of[at].key.unwrap().get()), (3, dead), "{aggregate}");
        assert_eq!(of[at].mark, of[at].key, "{aggregate}");
        let who: BTreeSet<u32> = of[at].patients.unwrap().iter().collect();
        assert_eq!(who, BTreeSet::from([0, 2, 5]), "{aggregate}");
        assert_eq!(cell.key().unwrap().get(), key_of(&["a", "b", "c", "d", "e", "f"]));
    }
}

#[test]
fn other_rows_of_the_same_patients_have_another_key() {
    let site = Site::new();
    let key = |aggregate: &str, at: usize| {
        let cells = site.ask(&format!("SELECT {aggregate} FROM visit"));
        let of = cells.cells().next().unwrap().contributions().nth(at).unwrap();
        (of.n, [of.key.unwrap().get(), of.mark.unwrap().get()])
    };
    let (n, sum) = key("sum(cost)", 1);
    let (cubes_n, cubes) = key("sum(cost * cost * cost)", 1);
    assert_eq!(cubes_n, n);
    assert!(cubes.iter().zip(sum).all(|(cubes, sum)| *cubes != sum));
    // Factors and offsets are not what is added.
    for same in ["sum(cost + 1)", "sum(-cost)", "sum(3 * cost + 0)", "avg(cost / 2.0)"] {
        assert_eq!(key(same, 1), (n, sum), "{same}");
    }
}

#[test]
fn padding_lifts_no_number_of_patients() {
    let site = Site::new();
    let measures = "count(*), count(v.cost), sum(v.cost), count(distinct v.visit_key) FILTER (WHERE v.cost > 5)";
    let ask = |from: &str, measures: &str| {
        site.ask(&format!("SELECT p.region, {measures} FROM {from} GROUP BY p.region"))
    };
    let from = "patient p JOIN visit v ON p.patient_key = v.patient_key";
    let plain = ask(from, measures);
    let own = numbers(&plain);
    for padded in [
        format!("{from} JOIN visit w ON v.patient_key = w.patient_key"),
        format!("{from} LEFT JOIN visit w ON p.patient_key = w.patient_key AND w.cost > 0"),
        format!(
            "{from} JOIN visit w ON p.patient_key = w.patient_key JOIN visit x ON p.patient_key = x.patient_key"
        ),
    ] {
        let cells = ask(&padded, measures);
        for (own, padded) in own.iter().zip(numbers(&cells)) {
            assert!(padded.iter().zip(own).all(|(padded, own)| padded <= own), "{padded:?}");
        }
        for (own, padded) in plain.cells().zip(cells.cells()) {
            if own.n() == padded.n() {
                assert_eq!(own.key(), padded.key());
                assert_eq!(own.patients(), padded.patients());
            }
        }
    }
    // Rows without a visit are no contribution to what is counted of visits.
    let outer = ask("patient p LEFT JOIN visit v ON p.patient_key = v.patient_key", measures);
    let visits: Vec<u64> =
        outer.cells().map(|cell| cell.contributions().nth(1).unwrap().n).collect();
    assert_eq!(visits, [1, 2, 1]);
    assert_eq!(outer.cells().map(|cell| cell.n()).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn the_plan_alone_says_whether_rows_come_patient_by_patient() {
    use Order::{Any, ByPatient};
    let site = Site::new();
    let joined = "patient p JOIN visit v ON p.patient_key = v.patient_key";
    for (from, order) in [
        ("patient", ByPatient),
        ("visit WHERE cost > 5", ByPatient),
        (joined, ByPatient),
        (&format!("{joined} JOIN visit w ON v.visit_key = w.visit_key"), ByPatient),
        ("patient p WHERE EXISTS (SELECT 1 FROM visit v WHERE v.patient_key = p.patient_key)", Any),
        (
            "(SELECT patient_key, sum(cost) AS cost FROM visit GROUP BY patient_key) v WHERE cost > 5",
            ByPatient,
        ),
        ("(SELECT cost FROM visit WHERE cost > 5 UNION ALL SELECT cost FROM visit) v", Any),
        // Whether there is a patient without a visit, as here, or none.
        ("patient p LEFT JOIN visit v ON p.patient_key = v.patient_key", Any),
        ("patient p LEFT JOIN patient q ON p.patient_key = q.patient_key", Any),
    ] {
        let orders = site.orders(&format!("SELECT count(*) FROM {from}"));
        assert_eq!(orders, [order, order], "{from}");
    }
}

#[test]
fn rows_that_do_not_come_patient_by_patient_give_the_same_cells() {
    let site = Site::new();
    let ask = |from: &str| {
        summary(&site.ask(&format!(
            "SELECT count(*), count(cost), sum(cost), count(*) FILTER (WHERE cost > 5) FROM {from}"
        )))
    };
    let plain = ask("visit");
    assert!(plain[0].starts_with("5 "), "{plain:?}");
    let part = |condition: &str| format!("SELECT cost FROM visit WHERE {condition}");
    let (low, high, unknown) = (part("cost < 6"), part("cost >= 6"), part("cost IS NULL"));
    let union = format!("({high} UNION ALL {unknown} UNION ALL {low}) AS parts");
    // What a union made is looked at more closely: the first four measures are those of the table.
    let same = plain[0].trim_end_matches(']');
    assert!(ask(&union)[0].starts_with(same), "{:?}", ask(&union));
    // Patients without such a visit come after all others.
    let outer = site.ask(
        "SELECT count(*), count(v.cost) FROM patient p \
         LEFT JOIN visit v ON p.patient_key = v.patient_key AND v.cost > 5",
    );
    let cell = outer.cells().next().unwrap();
    assert_eq!((cell.n(), cell.sums().collect::<Vec<_>>()), (6, vec![8, 4]));
    let visits = cell.contributions().nth(1).unwrap();
    assert_eq!((visits.n, visits.tops.unwrap().first), (2, 2));
}
