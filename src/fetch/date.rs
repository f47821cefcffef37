//! HTTP dates → instants: all three forms of RFC 9110 §5.6.7. Pure.

use jiff::Timestamp;

/// Reads a date; `None`: it is none.
pub fn parse(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text.trim()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_read() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(text).unwrap().to_string(), "1994-11-06T08:49:37Z", "{text}");
        }
        for text in ["", "0", "-1", "tomorrow", "Sun, 06 Nov 1994 08:49:37", "1994-11-06T08:49:37Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
