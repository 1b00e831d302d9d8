"""Facts: institutional lines and claims: departments, modifiers, section 603 and the addresses in PECOS."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from scrubjay.reference.registries import KNOWN_NONE
from tests.facts.samples import (
    AT_BILLING,
    DAY,
    HOSPITAL_LINE,
    NPI,
    SITE,
    Case,
    D,
    Row,
    check,
    facts_of_cases,
)

LINES = "institutional_line_facts"
CLAIMS = "claim_facts"
BEFORE = D(2015, 11, 1)
CUTOFF = D(2015, 11, 2)

FAR: Row = {"distance_yards": Decimal(900), "distance_method": "straight_line"}
NEAR: Row = {"distance_yards": Decimal(100), "distance_method": "straight_line"}


def hospital(site: Row | None = None, claim: Row | None = None, *lines: Row, **more: Any) -> Case:
    """An institutional claim at North Clinic, changed as given."""
    return Case({} if site is None else site, claim or {}, lines=lines or ({},), is_hospital=True, **more)


def modified(*modifiers: str, **more: Any) -> Row:
    return {f"modifier_{number}": one for number, one in enumerate(modifiers, 1)} | more


# --- the line itself ----------------------------------------------------------------------------------


def test_an_institutional_line_has_its_codes() -> None:
    check(
        "type_of_bill_code facility_type_code revenue_code has_procedure_code procedure_code",
        (hospital(), ("131", "13", "0510", True, "G0463")),
        (hospital(None, {"type_of_bill_code": None}), ("", "", "0510", True, "G0463")),
        (hospital(None, {"type_of_bill_code": "1"}), ("1", "1", "0510", True, "G0463")),
        (hospital(None, {}, {"revenue_code": None, "procedure_code": None}), ("131", "13", "", False, "")),
        table=LINES,
    )


def test_the_date_of_a_line_is_its_own_else_the_statement_from_date() -> None:
    other, undated = D(2024, 3, 6), "neither the line nor the claim has a readable date"
    check(
        "service_date service_date_because",
        (hospital(None, {}, {"service_date": other}), (other, None)),
        (hospital(None, {}, {"service_date": None}), (DAY, None)),
        (hospital(None, {"statement_from_date": None}, {"service_date": None}), (None, undated)),
        table=LINES,
    )
    check(
        "service_date service_date_because",
        (hospital(None, {}, {"service_date": other}), (DAY, None)),
        (hospital(None, {"statement_from_date": None}, {"service_date": other}), (other, None)),
        (
            hospital(None, {"statement_from_date": None}, {"service_date": None}),
            (None, "neither the claim nor a line has a readable date"),
        ),
        table=CLAIMS,
    )


def test_the_department_modifiers_are_told_in_one_order() -> None:
    check(
        "department_modifier modifiers has_modifier_po has_modifier_pn has_modifier_er",
        (hospital(), ("", "", False, False, False)),
        (hospital(None, {}, modified("PO")), ("PO", "PO", True, False, False)),
        (hospital(None, {}, modified("25", "PN")), ("PN", "25 PN", False, True, False)),
        (hospital(None, {}, modified("ER", "25")), ("ER", "ER 25", False, False, True)),
        (hospital(None, {}, modified("PN", "PO")), ("PO PN", "PN PO", True, True, False)),
        (hospital(None, {}, modified("ER", "PN", "25", "PO")), ("PO PN ER", "ER PN 25 PO", True, True, True)),
        (hospital(None, {}, modified("PX", "XPO")), ("", "PX XPO", False, False, False)),
        (hospital(None, {}, {"modifier_4": "PO"}), ("PO", "PO", True, False, False)),
        table=LINES,
    )


def test_on_an_ambulance_line_pn_is_a_journey() -> None:
    check(
        "department_modifier",
        (hospital(None, {}, modified("PN", revenue_code="0540")), ""),
        (hospital(None, {}, modified("ER", revenue_code="0549")), ""),
        (hospital(None, {}, modified("PN", revenue_code="0539")), "PN"),
        (hospital(None, {}, modified("PN", revenue_code="0550")), "PN"),
        (hospital(None, {}, modified("PN", revenue_code=None)), "PN"),
        table=LINES,
    )


def test_the_dates_of_the_statement_bound_the_receipt() -> None:
    no_file: Row = {"transaction_date": None}
    undated: Row = {"service_date": None}
    check(
        "receipt_date_earliest paid_date_earliest",
        (hospital(None, no_file), (DAY, DAY)),
        (hospital(None, no_file | {"statement_through_date": D(2024, 3, 9)}), (D(2024, 3, 9),) * 2),
        (hospital(None, no_file | {"statement_through_date": None}, undated), (DAY, DAY)),
        (hospital(None, no_file | {"statement_through_date": D(2024, 3, 9)}, undated), (D(2024, 3, 9),) * 2),
        (hospital(None, {}, {"service_date": D(2024, 3, 11)}), (D(2024, 3, 11),) * 2),
        (hospital(None, no_file, {"service_through_date": D(2024, 3, 12)}), (D(2024, 3, 12),) * 2),
        table=LINES,
    )


def test_the_payer_of_a_claim_with_undated_lines_is_that_of_its_statement() -> None:
    payers = ({"payer_id": "PAYER1", "payer_program": "commercial", "effective_from": D(2024, 1, 1)},)
    check(
        "payer_program",
        (hospital(payers=payers), "commercial"),
        (hospital(None, {}, {"service_date": None}, payers=payers), "commercial"),
        (hospital(None, {"statement_from_date": D(2023, 12, 31)}, payers=payers), "medicare_part_a"),
        table=LINES,
    )


# --- where it was given -------------------------------------------------------------------------------

HOME: Row = SITE | AT_BILLING | {"site_id": "HOME", "site_type": "main_campus"}
SOUTH: Row = SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St"}
PLACES = (SITE, HOME, SOUTH)
PO, PN, ER = modified("PO"), modified("PN"), modified("ER")


def sites_of(*cases: Case) -> list[list[str | None]]:
    return [[row["site_id"] for row in rows] for rows in facts_of_cases(cases, LINES)]


def test_a_line_with_a_department_modifier_is_not_at_the_billing_address() -> None:
    def unnamed(*lines: Row) -> Case:
        return hospital(None, {}, *lines, sites=PLACES, is_named=False)

    assert sites_of(
        unnamed({}),
        unnamed(PO),
        unnamed(PN),
        unnamed(ER),
        unnamed({}, PO),
        unnamed(modified("25")),
        unnamed(PO, PN, {}),
    ) == [["HOME"], [None], [None], [None], ["HOME", None], ["HOME"], [None, None, "HOME"]]
    check(
        "site_because has_service_facility",
        (unnamed(PO), ("the claim does not say where the service was given", False)),
        (unnamed({}), (None, False)),
        table=LINES,
    )


def test_the_service_facility_of_the_claim_is_that_of_its_lines() -> None:
    def named(*lines: Row) -> Case:
        return hospital(None, {}, *lines, sites=PLACES)

    assert sites_of(named({}), named(PO), named(PN, PN), named(PO, {}), named(PO, ER), named(PN, ER)) == [
        ["NORTH"], ["NORTH"], ["NORTH"] * 2, ["NORTH"] * 2, ["NORTH"] * 2, ["NORTH"] * 2,
    ]  # fmt: skip


def test_one_service_facility_does_not_say_where_both_po_and_pn_were_given() -> None:
    def named(*lines: Row, **more: Any) -> Case:
        return hospital(None, {}, *lines, sites=PLACES, **more)

    at_south = ({"claim_id": "A1", "line_number": 1, "site_id": "SOUTH"},)
    assert sites_of(
        named(PO, PN), named(PO, PN, {}), named(PN, PO, ER), named(PO, PN, encounters=at_south),
        named(modified("PO", "PN"), {}), named(PO, modified("PN", revenue_code="0540")),
    ) == [
        [None, None], [None, None, "NORTH"], [None, None, None], ["SOUTH", None], ["NORTH", "NORTH"], ["NORTH", "NORTH"],
    ]  # fmt: skip
    check(
        "site_because has_service_facility",
        (named(PO, PN), ("the claim does not say where the service was given", True)),
        table=LINES,
    )


def test_an_encounter_says_where_an_institutional_line_was_given() -> None:
    by_claim = {"claim_id": "A1", "site_id": "SOUTH"}
    by_line = {"claim_id": "A1", "line_number": 2, "site_id": "NORTH"}

    def unnamed(*encounters: Row, claim: Row | None = None) -> Case:
        return hospital(None, claim or {}, PO, PN, {}, sites=PLACES, encounters=encounters, is_named=False)

    assert sites_of(
        unnamed(), unnamed(by_claim), unnamed(by_claim, by_line), unnamed(by_line), unnamed(by_claim, claim={"site_id": "HOME"})
    ) == [
        [None, None, "HOME"], ["SOUTH"] * 3, ["SOUTH", "NORTH", "SOUTH"], [None, "NORTH", "HOME"], ["HOME"] * 3,
    ]  # fmt: skip


def test_a_service_facility_named_by_its_npi_alone_is_found() -> None:
    claim: Row = {"service_facility_npi": NPI, "service_facility_address_line_1": None, "service_facility_zip": None}
    sites = (SITE | {"npi": NPI}, HOME)
    check(
        "site_id has_service_facility",
        (hospital(None, claim, sites=sites), ("NORTH", True)),
        (hospital(None, claim | {"service_facility_npi": None}, sites=sites), ("HOME", False)),
        table=LINES,
    )


# --- the department -----------------------------------------------------------------------------------


def test_a_bill_of_a_critical_access_hospital_says_so_itself() -> None:
    def bill(code: str | None, kind: str | None) -> Case:
        return hospital({"hospital_type": kind}, {"type_of_bill_code": code})

    check(
        "hospital_type",
        (bill("131", "ipps"), "ipps"),
        (bill("131", "cah"), "cah"),
        (bill("131", None), None),
        (bill("851", "ipps"), "cah"),
        (bill("857", None), "cah"),
        (bill("85", None), "cah"),
        (bill("185", "ipps"), "ipps"),
        (bill(None, "reh"), "reh"),
        (hospital({"zip": "99999"}, {"type_of_bill_code": "851"}), "cah"),
        (hospital({"zip": "99999"}), None),
        table=LINES,
    )


def test_an_off_campus_department_is_provider_based_and_beyond_the_boundary() -> None:
    near_remote: Row = {"remote_location_distance_yards": Decimal(250)}
    check(
        "is_off_campus_department",
        (FAR, True),
        (FAR | {"distance_yards": Decimal("250.0001")}, True),
        (FAR | {"distance_yards": Decimal(250)}, False),
        (NEAR, False),
        ({}, None),
        (FAR | {"distance_method": "driving"}, None),
        (FAR | {"distance_method": None}, None),
        (NEAR | {"distance_method": None}, False),
        (FAR | {"has_cms_campus_determination": True}, False),
        (FAR | {"is_on_hospital_campus": True}, False),
        (FAR | near_remote, False),
        (near_remote, False),
        (FAR | {"remote_location_distance_yards": Decimal("250.0001")}, True),
        (FAR | {"site_type": "main_campus"}, False),
        (FAR | {"site_type": "remote_location"}, False),
        (FAR | {"site_type": "satellite_facility"}, False),
        (FAR | {"site_type": "freestanding_office"}, False),
        ({"site_type": "freestanding_office"}, False),
        (FAR | {"provider_based_from": KNOWN_NONE}, False),
        (FAR | {"provider_based_from": D(2024, 3, 6)}, False),
        (FAR | {"provider_based_to": D(2024, 3, 4)}, False),
        (FAR | {"provider_based_from": None}, None),
        (FAR | {"site_type": None}, None),
        ({"provider_based_from": None}, None),
        (hospital({"zip": "99999"}), None),
        is_hospital=True,
    )


def test_on_campus_it_does_not_matter_whether_a_department_is_provider_based() -> None:
    check(
        "is_off_campus_department",
        (NEAR | {"provider_based_from": None}, False),
        (NEAR | {"site_type": None}, False),
        ({"provider_based_from": None, "is_on_hospital_campus": True}, False),
        ({"provider_based_from": None, "remote_location_distance_yards": Decimal(100)}, False),
        is_hospital=True,
    )


# --- section 603 --------------------------------------------------------------------------------------

# A department of which everything is known: first service after the cutoff, never moved, never sold.
SETTLED: Row = FAR | {
    "hospital_type": "ipps", "is_dedicated_emergency_department": False, "first_opps_service_date": CUTOFF,
    "mid_build_certification_date": KNOWN_NONE, "cancer_hospital_attestation_date": KNOWN_NONE,
    "relocated_date": KNOWN_NONE, "ownership_changed_date": KNOWN_NONE,
}  # fmt: skip
FIRST = "first_opps_service_date"
STATUS = "is_excepted_department excepted_because excepted_reason"


def blank(name: str) -> str:
    return f"excepted_status is blank in the registry, and so is {name}"


def test_a_service_furnished_before_the_cutoff_makes_a_department_excepted() -> None:
    check(
        STATUS,
        (SETTLED, (False, None, "first covered service on 2015-11-02")),
        (SETTLED | {FIRST: BEFORE}, (True, None, "first covered service on 2015-11-01")),
        (SETTLED | {FIRST: D(2020, 1, 1)}, (False, None, "first covered service on 2020-01-01")),
        (SETTLED | {FIRST: None}, (None, blank(FIRST), None)),
        # billing is not furnishing
        (SETTLED | {"first_opps_bill_date": BEFORE}, (False, None, "first covered service on 2015-11-02")),
        (SETTLED | {FIRST: None, "first_opps_bill_date": BEFORE}, (None, blank(FIRST), None)),
        is_hospital=True,
    )


def test_the_registry_has_the_last_word_on_the_status() -> None:
    check(
        STATUS,
        (SETTLED | {"excepted_status": "excepted"}, (True, None, "the registry says excepted")),
        (SETTLED | {FIRST: BEFORE, "excepted_status": "non_excepted"}, (False, None, "the registry says non_excepted")),
        ({"excepted_status": "excepted"}, (True, None, "the registry says excepted")),
        (
            SETTLED | {"excepted_status": "non_excepted", "is_dedicated_emergency_department": True},
            (False, None, "the registry says non_excepted"),
        ),
        is_hospital=True,
    )


def test_a_dedicated_emergency_department_is_excepted_whatever_its_dates() -> None:
    emergency: Row = {"is_dedicated_emergency_department": True}
    because = (True, None, "a dedicated emergency department")
    check(
        STATUS,
        (SETTLED | emergency, because),
        (emergency, because),
        (SETTLED | emergency | {"relocated_date": D(2018, 1, 1), "has_relocation_exception": False}, because),
        is_hospital=True,
    )
    check("is_dedicated_emergency_department", (SETTLED, False), (emergency, True), ({}, None), is_hospital=True)


def test_a_department_that_may_be_an_emergency_department_may_be_excepted() -> None:
    unknown: Row = {"is_dedicated_emergency_department": None}
    check(
        "is_excepted_department excepted_because",
        (SETTLED | unknown, (None, blank("is_dedicated_emergency_department"))),
        is_hospital=True,
    )
    check("is_excepted_department", (SETTLED | unknown | {FIRST: BEFORE}, True), is_hospital=True)


def test_a_mid_build_certificate_makes_a_department_excepted() -> None:
    name = "mid_build_certification_date"
    check(
        STATUS,
        (SETTLED | {name: D(2017, 2, 1)}, (True, None, "mid-build certificate of 2017-02-01")),
        (SETTLED | {name: None}, (None, blank(name), "first covered service on 2015-11-02")),
        is_hospital=True,
    )
    check(
        "is_excepted_department",
        (SETTLED | {name: D(2017, 2, 1), FIRST: None}, True),
        (SETTLED | {name: None, FIRST: BEFORE}, True),
        (SETTLED | {name: KNOWN_NONE, FIRST: None}, None),
        is_hospital=True,
    )


def test_the_attestation_of_a_cancer_hospital_makes_its_department_excepted() -> None:
    name = "cancer_hospital_attestation_date"
    cancer = SETTLED | {"hospital_type": "cancer"}
    check(
        STATUS,
        (cancer | {name: D(2017, 2, 1)}, (True, None, "attestation of a cancer hospital of 2017-02-01")),
        (cancer, (False, None, "first covered service on 2015-11-02")),
        (cancer | {name: None}, (None, blank(name), "first covered service on 2015-11-02")),
        is_hospital=True,
    )
    check(
        "is_excepted_department",
        (SETTLED | {name: D(2017, 2, 1)}, False),  # of another hospital
        (SETTLED | {name: None}, False),
        (SETTLED | {"hospital_type": None}, False),
        (SETTLED | {"hospital_type": None, name: None}, None),
        (cancer | {name: None, FIRST: BEFORE}, True),
        is_hospital=True,
    )


EXCEPTED = SETTLED | {FIRST: BEFORE}


def test_a_department_that_moved_without_an_exception_is_excepted_no_longer() -> None:
    def moved(day: Any, exception: bool | None, **more: Any) -> Row:
        return EXCEPTED | {"relocated_date": day, "has_relocation_exception": exception} | more

    first = "first covered service on 2015-11-01"
    check(
        STATUS,
        (moved(D(2018, 5, 1), False), (False, None, "moved on 2018-05-01 without an exception")),
        (moved(D(2018, 5, 1), True), (True, None, first)),
        (moved(D(2018, 5, 1), None), (None, blank("has_relocation_exception"), first)),
        (moved(CUTOFF, False), (False, None, "moved on 2015-11-02 without an exception")),
        (moved(BEFORE, False), (True, None, first)),
        (moved(DAY, False), (False, None, "moved on 2024-03-05 without an exception")),
        (moved(D(2024, 3, 6), False), (True, None, first)),  # after the service
        (moved(D(2024, 3, 6), None), (True, None, first)),
        (moved(KNOWN_NONE, None), (True, None, first)),
        (moved(KNOWN_NONE, False), (True, None, first)),
        (moved(None, None), (None, blank("relocated_date"), first)),
        (moved(None, False), (None, blank("relocated_date"), first)),
        (moved(None, True), (True, None, first)),  # whenever it moved, it may have
        (moved(D(2018, 5, 1), False, mid_build_certification_date=D(2017, 2, 1)),
         (False, None, "moved on 2018-05-01 without an exception")),
        is_hospital=True,
    )  # fmt: skip


def test_a_department_that_was_sold_alone_is_excepted_no_longer() -> None:
    def sold(day: Any, whole: bool | None, **more: Any) -> Row:
        return EXCEPTED | {"ownership_changed_date": day, "is_whole_hospital_sale": whole} | more

    first = "first covered service on 2015-11-01"
    check(
        STATUS,
        (sold(D(2018, 5, 1), False), (False, None, "changed hands on 2018-05-01 without the whole hospital")),
        (sold(D(2018, 5, 1), True), (True, None, first)),
        (sold(D(2018, 5, 1), None), (None, blank("is_whole_hospital_sale"), first)),
        (sold(CUTOFF, False), (False, None, "changed hands on 2015-11-02 without the whole hospital")),
        (sold(BEFORE, False), (True, None, first)),
        (sold(D(2024, 3, 6), False), (True, None, first)),
        (sold(KNOWN_NONE, None), (True, None, first)),
        (sold(None, None), (None, blank("ownership_changed_date"), first)),
        (sold(None, True), (True, None, first)),
        is_hospital=True,
    )


def test_one_certain_loss_or_the_lack_of_every_reason_settles_it() -> None:
    moved: Row = {"relocated_date": D(2018, 5, 1), "has_relocation_exception": False}
    check(
        "is_excepted_department excepted_because",
        (EXCEPTED | moved | {"ownership_changed_date": None}, (False, None)),
        (SETTLED | moved | {FIRST: None, "mid_build_certification_date": None}, (False, None)),
        (SETTLED | {"relocated_date": None, "ownership_changed_date": None}, (False, None)),
        (EXCEPTED | {"ownership_changed_date": D(2018, 5, 1), "is_whole_hospital_sale": False, "relocated_date": None},
         (False, None)),
        is_hospital=True,
    )  # fmt: skip


def test_the_blank_that_is_told_is_the_one_that_leaves_it_open() -> None:
    approved: Row = {"has_relocation_exception": True}
    check(
        "is_excepted_department excepted_because",
        # the move, whenever it was, is excused
        (EXCEPTED | approved | {"relocated_date": None, "ownership_changed_date": None},
         (None, blank("ownership_changed_date"))),
        (EXCEPTED | {"relocated_date": D(2024, 3, 6), "ownership_changed_date": None},
         (None, blank("ownership_changed_date"))),
        (EXCEPTED | {"ownership_changed_date": D(2018, 1, 1)}, (None, blank("is_whole_hospital_sale"))),
        (SETTLED | {FIRST: None, "relocated_date": None}, (None, blank(FIRST))),
        (hospital({"zip": "99999"}), (None, "no row of the sites registry fits the service location on that day")),
        is_hospital=True,
    )  # fmt: skip


# --- claims: the site of all lines --------------------------------------------------------------------

AWAY: Row = SITE | FAR | {"ptan": "050123"}
CAMPUS: Row = HOME | {"ptan": "050123"}
FURTHER: Row = SOUTH | FAR | {"ptan": "050123"}
HOSPITAL = (AWAY, CAMPUS, FURTHER)
AT_SOUTH = ({"claim_id": "A1", "line_number": 2, "site_id": "SOUTH"},)
AT_HOME = ({"claim_id": "A1", "line_number": 2, "site_id": "HOME"},)
AT_WEST = ({"claim_id": "A1", "line_number": 2, "site_id": "WEST"},)
UNKNOWN_PLACE = "the claim does not say where the service was given"
NO_ROW = "no row of the sites registry fits the service location on that day"
TWO_SITES = "its lines were given at several sites"


def at(*lines: Row, sites: tuple[Row, ...] = HOSPITAL, claim: Row | None = None, **more: Any) -> Case:
    return hospital(None, claim or {}, *lines, sites=sites, **more)


def test_a_claim_counts_its_lines_and_sees_their_modifiers() -> None:
    check(
        "claim_type line_count has_department_modifier has_service_facility place_of_service_codes service_location_count",
        (at({}), ("institutional", 1, False, True, "", 1)),
        (at({}, PO), ("institutional", 2, True, True, "", 1)),
        (at(ER, is_named=False), ("institutional", 1, True, False, "", 1)),
        (at(modified("PN", revenue_code="0540")), ("institutional", 1, False, True, "", 1)),
        (Case(), ("professional", 1, False, True, "11", 1)),
        (Case(line={"modifier_1": "PO"}), ("professional", 1, False, True, "11", 1)),
        table=CLAIMS,
    )


def test_a_claim_has_the_site_of_all_its_lines() -> None:
    check(
        "site_id site_name site_because",
        (at({}), ("NORTH", "North Clinic", None)),
        (at({}, PO), ("NORTH", "North Clinic", None)),
        (at({}, PO, encounters=AT_SOUTH), (None, None, TWO_SITES)),
        (at({}, PO, encounters=AT_WEST), (None, None, NO_ROW)),
        (at(PO, {}, is_named=False), (None, None, UNKNOWN_PLACE)),
        (at({}, is_named=False), ("HOME", "North Clinic", None)),
        table=CLAIMS,
    )


def test_a_site_stays_one_site_where_a_new_row_begins_during_the_claim() -> None:
    pecos: Row = {"pecos_address_line_1": "1 MAIN ST", "pecos_zip": "90001"}
    sites = (AWAY | pecos | {"effective_to": DAY}, AWAY | pecos | {"effective_from": D(2024, 3, 6)})
    check(
        "site_id site_because is_from_one_off_campus_department is_off_campus_address_due pecos_address ptan",
        (
            at(PO, PO | {"service_date": D(2024, 3, 6)}, sites=sites),
            ("NORTH", None, True, True, "1 MAIN ST, 00001", "0000123"),
        ),
        table=CLAIMS,
    )


# --- claims: whose address is due ---------------------------------------------------------------------

DUE = "is_from_one_off_campus_department is_off_campus_address_due"
MIXED = "the claim mixes campus and off-campus lines, and no text says whether the edit spares it"


def test_an_off_campus_department_alone_has_its_address_due() -> None:
    check(
        DUE + " address_due_because",
        (at({}), (True, True, None)),
        (at(PO, PO), (True, True, None)),
        (at({}, is_named=False), (False, False, None)),
        (at({}, {}, encounters=AT_SOUTH), (False, True, None)),
        (at({}, {}, encounters=AT_HOME), (False, None, MIXED)),
        (at(sites=(SITE | NEAR, CAMPUS)), (False, False, None)),
        (at(sites=(AWAY | {"site_type": "freestanding_office"},)), (False, False, None)),
        table=CLAIMS,
    )


def test_a_department_at_the_billing_address_is_not_away_from_it() -> None:
    claim: Row = {"site_id": "NORTH"}
    there = AWAY | AT_BILLING
    check(
        DUE,
        (at(sites=(there,), claim=claim), (False, True)),
        (at(sites=(there | {"zip": None},), claim=claim), (None, True)),
        (at(sites=(there | {"distance_yards": None},), claim=claim), (False, None)),
        (at(sites=(AWAY | {"distance_yards": None},), claim=claim), (None, None)),
        table=CLAIMS,
    )


def test_one_line_of_unknown_place_leaves_open_what_the_others_do_not_settle() -> None:
    check(
        DUE,
        (at(PO, PO, encounters=AT_WEST), (None, None)),  # off campus, and who knows where
        # a line on the campus: certainly not all from one off-campus department, but perhaps mixed
        (at({}, PO, is_named=False), (False, None)),
        (at({}, PO, encounters=AT_WEST, is_named=False), (False, None)),
        (at(PO, is_named=False), (None, None)),
        (at(PO, PO, {}, is_named=False), (False, None)),
        table=CLAIMS,
    )


def test_lines_of_which_one_may_be_off_campus_do_not_say_whether_an_address_is_due() -> None:
    unmeasured = FURTHER | {"distance_yards": None}
    check(
        DUE,
        (at({}, {}, sites=(AWAY, unmeasured), encounters=AT_SOUTH), (False, None)),
        (at({}, {}, sites=(SITE | NEAR, unmeasured), encounters=AT_SOUTH), (False, None)),
        (at({}, {}, sites=(unmeasured, AWAY), encounters=AT_SOUTH), (False, None)),
        table=CLAIMS,
    )


def test_what_is_not_known_of_the_address_due_says_why() -> None:
    driven = AWAY | {"distance_method": "driving"}
    [[on_road], [unmeasured], [lost], [unnamed], [part]] = facts_of_cases(
        [
            at(sites=(driven,)),
            at(sites=(AWAY | {"distance_yards": None},)),
            at(sites=(AWAY | {"zip": "99999"},)),
            at(PO, is_named=False),
            at({}, PO, is_named=False),
        ],
        CLAIMS,
    )
    assert on_road["address_due_because"] == "its distance was driven, and a road proves nothing beyond the boundary"
    assert unmeasured["address_due_because"] == "its distance is blank in the registry"
    assert lost["address_due_because"] == NO_ROW
    assert unnamed["address_due_because"] == UNKNOWN_PLACE
    assert part["is_off_campus_address_due"] is None
    assert part["address_due_because"] == UNKNOWN_PLACE


# --- claims: the provider number ----------------------------------------------------------------------


def test_the_hospital_that_sends_a_claim_is_told_by_its_numbers() -> None:
    def numbered(ptan: str | None, ccn: str | None = None) -> Case:
        return at(sites=(SITE | {"ptan": ptan, "ccn": ccn},))

    edited = ("050001", "050999", "051200", "051299", "053025", "053099", "053300", "053399", "054000", "054499")
    spared = ("050000", "051000", "051199", "051300", "051399", "053024", "053100", "054500", "05T123", "05012E", "X")
    check(
        "is_address_edited_provider",
        *((numbered(one), True) for one in edited),
        *((numbered(one), False) for one in spared),
        (numbered(None), None),
        (numbered(None, "050123"), True),
        (numbered("051399", "050123"), False),
        (Case(), None),
        (at(sites=(SITE | {"ptan": "050123", "zip": "99999"},)), None),
        table=CLAIMS,
    )


def test_the_edit_of_addresses_begins_with_its_law() -> None:
    def on(day: Any) -> Case:
        return at(claim={"statement_from_date": day}, sites=(AWAY,))

    check("is_address_edited_provider", (on(D(2023, 7, 31)), False), (on(D(2023, 8, 1)), True), table=CLAIMS)


def test_a_claim_from_sites_of_two_hospitals_has_no_provider_number() -> None:
    other = (AWAY, FURTHER | {"ptan": "060456"})
    unnumbered = (AWAY, FURTHER | {"ptan": None})
    found = facts_of_cases(
        [at({}, {}, sites=other, encounters=AT_SOUTH), at({}, {}, sites=unnumbered, encounters=AT_SOUTH)], CLAIMS
    )
    assert [rows[0]["ptan"] for rows in found] == [None, "0010123"]
    assert found[0][0]["is_address_edited_provider"] is None
    assert found[0][0]["site_because"] == TWO_SITES


# --- claims: the address in PECOS ---------------------------------------------------------------------

SENT: Row = {
    "service_facility_address_line_1": "1 MAIN ST", "service_facility_address_line_2": "STE 2",
    "service_facility_city": "TOWN", "service_facility_state": "CA", "service_facility_zip": "900011234",
}  # fmt: skip
ENROLLED: Row = {
    "address_line_2": "STE 2", "pecos_address_line_1": "1 MAIN ST", "pecos_address_line_2": "STE 2", "pecos_city": "TOWN",
    "pecos_state": "CA", "pecos_zip": "90001-1234", "ptan": "050123",
}  # fmt: skip
AS_SENT = "is_service_facility_in_pecos pecos_because"
ONLY_CASE = "it differs only in upper and lower case, and no text says whether the edit sees that"


def facility(site: Row | None = None, sent: Row | None = None, *others: Row, **claim: Any) -> Case:
    """A claim for North Clinic, named by the claim itself so that it is found whatever its address."""
    claim = SENT | {"site_id": "NORTH"} | (sent or {}) | claim
    return at(sites=(AWAY | ENROLLED | (site or {}), *others), claim=claim)


def test_every_character_of_the_service_facility_counts() -> None:
    line_1, line_2 = "service_facility_address_line_1", "service_facility_address_line_2"
    different: list[Row] = [
        {line_1: "1  MAIN ST"},
        {line_1: "1 MAIN ST "},
        {line_1: "1 MAIN STREET"},
        {line_1: "1 MAIN ST."},
        {line_1: "1 MAIN ST STE 2", line_2: None},
        {line_2: None},
        {line_2: "SUITE 2"},
        {line_1: "STE 2", line_2: "1 MAIN ST"},
        {"service_facility_city": "TOWNE"},
        {"service_facility_city": None},
        {"service_facility_state": "NV"},
        {"service_facility_zip": "90001"},
        {"service_facility_zip": "900015678"},
        {"service_facility_zip": None},
    ]
    check(
        AS_SENT,
        (facility(), (True, None)),
        (facility({"pecos_zip": "900011234"}), (True, None)),
        (facility({"pecos_address_line_2": None}, {line_2: None}), (True, None)),
        *((facility({}, one), (False, None)) for one in different),
        (facility({"pecos_zip": "90001"}), (False, None)),
        (facility({}, {line_1: "1 Main St"}), (None, ONLY_CASE)),
        (facility({"pecos_city": "Town"}), (None, ONLY_CASE)),
        (facility({}, {line_1: "1 Main  St"}), (False, None)),
        table=CLAIMS,
    )


def test_a_practice_location_holds_on_its_first_and_last_day() -> None:
    days: Row = {"pecos_effective_from": D(2024, 3, 5), "pecos_effective_to": D(2024, 3, 7)}
    check(
        AS_SENT,
        *((facility(days, statement_from_date=D(2024, 3, day)), (5 <= day <= 7, None)) for day in range(4, 9)),
        # the from date of the statement counts, not the dates of its lines
        (at(HOSPITAL_LINE | {"service_date": D(2024, 3, 9)}, sites=(AWAY | ENROLLED | days,),
            claim=SENT | {"site_id": "NORTH"}), (True, None)),
        table=CLAIMS,
    )  # fmt: skip


def test_any_practice_location_of_the_hospital_will_do() -> None:
    elsewhere: Row = {"pecos_address_line_1": "9 ELM ST"}
    south = SOUTH | ENROLLED
    check(
        AS_SENT,
        (facility(elsewhere), (False, None)),
        (facility(elsewhere, {}, south), (True, None)),
        (facility(elsewhere, {}, south | {"ptan": "060456"}), (False, None)),
        (facility(elsewhere, {}, south | {"ptan": None, "ccn": "050123"}), (True, None)),
        (facility(elsewhere, {}, south | {"ptan": None}), (False, None)),
        (facility(elsewhere, {}, south | {"pecos_effective_to": D(2020, 1, 1)}), (False, None)),
        (facility(elsewhere, {}, south | {"pecos_city": "Town"}), (None, ONLY_CASE)),
        (facility({}, {}, south), (True, None)),
        (facility({}, {}, south | {"pecos_city": "Town"}), (True, None)),
        table=CLAIMS,
    )


def test_a_row_of_the_registry_that_has_ended_holds_no_practice_location() -> None:
    old = AWAY | ENROLLED | {"effective_to": D(2020, 12, 31)}
    new = AWAY | ENROLLED | {"effective_from": D(2021, 1, 1), "pecos_address_line_1": "9 ELM ST"}
    claim = SENT | {"site_id": "NORTH"}
    check(
        AS_SENT,
        (at(sites=(old, new), claim=claim), (False, None)),
        (at({"service_date": D(2020, 5, 1)}, sites=(old, new), claim=claim | {"statement_from_date": D(2020, 5, 1)}),
         (True, None)),
        table=CLAIMS,
    )  # fmt: skip


def test_a_blank_registry_does_not_say_that_the_address_is_wrong() -> None:
    unfilled: Row = {"pecos_address_line_1": None}
    no_pecos = "the PECOS address is blank in the registry"
    check(
        AS_SENT,
        (facility(unfilled), (None, no_pecos)),
        (facility(unfilled, {}, SOUTH | ENROLLED), (True, None)),
        (facility(unfilled, {}, SOUTH | ENROLLED | {"pecos_address_line_1": "9 ELM ST"}), (None, no_pecos)),
        (at(sites=(AWAY | ENROLLED | {"zip": "99999"},), claim=SENT), (None, NO_ROW)),
        (at({}, {}, sites=(AWAY | ENROLLED | {"pecos_address_line_1": "9 ELM ST"},), claim=SENT | {"site_id": "NORTH"}),
         (False, None)),
        (facility({"ptan": None}), (True, None)),
        table=CLAIMS,
    )  # fmt: skip


def test_without_a_date_nobody_knows_which_location_holds() -> None:
    undated: Row = {"statement_from_date": None, "statement_through_date": None}
    elsewhere: Row = {"pecos_address_line_1": "9 ELM ST"}
    claim = SENT | {"site_id": "NORTH"} | undated
    [[found]] = facts_of_cases([at({"service_date": None}, sites=(AWAY | ENROLLED | elsewhere,), claim=claim)], CLAIMS)
    assert found["is_service_facility_in_pecos"] is None
    assert found["pecos_because"] is not None


def test_at_sites_of_two_hospitals_no_one_is_asked_for_its_locations() -> None:
    other = FURTHER | ENROLLED | {"ptan": "060456", "pecos_address_line_1": "2 MAIN ST"}
    claim = SENT | {"service_facility_address_line_1": "1 MAIN ST"}
    case = at({}, {}, sites=(AWAY | ENROLLED, other), claim=claim, encounters=AT_SOUTH)
    [[found]] = facts_of_cases([case], CLAIMS)
    assert found["ptan"] is None
    assert found["is_service_facility_in_pecos"] is not False


def test_the_addresses_of_a_claim_are_shown_as_sent_and_as_enrolled() -> None:
    [[one], [several], [unnamed]] = facts_of_cases(
        [
            facility(),
            at({}, {}, sites=(AWAY | ENROLLED, FURTHER | ENROLLED), claim={"service_facility_city": "Town"}, encounters=AT_SOUTH),
            at({}, is_named=False),
        ],
        CLAIMS,
    )  # fmt: skip
    assert one["service_facility_address"] == "1 MAIN ST, STE 2, TOWN, CA 000011234"
    assert one["pecos_address"] == "1 MAIN ST, STE 2, TOWN, CA 00001-1234"
    assert several["pecos_address"] is None
    assert (unnamed["service_facility_address"], unnamed["has_service_facility"]) == ("", False)


def test_the_site_of_a_professional_claim_is_told_by_its_lines() -> None:
    [[found]] = facts_of_cases([Case(ENROLLED)], CLAIMS)
    names = (
        "site_id", "ptan", "is_address_edited_provider", "pecos_address", "is_service_facility_in_pecos",
        "is_from_one_off_campus_department", "is_off_campus_address_due",
    )  # fmt: skip
    assert {name: found[name] for name in names} == dict.fromkeys(names)
