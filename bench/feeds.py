"""What the work across claims costs: professional claims alone, with the hospital's claims, with its ADT feed, with both.

A made-up hospital: a main campus, three departments, two practices that it owns wholly, and an independent office.
For each professional line there is a third of a patient, and a quarter of an institutional claim and of a message:
registrations, admissions with discharge, changes of class, cancellations. Same arguments, same bytes. Which days the
feeds speak for is observed, not declared. The work is linear if a line costs as much in the large book as in the
small one. `make bench` prints the table; ``python -m bench.feeds LINES FOLDER`` writes the files.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.generate import npi

FILES = ("professional.837", "institutional.837", "adt.hl7")
BOOKS = {"professional claims": (0,), "+ hospital's claims": (0, 1), "+ ADT feed": (0, 2), "+ both": (0, 1, 2)}

_FIRST_DAY, _DAYS = dt.date(2026, 6, 1), 90
_MADE = "20260915"
_PER_TRANSACTION, _PER_GROUP = 500, 25  # claims
_LINES = (2, 2, 3, 3)  # of a claim, in turn
_DATES = [_FIRST_DAY + dt.timedelta(days=number) for number in range(_DAYS + 30)]
_D8 = [f"{day:%Y%m%d}" for day in _DATES]
_BIRTHS = [f"{dt.date(1935, 1, 1) + dt.timedelta(days=number):%Y%m%d}" for number in range(25_000)]
_ENDINGS = ("SON", "MAN", "FORD", "TON", "WELL", "BURY", "STEIN", "LEY", "WOOD", "FIELD")
_NAMES = [f"{first}{middle}{end}" for first in "BCDFGHKLMNPRSTVW" for middle in "AEIOU" for end in _ENDINGS]
_FIRSTS = (
    "MARY",
    "JOHN",
    "ANNE",
    "PAUL",
    "JANE",
    "MARK",
    "RUTH",
    "OMAR",
    "ROSA",
    "LIAM",
    "INES",
    "IVAN",
    "EVA",
    "LUIS",
)
_PRACTITIONERS = [npi(20_000_000 + number) for number in range(400)]
_HOSPITAL = npi(30_000_000)

_SITES_HEAD = (
    "site_id,site_name,site_type,npi,feed_codes,address_line_1,city,state,zip,hospital_id,hospital_name,hospital_type,"
    "ownership,provider_based_from,is_on_hospital_campus,distance_yards,distance_method,excepted_status,"
    "is_dedicated_emergency_department"
)
_OF_HOSPITAL = "GENERAL,General Hospital,ipps,wholly_owned_by_hospital"


class _Site(NamedTuple):
    """A site of the registry, and what is done there: of a hundred groups of claims so many are its own."""

    name: str
    registered: str  # its kind in sites.csv
    of_hospital: str
    place: str  # of service
    visits: tuple[str, ...]
    share: int
    more: str = ""  # provider_based_from and the rest of the columns


_ALL_SITES = (
    _Site("MAIN", "main_campus", _OF_HOSPITAL, "23", ("99283", "99284"), 5, ",true,,,,true"),
    _Site("WARD", "", _OF_HOSPITAL, "21", ("99232", "99223"), 8),  # the main campus once more, for its inpatients
    _Site("NORTH", "provider_based_department", _OF_HOSPITAL, "19", ("99213", "99214"), 20,
          "2015-01-01,false,900,straight_line,excepted,false"),
    _Site("SOUTH", "provider_based_department", _OF_HOSPITAL, "19", ("99213", "45378"), 15,
          "2018-01-01,false,3400,straight_line,non_excepted,false"),
    _Site("WEST", "provider_based_department", _OF_HOSPITAL, "19", ("99214", "20610"), 15,
          "2012-01-01,false,1200,straight_line,excepted,false"),
    _Site("ELM", "freestanding_office", _OF_HOSPITAL, "11", ("99213", "99214"), 12, "none,false,,,,"),
    _Site("ASH", "freestanding_office", _OF_HOSPITAL, "11", ("99213", "20610"), 8, "none,false,,,,"),
    _Site("OFFICE", "freestanding_office", ",,,independent", "11", ("99213", "99214"), 17, "none,false,,,,"),
)  # fmt: skip
_COMPANIONS = (("36415", 20), ("80053", 60), ("93010", 40), ("71046:26", 110), ("85025", 30))
_PAYERS = (("MEDICARE PART B", "MB", "12302"), ("MEDICARE PART B", "MB", "12302"), ("ACME PLAN", "CI", "60054"))


def write_workspace(folder: Path) -> Path:
    """The workspace of the hospital: its sites."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scrubjay.toml").write_text("", encoding="utf-8")
    rows = [_SITES_HEAD]
    for number, site in enumerate(_ALL_SITES):
        if site.registered:
            code = {"MAIN": "GEN"}.get(site.name, f"{site.name}CL")
            address = f"{number + 1} {site.name} AVE,SPRINGFIELD,IL,6270{number}0001"
            rows.append(
                f"{site.name},{site.name.title()},{site.registered},{_npi_of(number)},{code},{address},"
                f"{site.of_hospital},{site.more}"
            )
    (folder / "sites.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def write_files(folder: Path, lines: int, seed: int = 1) -> list[Path]:
    """The three files of so many professional lines, in the order of ``FILES``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in FILES]
    with (
        paths[0].open("w", encoding="ascii", newline="") as professional,
        paths[1].open("w", encoding="ascii", newline="") as institutional,
        paths[2].open("w", encoding="ascii", newline="") as feed,
    ):
        guides = {professional: "005010X222A1", institutional: "005010X223A2"}
        for out, guide in guides.items():
            out.write(
                "ISA*00*          *00*          *ZZ*SUBMITTER01    *ZZ*RECEIVER01     "
                f"*{_MADE[2:]}*1200*^*00501*000000001*0*T*:~GS*HC*SUBMITTER01*RECEIVER01*{_MADE}*1200*1*X*{guide}~"
            )
        feed.write(f"FHS|^~\\&|ADT|GEN\rBHS|^~\\&|ADT|GEN|||{_MADE}\r")
        number = count = 0
        for number, (claims, hospital_claims, messages) in enumerate(_blocks(lines, random.Random(seed)), 1):
            for out, segments in ((professional, claims), (institutional, hospital_claims)):
                start = [
                    f"ST*837*{number:04d}*{guides[out]}",
                    f"BHT*0019*00*B{number}*{_MADE}*1200*CH",
                    "NM1*41*2*SYNTH BILLING*****46*SUBMITTER01",
                    "PER*IC*HELP DESK*TE*5555550100",
                    "NM1*40*2*SYNTH CLEARINGHOUSE*****46*RECEIVER01",
                ]
                end = f"SE*{len(start) + len(segments) + 1}*{number:04d}~"
                out.write("~".join([*start, *segments, end]))
            feed.write("".join(messages))
            count += len(messages)
        for out in guides:
            out.write(f"GE*{number}*1~IEA*1*000000001~")
        feed.write(f"BTS|{count}\rFTS|1\r")
    return paths


def _npi_of(site: int) -> str:
    return _HOSPITAL if _ALL_SITES[site].name in ("MAIN", "WARD") else npi(31_000_000 + site)


def _blocks(lines: int, rng: random.Random) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """The claims of one transaction, the hospital's claims beside them, and the messages about their patients."""
    sites = [number for number, site in enumerate(_ALL_SITES) for _ in range(site.share)]
    patients = max(lines // 3, 1)
    written = claim = 0
    while written < lines:
        own: list[str] = []
        hospital = [
            "HL*1**20*1",
            "PRV*BI*PXC*282N00000X",
            f"NM1*85*2*GENERAL HOSPITAL*****XX*{_HOSPITAL}",
            "N3*1 MAIN AVE",
            "N4*SPRINGFIELD*IL*627000001",
            "REF*EI*120000000",
        ]
        messages: list[str] = []
        level, hospital_level = 0, 1
        for first in range(0, _PER_TRANSACTION, _PER_GROUP):
            site = rng.choice(sites)
            level += 1
            parent = level
            own += (
                f"HL*{level}**20*1",
                "PRV*BI*PXC*207Q00000X",
                f"NM1*85*2*SYNTH GROUP {site}*****XX*{npi(32_000_000 + site)}",
                f"N3*{900 + site} BILLING WAY",
                "N4*SPRINGFIELD*IL*627090001",
                f"REF*EI*{120000001 + site}",
            )
            for _ in range(first, first + _PER_GROUP):
                if written >= lines:
                    break
                level += 1
                count = min(_LINES[claim % 4], lines - written)
                # each patient once, then some of them again
                patient = _patient(claim if claim < patients else rng.randrange(patients))
                day = rng.randrange(_DAYS)
                payer = _PAYERS[patient.number % 3]
                own += _professional(rng, claim, level, parent, patient, payer, site, day, count)
                beside = _institutional(rng, claim, hospital_level + 1, patient, payer, site, day)
                if beside:
                    hospital_level += 1
                    hospital += beside
                messages += _messages(rng, claim, patient, site, day)
                written += count
                claim += 1
        yield own, hospital if hospital_level > 1 else [], messages


class _Patient(NamedTuple):
    number: int
    last: str
    first: str
    born: str
    sex: str
    member: str


def _patient(number: int) -> _Patient:
    """The same number, the same patient; some names and birth dates come up twice."""
    rng = random.Random(number)
    return _Patient(
        number,
        _NAMES[int(rng.random() ** 2 * len(_NAMES))] + rng.choice(("", "S", "ER", "ING", "EN")),
        rng.choice(_FIRSTS),
        _BIRTHS[int(rng.random() * len(_BIRTHS))],
        "FM"[number & 1],
        f"{100000000 + number * 7}A",
    )


def _subscriber(level: int, parent: int, who: _Patient, payer: tuple[str, str, str]) -> tuple[str, ...]:
    return (
        f"HL*{level}*{parent}*22*0",
        f"SBR*P*18*******{payer[1]}",
        f"NM1*IL*1*{who.last}*{who.first}****MI*{who.member}",
        f"N3*{who.number % 9000 + 1} OAK AVE",
        "N4*SPRINGFIELD*IL*627010001",
        f"DMG*D8*{who.born}*{who.sex}",
        f"NM1*PR*2*{payer[0]}*****PI*{payer[2]}",
    )


def _facility(site: int) -> tuple[str, ...]:
    at = 0 if _ALL_SITES[site].name == "WARD" else site
    return (
        f"NM1*77*2*{_ALL_SITES[at].name}*****XX*{_npi_of(at)}",
        f"N3*{at + 1} {_ALL_SITES[at].name} AVE",
        f"N4*SPRINGFIELD*IL*6270{at}0001",
    )


def _professional(
    rng: random.Random, claim: int, level: int, parent: int, who: _Patient, payer: tuple[str, str, str], site: int,
    day: int, count: int,
) -> list[str]:  # fmt: skip
    """The segments of one subscriber and professional claim."""
    at = _ALL_SITES[site]
    lines = [(at.visits[claim & 1], 165), *(_COMPANIONS[(claim + one) % 5] for one in range(count - 1))]
    # two departments in a hundred are billed as offices, and the other way round
    place = at.place if rng.random() < 0.98 else "22" if at.place == "11" else "11"
    segments = [
        *_subscriber(level, parent, who, payer),
        f"CLM*CLM{claim:09d}*{sum(amount for _, amount in lines)}***{place}:B:1*Y*A*Y*Y",
        *((f"REF*EA*MRN{who.number:08d}",) if claim % 4 == 0 else ()),
        "HI*ABK:E119*ABF:I10",
        f"NM1*82*1*DOCTOR*ANN****XX*{_PRACTITIONERS[(claim // 25 * 7 + site) % 400]}",
        "PRV*PE*PXC*207R00000X",
        *_facility(site),
    ]
    for line, (code, amount) in enumerate(lines, 1):
        segments += (f"LX*{line}", f"SV1*HC:{code}*{amount}*UN*1***1", f"DTP*472*D8*{_D8[day]}")
    return segments


def _institutional(
    rng: random.Random, claim: int, level: int, who: _Patient, payer: tuple[str, str, str], site: int, day: int
) -> list[str]:
    """The segments of the hospital's claim for the same visit; none at an office."""
    at = _ALL_SITES[site]
    if at.place == "11":
        return []
    is_stay = at.name == "WARD"
    bill, last = ("11", day + 3) if is_stay else ("13", day)
    since = max(day - 1, 0) if is_stay else day
    department = "" if at.name in ("MAIN", "WARD") else ":PN" if at.name == "SOUTH" else ":PO"
    if is_stay:
        lines = [("0120", "", 3200), ("0300", "HC:80053", 60), ("0730", "HC:93005", 110)]
    elif at.name == "MAIN":
        lines = [("0450", f"HC:{at.visits[claim & 1]}", 900), ("0300", "HC:80053", 60)]
    else:
        lines = [("0510", f"HC:G0463{department}", 210), ("0300", f"HC:85025{department}", 30)]
    part_a = ("MEDICARE PART A", "MA", "12301") if payer[1] == "MB" else payer
    segments = [
        *_subscriber(level, 1, who, part_a),
        f"CLM*HSP{claim:09d}*{sum(amount for *_, amount in lines)}***{bill}:A:1**A*Y*Y",
        f"DTP*434*RD8*{_D8[since]}-{_D8[last]}",
        *((f"DTP*435*DT*{_D8[since]}0900",) if is_stay else ()),
        "CL1*3*1*01",
        *((f"REF*EA*MRN{who.number:08d}",) if claim % 2 else ()),
        "HI*ABK:E119",
        f"NM1*71*1*DOCTOR*ANN****XX*{_PRACTITIONERS[claim // 25 * 7 % 400]}",
        *(() if at.name in ("MAIN", "WARD") else _facility(site)),
    ]
    for line, (revenue, code, amount) in enumerate(lines, 1):
        served = day if not is_stay or rng.random() < 0.5 else since
        segments += (f"LX*{line}", f"SV2*{revenue}*{code}*{amount}*UN*1", f"DTP*472*D8*{_D8[served]}")
    return segments


def _messages(rng: random.Random, claim: int, who: _Patient, site: int, day: int) -> list[str]:
    """What the feed says of the visit: nothing of most visits at offices."""
    at = _ALL_SITES[site]
    luck = rng.random()
    if at.place == "11":
        if not at.of_hospital.startswith("GENERAL") or luck > 0.03:
            return []
        events = [("A01", "I", day + 2, 9), ("A03", "I", day + 5, 11)]  # an admission within the payment window
    elif at.name == "WARD":
        since = max(day - 1, 0)
        events = [("A01", "I", since, 9), ("A03", "I", day + 3, 11)]
        if luck < 0.2:
            events[:1] = [("A04", "O", since, 6), ("A06", "I", since, 10)]
    elif at.name == "MAIN":
        events = [("A04", "E", day, 8), ("A03", "E", day, 12)]
        if luck < 0.1:
            events[1:] = [("A06", "I", day, 11), ("A03", "I", day + 2, 10)]
    elif luck < 0.15:
        return []  # never registered
    else:
        events = [("A04", "O", day, 8)]
        if luck < 0.18:
            events.append(("A11", "O", day, 9))
    point = "WARD3" if at.name == "WARD" else "GEN" if at.name == "MAIN" else f"{at.name}CL"
    place = "WARD3" if at.place == "11" else point
    member = f"~{who.member}^^^PLAN^HC" if claim % 3 else ""
    start = f"{_D8[events[0][2]]}{events[0][3]:02d}15"
    return [
        f"MSH|^~\\&|ADT|GEN|SJ|SJ|{_D8[when]}{hour:02d}20||ADT^{code}|M{claim}{code}|P|2.5.1\r"
        f"EVN||{_D8[when]}{hour:02d}20||||{_D8[when]}{hour:02d}15\r"
        f"PID|1||MRN{who.number:08d}^^^GEN^MR{member}||{who.last}^{who.first}||{who.born}|{who.sex}\r"
        f"PV1|1|{letter}|{place}^^^GEN||||||||||||||||V{claim:09d}||||||||||||||||||||GEN|||||{start}\r"
        for code, letter, when, hour in events
    ]


def main(arguments: list[str]) -> None:
    """Write the workspace and its files into a folder."""
    lines, folder = arguments
    write_workspace(Path(folder))
    write_files(Path(folder), int(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
