use std::time::Duration;

use url::Url;

use super::*;
use crate::{
    diagnostic::Code,
    listing::{DateSource, RawField},
};

fn document(text: &str) -> Document {
    Document::from_text(text, Url::parse("https://feeds.example/news.xml").unwrap())
}

#[track_caller]
fn listing(text: &str) -> Listing {
    let document = document(text);
    let format = recognize(&document).expect("it is a feed");
    read(&document, format, &|| true)
}

fn value(field: Option<&RawField>) -> &str {
    field.map_or("", |field| field.value.as_str())
}

fn headlines(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(|entry| value(entry.headline.as_ref())).collect()
}

fn codes(listing: &Listing) -> Vec<Code> {
    listing.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

const RSS: &str = r#"<?xml version="1.0"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Harbor &amp;amp; Sea</title><link>https://site.example/</link><language>en-GB</language>
<ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<item><title>One &lt;em&gt;big&lt;/em&gt; wave</title><link>/one</link><guid isPermaLink="false">n1</guid>
<pubDate>Thu, 06 Mar 2025 09:00:00 GMT</pubDate><dc:creator>Ana Ruiz</dc:creator><category>Sea</category><category>Sea</category>
<description>Short.</description><content:encoded><![CDATA[<p>Long <a href="/x">story</a>.</p>]]></content:encoded>
<enclosure url="https://site.example/a.mp3" length="1234" type="audio/mpeg"/><itunes:duration>42:10</itunes:duration><media:thumbnail url="https://site.example/a.jpg"/></item>
</channel></rss>"#;

/// The hours and days in which a feed with this in its channel asks not to be visited.
fn quiet(inside: &str) -> (Vec<i8>, Vec<i8>) {
    let feed = format!("<rss version=\"2.0\"><channel><title>t</title>{inside}</channel></rss>");
    let quiet = listing(&feed).quiet;
    (quiet.hours.into_iter().collect(), quiet.days.into_iter().collect())
}

#[test]
fn hours_and_days_without_news_are_told() {
    let skipped = "<skipHours><hour>24</hour><hour> 5 </hour><hour>x</hour><hour>25</hour></skipHours>\
                   <skipDays><day>sunday</day><day>Saturday</day><day>Caturday</day></skipDays>";
    assert_eq!(quiet(skipped), (vec![0, 5], vec![6, 7]));
    let every_hour: Vec<String> = (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect();
    let all_day = format!("<skipHours>{}</skipHours>", every_hour.concat());
    assert_eq!(quiet(&all_day), (vec![], vec![]), "nobody means never");
    assert_eq!(quiet(""), (vec![], vec![]));
}

#[test]
fn rss_2_gives_every_field() {
    let listing = listing(RSS);
    assert_eq!(listing.title.as_deref(), Some("Harbor & Sea"));
    assert_eq!(listing.home.as_ref().map(Url::as_str), Some("https://site.example/"));
    assert_eq!(listing.language.as_deref(), Some("en-GB"));
    assert_eq!(listing.pace, Some(Duration::from_secs(12 * 3600)), "the slower of the two");
    let entry = &listing.entries[0];
    assert_eq!(value(entry.headline.as_ref()), "One big wave");
    assert_eq!(value(entry.link.as_ref()), "https://site.example/one");
    assert_eq!(value(entry.id.as_ref()), "n1");
    assert_eq!(value(entry.teaser.as_ref()), "Short.");
    assert_eq!(value(entry.author.as_ref()), "Ana Ruiz");
    assert_eq!(value(entry.image.as_ref()), "https://site.example/a.jpg");
    assert_eq!(entry.categories.len(), 1);
    let content = entry.content.as_ref().unwrap();
    assert_eq!(content.field.value, "<p>Long <a href=\"/x\">story</a>.</p>");
    assert_eq!(content.base.as_str(), "https://site.example/");
    assert_eq!((entry.enclosures[0].bytes, entry.enclosures[0].seconds), (Some(1234), Some(2530)));
    assert_eq!(entry.dates[0].source, DateSource::Metadata);
    assert_eq!(entry.dates[0].field.value, "Thu, 06 Mar 2025 09:00:00 GMT");
    assert!(listing.diagnostics.is_empty(), "{:?}", listing.diagnostics);
}

#[test]
fn atom_gives_every_field() {
    let listing = listing(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr" xml:base="https://site.example/blog/"><title type="html">A &amp;lt; B</title>
        <link rel="self" href="https://feeds.example/x"/><link href=".."/><author><name>Site</name></author>
        <entry><id>tag:site.example,2025:1</id><title>1 &lt; 2 &amp;amp; 3</title><link rel="enclosure" href="v.mp4" type="video/mp4"/>
        <link rel="alternate" type="text/html" href="one"/><updated>2025-03-07T09:00:00Z</updated><published>2025-03-06T09:00:00Z</published>
        <category term="sea" label="Sea"/><content type="xhtml" xml:base="one/"><div xmlns="http://www.w3.org/1999/xhtml">a<br/><b>c</b></div></content></entry>
        <entry><id>2</id><title type="xhtml"><div>Two <b>bold</b></div></title><updated>2025-03-05T09:00:00Z</updated><author><name>Bo</name></author><author><email>cy@x.example</email></author></entry></feed>"#,
    );
    assert_eq!(listing.title.as_deref(), Some("A < B"));
    assert_eq!(listing.home.as_ref().map(Url::as_str), Some("https://site.example/"));
    assert_eq!(listing.base.as_str(), "https://site.example/blog/");
    let [one, two] = listing.entries.as_slice() else { panic!("{:?}", listing.entries) };
    assert_eq!(value(one.headline.as_ref()), "1 < 2 &amp; 3", "plain text is what it is");
    assert_eq!(value(one.link.as_ref()), "https://site.example/blog/one");
    assert_eq!(value(one.author.as_ref()), "Site", "the feed's author answers");
    assert_eq!(value(one.categories.first()), "Sea");
    assert_eq!(one.enclosures[0].url.as_str(), "https://site.example/blog/v.mp4");
    let content = one.content.as_ref().unwrap();
    assert_eq!(content.field.value, "<div>a<br><b>c</b></div>");
    assert_eq!(content.base.as_str(), "https://site.example/blog/one/");
    let sources: Vec<_> = one.dates.iter().map(|date| date.source).collect();
    assert_eq!(sources, [DateSource::Metadata, DateSource::Field], "published before updated");
    assert_eq!(value(two.headline.as_ref()), "Two bold");
    assert_eq!(value(two.author.as_ref()), "Bo, cy");
}

#[test]
fn old_formats_are_read() {
    let rdf = listing(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="https://a.example/"><title>T</title><link>https://a.example/</link></channel>
        <item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link><dc:date>2025-03-06</dc:date><dc:subject>S</dc:subject></item></rdf:RDF>"#,
    );
    assert_eq!(rdf.title.as_deref(), Some("T"));
    assert_eq!(value(rdf.entries[0].id.as_ref()), "https://a.example/1");
    assert_eq!(rdf.entries[0].dates[0].field.value, "2025-03-06", "a day stays a day");
    assert_eq!(value(rdf.entries[0].categories.first()), "S");
    let old = listing(
        r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title mode="escaped" type="text/html">&lt;i&gt;T&lt;/i&gt;</title>
        <entry><title mode="base64" type="text/plain">T25l</title><link rel="alternate" href="https://a.example/1"/><issued>2025-03-06T09:00:00Z</issued></entry></feed>"#,
    );
    assert_eq!(old.title.as_deref(), Some("T"));
    assert_eq!(headlines(&old), ["One"]);
    assert_eq!(old.entries[0].dates[0].source, DateSource::Metadata);
    assert_eq!(
        headlines(&listing("<rss version='0.91'><channel><item><title>One</title></item></channel></rss>")),
        ["One"]
    );
    let cdf = listing(
        r#"<CHANNEL HREF="https://a.example/"><TITLE>T</TITLE><ITEM HREF="one.html" LASTMOD="2025-03-06T09:00+01:00">
        <TITLE>One</TITLE><ABSTRACT>Short.</ABSTRACT></ITEM></CHANNEL>"#,
    );
    assert_eq!(cdf.home.as_ref().map(Url::as_str), Some("https://a.example/"));
    let one = &cdf.entries[0];
    assert_eq!(
        (value(one.headline.as_ref()), value(one.link.as_ref())),
        ("One", "https://a.example/one.html")
    );
    assert_eq!((value(one.teaser.as_ref()), one.dates[0].source), ("Short.", DateSource::Field));
}

#[test]
fn json_feeds_are_read_and_wrong_types_cost_their_field() {
    let listing = listing(
        r#"{"version": "https:\/\/jsonfeed.org\/version\/1.1", "title": "T", "home_page_url": "https://a.example/", "items": [
        {"id": 7, "url": "/one", "title": "One", "content_html": "<p>x</p>", "summary": 5, "tags": ["a", 3], "image": "i.png",
         "date_published": "2025-03-06T09:00:00Z", "author": {"name": "Ana"},
         "attachments": [{"url": "https://a.example/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9}]},
        "nonsense", {"id": {"a": 1}, "content_text": "No title here"}]}"#,
    );
    assert_eq!(headlines(&listing), ["One", "No title here"]);
    let one = &listing.entries[0];
    assert_eq!(value(one.id.as_ref()), "7");
    assert_eq!(value(one.teaser.as_ref()), "x");
    assert_eq!(value(one.author.as_ref()), "Ana");
    assert_eq!(one.enclosures[0].media_type.as_deref(), Some("audio/mpeg"));
    assert!(listing.entries[1].id.is_none());
    assert_eq!(listing.entries[1].row, 3);
    assert_eq!(codes(&listing), [Code::HeadlineMissing, Code::FallbackUsed]);
}

#[test]
fn half_an_emoji_costs_its_letter_and_json_that_cannot_be_read_says_why() {
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1, "title": "A wave \ud83d"}, {"id": 2, "title": "Two"}]}"#;
    let halves = listing(json);
    assert_eq!(headlines(&halves), ["A wave \u{fffd}", "Two"]);
    assert_eq!(codes(&halves), [Code::FeedRepaired]);
    let many = listing(&json.replace("items", &format!("x\": [{}0], \"items", "{\"\":0},".repeat(200_000))));
    assert_eq!(
        many.diagnostics[0].message,
        "the feed cannot be read as JSON: it has more than 300000 values"
    );
}

