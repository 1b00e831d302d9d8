"""Claims as text: 837 professional and institutional, archive.csv, and the registries of a workspace."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence

from synthetic.claims import Claim, Facility, Line
from synthetic.system import Address, Group, Patient

GUIDES = {"professional": "005010X222A1", "institutional": "005010X223A2"}
_PER_TRANSACTION = 100  # claims


def write_837(claims: Sequence[Claim], kind: str) -> str:
    """One interchange with one group; a transaction for each day on which a file was made, or more."""
    guide = GUIDES[kind]
    batches: dict[dt.date, list[Claim]] = {}
    for claim in sorted(claims, key=lambda claim: (claim.sent, claim.group.npi, claim.claim_id)):
        batches.setdefault(claim.sent, []).append(claim)
    transactions = [
        (day, batch[first : first + _PER_TRANSACTION])
        for day, batch in batches.items()
        for first in range(0, len(batch), _PER_TRANSACTION)
    ]
    made = max(batches)
    sender, receiver = "RIVERBEND", "MADEUPCLEARING"
    segments = [
        f"ISA*00*          *00*          *ZZ*{sender:<15}*ZZ*{receiver:<15}*{made:%y%m%d}*0600*^*00501*000000001*0*T*:",
        f"GS*HC*{sender}*{receiver}*{made:%Y%m%d}*0600*1*X*{guide}",
    ]
    for number, (day, batch) in enumerate(transactions, 1):
        segments += _transaction(number, day, batch, guide, sender, receiver)
    segments += (f"GE*{len(transactions)}*1", "IEA*1*000000001")
    return "".join(f"{segment}~\n" for segment in segments)


def _transaction(
    number: int, day: dt.date, claims: Sequence[Claim], guide: str, sender: str, receiver: str
) -> list[str]:
    control = f"{number:04d}"
    segments = [
        f"ST*837*{control}*{guide}",
        f"BHT*0019*00*RB{control}*{day:%Y%m%d}*0600*CH",
        f"NM1*41*2*RIVERBEND HEALTH*****46*{sender}",
        "PER*IC*BILLING OFFICE*EM*BILLING@EXAMPLE.ORG",
        f"NM1*40*2*MADE UP CLEARINGHOUSE*****46*{receiver}",
    ]
    level = parent = 0
    group: Group | None = None
    patient_and_payer: tuple[Patient, str] | None = None
    for claim in claims:
        if claim.group is not group:
            level += 1
            group, parent, patient_and_payer = claim.group, level, None
            segments += _billing_provider(group, level)
        if patient_and_payer != (claim.patient, claim.payer.payer_id):
            level += 1
            patient_and_payer = (claim.patient, claim.payer.payer_id)
            segments += _subscriber(claim, level, parent)
            if claim.patient.subscriber:
                level += 1
                segments += _dependent(claim.patient, level)
        segments += _professional(claim) if claim.kind == "professional" else _institutional(claim)
    return [*segments, f"SE*{len(segments) + 1}*{control}"]


def _address(address: Address) -> list[str]:
    first = f"N3*{address.line_1}" + (f"*{address.line_2}" if address.line_2 else "")
    return [first, f"N4*{address.city}*{address.state}*{address.zip}"]


def _billing_provider(group: Group, level: int) -> list[str]:
    return [
        f"HL*{level}**20*1",
        f"PRV*BI*PXC*{group.taxonomy}",
        f"NM1*85*2*{group.name}*****XX*{group.npi}",
        *_address(group.address),
        f"REF*EI*{group.tax_id}",
    ]


def _subscriber(claim: Claim, level: int, parent: int) -> list[str]:
    who, payer = claim.patient.subscriber or claim.patient, claim.payer
    is_patient = who is claim.patient
    return [
        f"HL*{level}*{parent}*22*{0 if is_patient else 1}",
        f"SBR*P*{'18' if is_patient else ''}*******{payer.filing_code}",
        f"NM1*IL*1*{who.last_name}*{who.first_name}****MI*{who.member_id}",
        *_address(who.home),
        f"DMG*D8*{who.born}*{who.sex}",
        f"NM1*PR*2*{payer.name}*****PI*{payer.payer_id}",
    ]


def _dependent(who: Patient, level: int) -> list[str]:
    return [
        f"HL*{level}*{level - 1}*23*0",
        "PAT*19",
        f"NM1*QC*1*{who.last_name}*{who.first_name}",
        *_address(who.home),
        f"DMG*D8*{who.born}*{who.sex}",
    ]


def _facility(facility: Facility | None) -> list[str]:
    if facility is None:
        return []
    number = f"*****XX*{facility.npi}" if facility.npi else ""
    return [f"NM1*77*2*{facility.name}{number}", *_address(facility.address)]


def _total(claim: Claim) -> int:
    return sum(line.charge for line in claim.lines)


def _procedure(line: Line) -> str:
    return ":".join(("HC", line.procedure, *line.modifiers)) if line.procedure else ""


def _professional(claim: Claim) -> Iterator[str]:
    place = f"{claim.place}:B:{claim.frequency}"
    yield f"CLM*{claim.claim_id}*{_total(claim)}***{place}*Y*A*Y*Y"
    if claim.admitted:
        yield f"DTP*435*D8*{claim.admitted:%Y%m%d}"
    if claim.original_number:
        yield f"REF*F8*{claim.original_number}"
    yield f"HI*ABK:{claim.diagnosis}"
    who = claim.practitioner
    yield f"NM1*82*1*{who.last_name}*{who.first_name}****XX*{who.npi}"
    if who.taxonomy:
        yield f"PRV*PE*PXC*{who.taxonomy}"
    yield from _facility(claim.facility)
    for number, line in enumerate(claim.lines, 1):
        yield f"LX*{number}"
        yield f"SV1*{_procedure(line)}*{line.charge}*UN*1*{line.place}**1"
        yield f"DTP*472*D8*{line.date:%Y%m%d}"
        if line.purchased_from:
            yield f"NM1*QB*2******XX*{line.purchased_from}"
        yield from _facility(line.facility)


def _institutional(claim: Claim) -> Iterator[str]:
    yield f"CLM*{claim.claim_id}*{_total(claim)}***{claim.place}:A:{claim.frequency}**A*Y*Y"
    yield f"DTP*434*RD8*{claim.first_date:%Y%m%d}-{claim.last_date:%Y%m%d}"
    if claim.admitted:
        yield f"DTP*435*DT*{claim.admitted:%Y%m%d}0900"
    yield "CL1*3*1*01"
    if claim.original_number:
        yield f"REF*F8*{claim.original_number}"
    yield f"HI*ABK:{claim.diagnosis}"
    if claim.condition_codes:
        yield "*".join(("HI", *(f"BG:{code}" for code in claim.condition_codes)))
    who = claim.practitioner
    yield f"NM1*71*1*{who.last_name}*{who.first_name}****XX*{who.npi}"
    yield from _facility(claim.facility)
    for number, line in enumerate(claim.lines, 1):
        yield f"LX*{number}"
        yield f"SV2*{line.revenue}*{_procedure(line)}*{line.charge}*UN*1"
        yield f"DTP*472*D8*{line.date:%Y%m%d}"


def write_archive(claims: Iterable[Claim]) -> str:
    """Old and paper claims as the billing system exports them: one row a line."""
    rows = [
        {
            "claim_id": claim.claim_id,
            "line_number": str(number),
            "claim_form": claim.form,
            "member_id": claim.patient.member_id,
            "payer_id": claim.payer.payer_id,
            "claim_filing_code": claim.payer.filing_code,
            "billing_provider_npi": claim.group.npi,
            "rendering_provider_npi": claim.practitioner.npi,
            "service_date": line.date.isoformat(),
            "procedure_code": line.procedure,
            "modifiers": " ".join(line.modifiers),
            "place_of_service_code": line.place or claim.place,
            "charge_amount": str(line.charge),
            "site_id": line.site_id or claim.site_id,
            "receipt_date": claim.received.isoformat() if claim.received else "",
            "paid_date": claim.paid.isoformat() if claim.paid else "",
        }
        for claim in claims
        for number, line in enumerate(claim.lines, 1)
    ]
    return write_csv(rows)


def write_encounters(claims: Iterable[Claim]) -> str:
    """The encounters registry: a row for each claim of which somebody knows something, or for its lines."""
    rows = []
    for claim in claims:
        by_line = any(line.registration or line.site_id or line.encounter for line in claim.lines)
        for number, line in enumerate(claim.lines if by_line else claim.lines[:1], 1):
            known = {
                "site_id": "" if claim.is_archived else line.site_id or claim.site_id,
                "registration_status": line.registration or claim.registration,
                "has_custody_exception": claim.has_custody_exception,
                **claim.encounter,
                **line.encounter,
            }
            if any(known.values()):
                row = {"claim_id": claim.claim_id, "line_number": str(number) if by_line else "", **known}
                rows.append({**row, "recorded_by": "registration", "recorded_on": line.date.isoformat()})
    return write_csv(rows)


def write_csv(rows: Sequence[dict[str, str]]) -> str:
    """Rows as CSV; the columns are those of the rows, in the order in which they come up."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
