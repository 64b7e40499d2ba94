//! A person who asks through the local interface of the first node, without a process for each question.

use anyhow::Context as _;
use node::api::{AskBody, AskReply, Info};
use node::client::{Client, ClientError};
use node::clock::{Clock as _, SystemClock};
use node::keys::{Key, KeyRole, random_bytes};
use node::profile::Profile as Access;
use policies::Profile;
use policies::wire::{Asks, Question};

use crate::network::Network;
use crate::topology::{PEOPLE, Person};

/// Life of a question, in seconds.
const LIFE_S: i64 = 600;

/// The first person of a network, who asks every hospital over the Rotterdam data.
#[derive(Debug)]
pub struct Asker {
    client: Client,
    key: Key,
    template: Question,
}

impl Asker {
    /// Reads the person's profile and asks the node who is in the network.
    ///
    /// # Errors
    /// A file that cannot be read, or a node that does not reply.
    pub fn new(network: &Network) -> anyhow::Result<Self> {
        Self::of(network, PEOPLE.first().context("a person")?)
    }

    /// The same for another person, who asks through the node of the own hospital.
    ///
    /// # Errors
    /// As [`Asker::new`].
    pub fn of(network: &Network, person: &Person) -> anyhow::Result<Self> {
        let profile = Access::load(Some(&network.profile(person.id)))?;
        let client = Client::new(&profile)?;
        let Info { hospital, network, scopes, now, .. } = client.info()?;
        let members = scopes.get(&network).map(|scope| scope.members.clone()).unwrap_or_default();
        let template = Question {
            id: String::new(),
            network,
            person: policies::PersonId::new(person.id)?,
            purpose: policies::Purpose::new(person.purpose)?,
            group: profile.group.clone(),
            dataset: policies::DatasetId::new("rotterdam")?,
            asking_node: hospital,
            hospitals: members.into_keys().collect(),
            asks: Asks::Sql(String::new()),
            profile: None,
            issued_at: now,
            expires_at: now,
        };
        Ok(Self { client, key: Key::load(&profile.key_file, KeyRole::Person)?, template })
    }

    /// The same person over another dataset.
    ///
    /// # Errors
    /// The dataset's name is none.
    pub fn over(mut self, dataset: &str) -> anyhow::Result<Self> {
        self.template.dataset = policies::DatasetId::new(dataset)?;
        Ok(self)
    }

    /// The same person, who names the profile, for quality.
    ///
    /// # Errors
    /// None: the purpose is a name.
    pub fn under(mut self, profile: Profile) -> anyhow::Result<Self> {
        self.template.profile = Some(profile);
        self.template.purpose = policies::Purpose::new("quality")?;
        Ok(self)
    }

    /// How many hospitals are asked.
    #[must_use]
    pub fn hospitals(&self) -> usize {
        self.template.hospitals.len()
    }

    /// A signed question with this text.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn sign(&self, sql: &str) -> anyhow::Result<AskBody> {
        self.sign_asks(Asks::Sql(sql.to_owned()))
    }

    /// A signed question.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn sign_asks(&self, asks: Asks) -> anyhow::Result<AskBody> {
        let mut question = self.template.clone();
        let random = random_bytes().map_err(|error| anyhow::anyhow!("{error}"))?;
        question.id = random.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        question.asks = asks;
        question.issued_at = SystemClock.now();
        question.expires_at = question.issued_at.plus(LIFE_S);
        let envelope = policies::question::sign_question(&question, self.key.secret());
        Ok(AskBody { question: String::from_utf8(envelope.encode())?, delegation: None })
    }

    /// Puts a signed question.
    ///
    /// # Errors
    /// A refusal, or no reply.
    pub fn put(&self, question: &AskBody) -> Result<AskReply, ClientError> {
        self.client.ask(question)
    }
}
