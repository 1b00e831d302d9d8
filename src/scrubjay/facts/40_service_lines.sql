-- service_line_facts: one row per service line of a professional claim.
--
-- place_of_service_code   SV105, else CLM05-1. '' when both are blank: a blank is known.
-- is_provider_based       hospital outpatient space on the service date. Main campus, remote location
--                         and satellite: always. A department: within its provider-based dates; NULL
--                         when the registry leaves the first day blank, FALSE when it says none.
-- is_registered_…         at the time of the service (31_registrations); a patient in observation is an
--                         outpatient. NULL: nobody said, or two say different things.
-- service_facility_address never a patient's home: where the code says home, or says nothing, an address
--                         that is no site of the registry is not shown.
-- has_duplicate_…         NULL where the claim does not tell one patient from another, or was sent twice itself.

CREATE OR REPLACE MACRO is_practitioner_type(provider_type) AS
    upper(provider_type) IN ('MD', 'DO', 'DPM', 'DC', 'OD', 'DDS', 'DMD', 'NP', 'PA', 'CNS', 'CNM', 'CRNA', 'RN', 'PT',
                             'OT', 'SLP', 'LCSW', 'PHD', 'PSYD', 'RD');

-- Visits of other families on the same day of the same claim.
CREATE OR REPLACE TABLE visit_families AS
SELECT path AS family, code FROM law_code_sets
WHERE path IN ('us.cpt.office_visits', 'us.cpt.home_visits', 'us.cpt.hospital_inpatient_or_observation_visits',
               'us.cpt.nursing_facility_visits')
    AND code NOT IN ('99201', '99238', '99239', '99315', '99316')  -- without a time, or of the day of discharge
UNION ALL
SELECT 'cognitive_assessment', '99483';

CREATE OR REPLACE TABLE visit_days AS
SELECT
    l.claim_key,
    l.service_date,
    bool_or(f.family = 'us.cpt.office_visits') AS has_office_visit,
    bool_or(f.family = 'us.cpt.home_visits') AS has_home_visit,
    bool_or(f.family = 'us.cpt.hospital_inpatient_or_observation_visits') AS has_hospital_visit,
    bool_or(f.family = 'us.cpt.nursing_facility_visits') AS has_nursing_facility_visit,
    bool_or(f.family = 'cognitive_assessment') AS has_cognitive_assessment
FROM professional_lines AS l
JOIN visit_families AS f ON f.code = l.procedure_code
GROUP BY l.claim_key, l.service_date;

CREATE OR REPLACE MACRO unpriced(has_fee_schedule, row_id) AS
    CASE WHEN NOT has_fee_schedule THEN 'no physician fee schedule is loaded'
         WHEN row_id IS NULL THEN 'the physician fee schedule is Medicare''s, and the payer is another, or not known' END;

-- Codes that a payer wants under another name, and procedures that it pays by place.
CREATE OR REPLACE TABLE policy_places AS
SELECT topic_id, first AS code, use FROM policy_codes WHERE what = 'place';

CREATE OR REPLACE TABLE differential_procedures AS
SELECT DISTINCT c.topic_id, l.procedure_code
FROM (SELECT DISTINCT procedure_code FROM professional_lines WHERE procedure_code IS NOT NULL) AS l
JOIN policy_codes AS c ON c.what = 'procedure' AND l.procedure_code BETWEEN c.first AND c.last
JOIN policy_topics AS t ON t.topic_id = c.topic_id AND t.topic = 'site_differential';

