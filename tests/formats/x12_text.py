"""837 text for tests, built of segments written with ``*``, ``:`` and ``^``, and what is read from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from scrubjay.formats import read_files

PROFESSIONAL = "005010X222A1"
INSTITUTIONAL = "005010X223A2"
OLD_PROFESSIONAL = "004010X098A1"
OLD_INSTITUTIONAL = "004010X096A1"

LINE_TABLES = ("professional_lines", "institutional_lines")


@dataclass(frozen=True)
class Delimiters:
    """The delimiters of one interchange, and what stands after each terminator."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    terminator: str = "~"
    line_end: str = ""

    def write(self, segments: Iterable[str]) -> str:
        """The segments, written with ``*``, ``:`` and ``^``, in these delimiters."""
        table = str.maketrans({"*": self.element, ":": self.component, "^": self.repetition})
        return "".join(segment.translate(table) + self.terminator + self.line_end for segment in segments)


STANDARD = Delimiters()
LINE_BY_LINE = Delimiters(line_end="\n")


def billing_provider(npi: str = "1234567893", number: int = 1, name: str = "CLINIC") -> list[str]:
    """Loops 2000A and 2010AA."""
    return [
        f"HL*{number}**20*1",
        "PRV*BI*PXC*207Q00000X",
        f"NM1*85*2*{name}*****XX*{npi}",
        "N3*1 BILLING WAY*STE 100",
        "N4*SPRINGFIELD*IL*627010001",
        "REF*EI*123456789",
    ]


def subscriber(name: str = "DOE", member: str = "M1", number: int = 2, payer: str = "MEDICARE") -> list[str]:
    """Loops 2000B, 2010BA and 2010BB."""
    return [
        f"HL*{number}*1*22*0",
        "SBR*P*18*******MB",
        f"NM1*IL*1*{name}*JANE****MI*{member}",
        "N3*7 OAK AVE",
        "N4*SPRINGFIELD*IL*62702",
        "DMG*D8*19500103*F",
        f"NM1*PR*2*{payer}*****PI*12302",
        "N3*PO BOX 9*PAYER LINE 2",
        "N4*PAYERTOWN*WI*53201",
    ]


def patient(name: str = "DOE", first: str = "TOM", number: int = 3) -> list[str]:
    """Loops 2000C and 2010CA."""
    return [
        f"HL*{number}*2*23*0",
        "PAT*19",
        f"NM1*QC*1*{name}*{first}",
        "N3*7 OAK AVE",
        "N4*SPRINGFIELD*IL*62702",
        "DMG*D8*20150607*M",
    ]


def claim(identifier: str = "A1", place: str = "11", amount: str = "100", frequency: str = "1") -> list[str]:
    """The CLM and HI of a professional claim."""
    return [f"CLM*{identifier}*{amount}***{place}:B:{frequency}*Y*A*Y*Y", "HI*ABK:R079*ABF:I10"]


def line(number: int = 1, procedure: str = "99213", place: str = "", day: str = "20240305") -> list[str]:
    """One professional service line; ``procedure`` may carry its modifiers."""
    return [f"LX*{number}", f"SV1*HC:{procedure}*100*UN*1*{place}**1", f"DTP*472*D8*{day}"]


def institutional_claim(identifier: str = "B1", facility: str = "13", frequency: str = "1") -> list[str]:
    """The first segments of an institutional claim."""
    return [
        f"CLM*{identifier}*500***{facility}:A:{frequency}**A*Y*Y",
        "DTP*096*TM*1430",
        "DTP*434*RD8*20240301-20240304",
        "DTP*435*DT*202403010915",
        "CL1*1*7*01",
        "HI*ABK:I2510",
        "NM1*71*1*ATTENDING*ANN****XX*1999999992",
    ]


def institutional_line(number: int = 1, revenue: str = "0360", procedure: str = "HC:45378:PO") -> list[str]:
    """One institutional service line."""
    return [f"LX*{number}", f"SV2*{revenue}*{procedure}*250.5*UN*2", "DTP*472*D8*20240302"]


def transaction(*parts: list[str], guide: str = PROFESSIONAL, number: str = "0001", day: str = "20240310") -> list[str]:
    """ST to SE around the segments of these parts."""
    start = [f"ST*837*{number}" + (f"*{guide}" if guide.startswith("005") else "")]
    segments = [
        *start,
        f"BHT*0019*00*B{number}*{day}*1200*CH",
        "NM1*41*2*SUBMITTER*****46*S1",
        "PER*IC*HELP DESK*TE*5555550100",
        "NM1*40*2*RECEIVER*****46*R1",
        *(segment for part in parts for segment in part),
    ]
    return [*segments, f"SE*{len(segments) + 1}*{number}"]


def group(*transactions: list[str], guide: str = PROFESSIONAL, number: str = "1", code: str = "HC") -> list[str]:
    """GS to GE around these transactions."""
    return [
        f"GS*{code}*S1*R1*20240310*1200*{number}*X*{guide}",
        *(segment for one in transactions for segment in one),
        f"GE*{len(transactions)}*{number}",
    ]


