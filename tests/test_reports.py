"""Reports: JSON that keeps to its schema, CSV that is no formula, text that fits, and no patient in any of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import pytest
from jsonschema import Draft202012Validator

import scrubjay
from scrubjay import Report, Workspace
from scrubjay.engine import Grain, connect
from scrubjay.reference.law import load_laws
from scrubjay.reports import (
    BINARY_FORMATS,
    CSV_COLUMNS,
    FORMATS,
    SCHEMA_FILE,
    exit_code,
    location,
    save_report,
    write_report,
)
from scrubjay.rule import load_rules
from scrubjay.rule_cases import fill_facts, read_cases
from scrubjay.tables import FILES, INTAKE_PROBLEMS
from tests.reports import made_up
from tests.rules.cases import CASES_FOLDER
from tests.samples import (
    NORTH,
    NOWHERE,
    SITES,
    SOUTH,
    Batch,
    Claim,
    Facility,
    Line,
    Patient,
    write_csv,
    write_workspace,
)

SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

CLAIMS = (
    Claim("A1", facility=NORTH, lines=(Line(), Line(pos="22"), Line(procedure="99213:PO:25"))),
    Claim("A2", facility=SOUTH, pos="22"),
    Claim("A3", facility=NOWHERE, lines=(Line(), Line(day="20249999"))),
    Claim("A4", facility=NOWHERE, pos="ZZ"),
    Claim("A5", pos="", facility=SOUTH),
    Claim("A6", facility=SOUTH, lines=(Line(procedure="99221"), Line(procedure="99281"))),
    Claim("A7", facility=Facility(name="EAST HOME", street="3 MAIN ST")),
)
ROWS = [
    {
        "claim_id": "=1+1",
        "procedure_code": "99213",
        "modifiers": "PO",
        "service_date": "2024-03-05",
        "place_of_service_code": "11",
        "claim_filing_code": "MB",
    },
    {
        "claim_id": "@B2",
        "procedure_code": "99213",
        "service_date": "not a date",
        "place_of_service_code": "=11",
        "claim_filing_code": "MB",
    },
]


def render(report: Report, format_: str, width: int = 80) -> str:
    """The report as text; of a workbook the text of all its parts."""
    if format_ not in BINARY_FORMATS:
        return "".join(write_report(report, format_, width))
    with TemporaryDirectory() as folder:
        save_report(report, format_, Path(folder) / "report")
        with ZipFile(Path(folder) / "report") as parts:
            return "\n".join(parts.read(name).decode() for name in parts.namelist())


def wrong(document: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report with findings of every kind, from an 837 and a CSV file, with intake problems."""
    folder = tmp_path_factory.mktemp("full")
    nursing = {
        "site_id": "EAST",
        "site_type": "skilled_nursing_facility",
        "address_line_1": "3 Main St",
        "zip": "90001",
    }
    workspace = Workspace.open(write_workspace(folder / "workspace", sites=[*SITES, nursing]))
    files = [Batch(CLAIMS).write(folder / "july.837"), write_csv(folder / "july.csv", ROWS)]
    (folder / "broken.837").write_text("ISA*00*broken")
    return scrubjay.check([*files, folder / "broken.837"], workspace=workspace)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report in which there is nothing to say."""
    file = Batch((Claim("C1", pos="12"),), filing_code="CI").write(tmp_path_factory.mktemp("empty") / "clean.837")
    report = scrubjay.check([file], select=["FMT102"])
    assert (report.findings, report.intake_problems) == ([], [])
    return report


# --- JSON ---------------------------------------------------------------------------------------------


def _objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside the schema that describes a value, with its path."""
    if isinstance(schema, dict):
        for keyword in ("properties", "$defs"):
            for name, one in schema.get(keyword, {}).items():
                yield f"{path}/{keyword}/{name}", one
                yield from _objects(one, f"{path}/{keyword}/{name}")
        for keyword in ("items", "additionalProperties"):
            if isinstance(schema.get(keyword), dict):
                yield from _objects(schema[keyword], f"{path}/{keyword}")


def test_the_schema_is_a_schema_and_is_strict() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    open_ = [
        path
        for path, one in [("", SCHEMA), *_objects(SCHEMA)]
        if "properties" in one
        and (one.get("additionalProperties") is not False or set(one["required"]) != set(one["properties"]))
    ]
    assert open_ == []


def test_every_field_of_the_schema_is_described() -> None:
    def is_described(one: dict[str, Any]) -> bool:
        return bool(one.get("description")) or bool(SCHEMA["$defs"][one["$ref"].rpartition("/")[2]].get("description"))

    assert [path for path, one in _objects(SCHEMA) if not is_described(one)] == []


