//! `kring ask`: composes a question, signs it with the person's key, hands it to the node and prints the answer.

use std::collections::BTreeMap;
use std::io::Read as _;

use anyhow::Context as _;
use policies::dsse::{Envelope, PayloadType};
use policies::wire::{Asks, MAX_QUESTION_LIFE_S, MAX_SKEW_S, MAX_SQL_BYTES, Question};
use policies::{PersonId, UnixTime};

use crate::api::{AnswerBody, AskBody, CoverageState, FinishedDocument, Info, RefusalBody};
use crate::cli::{Ask, AskContext, AskOptions, Format};
use crate::client::{Client, ClientError};
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::keys::passphrase::Source;
use crate::keys::{Key, random_bytes};
use crate::language::Language;
use crate::profile::Profile;
use crate::session::Session;

pub(super) mod refusal;
mod render;

/// Most bytes of an answer with its evidence.
pub(super) const MAX_FINISHED_BYTES: usize = 256 * 1024 * 1024;

/// A person at a node.
#[derive(Debug)]
pub(super) struct AtNode {
    profile: Profile,
    client: Client,
    info: Info,
    person: PersonId,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) asks: Asks,
    /// The profile that is named, if any.
    pub(super) profile: Option<policies::Profile>,
    /// What is printed above the answer.
    pub(super) heading: Vec<String>,
}

impl AtNode {
    /// Reads the person's profile, and asks the node who is in the network.
    pub(super) fn open(context: &AskContext) -> anyhow::Result<Self> {
        let profile = Profile::load(context.profile.profile.as_deref())?;
        let client = Client::new(&profile)?;
        let info = client.info()?;
        let person = PersonId::new(&Key::id_of(&profile.key_file)?)?;
        Ok(Self { profile, client, info, person })
    }

    /// Signs a question: in the person's session, where there is one for it and nothing else is wished; else with the
    /// person's own key.
    fn sign(
        &self,
        question: &Question,
        options: &AskOptions,
    ) -> anyhow::Result<(Envelope, Option<String>)> {
        let session =
            if options.direct { None } else { Session::load(&self.profile.session_file)? };
        if let Some(session) = session {
            match session.sign(question, SystemClock.now()) {
                Ok((envelope, delegation)) => return Ok((envelope, Some(delegation))),
                Err(other) => print::note(format!("kring: {other}; your own key signs this one")),
            }
        }
        let passphrase = Source(options.context.passphrase.passphrase_file.as_deref());
        let key = Key::load_person(&self.profile.key_file, passphrase)?;
        Ok((policies::question::sign_question(question, key.secret()), None))
    }

