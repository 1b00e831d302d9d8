-- service_line_facts: one row per service line of a professional claim.
--
-- place_of_service_code   SV105, else CLM05-1. '' when both are blank: a blank is known.
-- is_provider_based       hospital outpatient space on the service date. Main campus and remote
--                         location: always. A department: within its provider-based dates; NULL
--                         when the registry leaves the first day blank, FALSE when it says none.
-- outpatient_place_of_service_code
--                         22 on campus, 19 beyond it (42 CFR 413.65(a)(2)): CMS determination
--                         first, then the straight-line distance. A driving distance beyond the
--                         boundary proves nothing: NULL.
-- is_registered_…         from the encounters registry; a patient in observation is an outpatient. NULL:
--                         nobody said.

CREATE OR REPLACE TABLE service_line_facts AS
WITH lines AS (
    SELECT
        l.row_id,
        p.*,
        l.line_number,
        l.byte_offset,
        l.row_number,
        l.service_date,
        CASE WHEN l.service_date IS NULL THEN 'the line has no readable service date' END AS service_date_because,
        coalesce(l.place_of_service_code, c.place_of_service_code, '') AS place_of_service_code,
        coalesce(l.place_of_service_code, '') AS line_place_of_service_code,
        coalesce(c.place_of_service_code, '') AS claim_place_of_service_code,
        coalesce(l.procedure_code, '') AS procedure_code,
        concat_ws(' ', l.modifier_1, l.modifier_2, l.modifier_3, l.modifier_4) AS modifiers
    FROM professional_lines AS l
    JOIN claims AS c USING (claim_key)
    JOIN professional_claims AS p USING (claim_key)
)
SELECT
    l.* EXCLUDE (procedure_code, modifiers),
    l.place_of_service_code <> '' AS has_place_of_service,
    l.line_place_of_service_code <> '' AS is_place_of_service_from_line,
    l.place_of_service_code IN (
        SELECT code FROM law_code_sets WHERE path = 'us.hipaa.place_of_service_codes'
    ) AS is_place_of_service_assigned,
    l.procedure_code <> '' AS has_procedure_code,
    l.procedure_code,
    l.procedure_code BETWEEN 'A0021' AND 'A0999' AS is_ambulance_procedure,
    l.modifiers,
    contains(' ' || l.modifiers || ' ', ' PO ') AS has_modifier_po,
    contains(' ' || l.modifiers || ' ', ' PN ') AS has_modifier_pn,
    contains(' ' || l.modifiers || ' ', ' ER ') AS has_modifier_er,
    contains(' ' || l.modifiers || ' ', ' 26 ') AS is_professional_component,
    trim(regexp_replace(' ' || l.modifiers || ' ', ' (PO|PN|ER)(?: (?:PO|PN|ER))* ', ' ', 'g'))
        AS modifiers_without_department_modifiers,
    w.has_service_facility,
    w.is_located AS has_service_location,
    w.service_facility_byte_offset,
    s.site_id,
    s.site_name,
    w.site_because,
    s.site_type,
    s.hospital_name,
    CASE
        WHEN s.site_type IN ('main_campus', 'remote_location') THEN TRUE
        WHEN s.site_type = 'provider_based_department' THEN
            l.service_date >= s.provider_based_from AND l.service_date <= coalesce(s.provider_based_to, l.service_date)
        WHEN s.site_type IS NOT NULL THEN FALSE
    END AS is_provider_based,
    coalesce(s.is_on_hospital_campus, CASE WHEN s.site_type = 'main_campus' THEN TRUE END) AS is_on_hospital_campus,
    s.is_separately_maintained,
    CASE
        WHEN s.site_type = 'main_campus' OR s.has_cms_campus_determination OR s.is_on_hospital_campus THEN '22'
        WHEN s.distance_yards <= yards.value THEN '22'
        WHEN s.distance_method = 'straight_line' AND s.distance_yards > yards.value THEN '19'
    END AS outpatient_place_of_service_code,
    e.registration_status = 'outpatient' OR coalesce(e.is_observation, FALSE) AS is_registered_outpatient,
    e.registration_status = 'inpatient' AS is_registered_inpatient,
    CASE
        WHEN f.fitting = 1 THEN NULL
        WHEN NOT run.has_encounters THEN 'no encounters registry is loaded'
        WHEN f.fitting > 1 THEN 'several rows of the encounters registry fit'
        ELSE 'no row of the encounters registry fits'
    END AS encounter_because
FROM lines AS l
CROSS JOIN run
CROSS JOIN (SELECT value FROM law_values WHERE path = 'us.cms.provider_based.campus_distance_yards') AS yards
LEFT JOIN line_sites AS w ON w.row_id = l.row_id
LEFT JOIN site_rows AS s ON s.row_number = w.site_row
LEFT JOIN line_encounters AS f ON f.row_id = l.row_id
LEFT JOIN encounters AS e ON e.row_number = f.row_number AND f.fitting = 1;