-- What every combination of modifiers says.
CREATE OR REPLACE TABLE modifier_sets AS
SELECT
    modifiers,
    has_modifier(modifiers, 'PO') AS has_modifier_po,
    has_modifier(modifiers, 'PN') AS has_modifier_pn,
    has_modifier(modifiers, 'ER') AS has_modifier_er,
    has_modifier(modifiers, 'TC') AS has_modifier_tc,
    has_modifier(modifiers, 'FS') AS has_modifier_fs,
    has_modifier(modifiers, 'GC') AS has_modifier_gc,
    has_modifier(modifiers, 'GE') AS has_modifier_ge,
    has_modifier(modifiers, '93') AS has_modifier_93,
    has_modifier(modifiers, '95') AS has_modifier_95,
    has_modifier(modifiers, 'GT') AS has_modifier_gt,
    has_modifier(modifiers, 'GQ') AS has_modifier_gq,
    has_modifier(modifiers, 'FQ') AS has_modifier_fq,
    has_modifier(modifiers, 'FR') AS has_modifier_fr,
    has_modifier(modifiers, 'PD') AS has_modifier_pd,
    has_modifier(modifiers, '26') AS is_professional_component,
    trim(regexp_replace(' ' || modifiers || ' ', ' (PO|PN|ER)(?: (?:PO|PN|ER))* ', ' ', 'g'))
        AS modifiers_without_department_modifiers,
    trim(regexp_replace(' ' || modifiers || ' ', ' FS(?: FS)* ', ' ', 'g')) AS modifiers_without_fs,
    concat_ws(' ', nullif(modifiers_without_fs, ''), 'FS') AS modifiers_with_fs,
    trim(regexp_replace(' ' || modifiers || ' ', ' PD(?: PD)* ', ' ', 'g')) AS modifiers_without_pd,
    concat_ws(' ', nullif(modifiers_without_pd, ''), 'PD') AS modifiers_with_pd,
    concat_ws(' ', '26', nullif(trim(regexp_replace(' ' || modifiers || ' ', ' 26(?: 26)* ', ' ', 'g')), ''))
        AS modifiers_with_26,
    has_modifier_93 OR has_modifier_95 OR has_modifier_gt OR has_modifier_gq OR has_modifier_fq AS is_telehealth
