use super::*;
use crate::Digest;
use crate::dataset::file::parse;
use crate::footprint::{FragmentFootprint, SumFootprint, SumKind};

const TEXT: &str = r#"id = "tiny"
version = 1
status = "real"
patient = "patient"
title = { en = "Tiny" }
[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]
groups = [{ name = "high", codes = [2, 3] }]
[[tables]]
name = "patient"
key = "id"
columns = [
  { name = "id", type = "integer", class = "key" },
  { name = "birth_year", type = "integer", class = "quasi", min = -7, max = 9, step = 2 },
]
[[tables]]
name = "diagnosis"
key = "did"
foreign_keys = [{ column = "id", table = "patient" }]
columns = [
  { name = "did", type = "integer", class = "key" },
  { name = "id", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade", nullable = true },
  { name = "age", type = "integer", class = "measure", min = 18, max = 99, edges = [40, 60] },
]
[[tables]]
name = "treatment"
key = "tid"
foreign_keys = [{ column = "did", table = "diagnosis" }]
columns = [
  { name = "tid", type = "integer", class = "key" },
  { name = "did", type = "integer", class = "key" },
  { name = "dead", type = "integer", class = "flag" },
]
"#;

fn dataset() -> Dataset {
    parse("tiny.toml", TEXT).unwrap()
}

fn codes(values: &[&str]) -> ValueSet {
    ValueSet::Codes(values.iter().map(|value| Some((*value).to_owned())).collect())
}

fn grade(values: &[&str]) -> Conditions {
    Conditions::of("diagnosis", "grade", codes(values))
}

fn child(of: &str, table: &str, negated: bool, conditions: &Conditions) -> Conditions {
    let (of, table) = (of.to_owned(), table.to_owned());
    Conditions::child(ChildCondition { of, table, negated, columns: conditions.columns.clone() })
}

fn dead() -> Conditions {
    Conditions::of("treatment", "dead", codes(&["1"]))
}

#[track_caller]
fn reduces(rows: &str, parts: &[Conditions], expected: &str) {
    let all = parts.iter().fold(Conditions::default(), |all, part| all.and(part));
    assert_eq!(all.reduced(rows, &dataset()).to_string(), expected);
    let back = parts.iter().rev().fold(Conditions::default(), |all, part| part.and(&all));
    assert_eq!(back.reduced(rows, &dataset()).to_string(), expected);
}

#[test]
fn what_follows_from_the_rest_is_left_out() {
    let two = "diagnosis.grade in {\"2\"}";
    reduces("diagnosis", &[grade(&["2"]), grade(&["2", "3"])], two);
    reduces("diagnosis", &[grade(&["2"]), grade(&["3"])], "never");
    // The row itself is a diagnosis of its patient.
    let any = Conditions::default();
    reduces("diagnosis", &[grade(&["2"]), child("patient", "diagnosis", false, &any)], two);
    let high = grade(&["2", "3"]);
    reduces("diagnosis", &[grade(&["2"]), child("patient", "diagnosis", false, &high)], two);
    reduces("diagnosis", &[grade(&["2"]), child("patient", "diagnosis", true, &high)], "never");
    // One child shows another.
    let (some, none) = (child("diagnosis", "treatment", false, &dead()), true);
    let text = "some treatment of diagnosis (treatment.dead in {\"1\"})";
    reduces("diagnosis", &[some.clone(), child("diagnosis", "treatment", false, &any)], text);
    reduces("diagnosis", &[some.clone(), child("patient", "treatment", false, &dead())], text);
    reduces("diagnosis", &[some, child("diagnosis", "treatment", none, &any)], "never");
    let no = "no treatment of diagnosis";
    let both = [
        child("diagnosis", "treatment", none, &any),
        child("diagnosis", "treatment", none, &dead()),
    ];
    reduces("diagnosis", &both, no);
}

#[test]
fn another_child_of_the_patient_is_not_the_row() {
    let of_two = dead().and(&grade(&["2"]));
    let parts = [
        grade(&["2"]),
        child("patient", "treatment", false, &dead()),
        child("patient", "treatment", false, &of_two),
    ];
    // The narrower child shows the wider one; that the row's grade is 2 shows neither.
    reduces(
        "diagnosis",
        &parts,
        "diagnosis.grade in {\"2\"} and some treatment of patient (diagnosis.grade in {\"2\"} and treatment.dead in {\"1\"})",
    );
    let parts = [grade(&["2"]), child("patient", "treatment", true, &of_two)];
    reduces(
        "diagnosis",
        &parts,
        "diagnosis.grade in {\"2\"} and no treatment of patient (diagnosis.grade in {\"2\"} and treatment.dead in {\"1\"})",
    );
}

#[test]
fn patients_are_counted_by_what_they_have() {
    let dataset = dataset();
    let some = child("diagnosis", "treatment", false, &dead());
    let lifted = grade(&["2"]).and(&some).lifted("diagnosis", "patient", &dataset).unwrap();
    let direct = grade(&["2"]).and(&dead()).lifted("treatment", "patient", &dataset).unwrap();
    assert_eq!(lifted, direct);
    assert_eq!(
        lifted.to_string(),
        "some treatment of patient (diagnosis.grade in {\"2\"} and treatment.dead in {\"1\"})"
    );
    let none = child("diagnosis", "treatment", true, &dead());
    assert_eq!(none.lifted("diagnosis", "patient", &dataset), Err(ExploreReason::Exists));
}

#[test]
fn only_what_is_registered_is_one_condition() {
    let dataset = dataset();
    let of = |column: &str, values: ValueSet| {
        let table = if column == "birth_year" { "patient" } else { "diagnosis" };
        values.registered(dataset.column(table, column).unwrap())
    };
    let null = ValueSet::Codes([None].into());
    for values in [codes(&["1"]), codes(&["2", "3"]), codes(&["1", "2", "3"]), null] {
        assert_eq!(of("grade", values), Ok(()));
    }
    for values in [codes(&["1", "2"]), codes(&["7"]), codes(&[])] {
        assert_eq!(of("grade", values), Err(ExploreReason::Group));
    }
    for (low, high) in [(18, 40), (40, 60), (18, 100), (60, 100)] {
        assert_eq!(of("age", ValueSet::Between { low, high }), Ok(()));
    }
    for (low, high) in [(18, 41), (0, 40), (40, 40), (60, 40), (60, 99), (i64::MIN, i64::MAX)] {
        assert_eq!(of("age", ValueSet::Between { low, high }), Err(ExploreReason::Edges));
    }
    assert_eq!(of("age", ValueSet::Missing), Err(ExploreReason::Condition));
    assert_eq!(of("did", codes(&["1"])), Err(ExploreReason::Condition));
}

#[test]
fn a_bin_is_what_one_quotient_holds() {
    let dataset = dataset();
    let column = dataset.column("patient", "birth_year").unwrap();
    let mut bins = 0;
    for low in -9..12 {
        for high in -9..12 {
            let values = ValueSet::Between { low, high };
            let numbers = |width: i64, quotient: i64| {
                (-7..=9).filter(|number| number / width == quotient).collect::<Vec<i64>>()
            };
            let own: Vec<i64> = (low..high).collect();
            let bin = (1..=10).any(|times| {
                (-9..=9).any(|quotient| !own.is_empty() && numbers(2 * times, quotient) == own)
            });
            bins += usize::from(bin);
            assert_eq!(values.registered(column).is_ok(), bin, "{low} {high}");
        }
    }
    assert!(bins > 10, "{bins}");
}

fn form() -> ExploreForm {
    let measure = MeasureId::Count { of: "diagnosis".to_owned() };
    let term = ExploreTerm { measure, conditions: grade(&["2", "3"]), factor: 1 };
    let key = ExploreKey::Codes { table: "diagnosis".to_owned(), column: "grade".to_owned() };
    ExploreForm {
        rows: "diagnosis".to_owned(),
        keys: vec![key],
        conditions: Conditions::default(),
        sums: vec![ExploreSum { terms: vec![term], plain: true }],
    }
}

fn checked(form: ExploreForm) -> Result<(), ExploreReason> {
    let sum =
        SumFootprint { text: "count(*)".to_owned(), kind: SumKind::Rows, scale: 0, measure: 0 };
    let fragment = FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: vec!["grade".to_owned()],
        cells: 4,
        sums: vec![sum],
        measures: Vec::new(),
        explore: Explore::Form(form.clone()),
        links: Vec::new(),
        vectors: Vec::new(),
        sensitive: false,
    };
    form.check(&fragment, &dataset()).map_err(|refusal| refusal.reason)
}

