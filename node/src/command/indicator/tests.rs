use super::read;

const FILE: &str = "\
-- id: volume
-- version: 1
-- dataset: oncology
-- title_en: Patients
-- source: the board
SELECT count(*) FROM patient
";

#[test]
fn the_indicator_typed_is_the_one_signed() {
    let files = |id: &str| [(id.parse().unwrap(), FILE.to_owned())].into();
    let held = read(files("volume")).unwrap();
    assert_eq!(held.into_keys().map(|id| id.to_string()).collect::<Vec<_>>(), ["volume"]);
    let error = read(files("mortality")).unwrap_err().to_string();
    assert_eq!(
        error,
        "the node sent indicator `volume` under the name of `mortality`: nothing is asked; tell the node's operator"
    );
}