FROM (SELECT DISTINCT modifiers FROM lines);

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
        coalesce(l.supervising_provider_npi, c.supervising_provider_npi) AS supervising_npi,
        l.purchased_service_provider_npi IS NOT NULL AS has_purchased_service_provider,
        l.charge_amount,
        c.discharge_date AS claim_discharge_date
    FROM professional_lines AS l
    JOIN claims AS c USING (claim_key)
    JOIN judged_claims AS p USING (claim_key)
),
rated AS (  -- lists are asked here, where a row is narrow: beside all columns that would cost a third of the planning
    SELECT
        *,
        place_of_service_code IN (SELECT code FROM law_code_sets WHERE path = 'us.hipaa.place_of_service_codes')
            AS is_place_of_service_assigned,
        is_facility_rate(place_of_service_code, service_date, paid_date, paid_date_earliest) AS is_facility_rate
    FROM coded
)
SELECT
    l.* EXCLUDE (procedure_code, rendering_npi, supervising_npi, payer_day, policy_because, claim_discharge_date,
                 is_place_of_service_assigned, is_facility_rate),
    l.place_of_service_code <> '' AS has_place_of_service,
    l.line_place_of_service_code <> '' AS is_place_of_service_from_line,
    l.is_place_of_service_assigned,
    l.procedure_code <> '' AS has_procedure_code,
    l.procedure_code,
    l.procedure_code BETWEEN 'A0021' AND 'A0999' AS is_ambulance_procedure,
    o.* EXCLUDE is_telehealth,
    w.has_service_facility,
    w.is_located AS has_service_location,
    w.service_facility_byte_offset,
    w.service_facility_npi,
    CASE
        WHEN w.service_facility_address = '' OR w.site_id IS NOT NULL
            OR l.is_place_of_service_assigned AND l.place_of_service_code NOT IN ('04', '12', '13', '14', '16', '27', '33', '55')
            THEN w.service_facility_address
        ELSE 'a home (not shown)'
    END AS service_facility_address,
    w.is_service_facility_post_office_box,
    w.has_service_facility_street,
    w.has_service_facility_zip_of_nine_digits,
    w.is_service_facility_npi_of_billing_provider,
    w.service_facility_npi <> '' AND (
        coalesce(w.service_facility_npi IN (l.rendering_npi, l.supervising_npi), FALSE)
        OR pn.npi IS NOT NULL
    ) AS is_service_facility_npi_of_practitioner,
    s.* EXCLUDE place_id,
    w.registered_address,
    w.is_service_facility_at_registered_address,
    w.is_at_billing_address,
    w.is_separately_maintained,
    CASE
        WHEN f.fitting = 1 THEN NULL
        WHEN NOT run.has_encounters THEN 'no encounters registry is loaded'
        WHEN f.fitting > 1 THEN 'several rows of the encounters registry fit'
        ELSE 'no row of the encounters registry fits'
    END AS encounter_because,
    CASE WHEN k.is_comparable AND NOT coalesce(d.is_sent_again, FALSE) THEN d.row_id IS NOT NULL END AS has_duplicate_at_other_place,
    CASE WHEN NOT k.is_comparable THEN 'the claim names no patient, or the line no date or procedure'
         WHEN d.is_sent_again THEN 'the claim was sent twice, the other time with POS ' || d.other_place_of_service_code
             || ', and it is not known whether the payer refused the first' END AS duplicate_because,
    coalesce(d.other_place_of_service_code, '') AS other_place_of_service_code,
    d.other_claim_id,
    w.is_off_campus_department,
    CASE WHEN w.site_type = 'provider_based_department' AND NOT w.is_provider_based THEN '11'
         WHEN w.is_provider_based IS NULL OR w.is_provider_based THEN NULL
         WHEN w.site_type IN ('skilled_nursing_facility', 'nursing_facility')
             THEN CASE WHEN e.is_skilled_nursing_part_a THEN '31' WHEN NOT e.is_skilled_nursing_part_a THEN '32' END
         ELSE tc.code END AS site_place_of_service_code,
    CASE WHEN site_place_of_service_code IS NOT NULL THEN NULL
         WHEN w.site_because IS NOT NULL THEN w.site_because
         WHEN w.site_type IS NULL THEN 'the kind of the site is blank in the registry'
         WHEN w.is_provider_based IS NULL THEN 'the first day of its provider-based status is blank in the registry'
         WHEN w.is_provider_based THEN 'in hospital space the code depends on the patient'
         WHEN w.site_type IN ('skilled_nursing_facility', 'nursing_facility')
             THEN 'at a nursing facility the code depends on Part A coverage, which nobody recorded'
         ELSE 'a site of this kind has no code of its own' END AS site_code_because,
    w.is_campus_settled_without_distance IS TRUE AS is_campus_settled_without_distance,
    w.distance_evidence <> 'none' AS has_distance_survey,
    w.is_excepted_department,
    w.excepted_because,
    w.excepted_reason,
    ch.is_hospital_charge_combined,
    CASE WHEN ch.is_hospital_charge_combined IS NULL
         THEN 'no inpatient claim of that hospital with the admission was given' END AS charge_because,
    g.is_registered_inpatient,
    g.is_registered_outpatient,
    g.registration_evidence,
    CASE WHEN g.is_registered_inpatient IS NULL OR g.is_registered_outpatient IS NULL OR g.is_inpatient_on_day IS NULL THEN
        coalesce(g.registration_doubt, encounter_because || CASE WHEN fd.has_feeds THEN ', and no feed speaks for that day' ELSE '' END,
                 'registration_status is blank in the encounters registry') END AS registration_because,
    g.inpatient_hospital_name,
    g.inpatient_hospital_type,
    g.inpatient_since_date,
    CASE WHEN NOT g.is_registered_inpatient OR g.inpatient_hospital_type IS NULL THEN NULL
         WHEN g.inpatient_hospital_type = 'ipf' THEN '51' WHEN g.inpatient_hospital_type = 'irf' THEN '61' ELSE '21' END
        AS inpatient_place_of_service_code,
    coalesce(inpatient_place_of_service_code, '21, 51 or 61') AS inpatient_place_of_service_codes,
    CASE WHEN NOT g.is_registered_inpatient THEN 'the patient was no inpatient'
         WHEN g.is_registered_inpatient IS NULL THEN registration_because
         WHEN g.inpatient_hospital_type IS NULL THEN 'the type of that hospital is blank in the registries'
         WHEN g.inpatient_hospital_name IS NULL OR g.inpatient_since_date IS NULL
             THEN 'admitting_hospital_id or admitted_at is blank in the encounters registry' END AS inpatient_because,
    coalesce(' of ' || g.inpatient_hospital_name, '') || coalesce(' since ' || g.inpatient_since_date, '') AS inpatient_stay,
    g.is_inpatient_on_day,
    g.has_outpatient_registration_on_day,
    g.is_registration_asked,
    g.match_method,
    g.is_strict_match,
    pw.* EXCLUDE (row_id, admission_doubt, has_condition_code_51, is_admitted_at_hospital, hospital_because),
    CASE WHEN pw.is_in_payment_window IS NULL OR pw.has_admission_on_record IS NULL THEN
        coalesce(pw.admission_doubt,
                 encounter_because || CASE WHEN fd.has_feeds THEN ', and no feed speaks for all days of the window' ELSE '' END)
    END AS admission_because,
    CASE WHEN NOT pw.has_admission_on_record THEN 'no admission is on record'
         WHEN pw.has_admission_on_record IS NULL THEN coalesce(admission_because, 'nobody speaks of an admission')
         WHEN pw.is_on_day_of_admission IS NULL AND pw.admission_date IS NOT NULL THEN 'the line has no readable service date'
         WHEN pw.admission_date IS NULL OR pw.admitting_hospital_name IS NULL OR pw.admitting_hospital_type IS NULL
             THEN 'it is blank in the registries' END AS stay_because,
    h.* EXCLUDE (row_id, performer_because),
    CASE WHEN h.performer_kind IS NOT NULL THEN NULL
         WHEN h.performer_because IS NOT NULL THEN h.performer_because
         WHEN f.fitting = 1 THEN 'performed_by_type and performed_by_npi are blank in the encounters registry'
         ELSE encounter_because END AS performer_because,
    m.* EXCLUDE row_id,
    e.* EXCLUDE (row_id, substantive_because, telehealth_because, component_site_because,
                 specimen_because, has_component_site, has_specimen_site, discharge_date, is_given_at_a_distance),
    coalesce(e.substantive_because, encounter_because) AS substantive_because,
    coalesce(e.telehealth_because, encounter_because) AS telehealth_because,
    coalesce(e.component_site_because, encounter_because) AS component_site_because,
    coalesce(e.specimen_because, encounter_because) AS specimen_because,
    coalesce(e.has_component_site, FALSE) AS has_component_site,
    coalesce(e.has_specimen_site, FALSE) AS has_specimen_site,
    coalesce(e.is_shared_visit, FALSE) AS has_shared_visit_on_record,
    o.is_telehealth OR l.place_of_service_code IN ('02', '10') OR coalesce(e.is_given_at_a_distance, FALSE)
        AS is_marked_as_telehealth,
    w.site_type IN ('skilled_nursing_facility', 'nursing_facility') AS is_at_nursing_facility,
    e.is_skilled_nursing_part_a IS FALSE AS is_part_a_stay_ruled_out,
    CASE WHEN coalesce(e.is_skilled_nursing_part_a, FALSE)
              AND coalesce(w.site_type NOT IN ('skilled_nursing_facility', 'nursing_facility'), TRUE) THEN NULL
         ELSE FALSE END AS is_part_a_code_due_elsewhere,
    CASE WHEN is_part_a_code_due_elsewhere IS NULL
         THEN 'no text says which code is due for a Part A resident who is seen away from the nursing facility'
    END AS part_a_code_because,
    coalesce(l.claim_discharge_date, e.discharge_date) AS discharge_date,
    CASE WHEN coalesce(l.claim_discharge_date, e.discharge_date) IS NOT NULL THEN NULL
         WHEN f.fitting = 1 THEN 'the claim names no discharge, and discharged_at is blank in the encounters registry'
         ELSE 'the claim names no discharge, and ' || encounter_because END AS discharge_because,
    coalesce(v.has_office_visit, FALSE) AS has_office_visit_beside,
    coalesce(v.has_home_visit, FALSE) AS has_home_visit_beside,
    coalesce(v.has_hospital_visit, FALSE) AS has_hospital_visit_beside,
    coalesce(v.has_nursing_facility_visit, FALSE) AS has_nursing_facility_visit_beside,
    coalesce(v.has_cognitive_assessment, FALSE) AS has_cognitive_assessment_beside,
    coalesce(e.has_notice, FALSE) AS has_notice_on_file,
    replace(y.policy_because, 'this payer', coalesce(l.payer_name, l.payer_id, 'this payer')) AS policy_because,
    CASE WHEN pc.use IS NOT NULL THEN pc.use = l.place_of_service_code
         WHEN y.place_others = 'taken' THEN TRUE END AS is_place_of_service_taken_by_payer,
    CASE WHEN pc.use IS NOT NULL THEN pc.use
         WHEN y.place_others = 'taken' THEN l.place_of_service_code END AS payer_place_of_service_code,
    CASE WHEN y.differential_topic IS NULL THEN NULL
         WHEN dc.topic_id IS NOT NULL THEN TRUE
         WHEN y.differential_others = 'by_place' THEN TRUE
         WHEN y.differential_others = 'one_rate' THEN FALSE END AS has_payer_site_differential,
    y.telehealth_modifier AS payer_telehealth_modifier,
    coalesce(y.telehealth_modifier = 'forbidden', FALSE) AS is_telehealth_modifier_refused_by_payer,
    coalesce(y.has_service_facility_policy, FALSE) AS has_service_facility_policy,
    pa.topic_id IS NOT NULL AS is_place_of_service_asked_by_payer,
    e.telehealth_mode IS NOT NULL AS has_telehealth_mode_on_record,
    y.service_facility = 'true' AS is_service_facility_required_by_payer,
    CASE y.payment_window WHEN 'as_medicare' THEN TRUE WHEN 'never' THEN FALSE END AS has_payment_window_by_payer,
    run.has_whole_fee_schedule OR coalesce(b.has_row, FALSE) AS has_fee_schedule,
    coalesce(b.has_row, FALSE) AS has_fee_row,
    l.is_facility_rate,
    CASE WHEN l.service_date IS NULL THEN 'the line has no readable service date'
         ELSE 'whether Medicare pays ' || l.place_of_service_code || ' at the facility rate is not known'
    END AS facility_rate_because,
    b.* EXCLUDE (row_id, has_row, row_because, nonfacility_because, facility_because, allowed_because,
                 performer_amount_because, shared_amount_because),
    coalesce(unpriced(run.has_fee_schedule, b.row_id), b.row_because) AS row_because,
    coalesce(unpriced(run.has_fee_schedule, b.row_id), b.nonfacility_because) AS nonfacility_because,
    coalesce(unpriced(run.has_fee_schedule, b.row_id), b.facility_because) AS facility_because,
    coalesce(unpriced(run.has_fee_schedule, b.row_id), b.allowed_because) AS allowed_because,
    coalesce(unpriced(run.has_fee_schedule, b.row_id), b.performer_amount_because) AS performer_amount_because,
    coalesce(unpriced(run.has_fee_schedule, b.row_id), b.shared_amount_because) AS shared_amount_because
