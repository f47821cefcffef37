//! Confidence: what speaks for a group → how likely it is right. Pure.

use super::score::Features;

/// How likely a group is the listing, from 0 to 1.
pub fn confidence(_features: &Features, score: f64, (_margin, fit): (f64, f64)) -> f64 {
    let likely = 1.0 / (1.0 + (-1.4 * (score - 5.2)).exp());
    likely * fit
}
