//! What an attack achieved, with a 95 % interval, and the limit it is held against.

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.96;

/// A number of things as a float: none here is beyond 32 bits.
#[must_use]
pub fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// What an attack achieved.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Its unit.
    pub unit: Unit,
    /// The figure.
    pub value: f64,
    /// The interval, where the figure is an estimate.
    pub interval: Option<(f64, f64)>,
    /// Targets, cells, questions or pairs that it is of.
    pub of: usize,
    /// Of these, those that gave the attacker nothing at all to go by.
    pub silent: usize,
    /// One case that succeeded, for whoever looks into it.
    pub example: Option<String>,
}

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How many succeeded: none may.
    Found,
    /// The share that succeeded.
    Share,
    /// The standard deviation of an estimate of a count.
    Deviation,
    /// A correlation, without its sign.
    Correlation,
    /// Student's t, without its sign.
    T,
    /// The greatest number of different figures.
    Figures,
    /// By how many standard deviations of chance more succeeded than beside it.
    Chance,
}

impl Measure {
    /// So many of these succeeded.
    #[must_use]
    pub fn found(found: usize, of: usize) -> Self {
        Self {
            unit: Unit::Found,
            value: float(found),
            interval: None,
            of,
            silent: 0,
            example: None,
        }
    }

    /// The share of these that succeeded, with Wilson's interval (Wilson 1927).
    #[must_use]
    pub fn share(hits: usize, of: usize) -> Self {
        let (k, n) = (float(hits), float(of.max(1)));
        let share = k / n;
        let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half =
            Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let interval = Some((centre - half, centre + half));
        Self { unit: Unit::Share, value: share, interval, of, silent: 0, example: None }
    }

    /// The root of the mean square of these errors, and the interval of a normal sample's.
    #[must_use]
    pub fn deviation(errors: &[f64]) -> Self {
        let n = float(errors.len().max(1));
        let value = (errors.iter().map(|error| error * error).sum::<f64>() / n).sqrt();
        let half = value * Z / (2.0 * n).sqrt();
        let interval = Some((value - half, value + half));
        Self { unit: Unit::Deviation, value, interval, of: errors.len(), silent: 0, example: None }
    }

    /// Pearson's correlation of pairs, by Fisher's transformation.
    #[must_use]
    pub fn correlation(pairs: &[(f64, f64)]) -> Self {
        let n = float(pairs.len().max(1));
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            pairs.iter().map(|pair| of(pair.0 - x, pair.1 - y)).sum()
        };
        let (xy, xx, yy) = (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
        let spread = (xx * yy).sqrt();
        let r = if spread > 0.0 { (xy / spread).clamp(-1.0, 1.0) } else { 0.0 };
        let half = Z / (n - 3.0).max(1.0).sqrt();
        let z = r.clamp(-0.999_999, 0.999_999).atanh();
        let interval = Some(((z - half).tanh(), (z + half).tanh()));
        let of = pairs.len();
        Self { unit: Unit::Correlation, value: r.abs(), interval, of, silent: 0, example: None }
    }

    /// Welch's t of two samples.
    #[must_use]
    pub fn t(one: &[f64], two: &[f64]) -> Self {
        let moments = |sample: &[f64]| {
            let n = float(sample.len().max(2));
            let mean = sample.iter().sum::<f64>() / n;
            let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
            (mean, squares / (n - 1.0) / n)
        };
        let ((m1, v1), (m2, v2)) = (moments(one), moments(two));
        let spread = (v1 + v2).sqrt();
        let value = if spread > 0.0 { ((m1 - m2) / spread).abs() } else { 0.0 };
        let of = one.len() + two.len();
        Self { unit: Unit::T, value, interval: None, of, silent: 0, example: None }
    }

    /// How many more are in the third of five windows side by side than a parabola through the other four has there, in standard
    /// deviations of numbers that are by chance (Poisson's). What only spreads smoothly around the third, however closely, is not above it.
    #[must_use]
    pub fn above_beside([one, two, hits, four, five]: [usize; 5], of: usize) -> Self {
        let (near, far) = (float(two + four), float(one + five));
        let beside = (4.0 * near - far) / 6.0;
        let spread = (float(hits) + (16.0 * near + far) / 36.0).sqrt();
        let value = if spread > 0.0 { (float(hits) - beside) / spread } else { 0.0 };
        Self { unit: Unit::Chance, value, interval: None, of, silent: 0, example: None }
    }

    /// So many different figures at most.
    #[must_use]
    pub fn figures(most: usize, of: usize) -> Self {
        Self {
            unit: Unit::Figures,
            value: float(most),
            interval: None,
            of,
            silent: 0,
            example: None,
        }
    }

