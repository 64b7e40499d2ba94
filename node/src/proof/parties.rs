//! Whose file it is: the log, its key and its witnesses, as an export or a proof file names them.
//!
//! The origin binds hospital and key, so neither can be changed without the signature failing; a witness is named only
//! if it cosigned, and every signature line must be of somebody named. So no byte of the names and keys is free. Whether
//! they are the *right* keys is what a trust policy says.

use std::collections::BTreeMap;

use policies::dsse::PublicKey;
use policies::{HospitalCode, UnixTime};

use super::checkpoint::{Checkpoint, Origin, SignedCheckpoint, witness_key};
use super::fault::FaultKind;
use super::note::{Note, VerifierKey};

/// The names and keys of a file, checked.
#[derive(Clone, Debug)]
pub struct Parties {
    origin: Origin,
    hospital: HospitalCode,
    public: PublicKey,
    log: VerifierKey,
    witnesses: BTreeMap<HospitalCode, VerifierKey>,
}

/// A checkpoint whose every signature line verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The checkpoint.
    pub signed: SignedCheckpoint,
    /// Who cosigned it, and when.
    pub cosigned: BTreeMap<HospitalCode, UnixTime>,
}

impl Parties {
    /// Checks the names and keys.
    ///
    /// # Errors
    /// `FaultKind::Header`, `Key` or `Origin`.
    pub fn new(
        origin: &str,
        hospital: &str,
        log_key: &str,
        witnesses: &BTreeMap<String, String>,
    ) -> Result<Self, FaultKind> {
        let name = |text: &str| {
            HospitalCode::new(text).map_err(|error| FaultKind::Header { reason: error.to_string() })
        };
        let unusable = |whose: &str| FaultKind::Key { whose: whose.to_owned() };
        let key = |text: &str, whose: &str| match PublicKey::from_hex(text) {
            Ok(key) if key.to_string() == text => Ok(key),
            Ok(_) | Err(_) => Err(unusable(whose)),
        };
        let hospital = name(hospital)?;
        let public = key(log_key, "the log")?;
        let origin = Origin::parse(origin).map_err(|_name| FaultKind::Origin)?;
        if !origin.belongs_to(&hospital, &public) {
            return Err(FaultKind::Origin);
        }
        let log = origin.key(&public).map_err(|_key| unusable("the log"))?;
        let mut checked = BTreeMap::new();
        for (code, text) in witnesses {
            let public = key(text, code)?;
            let witness = name(code)?;
            let key = witness_key(&witness, &public).map_err(|_key| unusable(code))?;
            checked.insert(witness, key);
        }
        Ok(Self { origin, hospital, public, log, witnesses: checked })
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The hospital.
    #[must_use]
    pub fn hospital(&self) -> &HospitalCode {
        &self.hospital
    }

    /// The log's key.
    #[must_use]
    pub fn log(&self) -> &VerifierKey {
        &self.log
    }

    /// The log's key without a name.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The witnesses' keys.
    #[must_use]
    pub fn witnesses(&self) -> &BTreeMap<HospitalCode, VerifierKey> {
        &self.witnesses
    }

    /// Opens the checkpoint with this number, from 1: the log signed it, and every other line is of a named witness.
    ///
    /// # Errors
    /// `FaultKind::Checkpoint` or `UnknownSignature`.
    pub fn open(&self, number: usize, note: &str) -> Result<Opened, FaultKind> {
        self.open_by(number, note, &self.log)
    }

    /// The same for a checkpoint of this origin or one that the log had before a gap.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_earlier(&self, number: usize, note: &str) -> Result<Opened, FaultKind> {
        let stated = Note::parse(note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
        let earlier = stated.map(|stated| stated.origin).filter(|origin| {
            origin.belongs_to(&self.hospital, &self.public) && origin.gaps() < self.origin.gaps()
        });
        match earlier.and_then(|origin| origin.key(&self.public).ok()) {
            Some(key) => self.open_by(number, note, &key),
            None => self.open(number, note),
        }
    }

    fn open_by(&self, number: usize, note: &str, log: &VerifierKey) -> Result<Opened, FaultKind> {
        let wrong = |reason: String| FaultKind::Checkpoint { number, reason };
        let signed = SignedCheckpoint::open(note, log).map_err(|error| wrong(error.to_string()))?;
        let named = |line: &&super::note::SignatureLine| {
            line.claims(log) || self.witnesses.values().any(|key| line.claims(key))
        };
        if let Some(line) = signed.note().signatures().iter().find(|line| !named(line)) {
            return Err(FaultKind::UnknownSignature { number, name: line.name().to_string() });
        }
        let mut cosigned = BTreeMap::new();
        for (code, key) in &self.witnesses {
            let time = signed.cosigned_by(key).map_err(|error| wrong(error.to_string()))?;
            if let Some(time) = time {
                cosigned.insert(code.clone(), time);
            }
        }
        Ok(Opened { signed, cosigned })
    }

    /// Refuses a named witness that cosigned none of the checkpoints: nothing would hold its name and key.
    ///
    /// # Errors
    /// `FaultKind::UnusedWitness`.
    pub fn all_used(&self, opened: &[Opened]) -> Result<(), FaultKind> {
        let used = |code: &&HospitalCode| opened.iter().any(|one| one.cosigned.contains_key(*code));
        match self.witnesses.keys().find(|code| !used(code)) {
            Some(code) => Err(FaultKind::UnusedWitness { witness: code.to_string() }),
            None => Ok(()),
        }
    }
}
