//! Paths and programs of this machine, as the config writes them. Pure.
//!
//! There is no shell: what only a shell would read otherwise is refused, for taken as it stands it means something that
//! nobody wants, such as a folder called `~`.

use std::path::PathBuf;

use toml::de::DeValue;

use super::{
    sheet::{Wrong, quote},
    table::Item,
};

/// A path; a relative one starts at the working directory.
pub fn path(item: Item<'_>) -> Option<PathBuf> {
    plain(item).map(PathBuf::from)
}

/// A program and its arguments.
pub fn command(item: Item<'_>) -> Option<Vec<String>> {
    if let DeValue::String(text) = item.value.get_ref() {
        let words: Vec<&str> = text.split_whitespace().collect();
        // A path may have blanks; the name of a program that is looked for has none, nor does a path go on with a flag.
        let is_line = words.len() > 1 && (!words[0].contains('/') || words[1].starts_with('-'));
        if is_line {
            let wrong = Wrong::new(format!("{} is a line for a shell, and there is none", quote(text)));
            // Who quotes, pipes or redirects needs the shell.
            let is_plain = !text.contains(['"', '\'', '\\', '|', '&', ';', '<', '>', '$', '*', '`']);
            let words = if is_plain { words } else { vec!["sh", "-c", text] };
            item.report(wrong.hint(format!("write `{}`", array(&words))));
            return None;
        }
    }
    let words = item.one_or_more();
    let (program, arguments) = words.split_first()?;
    let program = plain(*program)?.to_owned();
    let arguments = arguments.iter().map(|item| item.full_text().map(str::to_owned));
    std::iter::once(Some(program)).chain(arguments).collect()
}

/// A text in which a shell would find nothing to put in.
fn plain(item: Item<'_>) -> Option<&str> {
    let text = item.full_text()?;
    let is_home = text == "~" || text.starts_with("~/");
    let is_name = |after: &str| after.starts_with(|c: char| c == '{' || c.is_ascii_alphabetic());
    if is_home || text.split('$').skip(1).any(is_name) {
        let wrong = Wrong::new(format!("nothing is put in for `{}` here", if is_home { '~' } else { '$' }));
        item.report(wrong.hint("write the whole path".to_owned()));
        return None;
    }
    Some(text)
}

fn array(words: &[&str]) -> String {
    let quoted: Vec<String> =
        words.iter().map(|word| toml::Value::String((*word).to_owned()).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::config::read::tests::problems;

    /// What is told of this line of `[defaults]`.
    fn told(line: &str) -> String {
        problems(&format!("[defaults]\n{line}\n[source.a]\nurl = \"https://a.example/\"\n"))
    }

    #[test]
    fn what_only_a_shell_would_read_is_refused() {
        for line in [
            "state = \"~/gleaner\"",
            "output = \"${HOME}/feeds\"",
            "output = \"$XDG_DATA_HOME/feeds\"",
            "extra_ca = \"~\"",
            "publish_command = [\"~/carry\", \"x\"]",
        ] {
            let told = told(line);
            assert!(
                told.contains("nothing is put in for") && told.contains("write the whole path"),
                "{told}"
            );
        }
        for line in [
            "state = \"/srv/~ana\"",
            "state = \"/srv/5$/a$\"",
            "output = \"feeds~\"",
            "alert_command = [\"/bin/sh\", \"-c\", \"cat >> ~/a\"]",
        ] {
            assert_eq!(told(line), "");
        }
    }

    #[test]
    fn a_line_for_a_shell_is_no_program() {
        for line in ["rsync -a feeds/ host:/www", "/usr/bin/rsync -a feeds/ host:/www"] {
            let told = told(&format!("publish_command = \"{line}\""));
            assert!(told.contains("is a line for a shell") && told.contains("\"-a\", \"feeds/\""), "{told}");
        }
        assert_eq!(told("publish_command = \"/opt/my tools/carry\""), "");
        let piped = told("alert_command = \"sort -u | mail ana\"");
        assert!(piped.contains(r#"write `["sh", "-c", "sort -u | mail ana"]`"#), "{piped}");
    }
}
