"""What a date says, whichever way it is written: a day, a month, a year or a decade, as ISO 8601 has it.

"3 May 1999", "May 3, 1999" and "1999-05-03" are ``1999-05-03``; "May 1999" is ``1999-05``; "the 1990s" are ``1990s``.
"Wednesday", "last year" and "3 May" have no value of their own: which day they mean, only their document can tell.
"""

import re
from collections.abc import Sequence
from datetime import date

from relex_kg.canon import lexicon
from relex_kg.canon.normalise import fold

_NUMBER_OF_MONTH = {
    name: number for number, month in enumerate(lexicon.MONTHS, start=1) for name in (month, month[:3])
} | {"sept": 9}

_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_MONTH = rf"(?P<month>{'|'.join(sorted(_NUMBER_OF_MONTH, key=len, reverse=True))})\.?"
_YEAR = r"(?P<year>[12]\d{3})"
_WEEKDAY = rf"(?:(?:{'|'.join(sorted(lexicon.WEEKDAYS, key=len, reverse=True))})\.?,?\s+)?"
_FORMS = [
    re.compile(form)
    for form in (
        rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)",
        rf"{_YEAR}/(?P<month>\d\d?)/(?P<day>\d\d?)",
        rf"{_YEAR}-(?P<month>\d\d)",
        rf"(?P<day>\d\d?)\.\s?(?P<month>\d\d?)\.\s?{_YEAR}",
        rf"{_WEEKDAY}(?:the\s+)?{_DAY}(?:\s+of)?[\s-]+{_MONTH},?[\s-]+{_YEAR}",
        rf"{_WEEKDAY}{_MONTH}\s+(?:the\s+)?{_DAY},?\s+{_YEAR}",
        rf"(?:the\s+month\s+of\s+)?{_MONTH}(?:\s+of|,)?\s+{_YEAR}",
        rf"(?:the\s+year\s+)?(?:a\.?d\.?\s+)?{_YEAR}(?:\s+(?:a\.?d\.?|c\.?e\.?))?",
        r"(?:the\s+)?(?P<decade>[12]\d\d0)['’]?s",
    )
]
_SLASHED = re.compile(rf"(?P<first>\d\d?)/(?P<second>\d\d?)/{_YEAR}")

_YEAR_IN_TEXT = re.compile(r"\d{3}")


def date_value(surface: str) -> str:
    """The day, month, year or decade that a date names, or nothing where it names none or more than one.

    "3/5/1999" may be a day in March or in May and has no value; "13/5/1999" and "3.5.1999" have.
    """
    text = fold(surface)
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _value(match.groupdict())
    if match := _SLASHED.fullmatch(text):
        first, second, year = (int(match[part]) for part in ("first", "second", "year"))
        days = {day for day in (_day(year, second, first), _day(year, first, second)) if day}
        return days.pop() if len(days) == 1 else ""
    return ""


def _value(parts: dict[str, str | None]) -> str:
    if decade := parts.get("decade"):
        return f"{decade}s"
    year, month, day = parts["year"], parts.get("month"), parts.get("day")
    if not year or not month:
        return year or ""
    number = _NUMBER_OF_MONTH.get(month) or int(month)
    if not day:
        return f"{year}-{number:02}" if 1 <= number <= len(lexicon.MONTHS) else ""
    return _day(int(year), number, int(day))


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def depends_on_document(tokens: Sequence[str]) -> bool:
    """Whether only the document can tell which time is meant: "Wednesday", "3 May", "last year", "two days ago".

    A time with a year in it stands for itself ("the summer of 1999"), and so does a length of time ("two years").
    """
    if any(_YEAR_IN_TEXT.search(token) for token in tokens):
        return False
    words = set(tokens)
    names_a_time = words & (lexicon.MOVING_TIMES | lexicon.WEEKDAYS | _NUMBER_OF_MONTH.keys())
    return bool(names_a_time or (words & lexicon.TIME_POINTERS and words & lexicon.TIME_WORDS))
