"""The ordinary claims of Riverbend Health. None of them is wrong, and of none is anything unknown."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence

from synthetic.claims import Claim, Facility, Line, facility_of, pecos_facility_of
from synthetic.feeds import Visit
from synthetic.system import (
    ADVANTAGE,
    BRIDGE,
    COMMERCIAL,
    EAST,
    ELM,
    ELM_GROUP,
    EMERGENCY,
    EMERGENCY_DOCTOR,
    FAMILY,
    GASTRO,
    GERIATRIC,
    HOSPITAL,
    HOSPITALIST,
    INFUSION,
    INTERNIST,
    LARKIN,
    LARKIN_DOCTOR,
    LARKIN_GROUP,
    LEDGE,
    MAIN,
    MEDICAID,
    MEDICAL_GROUP,
    MEDICARE,
    MEDICARE_A,
    NORTH,
    NURSE,
    NURSING,
    OAK,
    ONCOLOGIST,
    ORTHO,
    PINE,
    PINE_CLINIC,
    PINE_HOSPITAL,
    RADIOLOGIST,
    RIDGE,
    SURGERY,
    TOWER,
    WEST,
    WEST_ANNEX,
    Group,
    Patient,
    Payer,
    Practitioner,
    Site,
    patient,
)

FIRST_DAY = dt.date(2026, 2, 2)
LAST_DAY = dt.date(2026, 7, 31)
PROVIDER_BASED_DAY = dt.date(2026, 4, 1)  # of Larkin Family Medicine
_DAYS = tuple(
    day
    for number in range((LAST_DAY - FIRST_DAY).days + 1)
    if (day := FIRST_DAY + dt.timedelta(days=number)).weekday() < 5
)
_DIAGNOSES = ("E119", "I10", "J069", "M545", "N390", "R079", "K219", "F411", "E785", "M1711")

CHARGES = {
    "99203": 230, "99204": 340, "99212": 95, "99213": 165, "99214": 240, "99215": 330, "99222": 310, "99232": 190,
    "99233": 260, "99238": 180, "99283": 410, "99284": 620, "99285": 890, "99308": 150, "99309": 210, "99347": 140,
    "99348": 190, "99349": 260, "99350": 330, "20610": 320, "11042": 280, "36415": 20, "71046": 110, "93010": 40,
    "80053": 60, "96372": 45, "96413": 420, "J1885": 18, "J9035": 900, "45378": 1250, "66984": 2100, "G0446": 60,
    "G0447": 55, "G0463": 180, "A0428": 700, "70450": 480, "99211": 45, "99244": 390, "99291": 640, "99460": 260,
    "99461": 240,
}  # fmt: skip

# Revenue code of a hospital's line; of others that of a clinic.
_REVENUE = {
    "G0463": "0510", "36415": "0300", "80053": "0301", "71046": "0324", "70450": "0351", "96413": "0335",
    "96372": "0940", "J9035": "0636", "J1885": "0636", "20610": "0361", "45378": "0750", "99283": "0450",
    "99284": "0450", "99285": "0450", "99291": "0450", "11042": "0361", "66984": "0360", "93005": "0730",
    "88305": "0312", "85060": "0305", "97110": "0420", "A0428": "0540",
}  # fmt: skip


def department_modifier_of(site: Site) -> str:
    """PO, PN or ER of the hospital's lines from a site; '' on its campus."""
    if site is EMERGENCY:
        return "ER"
    return {"excepted": "PO", "non_excepted": "PN"}.get(site.columns.get("excepted_status", ""), "")


