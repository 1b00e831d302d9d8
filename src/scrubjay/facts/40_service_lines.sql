-- service_line_facts: one row per service line of a professional claim.
--
-- place_of_service_code   SV105, else CLM05-1. '' when both are blank: a blank is known.
-- is_provider_based       hospital outpatient space on the service date. Main campus, remote location
--                         and satellite: always. A department: within its provider-based dates; NULL
--                         when the registry leaves the first day blank, FALSE when it says none.
-- is_registered_…         from the encounters registry; a patient in observation is an outpatient. NULL:
--                         nobody said.
-- service_facility_address never a patient's home: where the code says home, or says nothing, an address
--                         that is no site of the registry is not shown.
-- has_duplicate_…         NULL where the claim does not tell one patient from another.

CREATE OR REPLACE MACRO is_practitioner_type(provider_type) AS
    upper(provider_type) IN ('MD', 'DO', 'DPM', 'DC', 'OD', 'DDS', 'DMD', 'NP', 'PA', 'CNS', 'CNM', 'CRNA', 'RN', 'PT',
                             'OT', 'SLP', 'LCSW', 'PHD', 'PSYD', 'RD');

CREATE OR REPLACE TABLE service_line_facts AS
WITH coded AS (
    SELECT
        l.row_id,
        p.* EXCLUDE (claim_type, service_date),
        l.line_number,
        l.byte_offset,
        l.row_number,
        l.service_date,
        CASE WHEN l.service_date IS NULL THEN 'the line has no readable service date' END AS service_date_because,
        coalesce(l.place_of_service_code, c.place_of_service_code, '') AS place_of_service_code,
        coalesce(l.place_of_service_code, '') AS line_place_of_service_code,
        coalesce(c.place_of_service_code, '') AS claim_place_of_service_code,
        coalesce(l.procedure_code, '') AS procedure_code,
        coalesce(l.rendering_provider_npi, c.rendering_provider_npi) AS rendering_npi,
        coalesce(l.supervising_provider_npi, c.supervising_provider_npi) AS supervising_npi
    FROM professional_lines AS l
    JOIN claims AS c USING (claim_key)
    JOIN judged_claims AS p USING (claim_key)
)
SELECT
    l.* EXCLUDE (procedure_code, rendering_npi, supervising_npi),
    l.place_of_service_code <> '' AS has_place_of_service,
    l.line_place_of_service_code <> '' AS is_place_of_service_from_line,
    l.place_of_service_code IN (
        SELECT code FROM law_code_sets WHERE path = 'us.hipaa.place_of_service_codes'
    ) AS is_place_of_service_assigned,
    l.procedure_code <> '' AS has_procedure_code,
    l.procedure_code,
    l.procedure_code BETWEEN 'A0021' AND 'A0999' AS is_ambulance_procedure,
    t.modifiers,
    has_modifier(t.modifiers, 'PO') AS has_modifier_po,
    has_modifier(t.modifiers, 'PN') AS has_modifier_pn,
    has_modifier(t.modifiers, 'ER') AS has_modifier_er,
    has_modifier(t.modifiers, '26') AS is_professional_component,
    trim(regexp_replace(' ' || t.modifiers || ' ', ' (PO|PN|ER)(?: (?:PO|PN|ER))* ', ' ', 'g'))
        AS modifiers_without_department_modifiers,
    w.has_service_facility,
    w.is_located AS has_service_location,
    w.service_facility_byte_offset,
    w.service_facility_npi,
    CASE
        WHEN w.service_facility_address = '' OR w.site_id IS NOT NULL
            OR l.place_of_service_code IN (SELECT code FROM law_code_sets WHERE path = 'us.hipaa.place_of_service_codes')
            AND l.place_of_service_code NOT IN ('04', '12', '13', '14', '16', '27', '33', '55')
            THEN w.service_facility_address
        ELSE 'a home (not shown)'
    END AS service_facility_address,
    w.is_service_facility_post_office_box,
    w.has_service_facility_street,
    w.has_service_facility_zip_of_nine_digits,
    w.is_service_facility_npi_of_billing_provider,
    w.service_facility_npi <> '' AND (
        coalesce(w.service_facility_npi IN (l.rendering_npi, l.supervising_npi), FALSE)
        OR w.service_facility_npi IN (SELECT npi FROM providers WHERE is_practitioner_type(provider_type))
    ) AS is_service_facility_npi_of_practitioner,
    s.* EXCLUDE place_id,
    w.registered_address,
    w.is_service_facility_at_registered_address,
    w.is_at_billing_address,
    w.is_separately_maintained,
    e.registration_status = 'outpatient' OR coalesce(e.is_observation, FALSE) AS is_registered_outpatient,
    e.registration_status = 'inpatient' AS is_registered_inpatient,
    e.has_custody_exception,
    CASE
        WHEN f.fitting = 1 THEN NULL
        WHEN NOT run.has_encounters THEN 'no encounters registry is loaded'
        WHEN f.fitting > 1 THEN 'several rows of the encounters registry fit'
        ELSE 'no row of the encounters registry fits'
    END AS encounter_because,
    CASE WHEN k.is_comparable THEN d.row_id IS NOT NULL END AS has_duplicate_at_other_place,
    CASE WHEN NOT k.is_comparable THEN 'the claim names no patient, or the line no date or procedure' END AS duplicate_because,
    coalesce(d.other_place_of_service_code, '') AS other_place_of_service_code,
    d.other_claim_id
FROM coded AS l
CROSS JOIN run
JOIN lines AS t USING (row_id)
JOIN line_sites AS w USING (row_id)
JOIN place_sites AS s USING (place_id)
JOIN duplicate_keys AS k USING (row_id)
LEFT JOIN duplicate_lines AS d USING (row_id)
LEFT JOIN line_encounters AS f USING (row_id)
LEFT JOIN encounters AS e ON e.row_number = f.row_number AND f.fitting = 1;
