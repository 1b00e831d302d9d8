-- patient_visits: one row per patient in one class at one hospital, from its start to its end: stays,
-- observation, registrations. stays: one row per inpatient stay. feed_days: which hospital's feed spoke for
-- which days, so that "nothing was said" and "nobody spoke" differ.
--
-- Three sources. A stay that a feed or a list tells is not told again by the hospital's claim, which says only whether
-- Part A covers it.
--   feed   HL7 messages, folded: what was entered last counts, whatever the order of the files
--   list   rows of a CSV list
--   claim  the hospital's inpatient claims, type of bill 11X (12X: without Part A). Without an admission date the
--          first day of the stay is not known: the statement may begin before it (is_start_day_known)
--
-- A cancellation takes back what was entered before it, or with it: A11 and A23 the whole visit, A13 the
-- discharge, A12 the transfer, A38 the preadmission; an admission entered later opens the visit again.
-- A class holds from the event that says so to the next. A discharged visit stays closed until it is
-- opened again: a later update (A08) does not.
--
-- started_at, ended_at   NULL end: not ended, or not known. is_…_time_known: FALSE where only the day is.
-- first_day, last_day    the days on which it may have been. Without an end: of an inpatient the day up to
--                        which the feed speaks, of a recurring visit the end of the month, of an outpatient
--                        the same day, of others the next.
-- patient_class          NULL: the sender's letter says nothing (N, U, B, C).

-- The hospital, and where they say it the site, that a code of the feeds means.
CREATE OR REPLACE TABLE feed_codes AS
WITH codes AS (
    SELECT hospital_id, site_id, site_type, unnest(list_filter(
        [hospital_id, ccn, CASE WHEN npi <> 'none' THEN npi END] || string_split_regex(coalesce(feed_codes, ''), '\s+'),
        lambda code: code <> '')) AS code, site_type = 'main_campus' AS is_of_hospital
    FROM sites
    WHERE hospital_id IS NOT NULL
    UNION ALL
    SELECT hospital_id, site_id, site_type, site_id, FALSE FROM sites WHERE hospital_id IS NOT NULL
)
SELECT
    upper(code) AS code,
    CASE WHEN count(DISTINCT hospital_id) = 1 THEN min(hospital_id) END AS hospital_id,
    -- a code of the whole hospital names no site
    CASE WHEN count(DISTINCT site_id) = 1 AND NOT bool_or(is_of_hospital) THEN min(site_id) END AS site_id,
    CASE WHEN count(DISTINCT site_id) = 1 THEN min(site_type) END AS site_type
FROM codes
GROUP BY upper(code);

CREATE OR REPLACE MACRO patient_class_of(class_code, type_code) AS CASE
    WHEN upper(class_code) IN ('OBS', 'OBV', 'OBSV', 'OBSENC', 'OBSERVATION')
        OR upper(type_code) IN ('OBS', 'OBV', 'OBSV', 'OBSERVATION') AND upper(class_code) IN ('I', 'O', 'E') THEN 'observation'
    WHEN upper(class_code) IN ('I', 'IP', 'IMP', 'INPATIENT') THEN 'inpatient'
    WHEN upper(class_code) IN ('O', 'OP', 'AMB', 'OUTPATIENT') THEN 'outpatient'
    WHEN upper(class_code) IN ('E', 'ER', 'ED', 'EMER', 'EMERGENCY') THEN 'emergency'
    WHEN upper(class_code) IN ('R', 'RECURRING') THEN 'recurring'
    WHEN upper(class_code) IN ('P', 'PREADMIT', 'PRENC') THEN 'preadmission'
END;

