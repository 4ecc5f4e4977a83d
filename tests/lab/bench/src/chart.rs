//! Charts as SVG, on a white background, so that they are legible on any page.

use std::fmt;
use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::failure::Failure;
use crate::number;

pub(crate) struct Chart {
    /// The file name without folder and extension.
    pub(crate) file: &'static str,
    pub(crate) title: String,
    kind: Kind,
}

enum Kind {
    Bars { unit: String, bars: Vec<Bar> },
    Lines { x: String, y: String, lines: Vec<Line> },
}

/// A labelled bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) length: f64,
    /// Draws the bar in the accent colour.
    pub(crate) ours: bool,
}

/// A name, and the points from left to right.
pub(crate) type Line = (String, Vec<(f64, f64)>);

const WIDTH: u32 = 760;
const HEIGHT: u32 = 420;
const BAR: i32 = 34;
/// Where the bars begin, and where the longest ends.
const BARS: Range<i32> = 200..660;
const TOP: i32 = 64;

const OURS: RGBColor = RGBColor(0x1f, 0x5f, 0xb4);
const OTHERS: RGBColor = RGBColor(0x9a, 0x9a, 0x9a);
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
const LINES: [RGBColor; 2] = [OURS, RGBColor(0xd5, 0x6a, 0x00)];

const FONT: &str = "sans-serif";
const TITLE: i32 = 19;
const TEXT: i32 = 15;

impl Chart {
    /// A bar chart that starts at zero; `None` without bars.
    pub(crate) fn bars(
        file: &'static str,
        title: impl Into<String>,
        unit: impl Into<String>,
        bars: Vec<Bar>,
    ) -> Option<Self> {
        let is_empty = bars.is_empty();
        let kind = Kind::Bars { unit: unit.into(), bars };
        (!is_empty).then(|| Self { file, title: title.into(), kind })
    }

    /// Up to two lines over logarithmic axes; `None` without points.
    pub(crate) fn lines(
        file: &'static str,
        title: impl Into<String>,
        x: impl Into<String>,
        y: impl Into<String>,
        lines: Vec<Line>,
    ) -> Option<Self> {
        let is_empty = lines.iter().all(|(_, points)| points.is_empty());
        let kind = Kind::Lines { x: x.into(), y: y.into(), lines };
        (!is_empty).then(|| Self { file, title: title.into(), kind })
    }

    pub(crate) fn svg(&self) -> Result<String, Failure> {
        let mut svg = String::new();
        match &self.kind {
            Kind::Bars { unit, bars } => draw_bars(&mut svg, &self.title, unit, bars),
            Kind::Lines { x, y, lines } => draw_lines(&mut svg, &self.title, [x, y], lines),
        }
        .map_err(|failure| failure.within(&self.title))?;
        svg.push('\n');
        Ok(svg)
    }
}

fn draw_bars(svg: &mut String, title: &str, unit: &str, bars: &[Bar]) -> Result<(), Failure> {
    let rows = i32::try_from(bars.len())?.saturating_mul(BAR);
    let height = u32::try_from(rows.saturating_add(TOP).saturating_add(BAR / 2))?;
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let text =
        |size: i32, x: HPos| (FONT, size).into_font().color(&INK).pos(Pos::new(x, VPos::Center));
    area.draw(&Text::new(title.to_owned(), (16, 22), text(TITLE, HPos::Left)))?;
    area.draw(&Text::new(unit.to_owned(), (16, 46), text(TEXT, HPos::Left)))?;
    let longest = bars.iter().map(|bar| bar.length).fold(0.0, f64::max);
    for (bar, top) in bars.iter().zip((TOP..).step_by(usize::try_from(BAR)?)) {
        let middle = top.saturating_add(BAR / 2);
        let label =
            Text::new(bar.label.clone(), (BARS.start - 10, middle), text(TEXT, HPos::Right));
        area.draw(&label)?;
        let end = between(BARS, bar.length / longest);
        let corners = [(BARS.start, top.saturating_add(6)), (end, top.saturating_add(BAR - 6))];
        let color = if bar.ours { OURS } else { OTHERS };
        area.draw(&Rectangle::new(corners, color.filled()))?;
        let value = number::short(bar.length);
        area.draw(&Text::new(value, (end.saturating_add(8), middle), text(TEXT, HPos::Left)))?;
    }
    Ok(area.present()?)
}

