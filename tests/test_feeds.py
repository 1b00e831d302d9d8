"""Files that are kept in the workspace and read along, and what feeds say of whom and when."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

import scrubjay
from scrubjay.formats import read_files
from scrubjay.workspace import create_workspace
from tests.command_line import Run, runner
from tests.formats import x12_text as x12

SITES = """\
site_id,site_name,site_type,hospital_id,hospital_name,hospital_type,npi,feed_codes
MAIN,General Hospital,main_campus,GENERAL,General Hospital,ipps,1000000004,GEN
"""
DAY = "20260311"


def message(
    event: str, at: str, control: str, member: str = "M1001", facility: str = "GEN", birth: str = "19500103"
) -> str:
    """A message about the inpatient stay of Jane Doe from the tenth of March on."""
    segments = (
        f"MSH|^~\\&|REG|{facility}|||{at}||ADT^{event}|{control}|P|2.5",
        f"EVN|{event}|{at}|||U|{at}",
        f"PID|1||{member}^^^PAYER^MB||DOE^JANE||{birth}|F",
        f"PV1|1|I|4W^1^1|E||||||MED||||||||INP|V{member}^^^GEN^VN" + "|" * 25 + "202603101200",
    )
    return "".join(one + "\r" for one in segments)


def professional(claim: str = "A1", member: str = "M1001", place: str = "11", day: str = DAY) -> str:
    parts = (x12.billing_provider(), x12.subscriber(member=member), x12.claim(claim, place), x12.line(day=day))
    return x12.file_of(*parts, day="20260401")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in a new workspace that knows General Hospital."""
    create_workspace(tmp_path / "kept")
    (tmp_path / "kept" / "sites.csv").write_text(SITES)
    monkeypatch.chdir(tmp_path / "kept")
    return runner(monkeypatch, capsys)


@pytest.fixture
def adt(tmp_path: Path) -> Path:
    path = tmp_path / "adt.hl7"
    path.write_text(message("A01", "20260310120000", "1") + message("A03", "20260314120000", "2"))
    return path


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "july.837"
    path.write_text(professional())
    return path


def report(run: Run, *words: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("check", *words, "--format", "json").out)
    return found


def rules(found: dict[str, Any]) -> set[str]:
    return {one["rule"] for one in found["findings"] if one["outcome"] == "violation"}


# --- what is kept -------------------------------------------------------------------------------------


def test_a_check_reads_along_what_is_kept(run: Run, adt: Path, claims: Path) -> None:
    before = report(run, claims)
    assert ("SET101" in rules(before), before["summary"]["kept_files"]) == (False, 0)
    ran = run("feeds", "import", adt)
    assert (ran.code, ran.out, ran.err) == (0, "adt.hl7: HL7 v2, 2 messages; imported.\n", "")
    after = report(run, claims)
    assert "SET101" in rules(after)
    beside = report(run, claims, adt)
    assert (after["findings"], after["summary"]["kept_files"]) == (beside["findings"], 1)
    assert [(Path(one["name"]).name, one["is_kept"]) for one in after["files"]] == [
        ("july.837", False),
        ("adt.hl7", True),
    ]
    assert "1 file, 1 claim, 1 service line;" in run("check", claims).out
    assert "1 file of the feeds folder read along.\n" in run("check", claims).out


def test_nothing_is_judged_of_a_kept_claim(run: Run, adt: Path, claims: Path, tmp_path: Path) -> None:
    other = tmp_path / "june.837"
    other.write_text(professional("A0"))
    run("feeds", "import", adt, other)
    found = report(run, claims)
    assert {one["claim_id"] for one in found["findings"] if one["claim_id"]} == {"A1"}
    assert (found["summary"]["claims"], found["summary"]["lines"]) == (1, 1)


def test_a_claim_that_was_sent_before_is_a_duplicate_of_a_kept_one(run: Run, claims: Path, tmp_path: Path) -> None:
    other = tmp_path / "june.837"
    for claim_id, outcome in (("A0", "violation"), ("A1", "unknown")):
        other.write_text(professional(claim_id, place="22"))
        run("feeds", "import", other, "--replace")
        [one] = [one for one in report(run, claims)["findings"] if one["rule"] == "PRO111"]
        assert (one["outcome"], one["claim_id"], one["evidence"]["other_claim_id"]) == (outcome, "A1", claim_id)


def test_a_kept_file_that_is_checked_itself_is_judged(run: Run, claims: Path) -> None:
    run("feeds", "import", claims)
    for path in (claims, Path("feeds") / claims.name):
        found = report(run, path)
        assert (found["summary"]["claims"], len(found["files"]) - found["summary"]["kept_files"]) == (1, 1)
        assert (found["findings"] != [], found["intake_problems"]) == (True, [])


