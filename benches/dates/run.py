#!/usr/bin/env python3
"""Holds `gleaner date` against dateparser, chrono-node and htmldate: python3 benches/dates/run.py CORPORA [--gleaner FILE]

CORPORA is a folder with `dates/chrono.jsonl`, `dates/recognizers.jsonl` and `dates/yearless.jsonl`: texts with
the dates that public test suites expect in them. The peers are installed into a folder beside the system's
temporary files (pip and npm); what they find is kept there. The report goes to standard output.
"""

import argparse
import collections
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ("dateparser", "chrono", "htmldate")
VERSIONS = {"dateparser": "1.5.0", "htmldate": "1.11.0", "chrono-node": "2.10.3"}
LANGUAGES = {
    "Arabic": "ar", "Chinese": "zh", "Dutch": "nl", "English": "en", "EnglishOthers": "en-GB", "French": "fr",
    "German": "de", "Hindi": "hi", "Italian": "it", "Japanese": "ja", "Korean": "ko", "Portuguese": "pt",
    "Spanish": "es", "Swedish": "sv", "Turkish": "tr",
}
# Both suites' plain English is that of the United States: chrono's is its default, and Recognizers-Text has
# another apart ("EnglishOthers"). The peers read `en` so; gleaner takes plain `en` for any country's.
REGIONS = {"en": "en-US"}
# The corpora's texts without a time of reference were read when they were gathered.
GATHERED = "2026-11-23T12:00:00Z"


def stamp(text):
    if not text:
        return GATHERED
    numbers = [int(number) for number in re.findall(r"\d+", text)][:6] + [0] * 6
    year, month, day, hour, minute, second = numbers[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def day(text):
    return datetime.date.fromisoformat(text[:10]) if text and re.match(r"\d{4}-\d\d-\d\d", text) else None


def chrono_cases(path):
    for row in map(json.loads, path.read_text().splitlines()):
        case = {"lang": row["lang"], "input": row["input"], "now": stamp(row["now"]), "suite": "chrono"}
        if row["match"] is None:
            yield case | {"truth": None}
        elif row["day_certain"] and day(row["start"]):
            span = [row["index"], row["index"] + len(row["match"])]
            yield case | {"truth": [[*span, row["start"], row["end"]]], "yearless": row["yearless"]}


def recognizers_cases(path):
    for row in map(json.loads, path.read_text().splitlines()):
        if not row["model"].startswith("DateTimeModel"):
            continue
        case = {"lang": LANGUAGES[row["lang"]], "input": row["input"], "now": stamp(row["now"]), "suite": "recognizers"}
        if not row["results"]:
            yield case | {"truth": None}
            continue
        truth, is_yearless = [], False
        for result in row["results"]:
            if result["start"] is None:
                result["start"] = row["input"].find(result["text"])
            for value in result["values"] or []:
                timex = value.get("timex", "")
                span = [result["start"], result["start"] + len(result["text"])]
                if result["type"].endswith((".date", ".datetime")) and re.match(r"(\d{4}|XXXX)-\d\d-\d\d", timex):
                    truth.append([*span, value.get("value"), None])
                elif result["type"].endswith(".daterange") and re.match(r"\((\d{4}|XXXX)-\d\d-\d\d,(\d{4}|XXXX)-\d\d-\d\d,P\d+D\)$", timex):
                    truth.append([*span, value.get("start"), value.get("end")])
                else:
                    continue
                is_yearless |= timex.lstrip("(").startswith("XXXX")
        truth = [found for found in truth if day(found[2])]
        # A text with other things in it that are not dates to the day is not asked about.
        # Without a time of reference only dates that state their year and their days can be asked about.
        if row["now"] is None and not (truth and has_year(case | {"truth": truth}) and states_its_days(case, truth)):
            continue
        if truth and len({tuple(found[:2]) for found in truth}) == len(row["results"]):
            yield case | {"truth": truth, "yearless": is_yearless}


def states_its_days(case, truth):
    """Whether all expected days, the last ones of ranges included, stand in the text: none is counted from now."""
    numbers = {int(number) for number in re.findall(r"\d+", case["input"])}
    days = [day(end) for found in truth for end in found[2:4] if end]
    return all(end.day in numbers or (end - datetime.timedelta(days=1)).day in numbers for end in days)


def is_ahead(case):
    """Whether what the text means lies ahead of the fetch by its own words: no entry was published then."""
    now = day(case["now"])
    starts = [day(found[2]) for found in case["truth"]]
    if case["yearless"] or any(start <= now for start in starts):
        return False
    return not has_year(case)


def is_ahead_by_hours(case, chrono_found):
    """Whether a time counted from the fetch lies ahead of it on its own day: "in 15 minutes"."""
    if names_a_day(case) or case.get("yearless"):
        return False
    stated = [found[2].replace(" ", "T") for found in case["truth"] if len(found[2]) > 10]
    found = [row[4][:19] for row in chrono_found if any(row[0] < to and row[1] > at for at, to, *_ in case["truth"])]
    return any(instant > case["now"][:19] for instant in (*stated, *found))


def has_year(case):
    years = {found[2][:4] for found in case["truth"]}
    text = case["input"].translate(str.maketrans("０１２３４５６７８９٠١٢٣٤٥٦٧٨٩०१२३४५६७८९", "0123456789" * 3))
    return any(year in text or re.search(rf"\D{year[2:]}(?!\d)", text) for year in years)


def cases(corpora):
    folder = corpora / "dates"
    if not folder.is_dir():
        sys.exit(f"{folder} is not there: name the folder that holds the corpora")
    seen = {}
    for case in (*chrono_cases(folder / "chrono.jsonl"), *recognizers_cases(folder / "recognizers.jsonl")):
        seen.setdefault((case["lang"], case["input"], case["now"]), case)
    # No page is of a year before the web's or beyond this century.
    is_of_web = lambda case: all("1971" <= found[2][:4] <= "2099" for found in case["truth"] or [])
    found = [case for case in seen.values() if is_of_web(case)]
    for number, case in enumerate(found):
        case["id"] = number
        case["ahead"] = case["truth"] is not None and is_ahead(case)
    return found


def install(folder):
    if not (folder / "bin" / "pip").exists():
        venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "-q", "install", f"dateparser=={VERSIONS['dateparser']}", f"htmldate=={VERSIONS['htmldate']}"], check=True)
    if not (folder / "node_modules" / "chrono-node").exists():
        subprocess.run(["npm", "--silent", "install", "--prefix", folder, f"chrono-node@{VERSIONS['chrono-node']}"], check=True)


