"""Checks published feeds, independently of the code that writes them, each by its format.

    python3 tests/feed_check.py FILE...

`.atom` goes to `atom_check.py`; `.rss` is held against RSS 2.0 with the RSS Advisory Board's profile, `.json` against JSON
Feed 1.1. Prints one line for each fault, and exits with 1 if there is one. Only the standard library is used. Where the formats leave a
choice, it asks for what gleaner promises: a title, a date and text for every entry, ids that are urn:uuid:, absolute links.
"""

import json
import re
import sys
from email.utils import parsedate_to_datetime

import atom_check
from atom_check import LANGUAGE, MEDIA_TYPE, OWN, RELATIVE, UUID, absolute, date, discouraged

ATOM, MEDIA, HISTORY = atom_check.ATOM, atom_check.MEDIA, atom_check.HISTORY
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
DUBLIN = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"

# (namespace, name) -> (least, most). None: no limit. What is not here has no place.
CHANNEL = {("", "title"): (1, 1), ("", "link"): (1, 1), ("", "description"): (1, 1), ("", "language"): (0, 1), ("", "lastBuildDate"): (1, 1),
           ("", "generator"): (1, 1), ("", "ttl"): (0, 1), ("", "item"): (0, None), ("", "image"): (0, 1), (ATOM, "link"): (1, None), (HISTORY, "archive"): (0, 1)}
ITEM = {("", "title"): (1, 1), ("", "link"): (0, 1), ("", "description"): (1, 1), ("", "category"): (0, None), ("", "guid"): (1, 1),
        ("", "pubDate"): (1, 1), ("", "enclosure"): (0, 1), ("", "source"): (0, 1), (CONTENT, "encoded"): (0, 1), (DUBLIN, "creator"): (0, 1),
        (DUBLIN, "source"): (0, 1), (MEDIA, "thumbnail"): (0, 1), (ITUNES, "duration"): (0, 1)}
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
RFC_822 = re.compile(rf"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d ({MONTHS}) \d{{4}} \d\d:\d\d:\d\d GMT\Z")


def own(text):
    """A document of ours, which may be named without its host."""
    return absolute(text) or bool(RELATIVE.match(text))