    /// With the number of targets that gave nothing.
    #[must_use]
    pub fn silent(self, silent: usize) -> Self {
        Self { silent, ..self }
    }

    /// With a case that succeeded.
    #[must_use]
    pub fn example(self, example: Option<String>) -> Self {
        Self { example, ..self }
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, value, interval, of, .. } = self;
        match unit {
            Unit::Found | Unit::Figures => write!(f, "{value:.0}")?,
            Unit::Share => write!(f, "{value:.3}")?,
            Unit::Deviation => write!(f, "sd {value:.2}")?,
            Unit::Correlation => write!(f, "r {value:.4}")?,
            Unit::T => write!(f, "t {value:.1}")?,
            Unit::Chance => write!(f, "z {value:.1}")?,
        }
        if let Some((low, high)) = interval {
            write!(f, " [{low:.3}, {high:.3}]")?;
        }
        write!(f, " of {of}")
    }
}

/// What holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// The figure is this or less.
    AtMost(f64),
    /// The figure is this or more.
    AtLeast(f64),
    /// No limit is promised: the figure is published as what it is.
    Published,
}

impl Limit {
    /// Whether the figure's interval reaches it.
    #[must_use]
    pub fn is_near(self, measure: &Measure) -> bool {
        let Some((low, high)) = measure.interval else { return false };
        let least = if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
        match (self, measure.unit) {
            (Self::AtMost(most), Unit::Correlation) => least <= most,
            (Self::AtMost(most), _) => low <= most,
            (Self::AtLeast(least), _) => high >= least,
            (Self::Published, _) => true,
        }
    }

    /// Whether the figure keeps it.
    #[must_use]
    pub fn holds(self, measure: &Measure) -> bool {
        match self {
            Self::AtMost(most) => measure.value <= most,
            Self::AtLeast(least) => measure.value >= least,
            Self::Published => true,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::AtLeast(least) => write!(f, ">= {least}"),
            Self::Published => f.write_str("none"),
        }
    }
}

/// What an attacker saw of one target, as numbers, and the truth.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Features; all samples have as many. Not a number where nothing was seen.
    pub seen: Vec<f64>,
    /// Whether the known person is in the set.
    pub member: bool,
}

/// The share of targets whose membership is guessed right by the best threshold on one feature. The threshold is learnt on one half and
/// used on the other, and the other way round; where nothing was seen a coin is tossed.
#[must_use]
pub fn guessed(samples: &[Sample]) -> Measure {
    let halves = |odd: usize| -> Vec<&Sample> {
        samples.iter().enumerate().filter(|(at, _)| at % 2 == odd).map(|(_, one)| one).collect()
    };
    let (even, odd) = (halves(0), halves(1));
    let hits = Rule::learnt(&even).hits(&odd) + Rule::learnt(&odd).hits(&even);
    let silent = samples.iter().filter(|one| one.seen.iter().all(|x| x.is_nan())).count();
    Measure::share(hits, samples.len()).silent(silent)
}

/// A guess by one feature.
#[derive(Clone, Copy, Debug)]
struct Rule {
    feature: usize,
    over: f64,
    is_member: bool,
}

impl Rule {
    fn learnt(samples: &[&Sample]) -> Self {
        let features = samples.first().map_or(0, |one| one.seen.len());
        let mut best = (0, Self { feature: 0, over: 0.5, is_member: true });
        for feature in 0..features {
            let seen = samples.iter().filter_map(|one| one.seen.get(feature).copied());
            let mut seen: Vec<f64> = seen.filter(|x| !x.is_nan()).collect();
            seen.sort_unstable_by(f64::total_cmp);
            seen.dedup();
            for pair in seen.windows(2) {
                let over = pair.iter().sum::<f64>() / 2.0;
                for is_member in [true, false] {
                    let rule = Self { feature, over, is_member };
                    best =
                        std::cmp::max_by_key(best, (rule.hits(samples), rule), |(hits, _)| *hits);
                }
            }
        }
        best.1
    }

    fn hits(&self, samples: &[&Sample]) -> usize {
        let right = samples.iter().enumerate().filter(|(at, one)| {
            let seen = one.seen.get(self.feature).copied().unwrap_or(f64::NAN);
            let guess = match seen.is_nan() {
                // In turns, but in no step with how targets are planted: the Thue-Morse sequence.
                true => at.count_ones() % 2 == 0,
                false => (seen > self.over) == self.is_member,
            };
            guess == one.member
        });
        right.count()
    }
}

#[cfg(test)]
mod tests;
