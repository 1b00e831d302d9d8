-- facility_claims: one row per claim of a facility that counts; facility_days: what it says of one day. Which
-- of a hospital's claims and of the practitioners' claims at its sites were given: claimed_days. What
-- practitioners billed beside a hospital's line: professional_claims_beside.
--
-- Claims that others took the place of (replaced_claims) do not count. day is NULL on an inpatient claim: its days
-- are those of the claim, which may begin before the admission with what the payment window brings in. site_ids: all
-- sites of the day, where all are known. is_code_open: no text says which code stands for the site. Observation stands on the line of its first day, however long it lasts.

CREATE OR REPLACE TABLE facility_days AS
WITH lined AS (
    SELECT
        l.claim_key,
        t.service_date AS day,
        t.row_id,
        left(c.type_of_bill_code, 2) AS facility_type_code,
        t.department_modifier,
        coalesce(l.procedure_code, '') AS procedure_code,
        coalesce(l.revenue_code, '') AS revenue_code,
        coalesce(l.revenue_code BETWEEN '0300' AND '0319', FALSE) OR coalesce(l.procedure_code BETWEEN '80047' AND '89398', FALSE) AS is_laboratory
    FROM institutional_lines AS l
    JOIN lines AS t USING (row_id)
    JOIN claims AS c ON c.claim_key = l.claim_key
    WHERE left(c.type_of_bill_code, 2) IN ('11', '12', '13', '83', '85', '71', '77')
    UNION ALL
    SELECT l.claim_key, l.service_date, l.row_id, '83', '', coalesce(l.procedure_code, ''), '', FALSE
    FROM professional_lines AS l
    JOIN claims AS c USING (claim_key)
    WHERE c.billing_provider_npi IN (SELECT npi FROM sites WHERE site_type = 'ambulatory_surgical_center')
)
SELECT
    l.claim_key,
    CASE WHEN l.facility_type_code IN ('11', '12') THEN NULL ELSE l.day END AS day,
    l.facility_type_code,
    CASE WHEN count(DISTINCT w.site_id) = 1 AND count(*) = count(w.site_id) THEN min(w.site_id) END AS site_id,
    CASE WHEN count(*) = count(w.site_id) THEN list(DISTINCT w.site_id) END AS site_ids,
    CASE WHEN count(DISTINCT w.location_key) = 1 AND count(*) = count(w.location_key) THEN min(w.location_key) END AS location_key,
    min(w.site_name) FILTER (WHERE w.site_id IS NOT NULL) AS site_name,
    min(w.outpatient_code) AS outpatient_code,
    CASE WHEN count(DISTINCT w.hospital_type) = 1 THEN min(w.hospital_type) END AS hospital_type,
    coalesce(string_agg(DISTINCT nullif(l.department_modifier, ''), ' ' ORDER BY nullif(l.department_modifier, '')), '') AS department_modifiers,
    string_agg(DISTINCT nullif(l.revenue_code, ''), ' ' ORDER BY nullif(l.revenue_code, '')) AS revenue_codes,
    string_agg(DISTINCT nullif(concat_ws('-', nullif(l.procedure_code, ''), nullif(l.department_modifier, '')), ''), ' '
               ORDER BY nullif(concat_ws('-', nullif(l.procedure_code, ''), nullif(l.department_modifier, '')), '')) AS procedure_codes,
    list(DISTINCT l.procedure_code) AS procedures,
    bool_or(w.outpatient_code IS NULL AND (s.is_remote OR s.is_near_remote_location)) AS is_code_open,
    bool_or(l.revenue_code = '0762' OR l.procedure_code = 'G0378') AS has_observation_line,
    bool_or(l.revenue_code BETWEEN '0450' AND '0459') AS has_emergency_line,
    bool_or(l.procedure_code = 'G0463' OR l.revenue_code BETWEEN '0510' AND '0529') AS has_clinic_visit,
    bool_or(l.revenue_code BETWEEN '0960' AND '0989') AS has_professional_revenue,
    list(DISTINCT l.procedure_code) FILTER (WHERE l.revenue_code BETWEEN '0960' AND '0989') AS professional_procedures,
    bool_and(l.is_laboratory OR l.procedure_code = '') AS is_laboratory_only
