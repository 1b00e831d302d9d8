-- window_lines: one row per line of either kind: does the payment window before an inpatient admission
-- reach it? (42 CFR 412.2(c)(5), 413.40(c)(2), 414.22(b)(5)(i))
--
-- is_window_practice    a practice, outside hospital space, that the admitting hospital wholly owns or wholly
--                       operates. FALSE in hospital space: there the hospital bills its own part. FALSE at a rural
--                       health clinic or FQHC for services that are not diagnostic.
-- is_diagnostic_service the encounter says so; else by the code: a test with a technical component, a
--                       laboratory or pathology code; of a hospital's line its revenue code. Visits are not. NULL else.
-- is_window_service     diagnostic, or on the day of admission, or clinically related. FALSE only where the record
--                       says that it is unrelated and attests it. A diagnosis code proves neither.
-- is_payment_window_closed  the last day on which an admission could reach back has passed; NULL while it may.
-- is_hospital_charge_combined  the hospital's own charge of that day is on its inpatient claim: FALSE where an
--                       outpatient claim without condition code 51 still carries the day, TRUE where its inpatient
--                       claim is there and no outpatient claim is. NULL without that inpatient claim.

CREATE OR REPLACE TABLE charged_days AS
SELECT DISTINCT
    p.patient_id,
    h.hospital_id,
    CASE WHEN left(c.type_of_bill_code, 2) = '11' THEN coalesce(c.admission_date, c.statement_from_date) ELSE t.service_date END AS day,
    left(c.type_of_bill_code, 2) = '11' AS is_inpatient_claim
FROM institutional_lines AS l
JOIN lines AS t USING (row_id)
JOIN claims AS c ON c.claim_key = l.claim_key
JOIN record_patients AS r ON r.source = 'claim' AND r.record_id = c.claim_key
JOIN patients AS p ON p.identity_id = r.identity_id AND p.is_named
JOIN feed_codes AS h ON h.code = c.billing_provider_npi
WHERE left(c.type_of_bill_code, 2) IN ('11', '13') AND NOT contains(' ' || coalesce(c.condition_codes, '') || ' ', ' 51 ')
    AND coalesce(c.claim_frequency_code, '1') <> '8';

