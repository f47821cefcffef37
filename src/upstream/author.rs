//! How feeds write people → the name to show. Pure.
//!
//! RSS wants an address with the name in parentheses, others write `Name <address>`, most only a name. An address
//! without a name gives the part before its `@`: whole addresses are for machines that send mail to them.

/// The name in a text about a person; `None`: it holds none.
pub fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let found = match (text.split_once('('), text.split_once('<')) {
        (Some((address, name)), _) if address.contains('@') => name.trim_end().trim_end_matches(')'),
        (_, Some((name, address))) if address.contains('@') && !name.trim().is_empty() => name,
        _ if is_address(text) => {
            let bare = text.trim_start_matches("mailto:").trim_matches(['<', '>']);
            bare.split('@').next().unwrap_or(bare)
        }
        _ => text,
    };
    let found = found.trim().trim_matches('"').trim();
    (!found.is_empty()).then(|| found.to_owned())
}

fn is_address(text: &str) -> bool {
    text.contains('@') && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for (text, expected) in [
            ("Ana Ruiz", "Ana Ruiz"),
            ("ana@example.org (Ana Ruiz)", "Ana Ruiz"),
            ("Ana Ruiz <ana@example.org>", "Ana Ruiz"),
            ("\"Ana Ruiz\" <ana@example.org>", "Ana Ruiz"),
            ("ana@example.org", "ana"),
            ("Ana Ruiz (Tripoli)", "Ana Ruiz (Tripoli)"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected));
        }
        assert_eq!(name("  "), None);
    }
}