#[test]
fn what_stands_in_a_media_group_is_read() {
    let listing = listing(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'><entry>
        <media:group><media:title>Waves</media:title><media:description>An hour\nof them</media:description></media:group></entry></feed>",
    );
    assert_eq!(headlines(&listing), ["Waves"]);
    assert_eq!(value(listing.entries[0].teaser.as_ref()), "An hour of them");
}

#[test]
fn what_real_feeds_do_wrong_is_read_and_told() {
    let listing = listing(
        "\n <?xml version=\"1.0\"?><!-- x --><rss version=\"2.0\"><channel><title>AT&T &nbsp; caf&eacute;</title>
        <item><title>1 < 2 & 3 &laquo;x&raquo; \u{1}it&#146;s</title><link>https://a.example/?a=1&b=2</link>
        <description>one<br>two <p>three</description><dc:creator>Bo</dc:creator></item>
        <item><title>Two</title></itme><item><title>Three</title></item></channel></rss>",
    );
    assert_eq!(listing.title.as_deref(), Some("AT&T café"));
    assert_eq!(headlines(&listing), ["1 < 2 & 3 «x» it’s", "Two", "Three"]);
    assert_eq!(value(listing.entries[0].link.as_ref()), "https://a.example/?a=1&b=2");
    assert_eq!(value(listing.entries[0].author.as_ref()), "Bo", "a prefix nobody declared");
    assert_eq!(value(listing.entries[0].teaser.as_ref()), "one two three");
    assert_eq!(codes(&listing), [Code::FeedRepaired, Code::FeedRepaired]);
}

