//! `kring key list` and `kring key rotate`: a node's keys, and the next one of a job.
//!
//! The key is made beside the present one; the board lists both, and the node goes over by itself once the charter lets it
//! (`crate::charters::turns`). Nothing here signs or speaks to a node.

use std::path::Path;

use policies::UnixTime;
use policies::charter::{Charter, RoleKey, RoleKeys};
use policies::dsse::PublicKey;

use crate::app::newest_charter;
use crate::cli::Job;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::config::Config;
use crate::keys::ring::Ring;
use crate::keys::{Key, KeyRole};

/// Prints every key of the node, with what the newest charter says of it.
pub(crate) fn list(config: &Path) -> anyhow::Result<Exit> {
    let config = Config::load(config)?;
    let now = SystemClock.now();
    let charter = newest_charter(&config, now)?;
    for job in [Job::Transport, Job::Envelope, Job::Witness] {
        let (path, role, name) = file(&config, job);
        let (ring, listed) = (Ring::load(path, role)?, listed(&config, &charter, job));
        let said = |key: &PublicKey| said(listed, key, now);
        say(name, "present", (&ring.present().public, said(&ring.present().public)));
        ring.next().into_iter().for_each(|key| say(name, "next", (&key.public, said(&key.public))));
        for key in ring.retired() {
            say(
                name,
                "retired",
                (&key.public, "signs nothing; opens what was encrypted under it".to_owned()),
            );
        }
    }
    let log = Key::load(&config.keys.log, KeyRole::Log)?.public;
    let named = charter.member(&config.hospital).is_some_and(|member| member.keys.log == log);
    let said = if named { "valid" } else { "not in the charter" };
    say("log", "present", (&log, said.to_owned()));
    Ok(Exit::Done)
}

fn say(job: &str, place: &str, (key, said): (&PublicKey, String)) {
    print::line(format!("{job} {place}: {key}, fingerprint {}: {said}", key.fingerprint()));
}

/// Makes the next key of a job; or, where the present one has ended, puts the next one in its place.
pub(crate) fn rotate(config: &Path, job: Job, finish: bool) -> anyhow::Result<Exit> {
    let config = Config::load(config)?;
    let (path, role, name) = file(&config, job);
    if job == Job::Log {
        print::note(
            "kring: a log is named after its key, so its key has no next one: another key is another log, which begins with a new state folder",
        );
        return Ok(Exit::Usage);
    }
    let ring = Ring::load(path, role)?;
    if finish {
        return finished(&config, (path, job, name), &ring);
    }
    if let Some(next) = ring.next() {
        print::note(format!(
            "kring: there is a next {name} key already, {}: the board lists it beside the present one; when that has ended, run `kring key rotate {name} --finish`",
            next.public
        ));
        return Ok(Exit::Usage);
    }
    let next = Ring::make_next(path, role, config.hospital.as_str())?;
    print::note(format!(
        "The next {name} key of {} is made; back it up. Fingerprint: {}",
        config.hospital,
        next.public.fingerprint()
    ));
    print::note(format!(
        "Send the board this line, for [members.keys] in place of `{name} = ..`. It says from when until when each counts, e.g.",
    ));
    print::note(format!(
        "valid_until = 2027-01-31T00:00:00Z for the first: {}",
        match job {
            Job::Envelope =>
                "the node goes over by itself once both count everywhere, after a start.",
            Job::Transport | Job::Log | Job::Witness => "start the node again once both count.",
        }
    ));
    print::note("A running node learns of the key at its next start.");
    let (present, next) = (ring.present().public, next.public);
    print::line(format!("{name} = [{{ key = \"{present}\" }}, {{ key = \"{next}\" }}]"));
    Ok(Exit::Done)
}

fn finished(
    config: &Config,
    (path, job, name): (&Path, Job, &str),
    ring: &Ring,
) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let charter = newest_charter(config, now)?;
    let listed = listed(config, &charter, job);
    let counts = |key: &Key| listed.is_some_and(|listed| listed.accepts(&key.public, now));
    let Some(next) = ring.next() else {
        print::note(format!(
            "kring: there is no next {name} key: `kring key rotate {name}` makes it"
        ));
        return Ok(Exit::Usage);
    };
    if counts(ring.present()) || !counts(next) {
        print::note(format!(
            "kring: the present {name} key still counts, or the next one does not yet: see `kring key list`; the board ends the present one with `valid_until`, or leaves it out"
        ));
        return Ok(Exit::Usage);
    }
    let retired = ring.finish(path)?;
    print::line(format!(
        "{name}: {} is the present key; the one before it stays as {}",
        next.public,
        retired.display()
    ));
    Ok(Exit::Done)
}

fn file(config: &Config, job: Job) -> (&Path, KeyRole, &'static str) {
    let keys = &config.keys;
    match job {
        Job::Transport => (&keys.transport, KeyRole::Transport, "transport"),
        Job::Envelope => (&keys.envelope, KeyRole::Envelope, "envelope"),
        Job::Log => (&keys.log, KeyRole::Log, "log"),
        Job::Witness => (&keys.witness, KeyRole::Witness, "witness"),
    }
}

/// What the charter lists for a job of this hospital.
fn listed<'c>(config: &Config, charter: &'c Charter, job: Job) -> Option<&'c RoleKeys> {
    let keys = &charter.member(&config.hospital)?.keys;
    match job {
        Job::Transport => Some(&keys.transport),
        Job::Envelope => Some(&keys.envelope),
        Job::Witness => Some(&keys.witness),
        Job::Log => None,
    }
}

fn said(listed: Option<&RoleKeys>, key: &PublicKey, now: UnixTime) -> String {
    let known = listed.and_then(|listed| listed.iter().find(|known| known.key == *key));
    match known {
        None => "not in the charter".to_owned(),
        Some(RoleKey { valid_from: Some(from), .. }) if now < *from => format!("valid from {from}"),
        Some(RoleKey { valid_until: Some(until), .. }) if *until < now => {
            format!("was valid until {until}")
        }
        Some(RoleKey { valid_until: Some(until), .. }) => format!("valid until {until}"),
        Some(RoleKey { valid_until: None, .. }) => "valid".to_owned(),
    }
}