-- Narrow tables first: what a join costs goes by the columns that it hands on.
FROM rated AS l
CROSS JOIN run
CROSS JOIN (SELECT count(*) > 0 AS has_feeds FROM feed_days) AS fd
JOIN payer_policies AS y USING (payer_day)
LEFT JOIN policy_places AS pc ON pc.topic_id = y.place_topic AND pc.code = l.place_of_service_code
LEFT JOIN (SELECT DISTINCT topic_id, use AS code FROM policy_places WHERE use <> code) AS pa
    ON pa.topic_id = y.place_topic AND pa.code = l.place_of_service_code
LEFT JOIN differential_procedures AS dc ON dc.topic_id = y.differential_topic AND dc.procedure_code = l.procedure_code
LEFT JOIN visit_days AS v ON v.claim_key = l.claim_key AND v.service_date IS NOT DISTINCT FROM l.service_date
LEFT JOIN duplicate_lines AS d USING (row_id)
LEFT JOIN line_encounters AS f USING (row_id)
LEFT JOIN combined_charges AS ch USING (row_id)
JOIN duplicate_keys AS k USING (row_id)
JOIN lines AS t USING (row_id)
JOIN component_lines AS m USING (row_id)
JOIN line_practitioners AS h USING (row_id)
LEFT JOIN line_amounts AS b USING (row_id)
JOIN line_registrations AS g USING (row_id)
JOIN line_sites AS w USING (row_id)
LEFT JOIN (SELECT DISTINCT npi FROM providers WHERE is_practitioner_type(provider_type)) AS pn ON pn.npi = w.service_facility_npi
LEFT JOIN site_type_codes AS tc ON tc.site_type = w.site_type AND in_force(tc.effective, tc.until, l.service_date)
JOIN place_sites AS s USING (place_id)
JOIN modifier_sets AS o ON o.modifiers = t.modifiers
LEFT JOIN encounter_facts AS e USING (row_id)
JOIN window_lines AS pw USING (row_id);