#[test]
fn a_feed_that_breaks_off_gives_its_whole_entries() {
    for at in [RSS.find("<enclosure").unwrap(), RSS.find("story").unwrap(), RSS.find("</item>").unwrap() + 3]
    {
        let doubled = RSS.replace("<item>", "<item><title>Whole</title></item><item>");
        let cut = &doubled[..at + "<item><title>Whole</title></item>".len()];
        let listing = listing(cut);
        assert_eq!(headlines(&listing), ["Whole"], "{at}");
        assert_eq!(codes(&listing).last(), Some(&Code::FeedCut), "{at}");
    }
}

#[test]
fn no_entity_of_a_feeds_own_is_expanded_or_fetched() {
    let bomb = listing(
        "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY file SYSTEM \"file:///etc/passwd\"> <!ENTITY % p SYSTEM \"http://10.0.0.1/\"> %p; ]>
        <rss version=\"2.0\"><channel><item><title>x &b; &file; y</title></item></channel></rss>",
    );
    assert_eq!(headlines(&bomb), ["x &b; &file; y"]);
    assert_eq!(codes(&bomb), [Code::FeedRepaired, Code::FeedRepaired]);
}

#[test]
fn work_on_hostile_feeds_is_bounded() {
    // Each of these would take minutes if anything in here cost the square of its length.
    let big = 200_000;
    for text in [
        format!("<rss>{}", "<a>".repeat(big)),
        format!("<rss><channel><item>{}</item></channel></rss>", "<a>".repeat(big)),
        format!("<rss>{}", "<!--".repeat(big)),
        format!("<rss>{}", "<!DOCTYPE [".repeat(big)),
        format!("<rss>{}", "<a '".repeat(big)),
        format!("<rss>{}", "&a".repeat(big)),
        format!("<rss><channel>{}</channel></rss>", "<item><title>x</title></item>".repeat(big / 4)),
        format!("<rss><a {}>", "b='c' ".repeat(big)),
        format!("<rss {}><channel/></rss>", "xmlns:b='c' ".repeat(big / 4)),
        format!(
            "<rss><channel><item><title>{}</title></item></channel></rss>",
            "&lt;div&gt;".repeat(big / 4)
        ),
    ] {
        let document = document(&text);
        let Some(format) = recognize(&document) else { continue };
        let listing = read(&document, format, &|| true);
        assert!(listing.entries.len() <= crate::extract::MAX_ROWS);
    }
}

