//! The growth as a picture.
use std::path::Path;

use plotters::prelude::*;

use crate::failure::Failure;
use crate::growth::{Curve, Growth};

/// Draws one line per database over the number of entries.
pub fn draw(growth: &Growth, file: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Plot(error.to_string());
    let points = || growth.0.iter().flat_map(|curve| &curve.points);
    let most = points().map(|(entries, _)| *entries).max().unwrap_or(1).max(20_000);
    let slowest = points().map(|(_, each)| each.as_micros()).max().unwrap_or(1);
    let area = SVGBackend::new(file, (800, 480)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Microseconds a commit by journal entries", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d((10_000..most).log_scale(), 0..slowest * 3 / 2 + 1)
        .map_err(|error| failed(&error))?;
    chart
        .configure_mesh()
        .x_desc("journal entries")
        .y_desc("µs a commit, 64 callers")
        .draw()
        .map_err(|error| failed(&error))?;
    for (Curve { on, points }, colour) in growth.0.iter().zip([BLUE, RED]) {
        let line = points.iter().map(|(entries, each)| (*entries, each.as_micros()));
        let series = LineSeries::new(line, colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(series)
            .map_err(|error| failed(&error))?
            .label(on.name())
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour));
    }
    chart.configure_series_labels().border_style(BLACK).draw().map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}
