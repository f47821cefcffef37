//! Counts by class and rule, and the tables they become.

use std::{collections::BTreeMap, fmt::Write as _};

/// What one rule got right of one class.
#[derive(Clone, Copy, Default)]
pub struct Score {
    pub dates: usize,
    pub right: usize,
    pub listings: usize,
    pub whole: usize,
}

/// Scores by class, then by rule.
#[derive(Default)]
pub struct Table {
    classes: BTreeMap<String, Vec<(&'static str, Score)>>,
}

impl Table {
    /// Counts a listing: for each of its dates whether the rule is right.
    pub fn count(&mut self, class: &str, rule: &'static str, right: &[bool]) {
        let scores = self.classes.entry(class.to_owned()).or_default();
        let at = scores.iter().position(|(name, _)| *name == rule).unwrap_or_else(|| {
            scores.push((rule, Score::default()));
            scores.len() - 1
        });
        let score = &mut scores[at].1;
        score.dates += right.len();
        score.right += right.iter().filter(|right| **right).count();
        score.listings += 1;
        score.whole += usize::from(right.iter().all(|right| *right));
    }

    /// The table as Markdown: a row a class, a column a rule.
    pub fn markdown(&self) -> String {
        let Some(first) = self.classes.values().next() else { return "Nothing of the kind.\n".to_owned() };
        let mut text = "| class | listings | dates |".to_owned();
        for (rule, _) in first {
            let _ = write!(text, " {rule} |");
        }
        text.push_str("\n|---|---:|---:|");
        text.push_str(&"---:|".repeat(first.len()));
        text.push('\n');
        for (class, scores) in &self.classes {
            let (_, any) = scores[0];
            let _ = write!(text, "| {class} | {} | {} |", any.listings, any.dates);
            for (_, score) in scores {
                let _ = write!(
                    text,
                    " {} · {} |",
                    share(score.right, score.dates),
                    share(score.whole, score.listings)
                );
            }
            text.push('\n');
        }
        text
    }
}

/// A share in per cent, never rounded up to all of it.
pub fn share(part: usize, whole: usize) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