def peer_finds(peer, asked, folder):
    lines = "".join(json.dumps({key: case[key] for key in ("id", "input", "lang", "now")}) + "\n" for case in asked)
    kept = folder / f"{peer}-{hashlib.sha256(lines.encode()).hexdigest()[:12]}.jsonl"
    if not kept.exists():
        install(folder)
        command = [folder / "bin" / "python", HERE / "peers.py", peer]
        if peer == "chrono":
            script = folder / "chrono.mjs"
            script.write_text((HERE / "chrono.mjs").read_text())
            command = ["node", script]
        answer = subprocess.run(command, input=lines, text=True, stdout=subprocess.PIPE, check=True).stdout
        kept.write_text(answer)
    return {row["id"]: row["found"] for row in map(json.loads, kept.read_text().splitlines())}


def command(program, now, lang):
    """What a text says is asked, as of the peers, not what may be published: days ahead count."""
    return [program, "date", "--json", "--ahead", "--now", now, "--lang", REGIONS.get(lang, lang)]


def gleaner_finds(asked, program):
    groups = collections.defaultdict(list)
    for case in asked:
        groups[case["now"], case["lang"]].append(case)
    found = {}
    for (now, lang), group in groups.items():
        texts = "".join(re.sub(r"[\r\n]", " ", case["input"]) + "\n" for case in group)
        answer = subprocess.run(
            command(program, now, lang), input=texts, text=True, stdout=subprocess.PIPE, check=True
        ).stdout
        rows = [json.loads(line) for line in answer.split("\n") if line]
        assert len(rows) == len(group), (now, lang)
        for case, row in zip(group, rows):
            found[case["id"]] = [[*row["span"], row["date"], row["end"], row.get("reason", "")]] if row["date"] else []
            case["reason"] = row.get("reason", "")
    return found


