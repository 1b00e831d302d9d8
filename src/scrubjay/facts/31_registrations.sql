-- line_registrations: one row per line: where the patient was registered at the time of the
-- service, and which admission it may have led to. Two voices: the encounters registry (typed) and the
-- feeds, lists and hospital claims (told). Where both speak and differ, the fact is NULL, and both are shown.
--
-- Told by time: between admission and discharge the patient is an inpatient. On the day of either the hours
-- decide; without the hour of the service or of the event it is NULL. FALSE needs a feed that speaks for
-- that day: of the hospital of the site, else of every hospital of the registry.
-- An outpatient registration belongs to its place: at the same site it holds for the day; at a site outside
-- the hospital it does not, unless the hours say that it went on. A registration without an end is one
-- of its day.
-- Where the patient may be one of two people whom nothing tells apart, what either did is NULL.
--
-- has_admission_on_record  an admission within the longest window after the service. FALSE: a feed spoke for
--                          all of these days that are past, and told none.

-- Days of the payment window by type of hospital.
CREATE OR REPLACE TABLE windows AS
SELECT effective, until, row['hospital_type'] AS hospital_type, row['days'] AS days, try_cast(row['days'] AS INTEGER) AS day_count,
    max(try_cast(row['days'] AS INTEGER)) OVER (PARTITION BY effective) AS longest
FROM law_rows
WHERE path = 'us.cms.payment_window.days';

CREATE OR REPLACE MACRO moment(stamp, is_time_known) AS
    CASE WHEN is_time_known THEN strftime(stamp, '%Y-%m-%d %H:%M') ELSE strftime(stamp, '%Y-%m-%d') END;

-- How two ways of naming a patient were found to be one; '' where there is no other.
CREATE OR REPLACE MACRO way_of_match(other, is_strict, is_member, is_record, is_sex) AS CASE
    WHEN other IS NULL THEN ''
    WHEN is_strict THEN CASE WHEN is_member THEN 'member number' WHEN is_record THEN 'medical record number'
                             ELSE 'member or medical record number of another record' END
    WHEN is_sex THEN 'name, birth date and sex'
    ELSE 'name and birth date' END;

-- Whether a claim of the other side should be there by now.
CREATE OR REPLACE MACRO is_waiting_over(day, run_date) AS run_date - day >= CAST(
    (SELECT arg_max(value, effective) FROM law_values WHERE path = 'us.cms.pairs.waiting_days') AS INTEGER);

CREATE OR REPLACE TABLE line_records AS
SELECT
    l.row_id,
    l.service_date AS day,
    l.service_date + coalesce(n.longest, 0) AS window_day,
    w.site_id,
    coalesce(w.hospital_id, sender.hospital_id) AS hospital_id,
    w.is_provider_based,
    e.row_number AS encounter_row,
    CASE WHEN e.service_started_at <> CAST(e.service_started_at AS DATE) THEN e.service_started_at END AS started_at,
    p.identity_id,
    p.patient_id,
    p.is_ambiguous
FROM lines AS l
JOIN line_sites AS w USING (row_id)
LEFT JOIN (SELECT DISTINCT effective, until, longest FROM windows) AS n ON in_force(n.effective, n.until, l.service_date)
LEFT JOIN line_encounters AS f ON f.row_id = l.row_id AND f.fitting = 1
LEFT JOIN encounters AS e ON e.row_number = f.row_number
LEFT JOIN claims AS c ON c.claim_key = l.claim_key AND c.claim_type = 'institutional'  -- a hospital's claim names it
LEFT JOIN feed_codes AS sender ON sender.code = c.billing_provider_npi
LEFT JOIN record_patients AS r ON r.source = 'claim' AND r.record_id = l.claim_key
LEFT JOIN patients AS p ON p.identity_id = r.identity_id AND p.is_named;

-- Days on which every hospital that a line could concern has a feed: first for each hospital, then for all.
CREATE OR REPLACE TABLE spoken_days AS
WITH asked AS (
    SELECT DISTINCT h.hospital_id, l.day AS from_day, unnest([l.day, least(l.window_day, run.run_date - 1)]) AS to_day
    FROM line_records AS l
    CROSS JOIN run
    LEFT JOIN hospitals AS h USING (hospital_id)
    WHERE l.day IS NOT NULL AND EXISTS (FROM feed_days)
)
SELECT
    a.hospital_id,
    a.from_day,
    a.to_day,
    count(*) > 0 AND bool_and(EXISTS (
        FROM feed_days AS f WHERE f.hospital_id = h.hospital_id AND f.first_day <= a.from_day AND f.last_day >= a.to_day
    )) AS is_spoken