def encounter_of(place: str, practitioner: Practitioner, payer: Payer) -> dict[str, str]:
    """What the record of an ordinary encounter says: whoever bills gave the service, nothing was left out."""
    said = {
        "performed_by_npi": practitioner.npi,
        "split_practitioner_type": "none",
        "telehealth_mode": "none",
        "is_skilled_nursing_part_a": "true" if place == "31" else "false",
    }
    if place in ("02", "10"):
        at = "home" if place == "10" else "clinic"
        said |= {"telehealth_mode": "video", "telehealth_patient_place": at, "telehealth_clinician_place": "office"}
        said["is_behavioral_health"] = "false"
    if place == "19" and payer.program == "medicare_part_b":
        notice = ("has_notice", "is_notice_written", "is_notice_before_service", "has_notice_amount")
        said |= dict.fromkeys((*notice, "has_two_coinsurances"), "true")
        said["is_emergency_treatment_required"] = "false"
    return said


class Book:
    """Claims as they are written, one by one, with the patients they are for."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.claims: list[Claim] = []
        self.visits: list[Visit] = []  # that no claim tells of
        self._patients = 0
        self._days: dict[str, list[dt.date]] = {}  # of each patient
        self._known: dict[str, list[Patient]] = {}  # of each payer

    # --- parts -------------------------------------------------------------------------------------

    def day(self, first: dt.date = FIRST_DAY, last: dt.date = LAST_DAY) -> dt.date:
        """A working day between two days."""
        return self.rng.choice([day for day in _DAYS if first <= day <= last])

    def patient(self, payer: Payer, day: dt.date) -> Patient:
        """Somebody new, or now and then somebody who was here on another day."""
        known = self._known.setdefault(payer.payer_id, [])
        who = self.rng.choice(known) if known and self.rng.random() < 0.2 else None
        if who is None or day in self._days[who.member_id]:
            who = self.newcomer(payer)
            known.append(who)
        self._days.setdefault(who.member_id, []).append(day)
        return who

    def newcomer(self, payer: Payer = MEDICARE) -> Patient:
        """Somebody new who does not come again: an inpatient, or whoever a story is about."""
        self._patients += 1
        return patient(self._patients, is_old=payer.program.startswith("medicare"))

    def professional(
        self,
        place: str,
        procedures: Sequence[str],
        practitioner: Practitioner,
        *,
        site: Site | None = None,
        group: Group = MEDICAL_GROUP,
        payer: Payer = MEDICARE,
        registration: str = "none",
        day: dt.date | None = None,
        patient: Patient | None = None,
    ) -> Claim:
        """A practitioner's claim; ``site`` is named as service facility."""
        day = day or self.day()
        if registration == "inpatient":
            patient = patient or self.newcomer(payer)
        lines = [Line(code, CHARGES[code], day) for code in procedures]
        claim = Claim(
            "professional",
            group,
            patient or self.patient(payer, day),
            payer,
            place,
            lines,
            practitioner,
            facility_of(site) if site else None,
            self.rng.choice(_DIAGNOSES),
            registration=registration,
            site=site,
            encounter=encounter_of(place, practitioner, payer),
        )
        self.claims.append(claim)
        return claim

    def hospital(
        self,
        procedures: Sequence[str],
        *,
        site: Site = MAIN,
        bill: str = "13",
        group: Group = HOSPITAL,
        payer: Payer = MEDICARE_A,
        day: dt.date | None = None,
        patient: Patient | None = None,
        names_site: bool = True,
    ) -> Claim:
        """A hospital's claim for care at one site; ``names_site``: away from the main campus, in loop 2310E."""
        day = day or self.day()
        modifier = department_modifier_of(site)
        lines = [
            Line(code, CHARGES.get(code, 240), day, (modifier,) if modifier else (), _REVENUE.get(code, "0510"))
            for code in procedures
        ]
        is_away = site.address != group.address
        claim = Claim(
            "institutional",
            group,
            patient or self.patient(payer, day),
            payer,
            bill,
            lines,
            HOSPITALIST,
            pecos_facility_of(site) if is_away and names_site else None,
            self.rng.choice(_DIAGNOSES),
            registration="outpatient",
            site_id=site.site_id if is_away and not names_site else "",
            site=site,
        )
        self.claims.append(claim)
        return claim

    # --- visits ------------------------------------------------------------------------------------

    def office_visit(
        self,
        site: Site = OAK,
        procedures: Sequence[str] = ("99213",),
        payer: Payer = MEDICARE,
        day: dt.date | None = None,
        patient: Patient | None = None,
    ) -> Claim:
        """A visit in a practice: at its own address, or named as service facility."""
        at_home = {OAK.site_id: MEDICAL_GROUP, ELM.site_id: ELM_GROUP, LARKIN.site_id: LARKIN_GROUP}
        group = at_home.get(site.site_id)
        who = LARKIN_DOCTOR if site is LARKIN else FAMILY
        named = None if group else site
        return self.professional(
            "11", procedures, who, site=named, group=group or MEDICAL_GROUP, payer=payer, day=day, patient=patient
        )

    def department_visit(
        self,
        site: Site,
        place: str,
        procedures: Sequence[str] = ("99213",),
        payer: Payer = MEDICARE,
        day: dt.date | None = None,
        patient: Patient | None = None,
    ) -> Claim:
        """A visit of a registered outpatient in a department of the hospital."""
        who = LARKIN_DOCTOR if site is LARKIN else ONCOLOGIST if site is INFUSION else INTERNIST
        named, group = (None, LARKIN_GROUP) if site is LARKIN else (site, MEDICAL_GROUP)
        claim = self.professional(
            place,
            procedures,
            who,
            site=named,
            group=group,
            payer=payer,
            registration="outpatient",
            day=day,
            patient=patient,
        )
        claim.site = site
        return claim

    def inpatient_round(self, site: Site = MAIN, procedure: str = "99232", payer: Payer = MEDICARE) -> Claim:
        """A visit to a hospital inpatient."""
        claim = self.professional("21", (procedure,), HOSPITALIST, site=site, payer=payer, registration="inpatient")
        claim.encounter["admitting_hospital_id"] = site.hospital_id
        if procedure in ("99238", "99239"):
            claim.encounter["discharged_at"] = claim.first_date.isoformat()
        claim.admitted = claim.first_date - dt.timedelta(days=self.rng.randrange(1, 4))
        return claim

    def emergency_visit(
        self,
        site: Site = MAIN,
        procedure: str = "99284",
        payer: Payer = MEDICARE,
        day: dt.date | None = None,
        patient: Patient | None = None,
    ) -> Claim:
        """A visit in an emergency department."""
        return self.professional(
            "23",
            (procedure,),
            EMERGENCY_DOCTOR,
            site=site,
            payer=payer,
            registration="outpatient",
            day=day,
            patient=patient,
        )

    def nursing_visit(self, place: str = "32", procedure: str = "99308", payer: Payer = MEDICARE) -> Claim:
        """A visit in the nursing center."""
        return self.professional(place, (procedure,), GERIATRIC, site=NURSING, payer=payer)

    def surgery(self, procedure: str = "45378", payer: Payer = MEDICARE) -> Claim:
        """A procedure in the surgery center."""
        return self.professional("24", (procedure,), GASTRO, site=SURGERY, payer=payer)

    def home_visit(self, procedure: str = "99348", payer: Payer = MEDICARE) -> Claim:
        """A visit at the patient's home, whose address stands on the claim."""
        claim = self.professional("12", (procedure,), NURSE, payer=payer)
        claim.facility = Facility("RESIDENCE", claim.patient.home)
        return claim

    def telehealth_visit(self, place: str = "10", payer: Payer = MEDICARE) -> Claim:
        """A visit by video."""
        claim = self.professional(place, ("99213",), FAMILY, payer=payer)
        claim.line.modifiers = ("95",)
        return claim

    def reading(self, procedure: str = "71046", payer: Payer = MEDICARE) -> Claim:
        """The reading of a picture taken in the hospital; the reader sits in the tower."""
        claim = self.professional("22", (procedure,), RADIOLOGIST, site=TOWER, payer=payer, registration="outpatient")
        claim.line.modifiers, claim.site = ("26",), MAIN
        return claim

    def campus_and_clinics_bill(
        self, payer: Payer = MEDICARE_A, day: dt.date | None = None, patient: Patient | None = None
    ) -> Claim:
        """One hospital claim for a day on the campus and in two clinics: no one address fits it."""
        claim = self.hospital(("80053", "96413", "71046"), payer=payer, day=day, patient=patient)
        for line, site in zip(claim.lines, (MAIN, NORTH, EAST), strict=True):
            line.site_id = site.site_id
            modifier = department_modifier_of(site)
            line.modifiers = (modifier,) if modifier else ()
        return claim

    def inpatient_bill(
        self, payer: Payer = MEDICARE_A, day: dt.date | None = None, patient: Patient | None = None
    ) -> Claim:
        """A hospital inpatient claim of three days: room and board, no procedure codes."""
        claim = self.hospital(("80053",), bill="11", payer=payer, day=day, patient=patient or self.newcomer(payer))
        claim.admitted, claim.registration = claim.first_date, "inpatient"
        first = claim.line
        first.procedure, first.revenue, first.charge = "", "0120", 2400
        claim.lines.append(Line("", 310, first.date + dt.timedelta(days=2), revenue="0270"))
        return claim

    # --- the ordinary mix --------------------------------------------------------------------------

    def fill(self, professional: int, institutional: int) -> None:
        """So many ordinary claims of both kinds."""
        for _ in range(professional):
            kind = self.rng.choices(_PROFESSIONAL, _PROFESSIONAL_WEIGHTS)[0]
            kind(self, self.rng.choices((MEDICARE, ADVANTAGE, MEDICAID, COMMERCIAL), (60, 12, 8, 20))[0])
        for _ in range(institutional):
            kind = self.rng.choices(_INSTITUTIONAL, _INSTITUTIONAL_WEIGHTS)[0]
            kind(self, self.rng.choices((MEDICARE_A, ADVANTAGE, MEDICAID, COMMERCIAL), (70, 10, 8, 12))[0])


