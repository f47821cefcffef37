//! Text: an element or an attribute → the words a reader sees, white space folded. Pure.
//!
//! Characters that only steer display (bidi overrides, soft hyphens, zero-width marks) are removed: a headline
//! that turns around the rest of the reader's line is no headline.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Node};
use unicode_normalization::char::is_combining_mark;

use super::walk::{Step, Walk, is_inert};

/// The most letters read of one element before any cut: four times the longest field, so that a regex can still
/// find its part, and an element of 50 MB costs nothing.
const MAX_READ_CHARS: usize = 16_000;

/// The longest run of combining marks: Vietnamese and Hebrew need three, heaps of them are drawn over other lines.
const MAX_COMBINING: usize = 8;

/// The text of an element, without the rows inside it and what nobody sees.
pub(super) fn of(element: ElementRef, rows: &HashSet<NodeId>) -> String {
    read(element, rows, Folder::default())
}

/// The same, with room between boxes whose texts would run into one number or word: `<b>Nov</b><b>20</b><i>2026</i>`.
pub(crate) fn of_boxes(element: ElementRef, rows: &HashSet<NodeId>) -> String {
    read(element, rows, Folder { tells_boxes_apart: true, ..Folder::default() })
}

/// So many bytes of a text at most, without half a letter.
pub fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn read(element: ElementRef, rows: &HashSet<NodeId>, mut folder: Folder) -> String {
    let mut walk = Walk::new(*element);
    while let Some(step) = walk.next() {
        match step {
            Step::Open(node) => match node.value() {
                Node::Text(text) => folder.push(text),
                Node::Element(inner) => {
                    let is_row = node.id() != element.id() && rows.contains(&node.id());
                    let is_unseen = ElementRef::wrap(node).is_some_and(is_inert) || inner.name() == "svg";
                    if is_row || is_unseen {
                        walk.leave_out();
                    }
                    folder.border(inner.name());
                }
                _ => {}
            },
            Step::Close(node) => {
                if let Some(closed) = node.value().as_element() {
                    folder.border(closed.name());
                }
            }
        }
        if folder.is_full() {
            break;
        }
    }
    folder.finish()
}

/// A text with its white space folded and its steering characters removed.
pub fn fold(text: &str) -> String {
    let mut folder = Folder::default();
    folder.push(text);
    folder.finish()
}

/// Whether a text that was read has reached the limit of reading, so that there may have been more.
pub(super) fn is_read_in_part(text: &str) -> bool {
    text.chars().nth(MAX_READ_CHARS - 1).is_some()
}

/// A text cut to so many letters, at the end of a word where there is one near; `None`: it is short enough.
pub fn shorten(text: &str, limit: usize) -> Option<String> {
    if text.len() <= limit {
        return None;
    }
    let (end, _) = text.char_indices().nth(limit)?;
    let cut = &text[..end];
    let is_inside_word = !text[end..].starts_with(char::is_whitespace);
    let word = if is_inside_word { cut.rfind(char::is_whitespace) } else { None };
    // Languages without spaces, and words of a megabyte, are cut where the limit falls.
    let cut = match word {
        Some(at) if at * 2 > cut.len() => &cut[..at],
        _ => cut,
    };
    Some(cut.trim_end_matches(|c: char| c.is_whitespace() || is_invisible(c)).to_owned())
}

/// Folds a whole page's text into one string, of which an element's text is a part.
#[derive(Default)]
pub(crate) struct Pen {
    needs_space: bool,
}

impl Pen {
    /// Adds a piece of text to what was written before.
    pub(crate) fn write(&mut self, piece: &str, to: &mut String) {
        for c in piece.chars() {
            if c.is_whitespace() {
                self.needs_space = true;
            } else if !is_steering(c) {
                if std::mem::take(&mut self.needs_space) && !to.is_empty() {
                    to.push(' ');
                }
                to.push(c);
            }
        }
    }

    /// What comes next stands apart.
    pub(crate) fn separate(&mut self) {
        self.needs_space = true;
    }
}

/// Builds folded text piece by piece.
#[derive(Default)]
struct Folder {
    text: String,
    chars: usize,
    combining: usize,
    needs_space: bool,
    /// Whether texts of elements side by side are parted where they would run into each other.
    tells_boxes_apart: bool,
    /// Whether an element has begun or ended since the last letter.
    is_at_border: bool,
}

impl Folder {
    fn push(&mut self, piece: &str) {
        if std::mem::take(&mut self.is_at_border) && self.runs_into(piece) {
            self.needs_space = true;
        }
        let mut rest = piece;
        while let Some(c) = rest.chars().next().filter(|_| !self.is_full()) {
            let word = rest.bytes().take_while(u8::is_ascii_graphic).count();
            let end = if word == 0 {
                self.push_char(c);
                c.len_utf8()
            } else {
                self.push_word(&rest[..word])
            };
            rest = &rest[end..];
        }
    }

    /// The same for letters of ASCII, all at once; how many there was room for.
    fn push_word(&mut self, word: &str) -> usize {
        self.space();
        let end = word.len().min(MAX_READ_CHARS.saturating_sub(self.chars).max(1));
        self.text.push_str(&word[..end]);
        self.chars += end;
        self.combining = 0;
        end
    }