FROM asked AS a
JOIN hospitals AS h ON a.hospital_id IS NULL OR h.hospital_id = a.hospital_id
GROUP BY a.hospital_id, a.from_day, a.to_day;

-- Visits of the patient, and of whoever may be the patient, around the day of each line.
CREATE OR REPLACE TABLE line_visits AS
WITH matched AS (
    SELECT l.row_id, l.day, l.window_day, l.site_id AS line_site_id, l.is_provider_based, l.started_at AS service_started_at,
        FALSE AS is_double, v.*
    FROM line_records AS l
    JOIN patient_visits AS v
        ON v.patient_id = l.patient_id AND v.first_day <= l.window_day AND v.last_day >= l.day
    UNION ALL
    SELECT l.row_id, l.day, l.window_day, l.site_id, l.is_provider_based, l.started_at, TRUE, v.*
    FROM line_records AS l
    JOIN doubles AS d USING (identity_id)
    JOIN patient_visits AS v
        ON v.identity_id = d.other_identity_id AND v.first_day <= l.window_day AND v.last_day >= l.day
    WHERE l.is_ambiguous
),
timed AS (
    SELECT
        m.*,
        CASE WHEN day < first_day THEN FALSE WHEN NOT m.is_start_day_known THEN NULL WHEN day > first_day THEN TRUE
             WHEN m.is_start_time_known THEN service_started_at >= m.started_at END AS is_after_start,
        CASE WHEN ended_at IS NULL THEN CASE WHEN patient_class = 'inpatient' AND day < last_day THEN TRUE END
             WHEN day < CAST(ended_at AS DATE) THEN TRUE WHEN day > CAST(ended_at AS DATE) THEN FALSE
             WHEN m.is_end_time_known THEN service_started_at < ended_at END AS is_before_end
    FROM matched AS m
)
SELECT
    *,
    patient_class IS NOT NULL AND patient_class NOT IN ('inpatient', 'preadmission') AS is_outpatient_class,
    CASE
        WHEN day > last_day THEN FALSE
        WHEN is_double AND (is_after_start AND is_before_end) IS DISTINCT FROM FALSE THEN NULL
        WHEN (is_after_start AND is_before_end) IS NOT NULL OR NOT is_outpatient_class THEN is_after_start AND is_before_end
        WHEN site_id = line_site_id THEN TRUE
        WHEN site_id <> line_site_id AND NOT is_provider_based THEN FALSE
    END AS is_inside
FROM timed;

CREATE OR REPLACE TABLE told_registrations AS
SELECT
    row_id,
    CASE WHEN bool_or(is_inside AND patient_class = 'inpatient') THEN TRUE
         WHEN bool_or(is_inside IS NULL AND coalesce(patient_class = 'inpatient', TRUE)) THEN NULL ELSE FALSE END AS is_inpatient,
    CASE WHEN bool_or(is_inside AND patient_class = 'inpatient') THEN FALSE
         WHEN bool_or(is_inside AND is_outpatient_class) THEN TRUE
         WHEN bool_or(is_inside IS NULL AND (is_outpatient_class OR patient_class IS NULL)) THEN NULL ELSE FALSE END AS is_outpatient,
    -- the visit that decides, else the one that leaves it open
    arg_min(visit_id, (CASE WHEN is_inside THEN 0 WHEN is_inside IS NULL THEN 1 ELSE 2 END, is_outpatient_class, started_at, visit))
        FILTER (WHERE is_inside IS DISTINCT FROM FALSE) AS visit_id,
    bool_or(is_double AND is_inside IS NULL) AS is_of_double,
    CASE WHEN bool_or(patient_class = 'inpatient' AND NOT is_double AND day <= last_day AND is_before_end IS DISTINCT FROM FALSE
                      OR is_inside AND patient_class = 'inpatient') THEN TRUE
         WHEN bool_or(is_inside IS NULL AND coalesce(patient_class = 'inpatient', TRUE)) THEN NULL ELSE FALSE END AS is_inpatient_on_day,
    bool_or(is_outpatient_class AND NOT is_double AND day BETWEEN first_day AND last_day) AS has_outpatient_visit
FROM line_visits
WHERE day >= first_day
GROUP BY row_id;

