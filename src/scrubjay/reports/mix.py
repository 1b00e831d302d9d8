"""The mix of place of service codes at a site over the months, as an SVG picture for the HTML report.

A bar is a month: the hospital's codes from below, then the office, then the rest, each with its number of
lines; the number of all lines stands above it. Dates of the sites registry are lines across the bars. The
colours stand in page.css, so that the page needs no style of its own for the picture; codes and numbers
are written into the bars, so that no colour is needed to read them.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from html import escape

from scrubjay.engine import Row
from scrubjay.errors import printable
from scrubjay.reports.wording import count

MOST_MONTHS = 24  # bars that still have room for their numbers
_PARTS = (("19", "POS 19"), ("22", "POS 22"), ("11", "POS 11"), ("other", "another code"))  # from below
_EVENTS = {
    "provider_based_from": "provider-based from {}",
    "provider_based_to": "provider-based until {}",
    "relocated_date": "moved on {}",
    "ownership_changed_date": "changed hands on {}",
}
_WIDTH, _LEFT, _RIGHT = 760, 48, 16  # of the picture; of its margins
_HIGH, _ROW = 180, 18  # of a bar of 100 percent; of a line of words
_WIDEST = 72  # a bar
_ROOM = 15  # a part of a bar that is lower has no words in it


def mix_svg(mix: Row, number: int, label: str) -> str:
    """The picture of one site; ``number`` makes its ids its own, ``label`` is the site in words."""
    lines, whose = counted(mix)
    months = _months(lines)
    left_out = len(months) - MOST_MONTHS
    months = months[-MOST_MONTHS:]
    bars = [_bar(lines, month) for month in months]
    first, last = _day(months[0]), _day(months[-1], is_last=True)
    dates = [(dt.date.fromisoformat(one["date"]), one["event"]) for one in mix["dates"]]
    marks = [(day, event) for day, event in dates if first <= day <= last]
    notes = [f"Lines counted: {whose}."]
    if left_out > 0:
        notes.append(f"The first {count(left_out, 'month')} are left out.")
    notes += [f"{_words(event, day)}, {'before' if day < first else 'after'} these months." for day, event in dates
              if not first <= day <= last]  # fmt: skip
    top = 34 + _ROW * len(marks) + 22
    bottom = top + _HIGH
    height = bottom + 38 + 16 * len(notes)
    slot = (_WIDTH - _LEFT - _RIGHT) / len(months)
    title = f"Place of service codes at {label} by month"
    parts = [
        f'<svg class="mix" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="mix-{number}-title mix-{number}-desc">',
        f'<title id="mix-{number}-title">{_text(title)}</title>',
        f'<desc id="mix-{number}-desc">{_text(_description(months, bars, dates, notes))}</desc>',
        *_legend({part for bar in bars for part, lines in bar.items() if lines}),
    ]
    for percent in (0, 50, 100):
        y = bottom - _HIGH * percent / 100
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text class="soft" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent}%</text>')
    words: list[str] = []  # they stand before the bars and the dates
    for at, (month, bar) in enumerate(zip(months, bars, strict=True)):
        middle = _LEFT + slot * (at + 0.5)
        for rectangle, text in _drawn(bar, middle, min(slot * 0.8, _WIDEST), bottom):
            parts.append(rectangle)
            words.append(text)
        centred = f'x="{middle:.1f}" text-anchor="middle"'
        words.append(f'<text class="ink" {centred} y="{top - 6}">{sum(bar.values()):,}</text>')
        words.append(f'<text class="ink" {centred} y="{bottom + 16}">{calendar.month_abbr[int(month[5:])]}</text>')
        if at == 0 or month.endswith("-01"):
            words.append(f'<text class="soft" {centred} y="{bottom + 31}">{month[:4]}</text>')
    for row, (day, event) in enumerate(marks):
        x = _LEFT + slot * (months.index(f"{day:%Y-%m}") + (day.day - 1) / calendar.monthrange(day.year, day.month)[1])
        y = 34 + _ROW * (row + 1)
        is_right = x > _WIDTH / 2
        parts.append(f'<path class="mark" d="M{x:.1f} {y - 10}V{bottom}"/>')
        words.append(
            f'<text class="ink" x="{x + (-5 if is_right else 5):.1f}" y="{y}" '
            f'text-anchor="{"end" if is_right else "start"}">{_words(event, day)}</text>'
        )
    parts += filter(None, words)
    for row, note in enumerate(notes, 1):
        parts.append(f'<text class="soft" x="{_LEFT}" y="{bottom + 34 + 16 * row}">{_text(note)}</text>')
    return "\n".join([*parts, "</svg>"])


def counted(mix: Row) -> tuple[list[Row], str]:
    """The lines a picture shows, and whose they are: those of Medicare Part B where there are any, else all."""
    medicare = [one for one in mix["lines"] if one["payer_program"] == "medicare_part_b"]
    whose = "Medicare Part B" if medicare else "all payers"
    return medicare or mix["lines"], f"{whose}, codes that go by the building"


def _months(lines: list[Row]) -> list[str]:
    """Every month from the first to the last, also those without a line."""
    first, last = min(one["month"] for one in lines), max(one["month"] for one in lines)
    numbers = [int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last)]
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(numbers[0], numbers[1] + 1)]


def _day(month: str, is_last: bool = False) -> dt.date:
    year, number = int(month[:4]), int(month[5:])
    return dt.date(year, number, calendar.monthrange(year, number)[1] if is_last else 1)


def _bar(lines: list[Row], month: str) -> dict[str, int]:
    """How many lines of a month carry each code, from below."""
    bar = {part: 0 for part, _ in _PARTS}
    for one in lines:
        if one["month"] == month:
            code = one["place_of_service_code"]
            bar[code if code in bar else "other"] += one["lines"]
    return bar


def _drawn(bar: dict[str, int], middle: float, width: float, bottom: float) -> Iterator[tuple[str, str]]:
    """The parts of a bar from below, each with its words; too low or too narrow, it has none."""
    total = sum(bar.values())
    y = bottom
    for part, lines in bar.items():
        if not lines:
            continue
        high = _HIGH * lines / total
        y -= high
        text = f"{part}: {lines:,}" if part != "other" else f"{lines:,}"
        has_room = high >= _ROOM and width >= 6.5 * len(text)
        yield (
            f'<rect class="pos-{part}" x="{middle - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}" height="{high:.1f}"/>',
            f'<text class="on-{part}" x="{middle:.1f}" y="{y + high / 2 + 4:.1f}" text-anchor="middle">{text}</text>'
            if has_room
            else "",
        )


def _legend(present: set[str]) -> Iterator[str]:
    x = float(_LEFT)
    for part, words in _PARTS:
        if part in present:
            yield f'<rect class="pos-{part}" x="{x:.1f}" y="8" width="18" height="12"/>'
            yield f'<text class="ink" x="{x + 24:.1f}" y="18">{words}</text>'
            x += 44 + 7 * len(words)
    yield f'<text class="soft" x="{_WIDTH - _RIGHT}" y="18" text-anchor="end">share of the lines of a month, with their number</text>'


def _words(event: str, day: dt.date) -> str:
    return _EVENTS[event].format(day)


def _description(
    months: list[str], bars: list[dict[str, int]], dates: list[tuple[dt.date, str]], notes: list[str]
) -> str:
    names = dict(_PARTS)
    said = []
    for month, bar in zip(months, bars, strict=True):
        found = ", ".join(f"{lines:,} at {names[part]}" for part, lines in bar.items() if lines)
        said.append(f"{month}: {found or 'no lines'}.")
    return " ".join([*said, *(f"{_words(event, day)}." for day, event in dates), *notes])


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
