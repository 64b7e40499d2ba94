//! The log on a real file system that is full or read-only. Needs the right to mount; says so and passes where it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// A tmpfs of its own, unmounted when dropped.
struct Mount {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Mount {
    /// `None` where this process may not mount.
    fn new(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mount");
        std::fs::create_dir(&path).unwrap();
        let size = format!("size={bytes}");
        if !mount(&["-t", "tmpfs", "-o", &size, "kring-test"], &path) {
            println!("skipped: this process may not mount a tmpfs");
            return None;
        }
        Some(Self { path, _folder: folder })
    }

    fn writable(&self, writable: bool) {
        let option = if writable { "remount,rw" } else { "remount,ro" };
        assert!(mount(&["-o", option], &self.path));
    }
}

fn mount(options: &[&str], path: &Path) -> bool {
    let output = Command::new("mount").args(options).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

impl Drop for Mount {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.path).output());
    }
}

fn asked() -> Event {
    let Event::NotAsked { question, .. } = not_asked("SELECT 1") else { panic!("another event") };
    Event::AskedV1 { question }
}

#[tokio::test]
async fn a_full_file_system_stops_questions_first_and_refusals_at_last() {
    let Some(mount) = Mount::new(4 << 20) else { return };
    let folder = mount.path.join("log");
    let tasks = Tasks::new();
    let log = start(Store::open_folder(&folder).unwrap(), &tasks);
    let mut questions = 0_u64;
    while log.append(asked()).await.is_ok() {
        questions += 1;
    }
    assert_eq!(log.append(asked()).await, Err(LogError::Full));
    assert!(questions > 100, "{questions}");
    let mut refusals = 0;
    while log.append(not_asked("SELECT 1")).await.is_ok() {
        refusals += 1;
    }
    println!("{questions} questions, then {refusals} refusals from the reserve");
    assert!(refusals > 1000, "{refusals}");
    assert_eq!(log.append(not_asked("SELECT 1")).await, Err(LogError::Full));
    drop(log);
    assert!(tasks.drain(Duration::from_secs(10)).await.is_empty());
    let read = Reader::open(&folder).unwrap().check(|_| ()).unwrap();
    assert_eq!(read, questions + refusals);
    // It opens on the full disk too, and goes on when there is room.
    assert!(mount_more(&mount));
    let log = start(Store::open_folder(&folder).unwrap(), &tasks);
    assert_eq!(log.append(asked()).await.unwrap().entry().index, read);
}

fn mount_more(on: &Mount) -> bool {
    drop(Store::open_folder(&on.path.join("log")).unwrap());
    mount(&["-o", "remount,size=16777216"], &on.path)
}

#[tokio::test]
async fn a_file_system_that_becomes_read_only_is_not_written_and_not_opened() {
    let Some(mount) = Mount::new(8 << 20) else { return };
    let folder = mount.path.join("log");
    let tasks = Tasks::new();
    let store = Store::open_folder(&folder).unwrap();
    let log = start(store, &tasks);
    log.append(asked()).await.unwrap();
    drop(log);
    assert!(tasks.drain(Duration::from_secs(10)).await.is_empty());
    mount.writable(false);
    let error = Store::open_folder(&folder).unwrap_err();
    assert!(matches!(&error, OpenError::Io { path, .. } if path.starts_with(&folder)), "{error}");
    assert_eq!(Reader::open(&folder).unwrap().check(|_| ()).unwrap(), 1, "it can be read");
    mount.writable(true);
    assert_eq!(Store::open_folder(&folder).unwrap().size(), 1);
}