-- The admission that the service may have led to: the patient's own before one that may be his (is_of_double), at the
-- hospital of the site first, then the earliest.
CREATE OR REPLACE TABLE told_admissions AS
WITH matched AS (  -- two joins: one with OR lays every line beside every stay
    SELECT l.row_id, l.hospital_id AS line_hospital_id, FALSE AS is_of_double, s.*
    FROM line_records AS l
    JOIN stays AS s ON s.patient_id = l.patient_id AND CAST(s.admitted_at AS DATE) BETWEEN l.day AND l.window_day
    UNION ALL
    SELECT l.row_id, l.hospital_id, TRUE, s.*
    FROM line_records AS l
    JOIN doubles AS d USING (identity_id)
    JOIN stays AS s ON s.identity_id = d.other_identity_id AND CAST(s.admitted_at AS DATE) BETWEEN l.day AND l.window_day
)
SELECT
    row_id,
    arg_min(stay_id, (is_of_double, coalesce(hospital_id <> line_hospital_id, TRUE), admitted_at, coalesce(hospital, ''))) AS stay_id,
    bool_and(is_of_double) AS is_of_double
FROM matched
GROUP BY row_id;

CREATE OR REPLACE TABLE line_registrations AS
WITH typed AS (
    SELECT
        l.*,
        e.admitted_at AS typed_admitted_at,
        e.discharged_at AS typed_discharged_at,
        e.is_admission_time_known,
        e.admission_status,
        e.admitting_hospital_id,
        e.admitting_hospital_id <> l.hospital_id AS is_stay_elsewhere,  -- of which the feed of the site's hospital says nothing
        e.admitting_hospital_type,
        e.is_part_a_stay,
        e.recorded_by,
        CASE WHEN e.registration_status IS NOT NULL THEN e.registration_status WHEN e.is_observation THEN 'observation' END AS typed_status,
        CASE
            WHEN e.registration_status IS NOT NULL THEN e.registration_status = 'inpatient'
            WHEN e.is_observation OR e.admission_status = 'none' THEN FALSE
            ELSE
                CASE WHEN l.day > CAST(e.admitted_at AS DATE) THEN TRUE WHEN l.day < CAST(e.admitted_at AS DATE) THEN FALSE
                     WHEN e.is_admission_time_known THEN l.started_at >= e.admitted_at END
                AND CASE WHEN e.discharged_at IS NULL OR l.day < CAST(e.discharged_at AS DATE) THEN TRUE
                         WHEN l.day > CAST(e.discharged_at AS DATE) THEN FALSE
                         WHEN e.discharged_at <> CAST(e.discharged_at AS DATE) THEN l.started_at < e.discharged_at END
        END AS typed_inpatient,
        CASE WHEN e.registration_status IS NOT NULL OR e.is_observation
             THEN e.registration_status = 'outpatient' OR coalesce(e.is_observation, FALSE) END AS typed_outpatient,
        CASE WHEN e.admission_status = 'none' THEN FALSE
             WHEN e.admitted_at IS NOT NULL THEN CAST(e.admitted_at AS DATE) BETWEEN l.day AND l.window_day END AS typed_admission,
        CASE WHEN e.admission_status IS NOT NULL THEN e.admission_status = 'admitted' WHEN e.admitted_at IS NOT NULL THEN TRUE END
            AS typed_on_record
    FROM line_records AS l
    LEFT JOIN encounters AS e ON e.row_number = l.encounter_row
),
told AS (
    SELECT
        t.*,
        c.is_spoken AND t.identity_id IS NOT NULL AND NOT coalesce(t.is_stay_elsewhere AND t.typed_inpatient, FALSE) AS is_covered,
        cw.is_spoken AND t.identity_id IS NOT NULL AND NOT coalesce(t.is_stay_elsewhere AND t.typed_admission, FALSE) AS is_window_covered,
        CASE WHEN r.row_id IS NULL OR NOT r.is_inpatient THEN CASE WHEN is_covered OR r.is_outpatient THEN FALSE END
             ELSE r.is_inpatient END AS told_inpatient,
        CASE WHEN r.row_id IS NULL OR NOT r.is_outpatient THEN CASE WHEN is_covered OR r.is_inpatient THEN FALSE END
             ELSE r.is_outpatient END AS told_outpatient,
        CASE WHEN r.row_id IS NULL OR NOT r.is_inpatient_on_day THEN CASE WHEN is_covered OR r.is_outpatient THEN FALSE END
             ELSE r.is_inpatient_on_day END AS told_inpatient_on_day,
        coalesce(r.has_outpatient_visit, FALSE) AS has_outpatient_visit,
        v.source AS visit_source,
        v.patient_class,
        v.hospital AS visit_hospital,
        v.hospital_name AS visit_hospital_name,
        v.hospital_type AS visit_hospital_type,
        v.started_at AS visit_started_at,
        v.is_start_day_known,
        v.is_start_time_known AS is_visit_start_time_known,
        v.ended_at AS visit_ended_at,
        coalesce(r.is_of_double, FALSE) AS is_of_double,
        CASE WHEN m.row_id IS NOT NULL THEN CASE WHEN NOT m.is_of_double THEN TRUE END WHEN is_window_covered THEN FALSE END
            AS told_admission,
        coalesce(m.is_of_double, FALSE) AS is_admission_of_double,
        s.hospital AS stay_hospital,
        s.hospital_name AS stay_hospital_name,
        s.hospital_type AS stay_hospital_type,
        s.admitted_at AS stay_admitted_at,
        s.is_admission_time_known AS is_stay_time_known,
        s.is_part_a_stay AS is_told_part_a_stay,
        coalesce(v.identity_id, s.identity_id) AS matched_identity_id
    FROM typed AS t
    CROSS JOIN run
    LEFT JOIN hospitals AS h ON h.hospital_id = t.hospital_id
    LEFT JOIN spoken_days AS c
        ON c.hospital_id IS NOT DISTINCT FROM h.hospital_id AND c.from_day = t.day AND c.to_day = t.day
    LEFT JOIN spoken_days AS cw
        ON cw.hospital_id IS NOT DISTINCT FROM h.hospital_id AND cw.from_day = t.day
        AND cw.to_day = least(t.window_day, run.run_date - 1)
    LEFT JOIN told_registrations AS r USING (row_id)
    LEFT JOIN patient_visits AS v ON v.visit_id = r.visit_id
    LEFT JOIN told_admissions AS m USING (row_id)
    LEFT JOIN stays AS s ON s.stay_id = m.stay_id AND NOT m.is_of_double
),
settled AS (
    SELECT
        *,
        typed_inpatient <> told_inpatient OR typed_outpatient <> told_outpatient AS is_disputed,
        typed_admission <> told_admission
            OR told_admission AND CAST(typed_admitted_at AS DATE) <> CAST(stay_admitted_at AS DATE) AND typed_admission AS is_admission_disputed,
        CASE WHEN typed_inpatient <> told_inpatient THEN NULL ELSE coalesce(typed_inpatient, told_inpatient) END AS is_registered_inpatient,
        CASE WHEN typed_outpatient <> told_outpatient THEN NULL ELSE coalesce(typed_outpatient, told_outpatient) END
            AS is_registered_outpatient,
        -- on the days of admission and discharge the hospital is known, where the hour is not
        coalesce(is_registered_inpatient, patient_class = 'inpatient' AND NOT coalesce(is_disputed, FALSE)) AS may_be_inpatient,
        CASE WHEN is_admission_disputed THEN NULL
             ELSE coalesce(CASE WHEN typed_admission THEN TRUE END, told_admission, typed_on_record) END AS has_admission_on_record,
        CASE WHEN has_admission_on_record THEN coalesce(stay_admitted_at, typed_admitted_at) END AS admitted_at
    FROM told
)
SELECT
    s.row_id,
    s.is_registered_inpatient,
    s.is_registered_outpatient,
    CASE WHEN s.is_registered_inpatient THEN TRUE
         WHEN s.is_disputed THEN NULL
         WHEN s.day BETWEEN CAST(s.typed_admitted_at AS DATE) AND coalesce(CAST(s.typed_discharged_at AS DATE), s.day) THEN TRUE
         ELSE coalesce(s.told_inpatient_on_day, s.typed_inpatient) END AS is_inpatient_on_day,
    s.has_outpatient_visit OR coalesce(s.typed_outpatient, FALSE) AS has_outpatient_registration_on_day,
    s.encounter_row IS NOT NULL OR s.visit_source IS NOT NULL OR s.is_of_double OR coalesce(s.is_covered, FALSE) AS is_registration_asked,
    coalesce(s.typed_on_record, FALSE) OR coalesce(s.told_admission, FALSE) OR s.is_admission_of_double OR coalesce(s.is_admission_disputed, FALSE) AS is_admission_told,
    -- what both voices say, where the told one says something
    CASE WHEN s.visit_hospital IS NOT NULL OR s.is_disputed THEN concat_ws('; ',
        CASE WHEN s.visit_hospital IS NOT NULL THEN
            CASE s.visit_source WHEN 'feed' THEN 'the feed' WHEN 'list' THEN 'the list' ELSE 'the hospital''s claim' END
            || ' says ' || coalesce(s.patient_class, 'a patient of a class that it does not name') || ' at '
            || coalesce(s.visit_hospital_name, s.visit_hospital, 'a hospital') || ' since ' || moment(s.visit_started_at, s.is_visit_start_time_known)
            || coalesce(' until ' || strftime(s.visit_ended_at, '%Y-%m-%d'), '')
             WHEN s.told_inpatient IS NOT NULL THEN 'the feed says no registration' END,
        'the encounters registry says ' || coalesce(s.typed_status, CASE WHEN s.typed_inpatient THEN 'inpatient' WHEN NOT s.typed_inpatient THEN 'no inpatient' END)
            || coalesce(' (' || s.recorded_by || ')', ''))
    ELSE '' END AS registration_evidence,
    CASE
        WHEN s.is_disputed THEN 'the two do not agree: ' || registration_evidence
        WHEN s.is_of_double THEN 'two patients of that name and birth date, or of that member number, cannot be told apart'
        WHEN s.visit_source IS NOT NULL AND s.patient_class IS NULL THEN 'the feed does not say in which class the patient was'
        WHEN NOT s.is_start_day_known THEN 'the hospital''s claim holds that day, and does not say when the patient was admitted'
        WHEN s.visit_source IS NOT NULL THEN
            'on that day the patient was ' || s.patient_class || ' at ' || coalesce(s.visit_hospital_name, s.visit_hospital, 'a hospital')
            || ', and the hours do not say whether at the time of the service'
        WHEN s.encounter_row IS NOT NULL AND s.typed_admitted_at IS NOT NULL
            THEN 'the service was on the day of admission or discharge, and the hours do not say whether within the stay'
        WHEN s.encounter_row IS NOT NULL THEN 'registration_status is blank in the encounters registry'
    END AS registration_doubt,
    CASE WHEN s.may_be_inpatient THEN coalesce(s.visit_hospital_name, s.visit_hospital, h.hospital_name, s.admitting_hospital_id) END AS inpatient_hospital_name,
    CASE WHEN s.may_be_inpatient THEN CASE WHEN s.patient_class = 'inpatient' THEN coalesce(s.visit_hospital_type, s.admitting_hospital_type)
         ELSE coalesce(s.admitting_hospital_type, h.hospital_type) END END AS inpatient_hospital_type,
    CASE WHEN s.may_be_inpatient THEN CAST(CASE WHEN s.patient_class = 'inpatient' THEN s.visit_started_at ELSE s.typed_admitted_at END AS DATE) END
        AS inpatient_since_date,
    way_of_match(b.identity_id, a.strict_id = b.strict_id, a.member = b.member, a.record_number = b.record_number, a.sex = b.sex)
        AS match_method,
    coalesce(a.strict_id = b.strict_id, TRUE) AS is_strict_match,
    s.has_admission_on_record,
    CAST(s.admitted_at AS DATE) AS admission_date,
    s.day,
    s.hospital_id,
    CASE WHEN s.has_admission_on_record THEN coalesce(s.stay_hospital, s.admitting_hospital_id) END AS admitting_hospital_id,
    CASE WHEN s.has_admission_on_record THEN coalesce(s.stay_hospital_name, h.hospital_name, s.stay_hospital, s.admitting_hospital_id) END AS admitting_hospital_name,
    CASE WHEN s.has_admission_on_record THEN coalesce(s.stay_hospital_type, s.admitting_hospital_type, h.hospital_type) END AS admitting_hospital_type,
    s.admitting_hospital_type AS recorded_hospital_type,  -- by the encounters registry, whether an admission is on record or not
    CASE WHEN s.has_admission_on_record THEN coalesce(s.is_part_a_stay, s.is_told_part_a_stay) END AS is_part_a_stay,
    CASE WHEN s.is_admission_disputed THEN 'the feed and the encounters registry do not agree on an admission'
         WHEN s.is_admission_of_double THEN 'two patients of that name and birth date, or of that member number, cannot be told apart'
         WHEN s.has_admission_on_record IS NOT NULL THEN NULL
         WHEN s.encounter_row IS NOT NULL THEN 'admission_status and admitted_at are blank in the encounters registry'
    END AS admission_because,
    -- the registry says that there is a stay, and not when
    s.has_admission_on_record AND s.admitted_at IS NULL AS is_admission_date_missing
FROM settled AS s
LEFT JOIN hospitals AS h ON h.hospital_id = s.admitting_hospital_id
LEFT JOIN patients AS a ON a.identity_id = s.identity_id
LEFT JOIN patients AS b ON b.identity_id = s.matched_identity_id;
