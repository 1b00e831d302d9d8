"""Facts: who gave a service, who bills it, and who did the substantive portion of a shared visit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.facts.samples import CLAIM, DAY, LINE, NPI, Case, D, Row, build, check, facts_of, facts_of_cases

BILLING = "1234567893"  # of every claim of the samples
THIRD = "1777777773"

NO_REGISTRY = "no providers registry is loaded"
NO_NPI = "the claim names no rendering provider"
NO_DATE = "the line has no readable service date"
NO_ENCOUNTERS = "no encounters registry is loaded"
NO_ENCOUNTER = "no row of the encounters registry fits"
SEVERAL_ENCOUNTERS = "several rows of the encounters registry fit"


def provider(kind: str | None, npi: str = NPI, **more: Any) -> Row:
    return {"npi": npi, "provider_type": kind, **more}


def rendered(*providers: Row, npi: str | None = NPI, **more: Any) -> Case:
    """A line rendered by one whom the providers registry holds as given."""
    return Case(line={"rendering_provider_npi": npi} | more.pop("line", {}), providers=providers, **more)


def met(*providers: Row, line: Row | None = None, **encounter: Any) -> Case:
    """A line with one row of the encounters registry."""
    return Case(line=line or {}, providers=providers, encounters=({"claim_id": "A1", **encounter},))


# --- the rendering provider ---------------------------------------------------------------------------


def test_the_rendering_provider_is_the_lines_else_the_claims_else_the_billing_provider() -> None:
    cases: list[tuple[str | None, str | None, str | None, str]] = [
        (NPI, THIRD, BILLING, NPI),
        (None, THIRD, BILLING, THIRD),
        (None, None, BILLING, BILLING),
        (None, None, None, ""),
        (NPI, None, None, NPI),
    ]
    claims = [
        CLAIM | {"claim_key": key, "rendering_provider_npi": of_claim, "billing_provider_npi": billing}
        for key, (_, of_claim, billing, _) in enumerate(cases)
    ]
    lines = [LINE | {"claim_key": key, "rendering_provider_npi": case[0]} for key, case in enumerate(cases)]
    found = [row["rendering_provider_npi"] for row in facts_of(build(claims, lines))]
    assert found == [want for *_, want in cases]


def test_supervising_and_referring_providers_render_nothing() -> None:
    claim = CLAIM | {"supervising_provider_npi": NPI, "referring_provider_npi": THIRD}
    [row] = facts_of(build([claim], [LINE | {"supervising_provider_npi": NPI}]))
    assert row["rendering_provider_npi"] == BILLING


def test_a_type_of_provider_counts_as_a_kind() -> None:
    kinds = {
        "MD": "physician", "DO": "physician", "DPM": "physician", "DC": "physician",
        "NP": "nonphysician_practitioner", "PA": "nonphysician_practitioner", "PA-C": "nonphysician_practitioner",
        "CNM": "nonphysician_practitioner", "CRNA": "nonphysician_practitioner", "PSYD": "psychologist",
        "LCSW": "clinical_social_worker", "PT": "therapist", "RN": "clinical_staff", "MA": "clinical_staff",
        "independent_lab": "laboratory", "therapist_private_practice": "therapist",
        "Audiologist": "other", "hospital": "other", "M.D.?": "other",
    }  # fmt: skip
    check(
        "rendering_provider_kind rendering_because",
        *((rendered(provider(one)), (kind, None)) for one, kind in kinds.items()),
        (rendered(provider("md")), ("physician", None)),
        (rendered(provider("Np")), ("nonphysician_practitioner", None)),
        (rendered(provider("INDEPENDENT_LAB")), ("laboratory", None)),
    )


def test_the_type_of_the_rendering_provider_is_that_of_the_registry() -> None:
    check(
        "rendering_provider_type rendering_provider_kind",
        (rendered(provider("NP")), ("NP", "nonphysician_practitioner")),
        (rendered(provider("NP"), provider("MD", THIRD)), ("NP", "nonphysician_practitioner")),
        (rendered(provider("NP"), provider("MD", BILLING), npi=None), ("MD", "physician")),
        (rendered(provider(None)), (None, None)),
        (rendered(provider("NP", THIRD)), (None, None)),
    )


def test_a_provider_is_what_the_row_of_the_day_says() -> None:
    nurse = provider("RN", effective_to=D(2024, 3, 5))
    practitioner = provider("NP", effective_from=D(2024, 3, 7))
    check(
        "rendering_provider_type rendering_provider_kind",
        *(
            (rendered(nurse, practitioner, line={"service_date": D(2024, 3, day)}), want)
            for day, want in [
                (4, ("RN", "clinical_staff")), (5, ("RN", "clinical_staff")), (6, (None, None)),
                (7, ("NP", "nonphysician_practitioner")), (8, ("NP", "nonphysician_practitioner")),
            ]
        ),
    )  # fmt: skip


def test_rows_that_contradict_each_other_say_nothing_of_a_provider() -> None:
    check(
        "rendering_provider_type rendering_provider_kind",
        (rendered(provider("MD"), provider("NP")), (None, None)),
        (rendered(provider("NP"), provider("NP")), ("NP", "nonphysician_practitioner")),
        (rendered(provider("NP"), provider("np")), ("NP", "nonphysician_practitioner")),
    )


def reasons(because: str, *cases: Case) -> list[str | None]:
    """What is said in the column, without the NPI at its end, which a case has of its own."""
    found = [row[because] for [row] in facts_of_cases(cases)]
    return [one.rstrip("0123456789") if one else one for one in found]


HAS_NO = "the providers registry has no row on that day for "
HAS_SEVERAL = "the providers registry has several types for "
IS_BLANK = "the providers registry leaves the type blank of "
UNDATED = "the line has no readable service date, and the providers registry has no row without dates for "


def test_what_is_not_known_of_the_rendering_provider_says_why() -> None:
    assert reasons("rendering_because", rendered()) == [NO_REGISTRY]
    nobody = {"billing_provider_npi": None}
    assert reasons(
        "rendering_because",
        rendered(),
        rendered(provider("MD", effective_to=D(2024, 3, 4))),
        rendered(provider("MD"), provider("NP")),
        rendered(provider(None)),
        rendered(provider("MD"), npi=None, claim=nobody),
        rendered(provider("MD", effective_to=DAY), line={"service_date": None}),
        rendered(provider("MD")),
    ) == [HAS_NO, HAS_NO, HAS_SEVERAL, IS_BLANK, NO_NPI, UNDATED, None]


def test_a_line_without_a_date_does_not_choose_among_rows_of_providers() -> None:
    undated: Row = {"service_date": None}
    first, second = provider("RN", effective_to=DAY), provider("NP", effective_from=D(2024, 3, 6))
    check(
        "rendering_provider_type rendering_provider_kind",
        (rendered(first, second, line=undated), (None, None)),
        (rendered(second, line=undated), (None, None)),
    )


def test_without_a_law_of_the_day_a_type_counts_as_nothing() -> None:
    """A physician on an undated line is no 'other': nothing says what the type counts as."""
    too_early = "no law on types of practitioners is loaded for that day"

    def on(day: Any) -> Case:
        line = {"rendering_provider_npi": NPI, "service_date": day}
        return met(provider("MD"), performed_by_type="MD", line=line)

    check(
        "rendering_provider_type rendering_provider_kind rendering_because performer_kind performer_because",
        (on(None), ("MD", None, NO_DATE, None, NO_DATE)),
        (on(D(2002, 12, 31)), ("MD", None, too_early, None, too_early)),
        (on(D(2003, 1, 1)), ("MD", "physician", None, "physician", None)),
    )


def test_the_kind_of_the_billing_provider_is_told_by_its_own_npi() -> None:
    lab = provider("independent_lab", BILLING)
    nobody = {"billing_provider_npi": None}
    cases: list[tuple[Case, str | None, str | None]] = [
        (rendered(lab, provider("MD")), "laboratory", None),
        (rendered(provider("MD", BILLING), npi=None), "physician", None),
        (rendered(provider("MD")), None, HAS_NO),
        (rendered(lab, provider("MD", BILLING)), None, HAS_SEVERAL),
        (rendered(provider("independent_lab", BILLING, effective_to=D(2024, 3, 4))), None, HAS_NO),
        (rendered(provider(None, BILLING)), None, IS_BLANK),
        (rendered(lab, claim=nobody), None, "the claim names no billing provider by NPI"),
        (rendered(lab, line={"service_date": None}), None, NO_DATE),
    ]
    check("billing_provider_kind", *((case, kind) for case, kind, _ in cases))
    assert reasons("billing_because", *(case for case, *_ in cases)) == [reason for *_, reason in cases]


# --- who gave the service -----------------------------------------------------------------------------


def test_who_gave_the_service_is_told_by_type_else_by_npi() -> None:
    check(
        "performer_type performer_kind has_performer_on_record performer_because",
        (met(performed_by_type="NP"), ("NP", "nonphysician_practitioner", True, None)),
        (met(performed_by_type="rn"), ("RN", "clinical_staff", True, None)),
        (met(performed_by_type="scribe"), ("SCRIBE", "other", True, None)),
        (met(provider("PA"), performed_by_npi=NPI), ("PA", "nonphysician_practitioner", True, None)),
        (met(provider("MD"), performed_by_npi=NPI, performed_by_type="RN"), ("RN", "clinical_staff", True, None)),
        (
            met(provider("MD", THIRD), performed_by_npi=NPI, performed_by_type="RN"),
            ("RN", "clinical_staff", True, None),
        ),
    )


def test_who_gave_the_service_is_not_taken_from_the_claim() -> None:
    claim: Row = {"rendering_provider_npi": NPI}
    check(
        "performer_type performer_kind has_performer_on_record",
        (Case(claim=claim, providers=(provider("MD"),)), (None, None, False)),
        (Case(claim=claim, providers=(provider("MD"),), encounters=({"claim_id": "A1"},)), (None, None, False)),
    )


def test_a_performer_whom_no_registry_knows_is_on_record_all_the_same() -> None:
    columns = "performer_type performer_kind has_performer_on_record"
    cases = [
        (met(provider("PA", THIRD), performed_by_npi=NPI), HAS_NO),
        (met(provider("PA"), provider("RN"), performed_by_npi=NPI), HAS_SEVERAL),
        (met(provider(None), performed_by_npi=NPI), IS_BLANK),
        (met(provider("PA", effective_to=D(2024, 3, 4)), performed_by_npi=NPI), HAS_NO),
    ]
    check(columns, *((case, (None, None, True)) for case, _ in cases))
    assert reasons("performer_because", *(case for case, _ in cases)) == [reason for _, reason in cases]
    check(f"{columns} performer_because", (met(performed_by_npi=NPI), (None, None, True, NO_REGISTRY)))


def test_what_is_not_known_of_the_performer_says_why() -> None:
    check("performer_kind has_performer_on_record performer_because", (Case(), (None, False, NO_ENCOUNTERS)))
    first, second = ({"claim_id": "A1", "performed_by_type": one} for one in ("NP", "MD"))
    blank = "performed_by_type and performed_by_npi are blank in the encounters registry"
    check(
        "performer_kind has_performer_on_record performer_because",
        (met(), (None, False, blank)),
        (Case(encounters=({"claim_id": "A2", "performed_by_type": "NP"},)), (None, False, NO_ENCOUNTER)),
        (Case(encounters=(first, second)), (None, False, SEVERAL_ENCOUNTERS)),
        (Case(encounters=(first | {"line_number": 1}, second)), ("nonphysician_practitioner", True, None)),
        (Case(encounters=(first | {"line_number": 2}, second)), ("physician", True, None)),
        (Case(encounters=(first | {"line_number": 2},)), (None, False, NO_ENCOUNTER)),
    )


# --- shared visits ------------------------------------------------------------------------------------


def test_a_shared_visit_is_as_the_encounter_says() -> None:
    check(
        "has_shared_visit_on_record is_shared_visit shared_practitioner_type is_shared_within_group",
        (met(split_practitioner_type="NP", is_same_group=True), (True, True, "NP", True)),
        (met(split_practitioner_type="PA", is_same_group=False), (True, True, "PA", False)),
        (met(split_practitioner_type="PA"), (True, True, "PA", None)),
        (met(split_practitioner_type="none"), (False, False, "none", None)),
        (met(), (False, None, None, None)),
        (Case(), (False, None, None, None)),
        (Case(encounters=({"claim_id": "A2", "split_practitioner_type": "NP"},)), (False, None, None, None)),
    )


def test_what_is_not_known_of_a_shared_visit_says_why() -> None:
    twice = tuple({"claim_id": "A1", "split_practitioner_type": one} for one in ("NP", "none"))
    check("is_shared_visit encounter_because", (Case(), (None, NO_ENCOUNTERS)))
    check(
        "is_shared_visit encounter_because",
        (met(), (None, None)),  # blank in the registry
        (Case(encounters=twice), (None, SEVERAL_ENCOUNTERS)),
        (Case(encounters=({"claim_id": "A2"},)), (None, NO_ENCOUNTER)),
    )


def shared(share: str | None, decisions: bool | None, procedure: str = "99233", day: Any = DAY) -> Case:
    """A visit that a nurse practitioner shared: the physician's part of the time, and whether he or she decided."""
    return met(
        line={"procedure_code": procedure, "service_date": day},
        split_practitioner_type="NP",
        physician_time_share=Decimal(share) if share else None,
        has_physician_decision_making=decisions,
    )