FROM lined AS l
JOIN (SELECT row_id, site_id, site_name, location_key, campus_code AS outpatient_code, hospital_type, row_number FROM line_sites) AS w USING (row_id)
LEFT JOIN (SELECT row_number, is_remote, is_near_remote_location FROM site_rows) AS s USING (row_number)
ANTI JOIN replaced_claims AS x USING (claim_key)
GROUP BY ALL;

CREATE OR REPLACE TABLE facility_claims AS
SELECT
    c.claim_key,
    c.claim_id,
    c.file_id,
    c.type_of_bill_code,
    h.hospital_id,
    coalesce(h.hospital_id, c.billing_provider_npi) AS sender,
    o.hospital_name,
    coalesce(least(c.admission_date, c.statement_from_date), j.service_date) AS first_day,
    coalesce(c.discharge_date, c.statement_through_date, j.service_date) AS last_day,
    p.identity_id,
    p.patient_id
FROM claims AS c
JOIN judged_claims AS j USING (claim_key)
SEMI JOIN facility_days AS d ON d.claim_key = c.claim_key
LEFT JOIN feed_codes AS h ON h.code = c.billing_provider_npi
LEFT JOIN hospitals AS o ON o.hospital_id = h.hospital_id
LEFT JOIN record_patients AS r ON r.source = 'claim' AND r.record_id = c.claim_key
LEFT JOIN patients AS p ON p.identity_id = r.identity_id AND p.is_named;

-- For which days claims of a hospital were given. The same for the practitioners' claims at the sites of a hospital. A
-- surgical center speaks for itself: there hospital_id is its site_id.
CREATE OR REPLACE TABLE billed_days AS
SELECT 'institutional_claims' AS kind, f.hospital_id, coalesce(d.day, f.first_day) AS day
FROM facility_claims AS f JOIN facility_days AS d USING (claim_key)
WHERE f.hospital_id IS NOT NULL AND f.type_of_bill_code IS NOT NULL
UNION
SELECT 'surgical_claims', site_id, day
FROM facility_days JOIN facility_claims AS f USING (claim_key)
WHERE f.type_of_bill_code IS NULL AND site_id IS NOT NULL
UNION
SELECT 'professional_claims', w.hospital_id, l.service_date
FROM professional_lines AS l JOIN line_sites AS w USING (row_id)
WHERE w.hospital_id IS NOT NULL AND w.is_provider_based;

CREATE OR REPLACE TABLE claimed_days AS
SELECT * FROM observed_days('billed_days')
UNION ALL
SELECT kind, hospital_id, first_day, last_day FROM declared_feeds WHERE kind <> 'visits';

-- Hospital lines and whether a practitioner's claim for the patient and day was given. FALSE needs claims from sites of
-- that hospital for that day.
CREATE OR REPLACE TABLE professional_claims_beside AS
WITH billed AS (
    SELECT DISTINCT p.patient_id, l.service_date AS day
    FROM professional_lines AS l
    JOIN record_patients AS r ON r.source = 'claim' AND r.record_id = l.claim_key
    JOIN patients AS p ON p.identity_id = r.identity_id AND p.is_named
    ANTI JOIN replaced_claims AS x ON x.claim_key = l.claim_key
),
spoken AS (
    SELECT DISTINCT l.hospital_id, l.day
    FROM (SELECT DISTINCT hospital_id, day FROM line_records) AS l
    JOIN claimed_days AS v ON v.kind = 'professional_claims' AND v.hospital_id = l.hospital_id AND l.day BETWEEN v.first_day AND v.last_day
)
SELECT
    l.row_id,
    CASE WHEN b.patient_id IS NOT NULL THEN TRUE
         WHEN l.patient_id IS NULL OR l.is_ambiguous THEN NULL
         WHEN s.day IS NOT NULL THEN FALSE END AS has_professional_claim,
    s.day IS NOT NULL AS has_professional_feed,
    CASE WHEN l.patient_id IS NULL THEN 'the claim names no patient'
         WHEN l.is_ambiguous THEN 'the patient cannot be told from another'
         ELSE 'no professional claims from sites of that hospital were given for that day' END AS professional_because
FROM line_records AS l
JOIN institutional_lines USING (row_id)
LEFT JOIN billed AS b ON b.patient_id = l.patient_id AND b.day = l.day
LEFT JOIN spoken AS s ON s.hospital_id = l.hospital_id AND s.day = l.day;
