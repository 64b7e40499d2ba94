//! `kring pause`: hospital IT stops answering at once, for as long as it likes, and nobody else can.

use node::api::PauseBody;
use node::client::ClientError;
use node::log::Event;
use rustix::process::Signal;
use testnet::process::{NodeProcess, client, wait_ready};

use crate::cut_off::{idle, send};
use crate::support::{Net, RawPeer, Said, hospital, question, refused, said};

const BY_GRADE: &str = "SELECT grade, count(*) AS n FROM patient GROUP BY grade";

fn operate(net: &Net, code: &str, args: &[&str]) -> String {
    let config = net.network.node_dir(code).join("config.toml").to_string_lossy().into_owned();
    net.network.run(&[args, &["--config", &config]].concat()).unwrap()
}

/// The pauses and their ends in a node's log.
fn logged(net: &Net, code: &str) -> Vec<String> {
    let told = |event| {
        if let Event::Paused { reason } = event {
            return Some(format!("paused: {reason}"));
        }
        matches!(event, Event::Resumed {}).then(|| "resumed".to_owned())
    };
    net.log(code).into_iter().filter_map(|entry| told(entry.event)).collect()
}

#[test]
fn a_paused_node_answers_nobody_until_it_is_resumed_and_no_question_is_spent() {
    let mut net = Net::start(3);
    let why = "we look at a message of the board";
    let told = operate(&net, "ZUID", &["pause", "--reason", why]);
    assert!(told.starts_with("paused since "), "{told}");
    // A second one changes nothing.
    operate(&net, "ZUID", &["pause", "--reason", "another"]);
    let answer = net.answer("a.jansen", BY_GRADE);
    assert_eq!(answer["coverage"]["ZUID"]["state"], "refused", "{answer}");
    assert_eq!(answer["coverage"]["ZUID"]["code"], "paused", "{answer}");
    assert_eq!(answer["coverage"]["OOST"]["state"], "answered", "{answer}");
    // It still asks others for its own people.
    let own = net.answer("d.visser", "SELECT count(*) AS n FROM patient");
    assert_eq!(own["coverage"]["NOORD"]["state"], "answered", "{own}");
    assert_eq!(own["coverage"]["ZUID"]["code"], "paused", "{own}");
    let profile = net.network.profile("d.visser").to_string_lossy().into_owned();
    let status = net.network.run(&["status", "--profile", &profile]).unwrap();
    assert!(status.contains("PAUSED since ") && status.contains(why), "{status}");

    // It outlives the process.
    net.take("ZUID").kill().unwrap();
    let mut zuid = NodeProcess::start(&net.network, "ZUID").unwrap();
    wait_ready(&net.network, &mut zuid).unwrap();
    net.take("NOORD").stop().unwrap();
    let noord = RawPeer::start(&net, "NOORD");
    let asked = question(&net, "a.jansen", BY_GRADE, |_| {});
    let request = noord.request(&net, &asked, |request| request.audience = hospital("ZUID"));
    let send = || noord.send(&net, "ZUID", &request.encode()).unwrap();
    for _ in 0..2 {
        match said(&send()) {
            Said::Refusal(refusal) => {
                assert_eq!((refusal.code.as_str(), refusal.log_index), ("paused", None));
            }
            Said::Answer(answer) => panic!("answered: {answer:?}"),
        }
    }
    let told = operate(&net, "ZUID", &["resume"]);
    assert!(told.contains("answered again"), "{told}");
    assert!(operate(&net, "ZUID", &["resume"]).contains("not paused"));
    let first = send();
    assert!(matches!(said(&first), Said::Answer(_)), "{:?}", said(&first));
    // What is stored of it is not told either while it is paused.
    operate(&net, "ZUID", &["pause"]);
    refused(&send(), "paused");
    operate(&net, "ZUID", &["resume"]);
    assert_eq!(send(), first);
    let all = [&format!("paused: {why}"), "resumed", "paused: ", "resumed"];
    assert_eq!(logged(&net, "ZUID"), all);
    assert_eq!(zuid.stop().unwrap(), 0);
}

#[test]
fn a_question_that_runs_is_given_up_when_the_node_is_paused() {
    let net = Net::start(3);
    let refused = std::thread::scope(|scope| {
        let workers = idle(&net, "ZUID", |idle| idle.len() == 5);
        workers.iter().for_each(|pid| send(*pid, Signal::STOP));
        let asked = scope.spawn(|| net.ask("a.jansen", BY_GRADE, &["--to", "ZUID"]));
        // A worker that stands still has the question.
        let left = idle(&net, "ZUID", |left| left.len() < workers.len());
        operate(&net, "ZUID", &["pause"]);
        let asked = asked.join().unwrap();
        left.iter().for_each(|pid| send(*pid, Signal::CONT));
        serde_json::from_slice::<serde_json::Value>(&asked.stdout).unwrap()
    });
    assert_eq!(refused["code"], "paused", "{refused}");
    let events = net.log("ZUID").into_iter().map(|entry| entry.event);
    let given_up = |event| matches!(event, Event::Refused { code, .. } if code == "paused");
    assert_eq!(events.filter(|event| given_up(event.clone())).count(), 1);
    operate(&net, "ZUID", &["resume"]);
    idle(&net, "ZUID", |idle| idle.len() == 5);
    assert_eq!(net.ask("a.jansen", BY_GRADE, &["--to", "ZUID"]).status.code(), Some(0));
}

#[test]
fn only_who_runs_the_node_stops_it() {
    let net = Net::start(3);
    // The token that all people of the hospital have.
    let client = client(&net.network, "ZUID").unwrap();
    let code = |error| {
        let ClientError::Refused(refusal) = error else { panic!("{error}") };
        refusal.code
    };
    let body = PauseBody { reason: String::new() };
    assert_eq!(code(client.pause(&body).unwrap_err()), "not_an_operator");
    assert_eq!(code(client.resume().unwrap_err()), "not_an_operator");
    let turned_away =
        |event: &Event| matches!(event, Event::Rejected { code, .. } if code == "not_an_operator");
    crate::support::logged(&net, "ZUID", turned_away);
    assert_eq!(logged(&net, "ZUID"), Vec::<String>::new());
    // Nor who has another node's keys.
    let other = net.network.node_dir("OOST");
    let config = std::fs::read_to_string(net.network.node_dir("ZUID").join("config.toml")).unwrap();
    let forged = other.join("forged.toml");
    std::fs::write(&forged, config).unwrap();
    let mut kring = net.network.kring();
    kring.args(["pause", "--config"]).arg(&forged);
    kring.arg("--ca").arg(net.network.node_dir("ZUID").join("tls/ca.pem"));
    let output = kring.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no_token"), "{output:?}");
    // A reason is a line.
    let config = net.network.node_dir("ZUID").join("config.toml");
    let mut kring = net.network.kring();
    kring.args(["pause", "--reason", "two\nlines", "--config"]).arg(&config);
    let output = kring.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("bad_reason"), "{output:?}");
    assert_eq!(net.ask("a.jansen", BY_GRADE, &[]).status.code(), Some(0));
}
