"""What is no claim file, or a damaged one: never a traceback, never a loss in silence."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scrubjay
from scrubjay.errors import UsageError
from scrubjay.formats import read_files, x12
from tests.formats.x12_text import (
    Reading,
    assert_offsets,
    billing_provider,
    claim,
    file_of,
    header,
    line,
    professional_file,
    read_text,
    small_file,
    subscriber,
)

MEGABYTE = 1 << 20


def zipped(content: str, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        member = zipfile.ZipInfo("claims.837", (1980, 1, 1, 0, 0, 0))  # the same bytes on every day
        archive.writestr(member, content, compression)
    return out.getvalue()


# --- what is no claim file --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b" ", "empty"),
        (b"\r\n\t \n" * 1_000, "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x00" * 5_000, "empty"),
        (b"\x00" * 200_000, "empty"),
        (random.Random(1).randbytes(100_000), "unknown"),
        (b"\x7fELF\x02\x01" + b"\x00" * 10 + random.Random(2).randbytes(500), "binary"),
        (b"<!DOCTYPE html>\n<html><body>Your session has expired. CLM*1*2~</body></html>", "HTML or XML"),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?><claims/>", "HTML or XML"),
        (zipped(small_file()), "zip archive"),
        (b"PK\x05\x06" + b"\x00" * 18, "zip archive"),
        (gzip.compress(small_file().encode(), mtime=0), "gzip file"),
        (b"BZh91AY&SY" + random.Random(3).randbytes(300), "bzip2 file"),
        (b"\xfd7zXZ\x00" + random.Random(4).randbytes(300), "xz file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "PDF"),
        (b'{"resourceType": "Bundle", "entry": []}', "JSON"),
        (b'[\n  {"resourceType": "Claim"}\n]', "JSON"),
        (b"MSH|^~\\&|ADT|HOSP|||20240305||ADT^A01|1|P|2.5\rPID|1||1\r", "HL7 v2"),
        (b"ISA*00*", "damaged X12"),
        (header().encode()[:100], "damaged X12"),
        (small_file()[106:].encode(), "damaged X12"),
    ],
    ids=lambda value: value[:8].hex() if isinstance(value, bytes) else value,
)
def test_what_is_no_claim_file_is_named_and_said_not_to_be_read(tmp_path: Path, content: bytes, kind: str) -> None:
    found = read_text(tmp_path, content)
    (row,) = found.files
    assert (row["kind"], row["bytes"], row["claims"], row["lines"]) == (kind, len(content), 0, 0)
    (problem,) = found.problems
    assert problem["message"]
    assert problem["advice"]
    assert problem["severity"] in ("error", "info")
    assert found.claims == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037"])
def test_a_claim_file_in_another_encoding_is_reported_as_unread(tmp_path: Path, encoding: str) -> None:
    found = read_text(tmp_path, small_file().encode(encoding))
    assert found.claims == [] or found.claim_ids == ["A1", "A2", "A3", "A4"]
    assert found.claims or [row for row in found.problems if row["severity"] == "error"]


def test_a_zip_archive_that_holds_its_files_as_they_are_is_still_an_archive(tmp_path: Path) -> None:
    """Its members stand in it byte for byte, but so may many, or half of one."""
    found = read_text(tmp_path, zipped(small_file(), zipfile.ZIP_STORED))
    assert found.files[0]["kind"] == "zip archive"
    assert found.claims == []


def test_bad_files_beside_a_good_one_do_not_disturb_it(tmp_path: Path) -> None:
    found = read_text(tmp_path, b"", random.Random(5).randbytes(3_000), small_file(), b"<html>", small_file() + "\n")
    assert [row["claims"] for row in found.files] == [0, 0, 4, 0, 4]
    assert {row["file_id"] for row in found.problems} == {0, 1, 3}
    data = small_file().encode()
    assert_offsets(found, {2: data, 4: data})


def test_a_missing_file_or_folder_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        read_files([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match=r"gone\.837"):
        read_files([tmp_path, tmp_path / "gone.837"])


def test_an_empty_folder_is_a_bad_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no files to read"):
        read_files([tmp_path])


def test_a_folder_is_read_in_order_without_its_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.837", "a.837", ".hidden.837"):
        (tmp_path / name).write_text(small_file(), newline="")
    found = Reading(read_files([tmp_path, tmp_path / "a.837"]))
    assert [Path(row["name"]).name for row in found.files] == ["a.837", "2.837"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every file, so that none is unreadable here")
def test_a_file_without_permission_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "locked.837"
    path.write_text(small_file(), newline="")
    path.chmod(0)
    found = Reading(read_files([path]))
    assert found.files[0]["kind"] == "unreadable"
    assert "Permission denied" in found.problem("unreadable-file")["message"]


def test_a_file_that_cannot_be_opened_is_reported_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, good = tmp_path / "1.837", tmp_path / "2.837"
    for path in (locked, good):
        path.write_text(small_file(), newline="")
    opened = Path.open

    def refuse(path: Path, *arguments: object, **named: object) -> object:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    found = Reading(read_files([locked, good]))
    assert [(row["kind"], row["claims"]) for row in found.files] == [("unreadable", 0), ("837P", 4)]
    assert "Permission denied" in found.problem("unreadable-file")["message"]
    assert found.claims[0]["file_id"] == 1


# --- almost nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["", "\n", "\r\n\r\n", "IEA*0*000000001~", "GS*HC~", "~~~~", "\x00" * 500, "JUNK"])
def test_an_isa_with_next_to_nothing_behind_it_has_no_claims(tmp_path: Path, after: str) -> None:
    found = read_text(tmp_path, header() + "~" + after)
    assert found.files[0]["kind"] == "X12 without a transaction"
    assert found.claims == []
    assert found.problem("no-claims")["severity"] == "info"
    if "IEA" not in after:
        assert found.problem("interchange-cut-short")["claim_id"] is None


def test_an_837_without_claims_is_not_an_error(tmp_path: Path) -> None:
    found = read_text(tmp_path, file_of(billing_provider(), subscriber()))
    assert (found.files[0]["kind"], found.files[0]["claims"]) == ("837P", 0)
    assert [row for row in found.problems if row["severity"] == "error"] == []


@pytest.mark.parametrize("code", ["", "X837", "\x00837", "83", "CLM"])
def test_a_transaction_of_no_known_kind_is_not_passed_over_in_silence(tmp_path: Path, code: str) -> None:
    found = read_text(tmp_path, small_file().replace("ST*837*", f"ST*{code}*"))
    assert len(found.claims) == 4 or found.problems


def test_nul_bytes_within_a_file_do_not_stop_the_reading(tmp_path: Path) -> None:
    content = small_file().replace("~CLM*A2", "~" + "\x00" * 5_000 + "CLM*A2").replace("DOE", "D\x00E")
    found = read_text(tmp_path, content)
    assert found.claim_ids == ["A1", "A2", "A3", "A4"]
    assert_offsets(found, {0: content.encode()})


def test_a_wide_amount_beside_a_blank_one_at_the_very_end_is_read(tmp_path: Path) -> None:
    """The blank amount is the last byte but one of the file: reading ahead of it must stay inside."""
    content = professional_file(claim("A1", amount="9" * 30), line(), claim("A2"), line(), ["CLM*A3*"])
    content = content[: content.index("CLM*A3*~") + len("CLM*A3*~")]
    found = read_text(tmp_path, content)
    assert found.claim_ids == ["A1", "A2"]
    assert found.problem("interchange-cut-short")["claim_id"] == "A3"


def test_a_claim_of_a_thousand_lines_is_read_whole(tmp_path: Path) -> None:
    content = professional_file(
        claim("A1"), line(), claim("LONG"), *(line(n) for n in range(1, 1_001)), claim("A3"), line()
    )
    found = read_text(tmp_path, content)
    assert found.lines_of == {"A1": 1, "LONG": 1_000, "A3": 1}
    assert [row["line_number"] for row in found.professional_lines][1:-1] == list(range(1, 1_001))
    assert found.problems == []


def test_a_claim_larger_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    """40,000 lines, almost 5 MB: more than is read at a time."""
    notes = [segment for n in range(1, 40_001) for segment in (*line(n), "NTE*ADD*" + "X" * 60)]
    content = professional_file(claim("A1"), line(), claim("LONG"), notes, claim("A3"), line())
    assert len(content) > x12.PIECE_BYTES
    found = read_text(tmp_path, content)
    assert found.lines_of == {"A1": 1, "LONG": 40_000, "A3": 1}
    assert found.problems == []


# --- segments without an end ------------------------------------------------------------------------


def torn_file(claims_before: int, hole: str) -> str:
    """Claims, a claim TORN with one line before the hole and two behind it, and claims."""
    return professional_file(
        *(part for n in range(claims_before) for part in (claim(f"B{n}"), line())),
        claim("TORN"),
        line(1),
        [hole],
        line(2),
        line(3),
        subscriber("ROE", "M2", 3),
        claim("A1"),
        line(),
        claim("A2"),
        line(1),
        line(2),
    )


@pytest.mark.parametrize("megabytes", [3, 9])
@pytest.mark.parametrize("claims_before", [1, 2_000, 20_000, 31_000])
def test_a_segment_of_megabytes_is_left_out_and_what_it_tears_is_named(
    tmp_path: Path, claims_before: int, megabytes: int
) -> None:
    content = torn_file(claims_before, "NTE*ADD*" + "LOST TERMINATOR " * (megabytes * MEGABYTE // 16))
    found = read_text(tmp_path, content)
    hole = found.problem("segment-too-long")
    assert hole["severity"] == "error"
    assert hole["byte_offset"] == content.index("NTE*ADD*")
    assert hole["claim_id"] == "TORN"
    lines = found.lines_of
    assert [lines[f"B{n}"] for n in range(claims_before)] == [1] * claims_before
    assert (lines["A1"], lines["A2"]) == (1, 2)
    assert lines.get("TORN", 0) <= 1
    orphans = found.problem("service-lines-without-a-claim")
    assert orphans["byte_offset"] == content.index("SV1*", content.index("LX*2"))
    assert [row["member_id"] for row in found.claims[-2:]] == ["M2", "M2"]
    assert_offsets(found, {0: content.encode()})


@pytest.mark.parametrize("megabytes", [3, 9])
def test_a_claim_behind_a_hole_does_not_take_the_subscriber_before_it(tmp_path: Path, megabytes: int) -> None:
    """The hole swallowed the subscriber of A1: whose claim it is, is not known."""
    swallowed = "\n".join([*subscriber("ROE", "M2", 3), "X" * megabytes * MEGABYTE])
    content = professional_file(
        *(part for n in range(10_000) for part in (claim(f"B{n}"), line())),
        [swallowed],
        claim("A1"),
        line(),
        subscriber("POE", "M3", 4),
        claim("A2"),
        line(),
    )
    found = read_text(tmp_path, content)
    assert found.problem("segment-too-long")["byte_offset"] == content.index(swallowed[:20])
    behind = {row["claim_id"]: row for row in found.claims[-2:]}
    assert behind["A2"]["member_id"] == "M3"
    assert "A1" not in behind or behind["A1"]["member_id"] is None


def test_lines_joined_by_a_lost_terminator_are_reported_by_the_count(tmp_path: Path) -> None:
    content = small_file().replace("~LX*2~", "LX*2~", 1)
    found = read_text(tmp_path, content)
    assert found.problem("transaction-segment-count")["byte_offset"] == content.index("SE*")
    assert len(found.claims) == 4


MEASURE = """
import sys
from pathlib import Path
from scrubjay.formats import read_files, x12
tables = read_files([Path(sys.argv[1])])
print(*tables["claims"].column("claim_id").to_pylist())
print(*sorted(tables["intake_problems"].column("problem").to_pylist()))
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is measured through /proc")
@pytest.mark.parametrize("end", ["", "~IEA*1*000000001~"])
def test_a_segment_of_two_gigabytes_does_not_fill_the_memory(tmp_path: Path, end: str) -> None:
    """VmHWM and not ru_maxrss, which a child inherits from the process that started it."""
    path = tmp_path / "sparse.837"
    content = professional_file(claim("A1"), line(), subscriber("ROE", "M2", 3), claim("A2"), line())
    content = content[: content.rindex("SE*")] + "NTE*ADD*"
    path.write_text(content, newline="")
    try:
        os.truncate(path, 2 << 30)
        with path.open("ab") as out:
            out.write(end.encode())
    except OSError as error:
        pytest.skip(f"the file system takes no sparse file of 2 GB: {error.strerror}")
    if path.stat().st_blocks * 512 > 64 * MEGABYTE:
        path.unlink()
        pytest.skip("the file system does not keep files sparse")
    try:
        environment = {**os.environ, "PYTHONPATH": str(Path(scrubjay.__file__).parents[1])}
        run = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, env=environment, check=False
        )
    finally:
        path.unlink()
    assert run.returncode == 0, run.stderr
    claims, problems, kilobytes = run.stdout.splitlines()
    assert claims.split()[0] == "A1"
    assert "segment-too-long" in problems.split()
    assert int(kilobytes) * 1024 < 500 * MEGABYTE


