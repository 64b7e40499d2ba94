//! `kring login` and `kring logout`: for some hours a session key signs the person's questions.

use policies::delegation::{FORMAT, MAX_GROUPS, MAX_PURPOSES};
use policies::wire::Delegation;
use policies::{GroupId, Purpose};

use crate::cli::{Login, ProfileArg};
use crate::client::Client;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, ask, print};
use crate::keys::Key;
use crate::keys::passphrase::Source;
use crate::profile::Profile;
use crate::session::Session;

/// Seconds of an hour.
const HOUR_S: i64 = 60 * 60;

/// Begins a session, in the place of one before.
pub(crate) fn login(login: &Login) -> anyhow::Result<Exit> {
    let Login { hours, purpose, group, profile, passphrase } = login;
    let profile = Profile::load(profile.profile.as_deref())?;
    let (purposes, groups) = match wanted((purpose, group), &profile) {
        Ok(wanted) => wanted,
        Err(problem) => {
            print::note(format!("kring: {problem}"));
            return Ok(Exit::Usage);
        }
    };
    let info = Client::new(&profile)?.info()?;
    let now = SystemClock.now();
    ask::clocks_agree(now, info.now)?;
    let key = Key::load_person(&profile.key_file, Source(passphrase.passphrase_file.as_deref()))?;
    let person = policies::PersonId::new(&key.id)?;
    let session = Session::begin(&key, |public| Delegation {
        format: FORMAT,
        network: profile.scope.clone().unwrap_or(info.network),
        person,
        node: info.hospital,
        key: public.to_string(),
        purposes,
        groups,
        issued_at: now,
        expires_at: now.plus(hours.saturating_mul(HOUR_S)),
    })?;
    session.store(&profile.session_file)?;
    say(session.delegation());
    Ok(Exit::Done)
}

/// Ends the session on this machine.
pub(crate) fn logout(profile: &ProfileArg) -> anyhow::Result<Exit> {
    let profile = Profile::load(profile.profile.as_deref())?;
    let line = if Session::remove(&profile.session_file)? {
        "the session is ended on this machine: your own key signs again"
    } else {
        "there was no session"
    };
    print::line(line);
    Ok(Exit::Done)
}

/// Purposes and tumour groups, each once and in order: those that were typed, else the profile's.
fn wanted(
    (purpose, group): (&[Purpose], &[GroupId]),
    profile: &Profile,
) -> Result<(Vec<Purpose>, Vec<GroupId>), String> {
    let (mut purposes, mut groups) = (purpose.to_vec(), group.to_vec());
    if purposes.is_empty() {
        purposes.extend(profile.purpose.clone());
    }
    if groups.is_empty() {
        groups.extend(profile.group.clone());
    }
    purposes.sort();
    purposes.dedup();
    groups.sort();
    groups.dedup();
    if purposes.is_empty() {
        return Err("name what the session is for with --purpose, e.g. --purpose quality, or in \
                    the profile"
            .to_owned());
    }
    if purposes.len() > MAX_PURPOSES || groups.len() > MAX_GROUPS {
        return Err(format!(
            "a session is for at most {MAX_PURPOSES} purposes and {MAX_GROUPS} tumour groups"
        ));
    }
    Ok((purposes, groups))
}

fn say(delegation: &Delegation) {
    let Delegation { person, node, purposes, groups, expires_at, .. } = delegation;
    let list = |names: Vec<&str>| names.join(", ");
    print::line(format!("{person} has a session at the node of {node} until {expires_at}"));
    let purposes = list(purposes.iter().map(Purpose::as_str).collect());
    let groups = match groups.as_slice() {
        [] => "no tumour group".to_owned(),
        groups => format!("tumour group {}", list(groups.iter().map(GroupId::as_str).collect())),
    };
    print::line(format!("for {purposes}; {groups}"));
    print::line("`kring ask --direct` signs with your own key, `kring logout` ends the session");
}
