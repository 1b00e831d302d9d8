"""Public X12 files that nobody here wrote: nothing raises, nothing is lost, others count the same."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyx12.errors import X12Error
from pyx12.x12file import X12Reader

from scrubjay.formats import read_files, x12
from tests.formats.x12_text import LINE_TABLES, Reading, assert_offsets, small_file

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"
LIST = CORPUS / "x12.tsv"

needs_corpus = pytest.mark.skipif(not LIST.is_file(), reason="the shared corpus of public claim files is not here")


@dataclass(frozen=True)
class Listed:
    """One file of the corpus, as its list describes it."""

    path: str
    kind: str
    claims: str
    places: str

    @property
    def file(self) -> Path:
        return CORPUS / self.path

    def counted(self, what: str) -> int:
        """A count out of '3 clm/11 ln 2 fac(77/FA)' or '3 clp/10 svc'; 0 where it is not named."""
        found = re.search(rf"(\d+) {what}\b", self.claims)
        return int(found[1]) if found else 0


def read_list() -> list[Listed]:
    if not LIST.is_file():
        return []
    with LIST.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Listed(row["path"], row["kind"], row["claims"], row["pos"]) for row in rows]


LISTED = read_list()
CLAIM_FILES = [one for one in LISTED if one.kind.startswith("837")]

every_file = pytest.mark.parametrize("one", LISTED, ids=lambda one: one.path)
every_claim_file = pytest.mark.parametrize("one", CLAIM_FILES, ids=lambda one: one.path)

# Where we count otherwise than the list does, and why. Claims, service lines, remittance claims.
COUNT_DIFFERENCES: dict[str, tuple[tuple[int, int, int], str]] = {}

# Where our kind is not simply the transaction and guide of the list.
KINDS = {
    "x12/mimilabs+hccinfhir/sample_files/sample_837_12.txt": (
        "837P + 837I",
        "three transactions under one GS08 of 005010X222A1; two of them say 005010X223A2 in ST03",
    ),
    "x12/Inteligenz+X12Parser/INS/_837I/_5010/Spec_3.1.4_OutOfNetworkRepricedClaim.txt": (
        "837I",
        "ST03 says 005010X223 within a group that says 005010X222, and the claim is institutional",
    ),
}

# Files whose service lines contradict their guide: the list goes by the guide (GS08) and calls CLM05 a type of
# bill, we go by the lines, as no institutional claim has SV1 or SV3.
READ_BY_THEIR_LINES = {
    **{
        f"x12/mimilabs+hccinfhir/sample_files/sample_837_{n}.txt": "SV1 and CLM05-2 B under 005010X223A2"
        for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)
    },
    **{
        f"x12/Inteligenz+X12Parser/INS/_837D/_4010/{name}.txt": "SV3 (dental) under 004010X096A1"
        for name in (
            "Spec_4.1.1_PatientIsNotSubscriber",
            "Spec_4.1.2A_COB",
            "Spec_4.1.2B_COB",
            "Spec_4.1.4_OrthodonticTreatment",
            "Spec_4.2.2_Automobile",
        )
    },
}

# Where we count otherwise than the list does the service facilities, and why.
FACILITY_DIFFERENCES = {
    "x12/Inteligenz+X12Parser/INS/_837P/_4010/Spec_4.1.3B_COB_ClaimToPayerBFromBP.txt": (
        0,
        "its NM1*77 follows SBR: loop 2330G, the service facility by another payer's number",
    ),
}

# What pyx12's reader refuses, and its reason.
UNREADABLE_FOR_PYX12 = {
    "x12/Inteligenz+X12Parser/INS/_275/_4050/FromImplementationGuide_1.txt": "Version Number is unknown: 00405",
    "x12/Inteligenz+X12Parser/INS/_835/_4010/FromNth/835_DeIdent_01.dat": "Version Number is unknown: 99999",
    "x12/Inteligenz+X12Parser/INS/_837P/_4010/FromNth/837_DeIdent_03.dat": "Version Number is unknown: 99999",
    "x12/Inteligenz+X12Parser/INS/_837P/_4010/FromNth/837_DeIdent_04.dat": "Version Number is unknown: 99999",
    "x12/slott56+TigerShark/tests/837I-Patient-NotSubscriber.txt": "Version Number is unknown: ",  # ISA not padded
    "x12/slott56+TigerShark/tests/837I-Patient-Subscriber.txt": "Version Number is unknown: ",  # ISA not padded
    "x12/slott56+TigerShark/tests/TEST 278_13 TXNS.txt": "First line does not begin with 'ISA'",
}


def read(one: Listed) -> Reading:
    return Reading(read_files([one.file]))


def our_counts(found: Reading) -> tuple[int, int, int]:
    row = found.files[0]
    return row["claims"], row["lines"], row["remittances"]


@needs_corpus
def test_the_corpus_is_the_one_its_list_describes() -> None:
    assert len(LISTED) == 187
    assert len(CLAIM_FILES) == 82
    assert [one.path for one in LISTED if not one.file.is_file()] == []
    named = {*COUNT_DIFFERENCES, *KINDS, *READ_BY_THEIR_LINES, *FACILITY_DIFFERENCES, *UNREADABLE_FOR_PYX12}
    assert named <= {one.path for one in LISTED}


@needs_corpus
@every_file
def test_claims_and_lines_are_counted_as_in_the_list(one: Listed) -> None:
    listed = (one.counted("clm"), one.counted("ln"), one.counted("clp"))
    expected, reason = COUNT_DIFFERENCES.get(one.path, (listed, "as listed"))
    found = read(one)
    assert our_counts(found) == expected, reason
    assert our_counts(found) == listed or one.path in COUNT_DIFFERENCES
    claims, lines, _ = our_counts(found)
    assert len(found.claims) == claims
    dental = lines - sum(len(found.rows(table)) for table in LINE_TABLES)
    assert dental == 0 or {row["claim_type"] for row in found.claims} == {"dental"}


@needs_corpus
@every_file
def test_the_kind_of_a_file_is_what_its_transactions_are(one: Listed) -> None:
    code, _, guide = one.kind.partition(" ")
    code = code.partition("×")[0]
    if one.path in KINDS:
        expected = KINDS[one.path][0]
    elif code == "837":
        letters = {"X222": "P", "X098": "P", "X223": "I", "X096": "I", "X224": "D", "X097": "D"}
        expected = code + letters.get(guide[6:10], "")
    else:
        expected = code or "X12 without a transaction"
    assert read(one).files[0]["kind"] == expected


@needs_corpus
@every_file
def test_every_row_and_every_problem_says_where_it_stands(one: Listed) -> None:
    data = one.file.read_bytes()
    found = read(one)
    assert_offsets(found, {0: data})
    for row in found.problems:
        assert row["message"]
        assert row["advice"]
        if row["byte_offset"] is not None and row["segment"]:
            assert data[row["byte_offset"] :].startswith(row["segment"].encode())


@needs_corpus
@every_file
def test_a_file_without_claims_says_so(one: Listed) -> None:
    found = read(one)
    assert found.claims or found.problems


def listed_places(one: Listed, label: str) -> Counter[str]:
    """The codes behind a label in 'CLM05 11×1; line 13×1', without the qualifiers some are listed with."""
    for part in one.places.split("; "):
        if part.startswith(label + " "):
            pairs = (entry.rsplit("×", 1) for entry in part.removeprefix(label + " ").split(", "))
            return Counter({re.split("[>/:]", code)[0]: int(count) for code, count in pairs})
    return Counter()


@needs_corpus
@every_claim_file
def test_places_of_service_and_types_of_bill_are_those_of_the_list(one: Listed) -> None:
    found = read(one)

    def codes(rows: list[dict[str, Any]], column: str, length: int) -> Counter[str]:
        return Counter(row[column][:length] for row in rows if row[column])

    places, bills = listed_places(one, "CLM05"), listed_places(one, "TOB")
    if one.path in READ_BY_THEIR_LINES:
        assert bills
        places, bills = places + bills, Counter()
    assert codes(found.claims, "place_of_service_code", 9) == places
    assert codes(found.claims, "type_of_bill_code", 2) == bills
    assert codes(found.professional_lines, "place_of_service_code", 9) == listed_places(one, "line")


@needs_corpus
@every_claim_file
def test_service_facilities_are_those_of_the_list(one: Listed) -> None:
    found = read(one)
    rows = found.claims + found.professional_lines
    expected, reason = FACILITY_DIFFERENCES.get(one.path, (one.counted("fac"), "as listed"))
    assert sum(row["service_facility_byte_offset"] is not None for row in rows) == expected, reason


# --- a second opinion -------------------------------------------------------------------------------


def pyx12_counts(path: Path) -> tuple[int, int, int]:
    """Claims, service lines and remittance claims as pyx12's reader finds them."""
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    claims = lines = remittances = 0
    transaction = ""
    for segment in X12Reader(io.StringIO(raw.decode("latin-1"))):
        name = segment.get_seg_id()
        if name in ("ST", "SE"):
            transaction = segment.get_value("ST01") if name == "ST" else ""
        claims += transaction == "837" and name == "CLM"
        lines += transaction == "837" and name in ("SV1", "SV2", "SV3")
        remittances += transaction == "835" and name == "CLP"
    return claims, lines, remittances


