"""Facts: a service that stands twice, with two places of service."""

from __future__ import annotations

from typing import Any

from tests.facts.samples import CLAIM, DAY, LINE, NPI, Case, D, Row, build, check, facts_of, facts_of_cases

AT_11, AT_22 = {"place_of_service_code": "11"}, {"place_of_service_code": "22"}
NAMES = "has_duplicate_at_other_place other_place_of_service_code other_claim_id duplicate_because"
FOUND = (True, "22", "A2", None)
ALONE = (False, "", None, None)
PERSON: Row = {"patient_last_name": "Doe", "patient_first_name": "Jane", "patient_birth_date": D(1950, 1, 1)}


def two(
    both: Row | None = None, line: Row | None = None, other: Row | None = None, other_line: Row | None = None
) -> Case:
    """The same service at 11 on claim A1 and at 22 on claim A2, changed on both claims and lines, then on the second."""
    second: Row = {"claim_id": "A2"} | AT_22 | (both or {}) | (other or {})
    return Case(
        site=None,
        claim=both or {},
        line=line or {},
        others=((second, (line or {}) | (other_line or {})),),
        is_named=False,
    )


def test_the_same_service_at_two_places_is_found() -> None:
    check(NAMES, (two(), FOUND), (two(line={"modifier_1": "RT"}), FOUND), (two(PERSON), FOUND))
    [[first, second]] = facts_of_cases([two()])
    assert (second["other_place_of_service_code"], second["other_claim_id"]) == ("11", "A1")
    assert first["has_duplicate_at_other_place"] is second["has_duplicate_at_other_place"] is True


def test_what_differs_in_one_thing_is_another_service() -> None:
    known = PERSON | {"payer_responsibility_code": "P", "payer_name": "Payer"}
    other_claims: list[Row] = [
        {"member_id": "M2"},
        {"patient_last_name": "Roe"},
        {"patient_first_name": "John"},
        {"patient_birth_date": D(1950, 1, 2)},
        {"payer_id": "PAYER2"},
        {"payer_id": None},
        {"payer_responsibility_code": "S"},
        {"billing_provider_npi": NPI},
        {"rendering_provider_npi": NPI},
        {"member_id": None},
    ]
    other_lines: list[Row] = [
        {"service_date": D(2024, 3, 6)},
        {"procedure_code": "99214"},
        {"modifier_1": "RT"},
        {"rendering_provider_npi": NPI},
    ]
    check(
        NAMES,
        *((two(known, other=one), ALONE) for one in other_claims),
        *((two(known, other_line=one), ALONE) for one in other_lines),
        (two(known), FOUND),
        (two(known, line={"modifier_1": "RT"}, other_line={"modifier_1": "LT"}), ALONE),
    )


def test_what_differs_in_something_else_is_the_same_service() -> None:
    other: list[tuple[Row, Row]] = [
        ({"patient_last_name": "DOE", "patient_first_name": "jane"}, {}),
        ({"charge_amount": 2}, {"charge_amount": 1}),
        ({"payer_name": "Another name of the same payer"}, {}),
        ({"principal_diagnosis_code": "R07.9"}, {"units": 2}),
        ({"referring_provider_npi": NPI}, {}),
        ({"claim_filing_code": "MA"}, {}),
        ({"service_facility_npi": NPI}, {}),
    ]
    check(
        NAMES,
        *((two(PERSON, other=claim, other_line=line), FOUND) for claim, line in other),
        # who gave the service is the rendering provider of the line, else of the claim, else the billing provider
        (two(other={"rendering_provider_npi": CLAIM["billing_provider_npi"]}), FOUND),
        (
            two(
                {"rendering_provider_npi": NPI},
                {"rendering_provider_npi": "1234567893"},
                {"rendering_provider_npi": "x"},
            ),
            FOUND,
        ),
        # without an identifier the payer is its name
        (two({"payer_id": None, "payer_name": "Payer"}), FOUND),
        (two({"payer_id": None, "payer_name": "Payer"}, other={"payer_name": "Other"}), ALONE),
    )


def test_two_lines_at_one_place_or_without_one_are_no_matter_here() -> None:
    nowhere: Row = {"place_of_service_code": None}
    check(
        NAMES,
        (two(other=AT_11), ALONE),
        (two(other=nowhere), ALONE),
        (two(nowhere), ALONE),
        (two(other_line=AT_11), ALONE),
    )


