//! The demo: five hospitals in two sub-networks, four analysts, several questions, some refused; then it keeps serving,
//! and starts again what is killed.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::cli::{Demo, DemoFormat};
use crate::network::Network;
use crate::print;
use crate::process::{NodeProcess, Nodes};
use crate::topology;

/// Hospitals of the demo.
const HOSPITALS: usize = 5;
/// How often it is looked whether a node was killed.
const LOOK: Duration = Duration::from_millis(500);

/// One question of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    title: &'static str,
    /// Who asks it.
    pub person: &'static str,
    /// Its text.
    pub sql: &'static str,
    /// Whether the rules or the language refuse it.
    pub refused: bool,
}

/// The questions, in order.
pub const QUESTIONS: [Question; 13] = [
    Question {
        title: "Per grade, over all hospitals: patients, mean age with standard deviation, deaths within five years",
        person: "a.jansen",
        sql: "SELECT grade, count(*) AS patients, avg(age) AS mean_age, stddev(age) AS sd_age, \
              count(*) FILTER (WHERE death = 1 AND dtime < 1826.25) AS deaths_5y \
              FROM patient GROUP BY grade ORDER BY grade",
        refused: false,
    },
    Question {
        title: "The same per hospital",
        person: "a.jansen",
        sql: "SELECT hospital, grade, count(*) AS patients, avg(age) AS mean_age, stddev(age) AS sd_age, \
              count(*) FILTER (WHERE death = 1 AND dtime < 1826.25) AS deaths_5y \
              FROM patient GROUP BY hospital, grade ORDER BY hospital, grade",
        refused: false,
    },
    Question {
        title: "Per network: ZUID is in both and counts in each, MIDDEN is in none, and nobody counts twice in the total",
        person: "a.jansen",
        sql: "SELECT network, count(*) AS patients, avg(age) AS mean_age \
              FROM patient GROUP BY ROLLUP (network) ORDER BY network",
        refused: false,
    },
    Question {
        title: "Everybody",
        person: "a.jansen",
        sql: "SELECT count(*) AS patients, avg(age) AS mean_age, stddev(age) AS sd_age FROM patient",
        refused: false,
    },
    Question {
        title: "Small groups: large tumours per grade and hospital. A cell of fewer than 10 patients is hidden",
        person: "a.jansen",
        sql: "SELECT hospital, grade, count(*) AS patients, avg(nodes) AS mean_nodes \
              FROM patient WHERE size = '>50' GROUP BY hospital, grade ORDER BY hospital, grade",
        refused: false,
    },
    Question {
        title: "The totals over them: incomplete where a hospital hides its part, and HAVING cannot bring them back",
        person: "a.jansen",
        sql: "SELECT grade, count(*) AS patients, coalesce(count(*), 0) AS coalesced \
              FROM patient WHERE size = '>50' GROUP BY grade ORDER BY grade",
        refused: false,
    },
    Question {
        title: "Rows of patients: never",
        person: "a.jansen",
        sql: "SELECT * FROM patient",
        refused: true,
    },
    Question {
        title: "Figures with noise (~) for everyone else, per hospital",
        person: "d.visser",
        sql: "SELECT hospital, count(*) AS patients, avg(age) AS mean_age FROM patient \
              WHERE grade = 2 AND meno = 1 GROUP BY hospital ORDER BY hospital",
        refused: false,
    },
    Question {
        title: "The same in other words: the same figures",
        person: "d.visser",
        sql: "SELECT p.hospital, sum(CASE WHEN NOT p.grade = 3 THEN 1 ELSE 0 END) AS patients, \
              avg(p.age) FILTER (WHERE p.grade < 3) AS mean_age FROM patient p \
              WHERE p.meno <> 0 GROUP BY p.hospital ORDER BY p.hospital",
        refused: false,
    },
    Question {
        title: "A differencing pair: the difference of both figures has the noise of both",
        person: "d.visser",
        sql: "SELECT hospital, count(*) AS n FROM patient WHERE grade = 2 AND year = 1990 GROUP BY hospital ORDER BY hospital",
        refused: false,
    },
    Question {
        title: "... without those who had chemotherapy",
        person: "d.visser",
        sql: "SELECT hospital, count(*) AS n FROM patient WHERE grade = 2 AND year = 1990 AND chemo = 0 \
              GROUP BY hospital ORDER BY hospital",
        refused: false,
    },
    Question {
        title: "A free predicate: refused, with the way to ask it as an indicator",
        person: "d.visser",
        sql: "SELECT count(*) AS n FROM patient WHERE age = 53 OR nodes > 20",
        refused: true,
    },
    Question {
        title: "An analyst whom no rule permits",
        person: "b.devries",
        sql: "SELECT grade, count(*) AS patients FROM patient GROUP BY grade",
        refused: true,
    },
];

