"""The whole system into a folder: claims, feeds, workspace, key. Same seed, same bytes."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

from scrubjay.reference.fees import import_fees
from scrubjay.rule import load_rules
from synthetic import faults
from synthetic.book import FIRST_DAY, LAST_DAY, Book
from synthetic.claims import Claim
from synthetic.faults import PLANTS, Entry
from synthetic.feeds import visits_of, write_adt, write_stays
from synthetic.fees import fee_file_contents
from synthetic.pairs import complete
from synthetic.system import MAIN, MEDICAL_GROUP, PAYERS, PRACTITIONERS, SITES, Site
from synthetic.x12 import write_837, write_archive, write_csv, write_encounters

SEED = 2026
CLAIMS = 300  # ordinary professional claims; a third as many hospital claims; and the other side of both
CHECKED = dt.date(2026, 9, 3)  # the day of the check, on which the last file was made

# Pages about the software and its data, not about claims.
NOT_PLANTED = {
    "FMT115": "judges how old Scrubjay's own code set is, not a claim",
    "PRO132": "no number of 2026 for such a code is confirmed, and the excerpt of the fee files holds confirmed ones only",
    "FMT118": "judges the settings of a workspace, not a claim",
}

_SETTINGS = f"""\
# The workspace of Riverbend Health, a made-up health system. Written by `python -m synthetic`.
# The registries stand beside this file under their own names.

[feeds.{MAIN.hospital_id}]
visits = [{FIRST_DAY}, {CHECKED - dt.timedelta(days=1)}]
institutional_claims = [{FIRST_DAY}, {LAST_DAY}]
"""


def generate(folder: Path, seed: int = SEED, claims: int = CLAIMS) -> dict[str, Any]:
    """Write everything into the folder; the key as key.json holds it."""
    book = Book(random.Random(seed))
    book.fill(claims, claims // 3)
    entries = [entry for plant in PLANTS for entry in plant(book)]
    complete(book)
    ordered = _number(book)
    visits = [*visits_of(ordered, book.visits, LAST_DAY), *book.visits]
    sent = [claim for claim in ordered if not claim.is_archived]
    workspace = folder / "workspace"
    workspace.mkdir(parents=True, exist_ok=True)
    key = _key(seed, ordered, entries)
    files = {
        folder / "professional.837": write_837([c for c in sent if c.kind == "professional"], "professional"),
        folder / "institutional.837": write_837([c for c in sent if c.kind == "institutional"], "institutional"),
        folder / "archive.csv": write_archive(claim for claim in ordered if claim.is_archived),
        folder / "adt.hl7": write_adt([visit for visit in visits if visit.site.hospital_id == MAIN.hospital_id]),
        folder / "stays.csv": write_stays(visit for visit in visits if visit.site.hospital_id != MAIN.hospital_id),
        folder / "key.json": json.dumps(key, indent=1, ensure_ascii=False) + "\n",
        workspace / "scrubjay.toml": _SETTINGS,
        workspace / "sites.csv": write_csv([site.row for site in (*SITES, *faults.SITES)]),
        workspace / "providers.csv": write_csv(_providers()),
        workspace / "payers.csv": write_csv(
            [
                {"payer_id": p.payer_id, "payer_name": p.name, "payer_program": p.program}
                for p in (*PAYERS, *faults.PAYERS)
            ]
        ),
        workspace / "encounters.csv": write_encounters(ordered),
        **{workspace / "policies" / f"{name}.yaml": text for name, text in faults.POLICIES.items()},
    }
    (workspace / "policies").mkdir(exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    _write_fees(folder / "fees", workspace)
    return key


def _write_fees(folder: Path, workspace: Path) -> None:
    """The excerpt of CMS's files, as a download would stand there, and what `scrubjay fees import` makes of it."""
    folder.mkdir(exist_ok=True)
    places = [site.address.zip for site in (*SITES, *faults.SITES)] + [MEDICAL_GROUP.address.zip]
    contents = fee_file_contents({zip_code[:5] for zip_code in places})
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    import_fees([folder / name for name in sorted(contents)], workspace, replace=True)


def _number(book: Book) -> list[Claim]:
    """All claims by the day of service, mixed within it, with their numbers."""
    mixed = list(book.claims)
    book.rng.shuffle(mixed)
    mixed.sort(key=lambda claim: claim.first_date)
    for number, claim in enumerate(mixed, 1):
        claim.claim_id = f"RB-{number:05d}"
    return mixed


def _providers() -> list[dict[str, str]]:
    return [
        {
            "npi": who.npi,
            "provider_name": f"{who.first_name} {who.last_name}".title(),
            "provider_type": who.kind,
            "taxonomy_code": who.taxonomy,
            "group_npi": MEDICAL_GROUP.npi,
            "is_qualifying_participant": "false",
        }
        for who in (*PRACTITIONERS, *faults.PRACTITIONERS)
    ]


def _key(seed: int, claims: list[Claim], entries: list[Entry]) -> dict[str, Any]:
    """What was planted, by rule, and which rules have nothing planted and why."""
    excluded = {
        code: "preview: runs only when selected" for code, rule in load_rules().items() if rule.status == "preview"
    }
    rows = sorted((_row(entry) for entry in entries), key=lambda row: (row["rule"], *map(str, row.values())))
    return {
        "schema": "scrubjay.synthetic-key/1",
        "seed": seed,
        "claims": {
            "professional": sum(c.kind == "professional" and not c.is_archived for c in claims),
            "institutional": sum(c.kind == "institutional" for c in claims),
            "archive": sum(c.is_archived for c in claims),
        },
        "not_planted": dict(sorted({**excluded, **NOT_PLANTED}.items())),
        "faults": [row for row in rows if row["kind"] == "fault"],
        "unknowns": [row for row in rows if row["kind"] == "cannot_tell"],
        "look_alikes": [row for row in rows if row["kind"] == "look_alike"],
    }


def _row(entry: Entry) -> dict[str, Any]:
    where = entry.where
    return {
        "rule": entry.rule,
        "kind": entry.kind,
        "outcome": entry.outcome,
        "claim_id": None if isinstance(where, Site) else where.claim_id,
        "line_number": entry.line,
        "site_id": where.site_id if isinstance(where, Site) else None,
        "why": entry.why,
        "beside": entry.beside or None,
    }
