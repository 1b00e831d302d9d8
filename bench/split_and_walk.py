"""The lower bar: a plain-Python split-and-walk of an 837P file into typed rows. It only parses.

    python -m bench.split_and_walk FILE

It reads what Scrubjay's reader reads (claims, lines, parties, addresses, dates, amounts), in the way
one would write it by hand: split at the terminator, split at the separator, follow the loops.
"""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def split_and_walk(path: Path) -> tuple[list[Row], list[Row]]:
    """The claims and the service lines of an 837P file, as dicts."""
    text = path.read_text(encoding="latin-1")
    separator, component, terminator = text[3], text[104], text[105]
    claims: list[Row] = []
    lines: list[Row] = []
    billing: Row = {}
    subscriber: Row = {}
    claim: Row = {}
    line: Row = {}
    party: Row = {}
    loop = ""

    def element(parts: list[str], number: int) -> str | None:
        return parts[number] or None if len(parts) > number else None

    def day(value: str) -> dt.date:
        return dt.date(int(value[:4]), int(value[4:6]), int(value[6:8]))

    for segment in text.split(terminator):
        parts = segment.strip().split(separator)
        name = parts[0]
        if name == "HL":
            loop, party = parts[3], {}
            if loop == "20":
                billing = {}
            elif loop == "22":
                subscriber = {}
        elif name == "CLM":
            loop, party = "claim", {}
            place = parts[5].split(component)
            claim = {
                "claim_id": parts[1],
                "charge_amount": Decimal(parts[2]),
                "place_of_service_code": place[0] or None,
                "claim_frequency_code": place[2],
                **billing,
                **subscriber,
            }
            claims.append(claim)
        elif name == "LX":
            loop, party = "line", {}
            line = {"claim": len(claims) - 1, "line_number": int(parts[1])}
            lines.append(line)
        elif name == "SV1":
            procedure = parts[1].split(component)
            line["procedure_code"] = procedure[1]
            line["modifiers"] = procedure[2:6]
            line["charge_amount"] = Decimal(parts[2])
            line["units"] = Decimal(parts[4])
            line["place_of_service_code"] = element(parts, 5)
        elif name == "DTP":
            if loop == "line" and parts[1] == "472":
                span = parts[3].split("-")
                line["service_date"] = day(span[0])
                line["service_through_date"] = day(span[-1])
            elif loop == "claim" and parts[1] in ("435", "096"):
                claim["admission_date" if parts[1] == "435" else "discharge_date"] = day(parts[3])
        elif name == "NM1":
            party = {"name": element(parts, 3), "npi": element(parts, 9)}
            role = parts[1]
            if loop == "20" and role == "85":
                billing["billing_provider"] = party
            elif loop == "22" and role == "IL":
                subscriber["member_id"] = party["npi"]
                subscriber["patient"] = party
                party["first_name"] = element(parts, 4)
            elif loop == "22" and role == "PR":
                subscriber["payer"] = party
            elif loop == "claim":
                claim[role] = party
            elif loop == "line":
                line[role] = party
        elif name == "N3":
            party["address_line_1"], party["address_line_2"] = parts[1], element(parts, 2)
        elif name == "N4":
            party["city"], party["state"], party["zip"] = parts[1], element(parts, 2), element(parts, 3)
        elif name == "DMG":
            party["birth_date"] = day(parts[2])
        elif name == "SBR":
            if loop == "claim":
                loop = "other payer"
            else:
                subscriber["claim_filing_code"] = element(parts, 9)
        elif name == "HI" and loop == "claim":
            code = parts[1].split(component)
            if code[0] in ("ABK", "BK"):
                claim["principal_diagnosis_code"] = code[1]
        elif name == "REF" and loop == "claim" and parts[1] == "F8":
            claim["payer_claim_control_number"] = parts[2]
    return claims, lines


if __name__ == "__main__":
    found = split_and_walk(Path(sys.argv[1]))
    sys.stdout.write(f"{len(found[0])} claims, {len(found[1])} lines\n")
