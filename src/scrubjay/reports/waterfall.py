"""A what-if as a waterfall picture (SVG) and as one HTML page with the picture above its tables.

A bar from the left is what is paid in all before; below it stand the largest changes, first those of the
professional side, then those of the hospital's, each beginning where the one above it ended; the last bar is what is
paid in all after. Colour, pattern and words all say which side a bar belongs to, so that none of them is needed.
Codes and names of sites are data: they are escaped, and control characters become '?'.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from scrubjay import __version__
from scrubjay.errors import printable
from scrubjay.whatif import Sums, WhatIf, change_text, net_text, site_label, units_text

SHOWN = 8  # changes with a bar of their own
_FOLDER = Path(__file__).parent
_SIDES = ("professional", "facility")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is about, and from which amount to which it goes."""

    kind: str  # total, professional, facility
    label: str
    start: Decimal
    end: Decimal

    @property
    def amount_text(self) -> str:
        """The amount of a total, or the change with its sign."""
        return f"{self.end:,.2f}" if self.kind == "total" else _signed(self.end - self.start)


def waterfall_bars(found: WhatIf) -> list[Bar]:
    """The bars from top to bottom: before, the largest changes of each side and the rest of it, after."""
    totals = found.totals
    changes = [
        (side, one, change)
        for one in found.codes
        for side in _SIDES
        if (change := getattr(one, side).change)  # of the lines that are known; none of them: 0
    ]
    changes.sort(key=lambda each: -abs(each[2]))
    shown, rest = changes[:SHOWN], changes[SHOWN:]
    level = totals.professional.before + totals.facility.before
    bars = [Bar("total", "paid in all, before", Decimal(0), level)]
    for side in _SIDES:
        steps = [(_code_label(one, side), change) for of, one, change in shown if of == side]
        left = [change for of, _, change in rest if of == side]
        if left:
            codes = f"{len(left):,} other code{'' if len(left) == 1 else 's'}"
            steps.append((codes, sum(left, Decimal(0))))
        for label, change in steps:
            bars.append(Bar(side, label, level, level + change))
            level += change
    return [*bars, Bar("total", "paid in all, after", Decimal(0), level)]


def _code_label(one: Sums, side: str) -> str:
    label = one.key or "no code"
    return f"{label} as {one.outpatient_code}" if side == "facility" and one.outpatient_code else label


def _signed(change: Decimal) -> str:
    return change_text(change).replace("-", "−")


# --- the picture --------------------------------------------------------------------------------------

_WIDTH, _LEFT, _RIGHT = 760, 214, 126  # of the picture; of the words; of the numbers
_ROW, _BAR, _LINE = 30, 18, 20
_SHORTEST = 1.5  # a change that is too small to be seen
_LONGEST_LABEL = 22
# Light colours stand on the elements; where the screen is dark these go before them. Blue and orange of Okabe and Ito.
_STYLE = """\
.waterfall { font-family: system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.waterfall .number { font-variant-numeric: tabular-nums; }
@media screen and (prefers-color-scheme: dark) {
  .waterfall .ground { fill: #1c242c; }
  .waterfall .cut { stroke: #1c242c; }
  .waterfall .ink { fill: #e6ebf0; }
  .waterfall .soft { fill: #a9b6c2; }
  .waterfall .grid { stroke: #3a4753; }
  .waterfall .link, .waterfall .edge { stroke: #e6ebf0; }
  .waterfall .total { fill: #8b98a5; }
  .waterfall .professional { fill: #56b4e9; }
  .waterfall .facility { fill: #e69f00; }
  .waterfall .hatch { stroke: #4a3200; }
}"""
_SOLID = {"total": "#5f6b76", "professional": "#0072b2", "facility": "#e69f00"}
_FILL = {**_SOLID, "facility": "url(#waterfall-hatch)"}
_LEGEND = (("professional", "professional side"), ("facility", "facility side (hospital)"), ("total", "both sides"))
_EDGE = 'class="edge {}" stroke="#1b2733" stroke-width="0.75"'


