//! The demo as people run it: several ask, nodes are killed meanwhile, and the books match.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_testnet");
/// Longest wait for something that must happen; machines are noisy.
const PATIENCE: Duration = Duration::from_secs(120);
const COUNT: &str = "SELECT count(*) AS n FROM patient";

/// A serving demo, which ends with the test.
struct Demo {
    child: Child,
    /// What it says.
    said: BufReader<std::process::ChildStderr>,
    dir: PathBuf,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("kring-demo-").tempdir().unwrap();
        let dir = folder.path().join("demo");
        let mut command = Command::new(PROGRAM);
        command.args(["demo", "--format", "json", "--dir"]).arg(&dir);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut demo = Self { child, said, dir, _folder: folder };
        demo.says("Ctrl-C ends it all");
        demo
    }

    /// Waits until it says something.
    #[track_caller]
    fn says(&mut self, wanted: &str) {
        let mut all = String::new();
        while !all.contains(wanted) {
            assert!(self.said.read_line(&mut all).unwrap() > 0, "it ended: {all}");
        }
    }

    fn ask(&self, person: &str) -> Option<i32> {
        let mut kring = Command::new(self.dir.join("bin/kring"));
        kring.args(["ask", COUNT, "--profile"]);
        kring.arg(self.dir.join("people").join(person).join("profile.toml"));
        kring.output().unwrap().status.code()
    }

    fn reconcile(&self) -> String {
        let output =
            Command::new(PROGRAM).args(["reconcile", "--dir"]).arg(&self.dir).output().unwrap();
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{table}{}", String::from_utf8_lossy(&output.stderr));
        table
    }

    fn end(mut self) {
        kill(self.child.id(), Signal::TERM);
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Demo {
    /// Also when a test fails; its nodes would outlive a kill.
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            kill(self.child.id(), Signal::TERM);
            drop(self.child.wait());
        }
    }
}

/// A process that has ended meanwhile is as good as one that this ends.
fn kill(pid: u32, signal: Signal) {
    let _gone = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal);
}

/// The process of a hospital's node, by its command line.
fn node(dir: &Path, code: &str) -> Option<u32> {
    let config = dir.join("nodes").join(code).join("config.toml");
    let wanted = format!("run\0--config\0{}\0", config.display());
    let mut processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&line).ends_with(&wanted).then_some(pid)
    });
    processes.next()
}

/// A figure of the table.
#[track_caller]
fn figure(table: &str, name: &str) -> u64 {
    let line = table.lines().find(|line| line.trim_start().starts_with(name));
    line.and_then(|line| line.split_whitespace().last()?.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in\n{table}"))
}

#[test]
fn the_books_of_a_busy_demo_with_kills_match() {
    let mut demo = Demo::start();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for person in ["a.jansen", "b.devries", "c.bakker", "a.jansen"] {
            let (demo, stop) = (&demo, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    demo.ask(person);
                }
            });
        }
        for code in ["ZUID", "NOORD", "MIDDEN", "OOST"] {
            std::thread::sleep(Duration::from_millis(700));
            if let Some(pid) = node(&demo.dir, code) {
                kill(pid, Signal::KILL);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    demo.says("OOST was killed");
    // All are back, and whatever was under way has ended.
    let since = Instant::now();
    while demo.ask("a.jansen") != Some(0) {
        assert!(since.elapsed() < PATIENCE, "nobody is answered");
    }
    let table = demo.reconcile();
    assert_eq!((figure(&table, "unmatched"), figure(&table, "run twice")), (0, 0), "{table}");
    assert!(figure(&table, "answered") >= 5 && figure(&table, "questions not sent") > 1, "{table}");
    demo.end();
}
