use super::unread;

#[test]
fn sealing_says_what_it_did_not_read() {
    let files =
        |paths: &[&str]| paths.iter().map(|path| ((*path).to_owned(), String::new())).collect();
    assert_eq!(unread(&files(&["charter.toml", "rules/network.cedar"])), None);
    assert_eq!(
        unread(&files(&["charter.toml", "indicators/a.sql", "indicators/b.sql"])).unwrap(),
        "Not read: the SQL of 2 indicator(s); `kring charter check` tells what a node would refuse of it."
    );
}