# --- anything at all --------------------------------------------------------------------------------

SMALL = small_file().encode()


def assert_read_without_fault(folder: Path, content: bytes) -> Reading:
    """Reading must not raise, must point at what it read, and must account for itself."""
    found = read_text(folder, content)
    assert_offsets(found, {0: content})
    (row,) = found.files
    assert row["bytes"] == len(content)
    assert row["claims"] == len(found.claims)
    assert row["claims"] or found.problems or "837" in row["kind"] or row["kind"] == "csv"
    keys = [one["claim_key"] for one in found.claims]
    assert len(set(keys)) == len(keys)
    for problem in found.problems:
        assert problem["message"]
        assert problem["advice"]
        assert problem["byte_offset"] is None or 0 <= problem["byte_offset"] <= len(content)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad_input")


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=2_000))
def test_arbitrary_bytes_never_raise(folder: Path, content: bytes) -> None:
    assert_read_without_fault(folder, content)


@settings(deadline=None, max_examples=300)
@given(content=st.binary(max_size=600))
def test_arbitrary_bytes_behind_an_isa_never_raise(folder: Path, content: bytes) -> None:
    assert_read_without_fault(folder, (header() + "~").encode() + content)


@settings(deadline=None, max_examples=300)
@given(
    segments=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "ISA",
                    "IEA",
                    "GS",
                    "GE",
                    "ST",
                    "SE",
                    "BHT",
                    "HL",
                    "CLM",
                    "LX",
                    "SBR",
                    "SV1",
                    "SV2",
                    "SV3",
                    "NM1",
                    "N3",
                    "N4",
                    "REF",
                    "DTP",
                    "DMG",
                    "HI",
                    "CLP",
                    "XX",
                ]
            ),
            st.lists(st.sampled_from(["", "837", "HC", "0001", "20", "22", "85", "77", "XX", "A:B:1", "^", "9" * 20])),
        ),
        max_size=40,
    )
)
def test_segments_in_any_order_never_raise(folder: Path, segments: list[tuple[str, list[str]]]) -> None:
    body = "".join("*".join([name, *elements]) + "~" for name, elements in segments)
    start = "GS*HC*S*R*20240310*1200*1*X*005010X222A1~ST*837*0001*005010X222A1~"
    assert_read_without_fault(folder, (header() + "~" + start + body).encode())


@settings(deadline=None, max_examples=400)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(SMALL)), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4
    )
)
def test_a_file_changed_anywhere_never_raises_and_loses_no_claim_in_silence(
    folder: Path, changes: list[tuple[int, int, bytes]]
) -> None:
    content = SMALL
    for at, removed, inserted in changes:
        content = content[:at] + inserted + content[at + removed :]
    found = assert_read_without_fault(folder, content)
    assert len(found.claims) >= 4 or found.problems


@settings(deadline=None, max_examples=200)
@given(at=st.integers(0, 105), byte=st.integers(0, 255))
def test_any_byte_of_the_isa_may_be_wrong(folder: Path, at: int, byte: int) -> None:
    content = SMALL[:at] + bytes([byte]) + SMALL[at + 1 :]
    found = assert_read_without_fault(folder, content)
    assert len(found.claims) == 4 or found.problems