    /// The network that the person's profile names.
    pub(super) fn scope(&self) -> Option<&policies::NetworkId> {
        self.profile.scope.as_ref()
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The language that the person reads refusals in.
    fn language(&self, context: &AskContext) -> Language {
        context.language.unwrap_or(self.profile.language)
    }
}

/// Asks and prints.
pub(crate) fn run(ask: &Ask) -> anyhow::Result<Exit> {
    let at = AtNode::open(&ask.options.context)?;
    let sql = text(&ask.sql)?;
    if sql.len() > MAX_SQL_BYTES {
        refusal::show(
            &too_large(sql.len()),
            ask.options.format,
            at.language(&ask.options.context),
        )?;
        return Ok(Exit::Refused);
    }
    let put_it = Put { asks: Asks::Sql(sql), profile: ask.under, heading: Vec::new() };
    put(&at, put_it, &ask.options)
}

/// Signs a question, puts it, and prints what comes back.
pub(super) fn put(at: &AtNode, put: Put, options: &AskOptions) -> anyhow::Result<Exit> {
    let Put { asks, profile, heading } = put;
    let question = match compose((asks, profile), &options.context, at) {
        Ok(question) => question,
        Err(problem) => {
            print::note(format!("kring: {problem}"));
            return Ok(Exit::Usage);
        }
    };
    let (envelope, delegation) = at.sign(&question, options)?;
    let body = AskBody { question: String::from_utf8(envelope.encode())?, delegation };
    let finished = match at.client.ask(&body) {
        Ok(reply) => reply.finished,
        Err(ClientError::Refused(refusal)) => {
            refusal::show(&refusal, options.format, at.language(&options.context))?;
            return Ok(Exit::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    let signed = Envelope::decode(finished.as_bytes(), MAX_FINISHED_BYTES)?;
    signed.expect_type(PayloadType::Finished)?;
    let document: FinishedDocument<'_> = serde_json::from_slice(signed.unverified_payload())?;
    let answer: AnswerBody = serde_json::from_str(document.answer.get())?;
    anyhow::ensure!(
        answer.question_digest == envelope.digest(),
        "the node answered another question"
    );
    if let Some(path) = &options.save {
        std::fs::write(path, &finished)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    match options.format {
        Format::Table => heading.into_iter().for_each(print::line),
        // What a machine reads stays what it is.
        Format::Csv | Format::Json => heading.into_iter().for_each(print::note),
    }
    render::answer(&answer, document.answer.get(), options.format)?;
    Ok(enough(&answer, question.hospitals.len(), options.min_hospitals))
}

/// Whether as many hospitals answered as the person wants; where it is not told how many did, as many as did for certain.
fn enough(answer: &AnswerBody, asked: usize, wanted: usize) -> Exit {
    let answered =
        answer.coverage.values().filter(|part| part.state == CoverageState::Answered).count();
    let (answered, certain) = match answer.missing {
        Some(missing) => (missing.at_least(asked), " for certain"),
        None => (answered, ""),
    };
    if answered < wanted {
        print::note(format!(
            "kring: {answered} hospital(s) answered{certain}, {wanted} were asked for"
        ));
        return Exit::TooFewHospitals;
    }
    Exit::Done
}

/// The SQL text: the argument, or standard input for `-`, of which no more is read than shows that it is too large.
pub(super) fn text(argument: &str) -> anyhow::Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    let most = 2 * MAX_SQL_BYTES as u64;
    std::io::stdin().take(most).read_to_string(&mut text).context("cannot read the question")?;
    Ok(text)
}

/// The refusal that every node would give.
fn too_large(bytes: usize) -> RefusalBody {
    let code = "sql_too_large";
    RefusalBody {
        code: code.to_owned(),
        message: format!(
            "the question has {bytes} bytes or more, at most {MAX_SQL_BYTES} are read"
        ),
        message_nl: Some(format!(
            "de vraag heeft {bytes} bytes of meer, hoogstens {MAX_SQL_BYTES} worden gelezen"
        )),
        rule: Some(format!("kring/{}", code.replace('_', "-"))),
        layer: None,
        coverage: BTreeMap::new(),
    }
}

/// Tells a wrong clock before a node refuses the question for it.
pub(super) fn clocks_agree(own: UnixTime, node: UnixTime) -> anyhow::Result<()> {
    let skew = own.since(node);
    anyhow::ensure!(
        (-MAX_SKEW_S..=MAX_SKEW_S).contains(&skew),
        "clock_skew: this machine's clock and the node's differ by {skew} s, at most {MAX_SKEW_S} s are accepted; set the clocks"
    );
    Ok(())
}

/// The question that a person's arguments, profile and node make.
fn compose(
    (asks, named): (Asks, Option<policies::Profile>),
    context: &AskContext,
    at: &AtNode,
) -> anyhow::Result<Question> {
    let AtNode { profile, info, person, client: _ } = at;
    let now = SystemClock.now();
    clocks_agree(now, info.now)?;
    let (network, purpose, dataset) = chosen(context, profile, info)?;
    let members = info.scopes.get(&network).map(|scope| &scope.members);
    let members = members.with_context(|| format!("the node knows no network {network}"))?;
    let mut hospitals = context.to.clone();
    if hospitals.is_empty() {
        hospitals = members.keys().cloned().collect();
    }
    for hospital in &hospitals {
        anyhow::ensure!(
            members.contains_key(hospital),
            "`{hospital}` is not a member of {network}; members are {}",
            members.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        );
    }
    hospitals.sort();
    hospitals.dedup();
    let random = random_bytes().map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(Question {
        id: hex::encode(random.first_chunk::<16>().unwrap_or(&[0; 16])),
        network,
        person: person.clone(),
        purpose,
        group: context.group.clone().or_else(|| profile.group.clone()),
        dataset,
        asking_node: info.hospital.clone(),
        hospitals,
        asks,
        profile: named,
        issued_at: now,
        expires_at: now.plus(MAX_QUESTION_LIFE_S),
    })
}

/// Network, purpose and dataset, from the arguments, the profile, or where there is only one.
pub(super) fn chosen(
    context: &AskContext,
    profile: &Profile,
    info: &Info,
) -> anyhow::Result<(policies::NetworkId, policies::Purpose, policies::DatasetId)> {
    let network = context.scope.clone().or_else(|| profile.scope.clone());
    let network = network.unwrap_or_else(|| info.network.clone());
    let scope = info.scopes.get(&network).with_context(|| {
        let known: Vec<&str> = info.scopes.keys().map(policies::NetworkId::as_str).collect();
        format!(
            "this node can ask in {}, not in {network}: name one with --scope",
            known.join(", ")
        )
    })?;
    let purpose = context.purpose.clone().or_else(|| profile.purpose.clone());
    let purpose = purpose
        .context("name the purpose with --purpose, e.g. --purpose quality, or in the profile")?;
    let names = || scope.datasets.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let dataset = match (&context.dataset, scope.datasets.keys().next()) {
        (Some(dataset), _) => dataset.clone(),
        (None, Some(only)) if scope.datasets.len() == 1 => only.clone(),
        (None, _) => anyhow::bail!("name the dataset with --dataset; this network has {}", names()),
    };
    Ok((network, purpose, dataset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_differ_by_more_than_two_minutes_are_told() {
        let own = UnixTime(1_000_000);
        for (skew, agree) in [(0, true), (120, true), (-120, true), (121, false), (-121, false)] {
            let told = clocks_agree(own.plus(skew), own);
            assert_eq!(told.is_ok(), agree, "{skew}");
        }
        let told = clocks_agree(UnixTime(i64::MIN), own).unwrap_err().to_string();
        assert!(told.starts_with("clock_skew: ") && told.ends_with("set the clocks"), "{told}");
    }
}
