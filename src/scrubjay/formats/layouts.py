"""What others call our columns: the headers of billing exports and lists of stays, and the published layouts.

Scrubjay's own flattened columns come first (`CLAIM_COLUMNS`, `VISIT_COLUMNS`); a header that none of our names, synonyms or
layouts knows is left unread and said so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, PROFESSIONAL_LINES, VISITS, ColumnType

SHARED = {  # the row's value is the line's; of a claim that is not professional, the claim's
    "rendering_provider_npi",
    "supervising_provider_npi",
    "site_id",
    *(name for name in CLAIMS.names if name.startswith("service_facility_")),
}
CLAIM_ONLY = {"claim_place_of_service_code": "place_of_service_code", "claim_charge_amount": "charge_amount"}
_OURS = {"claim_key", "file_id", "byte_offset", "row_number", "service_facility_byte_offset"}  # never in a file
_EXTRA: dict[str, ColumnType] = {  # flattened columns that no table has by this name
    "claim_place_of_service_code": "text",
    "claim_charge_amount": "amount",
    "modifiers": "text",
    "modifier_5": "text",
    "patient_name": "text",
}
LAYOUT_ONLY = ("_claim_scope", "_facility_type_code", "_service_classification_code", "_person_id", "_sex_number")

TYPES: dict[str, ColumnType] = {
    **{c.name: c.type for t in (CLAIMS, PROFESSIONAL_LINES, INSTITUTIONAL_LINES) for c in t.columns},
    **_EXTRA,
    **dict.fromkeys(LAYOUT_ONLY, "text"),
}
CLAIM_COLUMNS = tuple(name for name in TYPES if name not in _OURS and name not in LAYOUT_ONLY)
_TOLD = {"file_id", "row_number", "is_start_time_known", "is_end_time_known"}  # by the reader of a list of stays
VISIT_COLUMNS = (*(name for name in VISITS.names if name not in _TOLD), "patient_name")
COLUMNS = tuple(dict.fromkeys((*CLAIM_COLUMNS, *VISIT_COLUMNS)))  # what a header may be said to stand for


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Headers are compared without case, blanks and punctuation: "Claim #" is "claim".
SYNONYMS: dict[str, tuple[str, ...]] = {
    "claim_id": words(
        "claim claimid claimnumber claimno claimnum account accountid accountnumber accountno acct acctno acctnumber "
        "patientaccount patientaccountnumber patientaccountno patientcontrolnumber pcn encounter encounterid "
        "encounternumber visitid visitnumber"
    ),
    "claim_type": words("claimtype typeofclaim"),
    "claim_form": words("claimform form formtype"),
    "claim_frequency_code": words("claimfrequency frequencycode resubmissioncode"),
    "payer_claim_control_number": words("icn dcn payericn payerclaimnumber payerclaimid originalreferencenumber"),
    "claim_place_of_service_code": words("claimpos claimplaceofservice"),
    "claim_charge_amount": words("totalcharge totalcharges claimcharge claimcharges claimamount"),
    "line_number": words("line lineno linenum servicelinenumber serviceline claimline claimlinenumber chargeline"),
    "procedure_code": words("cpt cptcode hcpcs hcpcscode cpthcpcs hcpcscpt procedure proc proccode procedurecd 24d"),
    "modifier_1": words("mod1 modifier1 mod01 hcpcsmodifier1 cptmodifier1"),
    "modifier_2": words("mod2 modifier2 mod02 hcpcsmodifier2 cptmodifier2"),
    "modifier_3": words("mod3 modifier3 mod03 hcpcsmodifier3 cptmodifier3"),
    "modifier_4": words("mod4 modifier4 mod04 hcpcsmodifier4 cptmodifier4"),
    "modifier_5": words("mod5 modifier5 mod05 hcpcsmodifier5 cptmodifier5"),
    "modifiers": words("mod mods modifier modifiers hcpcsmodifiers cptmodifiers"),
    "charge_amount": words(
        "charge charges chargeamt amount amountbilled billed billedamount billedcharges linecharge linecharges 24f"
    ),
    "units": words("unit qty quantity serviceunits unitsofservice daysorunits daysunits 24g"),
    "service_date": words(
        "dos dateofservice dosfrom fromdos dosstart fromdate datefrom servicedate servicedatefrom servicefrom "
        "servicefromdate dateofservicefrom servicestartdate svcdate svcdt 24a"
    ),
    "service_through_date": words(
        "dosto todos dosend dosthru dosthrough thru thrudate todate dateto throughdate servicedateto "
        "servicedatethrough serviceto servicetodate servicethru servicethrudate dateofserviceto serviceenddate"
    ),
    "place_of_service_code": words("pos poscode placeofservice 24b serviceplace placeofsvc posservice"),
    "revenue_code": words("rev revcode revcd revenuecd revenuecentercode"),
    "type_of_bill_code": words("billtype billtypecode tob tobcode typeofbill"),
    "billing_provider_npi": words("billingnpi billingprovidernpi groupnpi billingprovidernationalid 33a"),
    "rendering_provider_npi": words("renderingnpi providernpi performingnpi performingprovidernpi 24j"),
    "supervising_provider_npi": words("supervisingnpi supervisornpi"),
    "referring_provider_npi": words("referringnpi 17b"),
    "attending_provider_npi": words("attendingnpi"),
    "purchased_service_provider_npi": words("purchasedservicenpi"),
    "service_facility_name": words(
        "facility facilityname servicefacility location locationname servicelocation servicelocationname svcloc "
        "svclocation svclocname clinic clinicname"
    ),
    "service_facility_npi": words("facilitynpi locationnpi servicelocationnpi svclocnpi 32a"),
    "site_id": words("site sitecode"),
    "member_id": words(
        "member memberno membernumber insid insuranceid insuredid insuredidnumber insuredno policy policyno policynumber policyid subscriberid "
        "subscribernumber mbi hicn 1a"
    ),
    "patient_name": words("patient patientname ptname patname patientfullname"),
    "patient_last_name": words("patientlast patlast ptlast patlastname ptlastname lastname"),
    "patient_first_name": words("patientfirst patfirst ptfirst patfirstname ptfirstname firstname"),
    "patient_birth_date": words(
        "patientdob patdob ptdob dob dateofbirth birthdate patientbirthdate patientdateofbirth"
    ),
    "patient_sex_code": words("patientsex patsex ptsex sex sexcode patientgender patgender ptgender gender gendercode"),
    "medical_record_number": words(
        "mrn mrno mrnumber patientmrn medicalrecord medicalrecordno medicalrecordnumber medrec medrecno chartno "
        "chartnumber"
    ),
    "payer_name": words(
        "payer payor payorname insurance insurancename insurancecompany primaryinsurance primarypayer primarypayor"
    ),
    "payer_id": words("payorid payernumber payorcode payercode"),
    "claim_filing_code": words("claimfiling claimfilingindicator claimfilingindicatorcode"),
    "receipt_date": words("received receiveddate datereceived receivedon receiptdate"),
    "paid_date": words("datepaid paidon paymentdate"),
    "statement_from_date": words("statementfrom stmtfrom statementcoversfrom"),
    "statement_through_date": words("statementthrough statementthru stmtthru stmtthrough statementcoversthrough"),
    "admission_date": words("admitdate admitted admissiondt admitdt"),
    "admitted_at": words(
        "admitdatetime admissiondatetime admitdttm admissiondttm admittimestamp admissiontimestamp admitdateandtime"
    ),
    "discharge_date": words("discharged dischargedt"),
    "discharge_hour": words("dischargehr dischhour dischargetime dischtime"),
    "patient_status_code": words(
        "patientstatus ptstatus patstatus dischargestatus dischargestatuscode dischstatus dischargedisposition "
        "dischargedispositioncode dischdisp disposition dispositioncode"
    ),
    "condition_codes": words("conditioncode conditions condcode condcodes"),
    "principal_diagnosis_code": words("principaldiagnosis primarydiagnosis principaldx primarydx pdx dx1 diagnosis1"),
}

_ADDRESS_WORDS = {
    "address_line_1": words("address address1 addressline1 addr addr1 street street1"),
    "address_line_2": words("address2 addressline2 addr2 street2"),
    "city": words("city"),
    "state": words("state"),
    "zip": words("zip zipcode zip5 postalcode"),
}
_ADDRESS_OWNERS = {
    "service_facility": words("facility servicefacility location servicelocation svcloc"),
    "billing_provider": words("billing billingprovider"),
}


def plain_header(header: str) -> str:
    """The header without case, blanks and punctuation.

    >>> plain_header(" Claim_Number ")
    'claimnumber'
    """
    return re.sub(r"[\W_]+", "", header.casefold())


def _synonym_table() -> dict[str, str]:
    """Our column for each plain header we know."""
    table = {plain_header(column): column for column in CLAIM_COLUMNS}
    for column, others in SYNONYMS.items():
        for word in others:
            table.setdefault(word, column)
    for owner, prefixes in _ADDRESS_OWNERS.items():
        for part, endings in _ADDRESS_WORDS.items():
            for prefix in prefixes:
                for ending in endings:
                    table.setdefault(prefix + ending, f"{owner}_{part}")
    return table


_COLUMN_OF = _synonym_table()


@dataclass(frozen=True, slots=True)
class Layout:
    """A published layout: how its header is recognised, its columns, and what holds for every row."""

    kind: str
    recognised_by: frozenset[str]
    columns: Mapping[str, str]
    always: Mapping[str, str]


TUVA = Layout(
    "tuva medical_claim",
    frozenset(words("claimid claimlinenumber claimtype hcpcscode revenuecentercode placeofservicecode"))
    | frozenset(words("billtypecode")),
    {
        "claimid": "claim_id",
        "datasource": "_claim_scope",  # a claim id is unique within its source only
        "claimlinenumber": "line_number",
        "claimtype": "claim_type",
        "memberid": "member_id",
        "patientid": "_person_id",  # stands in where member_id is blank
        "personid": "_person_id",
        "claimstartdate": "statement_from_date",
        "claimenddate": "statement_through_date",
        "claimlinestartdate": "service_date",
        "claimlineenddate": "service_through_date",
        "admissiondate": "admission_date",
        "dischargedate": "discharge_date",
        "dischargedispositioncode": "patient_status_code",
        "placeofservicecode": "place_of_service_code",
        "billtypecode": "type_of_bill_code",
        "revenuecentercode": "revenue_code",
        "serviceunitquantity": "units",
        "hcpcscode": "procedure_code",
        **{f"hcpcsmodifier{n}": f"modifier_{n}" for n in range(1, 6)},
        "renderingnpi": "rendering_provider_npi",
        "billingnpi": "billing_provider_npi",
        "facilitynpi": "service_facility_npi",
        "facilityname": "service_facility_name",
        "paiddate": "paid_date",
        "chargeamount": "charge_amount",
        "diagnosiscode1": "principal_diagnosis_code",
        "payer": "payer_name",
    },
    {},
)
_RIF_COMMON = {
    "clmid": "claim_id",
    "beneid": "member_id",
    "gndrcd": "_sex_number",
    "nchwklyprocdt": "paid_date",  # the weekly processing date: the day Medicare finished the claim
    "prncpaldgnscd": "principal_diagnosis_code",
    "hcpcscd": "procedure_code",
    "hcpcs1stmdfrcd": "modifier_1",
    "hcpcs2ndmdfrcd": "modifier_2",
    "hcpcs3rdmdfrcd": "modifier_3",
    "hcpcs4thmdfrcd": "modifier_4",
    "hcpcs5thmdfrcd": "modifier_5",
}
_RIF_INSTITUTIONAL = {
    **_RIF_COMMON,
    "clmfactypecd": "_facility_type_code",
    "clmsrvcclsfctntypecd": "_service_classification_code",
    "clmfreqcd": "claim_frequency_code",
    "clmfromdt": "statement_from_date",
    "clmthrudt": "statement_through_date",
    "clmadmsndt": "admission_date",
    "nchbenedschrgdt": "discharge_date",
    "ptntdschrgstuscd": "patient_status_code",
    "orgnpinum": "billing_provider_npi",
    "atphysnnpi": "attending_provider_npi",
    "rndrngphysnnpi": "rendering_provider_npi",
    "clmtotchrgamt": "claim_charge_amount",
    "clmlinenum": "line_number",
    "revcntr": "revenue_code",
    "revcntrdt": "service_date",
    "revcntrunitcnt": "units",
    "revcntrtotchrgamt": "charge_amount",
}
_RIF_CARRIER = Layout(
    "rif carrier",
    frozenset(words("clmid linenum lineplaceofsrvccd hcpcscd line1stexpnsdt")),
    {
        **_RIF_COMMON,
        "carrclmblgnpinum": "billing_provider_npi",
        "rfrphysnnpi": "referring_provider_npi",
        "prfphysnnpi": "rendering_provider_npi",
        "nchcarrclmsbmtdchrgamt": "claim_charge_amount",
        "linenum": "line_number",
        "linesrvccnt": "units",
        "lineplaceofsrvccd": "place_of_service_code",
        "line1stexpnsdt": "service_date",
        "linelastexpnsdt": "service_through_date",
        "linesbmtdchrgamt": "charge_amount",
    },
    {"claim_type": "professional", "claim_filing_code": "MB"},
)
_RIF_OUTPATIENT = Layout(
    "rif outpatient",
    frozenset(words("clmid clmfactypecd clmsrvcclsfctntypecd clmfreqcd revcntr revcntrdt")),
    _RIF_INSTITUTIONAL,
    {"claim_type": "institutional", "claim_filing_code": "MA"},
)
_RIF_INPATIENT = Layout(
    "rif inpatient",
    frozenset(words("clmid clmfactypecd clmsrvcclsfctntypecd clmfreqcd revcntr clmadmsndt")),
    _RIF_INSTITUTIONAL,
    {"claim_type": "institutional", "claim_filing_code": "MA"},
)
EXPORT = Layout("", frozenset(), _COLUMN_OF, {})  # our own layout, and any billing export
LAYOUTS = (TUVA, _RIF_CARRIER, _RIF_OUTPATIENT, _RIF_INPATIENT)
