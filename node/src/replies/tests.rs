use super::*;
use crate::keys::KeyRole;

#[test]
fn a_reply_reads_back_byte_for_byte_and_damage_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::create(&folder.path().join("key"), KeyRole::Envelope, "ZUID").unwrap();
    let replies = Replies::open(&folder.path().join("replies"), [&key]).unwrap();
    let request = Digest::of(b"request");
    assert_eq!(replies.load(&request).unwrap(), None);
    let frames = vec![b"header".to_vec(), Vec::new(), vec![7; 70_000]];
    replies.store(&request, &frames).unwrap();
    assert_eq!(replies.load(&request).unwrap(), Some(frames));
    let path = replies.path(&request);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(replies.load(&request).is_err());
    for at in [0, 9, 30, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        assert!(replies.load(&request).is_err(), "byte {at}");
    }
    // A file tells nothing, belongs to its request and opens with this node's key alone.
    assert!(!whole.windows(6).any(|bytes| bytes == b"header"));
    let other = Digest::of(b"another request");
    std::fs::write(replies.path(&other), &whole).unwrap();
    assert!(replies.load(&other).is_err());
    std::fs::write(&path, &whole).unwrap();
    assert!(replies.load(&request).is_ok());
    let stranger = Key::create(&folder.path().join("other"), KeyRole::Envelope, "ZUID").unwrap();
    let strange = Replies::open(&folder.path().join("replies"), [&stranger]).unwrap();
    assert!(strange.load(&request).is_err());
    replies.delete(&request).unwrap();
    replies.delete(&request).unwrap();
    assert_eq!(replies.load(&request).unwrap(), None);
}

#[test]
fn what_a_crash_left_half_written_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::create(&folder.path().join("key"), KeyRole::Envelope, "ZUID").unwrap();
    let path = folder.path().join("replies");
    let (whole, half) = (Digest::of(b"whole"), Digest::of(b"half"));
    Replies::open(&path, [&key]).unwrap().store(&whole, &[b"frame".to_vec()]).unwrap();
    let partial = |digest: &str| path.join(format!("{digest}.partial"));
    let left = partial(&half.to_string());
    std::fs::write(&left, b"half a reply").unwrap();
    // A file of somebody else, behind a link with a name of ours.
    let foreign = folder.path().join("foreign");
    std::fs::write(&foreign, b"precious").unwrap();
    let link = partial(&Digest::of(b"link").to_string());
    std::os::unix::fs::symlink(&foreign, &link).unwrap();
    let kept = [
        partial(&Digest::of(b"folder").to_string()),
        partial("notes"),
        partial(&half.to_string().to_uppercase()),
        path.join("readme"),
    ];
    std::fs::create_dir(&kept[0]).unwrap();
    kept[1..].iter().for_each(|path| std::fs::write(path, b"x").unwrap());

    let replies = Replies::open(&path, [&key]).unwrap();
    assert!(!left.exists());
    assert_eq!(std::fs::read(&foreign).unwrap(), b"precious");
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    kept.iter().for_each(|path| assert!(path.exists(), "{}", path.display()));
    assert_eq!(replies.list().unwrap(), [whole]);
    assert_eq!(replies.load(&whole).unwrap(), Some(vec![b"frame".to_vec()]));
}

#[test]
fn what_is_stored_can_be_loaded_to_the_last_byte_of_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::create(&folder.path().join("key"), KeyRole::Envelope, "ZUID").unwrap();
    let replies = Replies::open(&folder.path().join("replies"), [&key]).unwrap();
    let request = Digest::of(b"request");
    let mut frames = vec![vec![7; MAX_REPLY_BYTES - SEALED_BYTES - 8 + 1], Vec::new()];
    let error = replies.store(&request, &frames).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(replies.list().unwrap().is_empty());
    frames[0].pop();
    replies.store(&request, &frames).unwrap();
    let file = std::fs::metadata(replies.path(&request)).unwrap();
    assert_eq!(file.len(), MAX_REPLY_BYTES as u64);
    assert!(replies.load(&request).unwrap() == Some(frames));
}