def test_a_check_tells_of_a_kept_file_only_what_was_lost(run: Run, claims: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.hl7"
    cut.write_text(message("A01", "20260310120000", "1") + message("A03", "20260314120000", "2")[:60])
    ran = run("feeds", "import", cut)
    assert (ran.code, "error at byte" in ran.out) == (0, True)
    problems = report(run, claims)["intake_problems"]
    assert problems
    assert {one["severity"] for one in problems} == {"error"}


# --- the import ---------------------------------------------------------------------------------------


def test_the_copy_is_its_owners_alone_and_the_same_file_is_kept_once(run: Run, adt: Path) -> None:
    adt.chmod(0o644)
    run("feeds", "import", adt)
    kept = Path("feeds/adt.hl7")
    assert kept.read_bytes() == adt.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    same = adt.rename(adt.with_name("other name.hl7"))
    assert run("feeds", "import", same).out == "other name.hl7: HL7 v2, 2 messages; kept already as adt.hl7.\n"
    assert [one.name for one in Path("feeds").iterdir()] == ["adt.hl7"]


def test_another_file_of_one_name_is_replaced_only_when_asked(run: Run, adt: Path) -> None:
    run("feeds", "import", adt)
    former = adt.read_text()
    adt.write_text(message("A11", "20260311120000", "2"))
    ran = run("feeds", "import", adt)
    assert ran.code == 3
    assert "another file is kept under this name. Nothing was changed." in ran.err
    ran = run("feeds", "import", adt, "--replace")
    assert ran.out.endswith("  The former file is kept as adt.hl7.bak, and is read no longer.\n")
    assert Path("feeds/adt.hl7.bak").read_text() == former
    assert json.loads(run("feeds", "list", "--format", "json").out)["files"][0]["messages"] == 1


def test_a_folder_is_imported_without_what_holds_nothing(run: Run, adt: Path, claims: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    adt.rename(folder / adt.name)
    claims.rename(folder / claims.name)
    (folder / "LICENSE").write_text("Everybody may.")
    ran = run("feeds", "import", folder)
    assert ran.code == 0
    assert "LICENSE: unknown; passed over.\n" in ran.out
    assert sorted(one.name for one in Path("feeds").iterdir()) == ["adt.hl7", "july.837"]


def test_nothing_is_written_unless_all_can_be(run: Run, adt: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "notes.txt"
    nothing.write_text("nothing")
    ran = run("feeds", "import", adt, nothing)
    assert (ran.code, Path("feeds").exists()) == (3, False)
    assert "notes.txt: nothing in it can be kept:" in ran.err
    second = tmp_path / "other" / adt.name
    second.parent.mkdir()
    second.write_text(message("A01", "20260310120000", "9"))
    ran = run("feeds", "import", adt, second)
    assert (ran.code, Path("feeds").exists()) == (3, False)
    assert "bears the same name" in ran.err


def test_a_folder_that_cannot_be_written_is_told(run: Run, adt: Path) -> None:
    Path("feeds").write_text("a file stands in the way")
    ran = run("feeds", "import", adt)
    assert ran.code == 3
    assert "cannot be written" in ran.err


# --- the list -----------------------------------------------------------------------------------------


def test_the_list_says_who_speaks_for_which_days(run: Run, adt: Path, tmp_path: Path) -> None:
    assert run("feeds", "list").out.startswith("No feeds are kept.")
    settings = Path("scrubjay.toml")
    settings.write_text(settings.read_text() + "\n[feeds.GENERAL]\nprofessional_claims = [2026-01-01, 2026-03-31]\n")
    adt.write_text(message("A01", "20260310120000", "1") + message("A03", "20260312120000", "2"))
    run("feeds", "import", adt)
    stays = tmp_path / "stays.csv"
    stays.write_text("visit_number,hospital,patient_class,started_at,mrn\nV7,GENERAL,O,2026-04-02,4200\n")
    text = run("feeds", "list", stays).out
    assert "General Hospital, visits: 2026-03-10 to 2026-04-02, in 2 runs of days, as\n    observed" in text
    assert "General Hospital, professional claims: 2026-01-01 to 2026-03-31, as\n    scrubjay.toml says" in text
    assert "General Hospital, inpatient, by messages: 1, begun from 2026-03-10" in text
    assert "General Hospital, outpatient, by lists: 1, begun from 2026-04-02" in text
    assert max(map(len, text.splitlines())) <= 80
    found = json.loads(run("feeds", "list", stays, "--format", "json").out)
    assert [(one["kind"], one["is_declared"]) for one in found["coverage"]] == [
        ("professional_claims", True), ("visits", False), ("visits", False),
    ]  # fmt: skip


def test_names_to_which_no_site_answers_are_listed(run: Run, adt: Path, tmp_path: Path) -> None:
    adt.write_text(message("A01", "20260310120000", "1", facility="ELSEWHERE"))
    stays = tmp_path / "stays.csv"
    rows = "V7,NOWHERE,ATTIC,O,2026-04-02,4200\nV8,GENERAL,CELLAR,E,2026-04-02,4300\n"
    stays.write_text(f"visit_number,hospital,location,patient_class,started_at,mrn\n{rows}")
    bill = tmp_path / "bill.837"
    parts = (x12.institutional_claim(), x12.institutional_line())
    bill.write_text(x12.institutional_file(*parts))
    found = json.loads(run("feeds", "list", adt, stays, bill, "--format", "json").out)
    assert [(one["what"], one["name"], one["rows"], one["count"]) for one in found["unknown_names"]] == [
        ("hospital", "1234567893", "claims", 1),
        ("hospital", "ELSEWHERE", "messages", 1),
        ("hospital", "NOWHERE", "visits", 1),
        ("place", "ATTIC", "visits", 1),
        ("place", "CELLAR", "visits", 1),
    ]
    assert "  hospital ELSEWHERE, in 1 message\n" in run("feeds", "list", adt).out


def test_patients_whom_nobody_can_tell_apart_are_listed_without_a_name(run: Run, adt: Path, claims: Path) -> None:
    # one name and birth date, two numbers of one hospital: the claim bears neither
    two = [message("A01", "20260310120000", "1", member="M8008"), message("A01", "20260311120000", "2", member="M9009")]
    adt.write_text("".join(two).replace("^^^PAYER^MB", "^^^GEN^MR"))
    found = json.loads(run("feeds", "list", adt, claims, "--format", "json").out)
    places = [[(one["what"], one["name"]) for one in pair["records"]] for pair in found["ambiguous"]]
    assert places == [[("claim", "A1"), ("message", "1")], [("claim", "A1"), ("message", "2")]]
    text = run("feeds", "list", adt, claims).out
    assert "Patients that may be one or two, so that what they did is unknown claim A1 (" in " ".join(text.split())
    assert "DOE" not in text + json.dumps(found)
    assert "M8008" not in text + json.dumps(found)


def test_appointments_are_counted_and_are_no_visits(run: Run, tmp_path: Path) -> None:
    booked = tmp_path / "siu.hl7"
    segments = (
        "MSH|^~\\&|REG|GEN|||20260310120000||SIU^S12|1|P|2.5",
        "SCH|P1|F1||||BOOK|ROUTINE||30|min|^^30^202604011030^202604011100" + "|" * 14 + "Booked",
        "PID|1||M1001^^^PAYER^MB||DOE^JANE||19500103|F",
    )
    booked.write_text("".join(one + "\r" for one in segments))
    found = json.loads(run("feeds", "list", booked, "--format", "json").out)
    assert (found["appointments"][0]["appointments"], found["appointments"][0]["first_day"]) == (1, "2026-04-01")
    assert (found["visits"], found["coverage"]) == ([], [])


# --- files with the same content ------------------------------------------------------------------------


def test_a_file_given_twice_is_read_once(claims: Path) -> None:
    copy = claims.with_name("copy of july.837")
    copy.write_bytes(claims.read_bytes())
    for order in ([claims, copy], [copy, claims]):
        tables = read_files(order)
        kinds = {Path(one["name"]).name: (one["kind"], one["claims"]) for one in tables["files"].to_pylist()}
        assert kinds == {"copy of july.837": ("837P", 1), "july.837": ("copy", 0)}
        [problem] = tables["intake_problems"].to_pylist()
        assert (problem["severity"], problem["problem"]) == ("warning", "file-given-twice")
        assert f"'{copy}'" in problem["message"]
        found = scrubjay.check(order, workspace=scrubjay.Workspace.empty()).findings
        assert {one["file"] for one in found} == {str(copy)}


def test_two_empty_files_and_two_of_one_size_are_no_copies(tmp_path: Path) -> None:
    contents = {"a.txt": "", "b.txt": "", "c.837": professional("A1"), "d.837": professional("A2")}
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    kinds = [one["kind"] for one in read_files([tmp_path])["files"].to_pylist()]
    assert kinds == ["empty", "empty", "837P", "837P"]
