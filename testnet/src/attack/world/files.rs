//! A population as a dataset: dictionary, files, how they are imported, indicators.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use policies::wire::IndicatorRef;

use super::{Asked, Patient, World};

/// The mark that targets have.
pub const TARGET_MARK: i64 = 9;

const HEAD: &str = r#"# Patients with planted targets, nobody's. Kept under the floors of real data.
id = "ID"
version = 1
status = "real"
title = { nl = "Geplante doelwitten", en = "Planted targets" }
patient = "patient"

[code_lists.side]
codes = [{ code = 1 }, { code = 2 }]

[code_lists.a]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]
groups = [{ name = "low", codes = [1, 2], en = "a of 1 and 2" }]

[code_lists.b]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }, { code = 4 }]
groups = [{ name = "low", codes = [1, 2], en = "b of 1 and 2" }]

[code_lists.c]
codes = [{ code = 1 }, { code = 2 }]

[code_lists.mark]
codes = [{ code = 0 }, { code = 1 }, { code = 2 }, { code = 3 }, { code = 9 }]
groups = [{ name = "ordinary", codes = [0, 1, 2, 3], en = "nothing particular" }]

[code_lists.kind]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }, { code = 4 }]
groups = [{ name = "usual", codes = [1, 2, 4], en = "usual kinds" }]

[code_lists.block]
codes = [BLOCKS]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "side", type = "integer", class = "category", codes = "side" },
  { name = "block", type = "integer", class = "category", codes = "block" },
  { name = "mark", type = "integer", class = "category", codes = "mark" },
  { name = "a", type = "integer", class = "category", codes = "a" },
  { name = "b", type = "integer", class = "category", codes = "b" },
  { name = "c", type = "integer", class = "category", codes = "c" },
  { name = "positive", type = "integer", class = "flag", sensitive = true },
  { name = "died", type = "integer", class = "flag", sensitive = true },
  { name = "year", type = "integer", class = "quasi", min = 2018, max = 2024, step = 1 },
"#;

const REST: &str = r#"  { name = "x", type = "integer", class = "measure", min = 0, max = 10000, edges = [50, 100, 1000] },
  { name = "y", type = "integer", class = "measure", min = 0, max = 100, edges = [25, 50, 75] },
]

[[tables]]
name = "visit"
key = "visit_key"
foreign_keys = [{ column = "patient_key", table = "patient" }]
columns = [
  { name = "visit_key", type = "integer", class = "key" },
  { name = "patient_key", type = "integer", class = "key" },
  { name = "kind", type = "integer", class = "category", codes = "kind" },
  { name = "dose", type = "integer", class = "measure", min = 0, max = 1000, edges = [100, 150, 200] },
]
"#;

impl World {
    /// The data dictionary.
    #[must_use]
    pub fn dictionary(&self) -> String {
        let blocks: Vec<String> =
            (0..=self.shape.blocks).map(|block| format!("{{ code = {block} }}")).collect();
        let mut text = HEAD.replace("ID", &self.id).replace("BLOCKS", &blocks.join(", "));
        for at in 1..=4 {
            text.push_str(&format!(
                "  {{ name = \"m{at}\", type = \"integer\", class = \"measure\", min = 0, max = 100, edges = [10, 20, 30, 40, 50, 60, 70, 80, 90] }},\n"
            ));
        }
        for at in 1..=8 {
            text.push_str(&format!(
                "  {{ name = \"z{at}\", type = \"integer\", class = \"flag\" }},\n"
            ));
        }
        text.push_str(REST);
        text
    }

    /// The indicators as files.
    #[must_use]
    pub fn indicators(&self) -> Vec<(String, String)> {
        let file = |Asked { id, head, sql }: &Asked| {
            let text = format!(
                "-- id: {id}\n-- version: 1\n-- dataset: {}\n-- title_nl: Aanval\n-- title_en: Attack\n-- source: testnet attack\n{head}\n{sql}\n",
                self.id
            );
            (id.clone(), text)
        };
        self.asked.iter().map(file).collect()
    }

    /// An indicator as it is asked for, and the text that is run.
    ///
    /// # Errors
    /// There is none of this id, or its file is none.
    pub fn indicator(&self, id: &str) -> anyhow::Result<(IndicatorRef, String)> {
        let files = self.indicators();
        let (_, text) = files.iter().find(|(known, _)| known == id).context("an indicator")?;
        let indicator = policies::indicator::parse(&format!("indicators/{id}.sql"), text)
            .map_err(|problems| anyhow::anyhow!("indicator {id}: {problems:?}"))?;
        Ok(indicator.refer(None, None)?)
    }

    /// The section of a node's configuration.
    #[must_use]
    pub fn sources(&self) -> String {
        let id = &self.id;
        let mut text = format!("[[datasets]]\nid = \"{id}\"\n");
        for table in ["patient", "visit"] {
            text.push_str(&format!(
                "[[datasets.sources]]\nname = \"{table}\"\npath = \"data/{id}/{table}.csv\"\nformat = \"csv\"\n\
                 [[datasets.tables]]\ntable = \"{table}\"\nsource = \"{table}\"\n"
            ));
        }
        text
    }
}

/// Writes the files of hospital `number`.
pub(super) fn write(world: &World, number: usize, folder: &Path) -> anyhow::Result<()> {
    let (_, patients) = world.hospitals.get(number).context("a hospital")?;
    let folder = folder.join(&world.id);
    std::fs::create_dir_all(&folder)?;
    let mut table =
        "patient_key,side,block,mark,a,b,c,positive,died,year,m1,m2,m3,m4,z1,z2,z3,z4,z5,z6,z7,z8,x,y\n".to_owned();
    let mut visits = "visit_key,patient_key,kind,dose\n".to_owned();
    let mut key = 0;
    for patient in patients {
        row(&mut table, patient)?;
        for (kind, dose) in &patient.visits {
            key += 1;
            writeln!(visits, "{key},{},{kind},{dose}", patient.key)?;
        }
    }
    std::fs::write(folder.join("patient.csv"), table)?;
    std::fs::write(folder.join("visit.csv"), visits)?;
    Ok(())
}

fn row(table: &mut String, patient: &Patient) -> std::fmt::Result {
    let Patient { key, block, mark, a, b, c, positive, died, year, m, x, y, z, visits: _ } =
        patient;
    let side = if *block > 0 { 1 } else { 2 };
    let (positive, died) = (i64::from(*positive), i64::from(*died));
    write!(table, "{key},{side},{block},{mark},{a},{b},{c},{positive},{died},{year}")?;
    let flags = z.iter().map(|z| i64::from(*z));
    for number in m.iter().copied().chain(flags).chain([*x, *y]) {
        write!(table, ",{number}")?;
    }
    writeln!(table)
}
