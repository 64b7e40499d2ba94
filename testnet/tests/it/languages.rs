//! A refusal in the person's language: the same rule of the same layer, from their own node and from another hospital.

use std::process::Output;

use node::log::Event;
use serde_json::Value;
use testnet::process::Nodes;

use crate::support::Net;

const BY_GRADE: &str = "SELECT grade, count(*) AS n FROM patient GROUP BY grade";
const RECEPTORS: &str = "SELECT count(er) FROM patient";
const OWN: &str = r#"@id("not-now") @explain_nl("Niet tijdens de migratie.") @explain_en("Not while we migrate.")
forbid (principal, action, resource) when { context.purpose == "quality" };
"#;

/// ZUID has a rule of its own.
fn net() -> Net {
    let mut net = Net::create(3);
    Net::own_rules(&net.network, "ZUID", OWN);
    net.nodes = Nodes::start(&net.network).unwrap().0;
    net
}

/// What a refused person reads.
#[track_caller]
fn reads(net: &Net, person: &str, args: &[&str]) -> String {
    let mut kring = net.network.kring();
    kring.args(args).arg("--profile").arg(net.network.profile(person));
    let Output { status, stdout, stderr } = kring.output().unwrap();
    let text = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{text}");
    text
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

const FORBIDDEN_EN: [&str; 4] = [
    "refused (forbidden): forbidden by rule `demo/receptors-need-the-group`",
    "(Receptors (er, pgr) are for the breast tumour group only.)",
    "\nrule: demo/receptors-need-the-group\n",
    "\ncharter: demo version 1\n",
];
const FORBIDDEN_NL: [&str; 4] = [
    "geweigerd (forbidden): verboden door regel `demo/receptors-need-the-group`",
    "(Receptoren (er, pgr) zijn alleen voor de tumorgroep borst.)",
    "\nregel: demo/receptors-need-the-group\n",
    "\ncharter: demo versie 1\n",
];

fn the_charters_rule_is_named_in_both(net: &Net) {
    let ask = ["ask", RECEPTORS];
    has(&reads(net, "c.bakker", &ask), &FORBIDDEN_EN);
    has(&reads(net, "c.bakker", &["ask", RECEPTORS, "--language", "nl"]), &FORBIDDEN_NL);
    has(&reads(net, "c.bakker", &["explain", RECEPTORS, "--language", "nl"]), &FORBIDDEN_NL);
    has(&reads(net, "c.bakker", &["explain", RECEPTORS]), &FORBIDDEN_EN);
    // Who always reads Dutch says so once.
    let profile = net.network.profile("c.bakker");
    let english = std::fs::read_to_string(&profile).unwrap();
    let dutch = english.replace("language = \"en\"", "language = \"nl\"");
    assert_ne!(english, dutch);
    std::fs::write(&profile, dutch).unwrap();
    has(&reads(net, "c.bakker", &ask), &FORBIDDEN_NL);
    has(&reads(net, "c.bakker", &["ask", RECEPTORS, "--language", "en"]), &FORBIDDEN_EN);
    // What is silent says what could be asked, in both.
    let silent = reads(net, "b.devries", &["ask", BY_GRADE]);
    has(
        &silent,
        &["refused (no_rule_permits): no rule permits `b.devries`", "charter: demo version 1"],
    );
    let silent = reads(net, "b.devries", &["ask", BY_GRADE, "--language", "nl"]);
    has(
        &silent,
        &[
            "geweigerd (no_rule_permits): geen regel staat `b.devries` toe",
            "charter: demo versie 1",
        ],
    );
    // A purpose that is not a.jansen's, and one that would be.
    let other = ["ask", BY_GRADE, "--purpose", "capacity"];
    has(
        &reads(net, "a.jansen", &other),
        &["for purpose `capacity`", "it is permitted for purpose `quality`"],
    );
    let other = [&other[..], &["--language", "nl"]].concat();
    has(&reads(net, "a.jansen", &other), &["voor doel `capacity`", "het mag voor doel `quality`"]);
}

/// What another hospital signs has both, and its log has what it signed.
fn anothers_own_rule_is_named_in_both(net: &Net) {
    let to_zuid = ["ask", BY_GRADE, "--to", "ZUID"];
    let english = reads(net, "a.jansen", &to_zuid);
    has(
        &english,
        &["ZUID refuses: forbidden by this hospital's own rule", "Not while we migrate."],
    );
    has(
        &english,
        &["\nrule: own/not-now\n", "hospitals: 0 of 1 answered: ZUID refused (forbidden)"],
    );
    let dutch = reads(net, "a.jansen", &[&to_zuid[..], &["--language", "nl"]].concat());
    has(&dutch, &["ZUID weigert: verboden door een eigen regel", "Niet tijdens de migratie."]);
    has(&dutch, &["\nregel: own/not-now\n", "ziekenhuizen: 0 van 1 antwoordden: ZUID weigert"]);
    // A machine reads the same whatever the person's language.
    let json = |language| {
        let more = ["--to", "ZUID", "--language", language];
        serde_json::from_slice::<Value>(&net.ask("a.jansen", BY_GRADE, &more).stdout).unwrap()
    };
    let told = json("nl");
    assert_eq!(told, json("en"));
    has(told["message"].as_str().unwrap(), &["Not while we migrate."]);
    has(told["message_nl"].as_str().unwrap(), &["Niet tijdens de migratie."]);
    let logged = net.log("ZUID").into_iter().find_map(|entry| {
        if let Event::Refused { message_nl, .. } = entry.event { message_nl } else { None }
    });
    has(&logged.unwrap(), &["verboden door een eigen regel", "Niet tijdens de migratie."]);
}

#[test]
fn the_same_refusal_names_rule_and_layer_in_both_languages() {
    let net = net();
    the_charters_rule_is_named_in_both(&net);
    anothers_own_rule_is_named_in_both(&net);
    // What a worker says of a text is in both.
    let ages = ["ask", "SELECT age FROM patient"];
    let text = reads(&net, "a.jansen", &[&ages[..], &["--language", "nl"]].concat());
    has(
        &text,
        &[
            "geweigerd (not_an_aggregate): alleen cijfers over groepen worden beantwoord",
            "\nregel: kring/not-an-aggregate\n",
        ],
    );
    has(
        &reads(&net, "a.jansen", &ages),
        &["refused (not_an_aggregate): only figures about groups"],
    );
    let known = ["explain", "SELECT count(*) FROM patiënt", "--language", "nl"];
    has(
        &reads(&net, "a.jansen", &known),
        &["er is geen tabel `patiënt`; de dataset heeft patient"],
    );
}