def test_the_schema_has_the_columns_of_the_tables() -> None:
    assert list(SCHEMA["$defs"]["file"]["properties"]) == [name for name in FILES.names if name != "file_id"]
    problem = ["file", *(name for name in INTAKE_PROBLEMS.names if name != "file_id")]
    assert list(SCHEMA["$defs"]["intake_problem"]["properties"]) == problem


def test_a_report_with_everything_in_it_keeps_to_the_schema(full: Report) -> None:
    assert {one["outcome"] for one in full.findings} == {"violation", "unknown"}
    assert {one["severity"] for one in full.findings} == {"error", "hold", "warning", "info"}
    assert {one["grain"] for one in full.findings} >= {"service_line", "claim", "site"}
    assert any(one["line_count"] > 1 for one in full.findings)
    assert any(None in one["fix"].values() for one in full.findings)
    assert any(one["fix"] for one in full.findings)
    assert {one["severity"] for one in full.intake_problems} >= {"error", "warning"}
    assert wrong(json.loads(render(full, "json"))) == []


@pytest.mark.parametrize("name", ["everything", "costly", "hostile"])
def test_the_made_up_reports_keep_to_the_schema(name: str) -> None:
    assert wrong(json.loads(render(getattr(made_up, name)(), "json"))) == []


def test_a_report_with_nothing_in_it_keeps_to_the_schema(empty: Report) -> None:
    assert wrong(json.loads(render(empty, "json"))) == []


@pytest.mark.parametrize("rule", load_rules().values(), ids=list(load_rules()))
def test_the_findings_of_every_rule_keep_to_the_schema(rule: scrubjay.rule.Rule, empty: Report) -> None:
    connection = connect()
    rows = [{"claim_key": number, **case.facts} for number, case in enumerate(read_cases(rule, CASES_FOLDER))]
    fill_facts(connection, rule.table, rows)
    found = list(Grain(connection, rule.table, [rule], load_laws(), ["x.837"]).findings(each=True))
    for one in found:
        del one["_order"]
    assert {one["outcome"] for one in found} >= {"violation"}
    assert wrong({**json.loads(render(empty, "json")), "findings": json.loads(json.dumps(found))}) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "scrubjay.findings/2"),
        (("more",), 1),
        (("findings", 0, "more"), 1),
        (("findings", 0, "severity"), "fatal"),
        (("findings", 0, "exposure_amount"), 21.25),
        (("findings", 0, "rule"), "dep101"),
        (("findings", 0, "evidence", "site_name"), 1.5),
        (("findings", 0, "fingerprint"), "x"),
        (("findings", 0, "line_count"), 0),
        (("findings", 0, "authority"), []),
        (("summary", "more"), 1),
        (("summary", "run_date"), "today"),
    ],
)
def test_the_schema_refuses_what_is_no_report(full: Report, path: tuple[Any, ...], value: object) -> None:
    document = json.loads(render(full, "json"))
    spot = document
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    assert wrong(document)


def test_json_is_the_report_and_one_finding_a_line(full: Report) -> None:
    text = render(full, "json")
    assert json.loads(text) == full.as_dict()
    lines = text.splitlines()
    assert sum(line.lstrip().startswith('{"rule"') for line in lines) == len(full.findings)


def test_json_lines_are_each_a_document_and_together_the_report(full: Report) -> None:
    rows = [json.loads(line) for line in render(full, "jsonl").splitlines()]
    by_type = {type_: [{k: v for k, v in row.items() if k != "type"} for row in rows if row["type"] == type_]
               for type_ in ("file", "intake_problem", "finding", "summary")}  # fmt: skip
    assert by_type == {
        "file": full.files, "intake_problem": full.intake_problems, "finding": full.findings, "summary": [full.summary],
    }  # fmt: skip
    assert len(rows) == sum(map(len, by_type.values()))


# --- CSV ----------------------------------------------------------------------------------------------


