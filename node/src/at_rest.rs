//! Files that a copy of the state without the keys does not show: encrypted under a key derived from the node's envelope key.
//!
//! A node whose envelope key changes reads what was encrypted under any that it had, and encrypts under its present one.
//! Each purpose has a key of its own, and each file is bound to what it is of. It does not say where files are or what is in them.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::keys::Key;

/// What sealing adds beside the format: nonce and tag.
pub(crate) const ADDED_BYTES: usize = NONCE_LEN + 16;

/// Encrypts and decrypts the files of one purpose.
#[derive(Clone)]
pub(crate) struct Sealer {
    /// What a file begins with; part of what is authenticated.
    format: &'static [u8; 8],
    /// The first encrypts, any decrypts.
    keys: Arc<[RandomizedNonceKey]>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Sealer {
    /// The sealer for a purpose, whose files begin with `format`; the first of the keys is the present one.
    ///
    /// # Errors
    /// When no key can be derived.
    pub(crate) fn new<'k>(
        keys: impl IntoIterator<Item = &'k Key>,
        format: &'static [u8; 8],
        purpose: &'static [u8],
    ) -> std::io::Result<Self> {
        let keys = keys.into_iter().map(|key| derived(key, purpose)).collect::<Result<_, _>>();
        let keys = keys.map_err(|_unspecified| std::io::Error::other("no key"))?;
        Ok(Self { format, keys })
    }

    /// Encrypts bytes that belong to what `of` names.
    ///
    /// # Errors
    /// When they cannot be encrypted.
    pub(crate) fn seal(&self, of: &[u8], mut bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        let key = self.keys.first().ok_or_else(|| std::io::Error::other("no key"))?;
        let nonce = key
            .seal_in_place_append_tag(Aad::from(self.bound(of)), &mut bytes)
            .map_err(|_unspecified| std::io::Error::other("a file cannot be encrypted"))?;
        let mut file = self.format.to_vec();
        file.extend_from_slice(nonce.as_ref());
        file.append(&mut bytes);
        Ok(file)
    }

    /// Decrypts a file of what `of` names; `None` for other bytes.
    pub(crate) fn open(&self, of: &[u8], file: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = file.strip_prefix(self.format)?.split_first_chunk::<NONCE_LEN>()?;
        let open = |key: &RandomizedNonceKey| {
            let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
            let opened = key.open_in_place(nonce, Aad::from(self.bound(of)), &mut sealed).ok()?;
            let length = opened.len();
            sealed.truncate(length);
            Some(sealed)
        };
        self.keys.iter().find_map(open)
    }

    /// What is authenticated beside the bytes.
    fn bound(&self, of: &[u8]) -> Vec<u8> {
        [self.format.as_slice(), of].concat()
    }
}

/// The key of the files, from the node's own.
fn derived(key: &Key, purpose: &[u8]) -> Result<RandomizedNonceKey, aws_lc_rs::error::Unspecified> {
    RandomizedNonceKey::new(&AES_256_GCM, &*bytes_for(key, purpose)?)
}

/// 32 secret bytes for one purpose, from the node's own key.
pub(crate) fn bytes_for(
    key: &Key,
    purpose: &[u8],
) -> Result<Zeroizing<[u8; 32]>, aws_lc_rs::error::Unspecified> {
    let seed = key.seed();
    let mut bytes = Zeroizing::new([0; 32]);
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&*seed);
    secret.expand(&[purpose], hkdf::HKDF_SHA256)?.fill(&mut *bytes)?;
    Ok(bytes)
}
