//! What a worker can still do behind its walls: read the snapshots, compute, and answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use node::pool::{Access, Who};
use node::sandbox::Report;
use node::sandbox::probe::{Attempt, Probe};
use query::pipe::Reply;

use super::support::{KRING, Workshop, plan};

/// Attempts that reach beyond the process, and what refuses them.
const FORBIDDEN: &[(&str, Wall)] = &[
    ("read_file_outside", Wall::Files),
    ("read_own_environment", Wall::Files),
    ("list_root", Wall::Files),
    ("write_file_outside", Wall::Either),
    ("make_folder", Wall::Either),
    ("connect_tcp", Wall::Calls),
    ("listen_tcp", Wall::Calls),
    ("open_udp", Wall::Calls),
    ("open_unix", Wall::Calls),
    ("start_program", Wall::Calls),
    ("signal_daemon", Wall::Calls),
    ("raise_limit", Wall::Calls),
    ("fill_memory", Wall::Limits),
];

/// What refuses an attempt.
#[derive(Clone, Copy)]
enum Wall {
    Files,
    Calls,
    Limits,
    Either,
}

impl Wall {
    fn stands(self, report: &Report) -> bool {
        match self {
            Self::Files => report.landlock > 0,
            Self::Calls => report.system_calls,
            Self::Limits => report.limits,
            Self::Either => report.landlock > 0 || report.system_calls,
        }
    }
}

fn worker(snapshots: Option<&Path>) -> Command {
    let mut command = Command::new(KRING);
    command.args(["worker", "--memory-mb", "1024", "--cpu-s", "60"]).env_clear();
    command.args(["--parent", &std::process::id().to_string()]).stdin(Stdio::null());
    if let Some(folder) = snapshots {
        command.arg("--snapshots").arg(folder);
    }
    command
}

fn probe(snapshots: Option<&Path>, outside: &Path) -> Probe {
    let told = worker(snapshots).arg("--probe").arg("--outside").arg(outside).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    serde_json::from_slice(&told.stdout).unwrap()
}

#[track_caller]
fn check(attempts: &BTreeMap<String, Attempt>, name: &str, done: bool) {
    let attempt = attempts.get(name).unwrap_or_else(|| panic!("{name} was not tried"));
    assert_eq!(*attempt == Attempt::Done, done, "{name}: {attempt:?}");
}

#[test]
fn a_sealed_worker_reaches_nothing_but_its_snapshots() {
    let folder = tempfile::Builder::new().prefix("kring-walls-").tempdir().unwrap();
    let (inside, outside) = (folder.path().join("snapshots"), folder.path().join("secret.txt"));
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("rows"), "1").unwrap();
    std::fs::write(&outside, "2").unwrap();
    for snapshots in [Some(&*inside), None] {
        let Probe { sandbox, attempts } = probe(snapshots, &outside);
        for (name, wall) in FORBIDDEN {
            if wall.stands(&sandbox) {
                check(&attempts, name, false);
            } else {
                eprintln!("skipped: {name}: this kernel lacks the wall: {:?}", sandbox.notes);
            }
        }
        check(&attempts, "start_thread", true);
        if snapshots.is_some() {
            check(&attempts, "list_snapshots", true);
            if Wall::Either.stands(&sandbox) {
                check(&attempts, "write_snapshots", false);
            }
        }
        assert!(sandbox.ends_with_daemon && sandbox.limits, "{:?}", sandbox.notes);
        let whole = sandbox.landlock > 0 && sandbox.system_calls;
        assert_eq!(whole, sandbox.notes.is_empty(), "what is missing is told, and nothing else");
    }
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["secret.txt", "snapshots"]);
    assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 1);
}

#[test]
fn a_worker_whose_daemon_is_gone_does_not_start() {
    let told = Command::new(KRING)
        .args(["worker", "--memory-mb", "1024", "--cpu-s", "60", "--parent", "1", "--probe"])
        .output()
        .unwrap();
    assert!(!told.status.success() && told.stdout.is_empty());
    assert!(String::from_utf8(told.stderr).unwrap().contains("is gone"));
}

#[test]
fn a_worker_without_its_folder_does_not_start() {
    let told = worker(Some(Path::new("/there/is/no/such/folder"))).output().unwrap();
    assert!(!told.status.success() && told.stdout.is_empty());
}

#[tokio::test]
async fn limits_and_open_files_are_what_they_should_be() {
    let workshop = Workshop::open(60).await;
    for pid in workshop.pool.idle_pids() {
        let proc = Path::new("/proc").join(pid.to_string());
        let limits = std::fs::read_to_string(proc.join("limits")).unwrap();
        let limit = |name: &str| {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            let mut values = line.trim_start_matches(name).split_whitespace();
            (values.next().unwrap().to_owned(), values.next().unwrap().to_owned())
        };
        let both = |value: u64| (value.to_string(), value.to_string());
        assert_eq!(limit("Max data size"), both(1 << 30));
        assert_eq!(limit("Max address space"), both(1 << 31));
        assert_eq!(limit("Max file size"), both(0));
        assert_eq!(limit("Max core file size"), both(0));
        assert_eq!(limit("Max cpu time"), both(60 * 40));
        for (name, most) in [("Max open files", 256), ("Max processes", 4096)] {
            let (soft, hard) = limit(name);
            assert_eq!(soft, hard);
            assert!(soft.parse::<u64>().unwrap() <= most, "{name}: {soft}");
        }
        let environment = std::fs::read_to_string(proc.join("environ")).unwrap();
        let mut names: Vec<&str> =
            environment.split_terminator('\0').filter_map(|line| line.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"],
            "{environment}"
        );
        for open in std::fs::read_dir(proc.join("fd")).unwrap() {
            let number: u32 = open.unwrap().file_name().to_str().unwrap().parse().unwrap();
            let open = std::fs::read_link(proc.join("fd").join(number.to_string())).unwrap();
            let open = open.to_str().unwrap();
            // The pipe, and what the runtime waits with; its socket is a pair that leads nowhere else.
            let kinds: &[&str] = if number < 3 { &["pipe:"] } else { &["anon_inode:", "socket:"] };
            assert!(kinds.iter().any(|kind| open.starts_with(kind)), "{number}: {open}");
        }
        let folder = std::fs::read_link(proc.join("cwd")).unwrap();
        assert_eq!(folder, Path::new("/"));
    }
    let probed = probe(None, Path::new("/etc/passwd"));
    assert_eq!(workshop.pool.notes(), probed.sandbox.notes, "the pool tells what its workers said");
}

/// What a worker may read is on its command line; the probe above shows that it holds.
#[tokio::test]
async fn workers_for_asking_get_no_folder() {
    let workshop = Workshop::open(60).await;
    for (access, expected) in [(Access::Snapshots, true), (Access::Nothing, false)] {
        let mut lease = workshop.pool.lease(access, Who::Operator).await.unwrap();
        let pid = lease.pid().unwrap();
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        let folder = workshop.folder.path().to_str().unwrap();
        assert_eq!(line.contains(&format!("--snapshots\0{folder}\0")), expected, "{line}");
        assert_eq!(line.contains("--snapshots"), expected, "{line}");
        let reply = lease.run(plan()).await.unwrap();
        assert!(matches!(reply.head, Reply::Planned(_)), "both kinds plan: {:?}", reply.head);
    }
}
