use super::super::tests::log_of;
use super::*;

#[track_caller]
fn code(result: Result<impl std::fmt::Debug, CursorError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn a_cursor_reads_back_and_belongs_to_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor");
    assert_eq!(Cursor::load(&path).unwrap(), Cursor::START);
    let store = log_of(&folder.path().join("log"), "a", 10);
    let log = store.reader();
    for next in [0, 1, 10] {
        let cursor = Cursor::at(&log, next).unwrap();
        cursor.store(&path).unwrap();
        assert_eq!(Cursor::load(&path).unwrap(), cursor);
        assert_eq!(cursor.check(&path, &log).unwrap(), next);
    }
    assert!(Cursor::at(&log, 11).is_err());
    let cursor = Cursor::load(&path).unwrap();
    let shorter = log_of(&folder.path().join("shorter"), "a", 9).reader();
    assert_eq!(code(cursor.check(&path, &shorter)), "cursor_behind_the_end");
    let other = log_of(&folder.path().join("other"), "b", 10).reader();
    assert_eq!(code(cursor.check(&path, &other)), "cursor_of_another_log");
    assert_eq!(Cursor::START.check(&path, &other).unwrap(), 0);
}

#[test]
fn a_damaged_cursor_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor");
    let leaf = "11".repeat(32);
    for text in [
        String::new(),
        "null".to_owned(),
        format!("{{\"format\":\"kring-syslog/1\",\"next\":3,\"leaf\":\"{leaf}\"}} x"),
        format!("{{\"format\":\"kring-syslog/2\",\"next\":3,\"leaf\":\"{leaf}\"}}"),
        format!("{{\"format\":\"kring-syslog/1\",\"next\":3,\"leaf\":\"{leaf}\",\"more\":1}}"),
        format!("{{\"format\":\"kring-syslog/1\",\"next\":-3,\"leaf\":\"{leaf}\"}}"),
        format!("{{\"format\":\"kring-syslog/1\",\"next\":0,\"leaf\":\"{leaf}\"}}"),
        "{\"format\":\"kring-syslog/1\",\"next\":3,\"leaf\":null}".to_owned(),
        "{\"format\":\"kring-syslog/1\",\"next\":3,\"leaf\":\"11\"}".to_owned(),
        " ".repeat(5000),
    ] {
        std::fs::write(&path, &text).unwrap();
        assert_eq!(code(Cursor::load(&path)), "cursor_damaged", "{text}");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(code(Cursor::load(&path)), "cursor_unreadable");
}