BOTH = "is_substantive_portion_by_physician is_substantive_portion_by_nonphysician"
Answers = tuple[bool | None, bool | None]


def test_either_time_or_decision_making_is_a_substantive_portion() -> None:
    table: list[tuple[str | None, bool | None, Answers]] = [
        ("0.6", True, (True, False)),
        ("0.6", False, (True, True)),
        ("0.6", None, (True, None)),
        ("0.4", True, (True, True)),
        ("0.4", False, (False, True)),
        ("0.4", None, (None, True)),
        (None, True, (True, None)),
        (None, False, (None, True)),
        (None, None, (None, None)),
        # half of the time is not more than half of it
        ("0.5", True, (True, False)),
        ("0.5", False, (False, True)),
        ("0.5", None, (None, None)),
        ("0.5001", False, (True, True)),
        ("0.4999", True, (True, True)),
        ("1", True, (True, False)),
        ("0", False, (False, True)),
    ]
    check(BOTH, *((shared(share, decisions), want) for share, decisions, want in table))


def test_critical_care_is_measured_by_time_alone() -> None:
    table: list[tuple[str | None, Answers]] = [
        ("0.6", (True, False)), ("0.4", (False, True)), ("0.5", (False, False)), (None, (None, None)),
    ]  # fmt: skip
    for procedure in ("99291", "99292"):
        check(
            BOTH,
            *(
                (shared(share, decisions, procedure, day), want)
                for share, want in table
                for decisions in (True, False, None)
                for day in (D(2022, 1, 1), D(2023, 12, 31), D(2024, 1, 1))
            ),
        )