def _office(book: Book, payer: Payer) -> None:
    visit = book.rng.choice(("99203", "99212", "99213", "99213", "99214", "99214", "99215"))
    extras = book.rng.choice(((), (), (), ("36415", "80053"), ("96372", "J1885"), ("20610",), ("G0447",)))
    claim = book.office_visit(book.rng.choice((OAK, OAK, ELM, TOWER)), (visit, *extras), payer)
    if extras:
        claim.line.modifiers = ("25",)


def _larkin(book: Book, payer: Payer) -> None:
    """Larkin Family Medicine was a practice until it became a department of the hospital."""
    day = book.day()
    if day < PROVIDER_BASED_DAY:
        book.office_visit(LARKIN, payer=payer, day=day)
    else:
        book.department_visit(LARKIN, "19", payer=payer, day=day)


def _department(book: Book, payer: Payer) -> None:
    site, place = book.rng.choice(
        ((MAIN, "22"), (INFUSION, "22"), (RIDGE, "22"), (BRIDGE, "22"), (NORTH, "19"), (EAST, "19"), (LEDGE, "19"))
    )
    book.department_visit(site, place, (book.rng.choice(("99204", "99213", "99214", "20610", "11042")),), payer)


def _inpatient(book: Book, payer: Payer) -> None:
    procedure = book.rng.choice(("99222", "99232", "99232", "99233", "99238"))
    book.inpatient_round(book.rng.choice((MAIN, MAIN, WEST, PINE)), procedure, payer)


