-- institutional_line_facts: one row per service line of an institutional claim.
--
-- service_date              of the line, else the statement from date.
-- hospital_type             85X is a critical access hospital, whatever the registry says; else the registry.
-- is_off_campus_department  NULL where the campus boundary or the provider-based dates leave it open.
-- is_excepted_department    as the registry states it, else from first service, certificates, moves and sales.

CREATE OR REPLACE TABLE institutional_line_facts AS
SELECT
    l.row_id,
    p.* EXCLUDE (claim_type, service_date),
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
    w.has_service_facility,
    w.service_facility_byte_offset,
    s.* EXCLUDE place_id,
    CASE WHEN left(c.type_of_bill_code, 2) = '85' THEN 'cah' ELSE w.hospital_type END AS hospital_type,
    w.is_off_campus_department,
    w.is_dedicated_emergency_department,
    w.is_excepted_department,
    w.excepted_because,
    w.excepted_reason
FROM institutional_lines AS l
JOIN claims AS c USING (claim_key)
JOIN judged_claims AS p USING (claim_key)
JOIN lines AS t USING (row_id)
JOIN line_sites AS w USING (row_id)
JOIN place_sites AS s USING (place_id);