def test_two_lines_of_one_claim_are_compared_too() -> None:
    [[first, second]] = facts_of_cases([Case(site=None, lines=({}, AT_22))])
    assert (first["has_duplicate_at_other_place"], first["other_claim_id"]) == (True, "A1")
    assert (second["has_duplicate_at_other_place"], second["other_place_of_service_code"]) == (True, "11")


def test_a_replacement_is_no_duplicate_of_what_it_replaces() -> None:
    check(
        NAMES,
        (two(other={"claim_frequency_code": "7"}), ALONE),
        (two(other={"claim_frequency_code": "8"}), ALONE),
        (two({"claim_frequency_code": "7"}), ALONE),
        (two({"claim_frequency_code": "7"}, other={"claim_frequency_code": "1"}), ALONE),
        (two({"claim_frequency_code": "1"}), FOUND),
        (two({"claim_frequency_code": "1"}, other={"claim_frequency_code": None}), FOUND),
    )


def test_a_modifier_that_marks_a_distinct_service_sets_a_line_apart() -> None:
    check(
        NAMES,
        *((two(line={"modifier_1": one}), ALONE) for one in ("25", "57", "58", "59", "76", "77", "78", "79", "91")),
        *((two(line={"modifier_1": one}), ALONE) for one in ("XE", "XP", "XS", "XU", "24")),
        (two(line={"modifier_4": "59"}), ALONE),
        (two(line={"modifier_1": "RT", "modifier_2": "59"}), ALONE),
        (two(line={"modifier_1": "26"}), FOUND),
        (two(line={"modifier_1": "RT", "modifier_2": None, "modifier_3": "26"}), FOUND),
        (two(other_line={"modifier_1": "59"}), ALONE),
    )


def test_without_patient_date_or_procedure_nobody_can_say() -> None:
    unknown = (None, "", None, "the claim names no patient, or the line no date or procedure")
    nobody: Row = {"member_id": None}
    check(
        NAMES,
        (two(nobody), unknown),
        (two(nobody | PERSON), FOUND),
        (two(nobody | PERSON | {"patient_first_name": None}), FOUND),
        (two(nobody | PERSON | {"patient_birth_date": None}), unknown),
        (two(nobody | PERSON | {"patient_last_name": None}), unknown),
        (two(line={"service_date": None}), unknown),
        (two(line={"procedure_code": None}), unknown),
        (two(PERSON, {"service_date": None}), unknown),
        (two(PERSON, {"procedure_code": None}), unknown),
        (two(nobody | PERSON, {"procedure_code": None}), unknown),
        (two(nobody | PERSON, {"service_date": None}), unknown),
    )


def three(*places: tuple[str | None, str]) -> list[Row]:
    claims = [
        CLAIM | {"claim_key": key, "claim_id": claim_id, "place_of_service_code": code}
        for key, (claim_id, code) in enumerate(places)
    ]
    return facts_of(build(claims, [LINE | {"claim_key": claim["claim_key"]} for claim in claims]))


def test_the_claim_told_is_the_one_with_the_place_told() -> None:
    places: list[tuple[str | None, str]] = [("A1", "22"), ("A2", "19"), ("A3", "11")]
    for order in (places, places[::-1]):
        of = dict(order)
        found = three(*order)
        for row in found:
            assert row["has_duplicate_at_other_place"] is True
            assert row["other_place_of_service_code"] != row["place_of_service_code"]
            assert of[row["other_claim_id"]] == row["other_place_of_service_code"]
        assert {row["claim_id"]: row["other_place_of_service_code"] for row in found} == {
            "A1": "11",
            "A2": "11",
            "A3": "19",
        }


def test_of_several_claims_at_one_place_the_same_is_told_whatever_their_order() -> None:
    places: list[tuple[str | None, str]] = [("A1", "22"), ("A3", "11"), ("A2", "11")]
    told = [{row["claim_id"]: row["other_claim_id"] for row in three(*order)} for order in (places, places[::-1])]
    assert told[0] == told[1]


def test_a_claim_without_a_number_is_told_without_one() -> None:
    found = three(("A1", "22"), (None, "11"), ("A3", "19"))
    assert (found[0]["other_place_of_service_code"], found[0]["other_claim_id"]) == ("11", None)


