#!/usr/bin/env python3
"""Writes `cldr.txt`, the words of dates in every language, from the Unicode CLDR.

    python3 generate.py FOLDER > cldr.txt

FOLDER holds the npm packages cldr-dates-full, cldr-cal-persian-full, cldr-cal-islamic-full and
cldr-cal-hebrew-full, each unpacked under its own name. Numbers in words come from the ICU that PyICU finds.
The format is described in `mod.rs`; the output is committed, so that building gleaner needs none of this.
"""

import json
import pathlib
import re
import sys
from collections import defaultdict

UNITS = {"second": "s", "minute": "i", "hour": "h", "day": "d", "week": "w", "month": "m", "year": "y"}
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# Weeks, months and years counted from the present one: the next month tells a day, the next year none.
PERIODS = {"w": ("-1", "0"), "m": ("-1", "0", "1"), "y": ("-1",)}
PLURALS = {"zero": "0", "one": "1", "two": "2"}
LAST_DAY_IN_WORDS = 31


def load(path, locale):
    return json.loads(path.read_text())["main"][locale]["dates"]


def clean(text):
    text = re.sub("[\u200e\u200f\u061c\u200b]", "", text)
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " ")).strip().rstrip(".").lower()


def add(section, key, names):
    for name in names:
        name = clean(name)
        if name and re.search(r"\w", name) and "|" not in name and name not in section[key]:
            section[key].append(name)


def without_first(text, others):
    """A phrase without the small word before it, so far as the rest is no part of another: "el lunes pasado"."""
    rest = re.sub(r"^\w{1,2} (?=\S+ \S)", "", text)
    return text if any(rest in other for other in others if other != text) else rest


def is_placeholder(name):
    return re.fullmatch(r"m\d\d?", name.lower()) is not None


def patterns_of(calendar):
    """A language's patterns of whole dates and of their parts, by skeleton."""
    value = lambda pattern: pattern["_value"] if isinstance(pattern, dict) else pattern
    whole = {name: value(pattern) for name, pattern in calendar["dateFormats"].items()}
    parts = calendar["dateTimeFormats"]["availableFormats"]
    return whole, {name: value(pattern) for name, pattern in parts.items() if "_value" in pattern or isinstance(pattern, str)}


def parts_of(pattern):
    """A pattern as (is_literal, text) pieces."""
    for piece in re.findall(r"'[^']*'|(?:G+|y+|M+|L+|E+|c+|d+|W+)|[^A-Za-z']+", pattern):
        if piece.startswith("'"):
            yield True, piece.strip("'")
        else:
            yield not piece[0].isascii() or not piece[0].isalpha(), piece


def attached(calendar):
    """Literals that a language's date patterns write tight before and after a month's name."""
    whole, parts = patterns_of(calendar)
    before, after = set(), set()
    for pattern in (*whole.values(), *parts.values()):
        pieces = list(parts_of(pattern))
        for index, (is_literal, piece) in enumerate(pieces):
            if is_literal or not re.fullmatch("MMMM?|LLLL?", piece):
                continue
            if index > 0 and pieces[index - 1][0] and (found := re.search(r"[^\W\d_]+$", pieces[index - 1][1])):
                before.add(found.group())
            if index + 1 < len(pieces) and pieces[index + 1][0] and (found := re.match(r"[^\W\d_]+", pieces[index + 1][1])):
                after.add(found.group())
    return sorted(before), sorted(after)


def literals(calendar):
    """Words that stand between the parts of a date in a language's patterns."""
    found = set()
    whole, parts = patterns_of(calendar)
    patterns = [*whole.values(), *(v for k, v in parts.items() if re.fullmatch(r"y?M+(E+)?d?", k))]
    for pattern in patterns:
        for quoted in re.findall(r"'([^']+)'", pattern):
            found.update(re.findall(r"[^\W\d_]+", quoted))
        found.update(re.findall(r"[^\W\d_A-Za-z]+", re.sub(r"'[^']*'", " ", pattern)))
    return sorted(found)