@needs_corpus
@every_file
def test_pyx12_counts_the_same(one: Listed) -> None:
    if one.path in UNREADABLE_FOR_PYX12:
        with pytest.raises(X12Error, match=re.escape(UNREADABLE_FOR_PYX12[one.path])):
            pyx12_counts(one.file)
    else:
        assert our_counts(read(one)) == pyx12_counts(one.file)


# --- in pieces, and cut -----------------------------------------------------------------------------


@needs_corpus
@every_claim_file
def test_a_file_read_in_pieces_is_read_the_same(monkeypatch: pytest.MonkeyPatch, one: Listed) -> None:
    whole = read(one)
    for piece_bytes in (200, 500, 1_000, 2_000):
        monkeypatch.setattr(x12, "PIECE_BYTES", piece_bytes)
        pieces = read(one)
        for name, table in whole.tables.items():
            if name == "intake_problems":
                assert sorted(map(repr, pieces.problems)) == sorted(map(repr, whole.problems)), piece_bytes
            elif not pieces.tables[name].equals(table):
                assert pieces.rows(name) == whole.rows(name), piece_bytes
                raise AssertionError(f"{name} differs in its types")


def ends_of_claims(data: bytes) -> list[int]:
    """Where each claim of a file is certain to be whole: at its next CLM, HL or SE segment."""
    found = [(one.start(1), one[1]) for one in re.finditer(rb"~\s*(CLM|HL|SE)\*", data)]
    names = [name for _, name in found]
    return [found[at + 1][0] for at, name in enumerate(names) if name == b"CLM" and at + 1 < len(found)]