    fn push_char(&mut self, c: char) {
        if c.is_whitespace() {
            self.needs_space = true;
            return;
        }
        if is_steering(c) || (self.text.is_empty() && is_invisible(c)) {
            return;
        }
        self.combining = if is_combining_mark(c) { self.combining + 1 } else { 0 };
        if self.combining > MAX_COMBINING {
            return;
        }
        self.space();
        self.text.push(c);
        self.chars += 1;
    }

    fn space(&mut self) {
        if self.needs_space && !self.text.is_empty() {
            self.text.push(' ');
            self.chars += 1;
        }
        self.needs_space = false;
    }

    /// An element begins or ends here.
    fn border(&mut self, name: &str) {
        self.needs_space |= is_separate(name);
        self.is_at_border = self.tells_boxes_apart && !matches!(name, "sup" | "sub");
    }

    /// Whether what comes next would go on with the last number, or be taken for its ending. A letter in a box of its own
    /// may be the first of a word.
    fn runs_into(&self, next: &str) -> bool {
        const LONGEST_ENDING: usize = 2;
        let Some(last) = self.text.chars().next_back() else { return false };
        let letters = next.chars().take_while(|c| c.is_alphabetic()).count();
        let is_number = next.starts_with(char::is_numeric);
        (last.is_numeric() && (is_number || letters > LONGEST_ENDING)) || (last.is_alphabetic() && is_number)
    }

    fn is_full(&self) -> bool {
        self.chars >= MAX_READ_CHARS
    }

    fn finish(mut self) -> String {
        let end = self.text.trim_end_matches(|c: char| c.is_whitespace() || is_invisible(c)).len();
        self.text.truncate(end);
        self.text
    }
}

/// Characters that steer display or mean nothing in text.
fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Marks that mean something between letters (Persian, Hindi, emoji) and nothing at an end.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}' | '\u{180e}')
}

/// Elements that stand apart from the text around them: `<br>` and what CSS shows as a block.
pub(crate) fn is_separate(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "audio"
            | "blockquote"
            | "body"
            | "br"
            | "button"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "iframe"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "object"
            | "ol"
            | "optgroup"
            | "option"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "textarea"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "video"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_of_every_kind_is_folded() {
        assert_eq!(fold(" a\u{a0}\u{a0}b\t\r\nc\u{3000}d\u{2009}"), "a b c d");
    }

    #[test]
    fn steering_characters_are_removed() {
        assert_eq!(fold("\u{feff}se\u{ad}cu\u{200b}rity\u{202e} x\u{2066}y\u{0}\u{1f}\u{85}"), "security xy");
    }

    #[test]
    fn joiners_stay_between_letters_and_go_at_the_ends() {
        assert_eq!(fold("\u{200f}می\u{200c}خواهم\u{200e} "), "می\u{200c}خواهم");
        assert_eq!(fold("👩\u{200d}👧"), "👩\u{200d}👧");
    }

    #[test]
    fn heaps_of_marks_are_cut_down() {
        assert_eq!(fold(&format!("e{}x", "\u{301}".repeat(1000))).chars().count(), 1 + MAX_COMBINING + 1);
    }

    #[test]
    fn boxes_side_by_side_are_told_apart() {
        let read = |html: &str| {
            let html = scraper::Html::parse_fragment(html);
            let [plain, boxes] = [of, of_boxes].map(|of| of(html.root_element(), &HashSet::new()));
            (plain, boxes)
        };
        for (html, boxes) in [
            ("<b>Nov</b><b>20</b><i>2026</i>", "Nov 20 2026"),
            ("<b>20</b><i>Nov</i>", "20 Nov"),
            ("6<sup>th</sup> March", "6th March"),
            ("6<span>th</span> March", "6th March"),
            ("<b>N</b>ovember <b>6</b>, 2026", "November 6, 2026"),
            ("<b>06</b>.<b>03</b>.<b>2026</b>", "06.03.2026"),
            ("<b>2026</b>年<b>3</b>月", "2026年 3月"),
        ] {
            assert_eq!(read(html).1, boxes, "{html}");
        }
        assert_eq!(read("<b>Nov</b><b>20</b>").0, "Nov20");
    }

    #[test]
    fn cuts_fall_between_words() {
        assert_eq!(shorten("one two three", 9).as_deref(), Some("one two"));
        assert_eq!(shorten("one two three", 7).as_deref(), Some("one two"));
        assert_eq!(shorten("one two", 7), None);
        assert_eq!(shorten("ééééé", 3).as_deref(), Some("ééé"));
    }

    proptest! {
        #[test]
        fn a_text_is_folded_as_its_letters_are(text in "(?s)[ab \\n.\u{301}\u{200b}\u{e9}]{0,40}|.{0,20}", room in 0_usize..30) {
            let [mut letters, mut whole] =
                [(); 2].map(|()| Folder { chars: MAX_READ_CHARS - room, text: "a".to_owned(), ..Folder::default() });
            for c in text.chars() {
                if !letters.is_full() {
                    letters.push_char(c);
                }
            }
            whole.push(&text);
            prop_assert_eq!(whole.finish(), letters.finish());
        }

        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
