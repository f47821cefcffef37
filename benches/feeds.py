"""Holds what readers say of feeds against what the suites of feedparser and gofeed state.

    cargo bench --bench feeds -- FOLDER | python3 benches/feeds.py FOLDER [--misses]

FOLDER holds `feedparser/` and `gofeed/`. Needs feedparser (`pip install feedparser`). Fields compared: number of entries, and
of each entry title, link, id, date and updated, where a suite states them.
"""

import ast
import calendar
import datetime
import json
import os
import re
import sys
import warnings

import feedparser

warnings.simplefilter("ignore")
FIELDS = ("title", "link", "id", "date", "updated")
NAMES = {"title": "title", "link": "link", "id": "id", "guid": "id", "published_parsed": "date",
         "updated_parsed": "updated", "date_parsed": "date"}


def stated_by_feedparser(text):
    """{(entry, field): value} of an `Expect:` line; only plain equalities, joined by `and`."""
    found = re.search(r"Expect:\s*(.*?)\s*(?:-->|\n\s*\n|$)", text, re.S)
    stated = {}
    if not found:
        return stated
    expression = " ".join(found.group(1).split())
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError):
        return stated
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    for part in parts:
        if not (isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Eq)):
            continue
        left = ast.unparse(part.left)
        match = re.fullmatch(r"entries\[(\d+)\](?:\['(\w+)'\]|\.(\w+))", left)
        try:
            value = ast.literal_eval(part.comparators[0])
        except ValueError:
            continue
        if left == "len(entries)":
            stated["count"] = value
        elif match and (name := NAMES.get(match.group(2) or match.group(3))):
            if name in ("date", "updated"):
                if not isinstance(value, tuple):
                    continue
                value = calendar.timegm(value)
            stated[int(match.group(1)), name] = value
    return stated


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
        return stated
    stated["count"] = len(items)
    for number, item in enumerate(items):
        link = item.get("link") or item.get("url")
        if isinstance(link, str) and link.startswith("http"):
            stated[number, "link"] = link
        if isinstance(item.get("title"), str):
            stated[number, "title"] = item["title"]
        guid = item.get("guid") or item.get("id")
        guid = guid.get("value") if isinstance(guid, dict) else guid
        if isinstance(guid, str):
            stated[number, "id"] = guid
        for key, name in (("publishedParsed", "date"), ("pubDateParsed", "date"), ("updatedParsed", "updated")):
            if isinstance(item.get(key), str):
                stated[number, name] = int(datetime.datetime.fromisoformat(item[key].replace("Z", "+00:00")).timestamp())
    return stated


def by_feedparser(data):
    try:
        feed = feedparser.parse(data, response_headers={"content-location": "http://127.0.0.1:8097/"})
    except Exception as error:  # a reader that raises has failed
        return {"error": str(error)}
    second = lambda entry, key: calendar.timegm(entry[key]) if entry.get(key) else None
    return {"entries": [{"title": e.get("title"), "link": e.get("link"), "id": e.get("id"),
                         "date": second(e, "published_parsed"), "updated": second(e, "updated_parsed")} for e in feed.entries]}


def plain(text):
    """The suites keep markup in titles; we compare words."""
    import html
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


def holds(reader, name, expected, found):
    if name == "title":
        # gleaner's titles are words; the others leave the markup to whoever shows them. A picture alone has no words.
        found = " ".join((found or "").split()) if reader == "gleaner" else plain(found or "")
        return plain(str(expected)) == found
    if found is None:
        return expected in (None, "")
    if name == "link":
        return str(expected).strip().rstrip("/") == str(found).strip().rstrip("/")
    return str(expected).strip() == str(found).strip()


def main():
    folder, shows_misses = sys.argv[1], "--misses" in sys.argv
    readers = ("gleaner", "feed-rs", "feedparser")
    score = {r: {f: [0, 0] for f in ("count",) + FIELDS} for r in readers}
    files = panics = with_truth = 0
    read = {r: 0 for r in readers}
    for line in sys.stdin:
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        path = os.path.join(folder, row["file"])
        files += 1
        panics += "panic" in row["gleaner"]
        if row["file"].startswith("feedparser"):
            with open(path, encoding="utf-8", errors="replace") as file:
                stated = stated_by_feedparser(file.read(4000))
        elif row["file"].endswith(".xml"):
            stated = stated_by_gofeed(path[:-4] + ".json")
        else:
            stated = stated_by_gofeed(path[:-5] + "_expected.json")
        if not stated:
            continue
        with_truth += 1
        with open(path, "rb") as file:
            row["feedparser"] = by_feedparser(file.read())
        for reader in readers:
            entries = row[reader].get("entries")
            read[reader] += entries is not None
            for key, expected in stated.items():
                name = key if key == "count" else key[1]
                if key == "count":
                    is_right = len(entries or []) == expected
                    found = len(entries or [])
                else:
                    entry = (entries or [])[key[0]:key[0] + 1]
                    found = entry[0].get(name) if entry else None
                    is_right = bool(entry) and holds(reader, name, expected, found)
                score[reader][name][0] += is_right
                score[reader][name][1] += 1
                if shows_misses and not is_right and reader == "gleaner":
                    print(f"{row['file']}: {name}: expected {expected!r}, found {found!r} {row[reader].get('error', '')}", file=sys.stderr)
    print(f"{files} files, {panics} panics; {with_truth} of them state an entry's number, title, link, id or date.\n")
    print("| reader | files read | entries | title | link | id | published | updated |")
    print("|---|---|---|---|---|---|---|---|")
    for reader in readers:
        cells = [f"{right}/{of}" for right, of in score[reader].values()]
        print(f"| {reader} | {read[reader]} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