/// Runs the demo.
///
/// # Errors
/// What failed.
pub fn run(options: &Demo) -> anyhow::Result<()> {
    let temporary;
    let dir: &Path = match &options.dir {
        Some(dir) => dir,
        None => {
            temporary = tempfile::Builder::new().prefix("kring-demo-").tempdir()?;
            temporary.path()
        }
    };
    print::note(format!(
        "Making a network of {HOSPITALS} fictional hospitals in {} ...",
        dir.display()
    ));
    print::note(
        "Data: the Rotterdam tumour bank (public), split by patient number: an artificial split.",
    );
    let network = Network::create(dir, topology::hospitals(HOSPITALS), &std::env::current_exe()?)?;
    print::note("Starting the nodes ...");
    let mut nodes = Nodes::start(&network)?;
    for question in &QUESTIONS {
        ask(&network, question, options.format)?;
    }
    if !options.once {
        serve(&network, &mut nodes)?;
    }
    print::note("Stopping the nodes ...");
    nodes.stop()
}

fn ask(network: &Network, question: &Question, format: DemoFormat) -> anyhow::Result<()> {
    let json = format == DemoFormat::Json;
    if !json {
        print::line(format!("\n{}\n{}> {}", question.title, question.person, question.sql));
    }
    let Output { status, stdout, stderr } = network
        .kring()
        .args(["ask", question.sql, "--format", if json { "json" } else { "table" }, "--profile"])
        .arg(network.profile(question.person))
        .output()
        .context("cannot start kring ask")?;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let expected = if question.refused { 2 } else { 0 };
    ensure!(status.code() == Some(expected), "`{}` ended with {status}: {stderr}", question.sql);
    print::line(stdout.trim_end());
    if !json && question.refused {
        print::line(stderr.trim_end());
    }
    Ok(())
}

/// Says how to ask more, then keeps the nodes running until Ctrl-C or SIGTERM.
fn serve(network: &Network, nodes: &mut Nodes) -> anyhow::Result<()> {
    let kring = network.dir.join("bin/kring");
    let say = |text: String| print::note(text);
    say("\nThe network keeps serving. Ask more from another terminal:".to_owned());
    say(format!("  export KRING_PROFILE={}", network.profile("a.jansen").display()));
    say(format!(
        "  {} ask \"SELECT size, count(*), avg(nodes) FROM patient GROUP BY size\"",
        kring.display()
    ));
    say(format!(
        "  {} explain \"SELECT size, count(*) FROM patient GROUP BY size\"",
        kring.display()
    ));
    say(format!("  {} status", kring.display()));
    say(format!("  {} reconcile --dir {}", testnet(), network.dir.display()));
    for node in &nodes.0 {
        say(format!("{:8} is process {}", node.code, node.pid()));
    }
    say("A node that is killed (kill -9) is started again. Ctrl-C ends it all.".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut interrupt =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        loop {
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                () = tokio::time::sleep(LOOK) => keep(network, nodes)?,
            }
        }
    })
}

/// Starts again what was killed. What ended by itself or was asked to end stays down, and says why.
fn keep(network: &Network, nodes: &mut Nodes) -> anyhow::Result<()> {
    let mut kept = Vec::new();
    for mut node in std::mem::take(&mut nodes.0) {
        let code = node.code.clone();
        match node.ended()? {
            None => kept.push(node),
            Some(status) if status.signal().is_some() => {
                let again = NodeProcess::start(network, &code)?;
                print::note(format!(
                    "{code} was killed ({status}); it is process {} now",
                    again.pid()
                ));
                kept.push(again);
            }
            Some(status) if status.success() => print::note(format!("{code} has ended")),
            Some(status) => print::note(format!("{code} ended ({status}):\n{}", node.said())),
        }
    }
    nodes.0 = kept;
    Ok(())
}

/// This program, as it was called.
fn testnet() -> String {
    std::env::args().next().unwrap_or_else(|| "testnet".to_owned())
}
