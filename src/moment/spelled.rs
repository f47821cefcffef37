//! Numbers in words: "twenty-fifth" is one word to the lexicon, "二十三" and "二零一六" are digits put together. Pure.

use super::{lexicon::Sense, scan::Reader};

/// The most Chinese digits read as one number.
const LONGEST: usize = 5;

const CHINESE_DIGITS: [char; 16] =
    ['〇', '零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '廿', '两', '兩', '壹'];

impl Reader<'_> {
    /// The number in words that starts at a token, and the token after it.
    pub fn spelled(&self, at: usize) -> Option<(i64, usize)> {
        if let Some(number) = self.chinese(at) {
            return Some(number);
        }
        let count = self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Count(count) => Some(*count),
            _ => None,
        })?;
        Some((count, at + 1))
    }

    /// The ordinal in words at a token: "third".
    pub fn ordinal(&self, at: usize) -> Option<i64> {
        self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Ordinal(number) => Some(*number),
            _ => None,
        })
    }

    /// "二十三" is 23, "三十" 30, "廿一" 21, "二零一六" 2016.
    fn chinese(&self, at: usize) -> Option<(i64, usize)> {
        let mut total = 0;
        let mut digits = 0_i64;
        let mut has_tens = false;
        let mut end = at;
        while end < at + LONGEST && self.piece(end).starts_with(is_chinese_digit) {
            let Some(Sense::Count(value)) =
                self.word(end)?.senses().iter().find(|sense| matches!(sense, Sense::Count(_))).copied()
            else {
                break;
            };
            match value {
                10 => {
                    total += digits.max(1) * 10;
                    digits = 0;
                    has_tens = true;
                }
                20 => {
                    total += 20;
                    has_tens = true;
                }
                _ if has_tens => digits = value,
                _ => digits = digits * 10 + value,
            }
            end += 1;
        }
        (end > at).then_some((total + digits, end))
    }
}

fn is_chinese_digit(letter: char) -> bool {
    CHINESE_DIGITS.contains(&letter)
}