def read_csv(text: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def test_csv_holds_every_finding_and_every_problem(full: Report) -> None:
    rows = read_csv(render(full, "csv"))
    assert list(rows[0]) == list(CSV_COLUMNS)
    problems, findings = rows[: len(full.intake_problems)], rows[len(full.intake_problems) :]
    assert [row["rule"] for row in problems] == [one["problem"] for one in full.intake_problems]
    assert {row["outcome"] for row in problems} == {"intake_problem"}
    assert [row["fingerprint"] for row in findings] == [one["fingerprint"] for one in full.findings]
    for row, one in zip(findings, full.findings, strict=True):
        assert (row["rule"], row["line_count"], row["message"]) == (one["rule"], str(one["line_count"]), one["message"])
        assert row["line_number"] == ("" if one["line_number"] is None else str(one["line_number"]))
        assert row["claim_id"].lstrip("'") == (one["claim_id"] or "")
        assert row["site_id"] == (one["site_id"] or "")


def test_no_cell_of_a_csv_begins_a_formula(full: Report) -> None:
    text = render(full, "csv")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
    assert "'=1+1" in cells
    assert "'@B2" in cells


def test_amounts_of_a_csv_are_numbers_also_below_zero() -> None:
    given = made_up.report(
        made_up.violation(**made_up.moves("-3.10"), payer="=1+1"), made_up.violation(claim_id="-1.00")
    )
    one, other = read_csv(render(given, "csv"))
    amounts = [one[name] for name in CSV_COLUMNS if name.endswith("_amount")]
    assert amounts == ["54.35", "57.45", "-3.10", "-2.48", "-0.62"]
    assert (one["payer"], one["service_date"], other["claim_id"]) == ("'=1+1", "2026-08-12", "'-1.00")
    assert {other[name] for name in CSV_COLUMNS if name.endswith("_amount")} == {""}


def test_a_csv_without_findings_is_its_header(empty: Report) -> None:
    assert render(empty, "csv") == ",".join(CSV_COLUMNS) + "\r\n"


def test_a_long_csv_comes_in_pieces_that_fit_together(full: Report) -> None:
    many = Report(full.files, [], full.findings * 300, full.summary)
    pieces = list(write_report(many, "csv"))
    assert len(pieces) > 2
    assert len(read_csv("".join(pieces))) == len(many.findings)


# --- text ---------------------------------------------------------------------------------------------


def test_text_at_width_80_has_no_longer_line_but_the_location(full: Report) -> None:
    lines = render(full, "text", 80).splitlines()
    starts = tuple(one["name"] for one in full.files)
    assert [line for line in lines if len(line) > 80 and not line.startswith(starts)] == []
    places = {f"{location(one)}  {one['rule']} {one['severity']}" for one in full.findings}
    assert {f"{location(one)}  {one['rule']} error" for one in full.findings if one["severity"] == "error"} <= {*lines}
    assert [line for line in lines if line.startswith(starts) and "rule" in line.split("  ")[-1]]
    assert len(places & {*lines}) > 10


def test_a_word_that_is_longer_than_the_line_is_broken(tmp_path: Path) -> None:
    sites = [{**SITES[0], "site_name": "N" * 200}]
    workspace = Workspace.open(write_workspace(tmp_path / "w", sites=sites))
    report = scrubjay.check([Batch((CLAIMS[0],)).write(tmp_path / "a.837")], workspace=workspace, select=["DEP101"])
    lines = [line for line in render(report, "text", 80).splitlines() if not line.startswith(report.files[0]["name"])]
    assert max(map(len, lines)) <= 80


def test_text_says_what_is_wrong_who_to_ask_and_how_to_fix_it(full: Report) -> None:
    text = render(full, "text", 200)
    name = full.files[0]["name"]
    assert f"{name}:ST0001:CLM*A1:LX*1:CLM05-1  DEP101 error\n  POS 11 on 2024-03-05 at North Clinic, which" in text
    assert "\n  fix (review): SV105 = 22\n" in text
    assert "\n  fix (safe): modifiers = 25\n" in text
    assert "ask: compliance (sites registry: site_type, provider_based_from)" in text
    assert "lines, first here." in text
    assert " of severity error; see above." in text


def test_text_without_findings_says_so(empty: Report) -> None:
    assert render(empty, "text") == "1 file, 1 claim, 1 service line; 0 findings.\nNothing to act on.\n"


@pytest.mark.parametrize("format_", ["text", "json", "jsonl"])
def test_what_stands_in_a_claim_cannot_steer_a_terminal_or_forge_a_line(tmp_path: Path, format_: str) -> None:
    rows = [{**ROWS[0], "claim_id": "B\x1b[2J1"}, {**ROWS[0], "claim_id": "B2\nB2:CLM*X  DEP101 error"}]
    report = scrubjay.check([write_csv(tmp_path / "b.csv", rows)], select=["DEP107"])
    assert report.findings or report.intake_problems
    text = render(report, format_)
    assert "\x1b" not in text
    assert "B2:CLM*X  DEP101 error" not in text.splitlines()


# --- exit codes ---------------------------------------------------------------------------------------


def a_report(problem: str | None = None, **finding: str) -> Report:
    problems = [{"severity": problem}] if problem else []
    return Report([], problems, [finding] if finding else [], {})


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (a_report(), 0),
        (a_report(outcome="violation", severity="info"), 0),
        (a_report(outcome="unknown", severity="info"), 0),
        (a_report(outcome="unknown", severity="warning"), 0),
        (a_report("warning"), 0),
        (a_report("info"), 0),
        (a_report(outcome="violation", severity="error"), 1),
        (a_report(outcome="violation", severity="warning"), 1),
        (a_report(outcome="unknown", severity="hold"), 1),
        (a_report("warning", outcome="unknown", severity="hold"), 1),
        (a_report("error"), 2),
        (a_report("error", outcome="violation", severity="error"), 2),
    ],
)
def test_the_exit_code_says_whether_there_is_something_to_act_on(report: Report, code: int) -> None:
    assert exit_code(report) == code


