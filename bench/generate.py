"""A professional claim file of any size, for timing. Same arguments, same bytes.

Not a model of a health system: claims are ordinary, two lines in a hundred carry a planted fault.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

# procedure, places of service that fit it, charge
_PROCEDURES = (
    ("99213", ("11", "11", "11", "19", "22"), 165),
    ("99214", ("11", "11", "19", "22"), 240),
    ("99283", ("23",), 410),
    ("99232", ("21",), 190),
    ("99308", ("31", "32"), 150),
    ("20610", ("11", "22"), 320),
    ("36415", ("11",), 20),
    ("71046", ("11", "22"), 110),
    ("45378", ("24", "22"), 1250),
    ("97110", ("11",), 95),
    ("99350", ("12",), 290),
)
_COMPANIONS = (("36415", 20), ("80053", 60), ("93010", 40), ("J1885", 18), ("71046", 110))
_FACILITIES = ("19", "21", "22", "23", "24", "31")
_CITIES = (("SPRINGFIELD", "IL", "627010001"), ("AUSTIN", "TX", "787010001"), ("DENVER", "CO", "802020001"))
_PAYERS = (("MEDICARE PART B", "MB", "12302"), ("STATE MEDICAID", "MC", "77027"), ("ACME PLAN", "CI", "60054"))
_DIAGNOSES = ("E119", "I10", "J069", "M545", "N390", "R079", "Z0000", "K219", "F411", "E785")
_TODAY = dt.date(2026, 9, 15)


def npi(number: int) -> str:
    """The NPI that begins with these nine digits, with its check digit."""
    digits = f"1{number:08d}"
    total = 24
    for position, digit in enumerate(map(int, digits)):
        doubled = digit * 2 if position % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def write_claims(path: Path, claims: int, seed: int = 1) -> None:
    """Write an 837P file of so many claims: 500 to a transaction, 25 to a billing provider."""
    rng = random.Random(seed)
    npis = [npi(10_000_000 + number) for number in range(2_000)]
    days = [f"{_TODAY - dt.timedelta(days=number):%Y%m%d}" for number in range(400)]
    made = f"{_TODAY:%Y%m%d}"
    with path.open("w", encoding="ascii", newline="") as out:
        out.write(
            "ISA*00*          *00*          *ZZ*SUBMITTER01    *ZZ*RECEIVER01     "
            f"*{made[2:]}*1200*^*00501*000000001*0*T*:~"
            f"GS*HC*SUBMITTER01*RECEIVER01*{made}*1200*1*X*005010X222A1~"
        )
        transactions = 0
        for first in range(0, claims, 500):
            transactions += 1
            segments = [
                f"ST*837*{transactions:04d}*005010X222A1",
                f"BHT*0019*00*B{transactions}*{made}*1200*CH",
                "NM1*41*2*SYNTH BILLING*****46*SUBMITTER01",
                "PER*IC*HELP DESK*TE*5555550100",
                "NM1*40*2*SYNTH CLEARINGHOUSE*****46*RECEIVER01",
            ]
            level = 0
            for number in range(first, min(first + 500, claims)):
                if number % 25 == 0 or number == first:
                    level += 1
                    billing = level
                    group = rng.randrange(500)
                    city, state, code = _CITIES[group % 3]
                    segments += (
                        f"HL*{level}**20*1",
                        "PRV*BI*PXC*207Q00000X",
                        f"NM1*85*2*SYNTH GROUP {group}*****XX*{npis[group]}",
                        f"N3*{100 + group} MAIN ST*STE {group % 40 + 1}",
                        f"N4*{city}*{state}*{code}",
                        f"REF*EI*{120000000 + group}",
                    )
                level += 1
                segments += _claim(rng, number, level, billing, npis, days)
            segments.append(f"SE*{len(segments) + 1}*{transactions:04d}")
            out.write("~".join(segments) + "~")
        out.write(f"GE*{transactions}*1~IEA*1*000000001~")


def _claim(rng: random.Random, number: int, level: int, billing: int, npis: list[str], days: list[str]) -> list[str]:
    """The segments of one subscriber and claim."""
    payer, filing, payer_id = rng.choice(_PAYERS)
    city, state, code = rng.choice(_CITIES)
    procedure, places, charge = rng.choice(_PROCEDURES)
    place = rng.choice(places)
    day = rng.randrange(390)
    lines = [(procedure, charge), *rng.choices(_COMPANIONS, k=rng.randrange(4))]
    if place in _FACILITIES:  # there the drugs are the facility's, and of a test the reading is the practitioner's
        lines = [("71046:26" if code == "71046" else code, amount) for code, amount in lines if code != "J1885"]
    segments = [
        f"HL*{level}*{billing}*22*0",
        f"SBR*P*18*******{filing}",
        f"NM1*IL*1*PATIENT{rng.randrange(9999)}*FIRST*A***MI*{rng.randrange(10**8, 10**9)}A",
        f"N3*{rng.randrange(1, 9999)} OAK AVE*APT {rng.randrange(1, 999)}",
        f"N4*{city}*{state}*{code}",
        f"DMG*D8*{rng.randrange(1935, 2005)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}*F",
        f"NM1*PR*2*{payer}*****PI*{payer_id}",
        f"CLM*CLM{number:09d}*{sum(amount for _, amount in lines)}***{place}:B:1*Y*A*Y*Y",
        f"REF*D9*{number:012d}",
        f"REF*EA*MRN{rng.randrange(10**8):08d}",
        f"HI*ABK:{rng.choice(_DIAGNOSES)}*ABF:{rng.choice(_DIAGNOSES)}*ABF:{rng.choice(_DIAGNOSES)}",
        f"NM1*82*1*DOCTOR{rng.randrange(900)}*FIRST****XX*{npis[1000 + rng.randrange(900)]}",
        "PRV*PE*PXC*207R00000X",
    ]
    if place == "12":
        segments += ("NM1*77*2*RESIDENCE", *segments[3:5])
    elif place != "11":
        site = rng.randrange(300)
        city, state, code = _CITIES[site % 3]
        segments += (
            f"NM1*77*2*SITE {site}*****XX*{npis[600 + site]}",
            f"N3*{site + 1} HOSPITAL WAY",
            f"N4*{city}*{state}*{code}",
        )
    for line, (hcpcs, amount) in enumerate(lines, 1):
        fault = rng.random()
        modifiers = ":PO" if fault < 0.005 else ":25" if line == 1 and fault < 0.2 and ":" not in hcpcs else ""
        own_place = "*11" if fault > 0.98 and place != "11" else ""
        segments += (
            f"LX*{line}",
            f"SV1*HC:{hcpcs}{modifiers}*{amount}*UN*1{own_place or '*'}**1",
            f"DTP*472*D8*{days[day]}",
            f"REF*6R*{number}L{line}",
        )
    return segments