def waterfall_svg(found: WhatIf, *, has_title: bool = True) -> str:
    """The waterfall as an SVG document; it stands by itself, and within a page that says its title."""
    bars = waterfall_bars(found)
    title = _title_lines(found.title) if has_title else []
    axis = _Axis.of(bars)
    notes = _picture_notes(found)
    if axis.first:
        notes.append(f"The axis begins at {axis.first:,.0f}, not at 0: the grey bars are cut off on the left.")
    top = 50 + _LINE * len(title)
    bottom = top + _ROW * len(bars)
    height = bottom + 30 + 16 * len(notes) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="waterfall" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" aria-labelledby="waterfall-title waterfall-desc" font-size="13">',
        f'<title id="waterfall-title">{_text(found.title)}</title>',
        f'<desc id="waterfall-desc">{_text(_description(bars, notes))}</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><pattern id="waterfall-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect class="facility" width="6" height="6" fill="{_SOLID["facility"]}"/>'
        '<path class="hatch" d="M1 0V6" stroke="#6b4500" stroke-width="2"/></pattern></defs>',
        f'<rect class="ground" width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, text in enumerate(title, 1):
        lines.append(_words(16, 12 + _LINE * number, text, "ink", 'font-size="16" font-weight="600"'))
    lines += _legend(24 + _LINE * len(title))
    for amount in axis.ticks:
        x = axis.x(amount)
        lines.append(f'<path class="grid" d="M{x:.1f} {top - 4}V{bottom}" stroke="#d5dce3"/>')
        lines.append(_words(x, bottom + 16, f"{amount:,.0f}", "soft", 'font-size="11" text-anchor="middle"'))
    for number, bar in enumerate(bars):
        lines += _bar(bar, axis, top + _ROW * number, is_last=number == len(bars) - 1)
    for number, text in enumerate(notes, 1):
        lines.append(_words(16, bottom + 24 + 16 * number, text, "soft", 'font-size="12"'))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _title_lines(title: str) -> list[str]:
    return textwrap.wrap(printable(title), 70, max_lines=3, placeholder=" …", break_on_hyphens=False)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Amounts along the picture."""

    first: Decimal
    last: Decimal
    ticks: tuple[Decimal, ...]

    @classmethod
    def of(cls, bars: list[Bar]) -> _Axis:
        """An axis from 0, or from further up where the changes would be too small to be seen otherwise."""
        levels = [amount for bar in bars for amount in (bar.start, bar.end) if bar.kind != "total" or amount]
        low, high = min([*levels, Decimal(0)]), max([*levels, Decimal(0)])
        first = low
        spread = high - min(levels, default=high)
        if low == 0 and 0 < spread < high / 5:
            first = max(Decimal(0), high - spread * 2)
        step = _nice((high - first) / 4 or Decimal(1))
        first = first // step * step
        count = int((high - first) / step) + 1
        ticks = tuple(first + step * number for number in range(count + (first + step * (count - 1) < high)))
        return cls(first, max(high, ticks[-1]), ticks)

    def x(self, amount: Decimal) -> float:
        room = _WIDTH - _LEFT - _RIGHT
        span = self.last - self.first or Decimal(1)
        return _LEFT + float((max(amount, self.first) - self.first) / span * room)


def _nice(step: Decimal) -> Decimal:
    """The next number of 1, 2, 5, 10, 20 … that is not less.

    >>> [int(_nice(Decimal(step))) for step in ("34.2", "0.7", "100")]
    [50, 1, 100]
    """
    power = Decimal(1).scaleb(max(step.adjusted(), 0))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= step)


def _bar(bar: Bar, axis: _Axis, y: int, is_last: bool) -> Iterator[str]:
    """A bar with its words on the left, its number on the right, and the line to the next."""
    low, high = sorted((axis.x(bar.start), axis.x(bar.end)))
    width, top = max(high - low, _SHORTEST if bar.kind != "total" else 0), y + (_ROW - _BAR) // 2
    middle = y + _ROW // 2 + 4
    label = bar.label if len(bar.label) <= _LONGEST_LABEL else f"{bar.label[:_LONGEST_LABEL]}…"
    yield _words(16, middle, label, "ink", 'font-weight="600"')
    if bar.kind != "total":
        yield _words(_LEFT - 10, middle, bar.kind, "soft", 'font-size="11" text-anchor="end"')
    edge = _EDGE.format(bar.kind if bar.kind != "facility" else "hatched")
    yield f'<rect {edge} x="{low:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{_FILL[bar.kind]}"/>'
    if bar.kind == "total" and axis.first:
        x = low + 10
        yield f'<path class="cut" d="M{x - 3:.1f} {top + _BAR + 1}L{x + 3:.1f} {top - 1}" stroke="#ffffff" stroke-width="4"/>'
    yield _words(low + width + 6, middle, bar.amount_text, "ink number")
    if not is_last:
        at = axis.x(bar.end)
        yield (
            f'<path class="link" d="M{at:.1f} {top + _BAR}V{top + _ROW}" stroke="#1b2733" stroke-width="1" '
            'stroke-dasharray="2 2"/>'
        )


def _legend(y: int) -> Iterator[str]:
    x = 16.0
    for kind, words in _LEGEND:
        edge = _EDGE.format(kind if kind != "facility" else "hatched")
        yield f'<rect {edge} x="{x}" y="{y}" width="22" height="12" fill="{_FILL[kind]}"/>'
        yield _words(x + 28, y + 11, words, "ink", 'font-size="12"')
        x += 52 + 6.6 * len(words)


def _words(x: float, y: float, text: str, css: str, attributes: str = "") -> str:
    fill = "#51606e" if css == "soft" else "#1b2733"
    return f'<text class="{css}" x="{x:g}" y="{y:g}" fill="{fill}" {attributes}>{_text(text)}</text>'.replace(" >", ">")


def _text(text: str) -> str:
    return escape(printable(text), quote=True)


def _description(bars: list[Bar], notes: list[str]) -> str:
    said = [f"{bar.label}{'' if bar.kind == 'total' else f', {bar.kind}'}: {bar.amount_text}" for bar in bars]
    return " ".join(["Waterfall chart of what Medicare pays.", *(f"{one}." for one in said), *notes])


def _picture_notes(found: WhatIf) -> list[str]:
    """What must stand below the picture, too: whose rates it shows, and over how many lines."""
    sides = (("professional", found.totals.professional), ("facility", found.totals.facility))
    known = ", ".join(f"{name} {side.known_lines:,} of {side.lines:,}" for name, side in sides)
    return [f"Lines that are known: {known}.", "US dollars; the hospital's side at national rates, without wage index."]


# --- the page -----------------------------------------------------------------------------------------


def whatif_page(found: WhatIf) -> Iterator[str]:
    """The what-if as one HTML page that holds all it needs: the picture, the tables, and what is not known."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters.update(change=_change, net=_net, units=units_text, hash=_hash, amount=_amount, signed=_signed)
    tables = [("By code", "code", [(one.key or "no code", one) for one in found.codes])]
    if found.question.site is None:
        tables.append(("By site", "site", [(site_label(one.key, one.name), one) for one in found.sites]))
    yield from environment.get_template("whatif.html").generate(
        version=__version__,
        found=found,
        totals=found.totals,
        tables=tables,
        picture=Markup(waterfall_svg(found, has_title=False)),  # noqa: S704 escaped above
        picture_style=_STYLE,
    )


def _amount(side: Any, which: str) -> str:
    """What a side is paid before or after."""
    return "not known" if side.is_unknown else f"{getattr(side, which):,.2f}"


def _change(side: Any) -> str:
    return "not known" if side.is_unknown else _signed(side.change)


def _net(sums: Sums) -> str:
    return net_text(sums).replace("-", "−")


def _plain(given: Any) -> Any:
    return printable(given) if isinstance(given, str) and not hasattr(given, "__html__") else given


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
