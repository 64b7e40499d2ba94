use super::*;

fn read(text: &str) -> Option<Numbers> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oncology.numbers");
    std::fs::write(&path, text).unwrap();
    numbers(&path)
}

fn sealed(body: &str) -> String {
    format!("{body}sha256 {}\n", Digest::of(body.as_bytes()))
}

#[test]
fn a_file_says_its_series_and_how_many_numbers_it_gave_out() {
    let series = Digest::of(b"series");
    let text = sealed(&format!("kring patient numbers 2 oncology NOORD {series}\na\nb\nc\n"));
    assert_eq!(read(&text), Some(Numbers { series: Some(series), count: 3 }));
    let old = sealed("kring patient numbers 1 oncology NOORD\n");
    assert_eq!(read(&old), Some(Numbers { series: None, count: 0 }));
    for damaged in
        [text.trim_start_matches('k'), &text.replace("\nb\n", "\n"), "", &sealed("numbers\n")]
    {
        assert_eq!(read(damaged), None, "{damaged}");
    }
    assert_eq!(numbers(Path::new("/nowhere/oncology.numbers")), None);
}
