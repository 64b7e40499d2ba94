//! Later versions of a network's charter: what its board changes, and who of it signs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use super::Network;

/// A version of the charter as a board works on it.
#[derive(Debug)]
pub struct Amendment<'n> {
    network: &'n Network,
    /// Its folder.
    pub folder: PathBuf,
    /// Its number.
    pub version: u64,
}

/// A sealed version.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its bundle.
    pub bundle: PathBuf,
    /// Its digest.
    pub digest: String,
    /// Its number.
    pub version: u64,
}

impl Network {
    /// Version 1, as every node begins with it.
    #[must_use]
    pub fn first_version(&self) -> Sealed {
        Sealed { bundle: self.charter(), digest: self.root.clone(), version: 1 }
    }

    /// A copy of the charter's folder as the version after this one; `name` is the copy's.
    ///
    /// # Errors
    /// What the file system says.
    pub fn amend(&self, before: &Sealed, name: &str) -> anyhow::Result<Amendment<'_>> {
        let (from, folder) = (self.dir.join("charter"), self.dir.join("amended").join(name));
        for sub in ["", "datasets", "indicators", "rules"] {
            std::fs::create_dir_all(folder.join(sub))?;
            for entry in std::fs::read_dir(from.join(sub))? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    std::fs::copy(entry.path(), folder.join(sub).join(entry.file_name()))?;
                }
            }
        }
        let version = before.version.saturating_add(1);
        let amendment = Amendment { network: self, folder, version };
        let head = format!("version = {version}\nprevious = \"{}\"\n", before.digest);
        amendment.replace("charter.toml", "version = 1\n", &head)?;
        Ok(amendment)
    }
}

impl Amendment<'_> {
    /// Replaces a text in a file of the folder; it must be there.
    ///
    /// # Errors
    /// The text is not in the file, or what the file system says.
    pub fn replace(&self, file: &str, from: &str, to: &str) -> anyhow::Result<()> {
        let path = self.folder.join(file);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(text.contains(from), "no `{from}` in {}", path.display());
        Ok(std::fs::write(&path, text.replace(from, to))?)
    }

    /// Seals the folder.
    ///
    /// # Errors
    /// The command's own words.
    pub fn seal(&self) -> anyhow::Result<Sealed> {
        let bundle = self.folder.with_extension("kring");
        drop(std::fs::remove_file(&bundle));
        let (folder, out) = (self.folder.to_string_lossy(), bundle.to_string_lossy());
        let digest =
            self.network.run(&["charter", "seal", &folder, "--out", &out, "--report", "none"])?;
        let digest = digest.trim().to_owned();
        Ok(Sealed { bundle: bundle.clone(), digest, version: self.version })
    }

    /// Seals the folder, and lets these members of the board sign.
    ///
    /// # Errors
    /// The command's own words.
    pub fn signed_by(&self, signers: &[&str]) -> anyhow::Result<Sealed> {
        let sealed = self.seal()?;
        signers.iter().try_for_each(|id| sealed.sign(self.network, &self.network.board_key(id)))?;
        Ok(sealed)
    }
}

impl Sealed {
    /// Adds a signature.
    ///
    /// # Errors
    /// The command's own words.
    pub fn sign(&self, network: &Network, key: &Path) -> anyhow::Result<()> {
        let (bundle, key) = (self.bundle.to_string_lossy(), key.to_string_lossy());
        network.run(&["charter", "sign", &bundle, "--key", &key]).map(drop)
    }

    /// The bundle's bytes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn read(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(&self.bundle).with_context(|| self.bundle.display().to_string())
    }
}