#[track_caller]
fn forged(change: impl FnOnce(&mut ExploreForm), expected: ExploreReason) {
    let mut form = form();
    change(&mut form);
    assert_eq!(checked(form), Err(expected));
}

#[test]
fn a_forged_form_does_not_hold() {
    use ExploreReason::*;
    assert_eq!(checked(form()), Ok(()));
    let under = |conditions: Conditions| {
        move |form: &mut ExploreForm| form.sums[0].terms[0].conditions = conditions
    };
    forged(|form| form.rows = "nowhere".to_owned(), Rows);
    forged(|form| form.keys.clear(), Key);
    forged(|form| form.keys = vec![ExploreKey::Cells(Vec::new())], Key);
    forged(|form| form.keys.push(ExploreKey::Cells(vec![grade(&["2"])])), Key);
    forged(|form| form.sums.clear(), Measure);
    forged(|form| form.sums[0].terms[0].factor = 2, Measure);
    forged(
        |form| form.sums[0].terms[0].measure = MeasureId::Count { of: "treatment".to_owned() },
        Measure,
    );
    forged(under(grade(&["1", "2"])), Group);
    forged(under(dead()), Condition);
    forged(under(Conditions::of("diagnosis", "did", codes(&["1"]))), Condition);
    forged(under(child("patient", "patient", false, &Conditions::default())), Exists);
    forged(under(child("treatment", "treatment", false, &Conditions::default())), Exists);
    // Conditions that are not in their one form would be a second form of one set.
    let mut twice = grade(&["2"]);
    twice.columns.push(twice.columns[0].clone());
    forged(under(twice), Condition);
    let mut contradictory = grade(&["2"]);
    contradictory.never = true;
    forged(under(contradictory), Condition);
    forged(under(child("patient", "diagnosis", false, &Conditions::default())), Condition);
}

