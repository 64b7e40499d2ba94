//! Rows in the shape of TPC-H's lineitem, for benchmarks: sixteen columns, once with one row a patient (`visit`) and once
//! with many (`line`). They follow from the seed, are drawn evenly, and mean nothing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::rng::Rng;

const RETURN_FLAGS: [&str; 3] = ["A", "N", "R"];
const LINE_STATUS: [&str; 2] = ["F", "O"];
const INSTRUCTIONS: [&str; 4] = ["COLLECT", "DELIVER", "NONE", "TAKE BACK"];
const MODES: [&str; 7] = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"];
const PRIORITIES: [&str; 5] = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-LOW", "5-NONE"];

/// What both tables have.
const SHARED: &str = "partkey,suppkey,linenumber,quantity,extendedprice,discount,tax,returnflag,linestatus,\
    shipday,commitday,receiptday,shipinstruct,shipmode";
/// Most rows of a patient in `line`; the mean is ten.
const MOST_LINES: i64 = 19;
/// Far above the rows of a hospital, so that no two hospitals have a key in common.
const KEYS_APART: u64 = 1_000_000_000;

/// What is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Another seed, other rows.
    pub seed: u64,
    /// Rows of each table, over all hospitals.
    pub rows: u64,
}

impl Lines {
    /// Writes `visit.csv` and `line.csv` of hospital `number` of `of`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, number: usize, of: usize, folder: &Path) -> anyhow::Result<()> {
        let (number, of) = (u64::try_from(number)?, u64::try_from(of)?);
        let rows = self.rows.checked_div(of).unwrap_or(0).max(1);
        let mut rng = Rng::of(self.seed, &[number]);
        let first = number.saturating_mul(KEYS_APART);
        let mut row = String::new();
        let mut visit = create(&folder.join("visit.csv"), "visit_key,", ",priority")?;
        for key in first..first.saturating_add(rows) {
            row.clear();
            write!(row, "{key},")?;
            shared(&mut row, &mut rng)?;
            writeln!(row, ",{}", one_of(&mut rng, &PRIORITIES))?;
            visit.write_all(row.as_bytes())?;
        }
        visit.flush()?;
        let mut line = create(&folder.join("line.csv"), "line_key,visit_key,", "")?;
        let (mut patient, mut left) = (first, rng.range(1, MOST_LINES));
        for key in first..first.saturating_add(rows) {
            if left == 0 {
                (patient, left) = (patient.saturating_add(1), rng.range(1, MOST_LINES));
            }
            left = left.saturating_sub(1);
            row.clear();
            write!(row, "{key},{patient},")?;
            shared(&mut row, &mut rng)?;
            row.push('\n');
            line.write_all(row.as_bytes())?;
        }
        Ok(line.flush()?)
    }
}

fn create(path: &Path, before: &str, after: &str) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    writeln!(file, "{before}{SHARED}{after}")?;
    Ok(file)
}

/// The columns that both tables have.
fn shared(row: &mut String, rng: &mut Rng) -> std::fmt::Result {
    let (part, supplier, number) = (rng.range(1, 200_000), rng.range(1, 10_000), rng.range(1, 7));
    write!(row, "{part},{supplier},{number},")?;
    for (least, most) in [(100, 5_000), (90_000, 10_500_000), (0, 10), (0, 8)] {
        let hundredths = rng.range(least, most);
        write!(row, "{}.{:02},", hundredths / 100, hundredths % 100)?;
    }
    let (flag, status) = (one_of(rng, &RETURN_FLAGS), one_of(rng, &LINE_STATUS));
    let (shipped, committed) = (rng.range(0, 2_525), rng.range(0, 2_525));
    let received = shipped.saturating_add(rng.range(1, 30));
    write!(row, "{flag},{status},{shipped},{committed},{received},")?;
    write!(row, "{},{}", one_of(rng, &INSTRUCTIONS), one_of(rng, &MODES))
}

fn one_of(rng: &mut Rng, texts: &[&'static str]) -> &'static str {
    let last = i64::try_from(texts.len()).unwrap_or(0).saturating_sub(1);
    let place = usize::try_from(rng.range(0, last)).unwrap_or(0);
    texts.get(place).copied().unwrap_or_default()
}
