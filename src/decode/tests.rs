//! What decode claims.

use encoding_rs::{EUC_JP, GB18030, KOI8_R, SHIFT_JIS, WINDOWS_1251};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::page::Headers;

const RUSSIAN: &str = "Министр обороны прибыл в аэропорт Бенины и встретился с генеральным секретарем армии";
const JAPANESE: &str = "東京都は新しい発表を行いました。ひらがなとカタカナ、漢字が混ざっています。";

fn page(content_type: &str, body: impl Into<Vec<u8>>) -> Page {
    page_of("https://example.org/news/", content_type, body)
}

fn page_of(url: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Page {
    let headers = match content_type {
        "" => Headers::default(),
        value => Headers(vec![("content-type".into(), value.into())]),
    };
    let url = Url::parse(url).unwrap();
    Page { url, status: 200, headers, body: body.into(), fetched_at: Timestamp::UNIX_EPOCH }
}

fn bytes(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    encoding.encode(text).0.into_owned()
}

fn codes(document: &Document) -> Vec<Code> {
    document.diagnostics.iter().map(|d| d.code).collect()
}

#[track_caller]
fn reads(page: &Page, text: &str, charset: &str, found_by: CharsetSource) -> Document {
    let document = decode(page).unwrap();
    assert!(document.text.contains(text), "{:?}", document.text);
    assert_eq!((document.charset, document.found_by), (charset, found_by));
    document
}

#[test]
fn header_names_the_charset() {
    for (encoding, label, text) in [
        (SHIFT_JIS, "Shift_JIS", JAPANESE),
        (EUC_JP, "euc-jp", JAPANESE),
        (WINDOWS_1251, "windows-1251", RUSSIAN),
        (KOI8_R, "koi8-r", RUSSIAN),
        (GB18030, "gb18030", "利比亚安全监测"),
    ] {
        let page = page(&format!("text/html; charset={label}"), bytes(encoding, text));
        let document = reads(&page, text, encoding.name(), CharsetSource::Header);
        assert_eq!(codes(&document), []);
    }
}

#[test]
fn meta_names_the_charset() {
    for (encoding, meta, text) in [
        (SHIFT_JIS, "<meta charset=Shift_JIS>", JAPANESE),
        (
            WINDOWS_1251,
            "<!-- <meta charset=utf-8> --><META content='text/html; charset=windows-1251' HTTP-EQUIV=Content-Type />",
            RUSSIAN,
        ),
        (KOI8_R, "<?xml version='1.0' encoding='koi8-r'?>", RUSSIAN),
    ] {
        let page = page("text/html", bytes(encoding, &format!("{meta}<p>{text}")));
        reads(&page, text, encoding.name(), CharsetSource::Meta);
    }
}

#[test]
fn undeclared_charsets_are_sniffed() {
    for (encoding, text) in [(WINDOWS_1251, RUSSIAN), (SHIFT_JIS, JAPANESE), (EUC_JP, JAPANESE)] {
        reads(&page("", bytes(encoding, text)), text, encoding.name(), CharsetSource::Sniffed);
    }
    reads(&page("", RUSSIAN), RUSSIAN, "UTF-8", CharsetSource::Sniffed);
    reads(
        &page_of("https://example.ru/", "", bytes(KOI8_R, RUSSIAN)),
        RUSSIAN,
        "KOI8-U",
        CharsetSource::Sniffed,
    );
    let escaped = bytes(encoding_rs::ISO_2022_JP, JAPANESE);
    reads(&page("text/html", escaped), JAPANESE, "ISO-2022-JP", CharsetSource::Sniffed);
}

#[test]
fn latin_1_means_windows_1252_with_smart_quotes() {
    let page = page("text/html; charset=ISO-8859-1", b"<p>\x93caf\xe9\x94 \x96 it\x92s".to_vec());
    reads(&page, "“café” – it’s", "windows-1252", CharsetSource::Header);
}

#[test]
fn byte_order_mark_beats_the_header() {
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(RUSSIAN.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let document = reads(&page("text/html; charset=koi8-r", utf16), RUSSIAN, "UTF-16LE", CharsetSource::Bom);
    assert!(!document.text.starts_with('\u{feff}'));
    let utf8 = format!("\u{feff}{RUSSIAN}");
    let document = reads(&page("text/html; charset=koi8-r", utf8), RUSSIAN, "UTF-8", CharsetSource::Bom);
    assert!(!document.text.starts_with('\u{feff}'));
}

#[test]
fn utf_16_without_a_mark_is_found() {
    let markup = format!("<!DOCTYPE html><title>x</title><p>{RUSSIAN}");
    let utf16: Vec<u8> = markup.encode_utf16().flat_map(u16::to_be_bytes).collect();
    reads(&page("text/html", utf16.clone()), RUSSIAN, "UTF-16BE", CharsetSource::Sniffed);
    reads(&page("text/html; charset=utf-16be", utf16), RUSSIAN, "UTF-16BE", CharsetSource::Header);
}

#[test]
fn odd_length_utf_16_is_noted_not_refused() {
    let mut utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(RUSSIAN.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    utf16.push(0x41);
    assert_eq!(codes(&decode(&page("", utf16)).unwrap()), [Code::BytesReplaced]);
}

#[test]
fn meta_utf_16_means_utf_8() {
    let body = format!("<meta charset=utf-16><p>{RUSSIAN}");
    reads(&page("text/html", body), RUSSIAN, "UTF-8", CharsetSource::Meta);
}

#[test]
fn header_utf_16_over_plain_bytes_is_not_believed() {
    let page = page("text/html; charset=utf-16le", format!("<p>{RUSSIAN}"));
    let document = reads(&page, RUSSIAN, "UTF-8", CharsetSource::Sniffed);
    assert_eq!(codes(&document), [Code::CharsetDisagrees]);
}

#[test]
fn declared_utf_8_that_is_not_falls_back_and_says_so() {
    let latin = b"<p>Universit\xe4t M\xfcnchen, gr\xf6\xdfte Sch\xfcler".to_vec();
    let document = reads(
        &page("text/html; charset=utf-8", latin),
        "Universität München",
        "windows-1252",
        CharsetSource::Sniffed,
    );
    assert_eq!(codes(&document), [Code::CharsetDisagrees]);
    let russian = page("text/html; charset=utf-8", bytes(WINDOWS_1251, RUSSIAN));
    reads(&russian, RUSSIAN, "windows-1251", CharsetSource::Sniffed);
    let with_meta = format!("<meta charset=windows-1251>{RUSSIAN}");
    let russian = page("text/html; charset=utf-8", bytes(WINDOWS_1251, &with_meta));
    reads(&russian, RUSSIAN, "windows-1251", CharsetSource::Meta);
}

#[test]
fn a_few_broken_bytes_tell_no_charset_and_that_is_said() {
    for body in [
        &b"<p>\xd0\xd0\xd0"[..],
        b"<p>\x80\x80\x80",
        b"<p>\xff\xfe\xff",
        b"<p>\xc0\xaf\xc0\xae",
        b"<p>\xed\xa0\x80\xed\xb0\x80",
    ] {
        for content_type in ["text/html", "text/html; charset=utf-8"] {
            let document = decode(&page(content_type, body)).unwrap();
            assert_eq!((document.charset, document.found_by), ("windows-1252", CharsetSource::Default));
            assert!(codes(&document).contains(&Code::CharsetDisagrees), "{body:?}");
        }
    }
}

#[test]
fn header_latin_1_over_utf_8_bytes_is_not_believed() {
    let page = page("text/html; charset=iso-8859-1", "<p>Libya’s security");
    let document = reads(&page, "Libya’s", "UTF-8", CharsetSource::Sniffed);
    assert_eq!(codes(&document), [Code::CharsetDisagrees]);
}

#[test]
fn header_beats_meta_and_says_so() {
    let body = bytes(WINDOWS_1251, &format!("<meta charset=koi8-r>{RUSSIAN}"));
    let document =
        reads(&page("text/html; charset=windows-1251", body), RUSSIAN, "windows-1251", CharsetSource::Header);
    assert_eq!(codes(&document), [Code::CharsetDisagrees]);
}

#[test]
fn unknown_label_is_noted_and_passed_over() {
    let body = format!("<meta charset=utf-8>{RUSSIAN}");
    let document = reads(&page("text/html; charset=none", body), RUSSIAN, "UTF-8", CharsetSource::Meta);
    assert_eq!(codes(&document), [Code::CharsetDisagrees]);
}

#[test]
fn meta_after_1_kib_is_found() {
    let body = format!("<script>{}</script><meta charset=koi8-r><p>{RUSSIAN}", "x ".repeat(1000));
    reads(&page("text/html", bytes(KOI8_R, &body)), RUSSIAN, "KOI8-R", CharsetSource::Meta);
}

#[test]
fn escape_bytes_in_declared_ascii_change_nothing() {
    let page = page("text/html; charset=utf-8", "<pre>\x1b[31mred\x1b[0m");
    assert_eq!(codes(&reads(&page, "red", "UTF-8", CharsetSource::Header)), []);
}

#[test]
fn cut_utf_8_stays_utf_8() {
    let mut body = RUSSIAN.as_bytes().to_vec();
    body.pop();
    let document = reads(&page("text/html; charset=utf-8", body), "Министр", "UTF-8", CharsetSource::Header);
    assert_eq!(codes(&document), [Code::BytesReplaced]);
    let body = [RUSSIAN.as_bytes(), b"\xd0 \xed\xa0\x80 \xc0\xaf ", RUSSIAN.as_bytes()].concat();
    let document = reads(&page("text/html", body), "Министр", "UTF-8", CharsetSource::Sniffed);
    assert_eq!(codes(&document), [Code::BytesReplaced]);
}

#[test]
fn what_is_no_text_is_refused_by_name() {
    let pdf = decode(&page("text/html", b"%PDF-1.7 ...".to_vec())).unwrap_err();
    assert_eq!(pdf.to_string(), "the response is a PDF, expected a page");
    for magic in [&b"\x89PNG\r\n\x1a\n"[..], b"PK\x03\x04...", b"\x1f\x8b\x08..."] {
        assert!(matches!(decode(&page("", magic)), Err(Undecodable::Binary(_))));
    }
    assert_eq!(
        decode(&page("", vec![7, 0, 1, 0, 9, 9, 9, 0, 0, 0])),
        Err(Undecodable::Binary("binary data"))
    );
    assert_eq!(decode(&page("image/png", "<p>x")), Err(Undecodable::MediaType("image/png".into())));
    assert_eq!(
        decode(&page("Application/PDF; x=y", "<p>x")),
        Err(Undecodable::MediaType("application/pdf".into()))
    );
}

#[test]
fn charsets_no_browser_reads_are_refused() {
    for (content_type, body) in [
        ("text/html; charset=utf-7", &b"+ADw-p+AD4-"[..]),
        ("text/html; charset=UTF-32", b"<p>x"),
        ("text/html; charset=hz-gb-2312", b"<p>x"),
        ("", b"\xff\xfe\0\0<\0\0\0"),
        ("", b"<meta charset='unicode-1-1-utf-7'>"),
    ] {
        assert!(matches!(decode(&page(content_type, body)), Err(Undecodable::Charset(_))), "{content_type}");
    }
}

#[test]
fn empty_is_refused() {
    for body in [&b""[..], b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe"] {
        assert_eq!(decode(&page("text/html", body)), Err(Undecodable::Empty));
    }
}

#[test]
fn pages_under_odd_types_are_read() {
    for content_type in ["", "text/plain", "application/octet-stream", "text/xml", "application/json", "x"] {
        reads(&page(content_type, "<p>x"), "<p>x", "UTF-8", CharsetSource::Default);
    }
}

proptest! {
    #[test]
    fn any_bytes_give_text_or_a_refusal(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        head in prop_oneof![Just(""), Just("<meta charset="), Just("<?xml encoding='"), Just("<!--"), Just("<meta http-equiv=content-type content='x;charset=")],
        label in prop_oneof![Just(""), Just("text/html"), Just("text/html; charset=big5"), Just("; charset=\"")],
    ) {
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend(body);
        if let Ok(document) = decode(&page(label, bytes)) {
            prop_assert!(!document.text.is_empty());
        }
    }

    #[test]
    fn ascii_is_itself(text in "[ -~\n]{0,200}") {
        prop_assume!(!text.trim().is_empty() && !text.to_lowercase().contains("charset"));
        prop_assume!(refuse::by_first_bytes(text.as_bytes()).is_ok() && !text.contains("encoding"));
        prop_assert_eq!(decode(&page("text/html; charset=utf-8", text.clone())).unwrap().text, text);
    }
}