def test_lines_of_institutional_claims_are_not_compared() -> None:
    claim: Row = CLAIM | {"claim_key": 1, "claim_type": "institutional", "place_of_service_code": None}
    connection: Any = build([CLAIM, claim], [LINE], hospital_lines=[LINE | {"claim_key": 1, "service_date": DAY}])
    [row] = facts_of(connection)
    assert row["has_duplicate_at_other_place"] is False


def again(**more: Any) -> Row:
    """The same claim, in another transmission."""
    return {"claim_id": "A1", "transaction_control_number": "0002", **more}


def test_the_same_claim_sent_again_may_be_right() -> None:
    reason = (
        "the claim was sent twice, the other time with POS 22, and it is not known whether the payer refused the first"
    )
    both: Row = {"transaction_control_number": "0001"}
    check(
        NAMES,
        (two(both, other=again()), (None, "22", "A1", reason)),
        (two(both, other=again(file_id=1, transaction_control_number="0001")), (None, "22", "A1", reason)),
        # in one transmission, or of another biller, it is another claim
        (two(both, other={"claim_id": "A1"}), (True, "22", "A1", None)),
        (two({"rendering_provider_npi": NPI}, other=again(billing_provider_npi=NPI)), (True, "22", "A1", None)),
        (two(both | {"claim_id": None}, other=again(claim_id=None)), (True, "22", None, None)),
        # a replacement is none of both
        (two(both, other=again(claim_frequency_code="7")), ALONE),
    )


def test_beside_a_true_duplicate_that_the_claim_was_sent_again_is_no_matter() -> None:
    claims = [
        CLAIM | {"claim_key": 0, "transaction_control_number": "0001"},
        CLAIM | {"claim_key": 1, "transaction_control_number": "0002", "place_of_service_code": "19"},
        CLAIM | {"claim_key": 2, "transaction_control_number": "0002", "place_of_service_code": "22", "claim_id": "A2"},
    ]
    found = facts_of(build(claims, [LINE | {"claim_key": key} for key in range(3)]))
    told = [(row["has_duplicate_at_other_place"], row["other_claim_id"]) for row in found]
    assert told == [(True, "A2"), (True, "A2"), (True, "A1")]


def replaced(*claims: Row, lines: tuple[Row, ...] = ({}, {})) -> set[int]:
    """Which claims count no more; each is of another transmission."""
    rows = [
        CLAIM | {"claim_key": key, "transaction_control_number": str(key), "byte_offset": 100 + key} | claim
        for key, claim in enumerate(claims)
    ]
    own = [LINE | {"claim_key": key} | line for key, line in enumerate(lines)]
    return {key for (key,) in build(rows, own).sql("SELECT claim_key FROM replaced_claims").fetchall()}


def test_of_a_claim_that_was_sent_again_the_last_one_counts() -> None:
    monday, tuesday = {"transaction_date": D(2024, 3, 11)}, {"transaction_date": D(2024, 3, 12)}
    assert replaced(monday, tuesday) == {0}
    assert replaced(tuesday, monday) == {1}
    assert replaced(monday, tuesday | AT_22) == {0}
    assert replaced({}, {}) == {0}
    assert replaced({}, AT_22) == set()  # of one day: which is the last one?
    assert replaced(monday, tuesday, lines=({}, {"place_of_service_code": "22"})) == {0}


def test_another_claim_of_the_same_id_counts_too() -> None:
    later: Row = {"transaction_date": D(2024, 3, 12)}
    assert replaced({}, later | {"claim_id": "A2"}) == set()
    assert replaced({}, later | {"member_id": "M2"}) == set()
    assert replaced({}, later | {"payer_responsibility_code": "S"}) == set()
    assert replaced({}, later | {"billing_provider_npi": NPI}) == set()
    assert replaced({}, later | {"transaction_control_number": "0"}) == set()
    # a practice that numbers patients, not claims
    assert replaced({}, later, lines=({}, {"service_date": D(2024, 3, 6)})) == set()
    assert replaced({}, later, lines=({}, {"procedure_code": "99214"})) == set()


def test_a_replacement_and_a_void_take_the_place_of_a_claim() -> None:
    later: Row = {"transaction_date": D(2024, 3, 12)}
    assert replaced({}, later | {"claim_frequency_code": "7"}) == {0}
    assert replaced({}, later | {"claim_frequency_code": "8"}) == {0, 1}
    assert replaced(later, {"claim_frequency_code": "7"}) == set()