def test_in_2022_and_2023_history_and_examination_counted_which_nobody_records() -> None:
    table: list[tuple[str | None, bool | None, Answers]] = [
        ("0.6", True, (True, None)), ("0.6", False, (True, True)), ("0.4", False, (None, True)),
        ("0.4", True, (True, True)), ("0.5", None, (None, None)), (None, None, (None, None)),
    ]  # fmt: skip
    days = (D(2022, 1, 1), D(2023, 12, 31))
    check(BOTH, *((shared(share, mdm, day=day), want) for share, mdm, want in table for day in days))
    check(
        BOTH,
        (shared("0.4", False, day=D(2023, 12, 31)), (None, True)),
        (shared("0.4", False, day=D(2024, 1, 1)), (False, True)),
    )


def test_before_2022_and_without_a_date_no_measure_is_known() -> None:
    check(
        BOTH,
        *((shared("0.9", True, procedure, D(2021, 12, 31)), (None, None)) for procedure in ("99233", "99291")),
        (shared("0.9", True, day=None), (None, None)),
    )


def test_what_is_not_known_of_the_substantive_portion_says_why() -> None:
    blank = "physician_time_share or has_physician_decision_making is blank in the encounters registry"
    unrecorded = "history and examination counted too on that day, and nobody recorded who did them"
    in_2023 = D(2023, 3, 5)
    shares = tuple({"claim_id": "A1", "physician_time_share": Decimal(one)} for one in (0, 1))
    check("substantive_because", (Case(), NO_ENCOUNTERS))
    check(
        f"{BOTH} substantive_because",
        (shared("0.6", None), (True, None, blank)),
        (shared(None, False), (None, True, blank)),
        (shared("0.6", True), (True, False, None)),
        (shared(None, True, "99291"), (None, None, "physician_time_share is blank in the encounters registry")),
        (shared("0.6", None, "99291"), (True, False, None)),
        (shared("0.4", False, day=in_2023), (None, True, unrecorded)),
        (shared("0.6", True, day=in_2023), (True, None, unrecorded)),
        (shared("0.6", False, day=in_2023), (True, True, None)),
        (shared("0.4", None, day=in_2023), (None, True, blank)),
        (shared("0.9", True, day=D(2021, 12, 31)), (None, None, "no law on shared visits is loaded for that day")),
        (shared("0.9", True, day=None), (None, None, NO_DATE)),
        (Case(encounters=({"claim_id": "A2"},)), (None, None, NO_ENCOUNTER)),
        (Case(encounters=shares), (None, None, SEVERAL_ENCOUNTERS)),
    )


# --- modifiers ----------------------------------------------------------------------------------------


def test_modifier_fs_is_put_behind_the_others_or_taken_out() -> None:
    def sent(*modifiers: str | None) -> Case:
        return Case(line={f"modifier_{number}": one for number, one in enumerate(modifiers, 1)})

    check(
        "modifiers_with_fs modifiers_without_fs has_modifier_fs",
        (sent(), ("FS", "", False)),
        (sent("25"), ("25 FS", "25", False)),
        (sent("25", "59"), ("25 59 FS", "25 59", False)),
        (sent(None, "25", None, "59"), ("25 59 FS", "25 59", False)),
        (sent("25", "59", "GC", "XU"), ("25 59 GC XU FS", "25 59 GC XU", False)),
    )
    check(
        "modifiers_with_fs modifiers_without_fs has_modifier_fs",
        (sent("FS"), ("FS", "", True)),
        (sent("FS", "25"), ("25 FS", "25", True)),
        (sent("25", "FS", "59"), ("25 59 FS", "25 59", True)),
        (sent("FS", "FS"), ("FS", "", True)),
    )
