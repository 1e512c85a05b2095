//! Floats as text, against CPython's results.

use super::float::{Style, format};

fn plain(value: f64, code: char, precision: usize) -> String {
    format(value, code, precision, Style::default())
}

#[test]
fn floats_round_half_to_even() {
    assert_eq!(plain(0.25, 'f', 1), "0.2");
    assert_eq!(plain(0.35, 'f', 1), "0.3");
    assert_eq!(plain(2.5, 'f', 0), "2");
    assert_eq!(plain(1e22, 'f', 0), "10000000000000000000000");
    assert_eq!(plain(0.125, 'e', 1), "1.2e-01");
}

#[test]
fn general_format_chooses() {
    assert_eq!(plain(1_234_567.891, 'g', 6), "1.23457e+06");
    assert_eq!(plain(0.0001, 'g', 6), "0.0001");
    assert_eq!(plain(0.00001, 'G', 6), "1E-05");
    assert_eq!(plain(0.0, 'g', 6), "0");
    assert_eq!(format(1.0, 'g', 6, Style { alternate: true, ..Style::default() }), "1.00000");
    assert_eq!(format(100.0, 'g', 3, Style { add_dot_zero: true, ..Style::default() }), "1e+02");
    assert_eq!(plain(f64::NEG_INFINITY, 'F', 6), "-INF");
    assert_eq!(format(-0.001, 'f', 1, Style { no_negative_zero: true, ..Style::default() }), "0.0");
}

#[test]
fn precision_can_be_large() {
    assert_eq!(plain(0.5, 'f', 2000).len(), 2002);
    assert_eq!(plain(1.0, 'e', 70_000).len(), 70_006);
}