def order(calendar):
    """The order of year, month and day in a language's short dates: "dmy"."""
    pattern = re.sub(r"'[^']*'", "", patterns_of(calendar)[0]["short"])
    letters = re.findall("[yMd]", pattern)
    return "".join(dict.fromkeys(letters)).lower()


def times(section, calendar):
    """What a language writes between a date and a time, and its halves of the day."""
    glue = calendar["dateTimeFormats-atTime"]["standard"]["full"].replace("'", "")
    if found := re.fullmatch(r"\{1\},? ([^{}]*[^\W\d_][^{}]*) \{0\}.*", glue):
        add(section, "at", [found.group(1)])
    for half in ("am", "pm"):
        names = (calendar["dayPeriods"]["format"][width][half] for width in ("abbreviated", "wide"))
        # Every language has the English ones.
        add(section, half, [name for name in names if len(name) > 1 and name.lower().strip(".") not in ("am", "pm", "a.m", "p.m")])


def gregorian(section, folder, locale):
    path = folder / "ca-gregorian.json"
    calendar = load(path, locale)["calendars"]["gregorian"]
    if is_placeholder(calendar["months"]["format"]["wide"]["1"]):
        return False
    before, after = attached(calendar)
    for context in ("format", "stand-alone"):
        for width, mark in (("wide", "M"), ("abbreviated", "m")):
            for number, name in calendar["months"][context][width].items():
                if is_placeholder(name):
                    continue
                # "3月" is a number and a mark; the grammar reads those.
                if re.fullmatch(r"\d+[^\W\d]", clean(name)):
                    continue
                add(section, f"{mark}{number}", [name])
                bare = name.strip(".")
                add(section, f"{mark}{number}", [p + bare for p in before])
                if width == "wide":
                    add(section, f"{mark}{number}", [bare + s for s in after])
            for index, day in enumerate(WEEKDAYS, 1):
                name = calendar["days"][context][width][day]
                if len(clean(name)) > 1 or not clean(name).isascii():
                    add(section, f"w{index}", [name])
    add(section, "l", literals(calendar))
    times(section, calendar)
    section.setdefault("o", [order(calendar)])
    return True


def relative(section, folder, locale):
    fields = load(folder / "dateFields.json", locale)["fields"]
    texts = {text for field in fields.values() for kind, text in field.items() if kind.startswith("relative-type-")}
    units = defaultdict(set)
    for name, field in fields.items():
        kind = name.removesuffix("-short")
        if kind in WEEKDAYS:
            for way, mark in (("-1", "v"), ("1", "z")):
                if text := field.get(f"relative-type-{way}"):
                    add(section, f"{mark}{WEEKDAYS.index(kind) + 1}", [without_first(text, texts)])
        unit = UNITS.get(name.split("-")[0])
        if unit is None:
            continue
        # A narrow "last w" is no words.
        if not name.endswith("-narrow"):
            names = {way: without_first(field.get(f"relative-type-{way}", ""), texts) for way in ("-1", "0", "1")}
            for way in PERIODS.get(unit, ()):
                add(section, f"r{unit}{way}", [names[way]])
            # Where "last week" begins with the week, or is "weeks ago", a number before it counts weeks: "2 tuần trước".
            first = {way: name.split(" ")[0] for way, name in names.items()}
            is_first = len(first["-1"]) > 2 and first["-1"] in (first["0"], first["1"])
            counted = {clean(pattern) for pattern in field.get("relativeTime-type-past", {}).values()}
            if unit in PERIODS and (is_first or f"{{0}} {clean(names['-1'])}" in counted):
                add(section, f"a{unit}1", [names["-1"]])
        if unit == "d":
            for key, text in field.items():
                match = re.fullmatch(r"relative-type-(-?\d)", key)
                if match:
                    add(section, f"n{match.group(1)}", [text])
        if unit == "s" and "relative-type-0" in field:
            add(section, "s0", [field["relative-type-0"]])
        for tense, mark in (("past", "a"), ("future", "b")):
            for key, pattern in field.get(f"relativeTime-type-{tense}", {}).items():
                plural = PLURALS.get(key.rsplit("-", 1)[1])
                text = clean(pattern.replace("({0})", "") if plural in ("1", "2") else pattern)
                if "{0}" in text:
                    if found := re.search(r"\{0\} ([^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\ud7a3]{3,})(?!\w)", text):
                        units[found.group(1)].add(unit)
                    # "-3 h" and "+3 h" are no words.
                    if re.search(r"[^\W\d_]", text.replace("{0}", "")) and not re.match(r"^[-−–+]", text):
                        add(section, f"{mark}{unit}", [text])
                elif plural is not None and re.search(r"[^\W\d_]{2}", text) and unit not in ("s",):
                    add(section, f"{mark}{unit}{plural}", [text])


    # What follows the number of one unit alone is its name: "days" of "3 days ago".
    for name, of in units.items():
        if len(of) == 1:
            add(section, f"u{''.join(of)}", [name])


