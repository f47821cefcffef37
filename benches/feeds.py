"""Holds what readers say of feeds against what the suites of feedparser and gofeed state; writes docs/feeds.md.

    cargo bench --bench feeds -- FOLDER | python3 benches/feeds.py FOLDER > docs/feeds.md

FOLDER holds `feedparser/` and `gofeed/`. Needs feedparser (`pip install feedparser`). Compared are a feed's title and link,
the number of entries, and of each entry title, link, id, published and updated, where a suite states them as plain values.
Ends with status 1 when a file panics, or a statement is missed that no reason below explains.
"""

import ast
import calendar
import datetime
import email.utils
import html
import json
import os
import re
import sys
import urllib.parse
import warnings

import feedparser

warnings.simplefilter("ignore")
ADDRESS = "http://127.0.0.1:8097/"
COLUMNS = ("feed title", "feed link", "entries", "title", "link", "id", "published", "updated")
OF_ENTRY = {"title": "title", "link": "link", "id": "id", "guid": "id", "published_parsed": "published", "published": "published",
            "updated_parsed": "updated", "updated": "updated", "date_parsed": "updated"}
OF_FEED = {"title": "feed title", "link": "feed link"}

# What gleaner does not give on purpose: why, the column (None: any), and what the paths of the cases contain.
REASONS = [
    ("An id is opaque (RFC 4287 §4.2.6.1 compares it letter by letter), so gleaner neither makes one absolute nor keeps markup "
     "that stands around its letters.", "id", ["entry_id_base", "entry_id_xml_base", "guid_naked_markup"]),
    ("Entities that a document declares itself are never expanded, whatever they hold: no document can grow by being read.", None,
     ["entity_in_doctype"]),
    ("`Content-Location` says nothing about the base of addresses any more (RFC 7231, appendix B); browsers never read it so.", None,
     ["content_location"]),
    ("RSS allows one `link`. Of several gleaner takes the first written one, the suite expects the last.", None,
     ["item_links", "channel_links", "feed_links"]),
    ("Atom allows one `updated`. Of several gleaner takes the first, the suite expects the last.", "updated", ["updated_multiple_values"]),
    ("A comment or a document type that never ends swallows what follows: HTML says so, and browsers do it.", "feed title",
     ["xml_declaration_unexpected_character", "xml_malicious_comment"]),
]


def seconds(value):
    """A stated instant in seconds; None: it is none."""
    if isinstance(value, tuple):
        return calendar.timegm(value)
    for read in (lambda: datetime.datetime.fromisoformat(value.replace("Z", "+00:00")), lambda: email.utils.parsedate_to_datetime(value)):
        try:
            found = read()
        except (TypeError, ValueError):
            continue
        return int(found.replace(tzinfo=found.tzinfo or datetime.timezone.utc).timestamp())
    return None


def decoded(data):
    """A file as text. The suites' files are in every encoding there is, and state in it what they expect."""
    for encoding in ("utf-8", "utf-16", "utf-32", "utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le", "cp037", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "Expect:" in text:
            return text
    return ""


def stated_by_feedparser(data):
    """{(entry, column): value}, entry None for the feed; of an `Expect:` line the plain statements joined by `and`."""
    found = re.search(r"Expect:\s*(.*?)\s*(?:-->|\n\s*\n|$)", decoded(data), re.S)
    stated = {}
    try:
        tree = ast.parse(" ".join(found.group(1).split()), mode="eval").body
    except (AttributeError, SyntaxError, ValueError):
        return stated
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    for part in parts:
        absent = re.fullmatch(r"not entries\[(\d+)\]\.has_key\('(\w+)'\)", ast.unparse(part))
        if absent and absent.group(2) in OF_ENTRY:
            stated[int(absent.group(1)), OF_ENTRY[absent.group(2)]] = None
        if not (isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Eq)):
            continue
        left = ast.unparse(part.left)
        try:
            value = ast.literal_eval(part.comparators[0])
        except ValueError:
            continue
        path = re.fullmatch(r"(?:entries\[(\d+)\]|feed)(?:\['(\w+)'\]|\.(\w+))(\['value'\]|\.value)?", left)
        if left == "len(entries)":
            stated[None, "entries"] = value
        elif path:
            name = (path.group(2) or path.group(3)).removesuffix("_detail") if path.group(4) else path.group(2) or path.group(3)
            number = int(path.group(1)) if path.group(1) else None
            column = (OF_FEED if number is None else OF_ENTRY).get(name)
            put(stated, number, column, value)
    return stated


def put(stated, number, column, value):
    if column in ("published", "updated"):
        value = seconds(value)
    if column and isinstance(value, (str, int)):
        stated[number, column] = value


def page_among(links):
    """The one link of an Atom element that leads to its page; None: there is none, or a choice of several."""
    pages = [link.get("href") for link in links or [] if isinstance(link, dict) and link.get("rel", "alternate") == "alternate"]
    return pages[0] if len(pages) == 1 else None


