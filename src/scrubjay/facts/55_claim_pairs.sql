-- claim_pair_facts: one row per professional line and facility claim of the same patient and day: what the one says
-- beside what the other says. A line beside which no facility claim was found has one row too, if its code
-- leads to expect one, or if its site may be hospital space. A surgical center's own claim has none.
--
-- The facility's claim: a hospital's or clinic's outpatient claim with a line of that day, an inpatient claim whose
-- days hold it, or the professional claim of a surgical center of the registry. Voided claims and those that a later
-- one replaces do not count; laboratory claims for patients who were not there (14X) do not either.
--
-- has_facility_claim       FALSE needs a feed: claims of that hospital for that day were given, or scrubjay.toml says so.
-- is_same_place            by site of the registry, else by the address or NPI that both claims name. NULL: one of the two
--                          does not say where.
-- is_same_service          the same procedure, which is no laboratory test; a visit beside a clinic or emergency visit.
--                          FALSE beside laboratory lines alone. NULL else: it may belong to the same visit.
-- paired_place_of_service_code   what stands beside such a claim: the table us.cms.pairs.place_of_service. Near a remote
--                          location, where no text tells 19 from 22, either.

CREATE OR REPLACE TABLE pair_candidates AS
WITH here AS (
    SELECT l.row_id, l.service_date AS day, p.identity_id, p.patient_id, p.is_ambiguous, l.claim_key,
        CASE w.site_type WHEN 'ambulatory_surgical_center' THEN w.site_id ELSE w.hospital_id END AS hospital_id,
        CASE w.site_type WHEN 'ambulatory_surgical_center' THEN 'surgical_claims' ELSE 'institutional_claims' END AS kind
    FROM professional_lines AS l
    JOIN line_sites AS w USING (row_id)
    ANTI JOIN replaced_claims AS x ON x.claim_key = l.claim_key
    ANTI JOIN facility_claims AS own ON own.claim_key = l.claim_key  -- a surgical center's own
    LEFT JOIN record_patients AS r ON r.source = 'claim' AND r.record_id = l.claim_key
    LEFT JOIN patients AS p ON p.identity_id = r.identity_id AND p.is_named
),
found AS (
    SELECT h.row_id, d.claim_key, d.day, FALSE AS is_double
    FROM here AS h
    JOIN facility_claims AS f ON f.patient_id = h.patient_id AND f.claim_key <> h.claim_key
    JOIN facility_days AS d ON d.claim_key = f.claim_key
        AND (d.day = h.day OR h.day BETWEEN coalesce(d.day, f.first_day) AND f.last_day AND (d.day IS NULL OR d.has_observation_line))
    UNION ALL
    SELECT h.row_id, NULL, NULL, TRUE
    FROM here AS h
    JOIN doubles AS o USING (identity_id)
    JOIN facility_claims AS f ON f.identity_id = o.other_identity_id
    JOIN facility_days AS d ON d.claim_key = f.claim_key
        AND (d.day = h.day OR h.day BETWEEN coalesce(d.day, f.first_day) AND f.last_day AND (d.day IS NULL OR d.has_observation_line))
)
SELECT
    row_number() OVER (ORDER BY h.row_id, c.claim_key, c.day) - 1 AS pair_id,  -- the same in every run
    h.row_id,
    h.identity_id,
    c.claim_key,
    c.day,
    CASE WHEN c.claim_key IS NOT NULL THEN TRUE
         WHEN h.identity_id IS NULL OR o.row_id IS NOT NULL THEN NULL
         WHEN v.hospital_id IS NOT NULL THEN FALSE END AS has_facility_claim,
    v.hospital_id IS NOT NULL AS has_facility_feed,
    CASE WHEN has_facility_claim IS NOT NULL THEN NULL
         WHEN h.identity_id IS NULL AND NOT g.is_given THEN 'no claims of hospitals were given'
         WHEN h.identity_id IS NULL THEN 'the claim names no patient'
         WHEN o.row_id IS NOT NULL THEN 'two patients of that name and birth date, or of that member number, cannot be told apart'
         WHEN h.hospital_id IS NULL THEN 'it is not known to which hospital the site belongs'
         ELSE 'no claims of that hospital were given for that day' END AS facility_claim_because
