-- What the encounters registry says of a service line: a row for each line that one of its rows fits.
--
-- is_substantive_…        of the physician, or of the nonphysician practitioner; both can have done one. More than half of the time, or decision making where the law of the day lets it count.
--                         NULL also where that law counts what nobody recorded (history and examination, until 2023).
-- is_component_split_…    FALSE at one site, or two sites of one hospital; TRUE where one part was given in hospital
--                         space and the other was not, or at two hospitals; two offices of different sites: NULL.
-- …_place_of_service_code of a part: 21 for an inpatient, wherever it was given; else the code of its site, in hospital
--                         space only where the patient is known to be no inpatient, at a nursing facility by Part A
--                         coverage.

-- What may make a shared visit the physician's, by day: time, decision_making, history, examination.
CREATE OR REPLACE TABLE shared_measures AS
SELECT effective, until, row['visits'] AS visits, list(row['measure']) AS measures
FROM law_rows
WHERE path = 'us.cms.mpfs.shared_visit_measures'
GROUP BY effective, until, row['visits'];

-- A principal diagnosis of the chapter on mental and behavioural disorders, with or without its point.
CREATE OR REPLACE MACRO is_mental_diagnosis(diagnosis) AS upper(left(diagnosis, 3)) BETWEEN 'F01' AND 'F99';