def described(found: Reading) -> dict[int, list[tuple[Any, ...]]]:
    """Per file, its claims in order with all their lines, without the numbers of this run."""
    lines: dict[int, list[dict[str, Any]]] = {}
    for table in LINE_TABLES:
        for row in found.rows(table):
            lines.setdefault(row.pop("claim_key"), []).append(row)
    claims: dict[int, list[tuple[Any, ...]]] = {}
    for row in found.claims:
        own = lines.get(row.pop("claim_key"), [])
        claims.setdefault(row.pop("file_id"), []).append((row, own))
    return claims


def assert_cuts_lose_nothing_in_silence(folder: Path, data: bytes, cuts: list[int]) -> None:
    paths = []
    for cut in cuts:
        path = folder / f"cut_at_{cut:06d}"
        path.write_bytes(data[:cut])
        paths.append(path)
    whole_path = folder / "whole"
    whole_path.write_bytes(data)
    whole = described(Reading(read_files([whole_path]))).get(0, [])
    found = Reading(read_files(paths))
    read_claims = described(found)
    damaged: Counter[int] = Counter()
    reported = set()
    for row in found.problems:
        reported.add(row["file_id"])
        damaged[row["file_id"]] += row["problem"] == "interchange-cut-short" and row["claim_id"] is not None
    ends = ends_of_claims(data)
    for file_id, cut in enumerate(cuts):
        claims = read_claims.get(file_id, [])
        complete = sum(end <= cut for end in ends)
        assert len(claims) + damaged[file_id] >= complete, f"cut at {cut}"
        assert claims == whole[: len(claims)], f"cut at {cut}: a claim is read otherwise than in the whole file"
        assert len(claims) == len(whole) or file_id in reported, f"cut at {cut}: nothing is said"


@needs_corpus
@every_claim_file
def test_a_file_cut_anywhere_keeps_or_names_its_claims(tmp_path: Path, one: Listed) -> None:
    data = one.file.read_bytes()
    rng = random.Random(one.path)
    assert len(ends_of_claims(data)) == one.counted("clm")
    assert_cuts_lose_nothing_in_silence(tmp_path, data, sorted(rng.sample(range(len(data)), min(200, len(data)))))


def test_our_own_file_cut_at_every_byte_keeps_or_names_its_claims(tmp_path: Path) -> None:
    data = small_file().encode()
    assert len(ends_of_claims(data)) == 4
    assert_cuts_lose_nothing_in_silence(tmp_path, data, list(range(len(data))))