CREATE OR REPLACE TABLE window_lines AS
WITH joined AS (
    SELECT
        g.*,
        w.site_id,
        w.site_because,
        w.site_type,
        w.ownership,
        w.is_wholly_operated_by_hospital,
        w.is_provider_based,
        w.hospital_type AS site_hospital_type,
        h.hospital_type AS owner_hospital_type,
        e.is_related_to_admission,
        e.is_unrelatedness_attested,
        e.recorded_by,
        e.recorded_on,
        f.row_number AS encounter_row,
        coalesce(e.service_kind IN ('ambulance', 'maintenance_dialysis'), FALSE)
            OR coalesce(p.procedure_code, i.procedure_code, '') BETWEEN 'A0021' AND 'A0999'
            OR coalesce(p.procedure_code, i.procedure_code, '') IN (
                SELECT code FROM law_code_sets WHERE path = 'us.cms.payment_window.dialysis_codes')
            OR coalesce(i.revenue_code BETWEEN '0540' AND '0549' OR i.revenue_code BETWEEN '0820' AND '0859', FALSE)
            AS is_excluded_from_payment_window,
        CASE
            WHEN e.is_diagnostic IS NOT NULL THEN e.is_diagnostic
            WHEN i.row_id IS NOT NULL THEN
                CASE WHEN i.revenue_code IN (SELECT code FROM law_code_sets WHERE path = 'us.cms.payment_window.diagnostic_revenue_codes') THEN TRUE
                     WHEN left(i.revenue_code, 3) IN ('051', '045', '052') THEN FALSE END
            WHEN m.component_indicator IN ('1', '2', '3', '4', '6', '8') OR p.procedure_code BETWEEN '80047' AND '89398' THEN TRUE
            WHEN p.procedure_code BETWEEN '99202' AND '99499' OR m.component_indicator IN ('5', '7') THEN FALSE
        END AS is_diagnostic_service,
        i.row_id IS NOT NULL AS is_institutional,
        contains(' ' || coalesce(c.condition_codes, '') || ' ', ' 51 ') AS has_condition_code_51,
        c.claim_key
    FROM line_registrations AS g
    JOIN line_sites AS w USING (row_id)
    LEFT JOIN professional_lines AS p USING (row_id)
    LEFT JOIN institutional_lines AS i USING (row_id)
    LEFT JOIN claims AS c ON c.claim_key = i.claim_key
    LEFT JOIN component_lines AS m USING (row_id)
    LEFT JOIN line_encounters AS f ON f.row_id = g.row_id AND f.fitting = 1
    LEFT JOIN encounters AS e ON e.row_number = f.row_number
    LEFT JOIN hospitals AS h ON h.hospital_id = w.hospital_id
),
dated AS (
    SELECT
        j.*,
        coalesce(j.admitting_hospital_type, j.recorded_hospital_type, j.site_hospital_type, j.owner_hospital_type) AS window_hospital_type,
        date_diff('day', j.day, j.admission_date) AS days_before,
        CASE WHEN j.site_type IN ('rural_health_clinic', 'federally_qualified_health_center') AND NOT j.is_diagnostic_service THEN FALSE
             WHEN j.site_type IN ('inpatient_psychiatric_facility', 'inpatient_rehabilitation_facility') THEN FALSE  -- hospitals
             WHEN j.is_provider_based OR j.ownership = 'independent' THEN FALSE
             WHEN j.ownership = 'wholly_owned_by_hospital' OR j.is_wholly_operated_by_hospital THEN
                 CASE WHEN j.admitting_hospital_id IS NULL AND j.has_admission_on_record THEN NULL
                      ELSE coalesce(j.admitting_hospital_id = j.hospital_id, NOT coalesce(j.has_admission_on_record, FALSE)) END
             WHEN j.ownership IN ('parent_system', 'joint_venture') AND NOT j.is_wholly_operated_by_hospital THEN FALSE
        END AS is_window_practice
    FROM joined AS j
)
SELECT
    d.row_id,
    CASE WHEN w.days IS NOT NULL THEN w.days <> 'none' END AS has_payment_window,
    CASE WHEN d.window_hospital_type IS NOT NULL AND w.days IS NULL THEN 'no window is on file for the type of the hospital'
         WHEN d.window_hospital_type IS NULL THEN 'the type of the hospital is blank in the registries' END AS window_because,
    CASE
        WHEN NOT d.has_admission_on_record OR w.days = 'none' THEN FALSE
        WHEN d.has_admission_on_record IS NULL THEN NULL
        WHEN d.days_before NOT BETWEEN 0 AND n.longest THEN FALSE
        ELSE d.days_before BETWEEN 0 AND w.day_count
    END AS is_in_payment_window,
    CASE
        WHEN d.admission_because IS NOT NULL THEN d.admission_because
        WHEN is_in_payment_window IS NOT NULL OR d.has_admission_on_record IS NULL THEN NULL
        WHEN d.day IS NULL THEN 'the line has no readable service date'
        WHEN d.is_admission_date_missing THEN 'admitted_at is blank in the encounters registry'
        WHEN d.admitting_hospital_type IS NULL THEN 'the type of the admitting hospital is blank in the registries'
        ELSE 'no window is on file for the type of the admitting hospital'
    END AS admission_doubt,
    d.has_admission_on_record,
    d.admission_date,
    d.admitting_hospital_name,
    d.admitting_hospital_type,
    d.is_part_a_stay,
    CASE WHEN d.is_part_a_stay IS NOT NULL THEN NULL WHEN d.encounter_row IS NOT NULL THEN 'is_part_a_stay is blank in the encounters registry'
         ELSE 'no row of the encounters registry and no hospital claim says so' END AS part_a_because,
    d.days_before = 0 AS is_on_day_of_admission,
    d.is_window_practice,
    coalesce(d.is_admission_told, FALSE)
        OR NOT d.is_institutional AND d.site_because IS NULL AND d.is_window_practice IS DISTINCT FROM FALSE AS is_payment_window_at_issue,
    coalesce(d.is_window_practice AND is_in_payment_window, FALSE) AS is_reached_by_payment_window,
    CASE WHEN d.is_window_practice IS NOT NULL THEN NULL
         WHEN d.site_because IS NOT NULL THEN d.site_because
         WHEN d.is_provider_based IS NULL THEN 'the registry does not say whether the site is hospital space'
         WHEN d.ownership IS NULL THEN 'ownership is blank in the registry'
         WHEN d.ownership = 'wholly_owned_by_hospital' OR d.is_wholly_operated_by_hospital THEN 'the admitting hospital is not known'
         ELSE 'is_wholly_operated_by_hospital is blank in the registry' END AS practice_because,
    d.is_excluded_from_payment_window,
    d.is_diagnostic_service,
    CASE WHEN d.is_diagnostic_service OR d.days_before = 0 THEN TRUE
         WHEN d.is_related_to_admission THEN TRUE
         WHEN NOT d.is_related_to_admission AND d.is_unrelatedness_attested AND NOT d.is_diagnostic_service THEN FALSE
    END AS is_window_service,
    coalesce(d.is_diagnostic_service OR d.days_before = 0, FALSE) AS is_always_window_service,
    CASE WHEN d.admitting_hospital_id IS NOT NULL THEN d.admitting_hospital_id = d.hospital_id END AS is_admitted_at_hospital,
    CASE WHEN is_admitted_at_hospital IS NOT NULL THEN NULL
         WHEN d.admitting_hospital_id IS NULL AND d.has_admission_on_record THEN 'the admitting hospital is not known'
         WHEN d.admitting_hospital_id IS NULL THEN NULL
         ELSE 'the sites registry does not say which hospital sends the claim' END AS hospital_because,
    CASE WHEN d.is_diagnostic_service IS NULL THEN 'nobody recorded whether it is a diagnostic service' END AS diagnostic_because,
    CASE WHEN is_window_service IS NOT NULL THEN NULL
         WHEN d.encounter_row IS NULL THEN 'no row of the encounters registry says whether it is clinically related to the admission'
         WHEN d.is_related_to_admission IS NULL THEN 'is_related_to_admission is blank in the encounters registry'
         WHEN d.is_diagnostic_service IS NULL THEN 'nobody recorded whether it is a diagnostic service'
         ELSE 'is_unrelatedness_attested is not true in the encounters registry' END AS service_because,
    CASE WHEN d.is_unrelatedness_attested
         THEN coalesce('attested by ' || d.recorded_by, 'attested, without a name') || coalesce(' on ' || d.recorded_on, ', without a day')
         ELSE '' END AS unrelatedness_attestation,
    d.day + w.day_count + 1 AS window_release_date,
    CASE WHEN run.run_date >= coalesce(window_release_date, d.day + n.longest + 1) THEN TRUE END AS is_payment_window_closed,
    CASE WHEN window_release_date IS NOT NULL THEN 'an admission up to ' || CAST(d.day + w.day_count AS DATE) || ' would reach back to this day'
         ELSE coalesce(window_because, 'the line has no readable service date') END AS release_because,
    d.is_institutional AND d.has_condition_code_51 AS has_condition_code_51
FROM dated AS d
CROSS JOIN run
LEFT JOIN windows AS w ON w.hospital_type = d.window_hospital_type AND in_force(w.effective, w.until, d.day)
LEFT JOIN (SELECT DISTINCT effective, until, longest FROM windows) AS n ON in_force(n.effective, n.until, d.day);

CREATE OR REPLACE TABLE combined_charges AS
SELECT
    l.row_id,
    CASE WHEN bool_or(s.day = l.day AND NOT s.is_inpatient_claim) THEN FALSE
         WHEN bool_or(s.day = w.admission_date AND s.is_inpatient_claim) THEN TRUE END AS is_hospital_charge_combined
FROM line_records AS l
JOIN window_lines AS w USING (row_id)
JOIN charged_days AS s ON s.patient_id = l.patient_id AND s.hospital_id = l.hospital_id
WHERE w.has_admission_on_record
GROUP BY l.row_id;