def _emergency(book: Book, payer: Payer) -> None:
    book.emergency_visit(book.rng.choice((MAIN, EMERGENCY, PINE)), book.rng.choice(("99283", "99284", "99285")), payer)


def _nursing(book: Book, payer: Payer) -> None:
    book.nursing_visit(book.rng.choice(("31", "32")), book.rng.choice(("99308", "99309")), payer)


def _surgery(book: Book, payer: Payer) -> None:
    claim = book.surgery(book.rng.choice(("45378", "66984", "20610")), payer)
    claim.practitioner = ORTHO if claim.line.procedure == "20610" else GASTRO


def _home(book: Book, payer: Payer) -> None:
    book.home_visit(book.rng.choice(("99347", "99348", "99349")), payer)


def _telehealth(book: Book, payer: Payer) -> None:
    book.telehealth_visit(book.rng.choice(("10", "10", "02")), payer)


def _reading(book: Book, payer: Payer) -> None:
    book.reading(book.rng.choice(("71046", "70450")), payer)


_MIX: tuple[tuple[Callable[[Book, Payer], None], int], ...] = (
    (_office, 36),
    (_larkin, 8),
    (_department, 18),
    (_inpatient, 10),
    (_emergency, 6),
    (_nursing, 6),
    (_surgery, 4),
    (_home, 3),
    (_telehealth, 5),
    (_reading, 4),
)
_PROFESSIONAL = [kind for kind, _ in _MIX]
_PROFESSIONAL_WEIGHTS = [weight for _, weight in _MIX]

