//! Whatever stands in the files: no panic, and every problem lies inside its file.

use super::{
    read,
    tests::{EVERY_KEY, file, nothing},
};
use crate::config::{Colors, ConfigText};

/// Every problem lies inside its file, and can be drawn.
fn holds(files: &[ConfigText]) {
    let Err(problems) = read(files, &nothing) else { return };
    assert!(!problems.list().is_empty());
    for problem in problems.list() {
        let text = &files.iter().find(|file| file.path == problem.file).unwrap().text;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line = text.split('\n').nth(problem.line - 1);
        let line = line.unwrap_or_else(|| panic!("no line {} in {text:?}", problem.line));
        assert!((1..=line.chars().count() + 1).contains(&problem.column), "{problem:?} in {text:?}");
        assert!(
            problem.span.start <= problem.span.end && problem.span.end <= text.len(),
            "{problem:?} in {text:?}"
        );
    }
    let drawn = problems.draw(Colors::Plain);
    for problem in problems.list().iter().take(50) {
        let place = format!("{}:{}:{}\n", problem.file.display(), problem.line, problem.column);
        assert!(drawn.contains(&place), "{place} is not in {drawn}");
    }
    problems.draw(Colors::Styled);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_inside_itself(text in ".{0,200}") {
        holds(&[file("gleaner.toml", &text), file("sources/a.toml", &text)]);
    }

    #[test]
    fn any_toml_like_text_is_read_or_refused_inside_itself(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "[", "]", "[[", "source", ".", "a", "=", "\n", "\r\n", "\"", "'", "\"\"\"", "{", "}", ",", "5", "true", "url",
            "entry", "headline", "\"https://a.example/é\"", "#", "date", "from", "headers", "\"${X}\"", "feed", "\t", "\"p:hover\"",
            "defaults", "every", "\"1h\"", "é", "\u{0}", "\\", "1979-05-27", "inf", "-1", "\u{1b}",
        ]), 0..40)
    ) {
        holds(&[file("gleaner.toml", &words.concat()), file("sources/a.toml", &words.join(" "))]);
    }

    #[test]
    fn any_edit_of_a_config_is_read_or_refused_inside_itself(at in 0usize..2000, cut in 0usize..12, put in "[a-z\"'\\[\\]{}=,.\n\r\té@:#]{0,3}") {
        let floor = |mut at: usize| { while !EVERY_KEY.is_char_boundary(at) { at -= 1; } at };
        let start = floor(at.min(EVERY_KEY.len()));
        let end = floor((start + cut).min(EVERY_KEY.len())).max(start);
        let text = format!("{}{put}{}", &EVERY_KEY[..start], &EVERY_KEY[end..]);
        holds(&[file("gleaner.toml", &text)]);
    }
}