def is_right(case, found):
    """Whether a found date is one that is expected: it stands there, and has its first and last day."""
    for start, end, first, last, _ in found:
        for from_, to, wanted, wanted_last in case["truth"]:
            if start >= to or end <= from_:
                continue
            same = (lambda a, b: a[5:10] == b[5:10]) if case.get("yearless") else (lambda a, b: a[:10] == b[:10])
            if not same(first, wanted):
                continue
            is_whole = wanted_last is None or wanted_last[:10] == wanted[:10] or (last is not None and same(last, wanted_last))
            # "The days from the first to the last": suites count the day after the last as the end.
            if is_whole or (last and wanted_last and case["suite"] == "recognizers" and is_day_before(last, wanted_last)):
                return True
            # A range that has not ended ends with the fetch.
            if day(wanted_last) and day(wanted_last) > day(case["now"]) and case.get("yearless"):
                return True
    return False


def is_day_before(last, end):
    after = day(last) + datetime.timedelta(days=1)
    return (after.month, after.day) == (day(end).month, day(end).day)


def names_a_day(case):
    """Whether the expected text itself has the number of its day: a calendar's date, not one counted from now."""
    def numbers(text):
        return {int(number) for number in re.findall(r"\d+", text)}

    return any(int(found[2][8:10]) in numbers(case["input"][found[0]:found[1]]) for found in case["truth"])


def expected(case):
    first, last = case["truth"][0][2:4]
    return f"{first[:10]} to {last[:10]}" if last and last[:10] != first[:10] else first[:10]


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "–"


def yearless(corpora, program):
    rows = [json.loads(line) for line in (corpora / "dates" / "yearless.jsonl").read_text().splitlines()]
    groups = collections.defaultdict(list)
    for row in rows:
        groups[stamp(row["now"]), LANGUAGES.get(row["lang"], row["lang"])].append(row)
    right = beyond = found_any = 0
    missed = []
    for (now, lang), group in groups.items():
        answer = subprocess.run(
            command(program, now, lang),
            input="".join(re.sub(r"[\r\n]", " ", row["input"]) + "\n" for row in group), text=True, stdout=subprocess.PIPE, check=True,
        ).stdout
        for row, line in zip(group, answer.splitlines()):
            found = json.loads(line)
            date = found["date"]
            found_any += date is not None
            # A list of days is read as its first and its last, and asked about day by day.
            if row["pub"] in (date, found.get("end")):
                right += 1
            elif day(row["pub"]) and (day(row["pub"]) - day(now)).days > 1:
                beyond += 1
            else:
                missed.append((row, date))
    return len(rows), right, beyond, found_any, missed


