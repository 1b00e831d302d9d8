-- institutional_line_facts: one row per service line of an institutional claim.
--
-- service_date              of the line, else the statement from date.
-- hospital_type             85X is a critical access hospital, whatever the registry says; else the registry.
-- is_off_campus_department  NULL where the campus boundary or the provider-based dates leave it open.
-- is_excepted_department    as the registry states it, else from first service, certificates, moves and sales.

-- Clinic visits under a revenue code, and revenue codes of professional services, that a topic does not pay.
CREATE OR REPLACE TABLE denied_visits AS
SELECT DISTINCT p.topic_id, l.procedure_code, l.revenue_code
FROM (SELECT DISTINCT procedure_code, revenue_code FROM institutional_lines) AS l
JOIN policy_codes AS p ON p.what = 'procedure' AND l.procedure_code BETWEEN p.first AND p.last
JOIN policy_codes AS r
    ON r.topic_id = p.topic_id AND r.what = 'revenue' AND l.revenue_code BETWEEN r.first AND r.last;

CREATE OR REPLACE MACRO unrated(has_outpatient_rates, row_id) AS
    CASE WHEN NOT has_outpatient_rates THEN 'no outpatient rates are loaded'
         WHEN row_id IS NULL THEN 'the outpatient rates are Medicare''s, and the payer is another, or not known' END;

CREATE OR REPLACE TABLE denied_revenue AS
SELECT DISTINCT c.topic_id, l.revenue_code
FROM (SELECT DISTINCT revenue_code FROM institutional_lines) AS l
JOIN policy_codes AS c ON c.what = 'revenue' AND l.revenue_code BETWEEN c.first AND c.last;

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
    replace(y.policy_because, 'this payer', coalesce(p.payer_name, p.payer_id, 'this payer')) AS policy_because,
    coalesce(y.has_facility_fee_policy, FALSE) AS has_facility_fee_policy,
    coalesce(y.has_professional_revenue_policy, FALSE) AS has_professional_revenue_policy,
    CASE WHEN y.facility_fee_topic IS NOT NULL THEN v.topic_id IS NOT NULL END AS is_clinic_visit_denied_by_payer,
    CASE WHEN y.revenue_topic IS NOT NULL THEN r.topic_id IS NOT NULL END AS is_professional_revenue_denied_by_payer,
    run.has_outpatient_rates,
    CASE WHEN t.service_date IS NULL THEN NULL
         WHEN n.procedure_code IS NULL THEN FALSE
         WHEN n.percent = n.rural_percent THEN n.percent < 100
         WHEN w.is_rural_sole_community_hospital THEN n.rural_percent < 100
         WHEN NOT w.is_rural_sole_community_hospital THEN n.percent < 100 END AS is_paid_below_rate_with_po,
    CASE WHEN t.service_date IS NULL THEN 'neither the line nor the claim has a readable date'
         ELSE w.site_because END AS cut_because,
    pw.* EXCLUDE (row_id, admission_doubt, hospital_because, is_window_practice, practice_because, is_reached_by_payment_window, is_payment_window_closed, release_because,
                  window_release_date),
    CASE WHEN pw.is_in_payment_window IS NULL OR pw.has_admission_on_record IS NULL
         THEN coalesce(pw.admission_doubt, 'neither a feed nor the encounters registry speaks of an admission') END AS admission_because,
    CASE WHEN NOT pw.has_admission_on_record THEN 'no admission is on record'
         WHEN pw.has_admission_on_record IS NULL THEN coalesce(admission_because, 'nobody speaks of an admission')
         WHEN pw.is_on_day_of_admission IS NULL AND pw.admission_date IS NOT NULL THEN 'the line has no readable service date'
         WHEN pw.admission_date IS NULL OR pw.admitting_hospital_name IS NULL OR pw.admitting_hospital_type IS NULL
             THEN 'it is blank in the registries' END AS stay_because,
    CASE WHEN pw.is_admitted_at_hospital IS NULL THEN coalesce(pw.hospital_because, stay_because, 'it is blank in the registries') END
        AS hospital_because,
    g.match_method,
    pb.has_professional_claim,
    pb.professional_because,
    pb.has_professional_feed,
    run.run_date - t.service_date AS days_since_service,
    is_waiting_over(t.service_date, run.run_date) AS is_waiting_time_over,
    b.* EXCLUDE (row_id, rate_because, po_because,
                 outpatient_because),
    coalesce(unrated(run.has_outpatient_rates, b.row_id), b.rate_because) AS rate_because,
    coalesce(unrated(run.has_outpatient_rates, b.row_id), b.po_because) AS po_because,
    coalesce(unrated(run.has_outpatient_rates, b.row_id), b.outpatient_because) AS outpatient_because
FROM institutional_lines AS l  -- narrow tables first: what a join costs goes by the columns that it hands on
CROSS JOIN run
JOIN claims AS c USING (claim_key)
JOIN lines AS t USING (row_id)
JOIN line_registrations AS g USING (row_id)
JOIN professional_claims_beside AS pb USING (row_id)
LEFT JOIN law_rows AS a
    ON a.path = 'us.cms.provider_based.section_6225' AND in_force(a.effective, a.until, t.service_date)
LEFT JOIN neutral_items AS n
    ON n.procedure_code = l.procedure_code AND in_force(n.effective, n.until, t.service_date)
JOIN judged_claims AS p USING (claim_key)
JOIN payer_policies AS y USING (payer_day)
LEFT JOIN denied_visits AS v
    ON v.topic_id = y.facility_fee_topic AND v.procedure_code = l.procedure_code AND v.revenue_code = l.revenue_code
LEFT JOIN denied_revenue AS r ON r.topic_id = y.revenue_topic AND r.revenue_code = l.revenue_code
LEFT JOIN outpatient_amounts AS b USING (row_id)
JOIN line_sites AS w USING (row_id)
JOIN place_sites AS s USING (place_id)
JOIN window_lines AS pw USING (row_id);