def stated_by_gofeed(path):
    stated = {}
    try:
        with open(path, encoding="utf-8") as file:
            feed = json.load(file)
    except (OSError, ValueError):
        return stated
    if not isinstance(feed, dict):
        return stated
    items = feed.get("items") or feed.get("entries")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        items = []
    else:
        stated[None, "entries"] = len(items)
    for number, item in [(None, feed), *enumerate(items)]:
        of = OF_FEED if number is None else OF_ENTRY
        links = item.get("links")
        link = item.get("link") or item.get("home_page_url") or (None if number is None else item.get("url"))
        link = link or (page_among(links) if isinstance(links, list) else None)
        guid = item.get("guid") or item.get("id")
        guid = guid.get("value") if isinstance(guid, dict) else guid
        for name, value in (("title", item.get("title")), ("link", link), ("id", guid), ("published", item.get("publishedParsed") or item.get("pubDateParsed")),
                            ("updated", item.get("updatedParsed"))):
            if isinstance(value, str) and (name != "link" or value.startswith("http")):
                put(stated, number, of.get(name), value)
    return stated


def by_feedparser(data):
    try:
        feed = feedparser.parse(data, response_headers={"content-location": ADDRESS})
    except Exception as error:  # a reader that raises has failed
        return {"error": str(error)}
    second = lambda entry, key: calendar.timegm(entry[key]) if entry.get(key) else None
    return {"title": feed.feed.get("title"), "link": feed.feed.get("link"),
            "entries": [{"title": e.get("title"), "link": e.get("link"), "id": e.get("id"),
                         "date": second(e, "published_parsed"), "updated": second(e, "updated_parsed")} for e in feed.entries]}


def found_by(answer, number, column):
    entries = answer.get("entries") or []
    if column == "entries":
        return len(entries)
    if number is None:
        return answer.get(column.removeprefix("feed "))
    entry = entries[number] if number < len(entries) else {}
    # Of an entry with one stamp, every reader is asked for that one: which of the two it is, the formats do not agree on.
    of = {"published": ("date", "updated"), "updated": ("updated", "date")}.get(column, (column,))
    return next((entry[name] for name in of if entry.get(name) is not None), None)


def words(text):
    """The suites keep markup in titles, gleaner gives words."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


def folded(text):
    return " ".join(text.split())


def address(text):
    """Hosts are the same in any case, a path that is empty is `/`."""
    parts = urllib.parse.urlsplit(str(text).strip())
    return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")


def holds(column, expected, found):
    if column.endswith("title"):
        # A title may be words, or markup that has words, or a picture, which has none.
        expected, found = str(expected or ""), str(found or "")
        return folded(expected) == folded(found) or words(expected) in (folded(found), words(found))
    if expected in (None, "") or found is None:
        return (found or "") == (expected or "")
    if column.endswith("link"):
        return address(expected) == address(found)
    return str(expected).strip() == str(found).strip()


def reason_of(file, column):
    found = (why for why, of, names in REASONS if of in (None, column) and any(name in file.replace("-", "_") for name in names))
    return next(found, None)


def statements(folder, file, data):
    if file.startswith("feedparser"):
        return stated_by_feedparser(data)
    expected = file[:-4] + ".json" if file.endswith(".xml") else file[:-5] + "_expected.json"
    return stated_by_gofeed(os.path.join(folder, expected))


def main():
    folder = sys.argv[1]
    readers = ("gleaner", "feed-rs", "feedparser")
    score = {reader: {column: [0, 0] for column in COLUMNS} for reader in readers}
    read = dict.fromkeys(readers, 0)
    files = panics = stating = 0
    misses = []
    for line in sys.stdin:
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        files += 1
        panics += "panic" in row["gleaner"]
        with open(os.path.join(folder, row["file"]), "rb") as file:
            data = file.read()
        stated = statements(folder, row["file"], data)
        if not stated:
            continue
        stating += 1
        row["feedparser"] = by_feedparser(data)
        for reader in readers:
            read[reader] += row[reader].get("entries") is not None
            for (number, column), expected in stated.items():
                found = found_by(row[reader], number, column)
                is_right = holds(column, expected, found)
                score[reader][column][0] += is_right
                score[reader][column][1] += 1
                if reader == "gleaner" and not is_right:
                    misses.append((row["file"], column, expected, found))
    print_report(files, panics, stating, read, score, misses)
    sys.exit(panics > 0 or any(reason_of(file, column) is None for file, column, _, _ in misses))


def print_report(files, panics, stating, read, score, misses):
    print("# How well upstream feeds are read\n")
    print("Made by `just feeds FOLDER` over the public test suites of feedparser (BSD-2) and gofeed (MIT), which are not part of the project.")
    print(f"{files:,} files, {panics} panics; {stating} files state a feed's title or link, the number of its entries, or an entry's title, link, id")
    print("or date, as a plain value that can be compared without the suite's own code.\n")
    print(f"| reader | files read | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for reader, columns in score.items():
        name = {"feed-rs": "feed-rs 3.0.0 alone", "feedparser": f"feedparser {feedparser.__version__}"}.get(reader, reader)
        print(f"| {name} | {read[reader]} | " + " | ".join(f"{right}/{of}" for right, of in columns.values()) + " |")
    print("\nTitles are compared as words, hosts whatever their case. Of an entry with one stamp every reader is asked for that one, be it called")
    print("published or updated.\n")
    print("## What gleaner does not give\n")
    explained = {}
    for file, column, expected, found in misses:
        explained.setdefault(reason_of(file, column) or "Not explained.", []).append((file, column, expected, found))
    for why, cases in sorted(explained.items()):
        print(f"{why}\n\n| case | field | the suite expects | gleaner gives |\n|---|---|---|---|")
        for file, column, expected, found in cases:
            print(f"| {file} | {column} | {shown(expected)} | {shown(found)} |")
        print()


def shown(value):
    return "nothing" if value is None else f"`{str(value).replace('|', chr(92) + '|')}`"


if __name__ == "__main__":
    main()