/// The pixel at this share of a range.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "rounded, in range")]
fn between(range: Range<i32>, share: f64) -> i32 {
    let width = f64::from(range.end.saturating_sub(range.start));
    range.start.saturating_add((width * share.clamp(0.0, 1.0)).round() as i32)
}

fn draw_lines(
    svg: &mut String,
    title: &str,
    axes: [&str; 2],
    lines: &[Line],
) -> Result<(), Failure> {
    let [x, y] = axes;
    let points = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let xs = decades(points().map(|(x, _)| x))?;
    let ys = decades(points().map(|(_, y)| y))?;
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, (FONT, TITLE).into_font().color(&INK))
        .margin(14)
        .margin_right(40)
        .x_label_area_size(48)
        .y_label_area_size(76)
        .build_cartesian_2d(xs.log_scale(), ys.log_scale())?;
    let font = (FONT, TEXT).into_font().color(&INK);
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(y)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style(font.clone())
        .x_label_formatter(&|power| power_of_ten(*power))
        .y_label_formatter(&|power| power_of_ten(*power))
        .draw()?;
    for ((name, points), color) in lines.iter().zip(LINES) {
        let style = color.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
        let dots = points.iter().map(|point| Circle::new(*point, 4, color.filled()));
        chart.draw_series(dots)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .margin(12)
        .background_style(WHITE)
        .border_style(GRID)
        .label_font(font)
        .draw()?;
    Ok(area.present()?)
}

fn power_of_ten(power: f64) -> String {
    if power >= 1.0 { number::rounded(power) } else { power.to_string() }
}

/// From the power of ten below all figures to the one above them.
fn decades(figures: impl Iterator<Item = f64> + Clone) -> Result<Range<f64>, Failure> {
    let lowest = figures.clone().fold(f64::INFINITY, f64::min);
    let highest = figures.fold(0.0, f64::max);
    if !(lowest > 0.0 && lowest <= highest && highest < f64::INFINITY) {
        return Err(Failure::new("there is nothing to draw"));
    }
    let low = lowest.log10().floor();
    let high = highest.log10().ceil().max(low + 1.0);
    Ok(10_f64.powf(low)..10_f64.powf(high))
}

impl fmt::Debug for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chart").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_proportional_to_their_figures() {
        let bar = |label: &str, length| Bar { label: label.into(), length, ours: true };
        let bars = vec![bar("one", 1.0), bar("<two>", 2.0)];
        let svg = Chart::bars("file", "Title", "ms", bars).unwrap().svg().unwrap();
        assert!(svg.contains(r#"width="230""#) && svg.contains(r#"width="460""#), "{svg}");
        assert!(svg.contains("&lt;two&gt;") && svg.contains("ms"), "{svg}");
    }

    #[test]
    fn a_chart_without_data_is_not_drawn() {
        assert!(Chart::bars("file", "Title", "ms", vec![]).is_none());
        assert!(Chart::lines("file", "Title", "x", "y", vec![("ours".into(), vec![])]).is_none());
    }

    #[test]
    fn axes_end_at_powers_of_ten() {
        let range = |figures: &[f64]| decades(figures.iter().copied()).unwrap();
        assert_eq!(range(&[12.0, 3.0]), 1.0..100.0);
        assert_eq!(range(&[10.0]), 10.0..100.0);
        decades([].into_iter()).expect_err("no figures");
        decades([0.0].into_iter()).expect_err("zero has no logarithm");
    }

    #[test]
    fn lines_have_names_and_axes() {
        let lines = vec![("ours".into(), vec![(1.0, 2.0), (10.0, 30.0)]), ("base".into(), vec![])];
        let svg =
            Chart::lines("file", "Title", "keys", "µs per call", lines).unwrap().svg().unwrap();
        for text in ["Title", "keys", "µs per call", "ours", "base"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }
}