FROM here AS h
CROSS JOIN (SELECT count(*) > 0 AS is_given FROM facility_claims) AS g
LEFT JOIN (SELECT * FROM found WHERE NOT is_double) AS c USING (row_id)
LEFT JOIN (SELECT DISTINCT row_id FROM found WHERE is_double) AS o USING (row_id)
LEFT JOIN (
    SELECT DISTINCT kind, h.hospital_id, h.day
    FROM (SELECT DISTINCT kind, hospital_id, day FROM here) AS h
    JOIN claimed_days AS v USING (kind, hospital_id)
    WHERE h.day BETWEEN v.first_day AND v.last_day
) AS v ON v.kind = h.kind AND v.hospital_id = h.hospital_id AND v.day = h.day;

CREATE OR REPLACE TABLE claim_pair_facts AS
WITH paired AS (
    SELECT
        c.pair_id AS row_id, f.row_id AS line_row_id, f.claim_key, f.file_id, f.claim_id, f.claim_byte_offset, f.claim_row_number,
        f.transaction_control_number, f.billing_provider_npi, f.payer_name, f.payer_program,
        f.payer_program_because, f.receipt_date, f.receipt_date_because, f.receipt_date_earliest, f.paid_date,
        f.paid_date_because, f.paid_date_earliest, f.is_paper_claim, f.is_paper_claim_because, f.line_number,
        f.byte_offset, f.row_number, f.service_date, f.service_date_because, f.has_place_of_service,
        f.is_place_of_service_from_line, f.place_of_service_code, f.procedure_code, f.modifiers, f.is_professional_component,
        f.is_facility_rate,
        f.facility_rate_because, f.is_marked_as_telehealth, f.site_id, f.is_site_known, f.site_name, f.site_because,
        f.site_type, f.is_provider_based, f.service_facility_address, f.allowed_amount, f.allowed_because,
        f.facility_amount, f.facility_because,
        coalesce(f.is_inpatient_on_day, FALSE) AS has_stay_on_day,
        c.has_facility_claim,
        c.facility_claim_because,
        c.has_facility_feed,
        coalesce(i.claim_id, '') AS facility_claim_id,
        coalesce(i.file_id, -1) AS facility_file_id,
        coalesce(i.type_of_bill_code, '') AS facility_type_of_bill_code,
        coalesce(d.facility_type_code, '') AS facility_type_code,
        coalesce(i.hospital_name, i.sender, '') AS facility_sender,
        d.site_id AS facility_site_id,
        coalesce(d.site_name, d.site_id) AS facility_site_name,
        coalesce(d.department_modifiers, '') AS facility_modifiers,
        coalesce(d.procedure_codes, '') AS facility_procedure_codes,
        coalesce(d.revenue_codes, '') AS facility_revenue_codes,
        d.outpatient_code AS facility_outpatient_code,
        d.hospital_type AS facility_hospital_type,
        coalesce(d.has_clinic_visit, FALSE) AS has_clinic_visit,
        coalesce(d.has_professional_revenue AND list_contains(d.professional_procedures, f.procedure_code), FALSE) AS has_same_service_as_professional_revenue,
        CASE WHEN d.site_id IS NOT NULL AND f.site_id IS NOT NULL THEN d.site_id = f.site_id
             WHEN NOT list_contains(d.site_ids, f.site_id) THEN FALSE
             WHEN d.location_key = w.location_key THEN TRUE
             WHEN d.location_key <> w.location_key THEN FALSE END AS is_same_place,
        CASE WHEN is_same_place IS NOT NULL THEN NULL WHEN c.claim_key IS NULL THEN c.facility_claim_because
             WHEN f.site_id IS NULL AND w.location_key IS NULL THEN coalesce(f.site_because, 'the professional claim does not say where')
             ELSE 'the facility''s claim does not say where' END AS place_because,
        CASE WHEN d.claim_key IS NULL THEN NULL
             WHEN list_contains(d.procedures, f.procedure_code) AND NOT (f.procedure_code BETWEEN '80047' AND '89398') THEN TRUE
             WHEN d.is_laboratory_only THEN FALSE
             WHEN d.has_clinic_visit AND (o.code IS NOT NULL OR g.code IS NOT NULL) THEN TRUE
             WHEN d.has_emergency_line AND g.code IS NOT NULL THEN TRUE
             WHEN f.procedure_code BETWEEN '80047' AND '89398' THEN FALSE
        END AS is_same_service,
        CASE WHEN d.claim_key IS NULL THEN c.facility_claim_because WHEN is_same_service IS NULL
             THEN 'the two claims carry other procedures, and both may belong to one visit' END AS same_service_because,
        CASE WHEN d.has_emergency_line AND d.has_clinic_visit THEN NULL
             WHEN contains(d.department_modifiers, ' ') AND NOT d.has_emergency_line THEN NULL
             WHEN d.has_emergency_line OR d.department_modifiers = 'ER' THEN 'ER'
             WHEN d.department_modifiers <> '' THEN d.department_modifiers
             WHEN d.facility_type_code = '13' AND d.hospital_type IS NOT NULL AND q.code IS NULL THEN NULL
             ELSE 'none' END AS pair_modifier,
        coalesce(d.is_code_open, FALSE) AS is_code_open,
        c.identity_id,
        i.identity_id AS facility_identity_id,
        run.run_date - f.service_date AS days_since_service,
        is_waiting_over(f.service_date, run.run_date) AS is_waiting_time_over
    FROM pair_candidates AS c
    CROSS JOIN run
    JOIN service_line_facts AS f USING (row_id)
    JOIN (SELECT row_id, location_key FROM line_sites) AS w USING (row_id)
    LEFT JOIN facility_claims AS i ON i.claim_key = c.claim_key
    LEFT JOIN facility_days AS d ON d.claim_key = c.claim_key AND d.day IS NOT DISTINCT FROM c.day
    LEFT JOIN (SELECT DISTINCT code FROM law_code_sets WHERE path = 'us.cpt.office_visits') AS o ON o.code = f.procedure_code
    LEFT JOIN (SELECT DISTINCT code FROM law_code_sets WHERE path = 'us.cpt.emergency_visits') AS g ON g.code = f.procedure_code
    LEFT JOIN (SELECT DISTINCT code FROM law_code_sets WHERE path = 'us.cms.opps.hospital_types') AS q ON q.code = d.hospital_type
    WHERE c.claim_key IS NOT NULL OR f.place_of_service_code IN ('19', '22', '24')
        OR NOT coalesce(f.is_facility_rate, FALSE) AND f.is_provider_based IS DISTINCT FROM FALSE
)
SELECT
    p.* EXCLUDE (pair_modifier, is_code_open, facility_outpatient_code, facility_file_id, identity_id, facility_identity_id),
    coalesce(n.name, '') AS facility_file,
    CASE WHEN p.is_code_open AND p.place_of_service_code IN ('19', '22') THEN p.place_of_service_code ELSE m.row['place_of_service'] END
        AS paired_place_of_service_code,
    CASE WHEN paired_place_of_service_code IS NOT NULL THEN NULL
         WHEN p.pair_modifier IS NULL THEN 'the facility''s claim is of a clinic and an emergency department, carries several modifiers, or its '
             || 'hospital sends none'
         ELSE 'no code is on file for such a claim' END AS pair_because,
    coalesce(paired_place_of_service_code, p.facility_outpatient_code, '19 or 22') AS paired_place_of_service_codes,
    way_of_match(b.identity_id, a.strict_id = b.strict_id, a.member = b.member, a.record_number = b.record_number, a.sex = b.sex)
        AS match_method,
    coalesce(a.strict_id = b.strict_id, TRUE) AS is_strict_match
FROM paired AS p
LEFT JOIN files AS n ON n.file_id = p.facility_file_id
LEFT JOIN law_rows AS m
    ON m.path = 'us.cms.pairs.place_of_service' AND in_force(m.effective, m.until, p.service_date)
    AND m.row['facility_type'] = p.facility_type_code AND m.row['modifier'] = p.pair_modifier
LEFT JOIN patients AS a ON a.identity_id = p.identity_id
LEFT JOIN patients AS b ON b.identity_id = p.facility_identity_id;