_CLINIC_DAYS = (("G0463",), ("G0463", "36415", "80053"), ("20610",), ("96413", "J9035"), ("G0463", "71046"))


def _campus_bill(book: Book, payer: Payer) -> None:
    site = book.rng.choice((MAIN, MAIN, INFUSION, RIDGE, BRIDGE))
    book.hospital(book.rng.choice(_CLINIC_DAYS), site=site, payer=payer, names_site=False)


def _remote_bill(book: Book, payer: Payer) -> None:
    book.hospital(("96413", "J9035"), site=book.rng.choice((WEST, WEST_ANNEX)), payer=payer)


def _clinic_bill(book: Book, payer: Payer) -> None:
    site = book.rng.choice((NORTH, EAST, LEDGE, LARKIN))
    day = book.day(PROVIDER_BASED_DAY) if site is LARKIN else None
    claim = book.hospital(book.rng.choice(_CLINIC_DAYS), site=site, payer=payer, day=day)
    if book.rng.random() < 0.3:  # supplies have no procedure code, and no modifier
        claim.lines.append(Line("", 35, claim.first_date, revenue="0270"))


def _emergency_bill(book: Book, payer: Payer) -> None:
    book.hospital(("99284", "70450"), site=book.rng.choice((MAIN, EMERGENCY)), payer=payer)


def _mixed_bill(book: Book, payer: Payer) -> None:
    book.campus_and_clinics_bill(payer)


def _inpatient_bill(book: Book, payer: Payer) -> None:
    book.inpatient_bill(payer)


def _laboratory_bill(book: Book, payer: Payer) -> None:
    book.hospital(("80053",), bill="14", payer=payer)


def _critical_access_bill(book: Book, payer: Payer) -> None:
    site = book.rng.choice((PINE, PINE_CLINIC))
    book.hospital(book.rng.choice(_CLINIC_DAYS), site=site, bill="85", group=PINE_HOSPITAL, payer=payer)


_HOSPITAL_MIX: tuple[tuple[Callable[[Book, Payer], None], int], ...] = (
    (_campus_bill, 35),
    (_remote_bill, 8),
    (_clinic_bill, 28),
    (_emergency_bill, 8),
    (_mixed_bill, 5),
    (_inpatient_bill, 6),
    (_laboratory_bill, 3),
    (_critical_access_bill, 7),
)
_INSTITUTIONAL = [kind for kind, _ in _HOSPITAL_MIX]
_INSTITUTIONAL_WEIGHTS = [weight for _, weight in _HOSPITAL_MIX]