#[test]
fn what_is_kept_of_a_feed_is_bounded_whatever_holds_it() {
    let items = |inner: &str| format!("<rss><channel>{}</channel></rss>", inner.repeat(30));
    for text in [
        items(&format!("<item><title>x</title>{}</item>", "<b/>".repeat(10_000))),
        items(&format!("<item><title>x</title>{}</item>", "<b a='' c='' d=''/>".repeat(3000))),
        items(&"<b a='' c='' d=''/>".repeat(3000)),
    ] {
        let listing = listing(&text);
        assert!(listing.entries.len() < 30);
        assert!(codes(&listing).contains(&Code::PageTruncated), "{:?}", codes(&listing));
    }
    let long =
        listing(&format!("<rss><channel><title>Wave {}</title></channel></rss>", "&lt;?".repeat(1 << 19)));
    assert!(codes(&long).contains(&Code::TextCut), "{:?}", codes(&long));
    let story = format!("<p>{}", "a".repeat(3 << 19));
    let story = listing(&format!(
        "<rss><channel><item><title>x</title><content:encoded><![CDATA[{story}]]></content:encoded></item></channel></rss>"
    ));
    let content = story.entries[0].content.as_ref().expect("it has one");
    assert!(content.field.value.len() > crate::html::MAX_BYTES, "what is cut is left out");
    let beginnings = "<?".repeat(100_000);
    assert!(tidy::tidy(&beginnings).text.len() < beginnings.len() + (32 << 10));
}

#[test]
fn what_a_program_printed_before_a_feed_is_left_out_and_told() {
    let listing = listing(&format!(
        "<br />\n<b>Warning</b>: Undefined $x in <b>/a.php</b> on line <b>3</b><br />\n{RSS}"
    ));
    assert_eq!(headlines(&listing), ["One big wave"]);
    assert!(codes(&listing).contains(&Code::FeedRepaired), "{:?}", codes(&listing));
}