class Rss(atom_check.Xml):
    def document(self, data):
        root = self.root(data)
        if root is None:
            return
        if (root.space, root.name, root.attributes.get("version")) != ("", "rss", "2.0") or len(root.children) != 1:
            self.fault(root, "is not RSS 2.0 with one channel")
            return
        self.channel(root.children[0])

    def counted(self, element, rules):
        for child in element.children:
            if (child.space, child.name) not in rules:
                self.fault(child, f"may not stand in `{element.name}`")
        for (space, name), (least, most) in rules.items():
            count = sum((child.space, child.name) == (space, name) for child in element.children)
            if count < least or (most is not None and count > most):
                self.fault(element, f"has {count} `{name}`")

    def channel(self, channel):
        self.counted(channel, CHANNEL)
        relations = []
        for child in channel.children:
            text = child.text
            if child.space == ATOM:
                relations.append(child.attributes.get("rel"))
                if not (absolute(child.attributes.get("href", "")) or relations[-1] in OWN and own(child.attributes.get("href", ""))):
                    self.fault(child, "leads to no absolute URI")
                if relations[-1] != "hub" and child.attributes.get("type") != "application/rss+xml":
                    self.fault(child, "does not say that it is RSS")
            elif child.name == "item":
                self.item(child)
            elif child.name == "link":
                if not own(text):
                    self.fault(child, f"is `{text}`, not an absolute URI")
            elif child.name == "lastBuildDate":
                self.date(child)
            elif child.name == "ttl":
                if not re.fullmatch(r"[1-9]\d*", text):
                    self.fault(child, f"is `{text}`, not a number of minutes")
            elif child.name == "image":
                self.image(channel, child)
            elif child.name == "language":
                if not LANGUAGE.match(text):
                    self.fault(child, f"is `{text}`")
            elif child.name in ("title", "description", "generator"):
                self.words(child)
        if relations.count("self") != 1:
            self.fault(channel, "has no self link, or several")
        if ("current" in relations) != any(child.space == HISTORY for child in channel.children):
            self.fault(channel, "is an archive that does not say of what, or says so and is none")
        guids = [child.text for item in channel.children if item.name == "item" for child in item.children if child.name == "guid"]
        if len(guids) != len(set(guids)):
            self.fault(channel, "has two items with one `guid`")

    def image(self, channel, image):
        url, *rest = [(part.name, part.text) for part in image.children] or [("", "")]
        if url[0] != "url" or not absolute(url[1]):
            self.fault(image, "does not begin with its absolute `url`")
        if sorted(rest) != sorted((part.name, part.text) for part in channel.children if not part.space and part.name in ("title", "link")):
            self.fault(image, "has not the channel's `title` and `link`")

    def item(self, item):
        self.counted(item, ITEM)
        names = [(child.space, child.name) for child in item.children]
        if (CONTENT, "encoded") in names and names.index((CONTENT, "encoded")) < names.index(("", "description")):
            self.fault(item, "has `content:encoded` before `description`")
        for child in item.children:
            name, attributes = child.name, child.attributes
            if name == "link" or (child.space, name) == (DUBLIN, "source"):
                if not absolute(child.text):
                    self.fault(child, f"is `{child.text}`, not an absolute URI")
            elif name == "guid":
                if attributes.get("isPermaLink") != "false" or not UUID.match(child.text):
                    self.fault(child, f"is `{child.text}`, not a urn:uuid: that is no permalink")
            elif name == "pubDate":
                self.date(child)
            elif name == "enclosure":
                if not absolute(attributes.get("url", "")) or not attributes.get("length", "").isdigit() or not MEDIA_TYPE.match(attributes.get("type", "")):
                    self.fault(child, "has no absolute `url`, no `length` or no `type`")
            elif name in ("thumbnail", "source"):
                if not absolute(attributes.get("url", "")):
                    self.fault(child, "has no absolute `url`")
            else:
                self.words(child)

    def words(self, element):
        if not element.text.strip() or element.text != element.text.strip():
            self.fault(element, "is blank, or has white space at its ends")

    def date(self, element):
        text = element.text
        try:
            # Python reads the name of the day and does not hold it against the date.
            is_date = bool(RFC_822.match(text)) and f"{parsedate_to_datetime(text):%a}" == text[:3]
        except ValueError:
            is_date = False
        # Python knows no year 0.
        if not is_date and " 0000 " not in text:
            self.fault(element, f"is `{text}`, not a date of RFC 822")


