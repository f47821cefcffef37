"""Checks Atom documents against RFC 4287, independently of the code that writes them.

    python3 tests/atom_check.py FILE...

Prints one line for each fault, and exits with 1 if there is one. Only the standard library is used: expat for XML, and
the rules of the RFC, each with its section, written out here. Beyond the RFC it asks for what gleaner promises:
links of entries are absolute, text is never blank, no two entries have the same `updated`.
"""

import re
import sys
import xml.parsers.expat
from datetime import datetime

ATOM = "http://www.w3.org/2005/Atom"
MEDIA = "http://search.yahoo.com/mrss/"
HISTORY = "http://purl.org/syndication/history/1.0"
XML = "http://www.w3.org/XML/1998/namespace"

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
# RFC 3986: a scheme, and only characters that may stand in a URI, with whole escapes.
URI = re.compile(r"[a-z][a-z0-9+.-]*:(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?\Z")
IPV6_HOST = re.compile(r"\A([a-z]+://)\[[0-9a-f:.]+\]")
RELATIVE = re.compile(r"[A-Za-z0-9._~-]+\Z")
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+\Z")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")

# What may stand in each element (sections 4.1.1, 4.1.2, 4.2.11, 3.2): name -> (least, most). None: no limit.
COMMON = {"title": (1, 1), "id": (1, 1), "updated": (1, 1), "author": (0, None), "category": (0, None),
          "contributor": (0, None), "link": (0, None), "rights": (0, 1)}
FEED = {**COMMON, "generator": (0, 1), "icon": (0, 1), "logo": (0, 1), "subtitle": (0, 1)}
CHILDREN = {
    "feed": {**FEED, "entry": (0, None)},
    "entry": {**COMMON, "content": (0, 1), "published": (0, 1), "source": (0, 1), "summary": (0, 1)},
    "source": FEED,
    "author": {"name": (1, 1), "uri": (0, 1), "email": (0, 1)},
}
CHILDREN["contributor"] = CHILDREN["author"]
# Links to documents of our own: the feed itself, and its history (RFC 5005 section 4).
OWN = ("self", "current", "prev-archive")
TEXTS = {"title", "subtitle", "summary", "rights", "content"}
ATTRIBUTES = {"link": {"href", "rel", "type", "hreflang", "title", "length"}, "category": {"term", "scheme", "label"},
              "generator": {"uri", "version"}, "content": {"type", "src"}}


class Element:
    def __init__(self, name, attributes, line):
        self.space, _, self.name = name.rpartition(" ")
        self.attributes, self.line = attributes, line
        self.children, self.text = [], ""

    def all(self, name):
        return [c for c in self.children if (c.space, c.name) == (ATOM, name)]

    def one(self, name):
        found = self.all(name)
        return found[0].text if found else None