-- Messages about a visit, each with when it happened, when it was entered, and what it does.
CREATE OR REPLACE TABLE visit_points AS
WITH RECURSIVE
renamed AS (  -- a visit or an account under another number
    SELECT DISTINCT prior_visit_number AS old, coalesce(visit_number, account_number) AS new
    FROM visit_events WHERE prior_visit_number IS NOT NULL AND event_code IN ('A42', 'A45', 'A50')
    UNION
    SELECT prior_account_number, account_number
    FROM visit_events WHERE prior_account_number IS NOT NULL AND event_code IN ('A41', 'A44', 'A49')
),
named AS (
    SELECT
        e.*,
        coalesce(visit_number, account_number) AS number,
        upper(coalesce(visit_authority, sending_facility, '')) AS giver,
        coalesce(recorded_at, sent_at, occurred_at) AS entered_at
    FROM visit_events AS e
    WHERE message_type = 'ADT'
),
aliases(old, new, steps) AS (
    SELECT old, new, 1 FROM renamed WHERE new IS NOT NULL AND old <> new
    UNION
    SELECT a.old, r.new, steps + 1 FROM aliases AS a JOIN renamed AS r ON r.old = a.new WHERE steps < 9 AND r.new IS NOT NULL
),
last_names AS (SELECT old, arg_max(new, (steps, new)) AS new FROM aliases GROUP BY old)
SELECT
    e.event_id,
    concat_ws(' ', e.giver, coalesce(n.new, e.number, 'of ' || e.medical_record_number || ' ' || CAST(e.admitted_at AS DATE))) AS visit_name,
    e.event_code,
    e.entered_at,
    CASE WHEN e.occurred_at IS NOT NULL THEN e.occurred_at
         WHEN e.event_code IN ('A01', 'A04') AND e.admitted_at IS NOT NULL THEN e.admitted_at
         WHEN e.event_code = 'A03' AND e.discharged_at IS NOT NULL THEN e.discharged_at
         ELSE coalesce(e.recorded_at, e.admitted_at, e.sent_at) END AS happened_at,
    CASE WHEN e.occurred_at IS NOT NULL THEN e.is_occurrence_time_known
         WHEN e.event_code IN ('A01', 'A04') AND e.admitted_at IS NOT NULL THEN e.is_admission_time_known
         WHEN e.event_code = 'A03' AND e.discharged_at IS NOT NULL THEN e.is_discharge_time_known
         WHEN e.recorded_at IS NOT NULL THEN e.is_recorded_time_known
         ELSE coalesce(e.is_admission_time_known AND e.admitted_at IS NOT NULL, FALSE) END AS is_time_known,
    CASE WHEN e.event_code IN ('A01', 'A04', 'A06', 'A07') THEN 'open'
         WHEN e.event_code = 'A03' THEN 'end'
         WHEN e.event_code IN ('A02', 'A08', 'A13') THEN 'change' END AS kind,
    CASE e.event_code WHEN 'A06' THEN coalesce(nullif(patient_class_of(e.patient_class_code, e.patient_type_code), 'outpatient'), 'inpatient')
         ELSE patient_class_of(e.patient_class_code, e.patient_type_code) END AS patient_class,
    e.admitted_at,
    e.is_admission_time_known,
    e.discharged_at,
    e.is_discharge_time_known,
    coalesce(s.hospital_id, f.hospital_id, p.hospital_id, m.hospital_id) AS hospital_id,
    coalesce(s.hospital_id, f.hospital_id, p.hospital_id, m.hospital_id, e.servicing_facility, e.facility, e.sending_facility) AS hospital,
    coalesce(p.site_id, f.site_id) AS site_id,
    coalesce(p.site_type, f.site_type) AS site_type,
    coalesce(e.message_control_id, '') AS message_control_id
FROM named AS e
LEFT JOIN last_names AS n ON n.old = e.number
LEFT JOIN feed_codes AS s ON s.code = upper(e.servicing_facility)
LEFT JOIN feed_codes AS f ON f.code = upper(e.facility)
LEFT JOIN feed_codes AS p ON p.code = upper(e.point_of_care)
LEFT JOIN feed_codes AS m ON m.code = upper(e.sending_facility)
WHERE coalesce(e.number, e.medical_record_number) IS NOT NULL;