class Json:
    FEED = {"version": str, "title": str, "home_page_url": str, "feed_url": str, "description": str, "icon": str, "favicon": str, "language": str, "authors": list,
            "hubs": list, "items": list}
    ITEM = {"id": str, "url": str, "title": str, "content_html": str, "content_text": str, "summary": str, "image": str,
            "date_published": str, "date_modified": str, "authors": list, "tags": list, "attachments": list, "_source": dict}
    ATTACHMENT = {"url": str, "mime_type": str, "size_in_bytes": int, "duration_in_seconds": int}
    SOURCE = {"id": str, "title": str, "url": str, "feed_url": str}

    def __init__(self):
        self.faults = []

    def document(self, data):
        try:
            text = data.decode("utf-8")
            feed = json.loads(text, object_pairs_hook=self.object, parse_constant=self.refuse)
        except ValueError as error:
            self.faults.append(f"cannot be read: {error}")
            return
        if text[:1] == "\ufeff" or not isinstance(feed, dict) or next(iter(feed), None) != "version":
            self.faults.append("does not begin with its version")
            return
        self.of(feed, self.FEED, ("version", "title", "feed_url", "authors", "items"), "the feed")
        if feed.get("version") != "https://jsonfeed.org/version/1.1":
            self.faults.append(f"is of version {feed.get('version')}")
        for name in ("home_page_url", "feed_url"):
            if name in feed and not own(str(feed[name])):
                self.faults.append(f"`{name}` is {feed[name]!r}")
        for icon in ("icon", "favicon"):
            if not absolute(feed.get(icon, "https://none.example/")):
                self.faults.append(f"the {icon} is {feed[icon]!r}")
        for hub in feed.get("hubs", []):
            if hub.get("type") != "WebSub" or not absolute(hub.get("url", "")):
                self.faults.append(f"the hub {hub!r}")
        items = [item for item in feed.get("items", []) if isinstance(item, dict)]
        if len(items) != len(feed.get("items", [])):
            self.faults.append("has an item that is no object")
        for item in items:
            self.item(item)
        ids = [str(item.get("id")) for item in items]
        if len(ids) != len(set(ids)):
            self.faults.append("has two items with one `id`")
        self.authors(feed)

    def object(self, pairs):
        names = [name for name, _ in pairs]
        if len(names) != len(set(names)):
            self.faults.append(f"names one of {names} twice")
        return dict(pairs)

    def refuse(self, constant):
        raise ValueError(f"{constant} is no JSON")

    def of(self, value, kinds, needed, what):
        """Each member is known, of its type, and neither blank nor full of what has no place."""
        for name in needed:
            if name not in value:
                self.faults.append(f"{what} has no `{name}`")
        for name, member in value.items():
            if name not in kinds or not isinstance(member, kinds[name]) or isinstance(member, bool):
                self.faults.append(f"{what} has `{name}`: {member!r}")
            for text in member if isinstance(member, list) else [member]:
                if isinstance(text, str) and (not text.strip() or any(discouraged(ord(c)) for c in text)):
                    self.faults.append(f"{what} has `{name}`: {text!r}")

    def item(self, item):
        what = f"item {item.get('id')!r}"
        self.of(item, self.ITEM, ("id", "title", "date_published", "date_modified"), what)
        if not UUID.match(str(item.get("id"))):
            self.faults.append(f"{what} has no urn:uuid:")
        if ("content_html" in item) == ("content_text" in item):
            self.faults.append(f"{what} has no content, or two")
        for name in ("url", "image"):
            if name in item and not absolute(str(item[name])):
                self.faults.append(f"{what} has `{name}`: {item[name]!r}, not an absolute URI")
        for name in ("date_published", "date_modified"):
            if not date(str(item.get(name, "")).lstrip("-")):
                self.faults.append(f"{what} has `{name}`: {item.get(name)!r}, not a date of RFC 3339")
        if not all(isinstance(tag, str) for tag in item.get("tags", [])):
            self.faults.append(f"{what} has a tag that is no text")
        for attachment in item.get("attachments", []):
            self.of(attachment, self.ATTACHMENT, ("url", "mime_type"), f"an attachment of {what}")
            if not absolute(str(attachment.get("url"))) or not MEDIA_TYPE.match(str(attachment.get("mime_type"))):
                self.faults.append(f"{what} has the attachment {attachment!r}")
        if "_source" in item:
            self.of(item["_source"], self.SOURCE, self.SOURCE, f"the source of {what}")
        self.authors(item)

    def authors(self, of):
        for author in of.get("authors", []):
            if list(author) != ["name"] or not str(author["name"]).strip():
                self.faults.append(f"has the author {author!r}")


KINDS = {"atom": atom_check.Check, "rss": Rss, "json": Json}


def main(paths):
    bad = 0
    for path in paths:
        check = KINDS[path.rsplit(".", 1)[-1]]()
        with open(path, "rb") as file:
            check.document(file.read())
        for fault in check.faults:
            print(f"{path}: {fault}")
        bad += bool(check.faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