def other_calendar(section, packages, package, name, letter, locale):
    path = packages / package / "main" / locale / f"ca-{name}.json"
    if not path.exists():
        return
    months = load(path, locale)["calendars"][name]["months"]
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, text in months[context][width].items():
                text = clean(text)
                is_name = number.isdigit() and not is_placeholder(text) and not re.search(r"\d", text)
                if is_name and (len(text) > 3 or not text.isascii()):
                    add(section, f"{letter}{number}", [text])


def numbers_in_words(section, language):
    try:
        import icu
    except ImportError:
        sys.exit("PyICU is missing (Debian: python3-icu)")
    available = {str(name).split("_")[0] for name in icu.Locale.getAvailableLocales()}
    if language not in available:
        return
    spell = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
    sets = [spell.getRuleSetName(i) for i in range(spell.getNumberOfRuleSetNames())]
    plain = clean(spell.format(5))
    if re.fullmatch(r"\d+", plain) or (language != "en" and plain == "five"):
        return
    for rule in sets:
        kind = "q" if "ordinal" in rule else "c" if "cardinal" in rule else None
        if kind is None or "financial" in rule or "year" in rule or "verbose" in rule:
            continue
        for number in range(1, LAST_DAY_IN_WORDS + 1):
            text = clean(spell.format(number, rule).replace("\u00ad", ""))
            if not re.search(r"\d", text):
                add(section, f"{kind}{number}", [text])


def check(language, section):
    seen = {}
    for key, names in section.items():
        if key[0] not in "Mm":
            continue
        for name in list(names):
            month = key[1:]
            if seen.setdefault(name, month) != month:
                print(f"{language}: `{name}` is month {seen[name]} and {month}; left out", file=sys.stderr)
                names.remove(name)
        wide = section.get(f"M{key[1:]}", [])
        if key[0] == "m":
            section[key] = [name for name in names if name not in wide]


def main():
    packages = pathlib.Path(sys.argv[1])
    main_folder = packages / "cldr-dates-full" / "main"
    sections = defaultdict(lambda: defaultdict(list))
    for folder in sorted(main_folder.iterdir()):
        locale = folder.name
        language = locale.split("-")[0]
        if language in ("und", "tok", "vo", "jbo", "kgp") or not (folder / "ca-gregorian.json").exists():
            continue
        section = sections[language]
        if gregorian(section, folder, locale):
            relative(section, folder, locale)
        other_calendar(section, packages, "cldr-cal-persian-full", "persian", "P", locale)
        other_calendar(section, packages, "cldr-cal-islamic-full", "islamic", "I", locale)
        other_calendar(section, packages, "cldr-cal-hebrew-full", "hebrew", "H", locale)
    for language, section in sections.items():
        # Transliterations that are English ones are read everywhere as those, and what is not translated yet.
        is_english = re.compile(r"[HIPrvz]|a[wmy]1$")
        for key in [key for key in section if is_english.match(key) and language != "en"]:
            section[key] = [name for name in section[key] if name not in sections["en"][key]]
    print("# The words of dates by language, made by generate.py from Unicode CLDR 48.2 (LICENSE-UNICODE).")
    for language, section in sorted(sections.items()):
        if "w1" not in section:
            continue
        numbers_in_words(section, language)
        check(language, section)
        print(f"@{language}")
        for key in sorted(section):
            if section[key]:
                print(f"{key} {'|'.join(section[key])}")


if __name__ == "__main__":
    main()
