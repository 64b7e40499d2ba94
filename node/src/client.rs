//! The client of a node's local interface: HTTPS with the node's own certificate, a token, JSON.

use std::path::Path;
use std::time::Duration;

use policies::NetworkId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::api::{
    ApprovalBody, ApprovalText, Approvals, AskBody, AskReply, ExplainBody, Explanation, History,
    Indicators, Info, PauseBody, PauseState, PublishBody, Published, RefusalBody, Status,
};
use crate::profile::Profile;

/// Longest wait for an answer: longer than any question may run.
const PATIENCE: Duration = Duration::from_secs(960);
/// Most bytes of a reply.
const MAX_REPLY_BYTES: u64 = 256 * 1024 * 1024;

/// A connection to one node.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    token: String,
}

/// Why a node's interface gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file that the profile names.
    #[error("cannot read {what} {path}")]
    File {
        /// What it is.
        what: &'static str,
        /// Where.
        path: std::path::PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The certificate is not one.
    #[error("{path} holds no PEM certificate")]
    Certificate {
        /// Where.
        path: std::path::PathBuf,
    },
    /// No connection or no valid reply.
    #[error("the node at {url} gives no reply; is `kring run` running there?")]
    Unreachable {
        /// The node.
        url: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// A reply of another version.
    #[error("the node at {url} replied in a way that this version does not know")]
    Reply {
        /// The node.
        url: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A refusal.
    #[error("{}: {}", .0.code, .0.message)]
    Refused(Box<RefusalBody>),
}

impl Client {
    /// Reads the files that the profile names.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn new(profile: &Profile) -> Result<Self, ClientError> {
        let token = read("token", &profile.token_file)?;
        let token = String::from_utf8_lossy(&token).trim().to_owned();
        Self::connect(profile.node_url.clone(), &profile.ca, token)
    }

    /// A client that shows this token to the node at `url`, whose certificate the authority in `ca` signed.
    ///
    /// # Errors
    /// `ClientError`.
    pub(crate) fn connect(url: String, ca: &Path, token: String) -> Result<Self, ClientError> {
        let pem = read("certificate", ca)?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|_no_pem| ClientError::Certificate { path: ca.to_owned() })?;
        let tls =
            TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[certificate])).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(true)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        Ok(Self { agent: config.into(), url, token })
    }

    /// Stops answering; for those who run the node.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn pause(&self, body: &PauseBody) -> Result<PauseState, ClientError> {
        self.post("/v1/operate/pause", body)
    }

    /// Answers again; whether it did not. For those who run the node.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn resume(&self) -> Result<bool, ClientError> {
        self.post("/v1/operate/resume", &())
    }

    /// Texts that wait for approval, or were decided on; for those who run the node.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn approvals(&self) -> Result<Approvals, ClientError> {
        self.get("/v1/operate/approvals")
    }

    /// Decides on a text; for those who run the node.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn decide(&self, body: &ApprovalBody) -> Result<ApprovalText, ClientError> {
        self.post("/v1/operate/approvals", body)
    }

    /// What a client needs to compose a question.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn info(&self) -> Result<Info, ClientError> {
        self.get("/v1/info")
    }

    /// What the node is doing.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn status(&self) -> Result<Status, ClientError> {
        self.get("/v1/status")
    }

    /// The indicators of a network, the one above all others where none is named.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn indicators(&self, scope: Option<&NetworkId>) -> Result<Indicators, ClientError> {
        match scope {
            Some(scope) => self.get(&format!("/v1/indicators/{scope}")),
            None => self.get("/v1/indicators"),
        }
    }

    /// What the node follows.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn history(&self) -> Result<History, ClientError> {
        self.get("/v1/charter")
    }

    /// Brings a bundle of a charter or a statement.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn publish(&self, body: &PublishBody) -> Result<Published, ClientError> {
        self.post("/v1/charter", body)
    }

    /// Puts a signed question.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn ask(&self, body: &AskBody) -> Result<AskReply, ClientError> {
        self.post("/v1/ask", body)
    }

    /// Asks what a question would do.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn explain(&self, body: &ExplainBody) -> Result<Explanation, ClientError> {
        self.post("/v1/explain", body)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let request = self.agent.get(format!("{}{path}", self.url));
        self.read(request.header("authorization", format!("Bearer {}", self.token)).call())
    }

    fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let request = self.agent.post(format!("{}{path}", self.url));
        self.read(request.header("authorization", format!("Bearer {}", self.token)).send_json(body))
    }

    fn read<T: DeserializeOwned>(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, ClientError> {
        let url = || self.url.clone();
        let unreachable =
            |source| ClientError::Unreachable { url: url(), source: Box::new(source) };
        let mut response = response.map_err(unreachable)?;
        let status = response.status();
        let bytes = response
            .body_mut()
            .with_config()
            .limit(MAX_REPLY_BYTES)
            .read_to_vec()
            .map_err(unreachable)?;
        let malformed = |source| ClientError::Reply { url: url(), source };
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(malformed);
        }
        let refusal: RefusalBody = serde_json::from_slice(&bytes).map_err(malformed)?;
        Err(ClientError::Refused(Box::new(refusal)))
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, ClientError> {
    std::fs::read(path).map_err(|source| ClientError::File { what, path: path.to_owned(), source })
}
