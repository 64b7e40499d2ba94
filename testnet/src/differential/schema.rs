//! A random dataset: a tree of tables below the patient, with columns of every class.

use super::dice::Dice;

/// What a column holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A code list of texts.
    Texts(Vec<String>),
    /// A code list of numbers.
    Numbers(Vec<i64>),
    /// 0 or 1.
    Flag,
    /// A whole number within bounds, with edges for quantiles.
    Integer(i64, i64),
    /// A decimal of this scale within bounds in units of its last digit.
    Decimal(u8, i64, i64),
    /// A quasi-identifier within bounds, generalised to multiples of a step.
    Quasi(i64, i64, i64),
}

impl Kind {
    /// Where quantiles are counted, the bounds first and last; in units of the last digit. Bins differ in width.
    #[must_use]
    pub fn edges(&self) -> Vec<i64> {
        let (min, max, bins) = match self {
            Self::Integer(min, max) => (*min, *max, 8),
            Self::Decimal(_, min, max) => (*min, *max, 5),
            Self::Texts(_) | Self::Numbers(_) | Self::Flag | Self::Quasi(..) => return Vec::new(),
        };
        let step = max.saturating_sub(min).max(bins) / bins;
        let inner = (0..bins).map(|n| min.saturating_add(step.saturating_mul(n)));
        inner.filter(|edge| *edge < max).chain([max]).collect()
    }
}

/// A column that is no key.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, its own in the whole dataset.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether rows may lack it.
    pub nullable: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its key column.
    pub key: String,
    /// Whether keys are texts; else numbers.
    pub text_key: bool,
    /// The table above it, and the column that holds that table's key; none for the patient.
    pub parent: Option<(usize, String)>,
    /// Its other columns.
    pub columns: Vec<Column>,
}

/// A dataset.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Its tables, the patient first, each after its parent.
    pub tables: Vec<Table>,
    /// Whether patients are at several hospitals, with an attribution column `own`.
    pub attributed: bool,
}

const NAMES: [&str; 5] = ["patient", "tumour", "visit", "course", "event"];

impl Schema {
    /// Makes one.
    pub fn random(dice: &mut Dice) -> Self {
        let attributed = dice.one_in(3);
        let count = dice.roll(4).saturating_add(2);
        let mut tables: Vec<Table> = Vec::new();
        for (number, name) in NAMES.iter().enumerate().take(count) {
            let parent = number.checked_sub(1).map(|last| {
                // Mostly close to the patient, so that two children of one patient are common.
                let at = if dice.one_in(2) { 0 } else { dice.roll(last.saturating_add(1)) };
                (at, format!("{}_key", NAMES.get(at).copied().unwrap_or_default()))
            });
            let columns = columns(dice, name, number == 0 && attributed);
            let (key, text_key) = (format!("{name}_key"), !dice.one_in(3));
            tables.push(Table { name: (*name).to_owned(), key, text_key, parent, columns });
        }
        Self { tables, attributed }
    }

    /// The same in every run: for questions that are kept by name.
    #[must_use]
    pub fn fixed() -> Self {
        let column = |name: &str, kind, nullable| Column { name: name.to_owned(), kind, nullable };
        let texts = |words: &[&str]| Kind::Texts(words.iter().map(|w| (*w).to_owned()).collect());
        let columns = |start: &str| {
            vec![
                column(&format!("{start}_cat"), texts(&["blauw", "geel", "été", "it's"]), true),
                column(&format!("{start}_grade"), Kind::Numbers(vec![1, 2, 3]), true),
                column(&format!("{start}_flag"), Kind::Flag, false),
                column(&format!("{start}_num"), Kind::Integer(-30, 400), true),
                column(&format!("{start}_dec"), Kind::Decimal(2, -800, 8000), true),
                column(&format!("{start}_year"), Kind::Quasi(1990, 2020, 1), false),
            ]
        };
        let table = |name: &str, parent: Option<(usize, &str)>, text_key, start: &str| Table {
            name: name.to_owned(),
            key: format!("{name}_key"),
            text_key,
            parent: parent.map(|(at, column)| (at, column.to_owned())),
            columns: columns(start),
        };
        let tables = vec![
            table("patient", None, true, "p"),
            table("tumour", Some((0, "patient_key")), false, "t"),
            table("visit", Some((0, "patient_key")), true, "v"),
            table("course", Some((1, "tumour_key")), true, "c"),
        ];
        Self { tables, attributed: false }
    }

    /// The dataset's file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "id = \"random\"\nversion = 1\nstatus = \"synthetic\"\ntitle = { en = \"Random\" }\npatient = \"patient\"\n".to_owned();
        if self.attributed {
            text.push_str("attribution = { table = \"patient\", column = \"own\" }\n");
        }
        for column in self.tables.iter().flat_map(|table| &table.columns) {
            let codes: Vec<String> = match &column.kind {
                Kind::Texts(codes) => codes.iter().map(|c| format!("{{ code = {c:?} }}")).collect(),
                Kind::Numbers(codes) => codes.iter().map(|c| format!("{{ code = {c} }}")).collect(),
                Kind::Flag | Kind::Integer(..) | Kind::Decimal(..) | Kind::Quasi(..) => continue,
            };
            let (name, codes) = (&column.name, codes.join(", "));
            text.push_str(&format!("[code_lists.{name}]\ncodes = [{codes}]\n"));
        }
        for table in &self.tables {
            table_text(table, self, &mut text);
        }
        text
    }
}