#[test]
fn figures_of_cells_that_do_not_exist_are_none() {
    let (form, dataset) = (form(), dataset());
    let term = &form.sums[0].terms[0];
    assert_eq!(form.figure(&[], term, &dataset), None);
    assert_eq!(form.figure(&[4], term, &dataset), None);
    assert_eq!(form.figure(&[0], term, &dataset).unwrap().form, "never");
    let two = form.figure(&[1], term, &dataset).unwrap();
    assert_eq!(
        (two.id.as_str(), two.form.as_str()),
        ("count diagnosis", "diagnosis.grade in {\"2\"}")
    );
}

#[test]
fn codes_cannot_forge_a_form() {
    // A code with signs of the canonical text is quoted.
    let odd = Conditions::of("t", "c", codes(&["a\", \"b"]));
    let two = Conditions::of("t", "c", codes(&["a", "b"]));
    assert_ne!(odd.to_string(), two.to_string());
    let null = Conditions::of("t", "c", codes(&["null"]));
    assert_ne!(
        null.to_string(),
        Conditions::of("t", "c", ValueSet::Codes([None].into())).to_string()
    );
}

#[test]
fn which_rows_are_looked_at_is_held_against_the_dataset_without_any_sum() {
    let wrong = |form: &mut ExploreForm| {
        form.sums[0].terms.clear();
        form.conditions = grade(&["1", "2"]);
    };
    forged(wrong, ExploreReason::Group);
    let rows = |conditions: Conditions| {
        let form = ExploreForm { conditions, ..form() };
        let keys = form.key_values(&dataset());
        form.rows_among(&keys, &[0], &dataset()).unwrap().form
    };
    assert_eq!(rows(Conditions::default()), "diagnosis.grade in {\"1\"}");
    assert_ne!(rows(dead()), rows(Conditions::default()));
}