CREATE OR REPLACE TABLE encounter_facts AS
WITH found AS (
    SELECT
        f.row_id,
        l.service_date,
        CASE WHEN l.procedure_code IN ('99291', '99292') THEN 'critical_care' ELSE 'other' END AS visits,
        c.principal_diagnosis_code,
        g.is_registered_inpatient AS is_inpatient,
        CASE WHEN e.is_skilled_nursing_part_a THEN '31' WHEN NOT e.is_skilled_nursing_part_a THEN '32' END AS nursing_code,
        e.*
    FROM line_encounters AS f
    JOIN professional_lines AS l USING (row_id)
    JOIN claims AS c USING (claim_key)
    JOIN line_registrations AS g USING (row_id)
    JOIN encounters AS e ON e.row_number = f.row_number
    WHERE f.fitting = 1
)
SELECT
    e.row_id,
    e.has_custody_exception,
    e.split_practitioner_type <> 'none' AS is_shared_visit,
    CASE WHEN e.split_practitioner_type = 'none' THEN 'none' ELSE upper(e.split_practitioner_type) END
        AS shared_practitioner_type,
    e.is_same_group AS is_shared_within_group,
    CASE
        WHEN m.measures IS NULL THEN NULL
        WHEN NOT list_contains(m.measures, 'decision_making') THEN e.physician_time_share > 0.5
        WHEN list_contains(m.measures, 'history')
            THEN e.physician_time_share > 0.5 OR e.has_physician_decision_making OR NULL
        ELSE e.physician_time_share > 0.5 OR e.has_physician_decision_making
    END AS is_substantive_portion_by_physician,
    CASE
        WHEN m.measures IS NULL THEN NULL
        WHEN NOT list_contains(m.measures, 'decision_making') THEN e.physician_time_share < 0.5
        WHEN list_contains(m.measures, 'history')
            THEN e.physician_time_share < 0.5 OR NOT e.has_physician_decision_making OR NULL
        ELSE e.physician_time_share < 0.5 OR NOT e.has_physician_decision_making
    END AS is_substantive_portion_by_nonphysician,
    CASE
        WHEN is_substantive_portion_by_physician IS NOT NULL AND is_substantive_portion_by_nonphysician IS NOT NULL
            THEN NULL
        WHEN e.service_date IS NULL THEN 'the line has no readable service date'
        WHEN m.measures IS NULL THEN 'no law on shared visits is loaded for that day'
        WHEN list_contains(m.measures, 'history') AND e.physician_time_share IS NOT NULL
                AND e.has_physician_decision_making IS NOT NULL
            THEN 'history and examination counted too on that day, and nobody recorded who did them'
        WHEN NOT list_contains(m.measures, 'decision_making')
            THEN 'physician_time_share is blank in the encounters registry'
        ELSE 'physician_time_share or has_physician_decision_making is blank in the encounters registry'
    END AS substantive_because,
    e.technical_component_site_id IS NOT NULL OR e.reader_site_id IS NOT NULL AS has_component_site,
    CASE WHEN e.technical_component_site_id IS NULL THEN NULL
         WHEN e.is_inpatient THEN '21'
         WHEN t.is_hospital_space AND e.is_inpatient IS NULL THEN NULL
         WHEN t.site_type IN ('skilled_nursing_facility', 'nursing_facility') THEN e.nursing_code
         ELSE t.code END AS technical_component_place_of_service_code,
    CASE
        WHEN e.technical_component_site_id = e.reader_site_id THEN FALSE
        WHEN t.is_hospital_space AND r.is_hospital_space THEN t.hospital_id <> r.hospital_id
        WHEN t.is_hospital_space <> r.is_hospital_space THEN TRUE
    END AS is_component_split_between_entities,
    CASE
        WHEN e.technical_component_site_id IS NULL THEN 'technical_component_site_id is blank in the encounters registry'
        WHEN technical_component_place_of_service_code IS NULL THEN coalesce(t.code_because, 'registration_status is blank in the encounters registry')
        WHEN is_component_split_between_entities IS NOT NULL THEN NULL
        WHEN e.reader_site_id IS NULL THEN 'reader_site_id is blank in the encounters registry'
        WHEN coalesce(t.space_because, r.space_because) IS NOT NULL THEN coalesce(t.space_because, r.space_because)
        ELSE 'the registry does not say whose the two sites are'
    END AS component_site_because,
    e.specimen_site_id IS NOT NULL AS has_specimen_site,
    CASE WHEN e.specimen_site_id IS NULL THEN NULL
         WHEN e.is_inpatient THEN '21'
         WHEN s.is_hospital_space AND e.is_inpatient IS NULL THEN NULL
         WHEN s.site_type IN ('skilled_nursing_facility', 'nursing_facility') THEN e.nursing_code
         ELSE s.code END AS specimen_place_of_service_code,
    CASE WHEN e.specimen_site_id IS NULL THEN 'specimen_site_id is blank in the encounters registry'
         WHEN specimen_place_of_service_code IS NULL THEN coalesce(s.code_because, 'registration_status is blank in the encounters registry') END AS specimen_because,
    coalesce(e.telehealth_mode <> 'none', e.telehealth_patient_place IS NOT NULL) AS is_given_at_a_distance,
    e.telehealth_mode,
    replace(lower(e.telehealth_patient_place), ' ', '_') AS telehealth_patient_place,
    lower(e.telehealth_clinician_place) AS telehealth_clinician_place,
    CASE WHEN replace(lower(e.telehealth_patient_place), ' ', '_') = 'home' THEN '10'
         WHEN h.code IS NOT NULL THEN '02' END AS telehealth_place_of_service_code,
    CASE WHEN e.telehealth_patient_place IS NULL THEN 'telehealth_patient_place is blank in the encounters registry'
         WHEN telehealth_place_of_service_code IS NULL
             THEN 'contractors differ on the code of that place' END AS telehealth_because,
    coalesce(e.is_behavioral_health, CASE WHEN is_mental_diagnosis(e.principal_diagnosis_code) THEN TRUE END)
        AS is_behavioral_health,
    e.is_skilled_nursing_part_a,
    CAST(e.discharged_at AS DATE) AS discharge_date,
    e.has_notice,
    e.is_notice_written,
    e.is_notice_before_service,
    e.has_notice_amount,
    e.has_notice_estimate_statement,
    e.is_emergency_treatment_required,
    e.is_emergency_stabilized,
    e.has_two_coinsurances
FROM found AS e
LEFT JOIN shared_measures AS m ON in_force(m.effective, m.until, e.service_date) AND m.visits = e.visits
LEFT JOIN (SELECT code FROM law_code_sets WHERE path = 'us.cms.telehealth.facility_places') AS h
    ON h.code = replace(lower(e.telehealth_patient_place), ' ', '_')
LEFT JOIN part_sites AS t ON t.site_id = e.technical_component_site_id AND t.service_date IS NOT DISTINCT FROM e.service_date
LEFT JOIN part_sites AS r ON r.site_id = e.reader_site_id AND r.service_date IS NOT DISTINCT FROM e.service_date
LEFT JOIN part_sites AS s ON s.site_id = e.specimen_site_id AND s.service_date IS NOT DISTINCT FROM e.service_date;
