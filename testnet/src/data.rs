//! What a network holds: a dataset's dictionary, its rules and indicators, how a hospital imports it, and each hospital's files.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use crate::attack::world::World;
use crate::generate::Region;
use crate::generate::lines::Lines;
use crate::generate::schema::SCHEMA;

pub mod indicators;

/// The Rotterdam tumour bank (see data/README.md).
const ROTTERDAM: &str = include_str!("../data/rotterdam.csv");
/// Stands in the oncology rules for the threshold.
const MIN_PATIENTS: &str = "MIN_PATIENTS";

/// One dataset of a network.
#[derive(Clone, Debug)]
pub struct Data {
    /// Its id.
    pub id: Cow<'static, str>,
    /// Its dictionary, as TOML.
    pub dictionary: Cow<'static, str>,
    /// Its rules: the file's name, and Cedar.
    pub rules: (Cow<'static, str>, String),
    /// Its indicators: each one's id and file.
    pub indicators: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// Its section of a node's configuration.
    pub sources: String,
    files: Files,
}

#[derive(Clone, Debug)]
enum Files {
    /// The public table, split by patient number.
    Rotterdam,
    /// Generated.
    Region(Region),
    /// Generated for benchmarks.
    Lines(Lines),
    /// Planted for attacks.
    World(Arc<World>),
}

impl Data {
    /// The Rotterdam tumour bank, as the demo has it.
    #[must_use]
    pub fn rotterdam() -> Self {
        Self {
            id: "rotterdam".into(),
            dictionary: include_str!("../charter/rotterdam.toml").into(),
            rules: ("demo.cedar".into(), include_str!("../charter/demo.cedar").to_owned()),
            indicators: Vec::new(),
            sources: SOURCES.to_owned(),
            files: Files::Rotterdam,
        }
    }

    /// The generated oncology tables; the rules let A. Jansen ask groups of at least `min_patients`.
    #[must_use]
    pub fn oncology(region: Region, min_patients: u32) -> Self {
        let mut sources = "[[datasets]]\nid = \"oncology\"\nopt_out = \"opt_out\"\n".to_owned();
        for (name, _) in SCHEMA {
            sources.push_str(&format!(
                "[[datasets.sources]]\nname = \"{name}\"\npath = \"data/oncology/{name}.csv\"\nformat = \"csv\"\n\
                 [[datasets.tables]]\ntable = \"{name}\"\nsource = \"{name}\"\n"
            ));
        }
        let rules = include_str!("../charter/oncology.cedar");
        Self {
            id: "oncology".into(),
            dictionary: include_str!("../charter/oncology.toml").into(),
            rules: (
                "oncology.cedar".into(),
                rules.replace(MIN_PATIENTS, &min_patients.to_string()),
            ),
            indicators: indicators::INDICATORS.map(|(id, text)| (id.into(), text.into())).into(),
            sources,
            files: Files::Region(region),
        }
    }

    /// Generated rows without meaning, for benchmarks.
    #[must_use]
    pub fn lineitem(lines: Lines) -> Self {
        Self {
            id: "lineitem".into(),
            dictionary: include_str!("../charter/lineitem.toml").into(),
            rules: ("lineitem.cedar".into(), include_str!("../charter/lineitem.cedar").to_owned()),
            indicators: Vec::new(),
            sources: LINES.to_owned(),
            files: Files::Lines(lines),
        }
    }

    /// Patients with planted targets; the rules are the attack's.
    #[must_use]
    pub fn planted(world: Arc<World>, rules: String) -> Self {
        let id = world.id.clone();
        Self {
            dictionary: world.dictionary().into(),
            rules: (format!("{id}.cedar").into(), rules),
            indicators: world
                .indicators()
                .into_iter()
                .map(|(id, text)| (id.into(), text.into()))
                .collect(),
            sources: world.sources(),
            id: id.into(),
            files: Files::World(world),
        }
    }

    /// Writes the files of hospital `number` of `of` into its folder for data.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, number: usize, of: usize, folder: &Path) -> anyhow::Result<()> {
        match &self.files {
            Files::Rotterdam => std::fs::write(folder.join("patients.csv"), part(number, of)?)?,
            Files::Region(region) => {
                let folder = folder.join(&*self.id);
                std::fs::create_dir(&folder)?;
                region.hospital(number).write(&folder)?;
            }
            Files::Lines(lines) => lines.write(number, of, folder)?,
            Files::World(world) => world.write(number, folder)?,
        }
        Ok(())
    }
}

/// The rows of one hospital: `pid` mod the number of hospitals. An artificial split.
fn part(number: usize, of: usize) -> anyhow::Result<String> {
    let mut lines = ROTTERDAM.lines();
    let mut part = lines.next().context("a header")?.to_owned();
    part.push('\n');
    for line in lines {
        let pid: usize = line.split(',').next().context("a pid")?.parse()?;
        if pid % of == number {
            part.push_str(line);
            part.push('\n');
        }
    }
    Ok(part)
}

const SOURCES: &str = r#"[[datasets]]
id = "rotterdam"
[[datasets.sources]]
name = "patients"
path = "data/patients.csv"
format = "csv"
[[datasets.tables]]
table = "patient"
source = "patients"
columns = { patient_key = "pid" }
"#;

const LINES: &str = r#"[[datasets]]
id = "lineitem"
[[datasets.sources]]
name = "visit"
path = "data/visit.csv"
format = "csv"
[[datasets.tables]]
table = "visit"
source = "visit"
[[datasets.sources]]
name = "line"
path = "data/line.csv"
format = "csv"
[[datasets.tables]]
table = "line"
source = "line"
"#;
