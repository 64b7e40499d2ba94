//! Networks below a network: charters of their own, that name its hospitals by their codes.

use std::fmt::Write as _;
use std::path::PathBuf;

use node::keys::{Key, KeyRole};

use super::Network;

/// Fewest hospitals of a layer that lists who vouches for its charter.
const VOUCHED_FROM: usize = 3;

/// A network below another one.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'l> {
    /// Its id.
    pub id: &'l str,
    /// The network above it.
    pub parent: &'l str,
    /// The codes of its hospitals.
    pub members: &'l [&'l str],
    /// Its rules, as Cedar.
    pub rules: &'l str,
    /// Its people.toml.
    pub people: &'l str,
}

impl Network {
    /// Lists these networks in the charters above them, each with a board of one, seals the root's charter as version 1 again, and
    /// seals and signs theirs; the bundles, in the order given.
    ///
    /// # Errors
    /// A command's own words, or what the file system says.
    pub fn add_layers(&mut self, layers: &[Layer<'_>]) -> anyhow::Result<Vec<PathBuf>> {
        for layer in layers {
            let key = self.board_key(layer.id).to_string_lossy().into_owned();
            self.run(&["key", "new", "--person", &format!("board.{}", layer.id), "--out", &key])?;
        }
        let path = self.dir.join("charter/charter.toml");
        let head = std::fs::read_to_string(&path)? + &self.children(super::NETWORK, layers)?;
        std::fs::write(&path, head)?;
        self.seal()?;
        layers.iter().map(|layer| self.layer(layer, layers)).collect()
    }

    /// The lines of a charter.toml about the networks directly below.
    fn children(&self, parent: &str, layers: &[Layer<'_>]) -> anyhow::Result<String> {
        let mut lines = String::new();
        for child in layers.iter().filter(|layer| layer.parent == parent) {
            let signer = self.signer(child)?;
            write!(
                lines,
                "\n[[children]]\nnetwork = \"{}\"\nthreshold = 1\nmembers = {:?}\nsigners = [{{ {signer} }}]\n",
                child.id, child.members
            )?;
        }
        Ok(lines)
    }

    fn signer(&self, layer: &Layer<'_>) -> anyhow::Result<String> {
        let key = Key::load(&self.board_key(layer.id), KeyRole::Person)?.public;
        Ok(format!("name = \"board.{}\", key = \"{key}\"", layer.id))
    }

    /// The bundles of the networks above a layer, but the root's.
    fn above(&self, layer: &Layer<'_>, all: &[Layer<'_>]) -> Vec<String> {
        let mut found = Vec::new();
        let mut parent = layer.parent;
        while let Some(above) = all.iter().find(|one| one.id == parent) {
            let path = self.dir.join("layers").join(above.id).with_extension("kring");
            found.push(path.to_string_lossy().into_owned());
            parent = above.parent;
        }
        found
    }

    fn layer(&self, layer: &Layer<'_>, all: &[Layer<'_>]) -> anyhow::Result<PathBuf> {
        let Layer { id, parent, members, rules, people } = layer;
        let folder = self.dir.join("layers").join(id);
        std::fs::create_dir_all(folder.join("rules"))?;
        let mut head = format!(
            "network = \"{id}\"\nversion = 1\ntitle = {{ en = \"Network {id}\" }}\n\
             valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2036-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 14\n\
             signers = [{{ {} }}]\n\n[parent]\nnetwork = \"{parent}\"\nversion = 1\n",
            self.signer(layer)?
        );
        head += &self.children(id, all)?;
        if members.len() >= VOUCHED_FROM {
            for code in *members {
                let path = self.node_dir(code).join("keys/freshness.key");
                let key = Key::load(&path, KeyRole::Freshness)?.public;
                write!(head, "\n[[freshness]]\nhospital = \"{code}\"\nkey = \"{key}\"\n")?;
            }
        }
        std::fs::write(folder.join("charter.toml"), head)?;
        let members = members.iter().map(|code| format!("[[members]]\ncode = \"{code}\"\n\n"));
        std::fs::write(folder.join("members.toml"), members.collect::<String>())?;
        std::fs::write(folder.join("people.toml"), people)?;
        std::fs::write(folder.join(format!("rules/{id}.cedar")), rules)?;
        let bundle = folder.with_extension("kring");
        let (folder, out) = (folder.to_string_lossy(), bundle.to_string_lossy());
        let root = self.charter().to_string_lossy().into_owned();
        let mut args =
            vec!["charter", "seal", &folder, "--out", &out, "--report", "none", "--above", &root];
        // What was sealed before: the root's charter, and whichever networks are above.
        let sealed = self.above(layer, all);
        sealed.iter().for_each(|path| args.extend(["--above", path]));
        self.run(&args)?;
        let key = self.board_key(id);
        self.run(&["charter", "sign", &out, "--key", &key.to_string_lossy()])?;
        Ok(bundle)
    }
}
