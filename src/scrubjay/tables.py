"""Every table and column that passes between the rooms of Scrubjay.

One place says what a row is, which type a column has, whether it may be NULL, what NULL and the
value mean, where the value stands on the wire, and who can supply it when it is missing. Readers,
registries, facts, the condition grammar and the documentation all take their columns from here.

NULL means *not known* (or, in the tables of `formats/`, *sent empty*). A column with
``nullable=False`` is always known: what a claim leaves blank is known to be blank, and is said by
a Boolean (``has_place_of_service``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "integer", "decimal", "amount", "date", "timestamp", "boolean"]

SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18,4)",
    "amount": "DECIMAL(18,2)",  # US dollars
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and type, and the words a reader of a finding needs about it."""

    name: str
    type: ColumnType
    meaning: str
    nullable: bool = True
    source: str = ""  # loop and element on the wire: "2400 SV105"
    supplied_by: str = ""  # who can fill it in when it is missing
    because: str = ""  # facts: the column that says why this one is missing
    reads: tuple[str, ...] = ()  # facts: the registry columns it comes from, as table.column
    required: bool = False  # registries: a row without it is refused
    allowed: tuple[str, ...] = ()  # registries: the only values taken
    check: Literal["", "npi", "state", "zip"] = ""  # registries: a check beyond the type
    takes_none: bool = False  # registries: 'none' says that it is known that there is none
    matters_to: tuple[str, ...] = ()  # sites: the site types that need it; () = every type


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, what one row is, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def __contains__(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def arrow_types() -> dict[ColumnType, pa.DataType]:
    """The Arrow type of each kind of column: decimals as decimal128, timestamps in microseconds."""
    import pyarrow as pa

    return {
        "text": pa.string(),
        "integer": pa.int64(),
        "decimal": pa.decimal128(18, 4),
        "amount": pa.decimal128(18, 2),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "boolean": pa.bool_(),
    }


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table; see `arrow_types`."""
    import pyarrow as pa

    types = arrow_types()
    return pa.schema([pa.field(column.name, types[column.type]) for column in table.columns])


def _address(prefix: str, whose: str, loop: str) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}_address_line_1", "text", f"first address line of {whose}", source=f"{loop} N301"),
        Column(f"{prefix}_address_line_2", "text", f"second address line of {whose}", source=f"{loop} N302"),
        Column(f"{prefix}_city", "text", f"city of {whose}", source=f"{loop} N401"),
        Column(f"{prefix}_state", "text", f"state of {whose}", source=f"{loop} N402"),
        Column(f"{prefix}_zip", "text", f"ZIP code of {whose}, 5 or 9 digits as sent", source=f"{loop} N403"),
    )


# --- what the readers hand on ---------------------------------------------------------------------

FILES = Table(
    "files",
    "one input file",
    (
        Column("file_id", "integer", "number of the file in this run", nullable=False),
        Column("name", "text", "the path as given", nullable=False),
        Column(
            "kind",
            "text",
            "what its content is: 837P, 837I, 837, 835, csv …; copy: it is that of another file",
            nullable=False,
        ),
        Column("bytes", "integer", "size of the file in bytes", nullable=False),
        Column("claims", "integer", "claims read", nullable=False),
        Column("lines", "integer", "service lines read", nullable=False),
        Column("remittances", "integer", "remittance claims (CLP) counted", nullable=False),
        Column("is_kept", "boolean", "read along from the feeds folder of the workspace, not judged", nullable=False),
    ),
)

INTAKE_PROBLEMS = Table(
    "intake_problems",
    "something in a file that could not be read, or does not add up",
    (
        Column("file_id", "integer", "the file", nullable=False),
        Column(
            "severity",
            "text",
            "error: something was lost or a payer would refuse it; warning; info",
            nullable=False,
        ),
        Column("problem", "text", "short name of the kind of problem", nullable=False),
        Column("message", "text", "what was found and what it means", nullable=False),
        Column("advice", "text", "what to do", nullable=False),
        Column("byte_offset", "integer", "where the segment starts in the file; NULL for a CSV row"),
        Column("row_number", "integer", "row of a CSV or Parquet file, 1 is the first data row"),
        Column("segment", "text", "segment identifier"),
        Column("element", "text", "element or column"),
        Column("claim_id", "text", "the claim that is damaged by it, where there is one"),
    ),
)

CLAIMS = Table(
    "claims",
    "one claim (CLM), professional, institutional or dental",
    (
        Column("claim_key", "integer", "number of the claim in this run", nullable=False),
        Column("file_id", "integer", "the file it stands in", nullable=False),
        Column("claim_type", "text", "professional, institutional or dental", nullable=False),
        Column("byte_offset", "integer", "start of its CLM segment in the file; NULL for CSV"),
        Column("row_number", "integer", "first row of the claim in a CSV or Parquet file"),
        Column("transaction_control_number", "text", "transaction set it was sent in", source="ST02"),
        Column("transaction_date", "date", "day the file was made", source="BHT04"),
        Column("claim_form", "text", "electronic, paper, or NULL when not known"),
        Column("claim_id", "text", "patient control number of the claim", source="2300 CLM01"),
        Column("charge_amount", "amount", "total charge", source="2300 CLM02"),
        Column(
            "place_of_service_code",
            "text",
            "place of service of the whole claim, as sent (professional)",
            source="2300 CLM05-1",
        ),
        Column(
            "type_of_bill_code",
            "text",
            "facility code and frequency, three characters (institutional)",
            source="2300 CLM05-1, CLM05-3",
        ),
        Column("claim_frequency_code", "text", "1 original, 7 replacement, 8 void", source="2300 CLM05-3"),
        Column("payer_claim_control_number", "text", "the payer's number of the earlier claim", source="2300 REF*F8"),
        Column("statement_from_date", "date", "statement from date (institutional)", source="2300 DTP*434"),
        Column("statement_through_date", "date", "statement through date (institutional)", source="2300 DTP*434"),
        Column("admission_date", "date", "admission date", source="2300 DTP*435"),
        Column("admitted_at", "timestamp", "admission with its hour, where the hour is sent", source="2300 DTP*435"),
        Column("discharge_date", "date", "discharge date", source="2300 DTP*096"),
        Column("discharge_hour", "text", "hour of the discharge, HHMM (institutional)", source="2300 DTP*096"),
        Column(
            "patient_status_code", "text", "patient status; 30: still a patient (institutional)", source="2300 CL103"
        ),
        Column("condition_codes", "text", "condition codes with blanks between (institutional)", source="2300 HI*BG"),
        Column("principal_diagnosis_code", "text", "principal diagnosis", source="2300 HI*ABK"),
        Column("billing_provider_npi", "text", "billing provider", source="2010AA NM109"),
        *_address("billing_provider", "the billing provider", "2010AA"),
        Column("rendering_provider_npi", "text", "rendering provider of the claim", source="2310B NM109"),
        Column("supervising_provider_npi", "text", "supervising provider of the claim", source="2310D NM109"),
        Column("referring_provider_npi", "text", "referring provider of the claim", source="2310A NM109"),
        Column("attending_provider_npi", "text", "attending provider (institutional)", source="2310A NM109"),
        Column("service_facility_name", "text", "service facility", source="2310C or 2310E NM103"),
        Column("service_facility_npi", "text", "service facility", source="2310C or 2310E NM109"),
        *_address("service_facility", "the service facility", "2310C or 2310E"),
        Column(
            "service_facility_byte_offset",
            "integer",
            "start of its NM1 segment; NULL when the claim names none",
        ),
        Column("member_id", "text", "subscriber's number at the payer", source="2010BA NM109"),
        Column("patient_last_name", "text", "patient", source="2010CA, else 2010BA NM103"),
        Column("patient_first_name", "text", "patient", source="2010CA, else 2010BA NM104"),
        Column("patient_birth_date", "date", "patient", source="2010CA, else 2010BA DMG02"),
        Column("patient_sex_code", "text", "F, M or U", source="2010CA, else 2010BA DMG03"),
        Column("medical_record_number", "text", "the provider's number of the patient", source="2300 REF*EA"),
        Column("payer_responsibility_code", "text", "P primary, S secondary, T tertiary", source="2000B SBR01"),
        Column("claim_filing_code", "text", "kind of payer: MB, MC, CI …", source="2000B SBR09"),
        Column("payer_name", "text", "destination payer", source="2010BB NM103"),
        Column("payer_id", "text", "destination payer", source="2010BB NM109"),
        Column("receipt_date", "date", "day the payer received the claim"),
        Column("paid_date", "date", "day the payer finished the claim"),
        Column("site_id", "text", "site named by a mapped column of a CSV; NULL in an 837"),
    ),
)

_LINE = (
    Column("claim_key", "integer", "the claim it belongs to", nullable=False),
    Column("line_number", "integer", "number of the service line", source="2400 LX01"),
    Column("byte_offset", "integer", "start of its SV1 or SV2 segment; NULL for CSV"),
    Column("row_number", "integer", "row of a CSV or Parquet file"),
    Column("procedure_code", "text", "HCPCS or CPT code", source="2400 SV101-2"),
    Column("modifier_1", "text", "procedure modifier", source="2400 SV101-3"),
    Column("modifier_2", "text", "procedure modifier", source="2400 SV101-4"),
    Column("modifier_3", "text", "procedure modifier", source="2400 SV101-5"),
    Column("modifier_4", "text", "procedure modifier", source="2400 SV101-6"),
    Column("charge_amount", "amount", "line charge", source="2400 SV102"),
    Column("units", "decimal", "units or minutes", source="2400 SV104"),
    Column("service_date", "date", "first service date", source="2400 DTP*472"),
    Column("service_through_date", "date", "last service date", source="2400 DTP*472"),
)

PROFESSIONAL_LINES = Table(
    "professional_lines",
    "one service line of a professional claim (2400 SV1)",
    (
        *_LINE,
        Column(
            "place_of_service_code",
            "text",
            "place of service of this line, sent where it differs from the claim's",
            source="2400 SV105",
        ),
        Column("rendering_provider_npi", "text", "rendering provider of the line", source="2420A NM109"),
        Column("supervising_provider_npi", "text", "supervising provider of the line", source="2420D NM109"),
        Column("purchased_service_provider_npi", "text", "who performed a purchased service", source="2420B NM109"),
        Column("service_facility_name", "text", "service facility of the line", source="2420C NM103"),
        Column("service_facility_npi", "text", "service facility of the line", source="2420C NM109"),
        *_address("service_facility", "the service facility of the line", "2420C"),
        Column("service_facility_byte_offset", "integer", "start of its NM1 segment"),
        Column("site_id", "text", "site named by a mapped column of a CSV; NULL in an 837"),
    ),
)

INSTITUTIONAL_LINES = Table(
    "institutional_lines",
    "one service line of an institutional claim (2400 SV2)",
    (
        *(
            Column(
                c.name,
                c.type,
                c.meaning,
                c.nullable,
                c.source.replace("SV101", "SV202").replace("SV102", "SV203").replace("SV104", "SV205"),
            )
            for c in _LINE
        ),
        Column("revenue_code", "text", "revenue code, four digits", source="2400 SV201"),
    ),
)

# --- what the feeds say: registrations and admissions ----------------------------------------------

VISIT_EVENTS = Table(
    "visit_events",
    "one patient of an HL7 v2 message of patient administration (ADT) or scheduling (SIU)",
    (
        Column("file_id", "integer", "the file it stands in", nullable=False),
        Column("byte_offset", "integer", "start of its MSH segment", nullable=False),
        Column("message_type", "text", "ADT or SIU", nullable=False, source="MSH-9.1"),
        Column(
            "event_code", "text", "A01 admit, A04 register, A11 cancel …", nullable=False, source="MSH-9.2, else EVN-1"
        ),
        Column("message_control_id", "text", "number of the message", source="MSH-10"),
        Column("sending_facility", "text", "who sends the feed", source="MSH-4.1"),
        Column("sent_at", "timestamp", "when the message was made", source="MSH-7"),
        Column("recorded_at", "timestamp", "when the event was entered", source="EVN-2"),
        Column("occurred_at", "timestamp", "when the event happened", source="EVN-6"),
        Column("is_occurrence_time_known", "boolean", "occurred_at has an hour, not only a day", nullable=False),
        Column("is_recorded_time_known", "boolean", "recorded_at has an hour, not only a day", nullable=False),
        Column("visit_number", "text", "number of the visit", source="PV1-19.1"),
        Column("visit_authority", "text", "who gives out that number", source="PV1-19.4"),
        Column("account_number", "text", "patient account", source="PID-18.1"),
        Column("patient_class_code", "text", "I, O, E, P, R, B, OBS …", source="PV1-2"),
        Column("patient_type_code", "text", "type of patient in the sender's own words", source="PV1-18"),
        Column("hospital_service_code", "text", "hospital service", source="PV1-10"),
        Column("point_of_care", "text", "ward, clinic or department", source="PV1-3.1"),
        Column("facility", "text", "facility of that location", source="PV1-3.4"),
        Column("servicing_facility", "text", "servicing facility", source="PV1-39"),
        Column("discharge_disposition_code", "text", "disposition", source="PV1-36"),
        Column("admitted_at", "timestamp", "start of the visit", source="PV1-44"),
        Column("is_admission_time_known", "boolean", "admitted_at has an hour, not only a day", nullable=False),
        Column("discharged_at", "timestamp", "end of the visit", source="PV1-45"),
        Column("is_discharge_time_known", "boolean", "discharged_at has an hour, not only a day", nullable=False),
        Column("patient_identifiers", "text", "all identifiers of the patient as sent, with ~ between", source="PID-3"),
        Column(
            "medical_record_number",
            "text",
            "the identifier of type MR, else the first without another meaning",
            source="PID-3.1",
        ),
        Column("medical_record_authority", "text", "who gives out that number", source="PID-3.4"),
        Column(
            "member_id",
            "text",
            "Medicare, Medicaid or member number, else that of the first insurance",
            source="PID-3.1, else IN1-36, IN1-49",
        ),
        Column("patient_last_name", "text", "patient", source="PID-5.1"),
        Column("patient_first_name", "text", "patient", source="PID-5.2"),
        Column("patient_birth_date", "date", "patient", source="PID-7"),
        Column("patient_sex_code", "text", "F, M or another", source="PID-8"),
        Column("prior_medical_record_number", "text", "of a merge: the number that is given up", source="MRG-1.1"),
        Column("prior_medical_record_authority", "text", "who gave it out", source="MRG-1.4"),
        Column("prior_account_number", "text", "of a merge: the account that is given up", source="MRG-3.1"),
        Column("prior_visit_number", "text", "of a merge: the visit that is given up", source="MRG-5.1"),
        Column("appointment_id", "text", "number of the appointment", source="SCH-1.1, else SCH-2.1"),
        Column(
            "appointment_at",
            "timestamp",
            "start of the appointment",
            source="SCH-11.4, else TQ1-7, AIS-4, AIG-8, AIL-6 or AIP-6",
        ),
        Column("appointment_status_code", "text", "status of the appointment", source="SCH-25.1"),
    ),
)

PATIENT_CLASSES = ("inpatient", "observation", "outpatient", "emergency", "recurring", "preadmission")

VISITS = Table(
    "visits",
    "one stay or registration of a CSV list: one patient in one class, from its start to its end",
    (
        Column("file_id", "integer", "the file it stands in", nullable=False),
        Column("row_number", "integer", "row of the file, 1 is the first data row", nullable=False),
        Column("visit_number", "text", "number of the visit or account"),
        Column("hospital", "text", "the hospital: its id, NPI or CCN in the sites registry, or its name in the feeds"),
        Column("location", "text", "ward, clinic or department: a site of the registry, or its name in the feeds"),
        Column("patient_class", "text", "what the patient was", allowed=PATIENT_CLASSES),
        Column("started_at", "timestamp", "admission or registration"),
        Column("is_start_time_known", "boolean", "started_at has an hour, not only a day", nullable=False),
        Column("ended_at", "timestamp", "discharge or end of the registration; blank: not ended, or not known"),
        Column("is_end_time_known", "boolean", "ended_at has an hour, not only a day", nullable=False),
        Column("is_cancelled", "boolean", "it was taken back", nullable=False),
        Column("is_part_a_stay", "boolean", "Part A covers the stay"),
        Column("member_id", "text", "member number at the payer"),
        Column("medical_record_number", "text", "the hospital's number of the patient"),
        Column("patient_last_name", "text", "patient"),
        Column("patient_first_name", "text", "patient"),
        Column("patient_birth_date", "date", "patient"),
        Column("patient_sex_code", "text", "F, M or another"),
    ),
)

# --- what the organisation keeps: the registries ---------------------------------------------------

_EFFECTIVE = (
    Column("effective_from", "date", "first day on which this row holds; blank: always"),
    Column("effective_to", "date", "last day on which this row holds; blank: until further notice"),
)

SITE_TYPES = (
    "main_campus",
    "provider_based_department",
    "remote_location",
    "satellite_facility",
    "freestanding_office",
    "skilled_nursing_facility",
    "nursing_facility",
    "ambulatory_surgical_center",
    "inpatient_psychiatric_facility",
    "inpatient_rehabilitation_facility",
    "military_facility",
    "community_health_center",
    "public_health_clinic",
    "rural_health_clinic",
    "intermediate_care_facility",
    "independent_laboratory",
    "federally_qualified_health_center",
    "hospice_facility",
    "opioid_treatment_program",
    "dialysis_facility",
    "urgent_care_center",
    "walk_in_retail_clinic",
    "mobile_unit",
    "assisted_living_facility",
    "group_home",
    "other",
)

HOSPITAL_SPACE = ("main_campus", "provider_based_department", "remote_location", "satellite_facility")
_DEPARTMENT = ("provider_based_department",)

HOSPITAL_TYPES = ("ipps", "ipf", "irf", "ltch", "cancer", "childrens", "cah", "reh", "other")

SITES = Table(
    "sites",
    "one place where care is given, for as long as nothing about it changes",
    (
        Column("site_id", "text", "your own short name of the site", nullable=False, required=True),
        Column("site_name", "text", "name of the site"),
        Column(
            "site_type",
            "text",
            "what the site is in the enrolment record; blank: not known",
            allowed=SITE_TYPES,
            supplied_by="credentialing (855A or 855B practice location type)",
        ),
        *_EFFECTIVE,
        Column(
            "npi",
            "text",
            "the site's own NPI, 'none' if it has none",
            supplied_by="credentialing (NPPES)",
            check="npi",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column("ccn", "text", "CMS certification number of the hospital it belongs to", matters_to=HOSPITAL_SPACE),
        Column(
            "feed_codes",
            "text",
            "what the feeds call it, with blanks between: MSH-4 or PV1-39 of a hospital, PV1-3 of a department",
            supplied_by="registration (interface table)",
        ),
        Column(
            "ptan",
            "text",
            "provider transaction access number",
            supplied_by="credentialing (855A)",
            matters_to=HOSPITAL_SPACE,
        ),
        Column("address_line_1", "text", "street address as the claims carry it"),
        Column("address_line_2", "text", "second line"),
        Column("city", "text", "city"),
        Column("state", "text", "state, two letters", check="state"),
        Column("zip", "text", "ZIP code, 5 or 9 digits", check="zip"),
        Column("hospital_id", "text", "the hospital (or system) that owns or operates the site"),
        Column("hospital_name", "text", "its name"),
        Column(
            "hospital_type",
            "text",
            "how Medicare pays that hospital; other: in a way of its own (Maryland, a territory, Indian Health Service)",
            allowed=HOSPITAL_TYPES,
            supplied_by="reimbursement",
            matters_to=HOSPITAL_SPACE,
        ),
        Column(
            "is_rural_sole_community_hospital",
            "boolean",
            "the hospital is a rural SCH while this row holds: a row for each year in which it changes",
            supplied_by="reimbursement",
            matters_to=HOSPITAL_SPACE,
        ),
        Column(
            "ownership",
            "text",
            "who owns the site",
            allowed=("wholly_owned_by_hospital", "parent_system", "joint_venture", "independent"),
            supplied_by="compliance",
            matters_to=("freestanding_office", "urgent_care_center", "walk_in_retail_clinic"),
        ),
        Column("is_wholly_operated_by_hospital", "boolean", "the hospital runs it day to day"),
        Column(
            "provider_based_from",
            "date",
            "first day of provider-based status, 'none' if never",
            supplied_by="compliance (855A, attestation)",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column("provider_based_to", "date", "last day of provider-based status; blank: until further notice"),
        Column(
            "enrolled_location_type",
            "text",
            "practice location type on the 855A; practice_location: on the 855B; none: not enrolled",
            allowed=(*HOSPITAL_SPACE, "practice_location", "other", "none"),
            supplied_by="credentialing (855A section 4)",
            matters_to=HOSPITAL_SPACE,
        ),
        Column(
            "attestation_date",
            "date",
            "date of the provider-based attestation, 'none' if never",
            supplied_by="compliance (attestation)",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column(
            "is_on_hospital_campus",
            "boolean",
            "the space stands on the hospital's campus, or is contiguous with it",
            supplied_by="credentialing",
        ),
        Column(
            "is_separately_maintained",
            "boolean",
            "office space on a campus is kept apart from the hospital: own entrance, lease and staff, not shared",
            supplied_by="compliance (lease, floor plan)",
        ),
        Column(
            "distance_yards",
            "decimal",
            "distance to the nearest main building in yards; '228.6 m' is read as metres",
            supplied_by="credentialing (survey)",
            matters_to=_DEPARTMENT,
        ),
        Column(
            "distance_method",
            "text",
            "how it was measured",
            allowed=("straight_line", "driving"),
            supplied_by="credentialing (survey)",
            matters_to=_DEPARTMENT,
        ),
        Column(
            "distance_evidence",
            "text",
            "where the survey is filed, 'none' if there is none",
            supplied_by="credentialing (survey)",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column("remote_location_distance_yards", "decimal", "distance to the nearest remote location in yards"),
        Column("has_cms_campus_determination", "boolean", "CMS has determined the space to be campus"),
        Column(
            "is_dedicated_emergency_department",
            "boolean",
            "42 CFR 489.24(b)",
            supplied_by="compliance",
            matters_to=_DEPARTMENT,
        ),
        Column(
            "excepted_status",
            "text",
            "under section 603, where somebody has settled it; blank: it follows from the columns below",
            allowed=("excepted", "non_excepted"),
            supplied_by="compliance",
            matters_to=_DEPARTMENT,
        ),
        Column(
            "excepted_basis",
            "text",
            "why it is excepted",
            allowed=("furnished_before", "mid_build", "cancer_hospital"),
            supplied_by="compliance",
        ),
        Column(
            "first_opps_service_date",
            "date",
            "first covered outpatient department service furnished there",
            supplied_by="compliance (billing history)",
            matters_to=_DEPARTMENT,
        ),
        Column("first_opps_bill_date", "date", "day the first such service was billed under OPPS"),
        Column(
            "mid_build_certification_date",
            "date",
            "certificate under the mid-build exception, 'none' if there is none",
            supplied_by="compliance",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column(
            "cancer_hospital_attestation_date",
            "date",
            "attestation of a cancer hospital's department, 'none' if there is none",
            supplied_by="compliance",
            takes_none=True,
        ),
        Column(
            "relocated_date",
            "date",
            "day the department moved, 'none' if it never did",
            supplied_by="compliance",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column(
            "has_relocation_exception",
            "boolean",
            "CMS approved the move as an extraordinary circumstance",
            supplied_by="compliance (the regional office's letter)",
        ),
        Column(
            "ownership_changed_date",
            "date",
            "day the department changed hands, 'none' if it never did",
            supplied_by="compliance",
            takes_none=True,
            matters_to=_DEPARTMENT,
        ),
        Column(
            "is_whole_hospital_sale",
            "boolean",
            "the whole hospital changed hands with it, and the new owner kept its agreement",
            supplied_by="compliance",
        ),
        Column(
            "pecos_address_line_1",
            "text",
            "address as PECOS prints it, character for character",
            supplied_by="credentialing (PECOS, DDE screen 1D)",
            matters_to=HOSPITAL_SPACE,
        ),
        Column("pecos_address_line_2", "text", "second line in PECOS"),
        Column("pecos_city", "text", "city in PECOS", matters_to=HOSPITAL_SPACE),
        Column("pecos_state", "text", "state in PECOS", check="state", matters_to=HOSPITAL_SPACE),
        Column("pecos_zip", "text", "ZIP+4 in PECOS", check="zip", matters_to=HOSPITAL_SPACE),
        Column("pecos_effective_from", "date", "first day of that PECOS practice location; blank: always"),
        Column("pecos_effective_to", "date", "last day of that PECOS practice location; blank: until further notice"),
    ),
)

PROVIDERS = Table(
    "providers",
    "one practitioner or supplier, for as long as nothing about it changes",
    (
        Column("npi", "text", "national provider identifier", nullable=False, required=True, check="npi"),
        Column("provider_name", "text", "name"),
        Column(
            "provider_type",
            "text",
            "who it is: MD, DO, NP, PA, CNS, CNM, RN … or the kind of supplier",
            supplied_by="credentialing",
        ),
        Column("taxonomy_code", "text", "NUCC taxonomy"),
        Column("group_npi", "text", "the group the practitioner bills through", check="npi"),
        Column("tax_id", "text", "tax number of that group"),
        Column(
            "is_qualifying_participant",
            "boolean",
            "qualifying APM participant in the payment year: Medicare then pays by another conversion factor",
            supplied_by="credentialing (QPP participation status)",
        ),
        Column(
            "is_participating",
            "boolean",
            "participates in Medicare, so that it takes assignment on every claim; blank: yes",
            supplied_by="credentialing (CMS-460)",
        ),
        *_EFFECTIVE,
    ),
)

PAYER_PROGRAMS = (
    "medicare_part_b",
    "medicare_part_a",
    "medicare_advantage",
    "medicaid",
    "commercial",
    "workers_compensation",
    "other_government",
    "other",
)

PAYERS = Table(
    "payers",
    "one payer as the claims name it, for as long as nothing about it changes",
    (
        Column("payer_id", "text", "identifier the claims carry (2010BB NM109)", nullable=False, required=True),
        Column("payer_name", "text", "name"),
        Column(
            "payer_program",
            "text",
            "the programme whose rules apply",
            allowed=PAYER_PROGRAMS,
            supplied_by="billing office (payer master)",
        ),
        Column("state", "text", "state, for Medicaid and state law", check="state"),
        Column("product", "text", "plan or product"),
        Column("contractor", "text", "Medicare contractor, in small letters: ngs, noridian …"),
        Column(
            "policy",
            "text",
            "the policy this payer follows, by its name in `scrubjay policies`; blank: that of its programme and state",
            supplied_by="contracting",
        ),
        *_EFFECTIVE,
    ),
)

_ADT = "registration (ADT)"
_FRONT_DESK = "front desk"

ENCOUNTERS = Table(
    "encounters",
    "what a claim cannot say about one encounter; found by claim_id (and line_number), "
    "else by member_id, service_date and, if given, site_id",
    (
        Column("claim_id", "text", "the claim, if it is known already"),
        Column("line_number", "integer", "the line; blank: all lines of the claim"),
        Column("member_id", "text", "subscriber's number at the payer"),
        Column("service_date", "date", "day of the encounter"),
        Column("site_id", "text", "site of the encounter"),
        Column(
            "registration_status",
            "text",
            "hospital registration at the time of service; none: known not to be registered",
            allowed=("outpatient", "inpatient", "none"),
            supplied_by=_ADT,
        ),
        Column("is_observation", "boolean", "in observation", supplied_by=_ADT),
        Column(
            "is_under_arrangement", "boolean", "furnished under arrangement with a hospital", supplied_by="compliance"
        ),
        Column(
            "admission_status",
            "text",
            "none: the feed was read, there is no stay",
            allowed=("admitted", "none"),
            supplied_by=_ADT,
        ),
        Column("admitted_at", "timestamp", "admission, date or date and time", supplied_by=_ADT),
        Column("is_admission_time_known", "boolean", "the hour of admitted_at is real, not midnight for want of one"),
        Column("discharged_at", "timestamp", "discharge, date or date and time", supplied_by=_ADT),
        Column("admitting_hospital_id", "text", "hospital of the stay", supplied_by=_ADT),
        Column(
            "admitting_hospital_type",
            "text",
            "how Medicare pays it",
            allowed=HOSPITAL_TYPES,
            supplied_by="reimbursement",
        ),
        Column("is_part_a_stay", "boolean", "Part A covers the stay", supplied_by="registration (eligibility)"),
        Column("service_started_at", "timestamp", "start of the service", supplied_by="clinical record"),
        Column("service_kind", "text", "ambulance, maintenance_dialysis …", supplied_by="clinical record"),
        Column("is_diagnostic", "boolean", "a diagnostic service", supplied_by="coding"),
        Column("is_related_to_admission", "boolean", "clinically related to the admission", supplied_by="clinician"),
        Column(
            "is_unrelatedness_attested", "boolean", "the record attests that it is unrelated", supplied_by="clinician"
        ),
        Column("performed_by_npi", "text", "who really gave the service", check="npi", supplied_by="clinical record"),
        Column("performed_by_type", "text", "MD, NP, PA, RN …", supplied_by="clinical record"),
        Column(
            "split_practitioner_type",
            "text",
            "the NPP of a shared visit; none: not shared",
            supplied_by="clinical record",
            takes_none=True,
        ),
        Column("physician_time_share", "decimal", "share of total time, 0 to 1", supplied_by="clinical record"),
        Column(
            "has_physician_decision_making",
            "boolean",
            "the physician did the substantive part of the MDM",
            supplied_by="clinical record",
        ),
        Column("is_same_group", "boolean", "physician and NPP are in one group", supplied_by="credentialing"),
        Column(
            "telehealth_mode",
            "text",
            "how the service was given at a distance; none: the patient was there",
            allowed=("video", "audio", "none"),
            supplied_by=_FRONT_DESK,
        ),
        Column(
            "telehealth_patient_place",
            "text",
            "where the patient was: home, clinic, hospital …",
            supplied_by=_FRONT_DESK,
        ),
        Column(
            "telehealth_clinician_place",
            "text",
            "where the practitioner was: office, hospital, home …",
            supplied_by=_FRONT_DESK,
        ),
        Column("is_behavioral_health", "boolean", "a behavioural health service", supplied_by="coding"),
        Column(
            "is_skilled_nursing_part_a", "boolean", "in a covered Part A SNF stay", supplied_by="the nursing facility"
        ),
        Column("has_custody_exception", "boolean", "42 CFR 411.4(b) exception holds", supplied_by="billing office"),
        Column("has_notice", "boolean", "coinsurance notice on file; none given is false", supplied_by="front desk"),
        Column("is_notice_written", "boolean", "it was in writing", supplied_by="front desk"),
        Column("is_notice_before_service", "boolean", "it was given before the service", supplied_by="front desk"),
        Column("has_notice_amount", "boolean", "it states the amount", supplied_by="front desk"),
        Column("has_notice_estimate_statement", "boolean", "it states an estimate and why", supplied_by="front desk"),
        Column("is_emergency_treatment_required", "boolean", "care required by 42 CFR 489.24", supplied_by="clinician"),
        Column(
            "is_emergency_stabilized", "boolean", "the emergency was ruled out or stabilised", supplied_by="clinician"
        ),
        Column(
            "has_two_coinsurances",
            "boolean",
            "the patient owes the hospital and the practitioner",
            supplied_by="billing office",
        ),
        Column(
            "technical_component_site_id",
            "text",
            "where the technical component was given",
            supplied_by="clinical record",
        ),
        Column("reader_site_id", "text", "where the reader sat", supplied_by="clinical record"),
        Column("specimen_site_id", "text", "where the specimen was taken", supplied_by="laboratory"),
        Column("recorded_by", "text", "who says so"),
        Column("recorded_on", "date", "when it was recorded"),
    ),
)

REGISTRIES = (SITES, PROVIDERS, PAYERS, ENCOUNTERS)

# --- what CMS publishes: the fee files ---------------------------------------------------------------

FEE_KINDS: dict[str, str] = {  # the kinds of files, and what each is
    "relative_values": "relative values of the physician fee schedule (PPRRVU)",
    "gpci": "geographic practice cost indices (GPCI)",
    "counties": "counties of the localities (LOCCO)",
    "zip5": "localities of the ZIP codes (ZIP5)",
    "zip9": "localities of the ZIP codes that need nine digits (ZIP9)",
    "anesthesia": "anesthesia conversion factors (ANES)",
    "oppscap": "prices capped at the outpatient rate (OPPSCAP)",
    "addendum_a": "outpatient rates by APC (Addendum A)",
    "addendum_b": "outpatient rates by HCPCS code (Addendum B)",
    "pfall": "physician fee schedule amounts by locality (PFALL)",
    "pfrev": "revised physician fee schedule amounts (PFREV)",
}

_FEE_ROW = (
    Column("release_id", "integer", "the release it stands in", nullable=False),
    Column("row_number", "integer", "row of the published file, its header counted", nullable=False),
)
_FEE_LOCALITY = (
    Column("contractor", "text", "Medicare administrative contractor, five digits", nullable=False),
    Column("locality", "text", "payment locality, two digits", nullable=False),
)
_FEE_PROCEDURE = (
    Column("procedure_code", "text", "HCPCS or CPT code", nullable=False),
    Column("modifier", "text", "26, TC or 53; '' for the code itself", nullable=False),
)

FEE_RELEASES = Table(
    "fee_releases",
    "one fee file as CMS published it",
    (
        Column("release_id", "integer", "number of the release in this run", nullable=False),
        Column("kind", "text", "which kind of file", nullable=False, allowed=tuple(FEE_KINDS)),
        Column("name", "text", "the release in words: 2026 July, not for qualifying participants", nullable=False),
        Column("effective_from", "date", "first day on which it holds", nullable=False),
        Column("effective_to", "date", "last day of that calendar year", nullable=False),
        Column(
            "is_for_qualifying_participants",
            "boolean",
            "from 2026 on, of files that differ by it: the one for qualifying APM participants",
        ),
        Column("is_excerpt", "boolean", "the file says that it is an excerpt: a code may be missing", nullable=False),
        Column("file_name", "text", "name of the published file", nullable=False),
        Column("sha256", "text", "checksum of the published file", nullable=False),
        Column("row_count", "integer", "rows read", nullable=False),
    ),
)

FEE_RELATIVE_VALUES = Table(
    "fee_relative_values",
    "one row of the relative value file: a code, alone or with 26, TC or 53",
    (
        *_FEE_ROW,
        *_FEE_PROCEDURE,
        Column("status_code", "text", "A, R and T have a price; C is priced by the contractor", nullable=False),
        Column("work_rvu", "decimal", "work"),
        Column("nonfacility_pe_rvu", "decimal", "practice expense outside facilities"),
        Column("is_nonfacility_na", "boolean", "the column above is a copy of the facility's", nullable=False),
        Column("facility_pe_rvu", "decimal", "practice expense in facilities"),
        Column("is_facility_na", "boolean", "the column above is a copy of the non-facility's", nullable=False),
        Column("malpractice_rvu", "decimal", "malpractice"),
        Column("nonfacility_total_rvu", "decimal", "sum of the three outside facilities"),
        Column("facility_total_rvu", "decimal", "sum of the three in facilities"),
        Column("component_indicator", "text", "PC/TC indicator"),
        Column("global_days_code", "text", "global surgery: 000, 010, 090, XXX, ZZZ …"),
        Column("multiple_procedure_indicator", "text", "which reduction several procedures on one day have"),
        Column("bilateral_indicator", "text", "1: 150 percent for both sides"),
        Column("endoscopic_base_code", "text", "code of the base endoscopy"),
        Column("conversion_factor", "decimal", "US dollars for one relative value unit"),
        Column("imaging_family_indicator", "text", "88: imaging whose parts are reduced together"),
        Column("cap_nonfacility_pe_rvu", "decimal", "practice expense at the outpatient rate, outside facilities"),
        Column("cap_facility_pe_rvu", "decimal", "practice expense at the outpatient rate, in facilities"),
        Column("cap_malpractice_rvu", "decimal", "malpractice at the outpatient rate"),
    ),
)

FEE_LOCALITIES = Table(
    "fee_localities",
    "one payment locality with its geographic indices",
    (
        *_FEE_ROW,
        *_FEE_LOCALITY,
        Column("state", "text", "state, two letters"),
        Column("locality_name", "text", "its name"),
        Column("work_gpci", "decimal", "work, with the floor where one is in force", nullable=False),
        Column("pe_gpci", "decimal", "practice expense", nullable=False),
        Column("malpractice_gpci", "decimal", "malpractice", nullable=False),
    ),
)

FEE_ZIP_CODES = Table(
    "fee_zip_codes",
    "one ZIP code with its locality",
    (
        *_FEE_ROW,
        Column("zip", "text", "five digits", nullable=False),
        Column("plus_four", "text", "the four digits behind them; '' for the whole ZIP code", nullable=False),
        *_FEE_LOCALITY,
        Column("state", "text", "state, two letters"),
        Column("is_plus_four_needed", "boolean", "the ZIP code lies in several localities", nullable=False),
    ),
)

FEE_COUNTIES = Table(
    "fee_counties",
    "one locality with its counties, as CMS lists them",
    (
        *_FEE_ROW,
        *_FEE_LOCALITY,
        Column("state", "text", "state, in full"),
        Column("fee_area", "text", "fee schedule area"),
        Column("counties", "text", "its counties"),
    ),
)

FEE_ANESTHESIA = Table(
    "fee_anesthesia",
    "one locality with its anesthesia conversion factor",
    (
        *_FEE_ROW,
        *_FEE_LOCALITY,
        Column("locality_name", "text", "its name"),
        Column("conversion_factor", "decimal", "US dollars for one unit of base and time", nullable=False),
    ),
)

FEE_CAPS = Table(
    "fee_caps",
    "one code in one locality with its price capped at the outpatient rate",
    (
        *_FEE_ROW,
        *_FEE_PROCEDURE,
        Column("status_code", "text", "status of the code"),
        *_FEE_LOCALITY,
        Column("facility_amount", "amount", "capped price in facilities"),
        Column("nonfacility_amount", "amount", "capped price outside facilities"),
    ),
)

FEE_OUTPATIENT_RATES = Table(
    "fee_outpatient_rates",
    "one HCPCS code (Addendum B) or one APC (Addendum A) with its outpatient rate",
    (
        *_FEE_ROW,
        Column("procedure_code", "text", "HCPCS code; NULL in Addendum A"),
        Column("apc_code", "text", "ambulatory payment classification"),
        Column("status_indicator", "text", "status indicator"),
        Column("relative_weight", "decimal", "relative weight"),
        Column(
            "payment_amount", "decimal", "national rate in US dollars, no wage index; of drugs to a tenth of a cent"
        ),
        Column("national_copayment_amount", "decimal", "national unadjusted copayment"),
        Column("minimum_copayment_amount", "decimal", "minimum unadjusted copayment: 20 percent"),
    ),
)

FEE_PUBLISHED = Table(
    "fee_published",
    "one code in one locality with the amounts CMS publishes",
    (
        *_FEE_ROW,
        *_FEE_LOCALITY,
        *_FEE_PROCEDURE,
        Column("nonfacility_amount", "amount", "outside facilities"),
        Column("facility_amount", "amount", "in facilities"),
        Column("component_indicator", "text", "PC/TC indicator"),
        Column("status_code", "text", "status of the code"),
        Column("multiple_procedure_indicator", "text", "which reduction several procedures on one day have"),
        Column("opps_indicator", "text", "1: capped at the outpatient rate; 9: not"),
        Column("cap_nonfacility_amount", "amount", "capped price outside facilities"),
        Column("cap_facility_amount", "amount", "capped price in facilities"),
    ),
)

FEE_TABLES = (
    FEE_RELEASES,
    FEE_RELATIVE_VALUES,
    FEE_LOCALITIES,
    FEE_ZIP_CODES,
    FEE_COUNTIES,
    FEE_ANESTHESIA,
    FEE_CAPS,
    FEE_OUTPATIENT_RATES,
    FEE_PUBLISHED,
)

# --- what rules read: the facts ---------------------------------------------------------------------

_IDENTITY = (
    Column("row_id", "integer", "number of the row in this run", nullable=False),
    Column("claim_key", "integer", "the claim", nullable=False),
    Column("file_id", "integer", "the file", nullable=False),
    Column("claim_id", "text", "patient control number", source="CLM01"),
    Column("claim_byte_offset", "integer", "start of the CLM segment"),
    Column("claim_row_number", "integer", "first row in a CSV file"),
    Column("transaction_control_number", "text", "transaction set", source="ST02"),
    Column("billing_provider_npi", "text", "billing provider", source="2010AA NM109"),
    Column("payer_name", "text", "destination payer", source="2010BB NM103"),
    Column(
        "payer_program",
        "text",
        "the programme whose rules apply, from the payer registry, else from the claim filing code",
        source="SBR09",
        supplied_by="billing office (payer registry, SBR09)",
        reads=("payers.payer_program",),
        because="payer_program_because",
    ),
    Column("payer_program_because", "text", "why payer_program is missing"),
    Column(
        "receipt_date",
        "date",
        "day the payer received the claim",
        supplied_by="the payer (835 DTM*050, 277CA) or --received",
        because="receipt_date_because",
    ),
    Column("receipt_date_because", "text", "why receipt_date is missing"),
    Column(
        "receipt_date_earliest", "date", "no claim is received before this day: its service, or the making of its file"
    ),
    Column(
        "paid_date",
        "date",
        "day the payer finished the claim",
        supplied_by="the payer (835)",
        because="paid_date_because",
    ),
    Column("paid_date_because", "text", "why paid_date is missing"),
    Column("paid_date_earliest", "date", "no claim is finished before this day"),
    Column(
        "is_paper_claim",
        "boolean",
        "the claim goes out on the CMS-1500 form",
        supplied_by="billing office (claim_form column)",
        because="is_paper_claim_because",
    ),
    Column("is_paper_claim_because", "text", "why is_paper_claim is missing"),
)

_SITE = "credentialing (sites registry)"
_NO_SITE = "site_because"

_SITE_FACTS = (
    Column("site_id", "text", "the site where the line was given", supplied_by=_SITE, because=_NO_SITE),
    Column("is_site_known", "boolean", "one row of the sites registry fits", nullable=False),
    Column("site_name", "text", "its name", supplied_by=_SITE, because=_NO_SITE),
    Column(
        "site_because",
        "text",
        "why nothing is known of the site: no registry, no row for the address or NPI, several rows",
    ),
    Column("site_type", "text", "what the site is", supplied_by=_SITE, because=_NO_SITE, reads=("sites.site_type",)),
    Column("hospital_name", "text", "the hospital it belongs to", supplied_by=_SITE, because=_NO_SITE),
    Column(
        "is_provider_based",
        "boolean",
        "the site is hospital outpatient space on the service date: main campus, remote location, satellite, "
        "or a department within its provider-based dates",
        supplied_by="compliance (sites registry: site_type, provider_based_from)",
        because=_NO_SITE,
        reads=("sites.site_type", "sites.provider_based_from"),
    ),
    Column(
        "is_on_hospital_campus",
        "boolean",
        "the site stands on a hospital campus: as the registry says, else as its distance says",
        supplied_by=_SITE,
        because=_NO_SITE,
        reads=("sites.is_on_hospital_campus",),
    ),
    Column(
        "outpatient_place_of_service_code",
        "text",
        "19 or 22, the code of hospital outpatient space at this distance; not known at a remote location or "
        "satellite and near one, where no text says which",
        supplied_by="credentialing (sites registry: distance_yards, distance_method)",
        because="campus_because",
        reads=("sites.distance_yards", "sites.distance_method"),
    ),
    Column("campus_because", "text", "why it is not known whether the site is on campus"),
    Column("distance_yards", "decimal", "distance to the nearest main building in yards", because=_NO_SITE),
    Column(
        "is_near_campus_boundary",
        "boolean",
        "the distance in the registry lies within 5 yards of the campus boundary, and neither the campus nor CMS "
        "settles the matter; false where no distance is known",
        nullable=False,
    ),
    Column(
        "is_enrolled_hospital_location",
        "boolean",
        "the enrolment record (855A) carries the site as a location of the hospital on the service date",
        supplied_by="credentialing (sites registry: enrolled_location_type, pecos_effective_from)",
        because=_NO_SITE,
        reads=("sites.enrolled_location_type",),
    ),
)

_SERVICE_FACILITY = (  # of the line, else of its claim
    Column(
        "service_facility_npi", "text", "NPI of the service facility, '' when blank", nullable=False, source="NM1*77"
    ),
    Column(
        "service_facility_address",
        "text",
        "address of the service facility in one line, as sent, but not a patient's home; '' when blank",
        nullable=False,
        source="NM1*77",
    ),
    Column(
        "is_service_facility_post_office_box",
        "boolean",
        "its street address is a post office box or lockbox",
        nullable=False,
        source="NM1*77",
    ),
    Column(
        "has_service_facility_street",
        "boolean",
        "the service facility has a street address, a state and a ZIP code, as those in the country have",
        nullable=False,
        source="NM1*77",
    ),
    Column(
        "has_service_facility_zip_of_nine_digits",
        "boolean",
        "its ZIP code has nine digits",
        nullable=False,
        source="NM1*77",
    ),
    Column(
        "is_service_facility_npi_of_billing_provider",
        "boolean",
        "the NPI of the service facility is the billing provider's",
        nullable=False,
        source="NM1*77",
    ),
)

_ADDRESS_FACTS = (
    Column(
        "registered_address",
        "text",
        "address of the site in the registry in one line: as PECOS prints it, else as claims carry it",
        supplied_by=_SITE,
        because=_NO_SITE,
    ),
    Column(
        "is_service_facility_at_registered_address",
        "boolean",
        "the service facility as sent is the registered address, once case, punctuation and postal "
        "abbreviations are set aside",
        supplied_by="credentialing (sites registry: pecos_address_line_1, address_line_1)",
        because=_NO_SITE,
        reads=("sites.pecos_address_line_1", "sites.address_line_1"),
    ),
    Column(
        "is_at_billing_address",
        "boolean",
        "the site stands at the billing provider's own address",
        supplied_by=_SITE,
        because=_NO_SITE,
        reads=("sites.address_line_1",),
    ),
)


def _position(segment: str) -> tuple[Column, ...]:
    """Where a service line stands: in an 837 by its segment, in a CSV file by its row."""
    return (
        Column("line_number", "integer", "number of the service line", source="LX01"),
        Column("byte_offset", "integer", f"start of the {segment} segment"),
        Column("row_number", "integer", "row of a CSV file"),
    )


def _has_modifiers(source: str, *codes: str) -> tuple[Column, ...]:
    return tuple(
        Column(f"has_modifier_{code.lower()}", "boolean", f"modifier {code} on the line", nullable=False, source=source)
        for code in codes
    )


_ENCOUNTER = "encounter_because"  # why nothing is known of the encounter


def _of_encounter(name: str, kind: ColumnType, meaning: str, supplied_by: str, *reads: str) -> Column:
    """A fact that only the encounters registry knows."""
    return Column(
        name,
        kind,
        meaning,
        supplied_by=f"{supplied_by} (encounters: {', '.join(reads)})",
        because=_ENCOUNTER,
        reads=tuple(f"encounters.{read}" for read in reads),
    )


_KINDS = (
    "physician, nonphysician_practitioner, psychologist, clinical_social_worker, therapist, clinical_staff, laboratory or "
    "other"
)

_PRACTITIONER_FACTS = (
    Column(
        "rendering_provider_npi",
        "text",
        "rendering provider of the line, else of the claim, else the billing provider; '' when blank",
        nullable=False,
        source="NM1*82",
    ),
    Column(
        "rendering_provider_type",
        "text",
        "who that is: MD, NP, PA …, from the providers registry",
        source="NM1*82",
        supplied_by="credentialing (providers registry: provider_type)",
        because="rendering_because",
        reads=("providers.provider_type",),
    ),
    Column(
        "rendering_provider_kind",
        "text",
        f"what that type counts as: {_KINDS}",
        source="NM1*82",
        supplied_by="credentialing (providers registry: provider_type)",
        because="rendering_because",
        reads=("providers.provider_type",),
    ),
    Column("rendering_because", "text", "why nothing is known of the rendering provider"),
    Column(
        "billing_provider_kind",
        "text",
        f"what the billing provider counts as: {_KINDS}",
        source="NM1*85",
        supplied_by="credentialing (providers registry: provider_type)",
        because="billing_because",
        reads=("providers.provider_type",),
    ),
    Column("billing_because", "text", "why nothing is known of the billing provider"),
    Column(
        "performer_type",
        "text",
        "who really gave the service: MD, NP, RN …",
        supplied_by="clinical record (encounters: performed_by_type, performed_by_npi)",
        because="performer_because",
        reads=("encounters.performed_by_type", "encounters.performed_by_npi"),
    ),
    Column(
        "performer_kind",
        "text",
        f"what that type counts as: {_KINDS}",
        supplied_by="clinical record (encounters: performed_by_type, performed_by_npi)",
        because="performer_because",
        reads=("encounters.performed_by_type", "encounters.performed_by_npi"),
    ),
    Column("performer_because", "text", "why it is not known who gave the service"),
    Column(
        "has_performer_on_record",
        "boolean",
        "it is on record who gave the service",
        nullable=False,
    ),
    Column(
        "has_shared_visit_on_record",
        "boolean",
        "the encounters registry says that a physician and a nonphysician practitioner shared the visit",
        nullable=False,
    ),
    _of_encounter(
        "is_shared_visit",
        "boolean",
        "a physician and a nonphysician practitioner both took part in the visit",
        "clinical record",
        "split_practitioner_type",
    ),
    _of_encounter(
        "shared_practitioner_type",
        "text",
        "the nonphysician practitioner of a shared visit: NP, PA …; none: not shared",
        "clinical record",
        "split_practitioner_type",
    ),
    _of_encounter(
        "is_shared_within_group",
        "boolean",
        "the two are in one group",
        "credentialing",
        "is_same_group",
    ),
    Column(
        "is_substantive_portion_by_physician",
        "boolean",
        "the physician did the substantive portion of a shared visit: more than half of the time or, where the law "
        "lets it count, the substantive part of the decision making",
        supplied_by="clinical record (encounters: physician_time_share, has_physician_decision_making)",
        because="substantive_because",
        reads=("encounters.physician_time_share", "encounters.has_physician_decision_making"),
    ),
    Column(
        "is_substantive_portion_by_nonphysician",
        "boolean",
        "the nonphysician practitioner did a substantive portion of a shared visit; both can have done one, since either "
        "time or decision making counts",
        supplied_by="clinical record (encounters: physician_time_share, has_physician_decision_making)",
        because="substantive_because",
        reads=("encounters.physician_time_share", "encounters.has_physician_decision_making"),
    ),
    Column("substantive_because", "text", "why that is not known"),
    Column("modifiers_with_fs", "text", "the modifiers with FS behind them", nullable=False, source="SV101-3"),
    Column("modifiers_without_fs", "text", "the modifiers without FS", nullable=False, source="SV101-3"),
    Column("modifiers_with_pd", "text", "the modifiers with PD behind them", nullable=False, source="SV101-3"),
    Column("modifiers_without_pd", "text", "the modifiers without PD", nullable=False, source="SV101-3"),
)

_COMPONENT_FACTS = (
    Column(
        "component_indicator",
        "text",
        "PC/TC indicator of the procedure: 1 diagnostic test with two components · 2 professional component only · "
        "3 technical component only · 4 global test only · 5 incident-to service · 6 laboratory interpretation · "
        "7 therapy · 8 physician interpretation · 0 none of these",
        source="SV101-2",
        supplied_by="CMS (the fee schedule of the year)",
        because="component_because",
    ),
    Column("component_because", "text", "why the indicator is not known"),
    Column(
        "professional_component_code",
        "text",
        "the code of the professional component of a global test only code; '' if there is none",
        nullable=False,
        source="SV101-2",
    ),
    Column(
        "modifiers_with_26",
        "text",
        "the modifiers with 26 before them",
        nullable=False,
        source="SV101-3",
    ),
    Column(
        "is_category_three_procedure",
        "boolean",
        "a CPT code of category III: four digits and T",
        nullable=False,
        source="SV101-2",
    ),
    Column("is_drug_procedure", "boolean", "a HCPCS code of a drug or biological", nullable=False, source="SV101-2"),
    Column(
        "is_equipment_procedure",
        "boolean",
        "a HCPCS code of durable medical equipment",
        nullable=False,
        source="SV101-2",
    ),
    Column(
        "has_purchased_service_provider",
        "boolean",
        "the line names who performed a purchased service",
        nullable=False,
        source="NM1*QB",
    ),
    Column(
        "has_component_site",
        "boolean",
        "the encounters registry says where the technical component was given or where the reader sat",
        nullable=False,
    ),
    Column(
        "has_specimen_site",
        "boolean",
        "the encounters registry says where the specimen was taken",
        nullable=False,
    ),
    Column(
        "technical_component_place_of_service_code",
        "text",
        "the code of the place where the technical component was given: 21 for an inpatient, else the code of the site",
        supplied_by="clinical record (encounters: technical_component_site_id)",
        because="component_site_because",
        reads=("encounters.technical_component_site_id",),
    ),
    Column(
        "is_component_split_between_entities",
        "boolean",
        "the technical component and the reading were given by two different entities: one in hospital space, one not, "
        "or at two hospitals",
        supplied_by="clinical record (encounters: technical_component_site_id, reader_site_id)",
        because="component_site_because",
        reads=("encounters.technical_component_site_id", "encounters.reader_site_id"),
    ),
    Column("component_site_because", "text", "why nothing can be said of the places of the two components"),
    Column(
        "specimen_place_of_service_code",
        "text",
        "the code of the place where the specimen was taken: 21 for an inpatient, else the code of the site",
        supplied_by="laboratory (encounters: specimen_site_id)",
        because="specimen_because",
        reads=("encounters.specimen_site_id",),
    ),
    Column("specimen_because", "text", "why nothing can be said of the place of the specimen"),
)

_TELEHEALTH_FACTS = (
    Column(
        "is_marked_as_telehealth",
        "boolean",
        "the claim says telehealth (modifier 93, 95, GT, GQ or FQ, or place of service 02 or 10), or the encounters "
        "registry does",
        nullable=False,
        source="SV101-3",
    ),
    Column(
        "has_telehealth_mode_on_record",
        "boolean",
        "the encounters registry says how the service was given: by video, by voice, or with the patient there",
        nullable=False,
    ),
    _of_encounter(
        "telehealth_mode", "text", "video, audio; none: the patient was there", "front desk", "telehealth_mode"
    ),
    _of_encounter(
        "telehealth_patient_place",
        "text",
        "where the patient was: home, clinic …",
        "front desk",
        "telehealth_patient_place",
    ),
    _of_encounter(
        "telehealth_clinician_place",
        "text",
        "where the practitioner was: office, hospital, home …",
        "front desk",
        "telehealth_clinician_place",
    ),
    Column(
        "telehealth_place_of_service_code",
        "text",
        "10 if the patient was at home, 02 at a facility; not known for other places, on which contractors differ",
        supplied_by="front desk (encounters: telehealth_patient_place)",
        because="telehealth_because",
        reads=("encounters.telehealth_patient_place",),
    ),
    Column("telehealth_because", "text", "why the place of the patient gives no code"),
    _of_encounter(
        "is_behavioral_health",
        "boolean",
        "a behavioural health service: as the registry says, else if the principal diagnosis is one of F01 to F99",
        "coding",
        "is_behavioral_health",
    ),
)

_STAY_FACTS = (
    _of_encounter(
        "is_skilled_nursing_part_a",
        "boolean",
        "the patient was in a stay in a skilled nursing facility that Part A covers",
        "the nursing facility",
        "is_skilled_nursing_part_a",
    ),
    Column(
        "is_part_a_stay_ruled_out",
        "boolean",
        "the encounters registry says that Part A covered no stay of the patient in a skilled nursing facility",
        nullable=False,
    ),
    Column(
        "is_at_nursing_facility",
        "boolean",
        "the site is a nursing facility, skilled or not",
        supplied_by=_SITE,
        because=_NO_SITE,
        reads=("sites.site_type",),
    ),
    Column(
        "is_part_a_code_due_elsewhere",
        "boolean",
        "POS 31 is due for a Part A resident seen away from the nursing facility; not known there, as no text says so; "
        "false for everybody else",
        supplied_by="the Medicare contractor",
        because="part_a_code_because",
    ),
    Column("part_a_code_because", "text", "why is_part_a_code_due_elsewhere is not known"),
    Column(
        "discharge_date",
        "date",
        "day on which the patient left the hospital: of the claim, else of the encounters registry",
        source="DTP*096",
        supplied_by="registration (encounters: discharged_at)",
        because="discharge_because",
        reads=("encounters.discharged_at",),
    ),
    Column("discharge_because", "text", "why the discharge date is not known"),
)

_STAYS = "registration (ADT; encounters: admission_status, admitted_at)"

_WINDOW_FACTS = (
    Column(
        "has_admission_on_record",
        "boolean",
        "the patient was admitted to a hospital on the service date or within the longest payment window after it; false: "
        "a feed or the encounters registry says that there was none",
        supplied_by=_STAYS,
        because="admission_because",
        reads=("encounters.admission_status", "encounters.admitted_at"),
    ),
    Column(
        "is_in_payment_window",
        "boolean",
        "the service date lies in the payment window before an admission: on its day, or so many calendar days before it "
        "as the type of the hospital has",
        supplied_by=_STAYS,
        because="admission_because",
        reads=("encounters.admission_status", "encounters.admitted_at", "encounters.admitting_hospital_type"),
    ),
    Column("admission_because", "text", "why it is not known whether an admission followed"),
    Column("stay_because", "text", "why nothing, or not all, is known of that admission"),
    Column("admission_date", "date", "day of that admission", because="stay_because", supplied_by=_STAYS),
    Column(
        "admitting_hospital_name", "text", "the hospital of that admission", because="stay_because", supplied_by=_STAYS
    ),
    Column(
        "admitting_hospital_type",
        "text",
        "how Medicare pays that hospital",
        because="stay_because",
        supplied_by="reimbursement (sites registry: hospital_type)",
    ),
    Column(
        "has_payment_window",
        "boolean",
        "the hospital, by its type, has a payment window; a critical access hospital has none",
        supplied_by="reimbursement (sites registry: hospital_type)",
        because="window_because",
        reads=("sites.hospital_type", "encounters.admitting_hospital_type"),
    ),
    Column("window_because", "text", "why it is not known whether the hospital has a payment window"),
    Column(
        "is_part_a_stay",
        "boolean",
        "Part A covers that stay",
        supplied_by="registration (eligibility; encounters: is_part_a_stay)",
        because="part_a_because",
        reads=("encounters.is_part_a_stay",),
    ),
    Column("part_a_because", "text", "why it is not known whether Part A covers the stay"),
    Column(
        "is_payment_window_at_issue",
        "boolean",
        "somebody tells of an admission after the service; or, of a practice, its row of the sites registry does not rule out "
        "that a hospital wholly owns or operates it",
        nullable=False,
    ),
    Column(
        "is_on_day_of_admission",
        "boolean",
        "the service date is the day of that admission",
        supplied_by=_STAYS,
        because="stay_because",
    ),
    Column(
        "is_excluded_from_payment_window",
        "boolean",
        "an ambulance or maintenance dialysis service, which the payment window never reaches",
        nullable=False,
    ),
    Column(
        "is_diagnostic_service",
        "boolean",
        "a diagnostic service: as the encounters registry says, else by the code: a test with a technical component, a "
        "laboratory code, of a hospital's line its revenue code; visits are none",
        supplied_by="coding (encounters: is_diagnostic)",
        because="diagnostic_because",
        reads=("encounters.is_diagnostic",),
    ),
    Column(
        "is_window_service",
        "boolean",
        "a service that the payment window reaches: diagnostic, of the day of admission, or clinically related to it; false "
        "only where the record attests that it is unrelated",
        supplied_by="clinician (encounters: is_related_to_admission, is_unrelatedness_attested)",
        because="service_because",
        reads=(
            "encounters.is_related_to_admission",
            "encounters.is_unrelatedness_attested",
            "encounters.is_diagnostic",
        ),
    ),
    Column("diagnostic_because", "text", "why it is not known whether it is a diagnostic service"),
    Column("service_because", "text", "why it is not known whether the payment window reaches such a service"),
    Column(
        "is_always_window_service",
        "boolean",
        "a service that the payment window reaches whatever it was for: diagnostic, or of the day of admission; false also "
        "where nobody knows that it is one",
        nullable=False,
    ),
    Column(
        "unrelatedness_attestation", "text", "who attested that it is unrelated, and when; '' if nobody", nullable=False
    ),
    Column(
        "match_method",
        "text",
        "how the patient was found among the visits: member number, medical record number, name and birth date …; '' if no "
        "visit was found",
        nullable=False,
    ),
)

_ADMISSION_FACTS = (
    *_WINDOW_FACTS,
    Column(
        "is_window_practice",
        "boolean",
        "a practice outside hospital space that the admitting hospital, or a hospital while nobody is admitted, wholly owns or "
        "wholly operates",
        supplied_by="compliance (sites registry: ownership, is_wholly_operated_by_hospital, hospital_id)",
        because="practice_because",
        reads=("sites.ownership",),
    ),
    Column("practice_because", "text", "why it is not known whether the payment window reaches the practice"),
    Column(
        "window_release_date",
        "date",
        "first day on which no admission can reach back to the service date any more",
        because="release_because",
    ),
    Column(
        "is_payment_window_closed",
        "boolean",
        "no admission can reach back to the service date any more; not known while one may still follow",
        supplied_by="time",
        because="release_because",
    ),
    Column("release_because", "text", "until when an admission may follow"),
    Column(
        "is_hospital_charge_combined",
        "boolean",
        "the hospital's own charge of a day in the window is on its inpatient claim: that claim was given, and no outpatient "
        "claim without condition code 51 carries the day",
        supplied_by="patient accounts (the hospital's claims)",
        because="charge_because",
    ),
    Column("charge_because", "text", "why that is not known"),
    Column(
        "inpatient_hospital_name",
        "text",
        "where the patient was a registered inpatient",
        because="inpatient_because",
        supplied_by=_ADT,
    ),
    Column(
        "inpatient_hospital_type",
        "text",
        "how Medicare pays that hospital or unit",
        supplied_by="reimbursement (sites registry: hospital_type; encounters: admitting_hospital_type)",
        because="inpatient_because",
        reads=("sites.hospital_type", "encounters.admitting_hospital_type"),
    ),
    Column("inpatient_since_date", "date", "day of that admission", because="inpatient_because", supplied_by=_ADT),
    Column(
        "inpatient_place_of_service_code",
        "text",
        "the code of an inpatient: 51 in a psychiatric, 61 in a rehabilitation hospital or unit, 21 in others",
        because="inpatient_because",
        supplied_by=_ADT,
    ),
    Column("inpatient_because", "text", "why that code or the type of the hospital is not known"),
    Column(
        "inpatient_place_of_service_codes",
        "text",
        "that code, or the three that it may be",
        nullable=False,
    ),
    Column(
        "inpatient_stay",
        "text",
        "hospital and day of admission in words, as far as they are known: of General Hospital since 2026-03-10",
        nullable=False,
    ),
    Column(
        "is_inpatient_on_day",
        "boolean",
        "the patient was an inpatient at some time of the service date, the days of admission and discharge among them",
        supplied_by=_STAYS,
        because="registration_because",
        reads=("encounters.registration_status", "encounters.admitted_at", "encounters.discharged_at"),
    ),
    Column(
        "is_registration_asked",
        "boolean",
        "somebody speaks of the patient on that day: a feed that covers the hospital, a list, a hospital's claim or a row of the "
        "encounters registry, whatever it says",
        nullable=False,
    ),
    Column(
        "is_reached_by_payment_window",
        "boolean",
        "it is known that the payment window reaches the practice and the day",
        nullable=False,
    ),
    Column(
        "has_outpatient_registration_on_day",
        "boolean",
        "a feed or the encounters registry says that the patient was also an outpatient of a hospital at some time of that day",
        nullable=False,
    ),
    Column("is_strict_match", "boolean", "the patient was found by a number, not by a name", nullable=False),
    Column(
        "registration_evidence",
        "text",
        "what the feeds, lists or hospital claims say of the visit, and the encounters registry beside it; '' if they say "
        "nothing",
        nullable=False,
    ),
)
_NOTICE_FACTS = (
    Column(
        "has_notice_on_file",
        "boolean",
        "the encounters registry says that a notice of coinsurance was given",
        nullable=False,
    ),
    _of_encounter("has_notice", "boolean", "a notice of coinsurance is on file", "front desk", "has_notice"),
    _of_encounter("is_notice_written", "boolean", "it was in writing", "front desk", "is_notice_written"),
    _of_encounter(
        "is_notice_before_service",
        "boolean",
        "it was given before the service",
        "front desk",
        "is_notice_before_service",
    ),
    _of_encounter("has_notice_amount", "boolean", "it states the amount", "front desk", "has_notice_amount"),
    _of_encounter(
        "has_notice_estimate_statement",
        "boolean",
        "it states an estimate and why",
        "front desk",
        "has_notice_estimate_statement",
    ),
    _of_encounter(
        "is_emergency_treatment_required",
        "boolean",
        "42 CFR 489.24 required the care",
        "clinician",
        "is_emergency_treatment_required",
    ),
    _of_encounter(
        "is_emergency_stabilized",
        "boolean",
        "the emergency was ruled out or stabilised",
        "clinician",
        "is_emergency_stabilized",
    ),
    _of_encounter(
        "has_two_coinsurances",
        "boolean",
        "the patient owes the hospital and the practitioner",
        "billing office",
        "has_two_coinsurances",
    ),
)

_BESIDE_FACTS = tuple(
    Column(f"has_{name}_beside", "boolean", f"the claim has {words} of the same day", nullable=False, source="SV101-2")
    for name, words in (
        ("office_visit", "an office visit (99202–99215)"),
        ("home_visit", "a home or residence visit (99341–99350)"),
        ("hospital_visit", "a hospital inpatient or observation visit (99221–99236)"),
        ("nursing_facility_visit", "a nursing facility visit (99304–99310)"),
        ("cognitive_assessment", "a cognitive assessment and care planning (99483)"),
    )
)

_POLICY = "contracting (scrubjay policies)"


def _of_policy(name: str, kind: ColumnType, meaning: str) -> Column:
    """A fact that the policy of the payer says."""
    return Column(name, kind, meaning, supplied_by=_POLICY, because="policy_because")


_POLICY_FACTS = (
    Column("payer_id", "text", "identifier of the payer as the claim carries it", source="NM1*PR"),
    _of_policy("payer_policy", "text", "the policies that speak for this payer on this day, the most special first"),
    Column("policy_because", "text", "why no policy answers: none fits the payer, or it is too old to be trusted"),
)

_LINE_POLICY_FACTS = (
    *_POLICY_FACTS,
    _of_policy(
        "is_place_of_service_taken_by_payer",
        "boolean",
        "the payer's policy takes this place of service as it stands on this day",
    ),
    _of_policy(
        "payer_place_of_service_code",
        "text",
        "the code the payer wants in its place; the same code if it takes it",
    ),
    _of_policy(
        "has_payer_site_differential",
        "boolean",
        "the payer pays this procedure by the place where it was given, as Medicare does",
    ),
    Column(
        "is_place_of_service_asked_by_payer",
        "boolean",
        "the payer's policy asks for this code in place of another one",
        nullable=False,
    ),
    Column(
        "is_telehealth_modifier_refused_by_payer",
        "boolean",
        "a policy on file says that the payer takes no telehealth modifier beside place of service 02 and 10",
        nullable=False,
    ),
    Column(
        "has_service_facility_policy",
        "boolean",
        "a policy on file says whether the payer asks for the service facility, even one that is too old to be trusted",
        nullable=False,
    ),
    _of_policy(
        "payer_telehealth_modifier",
        "text",
        "what the payer wants beside place of service 02 and 10: required, optional or forbidden",
    ),
    _of_policy(
        "is_service_facility_required_by_payer",
        "boolean",
        "the payer asks for the service facility on every claim",
    ),
    _of_policy(
        "has_payment_window_by_payer",
        "boolean",
        "the payer's policy has Medicare's payment window",
    ),
)


_EXCEPTED_FACTS = (
    Column(
        "is_excepted_department",
        "boolean",
        "the department is excepted from section 603 on the service date: as the registry states it, else as it "
        "follows from its dates and moves",
        supplied_by="compliance (sites registry: excepted_status, or first_opps_service_date, relocated_date …)",
        because="excepted_because",
        reads=(
            "sites.excepted_status",
            "sites.first_opps_service_date",
            "sites.mid_build_certification_date",
            "sites.cancer_hospital_attestation_date",
            "sites.relocated_date",
            "sites.has_relocation_exception",
            "sites.ownership_changed_date",
            "sites.is_whole_hospital_sale",
        ),
    ),
    Column("excepted_because", "text", "why is_excepted_department is missing"),
    Column("excepted_reason", "text", "what makes the department excepted or not, in words"),
)

_FEES = "billing office (scrubjay fees import)"


def _amount(name: str, meaning: str, because: str) -> Column:
    """An amount of a line, all its units, with the column that says why it is not known."""
    return Column(name, "amount", meaning, supplied_by=_FEES, because=because)


_AMOUNT_FACTS = (
    Column(
        "has_fee_schedule",
        "boolean",
        "relative values are loaded that name the procedure, or that are no excerpt",
        nullable=False,
    ),
    Column("has_fee_row", "boolean", "relative values of the year are loaded, and name the procedure", nullable=False),
    Column("charge_amount", "amount", "charge of the line", source="SV102", supplied_by="billing office"),
    Column(
        "is_facility_rate",
        "boolean",
        "Medicare pays the place of service at the facility rate",
        supplied_by="nobody: Medicare does not say it",
        because="facility_rate_because",
    ),
    Column("facility_rate_because", "text", "why is_facility_rate is missing"),
    Column(
        "is_priced_by_fee_schedule",
        "boolean",
        "the physician fee schedule has a price for the procedure (status A, R or T)",
        supplied_by=_FEES,
        because="row_because",
    ),
    Column(
        "is_nonfacility_price_na",
        "boolean",
        "CMS prints NA for the procedure outside facilities",
        supplied_by=_FEES,
        because="row_because",
    ),
    Column(
        "is_facility_price_na",
        "boolean",
        "CMS prints NA for the procedure in facilities",
        supplied_by=_FEES,
        because="row_because",
    ),
    Column("row_because", "text", "why nothing is known of the row of the procedure"),
    _amount("nonfacility_amount", "Medicare's amount outside facilities, at most the charge", "nonfacility_because"),
    _amount(
        "facility_amount",
        "Medicare's amount in a facility, at most the charge; of a test the part of whoever reads it",
        "facility_because",
    ),
    _amount("fee_amount", "Medicare's fee for the line as billed, whatever the charge", "allowed_because"),
    _amount("allowed_amount", "Medicare's amount for the line as billed, at most the charge", "allowed_because"),
    _amount(
        "printed_amount",
        "what the column of the place of service prints for the line as billed, whatever its PC/TC and NA indicators say",
        "allowed_because",
    ),
    _amount("physician_amount", "Medicare's amount for the line as billed, under a physician", "allowed_because"),
    _amount(
        "performer_amount",
        "Medicare's amount for the line as billed, under whoever gave the service",
        "performer_amount_because",
    ),
    _amount(
        "shared_practitioner_amount",
        "Medicare's amount for the line as billed, under the nonphysician practitioner who shared the visit",
        "shared_amount_because",
    ),
    Column("nonfacility_because", "text", "why nonfacility_amount is missing"),
    Column("facility_because", "text", "why facility_amount is missing"),
    Column("allowed_because", "text", "why allowed_amount is missing"),
    Column("performer_amount_because", "text", "why performer_amount is missing"),
    Column("shared_amount_because", "text", "why shared_practitioner_amount is missing"),
)

_OUTPATIENT_FACTS = (
    Column("has_outpatient_rates", "boolean", "outpatient rates (Addendum B) are loaded", nullable=False),
    Column(
        "is_paid_below_rate_with_po",
        "boolean",
        "on that day Medicare pays the procedure below the outpatient rate at an excepted off-campus department of the hospital",
        supplied_by="reimbursement (sites registry: is_rural_sole_community_hospital)",
        because="cut_because",
        reads=("sites.is_rural_sole_community_hospital",),
    ),
    Column("cut_because", "text", "why is_paid_below_rate_with_po is missing"),
    _amount("outpatient_rate_amount", "national outpatient rate of the line, in full", "rate_because"),
    _amount("outpatient_po_amount", "what is paid of it with PO", "po_because"),
    _amount("outpatient_pn_amount", "what is paid of it with PN", "rate_because"),
    _amount("outpatient_amount", "what is paid of it as billed", "outpatient_because"),
    Column(
        "outpatient_percent",
        "decimal",
        "percent of the outpatient rate that is paid with the modifiers the line has",
        supplied_by=_FEES,
        because="outpatient_because",
    ),
    _amount("outpatient_copayment_amount", "national copayment of the line, in full", "rate_because"),
    Column("rate_because", "text", "why outpatient_rate_amount is missing"),
    Column("po_because", "text", "why outpatient_po_amount is missing"),
    Column("outpatient_because", "text", "why outpatient_amount is missing"),
)

SERVICE_LINE_FACTS = Table(
    "service_line_facts",
    "one service line of a professional claim, with all that is known about where it was given",
    (
        *_IDENTITY,
        *_position("SV1"),
        Column(
            "service_date",
            "date",
            "first service date of the line",
            source="DTP*472",
            supplied_by="billing office",
            because="service_date_because",
        ),
        Column("service_date_because", "text", "why service_date is missing"),
        Column(
            "has_place_of_service",
            "boolean",
            "the line or its claim carries a place of service",
            nullable=False,
            source="SV105",
        ),
        Column(
            "place_of_service_code",
            "text",
            "place of service of the line: SV105, else CLM05-1; '' when both are blank",
            nullable=False,
            source="SV105",
        ),
        Column("line_place_of_service_code", "text", "SV105 as sent, '' when blank", nullable=False, source="SV105"),
        Column(
            "claim_place_of_service_code", "text", "CLM05-1 as sent, '' when blank", nullable=False, source="CLM05-1"
        ),
        Column("is_place_of_service_from_line", "boolean", "the code comes from SV105", nullable=False),
        Column(
            "is_place_of_service_assigned",
            "boolean",
            "the code has been in the national code set at some time",
            nullable=False,
            source="SV105",
        ),
        Column("has_procedure_code", "boolean", "the line carries a procedure code", nullable=False, source="SV101-2"),
        Column("procedure_code", "text", "procedure code, '' when blank", nullable=False, source="SV101-2"),
        Column(
            "is_ambulance_procedure", "boolean", "an ambulance service (A0021–A0999)", nullable=False, source="SV101-2"
        ),
        Column("modifiers", "text", "the modifiers in order, with blanks between", nullable=False, source="SV101-3"),
        *_has_modifiers("SV101-3", "PO", "PN", "ER", "TC", "FS", "GC", "GE", "93", "95", "GT", "GQ", "FQ", "FR", "PD"),
        Column(
            "is_professional_component",
            "boolean",
            "modifier 26: a reading, whose service facility is the reader's room while the place of service is the patient's",
            nullable=False,
            source="SV101-3",
        ),
        Column(
            "modifiers_without_department_modifiers",
            "text",
            "the modifiers without PO, PN and ER",
            nullable=False,
            source="SV101-3",
        ),
        Column(
            "has_service_facility",
            "boolean",
            "the line or its claim names a service facility",
            nullable=False,
            source="NM1*77",
        ),
        Column(
            "has_service_location",
            "boolean",
            "the claim says where the service was given: a service facility, or a place of service "
            "at the billing provider's own address",
            nullable=False,
            source="NM1*77",
        ),
        Column("service_facility_byte_offset", "integer", "start of its NM1 segment"),
        *_SERVICE_FACILITY,
        Column(
            "is_service_facility_npi_of_practitioner",
            "boolean",
            "the NPI of the service facility is that of the rendering or supervising provider, or of a person in the "
            "providers registry",
            nullable=False,
            source="NM1*77",
        ),
        *_SITE_FACTS,
        *_ADDRESS_FACTS,
        Column(
            "is_separately_maintained",
            "boolean",
            "office space kept apart from the hospital",
            supplied_by="compliance (sites registry)",
            because=_NO_SITE,
            reads=("sites.is_separately_maintained",),
        ),
        Column(
            "is_registered_outpatient",
            "boolean",
            "the patient was a registered hospital outpatient",
            supplied_by="registration (encounters: registration_status)",
            because="registration_because",
            reads=("encounters.registration_status",),
        ),
        Column(
            "is_registered_inpatient",
            "boolean",
            "the patient was a registered hospital inpatient",
            supplied_by="registration (encounters: registration_status)",
            because="registration_because",
            reads=("encounters.registration_status",),
        ),
        Column(
            "has_custody_exception",
            "boolean",
            "both conditions of 42 CFR 411.4(b) hold for a patient in custody",
            supplied_by="billing office (encounters: has_custody_exception)",
            because="encounter_because",
        ),
        Column("registration_because", "text", "why it is not known where the patient was registered"),
        Column("encounter_because", "text", "why nothing is known of the encounter"),
        Column(
            "has_duplicate_at_other_place",
            "boolean",
            "another line of these files has the same patient, payer, provider, service date, procedure and "
            "modifiers, none of which marks a repeated or distinct service, and another place of service",
            supplied_by="billing office (patient and provider on the claim; what the payer answered to the first)",
            because="duplicate_because",
        ),
        Column("duplicate_because", "text", "why it is not known whether the line is a duplicate"),
        Column(
            "other_place_of_service_code", "text", "the code of the other line, '' if there is none", nullable=False
        ),
        Column("other_claim_id", "text", "the claim of the other line"),
        Column(
            "is_off_campus_department",
            "boolean",
            "the site is a provider-based department beyond the campus, and not within 250 yards of a remote location",
            supplied_by="credentialing (sites registry: site_type, provider_based_from, distance_yards, distance_method)",
            because="campus_because",
            reads=("sites.site_type", "sites.provider_based_from", "sites.distance_yards", "sites.distance_method"),
        ),
        Column(
            "site_place_of_service_code",
            "text",
            "the code that names the kind of the site (11 for a department that is not provider-based on that day; 31 or 32 "
            "at a nursing facility, by Part A coverage); not known for hospital space, where it depends on the patient, and "
            "for kinds without a code of their own",
            supplied_by=_SITE,
            because="site_code_because",
            reads=("sites.site_type",),
        ),
        Column("site_code_because", "text", "why the kind of the site gives no code"),
        Column(
            "is_campus_settled_without_distance",
            "boolean",
            "the registry says that the site is on campus, or that CMS determined it to be",
            nullable=False,
        ),
        Column(
            "has_distance_survey",
            "boolean",
            "a survey of the distance is on file",
            supplied_by="credentialing (sites registry: distance_evidence)",
            because=_NO_SITE,
            reads=("sites.distance_evidence",),
        ),
        *_EXCEPTED_FACTS,
        *_PRACTITIONER_FACTS,
        *_COMPONENT_FACTS,
        *_TELEHEALTH_FACTS,
        *_STAY_FACTS,
        *_ADMISSION_FACTS,
        *_BESIDE_FACTS,
        *_NOTICE_FACTS,
        *_LINE_POLICY_FACTS,
        *_AMOUNT_FACTS,
    ),
)

_TYPE_OF_BILL = (
    Column(
        "type_of_bill_code", "text", "type of bill, three characters; '' when blank", nullable=False, source="CLM05-1"
    ),
    Column("facility_type_code", "text", "its first two: 13 hospital outpatient …", nullable=False, source="CLM05-1"),
)

_DEPARTMENT_FACTS = (
    Column(
        "hospital_type",
        "text",
        "how Medicare pays the hospital; 85X is a critical access hospital whatever the registry says",
        supplied_by="reimbursement (sites registry: hospital_type)",
        because=_NO_SITE,
        reads=("sites.hospital_type",),
    ),
    Column(
        "is_off_campus_department",
        "boolean",
        "the site is a provider-based department beyond the campus, and not within 250 yards of a remote location",
        supplied_by="credentialing (sites registry: site_type, provider_based_from, distance_yards, distance_method)",
        because="campus_because",
        reads=("sites.site_type", "sites.provider_based_from", "sites.distance_yards", "sites.distance_method"),
    ),
    Column(
        "is_dedicated_emergency_department",
        "boolean",
        "the site is a dedicated emergency department (42 CFR 489.24(b))",
        supplied_by="compliance (sites registry: is_dedicated_emergency_department)",
        because=_NO_SITE,
        reads=("sites.is_dedicated_emergency_department",),
    ),
    *_EXCEPTED_FACTS,
    Column(
        "has_npi_of_its_own",
        "boolean",
        "the site has an NPI of its own",
        supplied_by="credentialing (sites registry: npi)",
        because=_NO_SITE,
        reads=("sites.npi",),
    ),
    Column(
        "has_attestation_in_time",
        "boolean",
        "the site has a provider-based attestation that section 6225 of the CAA 2026 still takes on the service date",
        supplied_by="compliance (sites registry: attestation_date)",
        because=_NO_SITE,
        reads=("sites.attestation_date",),
    ),
    *_POLICY_FACTS,
    Column(
        "has_facility_fee_policy",
        "boolean",
        "a policy on file speaks of the payer's facility fees on this day, even one that is too old to be trusted",
        nullable=False,
    ),
    Column(
        "has_professional_revenue_policy",
        "boolean",
        "a policy on file speaks of professional revenue codes on this day, even one that is too old to be trusted",
        nullable=False,
    ),
    _of_policy(
        "is_clinic_visit_denied_by_payer",
        "boolean",
        "the payer's policy does not pay this clinic visit under this revenue code",
    ),
    _of_policy(
        "is_professional_revenue_denied_by_payer",
        "boolean",
        "the payer's policy does not pay professional services under this revenue code on a hospital's claim",
    ),
)

NATIONAL_AMOUNTS = Table(
    "national_amounts",
    "one service line of a professional claim that has a price, with its amounts where all geographic indices are 1",
    (
        Column("row_id", "integer", "number of the row in this run", nullable=False),
        *(
            Column(
                one.name,
                "amount",
                f"{one.name} with indices of 1, whatever the charge; a physician's where nobody says who it is",
            )
            for one in _AMOUNT_FACTS
            if one.type == "amount" and one.name != "charge_amount"
        ),
    ),
)

PAIR_LINE_FACTS = (  # of the professional line
    *(one.name for one in _IDENTITY if one.name != "row_id"),
    "line_number",
    "byte_offset",
    "row_number",
    "service_date",
    "service_date_because",
    "has_place_of_service",
    "is_place_of_service_from_line",
    "place_of_service_code",
    "procedure_code",
    "modifiers",
    "is_professional_component",
    "is_facility_rate",
    "facility_rate_because",
    "is_marked_as_telehealth",
    "site_id",
    "is_site_known",
    "site_name",
    "site_because",
    "site_type",
    "is_provider_based",
    "service_facility_address",
    "allowed_amount",
    "allowed_because",
    "facility_amount",
    "facility_because",
)

_FACILITY = "the hospital (its claims of that day)"

_SINCE_SERVICE = (
    Column(
        "days_since_service",
        "integer",
        "days from the service date to the run date",
        because="service_date_because",
    ),
    Column(
        "is_waiting_time_over",
        "boolean",
        "so many days have passed since the service that a claim of the other side should be there",
        supplied_by="billing office",
        because="service_date_because",
    ),
)

CLAIM_PAIR_FACTS = Table(
    "claim_pair_facts",
    "one professional line and one facility claim of the same patient and day; a line without one has one row too, where its "
    "code leads to expect one or its site may be hospital space",
    (
        Column("row_id", "integer", "number of the row in this run", nullable=False),
        Column("line_row_id", "integer", "row_id of the professional line in service_line_facts", nullable=False),
        *(SERVICE_LINE_FACTS[name] for name in PAIR_LINE_FACTS),
        Column(
            "has_stay_on_day", "boolean", "the patient is known to have been an inpatient on that day", nullable=False
        ),
        Column(
            "has_facility_claim",
            "boolean",
            "a facility's claim of the patient and day was given; false: claims of that hospital for that day were given, and "
            "none is the patient's",
            supplied_by=_FACILITY,
            because="facility_claim_because",
        ),
        Column("facility_claim_because", "text", "why that is not known"),
        Column(
            "has_facility_feed",
            "boolean",
            "claims of the hospital or center of the site were given for that day, whoever's they are",
            nullable=False,
        ),
        Column(
            "facility_claim_id", "text", "patient control number of the facility's claim; '' if none", nullable=False
        ),
        Column("facility_file", "text", "the file it stands in; '' if none", nullable=False),
        Column("facility_sender", "text", "the hospital that sent it, else its NPI; '' if none", nullable=False),
        Column("facility_type_of_bill_code", "text", "its type of bill; '' if none", nullable=False),
        Column(
            "facility_type_code",
            "text",
            "its first two characters, 83 of a surgical center; '' if none",
            nullable=False,
        ),
        Column("facility_site_id", "text", "where its lines of that day were given"),
        Column("facility_site_name", "text", "the name of that site"),
        Column("facility_modifiers", "text", "PO, PN and ER on its lines of that day; '' if none", nullable=False),
        Column(
            "facility_procedure_codes",
            "text",
            "its procedures of that day, with PO, PN or ER behind them",
            nullable=False,
        ),
        Column("facility_revenue_codes", "text", "its revenue codes of that day", nullable=False),
        Column("facility_hospital_type", "text", "how Medicare pays that hospital"),
        Column(
            "has_clinic_visit",
            "boolean",
            "it has a clinic visit on that day (G0463, revenue code 051X or 052X)",
            nullable=False,
        ),
        Column(
            "has_same_service_as_professional_revenue",
            "boolean",
            "it carries the procedure of the professional line under a professional revenue code (096X to 098X)",
            nullable=False,
        ),
        Column(
            "is_same_place",
            "boolean",
            "both claims name the same place: the same site, else the same address or NPI",
            supplied_by="credentialing (sites registry), or the hospital (service facility of its claim)",
            because="place_because",
        ),
        Column("place_because", "text", "why it is not known whether both claims name the same place"),
        Column(
            "is_same_service",
            "boolean",
            "both claims are about one service: the same procedure that is no laboratory test, or a visit beside a clinic or "
            "emergency visit; false beside laboratory lines alone",
            supplied_by="the clinical record",
            because="same_service_because",
        ),
        Column("same_service_because", "text", "why that is not known"),
        Column(
            "paired_place_of_service_code",
            "text",
            "the place of service that stands beside such a claim",
            supplied_by="the hospital (PO, PN or ER on its lines)",
            because="pair_because",
        ),
        Column("pair_because", "text", "why that code is not known"),
        Column(
            "paired_place_of_service_codes",
            "text",
            "that code, else that of the site, else the two that it may be",
            nullable=False,
        ),
        Column(
            "match_method",
            "text",
            "how the patients of the two were found to be one; '' if there is no claim",
            nullable=False,
        ),
        Column("is_strict_match", "boolean", "by a number, not by a name", nullable=False),
        *_SINCE_SERVICE,
    ),
)

# What the facility's claim of a pair says; facility_amount and the like are the professional line's.
FACILITY_CLAIM_FACTS = tuple(
    name
    for name in CLAIM_PAIR_FACTS.names
    if name.startswith("facility_") and name not in PAIR_LINE_FACTS and not name.endswith("_because")
)

INSTITUTIONAL_LINE_FACTS = Table(
    "institutional_line_facts",
    "one service line of an institutional claim, with all that is known about where it was given",
    (
        *_IDENTITY,
        *_position("SV2"),
        Column(
            "service_date",
            "date",
            "service date of the line, else the statement from date",
            source="DTP*472",
            supplied_by="billing office",
            because="service_date_because",
        ),
        Column("service_date_because", "text", "why service_date is missing"),
        *_TYPE_OF_BILL,
        Column("revenue_code", "text", "revenue code, '' when blank", nullable=False, source="SV201"),
        Column("has_procedure_code", "boolean", "the line carries a HCPCS code", nullable=False, source="SV202-2"),
        Column("procedure_code", "text", "HCPCS code, '' when blank", nullable=False, source="SV202-2"),
        Column("modifiers", "text", "the modifiers in order, with blanks between", nullable=False, source="SV202-3"),
        Column(
            "department_modifier",
            "text",
            "PO, PN or ER as the line carries it; '' if none, in order with blanks between if several",
            nullable=False,
            source="SV202-3",
        ),
        *_has_modifiers("SV202-3", "PO", "PN", "ER", "PD"),
        Column(
            "has_service_facility", "boolean", "the claim names a service facility", nullable=False, source="NM1*77"
        ),
        Column("service_facility_byte_offset", "integer", "start of its NM1 segment"),
        *_SITE_FACTS,
        *_DEPARTMENT_FACTS,
        *_WINDOW_FACTS,
        Column(
            "is_admitted_at_hospital",
            "boolean",
            "that admission was to the hospital that sends the claim, or that the site belongs to",
            supplied_by="registration (encounters: admitting_hospital_id; sites registry: hospital_id, npi)",
            because="hospital_because",
            reads=("encounters.admitting_hospital_id",),
        ),
        Column("hospital_because", "text", "why that is not known"),
        Column(
            "has_professional_claim",
            "boolean",
            "a professional claim for that patient and day was given; false: claims from sites of that hospital for that day "
            "were, and none is the patient's",
            supplied_by="billing office (the practitioners' claims of that day)",
            because="professional_because",
        ),
        Column("professional_because", "text", "why that is not known"),
        Column(
            "has_professional_feed",
            "boolean",
            "professional claims from sites of that hospital were given for that day, whoever's they are",
            nullable=False,
        ),
        *_SINCE_SERVICE,
        Column(
            "has_condition_code_51",
            "boolean",
            "the claim carries condition code 51: unrelated outpatient services",
            nullable=False,
            source="HI*BG",
        ),
        *_OUTPATIENT_FACTS,
    ),
)

CLAIM_FACTS = Table(
    "claim_facts",
    "one professional or institutional claim, with what its lines say together",
    (
        *_IDENTITY,
        Column("claim_type", "text", "professional or institutional", nullable=False),
        Column(
            "service_date",
            "date",
            "statement from date, else the first service date of its lines",
            source="DTP*434",
            supplied_by="billing office",
            because="service_date_because",
        ),
        Column("service_date_because", "text", "why service_date is missing"),
        Column("line_count", "integer", "service lines", nullable=False),
        Column(
            "place_of_service_codes",
            "text",
            "the different codes of its lines, sorted; '' on an institutional claim",
            nullable=False,
            source="CLM05-1",
        ),
        Column(
            "claim_place_of_service_code",
            "text",
            "CLM05-1 of a professional claim, '' when blank",
            nullable=False,
            source="CLM05-1",
        ),
        Column(
            "has_redundant_line_place_of_service",
            "boolean",
            "every line repeats the claim's code in SV105",
            nullable=False,
            source="CLM05-1",
        ),
        Column(
            "service_location_count",
            "integer",
            "different service locations its lines name",
            nullable=False,
            source="NM1*77",
        ),
        Column(
            "has_office_and_facility_lines",
            "boolean",
            "some lines are at a facility-rate code and some at another, telehealth left out",
            nullable=False,
            source="CLM05-1",
        ),
        *_TYPE_OF_BILL,
        Column(
            "has_department_modifier",
            "boolean",
            "a line of an institutional claim carries PO, PN or ER",
            nullable=False,
            source="SV202-3",
        ),
        Column(
            "has_service_facility", "boolean", "the claim names a service facility", nullable=False, source="NM1*77"
        ),
        Column("service_facility_byte_offset", "integer", "start of its NM1 segment"),
        Column(
            "service_facility_address",
            "text",
            "address of the service facility of an institutional claim in one line, as sent; '' when blank",
            nullable=False,
            source="NM1*77",
        ),
        Column("site_id", "text", "the site of all its lines", supplied_by=_SITE, because=_NO_SITE),
        Column("site_name", "text", "its name", supplied_by=_SITE, because=_NO_SITE),
        Column("site_because", "text", "why nothing is known of the site, or that there are several"),
        Column(
            "ptan",
            "text",
            "provider transaction access number of the hospital that sends the claim, else its CCN",
            supplied_by="credentialing (sites registry: ptan)",
            because=_NO_SITE,
            reads=("sites.ptan",),
        ),
        Column(
            "is_address_edited_provider",
            "boolean",
            "its number lies in the ranges whose service facility address is compared with PECOS",
            supplied_by="credentialing (sites registry: ptan)",
            because=_NO_SITE,
            reads=("sites.ptan",),
        ),
        Column(
            "pecos_address", "text", "address of the site in PECOS in one line", supplied_by=_SITE, because=_NO_SITE
        ),
        Column(
            "is_service_facility_in_pecos",
            "boolean",
            "the service facility as sent equals, character for character, a practice location of the hospital that "
            "PECOS holds on the statement from date",
            supplied_by="credentialing (sites registry: pecos_address_line_1, pecos_city, pecos_zip …)",
            because="pecos_because",
            reads=("sites.pecos_address_line_1", "sites.pecos_city", "sites.pecos_state", "sites.pecos_zip"),
        ),
        Column("pecos_because", "text", "why is_service_facility_in_pecos is missing"),
        Column(
            "is_from_one_off_campus_department",
            "boolean",
            "every line of an institutional claim was given at one and the same off-campus department, which does "
            "not stand at the billing provider's address",
            supplied_by=_SITE,
            because="address_due_because",
        ),
        Column(
            "is_off_campus_address_due",
            "boolean",
            "every line was given off campus; not known where campus and off-campus lines are mixed, because no text "
            "says whether the edit spares such a claim",
            supplied_by="the Medicare contractor",
            because="address_due_because",
        ),
        Column("address_due_because", "text", "why it is not known whose address the claim must carry"),
        Column(
            "has_line_at_billing_address",
            "boolean",
            "a line of an institutional claim was given at the billing provider's own address",
            supplied_by=_SITE,
            because=_NO_SITE,
            reads=("sites.address_line_1",),
        ),
    ),
)

_MORE_CLAIMS = "billing office (claims of more months)"
_COUNTED = "lines of Medicare Part B whose code goes by the building,"
_CAMPUS_CODE = (
    Column(
        "outpatient_place_of_service_code",
        "text",
        "19 or 22, the code of hospital outpatient space at this distance; not known at a remote location or "
        "satellite and near one, where no text says which",
        supplied_by="credentialing (sites registry: distance_yards, distance_method)",
        because="campus_because",
        reads=("sites.distance_yards", "sites.distance_method"),
    ),
    Column("campus_because", "text", "why it is not known whether the site is on campus"),
)

SITE_FACTS = Table(
    "site_facts",
    "one row of the sites registry at which lines of these files were given; every row, if the registry itself is checked",
    (
        Column("row_id", "integer", "number of the row in this run", nullable=False),
        Column("site_id", "text", "the site", nullable=False),
        Column("site_name", "text", "its name"),
        Column("effective_from", "date", "first day on which that row holds; blank: always"),
        Column("site_row_number", "integer", "row of the sites registry", nullable=False),
        Column("site_line_count", "integer", "lines of these files given there", nullable=False),
        Column("site_type", "text", "what the site is", supplied_by=_SITE, reads=("sites.site_type",)),
        Column("distance_yards", "decimal", "distance to the nearest main building in yards"),
        Column(
            "is_near_campus_boundary",
            "boolean",
            "the distance in the registry lies within 5 yards of the campus boundary, and neither the campus nor CMS "
            "settles the matter; false where no distance is known",
            nullable=False,
        ),
        Column(
            "is_campus_settled_without_distance",
            "boolean",
            "the registry says that the site is on campus, or that CMS determined it to be",
            nullable=False,
        ),
        Column(
            "has_distance_survey",
            "boolean",
            "a survey of the distance is on file",
            supplied_by="credentialing (sites registry: distance_evidence)",
            reads=("sites.distance_evidence",),
        ),
        Column(
            "is_side_of_boundary_confirmed",
            "boolean",
            "a survey on file says on which side of the campus boundary the site lies; not known without one",
            supplied_by="credentialing (a survey)",
            because="boundary_because",
            reads=("sites.distance_evidence",),
        ),
        Column("boundary_because", "text", "why is_side_of_boundary_confirmed is missing"),
        Column("registered_address", "text", "address of the site as claims carry it, in one line"),
        Column("pecos_address", "text", "address of the site in PECOS, in one line"),
        Column(
            "is_address_as_in_pecos",
            "boolean",
            "the address as claims carry it is the address in PECOS, character for character",
            supplied_by="credentialing (sites registry: pecos_address_line_1, address_line_1)",
            reads=("sites.pecos_address_line_1", "sites.address_line_1"),
        ),
        Column(
            "has_place_of_service_by_payer",
            "boolean",
            "office visits there carry one place of service for one payer and another for another payer, in weeks that "
            "overlap, and no policy on file asks for it; codes that go by the patient are left out",
            nullable=False,
        ),
        Column("place_of_service_by_payer", "text", "those codes with their payers, in words", nullable=False),
        *_CAMPUS_CODE,
        Column("provider_based_from", "date", "first day of provider-based status of a department"),
        Column("provider_based_to", "date", "last day of provider-based status of a department"),
        Column("line_count_before", "integer", f"{_COUNTED} in the 90 days before the first", nullable=False),
        Column("hospital_line_count_before", "integer", "of them at POS 19 or 22", nullable=False),
        Column(
            "line_count_since", "integer", f"{_COUNTED} from the first provider-based day to the last", nullable=False
        ),
        Column("hospital_line_count_since", "integer", "of them at POS 19 or 22", nullable=False),
        Column(
            "is_default_stale",
            "boolean",
            "most lines since the first provider-based day carry another code than 19 or 22: 20 lines or more, and even the "
            "upper limit of the 95 percent interval lies below half; false where it is not so, or 95 percent carry them",
            supplied_by=_MORE_CLAIMS,
            because="default_because",
        ),
        Column("default_because", "text", "why is_default_stale is missing"),
        Column("line_count_after_end", "integer", f"{_COUNTED} after the last provider-based day", nullable=False),
        Column("hospital_line_count_after_end", "integer", "of them at POS 19 or 22", nullable=False),
        Column(
            "is_default_stale_after_end",
            "boolean",
            "most lines after the last provider-based day still carry 19 or 22, by the same measure",
            supplied_by=_MORE_CLAIMS,
            because="after_end_because",
        ),
        Column("after_end_because", "text", "why is_default_stale_after_end is missing"),
        Column("correction_scope", "text", "which lines are to be looked through, in words"),
    ),
)

_MIX_FACTS = (
    Column("site_id", "text", "the site", nullable=False),
    Column("site_name", "text", "its name"),
    Column("effective_from", "date", "first day on which that row of the registry holds; blank: always"),
    Column("site_row_number", "integer", "row of the sites registry", nullable=False),
    Column("site_type", "text", "what the site is", supplied_by=_SITE, reads=("sites.site_type",)),
    Column(
        "is_provider_based",
        "boolean",
        "the site was hospital outpatient space on the days of these lines",
        supplied_by="compliance (sites registry: site_type, provider_based_from)",
        because="status_because",
        reads=("sites.site_type", "sites.provider_based_from"),
    ),
    Column("status_because", "text", "why is_provider_based is missing"),
    Column("service_date", "date", "first day of these lines", nullable=False),
    Column("last_service_date", "date", "last day of these lines", nullable=False),
    Column("place_of_service_code", "text", "the code that most of these lines carry", nullable=False),
    Column("mix", "text", "how many lines carry which code, in words", nullable=False),
    Column(
        "line_count",
        "integer",
        "professional lines whose code goes by the building: no telehealth, readings, inpatients, codes that other pages "
        "judge or a policy asks for",
        nullable=False,
    ),
    Column("hospital_line_count", "integer", "of them at POS 19 or 22", nullable=False),
    Column("office_line_count", "integer", "of them at POS 11", nullable=False),
    Column("hospital_percent", "decimal", "the share of POS 19 and 22 in percent", nullable=False),
    Column("hospital_percent_at_least", "decimal", "lower limit of its 95 percent interval (Wilson)", nullable=False),
    Column("hospital_percent_at_most", "decimal", "upper limit of its 95 percent interval (Wilson)", nullable=False),
    *_CAMPUS_CODE,
    Column("correction_scope", "text", "which lines are to be looked through, in words", nullable=False),
)

_MIX_PROGRAM = (
    Column(
        "payer_program",
        "text",
        "the programme whose rules apply to these lines",
        supplied_by="billing office (payer registry, SBR09)",
        because="payer_program_because",
        reads=("payers.payer_program",),
    ),
    Column("payer_program_because", "text", "why payer_program is missing"),
)


def _beside_others(others: str) -> tuple[Column, ...]:
    """The lines of the other payers or practitioners at the same site, and how the shares compare."""
    return (
        Column("other_line_count", "integer", f"lines of {others}, counted alike", nullable=False),
        Column("other_hospital_line_count", "integer", "of them at POS 19 or 22", nullable=False),
        Column("has_enough_lines", "boolean", f"20 lines or more here, and of {others}", nullable=False),
        Column(
            "is_share_worse_than_others",
            "boolean",
            "more of these lines contradict the registry, beyond chance: in hospital space the upper limit of their share of "
            "POS 19 and 22 lies below the lower limit of the others, elsewhere the lower above the upper; false where the "
            "share is no worse than theirs, or within 5 percent of what is due",
            supplied_by="billing office and compliance (claims of more months; sites registry: site_type, provider_based_from)",
            because="worse_because",
            reads=("sites.site_type", "sites.provider_based_from"),
        ),
        Column("worse_because", "text", "why is_share_worse_than_others is missing"),
    )


SITE_MONTH_FACTS = Table(
    "site_month_facts",
    "one row of the sites registry in one month, in one status and for one payer programme, with the lines given there",
    (
        Column("row_id", "integer", "number of the row in this run", nullable=False),
        Column("service_month", "text", "month of service, as 2026-08", nullable=False),
        *_MIX_FACTS,
        *_MIX_PROGRAM,
        Column(
            "is_hospital_share_too_low",
            "boolean",
            "20 lines or more, and even the upper limit of the interval lies below 95 percent; false at 95 percent or more",
            supplied_by=_MORE_CLAIMS,
            because="low_because",
        ),
        Column("low_because", "text", "why is_hospital_share_too_low is missing"),
        Column(
            "is_hospital_share_too_high",
            "boolean",
            "20 lines or more, and even the lower limit of the interval lies above 5 percent; false at 5 percent or less",
            supplied_by=_MORE_CLAIMS,
            because="high_because",
        ),
        Column("high_because", "text", "why is_hospital_share_too_high is missing"),
    ),
)

SITE_PAYER_MONTH_FACTS = Table(
    "site_payer_month_facts",
    "one row of the sites registry in one month, in one status and for one payer, beside the other payers of that month",
    (
        Column("row_id", "integer", "number of the row in this run", nullable=False),
        Column("payer_name", "text", "the payer: its name, else its identifier", nullable=False),
        Column("service_month", "text", "month of service, as 2026-08", nullable=False),
        *_MIX_FACTS,
        *_beside_others("the other payers there in that month"),
        Column(
            "has_place_of_service_by_payer",
            "boolean",
            "office visits at the site carry a code of its own for each payer; see site_facts",
            nullable=False,
        ),
    ),
)

SITE_PRACTITIONER_FACTS = Table(
    "site_practitioner_facts",
    "one row of the sites registry, in one status and for one payer programme, with the lines of one practitioner there "
    "beside those of the others",
    (
        Column("row_id", "integer", "number of the row in this run", nullable=False),
        Column(
            "rendering_provider_npi",
            "text",
            "rendering provider of these lines, else the billing provider; '' when blank",
            nullable=False,
        ),
        *_MIX_FACTS,
        *_MIX_PROGRAM,
        *_beside_others("the other practitioners there"),
    ),
)

RUN_FACTS = Table(
    "run_facts",
    "this check",
    (
        Column("row_id", "integer", "0", nullable=False),
        Column("run_date", "date", "the day of the check, or --as-of", nullable=False),
        Column("code_set_read_date", "date", "the day the place of service code set was last compared with CMS"),
        Column("days_since_code_set_was_read", "integer", "days from then to the run date"),
        Column(
            "expired_setting_count",
            "integer",
            "rules that the workspace switches off or softens, and whose last day for it has passed",
            nullable=False,
        ),
        Column("expired_settings", "text", "those rules with owner and day, in words", nullable=False),
    ),
)

READER_TABLES = (FILES, INTAKE_PROBLEMS, CLAIMS, PROFESSIONAL_LINES, INSTITUTIONAL_LINES, VISIT_EVENTS, VISITS)
FACT_TABLES = (
    SERVICE_LINE_FACTS,
    INSTITUTIONAL_LINE_FACTS,
    CLAIM_FACTS,
    CLAIM_PAIR_FACTS,
    SITE_FACTS,
    SITE_MONTH_FACTS,
    SITE_PAYER_MONTH_FACTS,
    SITE_PRACTITIONER_FACTS,
    RUN_FACTS,
)
GRAINS: dict[str, Table] = {table.name.removesuffix("_facts"): table for table in FACT_TABLES}
SITE_GRAINS = ("site", "site_month", "site_payer_month", "site_practitioner")  # they have no file and no claim
TABLES: dict[str, Table] = {
    t.name: t for t in (*READER_TABLES, *REGISTRIES, *FEE_TABLES, *FACT_TABLES, NATIONAL_AMOUNTS)
}


def no_rows() -> dict[str, pa.Table]:
    """The tables of the readers, by name, each without rows."""
    return {table.name: arrow_schema(table).empty_table() for table in READER_TABLES}
