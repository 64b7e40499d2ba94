use serde_json::Value;

use super::*;
use crate::utility::treatment;

const VOLUME: &str = "-- id: v1_volume
-- version: 1
-- dataset: oncology
-- title_en: Cystectomies by year
-- source: test
-- kind: volume
-- year: treatment.start_year

SELECT t.start_year, COUNT(*) AS n FROM treatment t WHERE t.procedure = 'cystectomy' GROUP BY t.start_year
";
const COMPLETE: &str = "-- id: g9_completeness
-- version: 1
-- dataset: oncology
-- title_en: Completeness
-- source: test
-- kind: completeness

SELECT d.tumour_group, COUNT(*) AS n, COUNT(d.ct) AS ct, COUNT(d.ecog) AS ecog, COUNT(d.bmi) AS bmi FROM diagnosis d GROUP BY d.tumour_group
";

/// The tables of an indicator without protections, with its own kind and with none, at one hospital.
fn tables(id: &str, text: &str) -> [Finished; 3] {
    let without: Vec<&str> =
        text.lines().filter(|line| !line.contains("kind:") && !line.contains("year:")).collect();
    let without = without.join("\n") + "\n";
    let charter = |text: &str, annotations| treatment::of((1, &[(id, text)]), annotations).unwrap();
    let treatments: Vec<Treatment> = Vec::new();
    let open = charter(&without, "@min_patients(\"0\")\n@zeros(\"shown\")\n");
    let network = Network::create((40, 3, 1), open, &treatments).unwrap();
    let mut worker = Worker::start().unwrap();
    let mut table = |charter: &Charter| {
        let indicator = charter.indicators().next().unwrap();
        let question = network.question(&mut worker, indicator, (None, None)).unwrap();
        let replies = network.replies(&mut worker, &question).unwrap();
        let (code, reply) = &replies[0];
        let mut memory = fresh(code);
        let answer =
            network.answer((charter.into(), &question), (code, reply), &mut memory).unwrap();
        network.finished(&mut worker, &question, &[(code, answer)]).unwrap()
    };
    [table(&network.exact), table(&charter(text, "")), table(&charter(&without, ""))]
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[test]
fn a_volume_shows_every_closed_year_and_hides_few_patients_in_others() {
    let [exact, volume, quality] = tables("v1_volume", VOLUME);
    let of = |table: &Finished, year: i64| {
        let mut rows = table.rows.iter().filter(|row| number(&row[0]) == Some(year));
        rows.next().map(|row| number(&row[1]))
    };
    let (mut few, mut open) = (0, 0);
    for row in &exact.rows {
        let (year, n) = (number(&row[0]).unwrap(), number(&row[1]).unwrap());
        let hidden = of(&quality, year) == Some(None);
        assert_eq!(hidden, n < 10, "{year}: {n}");
        if year < 2026 {
            few += usize::from(hidden);
            assert_eq!(of(&volume, year), Some(Some(n)), "{year}");
        } else {
            open += usize::from(hidden);
            assert_eq!(of(&volume, year) == Some(None), n < 10, "{year}: {n}");
        }
    }
    assert!(few > 0, "{exact:?}");
    // A closed year of nobody is a zero, which gives no row; one that is not over is a null like any other.
    let null = volume.rows.iter().filter(|row| row[1].is_null());
    assert!(null.clone().all(|row| number(&row[0]).is_none_or(|year| year >= 2026)));
    assert!(null.count() >= open);
}

#[test]
fn a_completeness_shows_how_few_values_are_missing_and_hides_how_few_are_there() {
    let [exact, complete, quality] = tables("g9_completeness", COMPLETE);
    let (mut more, mut few) = (0, 0);
    for row in &exact.rows {
        let n = number(&row[1]).unwrap();
        let same = |table: &Finished| -> Vec<Value> {
            table.rows.iter().find(|own| own[0] == row[0]).unwrap().clone()
        };
        let (shown, before) = (same(&complete), same(&quality));
        for column in 2..row.len() {
            let there = number(&row[column]).unwrap();
            let seen = n >= 10 && (there == 0 || there >= 5);
            assert_eq!(number(&shown[column]), seen.then_some(there), "{row:?} {shown:?}");
            more += usize::from(seen && number(&before[column]).is_none());
            few += usize::from(n >= 10 && !seen);
        }
    }
    assert!(more > 0, "{exact:?} {few}");
}