def parse(data):
    """The root element; raises ExpatError for what is not well-formed."""
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    root = Element("", {}, 0)
    stack = [root]

    def start(name, attributes):
        element = Element(name, attributes, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def text(piece):
        stack[-1].text += piece

    def refuse(*_):
        raise ValueError("has a DOCTYPE")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(data, True)
    return root.children[0]


class Xml:
    """What holds for any feed in XML, and a place for its faults."""

    def __init__(self):
        self.faults = []

    def fault(self, element, message):
        self.faults.append(f"line {element.line}: `{element.name}` {message}")

    def root(self, data):
        """The root element; None, with a fault, for what is not well-formed."""
        if not data.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n'):
            self.faults.append("line 1: does not begin with the XML declaration")
        try:
            text = data.decode("utf-8")
            root = parse(data)
        except (UnicodeDecodeError, ValueError, xml.parsers.expat.ExpatError) as error:
            self.faults.append(f"not well-formed: {error}")
            return None
        for at, c in enumerate(text):
            if discouraged(ord(c)):
                self.faults.append(f"character {at}: U+{ord(c):04X} has no place in a feed")
        return root


class Check(Xml):
    def document(self, data):
        root = self.root(data)
        if root is None:
            return
        if (root.space, root.name) != (ATOM, "feed"):
            self.fault(root, "is not an Atom feed")
            return
        self.element(root)
        self.feed(root)

    def element(self, element):
        for name, value in element.attributes.items():
            if name == f"{XML} lang":
                if not LANGUAGE.match(value):
                    self.fault(element, f"has xml:lang `{value}`")
            elif name not in ATTRIBUTES.get(element.name, {"type"} if element.name in TEXTS else ()) \
                    and element.space == ATOM:
                self.fault(element, f"has the attribute `{name}`")
        if element.space == MEDIA:
            if element.name != "thumbnail" or not absolute(element.attributes.get("url", "")):
                self.fault(element, "is no thumbnail with an absolute url")
            return
        if element.space == HISTORY:
            # RFC 5005 section 4: an empty mark.
            if element.name != "archive" or element.children or element.text:
                self.fault(element, "is no mark of an archive")
            return
        if element.space != ATOM:
            self.fault(element, f"is of the unknown namespace `{element.space}`")
            return
        rules = CHILDREN.get(element.name)
        if rules is None:
            if element.children:
                self.fault(element, "has elements in it")
            self.leaf(element)
            return
        if element.text.strip():
            self.fault(element, f"has the text `{element.text.strip()}` between its elements")
        for name, (least, most) in rules.items():
            count = len(element.all(name))
            if count < least or (most is not None and count > most):
                self.fault(element, f"has {count} `{name}`")
        for child in element.children:
            if child.space == ATOM and child.name not in rules:
                self.fault(child, f"may not stand in `{element.name}`")
            self.element(child)

    def leaf(self, element):
        name, text = element.name, element.text
        if name in ("updated", "published"):
            if not date(text):
                self.fault(element, f"is `{text}`, not a date of RFC 3339")
        elif name == "id":
            if not UUID.match(text):
                self.fault(element, f"is `{text}`, not a urn:uuid:")
        elif name == "link":
            self.link(element)
        elif name == "category":
            term = element.attributes.get("term", "")
            if not term.strip() or re.search(r"[\t\n]", term):
                self.fault(element, f"has the term `{term!r}`")
        elif name in ("icon", "logo", "uri"):
            if not absolute(text):
                self.fault(element, f"is `{text}`, not an absolute URI")
        else:
            kinds = ("text", "html") if name == "content" else ("text",)
            if name in TEXTS and element.attributes.get("type", "text") not in kinds:
                self.fault(element, "is not plain text")
            if not text.strip():
                self.fault(element, "is blank")
            if text != text.strip():
                self.fault(element, "has white space at its ends")

    def link(self, element):
        attributes = element.attributes
        href, rel = attributes.get("href"), attributes.get("rel", "alternate")
        if href is None:
            self.fault(element, "has no `href`")
        elif not absolute(href) and not (rel in OWN and RELATIVE.match(href)):
            self.fault(element, f"leads to `{href}`, not an absolute URI")
        if rel not in ("alternate", "enclosure", "hub", *OWN):
            self.fault(element, f"has the relation `{rel}`")
        # A hub is no document.
        if rel != "hub" and not MEDIA_TYPE.match(attributes.get("type", "")):
            self.fault(element, "has no media type")

    def feed(self, feed):
        self.links(feed, needs_self=True)
        is_archive = any(c.space == HISTORY for c in feed.children)
        if is_archive != any(l.attributes.get("rel") == "current" for l in feed.all("link")):
            self.fault(feed, "is an archive that does not say of what, or says so and is none")
        entries = feed.all("entry")
        for source in (s for e in entries for s in e.all("source")):
            self.links(source, needs_self=True)
        for entry in entries:
            self.links(entry, needs_self=False)
            # 4.1.1: an author on the entry, in its source, or on the feed.
            if not (entry.all("author") or feed.all("author") or any(s.all("author") for s in entry.all("source"))):
                self.fault(entry, "has no author")
            has_alternate = any(l.attributes.get("rel", "alternate") == "alternate" for l in entry.all("link"))
            if not has_alternate and not entry.all("content"):
                self.fault(entry, "has neither an alternate link nor content")  # 4.1.2
            if not entry.all("summary") and not entry.all("content"):
                self.fault(entry, "has no text")  # 4.1.1.1
            if not entry.all("published"):
                self.fault(entry, "has no `published`")
        for name in ("id", "updated"):
            seen = set()
            for entry in entries:
                value = entry.one(name)
                if value in seen:
                    self.fault(entry, f"has the same `{name}` as another: `{value}`")
                seen.add(value)
        if feed.one("id") in {entry.one("id") for entry in entries}:
            self.fault(feed, "has the `id` of an entry")
        latest = max((entry.one("updated") or "" for entry in entries), default=None)
        if latest is not None and latest != feed.one("updated"):
            self.fault(feed, f"was updated `{feed.one('updated')}`, its latest entry `{latest}`")

    def links(self, element, needs_self):
        seen = set()
        for link in element.all("link"):
            kind = (link.attributes.get("rel", "alternate"), link.attributes.get("type"), link.attributes.get("hreflang"))
            if kind in seen and kind[0] in ("alternate", "self"):
                self.fault(link, f"repeats the relation `{kind[0]}`")
            seen.add(kind)
        if needs_self and not any(rel == "self" for rel, _, _ in seen):
            self.fault(element, "has no self link")


def discouraged(code):
    """What XML 1.0 section 2.2 forbids or discourages, and overrides of the direction of text."""
    return (code < 0x20 and code not in (9, 10)) or 0x7F <= code <= 0x9F or 0xFDD0 <= code <= 0xFDEF \
        or code & 0xFFFE == 0xFFFE or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


def absolute(text):
    return bool(URI.match(IPV6_HOST.sub(r"\1host", text))) and text.startswith(("http://", "https://"))


def date(text):
    if not DATE.match(text):
        return False
    try:
        # Python knows no year 0.
        datetime.fromisoformat(("0004" + text[4:] if text.startswith("0000") else text).replace("Z", "+00:00"))
        return True
    except ValueError:
        return False


def main(paths):
    bad = 0
    for path in paths:
        check = Check()
        with open(path, "rb") as file:
            check.document(file.read())
        for fault in check.faults:
            print(f"{path}: {fault}")
        bad += bool(check.faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
