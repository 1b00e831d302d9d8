"""The words of an address in their short form: what `plain_address` in `facts/05_addresses.sql` looks up.

``data/address_words.csv`` is our own compilation: the street suffixes, directions and unit
designators of USPS Publication 28 (appendices B, C1 and C2) with the spellings people write, number
words, and a few words of hospitals. It serves comparison only, so one word may stand for two things
as long as every address is treated alike: ``ST`` is Street and Saint, ``#`` is any suite, unit,
apartment or room.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ADDRESS_WORDS_FILE = Path(__file__).parent / "data" / "address_words.csv"


@cache
def address_words() -> pa.Table:
    """Each word that has a shorter form (``word``), and that form (``plain``)."""
    import pyarrow.csv as pa_csv

    return pa_csv.read_csv(ADDRESS_WORDS_FILE, convert_options=pa_csv.ConvertOptions(strings_can_be_null=False))
