"""Riverbend Health, a health system that does not exist: sites, practitioners, payers, patients.

Numbers that look like NPIs have the right check digit but begin with 1999, where none are given
out; the ZIP codes and certification numbers belong to nobody either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bench.generate import npi

_FIRST_NPI = 99_900_000


def made_up_npi(number: int) -> str:
    """An NPI of the system.

    >>> made_up_npi(1)
    '1999000015'
    """
    return npi(_FIRST_NPI + number)


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as a claim carries it."""

    line_1: str
    line_2: str = ""
    city: str = "RIVERBEND"
    state: str = "OH"
    zip: str = "439970001"


@dataclass(frozen=True, slots=True)
class Site:
    """A row of the sites registry; ``columns`` are those that only the registry needs."""

    site_id: str
    name: str
    site_type: str
    address: Address
    npi: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def row(self) -> dict[str, str]:
        """The row as sites.csv has it."""
        address = {
            "address_line_1": self.address.line_1,
            "address_line_2": self.address.line_2,
            "city": self.address.city,
            "state": self.address.state,
            "zip": self.address.zip,
        }
        named = {"site_id": self.site_id, "site_name": self.name, "site_type": self.site_type, "npi": self.npi}
        return {**named, **address, **self.columns}

    @property
    def hospital_id(self) -> str:
        """The hospital that the site belongs to; '' for none."""
        return self.columns.get("hospital_id", "")

    @property
    def pecos_address(self) -> Address:
        """The address as PECOS prints it, for the hospital's claims."""
        row = self.row
        return Address(
            *(row.get(f"pecos_{part}", "") for part in ("address_line_1", "address_line_2", "city", "state", "zip"))
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Who sends claims: a billing provider, with the address of loop 2010AA."""

    name: str
    npi: str
    tax_id: str
    taxonomy: str
    address: Address


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A person who treats patients."""

    last_name: str
    first_name: str
    npi: str
    kind: str
    taxonomy: str


@dataclass(frozen=True, slots=True)
class Payer:
    """A payer as claims name it."""

    payer_id: str
    name: str
    program: str
    filing_code: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A person who does not exist."""

    member_id: str
    last_name: str
    first_name: str
    born: str
    sex: str
    home: Address
    subscriber: Patient | None = None  # whose member number it is; None: the patient's own


# --- sites -----------------------------------------------------------------------------------------


def _pecos(address: Address, since: str) -> dict[str, str]:
    return {
        "pecos_address_line_1": address.line_1,
        "pecos_address_line_2": address.line_2,
        "pecos_city": address.city,
        "pecos_state": address.state,
        "pecos_zip": address.zip,
        "pecos_effective_from": since,
    }


def _of_hospital(site_type: str, address: Address, since: str = "2005-01-01") -> dict[str, str]:
    return {
        "ccn": "360991",
        "ptan": "360991",
        "hospital_id": "RBH",
        "hospital_name": "Riverbend Hospital",
        "hospital_type": "ipps",
        "is_rural_sole_community_hospital": "false",
        "ownership": "wholly_owned_by_hospital",
        "is_wholly_operated_by_hospital": "true",
        "enrolled_location_type": site_type,
        "is_dedicated_emergency_department": "false",
        **_pecos(address, since),
    }


def department(
    number: int,
    site_id: str,
    name: str,
    line_1: str,
    yards: str,
    *,
    since: str = "2010-01-01",
    line_2: str = "",
    **columns: str,
) -> Site:
    """A provider-based department of Riverbend Hospital so many yards from its main building."""
    address = Address(line_1, line_2, zip=f"43997{number:04d}")
    kept = {
        **_of_hospital("provider_based_department", address, since),
        "provider_based_from": since,
        "is_on_hospital_campus": "",
        "distance_yards": yards,
        "distance_method": "straight_line",
        "distance_evidence": f"survey {site_id}",
        "relocated_date": "none",
        "ownership_changed_date": "none",
        "mid_build_certification_date": "none",
        "cancer_hospital_attestation_date": "none",
    }
    return Site(site_id, name, "provider_based_department", address, made_up_npi(number), {**kept, **columns})


def _place(number: int, site_id: str, name: str, site_type: str, line_1: str, line_2: str = "", **columns: str) -> Site:
    """A site that is no space of a hospital."""
    address = Address(line_1, line_2, zip=f"43997{number:04d}")
    kept = {"ownership": "independent", "provider_based_from": "none", "is_on_hospital_campus": "false"}
    return Site(site_id, name, site_type, address, made_up_npi(number), {**kept, **columns})


_EXCEPTED = {"excepted_status": "excepted", "excepted_basis": "furnished_before"}
_NON_EXCEPTED = {"excepted_status": "non_excepted"}

_MAIN_ADDRESS = Address("1 RIVERBEND PLZ", zip="439970001")
MAIN = Site(
    "RBH-MAIN",
    "Riverbend Hospital",
    "main_campus",
    _MAIN_ADDRESS,
    made_up_npi(1),
    {**_of_hospital("main_campus", _MAIN_ADDRESS), "is_on_hospital_campus": "true", "feed_codes": "RIVERBEND"},
)  # RIVERBEND: what the hospital's registration system calls itself
INFUSION = department(
    2,
    "RBH-INFUSION",
    "Riverbend Infusion Center",
    "15 RIVERBEND PLZ",
    "120",
    is_on_hospital_campus="true",
    distance_evidence="none",
)  # on the campus: nobody needs to measure
NORTH = department(3, "RBH-NORTH", "Riverbend North Clinic", "400 NORTH AVE", "1900", line_2="STE 2", **_EXCEPTED)
EAST = department(4, "RBH-EAST", "Riverbend East Clinic", "77 EAST BLVD", "3400", since="2018-03-01", **_NON_EXCEPTED)
RIDGE = department(5, "RBH-RIDGE", "Riverbend Ridge Clinic", "31 RIDGE RD", "250")  # exactly on the boundary
LEDGE = department(6, "RBH-LEDGE", "Riverbend Ledge Clinic", "35 RIDGE RD", "253", **_EXCEPTED)  # just beyond it
_WEST_ADDRESS = Address("900 WEST RIVER DR", zip="439970007")
WEST = Site(
    "RBH-WEST",
    "Riverbend Hospital West",
    "remote_location",
    _WEST_ADDRESS,
    made_up_npi(7),
    {
        **_of_hospital("remote_location", _WEST_ADDRESS),
        "is_on_hospital_campus": "",
        "distance_yards": "7400",
        "distance_method": "straight_line",
        "distance_evidence": "survey RBH-WEST",
    },
)
WEST_ANNEX = department(
    8, "RBH-WEST-ANNEX", "Riverbend West Annex", "912 WEST RIVER DR", "7300", remote_location_distance_yards="150"
)
EMERGENCY = department(
    9,
    "RBH-EMERGENCY",
    "Riverbend Emergency South",
    "5 SOUTH GATE RD",
    "5200",
    since="2012-06-01",
    **{**_EXCEPTED, "is_dedicated_emergency_department": "true"},
)
BRIDGE = department(
    19, "RBH-BRIDGE", "Riverbend Bridge Clinic", "200 BRIDGE ST", "640", has_cms_campus_determination="true"
)  # across the river, but CMS has determined it to be campus
LARKIN = department(
    10,
    "RBH-LARKIN",
    "Larkin Family Medicine",
    "18 LARKIN ST",
    "2600",
    since="2026-04-01",
    is_on_hospital_campus="false",
    **_NON_EXCEPTED,
)  # a practice until March 2026
OAK = _place(11, "RMG-OAK", "Riverbend Medical Group Oak Street", "freestanding_office", "12 OAK ST")
ELM = _place(
    12,
    "RMG-ELM",
    "Riverbend Elm Street Clinic",
    "freestanding_office",
    "60 ELM ST",
    hospital_id="RBH",
    hospital_name="Riverbend Hospital",
    ownership="wholly_owned_by_hospital",
    enrolled_location_type="practice_location",
)  # owned by the hospital, never provider-based
TOWER = _place(
    13,
    "RMG-TOWER-300",
    "Riverbend Medical Group Tower",
    "freestanding_office",
    "5 RIVERBEND PLZ",
    "STE 300",
    is_on_hospital_campus="true",
    is_separately_maintained="true",
)
TOWER_SHARED = _place(
    14,
    "RMG-TOWER-110",
    "Riverbend Medical Group visiting rooms",
    "freestanding_office",
    "5 RIVERBEND PLZ",
    "STE 110",
    is_on_hospital_campus="true",
    is_separately_maintained="false",
)
TOWER_BLANK = _place(
    20,
    "RMG-TOWER-120",
    "Riverbend Medical Group evening rooms",
    "freestanding_office",
    "5 RIVERBEND PLZ",
    "STE 120",
    is_on_hospital_campus="true",
)  # whether it is kept apart from the hospital is blank
NURSING = _place(15, "WILLOW", "Willow Nursing Center", "skilled_nursing_facility", "20 WILLOW LN")
SURGERY = _place(16, "RAPIDS", "Rapids Surgery Center", "ambulatory_surgical_center", "8 RAPIDS CT")
_PINE_ADDRESS = Address("2 PINE HILL RD", "", "PINEHILL", zip="439980017")
_PINE = {
    "ccn": "361391",
    "ptan": "361391",
    "hospital_id": "PINE",
    "hospital_name": "Pine Hill Hospital",
    "hospital_type": "cah",
    "is_rural_sole_community_hospital": "false",
    "ownership": "wholly_owned_by_hospital",
    "is_wholly_operated_by_hospital": "true",
    "is_dedicated_emergency_department": "false",
}
PINE = Site(
    "PINE-MAIN",
    "Pine Hill Hospital",
    "main_campus",
    _PINE_ADDRESS,
    made_up_npi(17),
    {**_PINE, **_pecos(_PINE_ADDRESS, "2005-01-01"), "enrolled_location_type": "main_campus",
     "is_on_hospital_campus": "true"},
)  # fmt: skip
_PINE_CLINIC_ADDRESS = Address("44 VALLEY RD", "", "PINEHILL", zip="439980018")
PINE_CLINIC = Site(
    "PINE-CLINIC",
    "Pine Hill Valley Clinic",
    "provider_based_department",
    _PINE_CLINIC_ADDRESS,
    made_up_npi(18),
    {**department(18, "PINE-CLINIC", "", "44 VALLEY RD", "2900").columns, **_PINE,
     **_pecos(_PINE_CLINIC_ADDRESS, "2010-01-01")},
)  # fmt: skip

# Sites with a fault of their own, or a blank: only planted claims are given there.
HILL = replace(
    (_hill := department(21, "RBH-HILL", "Riverbend Hill Clinic", "9 HILL RD", "1500", line_2="STE 4", **_EXCEPTED)),
    address=replace(_hill.address, line_2="SUITE 4"),  # PECOS prints STE
)
MEADOW = department(
    22, "RBH-MEADOW", "Riverbend Meadow Clinic", "140 MEADOW LN", "2100", distance_evidence="none", **_EXCEPTED
)
KNOLL = department(
    23, "RBH-KNOLL", "Riverbend Knoll Clinic", "39 RIDGE RD", "247", distance_evidence="", **_NON_EXCEPTED
)
BLANK_STATUS = department(
    24,
    "RBH-DELTA",
    "Riverbend Delta Clinic",
    "70 DELTA WAY",
    "2200",
    provider_based_from="",
    is_on_hospital_campus="false",
    **_EXCEPTED,
)
BLANK_EXCEPTED = department(25, "RBH-MARSH", "Riverbend Marsh Clinic", "3 MARSH LN", "2800")
BLANK_DISTANCE = department(
    26, "RBH-GROVE", "Riverbend Grove Clinic", "88 GROVE ST", "1100", distance_method="driving", **_EXCEPTED
)
NOT_ENROLLED = department(
    27, "RBH-BROOK", "Riverbend Brook Clinic", "14 BROOK ST", "1700", enrolled_location_type="none", **_EXCEPTED
)

OAK_SUITE = department(
    28, "RBH-OAK-B", "Riverbend Oak Street Infusion", "12 OAK ST", "1250", line_2="STE B", **_EXCEPTED
)
OAK_SUITE = replace(
    OAK_SUITE,
    address=replace(OAK_SUITE.address, zip=OAK.address.zip),
    columns={**OAK_SUITE.columns, "pecos_zip": OAK.address.zip},
)  # in the building of the practice
LATE_IN_PECOS = department(
    29,
    "RBH-FERRY",
    "Riverbend Ferry Clinic",
    "21 FERRY ST",
    "1400",
    **{**_NON_EXCEPTED, "provider_based_from": "2026-01-05", "pecos_effective_from": "2026-06-01"},
)
_SPRING = department(
    30, "RBH-SPRING", "Riverbend Spring Clinic", "6 SPRING ST", "3100", since="2026-06-01", **_NON_EXCEPTED
)
SPRING = replace(_SPRING, columns={**_SPRING.columns, "effective_from": "2026-06-01"})
SPRING_BEFORE = Site(
    SPRING.site_id,
    "Spring Street Internists",
    "freestanding_office",
    SPRING.address,
    SPRING.npi,
    {"ownership": "independent", "provider_based_from": "none", "is_on_hospital_campus": "false",
     "effective_to": "2026-05-31"},
)  # the same place in two rows, one for each time  # fmt: skip

SITES = (
    MAIN, INFUSION, NORTH, EAST, RIDGE, LEDGE, WEST, WEST_ANNEX, EMERGENCY, BRIDGE, LARKIN, OAK, ELM, TOWER, TOWER_SHARED, TOWER_BLANK,
    NURSING, SURGERY, PINE, PINE_CLINIC, HILL, MEADOW, KNOLL, BLANK_STATUS, BLANK_EXCEPTED, BLANK_DISTANCE,
    NOT_ENROLLED, OAK_SUITE, LATE_IN_PECOS, SPRING_BEFORE, SPRING,
)  # fmt: skip

# --- who bills, who treats, who pays ---------------------------------------------------------------

MEDICAL_GROUP = Group("RIVERBEND MEDICAL GROUP", made_up_npi(40), "990000040", "207Q00000X", OAK.address)
ELM_GROUP = Group("RIVERBEND ELM STREET CLINIC", made_up_npi(41), "990000041", "207Q00000X", ELM.address)
LARKIN_GROUP = Group("LARKIN FAMILY MEDICINE", made_up_npi(42), "990000042", "207Q00000X", LARKIN.address)
HOSPITAL = Group("RIVERBEND HOSPITAL", MAIN.npi, "990000001", "282N00000X", MAIN.address)
PINE_HOSPITAL = Group("PINE HILL HOSPITAL", PINE.npi, "990000017", "282NC0060X", PINE.address)

PRACTITIONERS = tuple(
    Practitioner(last, first, made_up_npi(60 + number), kind, taxonomy)
    for number, (last, first, kind, taxonomy) in enumerate(
        (
            ("HOOPOE", "ADA", "MD", "207Q00000X"),
            ("KITE", "BEN", "MD", "207R00000X"),
            ("FULMAR", "CAL", "NP", "363L00000X"),
            ("WAXWING", "DEE", "MD", "2085R0202X"),
            ("PIPIT", "EVE", "DO", "207Q00000X"),
            ("SISKIN", "FAY", "MD", "207P00000X"),
            ("DUNLIN", "GUS", "MD", "208M00000X"),
            ("PLOVER", "HAL", "MD", "207RG0100X"),
            ("LINNET", "IDA", "PA", "363A00000X"),
            ("CURLEW", "JON", "MD", "207RX0202X"),
            ("GANNET", "KAY", "MD", "207X00000X"),
            ("JACANA", "LEE", "MD", "207R00000X"),
        )
    )
)
FAMILY, INTERNIST, NURSE, RADIOLOGIST, LARKIN_DOCTOR, EMERGENCY_DOCTOR, HOSPITALIST, GASTRO, ASSISTANT, ONCOLOGIST, ORTHO, GERIATRIC = PRACTITIONERS  # fmt: skip

MEDICARE = Payer("RBMB1", "MEDICARE PART B", "medicare_part_b", "MB")
MEDICARE_A = Payer("RBMA1", "MEDICARE PART A", "medicare_part_a", "MA")
ADVANTAGE = Payer("RBAD1", "BIG BEND ADVANTAGE", "medicare_advantage", "16")
MEDICAID = Payer("RBMC1", "STATE MEDICAID", "medicaid", "MC")
COMMERCIAL = Payer("RBCO1", "ACME HEALTH PLAN", "commercial", "CI")
PAYERS = (MEDICARE, MEDICARE_A, ADVANTAGE, MEDICAID, COMMERCIAL)

_SURNAMES = [
    "AVOCET",
    "BITTERN",
    "COOT",
    "DIPPER",
    "EIDER",
    "FINCH",
    "GREBE",
    "HERON",
    "IBIS",
    "JAY",
    "KESTREL",
    "LOON",
    "MERLIN",
    "NUTHATCH",
    "OUZEL",
]
_GIVEN = ["EXAMPLE", "SAMPLE", "SPECIMEN", "MODEL", "PATTERN"]
_STREETS = ("REED LN", "SEDGE ST", "RUSH CT", "LILY AVE")


def patient(number: int, *, is_old: bool) -> Patient:
    """The patient with this number: the same number is the same person, and no two bear one name and birth date."""
    born = (1931 if is_old else 1966) + (number * 7 + number // 2100) % 25
    return Patient(
        member_id=f"RBTEST{number:05d}",
        last_name=_SURNAMES[number % len(_SURNAMES)],
        first_name=_GIVEN[number // len(_SURNAMES) % len(_GIVEN)],
        born=f"{born}{1 + number % 12:02d}{1 + number % 28:02d}",
        sex="FM"[number % 2],
        home=Address(f"{100 + number} {_STREETS[number % len(_STREETS)]}", zip=f"43997{5000 + number % 4000}"),
    )