CREATE OR REPLACE TABLE folded_visits AS
WITH taken_back AS (
    SELECT
        visit_name,
        max(entered_at) FILTER (WHERE event_code IN ('A11', 'A23')) AS visit_until,
        max(entered_at) FILTER (WHERE event_code = 'A13') AS discharge_until,
        max(entered_at) FILTER (WHERE event_code = 'A12') AS transfer_until
    FROM visit_points
    GROUP BY visit_name
),
live AS (
    SELECT p.*, t.visit_until
    FROM visit_points AS p
    JOIN taken_back AS t USING (visit_name)
    WHERE p.kind IS NOT NULL AND p.event_code <> 'A13'
        AND coalesce(p.entered_at > t.visit_until, TRUE)
        AND (p.event_code <> 'A03' OR coalesce(p.entered_at > t.discharge_until, TRUE))
        AND (p.event_code <> 'A02' OR coalesce(p.entered_at > t.transfer_until, TRUE))
),
alive AS (
    SELECT
        visit_name,
        -- what was entered last of its start
        arg_max(admitted_at, (entered_at, message_control_id)) FILTER (WHERE admitted_at IS NOT NULL) AS visit_admitted_at,
        arg_max(is_admission_time_known, (entered_at, message_control_id)) FILTER (WHERE admitted_at IS NOT NULL)
            AS is_visit_admission_time_known,
        bool_or(event_code IN ('A06', 'A07')) AS has_class_change
    FROM live
    GROUP BY visit_name
    HAVING bool_or(kind = 'open') OR bool_and(visit_until IS NULL)
),
changes AS (
    SELECT
        l.*,
        v.* EXCLUDE visit_name,
        last_value(CASE WHEN l.kind IN ('open', 'end') THEN l.kind END IGNORE NULLS) OVER (
            timeline ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS state,
        row_number() OVER timeline = 1 AS is_first
    FROM live AS l
    JOIN alive AS v USING (visit_name)
    WHERE l.kind IN ('open', 'end') OR l.patient_class IS NOT NULL
    WINDOW timeline AS (PARTITION BY l.visit_name ORDER BY l.happened_at, l.entered_at, l.kind, l.message_control_id)
),
periods AS (
    SELECT
        *,
        -- the start of the first period is the visit's, unless that was moved by a change of class
        is_first AND visit_admitted_at IS NOT NULL
            AND (NOT has_class_change OR event_code NOT IN ('A06', 'A07') AND visit_admitted_at <= happened_at) AS is_from_start,
        CASE WHEN is_from_start THEN visit_admitted_at ELSE happened_at END AS started_at,
        CASE WHEN is_from_start THEN is_visit_admission_time_known ELSE is_time_known END AS is_start_time_known,
        lead(happened_at) OVER timeline AS ended_at,
        lead(is_time_known) OVER timeline AS is_end_time_known
    FROM changes
    WHERE NOT coalesce(state = 'end' AND kind = 'change', FALSE)
    WINDOW timeline AS (PARTITION BY visit_name ORDER BY happened_at, entered_at, kind, message_control_id)
)
SELECT * FROM periods WHERE kind <> 'end' AND coalesce(ended_at >= started_at, TRUE);

-- Which hospital's feed spoke for which days.
CREATE OR REPLACE TABLE spoken_days AS
SELECT 'visits' AS kind, hospital_id, CAST(entered_at AS DATE) AS day
FROM visit_points WHERE hospital_id IS NOT NULL AND entered_at IS NOT NULL
UNION
SELECT 'visits', f.hospital_id, CAST(v.started_at AS DATE)
FROM visits AS v JOIN feed_codes AS f ON f.code = upper(v.hospital)
WHERE f.hospital_id IS NOT NULL AND v.started_at IS NOT NULL;

CREATE OR REPLACE TABLE feed_days AS
SELECT hospital_id, first_day, last_day FROM observed_days('spoken_days')
UNION ALL
SELECT hospital_id, first_day, last_day FROM declared_feeds WHERE kind = 'visits';

CREATE OR REPLACE TABLE patient_visits AS
WITH listed AS (  -- what several lists say of one visit, once: cancelled by one, it is cancelled; ended in one, it has ended
    SELECT *
    FROM visits
    WHERE started_at IS NOT NULL
    QUALIFY visit_number IS NULL AND NOT is_cancelled OR visit_number IS NOT NULL
        AND NOT bool_or(is_cancelled) OVER (PARTITION BY upper(hospital), visit_number)
        AND row_number() OVER (PARTITION BY upper(hospital), visit_number, patient_class, started_at
                               ORDER BY ended_at IS NULL, ended_at DESC, is_part_a_stay IS NULL, visit_id) = 1
),
told AS (
    SELECT 'feed' AS source, visit_name AS visit, r.identity_id, patient_class, hospital_id, hospital, site_id, site_type,
        started_at, coalesce(is_start_time_known, FALSE) AS is_start_time_known, ended_at,
        coalesce(is_end_time_known, FALSE) AS is_end_time_known, CAST(NULL AS BOOLEAN) AS is_part_a_stay,
        TRUE AS is_start_day_known
    FROM folded_visits AS v
    JOIN record_patients AS r ON r.source = 'event' AND r.record_id = v.event_id
    UNION ALL
    SELECT 'list', coalesce(v.visit_number, ''), r.identity_id, v.patient_class, coalesce(h.hospital_id, p.hospital_id),
        coalesce(h.hospital_id, p.hospital_id, v.hospital), p.site_id, p.site_type, v.started_at, v.is_start_time_known, v.ended_at,
        v.is_end_time_known, v.is_part_a_stay, TRUE
    FROM listed AS v
    JOIN record_patients AS r ON r.source = 'visit' AND r.record_id = v.visit_id
    LEFT JOIN feed_codes AS h ON h.code = upper(v.hospital)
    LEFT JOIN feed_codes AS p ON p.code = upper(v.location)
    UNION ALL
    SELECT 'claim', coalesce(c.claim_id, ''), r.identity_id, 'inpatient', h.hospital_id, coalesce(h.hospital_id, c.billing_provider_npi),
        NULL, NULL, coalesce(c.admitted_at, CAST(c.admission_date AS TIMESTAMP), CAST(c.statement_from_date AS TIMESTAMP)),
        c.admitted_at IS NOT NULL,
        CASE WHEN c.patient_status_code = '30' THEN NULL
             ELSE coalesce(CAST(c.discharge_date AS TIMESTAMP), CAST(c.statement_through_date AS TIMESTAMP))
                 + CASE WHEN regexp_full_match(c.discharge_hour, '([01]\d|2[0-3])[0-5]\d') THEN
                       to_minutes(60 * CAST(left(c.discharge_hour, 2) AS INTEGER) + CAST(right(c.discharge_hour, 2) AS INTEGER))
                   ELSE to_minutes(0) END END,
        coalesce(regexp_full_match(c.discharge_hour, '([01]\d|2[0-3])[0-5]\d'), FALSE),
        CASE WHEN left(c.type_of_bill_code, 2) = '12' THEN FALSE WHEN j.payer_program = 'medicare_part_a' THEN TRUE END,
        c.admission_date IS NOT NULL OR c.admitted_at IS NOT NULL
    FROM claims AS c
    JOIN judged_claims AS j USING (claim_key)
    JOIN record_patients AS r ON r.source = 'claim' AND r.record_id = c.claim_key
    LEFT JOIN feed_codes AS h ON h.code = c.billing_provider_npi
    WHERE c.claim_type = 'institutional' AND left(c.type_of_bill_code, 2) IN ('11', '12')
        AND coalesce(c.admission_date, c.statement_from_date) IS NOT NULL AND c.claim_key NOT IN (FROM replaced_claims)
),
known AS MATERIALIZED (  -- each row with one told_id
    SELECT row_number() OVER () AS told_id, t.*, p.patient_id, p.strict_id, p.is_ambiguous
    FROM told AS t JOIN patients AS p USING (identity_id)
    WHERE p.is_named AND coalesce(t.patient_class <> 'preadmission', TRUE)
),
spoken AS (SELECT hospital_id, max(last_day) AS last_day FROM feed_days GROUP BY hospital_id),
repeated AS (  -- a stay of a feed or list that the claim tells again
    SELECT k.told_id AS claim, o.told_id AS stay, k.is_part_a_stay
    FROM known AS k
    JOIN known AS o
        ON o.source <> 'claim' AND o.patient_class = 'inpatient' AND o.patient_id = k.patient_id
        AND o.hospital IS NOT DISTINCT FROM k.hospital
        AND CAST(k.started_at AS DATE) <= coalesce(CAST(o.ended_at AS DATE), DATE '9999-12-31')
        AND coalesce(CAST(k.ended_at AS DATE), DATE '9999-12-31') >= CAST(o.started_at AS DATE)
    WHERE k.source = 'claim'
),
kept AS (  -- of the claim only whether Part A covers the stay
    SELECT k.* REPLACE (coalesce(k.is_part_a_stay, r.is_part_a_stay) AS is_part_a_stay)
    FROM known AS k
    LEFT JOIN (SELECT stay, bool_or(is_part_a_stay) AS is_part_a_stay FROM repeated GROUP BY stay) AS r ON r.stay = k.told_id
    WHERE k.told_id NOT IN (SELECT claim FROM repeated)
)
SELECT
    row_number() OVER () AS visit_id,
    k.* EXCLUDE (told_id),
    h.hospital_name,
    CASE k.site_type WHEN 'inpatient_psychiatric_facility' THEN 'ipf' WHEN 'inpatient_rehabilitation_facility' THEN 'irf'
         ELSE h.hospital_type END AS hospital_type,
    CAST(k.started_at AS DATE) AS first_day,
    CASE
        WHEN k.ended_at IS NOT NULL THEN CAST(k.ended_at AS DATE)
        WHEN k.patient_class IS NULL OR k.patient_class = 'inpatient'
            THEN greatest(CAST(k.started_at AS DATE) + 1, s.last_day, CAST(k.started_at AS DATE))
        WHEN k.patient_class = 'recurring' THEN last_day(CAST(k.started_at AS DATE))
        WHEN k.patient_class = 'outpatient' THEN CAST(k.started_at AS DATE)
        ELSE CAST(k.started_at AS DATE) + 1
    END AS last_day
FROM kept AS k
LEFT JOIN hospitals AS h USING (hospital_id)
LEFT JOIN spoken AS s USING (hospital_id);

-- One inpatient stay: what the same visit says of it.
CREATE OR REPLACE TABLE stays AS
SELECT
    min(visit_id) AS stay_id, patient_id, hospital_id, hospital,
    min(identity_id) AS identity_id, min(strict_id) AS strict_id, any_value(hospital_name) AS hospital_name, min(hospital_type) AS hospital_type,
    min(started_at) AS admitted_at, arg_min(is_start_time_known, started_at) AS is_admission_time_known,
    CASE WHEN count(*) = count(ended_at) THEN max(ended_at) END AS discharged_at,
    bool_or(is_part_a_stay) AS is_part_a_stay
FROM patient_visits
WHERE patient_class = 'inpatient' AND is_start_day_known
GROUP BY patient_id, source, hospital_id, hospital, visit, CASE WHEN visit = '' THEN visit_id END;