def explained(apart, finds, right):
    """Prints the cases by the reasons that `apart.toml` gives; what it gives no reason for, or needs none."""
    reasons = tomllib.loads((HERE / "apart.toml").read_text())["apart"]
    cases = {case["input"].strip(): case for case in apart}
    for reason in reasons:
        print(f"{reason['why']}\n")
        for text in reason["texts"]:
            if case := cases.get(text):
                found = finds["gleaner"][case["id"]]
                peers = ", ".join(peer for peer in PEERS if case["id"] in right[peer])
                print(f"- `{text}` ({case['lang']}, {peers}): expected {expected(case)}, gleaner: {found[0][2] if found else 'no date'}")
        print()
    return sorted(cases.keys() ^ {text for reason in reasons for text in reason["texts"]})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("--gleaner", type=pathlib.Path, default=HERE.parent.parent / "target" / "release" / "gleaner")
    parser.add_argument("--kept", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "gleaner-dates-peers")
    parser.add_argument("--missed", type=pathlib.Path, help="write the cases that gleaner misses to this file")
    options = parser.parse_args()
    asked = cases(options.corpora)
    options.kept.mkdir(exist_ok=True)
    finds = {peer: peer_finds(peer, asked, options.kept) for peer in PEERS}
    finds["gleaner"] = gleaner_finds(asked, options.gleaner)
    for case in asked:
        case["ahead"] |= bool(case["truth"]) and is_ahead_by_hours(case, finds["chrono"][case["id"]])
    dated = [case for case in asked if case["truth"] and not case["ahead"]]
    null = [case for case in asked if case["truth"] is None]
    right = {name: {case["id"] for case in dated if is_right(case, found[case["id"]])} for name, found in finds.items()}
    by_peers = set().union(*(right[peer] for peer in PEERS))
    hard = {case["id"] for case in dated} - by_peers
    print("# Dates in texts: gleaner and its peers\n")
    print("Made by `python3 benches/dates/run.py CORPORA > docs/dates.md`; the method is in that file's functions. A date that a peer gives as expected and gleaner does\nnot needs a reason in `benches/dates/apart.toml`, or the command fails.\n")
    print(f"{len(dated)} texts whose date, to the day, the suites of chrono and Recognizers-Text expect; {len(null)} texts in which they expect none;")
    print(f"{sum(case['ahead'] for case in asked)} more mean a time ahead of the fetch (\"in three days\", \"in 15 minutes\"), which is never an entry's.\n")
    print("| | span and day right | of them right | false positives | \n|---|---|---|---|")
    for name in ("gleaner", *PEERS):
        false = sum(bool(finds[name][case["id"]]) for case in null)
        print(f"| {name} | {len(right[name])} | {percent(len(right[name]), len(dated))} | {false} ({percent(false, len(null))}) |")
    for title, part in (("with the number of their day", names_a_day), ("counted from now, named or in words", lambda case: not names_a_day(case))):
        ids = {case["id"] for case in dated if part(case)}
        shares = ", ".join(f"{name} {percent(len(ids & right[name]), len(ids))}" for name in ("gleaner", *PEERS))
        alone = ids - by_peers
        print(f"\nOf the {len(ids)} dates {title}: {shares}; of the {len(ids & by_peers)} that any peer gets right, gleaner {percent(len(ids & by_peers & right['gleaner']), len(ids & by_peers))};", end=" ")
        print(f"of the {len(alone)} that none does, {percent(len(alone & right['gleaner']), len(alone))}.")
    best = max(PEERS, key=lambda peer: len(right[peer]))
    print(f"\nOf the {len(by_peers)} that any peer gets right, gleaner gets {len(by_peers & right['gleaner'])} ({percent(len(by_peers & right['gleaner']), len(by_peers))});", end=" ")
    print(f"of the {len(right[best])} of the best, {best}, {len(right[best] & right['gleaner'])} ({percent(len(right[best] & right['gleaner']), len(right[best]))});", end=" ")
    print(f"of the {len(hard)} that no peer gets right, {len(hard & right['gleaner'])} ({percent(len(hard & right['gleaner']), len(hard))}).\n")
    print("| language | texts | " + " | ".join(("gleaner", *PEERS)) + " |\n|---|---|---|---|---|---|")
    for lang in sorted({case["lang"] for case in dated}):
        ids = {case["id"] for case in dated if case["lang"] == lang}
        print(f"| {lang} | {len(ids)} | " + " | ".join(percent(len(ids & right[name]), len(ids)) for name in ("gleaner", *PEERS)) + " |")
    print("\nAsked with `--ahead`, as the peers are: what the text says, not what may be published. The suites' plain English is `en-US`.")
    print("Not read on purpose: weekdays alone, holidays, days of a month that no calendar has.")
    print("\n## What a peer gives as expected and gleaner does not, and why\n")
    unexplained = explained([case for case in dated if case["id"] in by_peers - right["gleaner"]], finds, right)
    ambiguous = sum("two dates" in case["reason"] for case in dated)
    print(f"\ngleaner refuses {ambiguous} of the texts because day and month cannot be told apart, and says so.")
    total, right_years, beyond, found_any, missed = yearless(options.corpora, options.gleaner)
    print("\n## Dates without a year\n")
    print(f"`yearless.jsonl`: {total} texts with the publication date that the last such day up to a week ahead gives. gleaner: {right_years} right;")
    print(f"{beyond} of the others lie more than a day ahead of the fetch; {len(missed)} are wrong or not found.")
    if options.missed:
        with options.missed.open("w") as out:
            for case in asked:
                if case["truth"] is None and finds["gleaner"][case["id"]]:
                    out.write(f"FALSE {case['lang']} {case['now'][:10]} {case['input']!r} {finds['gleaner'][case['id']]}\n")
            for case in dated:
                if case["id"] not in right["gleaner"]:
                    who = "".join(peer[0] for peer in PEERS if case["id"] in right[peer])
                    out.write(f"MISS[{who}]{'N' if names_a_day(case) else 'R'} {case['suite'][0]} {case['lang']} {case['now'][:10]} {case['input']!r} {case['truth']} {finds['gleaner'][case['id']]}\n")
            for row, date in missed:
                out.write(f"YEAR {row['lang']} {row['now']} {row['input']!r} {row['pub']} {row['md']} {row['md_end']} {date}\n")
    if unexplained:
        sys.exit("apart.toml is to be mended, it lacks or need not have: " + ", ".join(unexplained))


if __name__ == "__main__":
    main()
