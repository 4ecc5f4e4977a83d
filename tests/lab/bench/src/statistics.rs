//! Medians, quartiles, and ratios per round.

/// Figures of one kind, in the order of the rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The bounds of the interquartile range.
    pub(crate) fn quartiles(&self) -> (f64, f64) {
        (self.quantile(0.25), self.quantile(0.75))
    }

    /// Divides each figure by the other series' figure of the same round, so that anything
    /// that slowed a whole round down cancels out.
    pub(crate) fn over(&self, base: &Self) -> Self {
        self.0.iter().zip(&base.0).map(|(figure, base)| figure / base).collect()
    }

    /// Subtracts from each figure the other series' figure of the same round.
    pub(crate) fn minus(&self, base: &Self) -> Self {
        self.0.iter().zip(&base.0).map(|(figure, base)| figure - base).collect()
    }

    /// The interpolated value below which this share of the figures lies; NaN without figures.
    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let place = share * float(sorted.len().saturating_sub(1));
        let mut nearest = sorted.iter().zip(0_u32..).filter_map(|(figure, at)| {
            let nearness = 1.0 - (place - f64::from(at)).abs();
            (nearness > 0.0).then_some(figure * nearness)
        });
        nearest.next().map_or(f64::NAN, |first| nearest.fold(first, |sum, part| sum + part))
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<T: IntoIterator<Item = f64>>(figures: T) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// Converts a count into a float.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "nothing has 2^53 bytes")]
pub(crate) fn float(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(figures: &[f64]) -> Series {
        figures.iter().copied().collect()
    }

    #[track_caller]
    fn assert_near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-9, "{one} is not {other}");
    }

    #[test]
    fn the_median_is_the_middle_figure() {
        assert_near(series(&[7.0]).median(), 7.0);
        assert_near(series(&[9.0, 1.0, 5.0]).median(), 5.0);
        assert_near(series(&[4.0, 1.0, 2.0, 100.0]).median(), 3.0);
        assert!(series(&[]).median().is_nan());
    }

    #[test]
    fn quartiles_exclude_the_extremes() {
        let (low, high) = series(&[5.0, 4.0, 3.0, 2.0, 1.0]).quartiles();
        assert_near(low, 2.0);
        assert_near(high, 4.0);
        let (low, high) = series(&[1.0, 2.0]).quartiles();
        assert_near(low, 1.25);
        assert_near(high, 1.75);
    }

    #[test]
    fn ratios_compare_figures_of_the_same_round() {
        // The machine was ten times slower in the second round, for both.
        let (ours, base) = (series(&[2.0, 20.0, 2.0]), series(&[4.0, 40.0, 5.0]));
        assert_eq!(ours.over(&base), series(&[0.5, 0.5, 0.4]));
        assert_near(ours.over(&base).median(), 0.5);
        assert_eq!(ours.minus(&base), series(&[-2.0, -20.0, -3.0]));
    }
}
