//! Whom a verifier trusts: a C2SP `tlog-policy` file.
//!
//! Lines `log VKEY`, `witness NAME VKEY`, `group NAME all|any|K MEMBER...` and one `quorum NAME|none`. Without a policy a
//! verifier can only say that a file agrees with the keys that it names itself.

use std::collections::{BTreeMap, BTreeSet};

use policies::HospitalCode;

use super::fault::FaultKind;
use super::note::{BadVerifierKey, SignatureKind, VerifierKey};
use super::parties::{Opened, Parties};

/// Most bytes of a policy file.
pub const MAX_POLICY_BYTES: usize = 64 * 1024;

/// A trust policy.
#[derive(Clone, Debug)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    /// Witnesses and groups by the names of the file.
    known: BTreeMap<String, Known>,
    /// The name that must have witnessed; nothing for `quorum none`.
    quorum: Option<String>,
}

#[derive(Clone, Debug)]
enum Known {
    Witness(VerifierKey),
    Group { threshold: usize, members: Vec<String> },
}

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Larger than is read.
    #[error("a trust policy has at most {MAX_POLICY_BYTES} bytes")]
    TooLarge,
    /// A line that is not one of a policy.
    #[error("trust policy, line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What was expected.
        reason: &'static str,
    },
    /// A key that cannot be used.
    #[error("trust policy, line {line}: {source}")]
    Key {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        source: BadVerifierKey,
    },
    /// No quorum.
    #[error("the trust policy has no `quorum` line; `quorum none` asks for no witness")]
    NoQuorum,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// `PolicyError`.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLarge);
        }
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(text.split('\n')) {
            let wrong = |reason| PolicyError::Line { line: number, reason };
            if line.chars().any(|c| c.is_control() && c != '\t') {
                return Err(wrong("no control characters"));
            }
            let items: Vec<&str> =
                line.split([' ', '\t']).filter(|item| !item.is_empty()).collect();
            reader.line(number, &items)?;
        }
        let quorum = reader.quorum.ok_or(PolicyError::NoQuorum)?;
        Ok(Self { logs: reader.logs, known: reader.known, quorum })
    }

    /// Checks that the file's log is one that is trusted.
    ///
    /// # Errors
    /// `FaultKind::LogNotTrusted`.
    pub fn trusts(&self, parties: &Parties) -> Result<(), FaultKind> {
        if self.logs.contains(parties.log()) {
            return Ok(());
        }
        Err(FaultKind::LogNotTrusted { origin: parties.origin().to_string() })
    }

    /// Checks that a checkpoint has the cosignatures asked for.
    ///
    /// # Errors
    /// `FaultKind::Quorum`.
    pub fn quorum(&self, parties: &Parties, opened: &Opened) -> Result<(), FaultKind> {
        let cosigned = |code: &HospitalCode| parties.witnesses().get(code);
        let signers: Vec<&VerifierKey> = opened.cosigned.keys().filter_map(cosigned).collect();
        match &self.quorum {
            None => Ok(()),
            Some(name) if self.witnessed(name, &signers) => Ok(()),
            Some(_) => Err(FaultKind::Quorum),
        }
    }

    fn witnessed(&self, name: &str, signers: &[&VerifierKey]) -> bool {
        match self.known.get(name) {
            None => false,
            Some(Known::Witness(key)) => signers.contains(&key),
            // Groups name only what stands above them, so this ends.
            Some(Known::Group { threshold, members }) => {
                members.iter().filter(|name| self.witnessed(name, signers)).count() >= *threshold
            }
        }
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    known: BTreeMap<String, Known>,
    quorum: Option<Option<String>>,
    keys: BTreeSet<[u8; 32]>,
    members: BTreeSet<String>,
}

impl Reader {
    fn line(&mut self, line: usize, items: &[&str]) -> Result<(), PolicyError> {
        let wrong = |reason| PolicyError::Line { line, reason };
        match items {
            [] => {}
            [comment, ..] if comment.starts_with('#') => {}
            ["log", key] | ["log", key, _] => {
                let key = self.key(line, key, SignatureKind::Ed25519)?;
                self.logs.push(key);
            }
            ["witness", name, key] | ["witness", name, key, _] => {
                let key = self.key(line, key, SignatureKind::Cosignature)?;
                self.name(line, name, Known::Witness(key))?;
            }
            ["group", name, threshold, members @ ..] => {
                let group = self.group(line, threshold, members)?;
                self.name(line, name, group)?;
            }
            ["quorum", name] => {
                if self.quorum.is_some() {
                    return Err(wrong("one `quorum` line only"));
                }
                if *name != "none" && !self.known.contains_key(*name) {
                    return Err(wrong("a quorum that is defined above"));
                }
                self.quorum = Some((*name != "none").then(|| (*name).to_owned()));
            }
            [_, ..] => return Err(wrong("`log`, `witness`, `group` or `quorum` with its names")),
        }
        Ok(())
    }

    fn key(
        &mut self,
        line: usize,
        text: &str,
        kind: SignatureKind,
    ) -> Result<VerifierKey, PolicyError> {
        let key = VerifierKey::parse(text).map_err(|source| PolicyError::Key { line, source })?;
        if key.kind() != kind {
            let reason = "a key of type 0x01 for a log, of type 0x04 for a witness";
            return Err(PolicyError::Line { line, reason });
        }
        if !self.keys.insert(*key.key_bytes()) {
            return Err(PolicyError::Line { line, reason: "each key once" });
        }
        Ok(key)
    }

    fn name(&mut self, line: usize, name: &str, known: Known) -> Result<(), PolicyError> {
        if name == "none" || self.known.insert(name.to_owned(), known).is_some() {
            return Err(PolicyError::Line { line, reason: "a name of its own" });
        }
        Ok(())
    }

    fn group(
        &mut self,
        line: usize,
        threshold: &str,
        members: &[&str],
    ) -> Result<Known, PolicyError> {
        let wrong = |reason| PolicyError::Line { line, reason };
        for member in members {
            if !self.known.contains_key(*member) {
                return Err(wrong("members that are defined above"));
            }
            if !self.members.insert((*member).to_owned()) {
                return Err(wrong("each name in one group only, once"));
            }
        }
        let threshold = match threshold {
            "any" => 1,
            "all" => members.len(),
            number => number.parse().map_err(|_nan| wrong("`all`, `any` or a number"))?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err(wrong("a threshold between 1 and the number of members"));
        }
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        Ok(Known::Group { threshold, members })
    }
}

#[cfg(test)]
mod tests;
