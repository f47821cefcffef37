"""What dateparser and htmldate find: lines {"id", "input", "lang", "now"} → lines {"id", "found": [[from, to, start, end]]}."""

import datetime
import json
import sys
import warnings

warnings.filterwarnings("ignore")


def dateparser_finds(case):
    from dateparser.search import search_dates

    settings = {"PREFER_DATES_FROM": "past", "RELATIVE_BASE": datetime.datetime.fromisoformat(case["now"][:19])}
    found, at = [], 0
    try:
        results = search_dates(case["input"], languages=[case["lang"]], settings=settings) or []
    except Exception:
        results = []
    for text, date in results:
        start = case["input"].find(text, at)
        if start >= 0:
            found.append([start, start + len(text), date.date().isoformat(), None, None])
            at = start + len(text)
    return found


def htmldate_finds(case):
    from htmldate import find_date

    page = f"<html><body><article><p>{case['input']}</p></article></body></html>"
    try:
        date = find_date(page, extensive_search=True, original_date=True, max_date=case["now"][:10])
    except Exception:
        date = None
    return [[0, len(case["input"]), date, None, None]] if date else []


if __name__ == "__main__":
    finds = {"dateparser": dateparser_finds, "htmldate": htmldate_finds}[sys.argv[1]]
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"id": case["id"], "found": finds(case)}), flush=True)