# --- patients -----------------------------------------------------------------------------------------

PATIENT = Patient(
    last="QUIXOTEVSKY",
    first="DULCINEABETH",
    member="MBRZX99871",
    street="4711 WINDMILL LN",
    city="TOBOSOVILLE",
    zip_code="876543210",
    born="19371213",
)
SEEDS = (
    "quixotevsky",
    "dulcineabeth",
    "mbrzx99871",
    "windmill",
    "tobosoville",
    "87654",
    "19371213",
    "1937-12-13",
    "12/13/1937",
)
BAD = {"patient_birth_date": "1937-12-13 at noon, QUIXOTEVSKY", "service_date": "2024-13-45", "charge_amount": "much"}


def seeded_files(folder: Path) -> list[Path]:
    """Files in order and damaged ones, all about the one patient."""
    text = Batch(CLAIMS, patient=PATIENT).text()
    files = {
        "a.837": text,
        "bad_birth.837": text.replace("DMG*D8*19371213*F", "DMG*D8*1937QUIXOTEVSKY*F"),
        "cut.837": text[: text.index("WINDMILL") + 4],
        "cut_later.837": text[: text.index("CLM*A3") + 30],
        "no_segment_end.837": text.replace("~\nN3*4711", "\nN3*4711", 1),
        "loose.837": text.replace("CLM*A1", "QUIXOTEVSKY*DULCINEABETH~\nCLM*A1"),
        "not_json.dat": '{"patient": "QUIXOTEVSKY"}',
        "words.txt": "QUIXOTEVSKY DULCINEABETH MBRZX99871\n4711 WINDMILL LN",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="ascii")
    row = {**ROWS[0], "claim_id": "B1", "member_id": PATIENT.member, "patient_last_name": PATIENT.last,
           "patient_first_name": PATIENT.first, "patient_birth_date": "1937-12-13"}  # fmt: skip
    table = write_csv(folder / "b.csv", [row, {**row, **BAD}, {**row, "claim_id": "B2", "patient_last_name": "\0"}])
    lines = table.read_text().splitlines()
    too_long, open_quote = lines[1] + ",4711 WINDMILL LN,TOBOSOVILLE", '"QUIXOTEVSKY'
    (folder / "ragged.csv").write_text("\n".join([*lines, too_long, open_quote]))
    return [*(folder / name for name in files), table, folder / "ragged.csv"]


def leaks(text: str) -> set[str]:
    return {seed for seed in SEEDS if seed in text.lower()}


@pytest.mark.parametrize("each", [False, True])
def test_no_report_says_who_the_patient_is(tmp_path: Path, each: bool) -> None:
    encounters = [{"member_id": PATIENT.member, "service_date": "2024-03-05", "registration_status": "outpatient"}]
    folder = write_workspace(tmp_path / "w", sites=SITES, encounters=encounters)
    leaked = {}
    for file in seeded_files(tmp_path):
        report = scrubjay.check([file], workspace=Workspace.open(folder), each=each)
        assert report.findings or report.intake_problems
        for format_ in FORMATS:
            if found := leaks(render(report, format_)):
                leaked[file.name, format_] = found
    assert leaked == {}


def test_no_explanation_says_who_the_patient_is(tmp_path: Path) -> None:
    encounters = [{"member_id": PATIENT.member, "service_date": "2024-03-05", "registration_status": "outpatient"}]
    workspace = Workspace.open(write_workspace(tmp_path / "w", sites=SITES, encounters=encounters))
    file = Batch(CLAIMS, patient=PATIENT).write(tmp_path / "a.837")
    for claim in CLAIMS:
        text = "\n".join(one.text() for one in scrubjay.explain([file], claim=claim.id, workspace=workspace))
        assert claim.id in text
        assert leaks(text) == set()


def test_no_rule_shows_a_column_about_a_patient() -> None:
    for rule in load_rules().values():
        named = {*rule.evidence, *(column for leaf in rule.condition.leaves() for column in leaf.columns)}
        assert not {name for name in named if name.startswith(("patient_", "member_"))}


def test_a_home_visit_does_not_show_the_home(tmp_path: Path) -> None:
    home = Facility(name="QUIXOTEVSKY HOME", street="4711 WINDMILL LN", zip_code="87654")
    file = Batch((Claim("H1", pos="12", facility=home),), patient=PATIENT).write(tmp_path / "h.837")
    workspace = Workspace.open(write_workspace(tmp_path / "w"))
    report = scrubjay.check([file], workspace=workspace)
    assert report.findings
    assert {found for format_ in FORMATS for found in leaks(render(report, format_))} == set()
