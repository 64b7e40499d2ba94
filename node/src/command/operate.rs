//! What those who run a node tell it while it runs: `kring pause` and `kring resume`.

use crate::api::PauseBody;
use crate::cli::OperatorArgs;
use crate::client::Client;
use crate::command::{Exit, print};
use crate::config::Config;
use crate::keys::{Key, KeyRole};
use crate::operator;

/// The node's local interface, for who can read its keys.
pub(super) fn client(args: &OperatorArgs) -> anyhow::Result<Client> {
    let config = Config::load(&args.config)?;
    let key = Key::load(&config.keys.envelope, KeyRole::Envelope)?;
    let token = operator::token(&key)?;
    let beside = || config.http.certificate.with_file_name("ca.pem");
    let ca = args.ca.clone().unwrap_or_else(beside);
    Ok(Client::connect(format!("https://{}", config.http.listen), &ca, token.to_string())?)
}

/// Stops answering.
pub(crate) fn pause(args: &OperatorArgs, reason: &str) -> anyhow::Result<Exit> {
    let state = client(args)?.pause(&PauseBody { reason: reason.to_owned() })?;
    print::line(format!("paused since {}: nothing is answered until `kring resume`", state.since));
    Ok(Exit::Done)
}

/// Answers again.
pub(crate) fn resume(args: &OperatorArgs) -> anyhow::Result<Exit> {
    let line = match client(args)?.resume()? {
        true => "questions are answered again",
        false => "it was not paused",
    };
    print::line(line);
    Ok(Exit::Done)
}
