-- institutional_line_facts: one row per service line of an institutional claim.
--
-- service_date              of the line, else the statement from date.
-- hospital_type             85X is a critical access hospital, whatever the registry says; else the registry.
-- is_off_campus_department  NULL where the campus boundary or the provider-based dates leave it open.
-- is_excepted_department    as the registry states it, else from first service, certificates, moves and sales.

CREATE OR REPLACE TABLE institutional_line_facts AS
SELECT
    l.row_id,
    p.* EXCLUDE (claim_type, service_date, payer_day, policy_because),
    l.line_number,
    l.byte_offset,
    l.row_number,
    t.service_date,
    CASE WHEN t.service_date IS NULL THEN 'neither the line nor the claim has a readable date' END AS service_date_because,
    coalesce(c.type_of_bill_code, '') AS type_of_bill_code,
    left(coalesce(c.type_of_bill_code, ''), 2) AS facility_type_code,
    coalesce(l.revenue_code, '') AS revenue_code,
    l.procedure_code IS NOT NULL AS has_procedure_code,
    coalesce(l.procedure_code, '') AS procedure_code,
    t.modifiers,
    t.department_modifier,
    has_modifier(t.modifiers, 'PO') AS has_modifier_po,
    has_modifier(t.modifiers, 'PN') AS has_modifier_pn,
    has_modifier(t.modifiers, 'ER') AS has_modifier_er,
    has_modifier(t.modifiers, 'PD') AS has_modifier_pd,
    w.has_service_facility,
    w.service_facility_byte_offset,
    s.* EXCLUDE place_id,
    CASE WHEN left(c.type_of_bill_code, 2) = '85' THEN 'cah' ELSE w.hospital_type END AS hospital_type,
    w.is_off_campus_department,
    w.is_dedicated_emergency_department,
    w.is_excepted_department,
    w.excepted_because,
    w.excepted_reason,
    -- an NPI that is the hospital's own is none of the department's
    CASE WHEN w.npi = 'none' OR w.is_hospital_npi THEN FALSE
         WHEN w.npi IS NOT NULL THEN TRUE END AS has_npi_of_its_own,
    w.attestation_date >= CAST(a.row['attested_from'] AS DATE)
        AND w.attestation_date <= t.service_date
        AND w.attestation_date >= t.service_date - to_years(CAST(a.row['valid_years'] AS INTEGER)) AS has_attestation_in_time,
    y.policy_because,
    CASE WHEN y.facility_fee_topic IS NOT NULL THEN fp.topic_id IS NOT NULL AND fr.topic_id IS NOT NULL
    END AS is_clinic_visit_denied_by_payer,
    CASE WHEN y.revenue_topic IS NOT NULL THEN rr.topic_id IS NOT NULL END AS is_professional_revenue_denied_by_payer
FROM institutional_lines AS l
JOIN claims AS c USING (claim_key)
JOIN judged_claims AS p USING (claim_key)
JOIN lines AS t USING (row_id)
JOIN line_sites AS w USING (row_id)
JOIN place_sites AS s USING (place_id)
JOIN payer_policies AS y USING (payer_day)
LEFT JOIN law_rows AS a
    ON a.path = 'us.cms.provider_based.section_6225' AND in_force(a.effective, a.until, t.service_date)
LEFT JOIN policy_codes AS fp
    ON fp.topic_id = y.facility_fee_topic AND fp.what = 'procedure' AND l.procedure_code BETWEEN fp.first AND fp.last
LEFT JOIN policy_codes AS fr
    ON fr.topic_id = y.facility_fee_topic AND fr.what = 'revenue' AND l.revenue_code BETWEEN fr.first AND fr.last
LEFT JOIN policy_codes AS rr
    ON rr.topic_id = y.revenue_topic AND rr.what = 'revenue' AND l.revenue_code BETWEEN rr.first AND rr.last;
