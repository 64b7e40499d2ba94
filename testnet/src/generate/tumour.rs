//! What differs between tumour groups: who gets them, where they are, how far they have come.

/// A stage at diagnosis.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stage {
    /// Clinical T, N and M.
    pub(super) tnm: [&'static str; 3],
    /// Clinical stage.
    pub(super) stage: &'static str,
    /// FIGO stage, of ovarian tumours.
    pub(super) figo: &'static str,
    /// Deaths a month, of a thousand.
    pub(super) hazard: i64,
}

/// Values with their weights.
type Weighted = &'static [(&'static str, i64)];

/// A tumour group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tumour {
    pub(super) name: &'static str,
    /// Men, of a thousand.
    pub(super) men: i64,
    /// Mean age.
    pub(super) age: i64,
    pub(super) topography: Weighted,
    pub(super) morphology: Weighted,
    pub(super) stages: &'static [(Stage, i64)],
}

const fn tnm(
    t: &'static str,
    n: &'static str,
    m: &'static str,
    stage: &'static str,
    hazard: i64,
) -> Stage {
    Stage { tnm: [t, n, m], stage, figo: "", hazard }
}

const fn figo(figo: &'static str, t: &'static str, stage: &'static str, hazard: i64) -> Stage {
    let (n, m) = match stage.as_bytes() {
        b"III" => ("1", "0"),
        b"IV" => ("1", "1"),
        _ => ("0", "0"),
    };
    Stage { tnm: [t, n, m], stage, figo, hazard }
}

pub(super) const SLOKDARM: Tumour = Tumour {
    name: "slokdarm",
    men: 750,
    age: 67,
    topography: &[("C15.3", 8), ("C15.4", 22), ("C15.5", 55), ("C16.0", 15)],
    morphology: &[("8140", 72), ("8070", 28)],
    stages: &[
        (tnm("1", "0", "0", "I", 6), 10),
        (tnm("2", "0", "0", "II", 12), 18),
        (tnm("3", "0", "0", "II", 14), 14),
        (tnm("3", "1", "0", "III", 22), 25),
        (tnm("3", "2", "0", "III", 28), 8),
        (tnm("4", "1", "1", "IV", 70), 10),
        (tnm("3", "x", "1", "IV", 75), 15),
    ],
};

pub(super) const BLAAS: Tumour = Tumour {
    name: "blaas",
    men: 770,
    age: 72,
    topography: &[("C67.0", 15), ("C67.2", 40), ("C67.9", 45)],
    morphology: &[("8120", 93), ("8070", 5), ("8140", 2)],
    stages: &[
        (tnm("a", "0", "0", "0", 3), 28),
        (tnm("is", "0", "0", "0", 4), 4),
        (tnm("1", "0", "0", "I", 6), 15),
        (tnm("2", "0", "0", "II", 14), 22),
        (tnm("3", "0", "0", "III", 20), 12),
        (tnm("4", "0", "0", "III", 26), 6),
        (tnm("2", "1", "0", "III", 28), 6),
        (tnm("3", "2", "1", "IV", 65), 7),
    ],
};

pub(super) const OVARIUM: Tumour = Tumour {
    name: "ovarium",
    men: 0,
    age: 64,
    topography: &[("C56.9", 1)],
    morphology: &[("8441", 66), ("8380", 12), ("8310", 9), ("8442", 13)],
    stages: &[
        (figo("IA", "1", "I", 2), 13),
        (figo("IB", "1", "I", 2), 2),
        (figo("IC", "1", "I", 4), 8),
        (figo("IIA", "2", "II", 6), 4),
        (figo("IIB", "2", "II", 8), 6),
        (figo("IIC", "2", "II", 8), 4),
        (figo("III", "3", "III", 17), 41),
        (figo("IV", "3", "IV", 32), 22),
    ],
};

pub(super) const PANCREAS: Tumour = Tumour {
    name: "pancreas",
    men: 520,
    age: 69,
    topography: &[("C25.0", 68), ("C25.1", 18), ("C25.2", 14)],
    morphology: &[("8500", 80), ("8140", 20)],
    stages: &[
        (tnm("1", "0", "0", "I", 18), 12),
        (tnm("2", "0", "0", "I", 22), 15),
        (tnm("2", "1", "0", "II", 32), 16),
        (tnm("3", "1", "0", "II", 38), 9),
        (tnm("4", "1", "0", "III", 60), 8),
        (tnm("3", "1", "1", "IV", 120), 40),
    ],
};

pub(super) const NEURO: Tumour = Tumour {
    name: "neuro",
    men: 580,
    age: 59,
    topography: &[("C71.1", 34), ("C71.2", 30), ("C71.3", 20), ("C71.9", 16)],
    morphology: &[("9440", 65), ("9400", 20), ("9450", 15)],
    // TNM does not stage the brain; the morphology sets the pace.
    stages: &[(tnm("", "", "", "", 0), 1)],
};

/// Every group with its weight.
pub(super) const TUMOURS: [(&Tumour, i64); 5] =
    [(&SLOKDARM, 21), (&BLAAS, 22), (&OVARIUM, 18), (&PANCREAS, 20), (&NEURO, 19)];