fn table_text(table: &Table, schema: &Schema, text: &mut String) {
    let key_type = |text_key: bool| if text_key { "text" } else { "integer" };
    text.push_str(&format!("[[tables]]\nname = {:?}\nkey = {:?}\n", table.name, table.key));
    let mut columns = format!(
        "{{ name = {:?}, type = {:?}, class = \"key\" }}",
        table.key,
        key_type(table.text_key)
    );
    if let Some((parent, column)) = &table.parent
        && let Some(parent) = schema.tables.get(*parent)
    {
        text.push_str(&format!(
            "foreign_keys = [{{ column = {column:?}, table = {:?} }}]\n",
            parent.name
        ));
        let key_type = key_type(parent.text_key);
        columns.push_str(&format!(
            ",\n  {{ name = {column:?}, type = {key_type:?}, class = \"key\" }}"
        ));
    }
    for column in &table.columns {
        columns.push_str(",\n  ");
        columns.push_str(&column_text(column));
    }
    text.push_str(&format!("columns = [\n  {columns},\n]\n"));
}

fn column_text(column: &Column) -> String {
    let name = &column.name;
    let kind = match &column.kind {
        Kind::Texts(_) => format!("type = \"text\", class = \"category\", codes = {name:?}"),
        Kind::Numbers(_) => format!("type = \"integer\", class = \"category\", codes = {name:?}"),
        Kind::Flag => "type = \"integer\", class = \"flag\"".to_owned(),
        Kind::Integer(min, max) => {
            let edges: Vec<String> = column.kind.edges().iter().map(ToString::to_string).collect();
            let edges = edges.join(", ");
            format!(
                "type = \"integer\", class = \"measure\", min = {min}, max = {max}, edges = [{edges}]"
            )
        }
        Kind::Decimal(scale, min, max) => {
            let edges = column.kind.edges();
            let edges: Vec<String> =
                edges.iter().map(|edge| format!("{:?}", decimal(*edge, *scale))).collect();
            let (min, max, edges) =
                (decimal(*min, *scale), decimal(*max, *scale), edges.join(", "));
            format!(
                "type = \"decimal\", scale = {scale}, class = \"measure\", min = \"{min}\", max = \"{max}\", edges = [{edges}]"
            )
        }
        Kind::Quasi(min, max, step) => format!(
            "type = \"integer\", class = \"quasi\", min = {min}, max = {max}, step = {step}"
        ),
    };
    let nullable = if column.nullable { ", nullable = true" } else { "" };
    format!("{{ name = {name:?}, {kind}{nullable} }}")
}

/// Units of the last digit as text.
#[must_use]
pub fn decimal(units: i64, scale: u8) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::from(scale).saturating_add(1);
    let digits = format!("{:0>width$}", units.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(usize::from(scale)));
    format!("{sign}{whole}.{fraction}")
}

/// At least a category, a flag and two measures, so that every production has what it needs.
fn columns(dice: &mut Dice, table: &str, own: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    if own {
        columns.push(Column { name: "own".to_owned(), kind: Kind::Flag, nullable: false });
    }
    let mut kinds = vec![texts(dice), Kind::Flag, integer(dice), decimals(dice)];
    for _ in 0..dice.roll(4) {
        kinds.push(match dice.roll(5) {
            0 => texts(dice),
            1 => numbers(dice),
            2 => integer(dice),
            3 => decimals(dice),
            _ => Kind::Quasi(1950, dice.between(1990, 2020), dice.between(1, 5)),
        });
    }
    for (number, kind) in kinds.into_iter().enumerate() {
        let word = match &kind {
            Kind::Texts(_) => "cat",
            Kind::Numbers(_) => "grade",
            Kind::Flag => "flag",
            Kind::Integer(..) => "num",
            Kind::Decimal(..) => "dec",
            Kind::Quasi(..) => "year",
        };
        let start = table.get(..1).unwrap_or("t");
        let nullable = dice.one_in(2);
        columns.push(Column { name: format!("{start}_{word}{number}"), kind, nullable });
    }
    columns
}

fn texts(dice: &mut Dice) -> Kind {
    let words = ["blauw", "geel", "groen", "rood", "zwart", "été", "it's"];
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    words.truncate(dice.roll(words.len().saturating_sub(1)).saturating_add(2));
    Kind::Texts(words)
}

fn numbers(dice: &mut Dice) -> Kind {
    let first = dice.between(-2, 3);
    Kind::Numbers((first..=first.saturating_add(dice.between(1, 4))).collect())
}

fn integer(dice: &mut Dice) -> Kind {
    match dice.roll(4) {
        0 => Kind::Integer(-30, 4000),
        1 => Kind::Integer(0, 12),
        2 => Kind::Integer(-1_000_000, 1_000_000),
        _ => Kind::Integer(18, 100),
    }
}

fn decimals(dice: &mut Dice) -> Kind {
    match dice.roll(3) {
        0 => Kind::Decimal(1, 100, 600),
        1 => Kind::Decimal(2, -8000, 8000),
        _ => Kind::Decimal(4, 0, 99_999),
    }
}