def header(number: str = "000000001", version: str = "00501") -> str:
    """The ISA segment."""
    repetition = "^" if version >= "00402" else "U"
    return (
        "ISA*00*          *00*          *ZZ*SUBMITTER01    *ZZ*RECEIVER01     "
        f"*240310*1200*{repetition}*{version}*{number}*0*T*:"
    )


def interchange(
    *groups: list[str], delimiters: Delimiters = STANDARD, number: str = "000000001", version: str = "00501"
) -> str:
    """ISA to IEA around these groups, as text."""
    body = [segment for one in groups for segment in one]
    return delimiters.write([header(number, version), *body, f"IEA*{len(groups)}*{number}"])


def file_of(
    *parts: list[str], guide: str = PROFESSIONAL, day: str = "20240310", delimiters: Delimiters = STANDARD
) -> str:
    """A whole file, made on this day: one interchange, one group, one transaction around these parts."""
    version = "00501" if guide.startswith("005") else "00401"
    one = transaction(*parts, guide=guide, day=day)
    return interchange(group(one, guide=guide), delimiters=delimiters, version=version)


def small_file(delimiters: Delimiters = STANDARD) -> str:
    """Two billing providers, four claims, five lines, one patient who is not the subscriber."""
    return file_of(
        billing_provider(),
        subscriber("DOE", "M1"),
        claim("A1", "22"),
        ["NM1*77*2*HOSPITAL WING*****XX*1888888880", "N3*9 HOSPITAL WAY", "N4*AUSTIN*TX*78701"],
        line(1, "99213:25"),
        line(2, "36415", place="11"),
        subscriber("ROE", "M2", 3),
        patient("ROE", "TIM", 4),
        claim("A2"),
        line(),
        billing_provider("1111111112", 5, "OTHER CLINIC"),
        subscriber("POE", "M3", 6),
        claim("A3", "21"),
        line(),
        claim("A4", "12"),
        line(),
        delimiters=delimiters,
    )


def professional_file(*parts: list[str], delimiters: Delimiters = STANDARD) -> str:
    """A professional file of one billing provider and one subscriber with these parts after them."""
    return file_of(billing_provider(), subscriber(), *parts, delimiters=delimiters)


def institutional_file(*parts: list[str], guide: str = INSTITUTIONAL) -> str:
    """An institutional file of one billing provider and one subscriber with these parts after them."""
    return file_of(billing_provider(), subscriber(), *parts, guide=guide)


@dataclass(frozen=True)
class Reading:
    """What `read_files` made of some files: the tables, and their rows as dictionaries."""

    tables: dict[str, pa.Table]

    def rows(self, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.tables[table].to_pylist()
        return found

    @property
    def files(self) -> list[dict[str, Any]]:
        return self.rows("files")

    @property
    def claims(self) -> list[dict[str, Any]]:
        return self.rows("claims")

    @property
    def claim(self) -> dict[str, Any]:
        """The only claim."""
        (one,) = self.claims
        return one

    @property
    def professional_lines(self) -> list[dict[str, Any]]:
        return self.rows("professional_lines")

    @property
    def institutional_lines(self) -> list[dict[str, Any]]:
        return self.rows("institutional_lines")

    @property
    def line(self) -> dict[str, Any]:
        """The only service line."""
        (one,) = self.professional_lines + self.institutional_lines
        return one

    @property
    def problems(self) -> list[dict[str, Any]]:
        return self.rows("intake_problems")

    def problem(self, kind: str) -> dict[str, Any]:
        """The only problem of this kind, which must say what it is, where, and what to do."""
        (one,) = [row for row in self.problems if row["problem"] == kind]
        assert one["message"]
        assert one["advice"]
        assert one["severity"] in ("error", "warning", "info")
        return one

    @property
    def claim_ids(self) -> list[str | None]:
        return [row["claim_id"] for row in self.claims]

    @property
    def lines_of(self) -> dict[str | None, int]:
        """The number of service lines by claim id."""
        count = {row["claim_key"]: 0 for row in self.claims}
        for table in LINE_TABLES:
            for row in self.rows(table):
                count[row["claim_key"]] += 1
        return {row["claim_id"]: count[row["claim_key"]] for row in self.claims}


def read_text(folder: Path, *contents: str | bytes) -> Reading:
    """What is read from files of these contents, in this order."""
    paths = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.837"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return Reading(read_files(paths))


def assert_offsets(reading: Reading, contents: dict[int, bytes]) -> None:
    """Each row's byte offset must be where its segment begins in its file."""
    file_of_claim = {}
    for row in reading.claims:
        data, at = contents[row["file_id"]], row["byte_offset"]
        assert data[at : at + 3] == b"CLM", f"claim {row['claim_id']} at {at}"
        facility = row["service_facility_byte_offset"]
        assert facility is None or data[facility : facility + 3] == b"NM1", f"service facility at {facility}"
        file_of_claim[row["claim_key"]] = data
    for table, identifier in zip(LINE_TABLES, (b"SV1", b"SV2"), strict=True):
        for row in reading.rows(table):
            data, at = file_of_claim[row["claim_key"]], row["byte_offset"]
            assert data[at : at + 3] == identifier, f"line {row['line_number']} at {at}"
            facility = row.get("service_facility_byte_offset")
            assert facility is None or data[facility : facility + 3] == b"NM1", f"service facility at {facility}"
