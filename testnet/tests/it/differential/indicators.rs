//! The 42 indicators of the field over generated oncology patients: every one is answered through the whole chain, by four
//! hospitals and one without patients, and is what PostgreSQL says of the pooled tables.

use std::collections::{BTreeMap, BTreeSet};

use policies::indicator::parse;
use testnet::data::indicators::INDICATORS as FILES;
use testnet::differential::compare::Value;
use testnet::differential::grammar::Oracles;
use testnet::differential::judge::{Asked, Bench, Outcome};
use testnet::differential::network::Network;
use testnet::differential::postgres::Session;
use testnet::differential::rows::{Rows, Tables};
use testnet::generate::Region;

/// The dictionary.
pub(crate) const DATASET: &str = include_str!("../../../charter/oncology.toml");
const INDICATORS: &str = include_str!("../../../domain/indicators.sql");
const OPT_OUT: &str = "opt_out";

/// The generated tables of every hospital of a region.
pub(crate) fn hospitals(region: Region) -> BTreeMap<String, Tables> {
    let tables = region.tables().into_iter().map(|tables| {
        let table = |table: testnet::generate::table::Table| {
            let columns = table.columns.iter().map(|column| (*column).to_owned()).collect();
            let row = |row: &Vec<_>| row.iter().map(ToString::to_string).collect();
            (table.name.to_owned(), Rows { columns, rows: table.rows.iter().map(row).collect() })
        };
        tables.tables.into_iter().map(table).collect()
    });
    region.hospitals.into_iter().zip(tables).collect()
}

/// Removes rows whose column holds another value than these, and returns their keys.
fn keep(rows: &mut Rows, column: &str, wanted: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let at = rows.columns.iter().position(|name| name == column).unwrap();
    rows.rows.retain(|row| wanted(&row[at]));
    rows.rows.iter().map(|row| row[0].clone()).collect()
}

/// The same tables without those who opted out: what PostgreSQL holds.
pub(crate) fn without_opt_outs(hospitals: &BTreeMap<String, Tables>) -> BTreeMap<String, Tables> {
    let mut kept = hospitals.clone();
    for tables in kept.values_mut() {
        let patients = keep(tables.get_mut("patient").unwrap(), OPT_OUT, &|value| value != "1");
        let diagnoses = keep(tables.get_mut("diagnosis").unwrap(), "patient_key", &|key| {
            patients.contains(key)
        });
        for (name, rows) in tables {
            if name != "patient" && name != "diagnosis" {
                keep(rows, "diagnosis_key", &|key| diagnoses.contains(key));
            }
        }
    }
    kept
}

/// The same text for the network and both oracles.
fn asked_of(sql: &str) -> Asked<'_> {
    let oracles = Oracles { datafusion: true, postgres: true };
    Asked { network: sql, pooled: sql, ordered: false, oracles, question: None, sampled: true }
}

/// Every indicator by hospital, in each of its windows, is what the pooled tables say by hospital.
fn by_hospital(bench: &mut Bench, mut session: Option<&mut Session>) {
    let mut asked = 0;
    for (id, text) in FILES {
        let indicator = parse(&format!("indicators/{id}.sql"), text).unwrap();
        for (by, window) in indicator.variants() {
            if by.is_none_or(|by| by.as_str() != "hospital") {
                continue;
            }
            let (_, sql) = indicator.refer(by, window).unwrap();
            let outcome = bench.judge(&asked_of(&sql), session.as_deref_mut());
            let judged = matches!(outcome, Outcome::Same { postgres: true, .. });
            let alone = matches!(outcome, Outcome::Same { .. } | Outcome::Unjudged { .. });
            assert!(judged || session.is_none() && alone, "{id}\n{sql}\n{outcome:?}");
            asked += 1;
        }
    }
    assert!(asked >= 3 * 42 / 2, "{asked}");
}

#[test]
fn the_forty_two_indicators_are_what_postgresql_says() {
    let all = hospitals(Region { empty: Some(2), ..Region::new(1, 5, 150) });
    let pooled = without_opt_outs(&all);
    let patients = |tables: &BTreeMap<String, Tables>| {
        tables.values().map(|tables| tables["patient"].rows.len()).sum::<usize>()
    };
    assert!(patients(&pooled) < patients(&all), "some opt out");
    assert_eq!(all.values().filter(|tables| tables["patient"].rows.is_empty()).count(), 1);
    let cluster = super::cluster();
    let mut session = cluster.as_ref().map(|cluster| cluster.session().unwrap());
    let network = Network::create(DATASET, &all, Some(OPT_OUT)).unwrap();
    let mut bench = Bench::of(network, &pooled, session.as_mut()).unwrap();
    let (mut asked, mut filled) = (0, 0);
    for part in INDICATORS.split("-- name: ").skip(1) {
        let (name, sql) = part.split_once('\n').unwrap();
        let sql = sql.trim().trim_end_matches(';');
        let outcome = bench.judge(&asked_of(sql), session.as_mut());
        let judged = matches!(outcome, Outcome::Same { postgres: true, .. });
        // Without PostgreSQL the other engine judges those that it can plan.
        let alone = matches!(outcome, Outcome::Same { .. } | Outcome::Unjudged { .. });
        assert!(judged || session.is_none() && alone, "{name}\n{sql}\n{outcome:?}");
        let answer = session.as_mut().map(|session| session.ask(sql).unwrap());
        let says =
            |value: &Value| !matches!(value, Value::Null) && *value != Value::Exact("0".to_owned());
        filled +=
            usize::from(answer.is_some_and(|a| a.rows.iter().any(|row| row.iter().all(says))));
        asked += 1;
    }
    assert_eq!(asked, 42);
    by_hospital(&mut bench, session.as_mut());
    // In a row at least no figure is 0, or equality would say little.
    assert!(session.is_none() || filled >= 40, "{filled} say something");
}
