use super::*;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "dead", type = "integer", class = "flag" },
  { name = "age", type = "integer", class = "quasi", min = 0, max = 80, step = 1 },
]
"#;
const SQL: &str = "SELECT dead, count(*) FROM patient GROUP BY dead";

fn at(dataset: &Dataset) -> Question<'_> {
    static NETWORKS: Networks = Networks::new();
    Question { dataset, networks: &NETWORKS, sql: SQL }
}

fn dataset(version: u32) -> Dataset {
    let text = DATASET.replace("version = 1", &format!("version = {version}"));
    policies::dataset::file::parse("small", &text).unwrap()
}

#[test]
fn a_persons_text_is_split_once_and_forgotten_when_another_is_served() {
    let (ann, bob) = (Some(Digest::of(b"ann")), Some(Digest::of(b"bob")));
    let (dataset, mut kept) = (dataset(1), Kept::default());
    let first = kept.split(ann, &at(&dataset)).unwrap();
    kept.runs(&at(&dataset));
    let again = kept.split(ann, &at(&dataset)).unwrap();
    assert!(Rc::ptr_eq(&first.split, &again.split) && again.runs);

    let other = kept.split(bob, &at(&dataset)).unwrap();
    assert!(!Rc::ptr_eq(&first.split, &other.split) && !other.runs);
    assert_eq!(kept.texts.len(), 1);
    let back = kept.split(ann, &at(&dataset)).unwrap();
    assert!(!Rc::ptr_eq(&first.split, &back.split), "nothing of a person outlives another's turn");
}

#[test]
fn another_dataset_is_another_text() {
    let ann = Some(Digest::of(b"ann"));
    let mut kept = Kept::default();
    let one = kept.split(ann, &at(&dataset(1))).unwrap();
    let two = kept.split(ann, &at(&dataset(2))).unwrap();
    assert_ne!(one.split.fragments[0].digest, two.split.fragments[0].digest);
}

#[test]
fn refusals_long_texts_and_many_cells_are_not_kept_and_the_others_are_few() {
    let ann = Some(Digest::of(b"ann"));
    let (dataset, mut kept) = (dataset(1), Kept::default());
    assert!(kept.split(ann, &Question { sql: "SELECT age FROM patient", ..at(&dataset) }).is_err());
    let long = format!("{SQL}{}", " ".repeat(MAX_TEXT_BYTES));
    kept.split(ann, &Question { sql: &long, ..at(&dataset) }).unwrap();
    let many = "SELECT a.age, b.age, count(*) FROM patient a JOIN patient b ON a.patient_key = b.patient_key \
                GROUP BY a.age, b.age";
    assert!(
        kept.split(ann, &Question { sql: many, ..at(&dataset) }).unwrap().split.fragments[0].cells
            > MAX_KEPT_CELLS
    );
    kept.split(None, &at(&dataset)).unwrap();
    assert!(kept.texts.is_empty(), "nobody's text is not kept either");
    for age in 0..MAX_TEXTS * 2 {
        let sql = format!("SELECT count(*) FROM patient WHERE age > {age}");
        kept.split(ann, &Question { sql: &sql, ..at(&dataset) }).unwrap();
        assert!(kept.texts.len() <= MAX_TEXTS);
    }
}

#[test]
fn a_network_that_is_no_more_is_not_known_from_before() {
    let ann = Some(Digest::of(b"ann"));
    let (dataset, mut kept) = (dataset(1), Kept::default());
    let hospital = policies::HospitalCode::new("ALFA").unwrap();
    let networks = Networks::from([(policies::NetworkId::new("WEST").unwrap(), [hospital].into())]);
    let sql = "SELECT count(*) FROM patient WHERE network = 'WEST'";
    let question = Question { dataset: &dataset, networks: &networks, sql };
    kept.split(ann, &question).unwrap();
    let after = kept.split(ann, &Question { networks: &Networks::new(), ..question });
    assert_eq!(after.err().map(|error| error.code()), Some("unknown_network"));
}