#[test]
fn pages_are_no_feeds() {
    for text in [
        "<p>Warning</p><?xml version='1.0'?><feedback/>",
        "<html><pre><?xml version='1.0'?><rss/></pre></html>",
        "<!DOCTYPE html><html><body>rss</body></html>",
        "{\"a\": 1}",
        "plain",
        "<html><rss/></html>",
        "",
        "<feedback/>",
    ] {
        assert_eq!(recognize(&document(text)), None, "{text}");
    }
}

#[test]
fn a_news_sitemap_gives_entries_and_a_plain_sitemap_says_what_it_is() {
    let news = r#"<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url><loc> https://site.example/1 </loc><lastmod>2026-03-07</lastmod>
        <n:news><n:publication><n:name>Town Paper</n:name><n:language>de</n:language></n:publication>
        <n:publication_date>2026-03-06T09:00:00+01:00</n:publication_date><n:title>The pier &amp; the sea</n:title></n:news>
        <image:image><image:loc>https://site.example/1.jpg</image:loc><image:title>Not this</image:title></image:image></url>
        <url><loc>https://site.example/about</loc></url></urlset>"#;
    let listing = listing(news);
    assert_eq!((listing.title.as_deref(), listing.language.as_deref()), (Some("Town Paper"), Some("de")));
    assert_eq!(headlines(&listing), ["The pier & the sea", ""]);
    let entry = &listing.entries[0];
    assert_eq!(value(entry.link.as_ref()), "https://site.example/1");
    assert_eq!(value(entry.image.as_ref()), "https://site.example/1.jpg");
    let dates: Vec<&str> = entry.dates.iter().map(|date| date.field.value.as_str()).collect();
    assert_eq!(dates, ["2026-03-06T09:00:00+01:00", "2026-03-07"]);
    let others = [
        ("<urlset><url><loc>https://site.example/1</loc></url></urlset>", true),
        ("<?xml version='1.0'?>\n<s:sitemapindex xmlns:s='x'><s:sitemap/></s:sitemapindex>", true),
        ("<url><loc/></url>", false),
        // Some programs declare whatever sitemaps may have.
        (
            "<urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>https://a.example/news</loc></url></urlset>",
            true,
        ),
    ];
    for (text, is_one) in others {
        assert_eq!((recognize(&document(text)), is_sitemap(&document(text))), (None, is_one), "{text}");
    }
    let quiet = "<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'></urlset>";
    assert_eq!(recognize(&document(quiet)), Some(Format::Xml), "it has no news today");
}

#[test]
fn an_address_of_a_sitemap_that_is_not_closed_costs_no_other() {
    let url = |n: u32, end: &str| {
        format!("<url><loc>https://site.example/{n}</loc><n:news><n:title>News {n}</n:title></n:news>{end}")
    };
    let (first, others) = (url(1, ""), url(2, "</url>") + &url(3, "</url>"));
    let text =
        format!("<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{first}{others}</urlset>");
    let listing = listing(&text);
    assert_eq!(headlines(&listing), ["News 1", "News 2", "News 3"]);
    assert_eq!(codes(&listing), [Code::FeedRepaired]);
}

proptest::proptest! {
    #[test]
    fn any_text_that_looks_like_a_feed_is_read(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<rss>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<channel>", "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "<link href='é'/>",
        "<![CDATA[", "]]>", "<!--", "-->", "<?x", "?>", "<!DOCTYPE", "[", "&#0;", "&amp;", "&é;", "&", "<", ">", "é", "</", "='", "\"", "\u{0}", "<content type='xhtml'>", "{", "<dc:date>",
    ]), 0..60)) {
        let text = pieces.concat();
        for root in ["<rss>", "<feed>", "<urlset x='/schemas/sitemap-news/'><url>", ""] {
            let text = format!("{root}{text}");
            let document = document(&text);
            if let Some(format) = recognize(&document) {
                let listing = read(&document, format, &|| true);
                crate::normalize::normalize(&listing, &document.url, &|| true);
            }
        }
    }
}
