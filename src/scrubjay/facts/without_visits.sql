-- In place of 12_patients and 22_visits where neither a feed nor a list nor a hospital's claim was given: nobody
-- is matched with anybody, and nothing is known of visits.

CREATE OR REPLACE TABLE patients AS
SELECT * FROM (VALUES (CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
                       CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), FALSE, FALSE))
    AS t(identity_id, member, issuer, record_number, sex, strict_id, patient_id, is_ambiguous, is_named) WHERE FALSE;

CREATE OR REPLACE TABLE record_patients AS
SELECT '' AS source, CAST(0 AS BIGINT) AS record_id, CAST(0 AS BIGINT) AS identity_id WHERE FALSE;

CREATE OR REPLACE TABLE doubles AS
SELECT CAST(0 AS BIGINT) AS identity_id, CAST(0 AS BIGINT) AS other_identity_id WHERE FALSE;

CREATE OR REPLACE TABLE feed_days AS
SELECT '' AS hospital_id, DATE '2000-01-01' AS first_day, DATE '2000-01-01' AS last_day WHERE FALSE;

CREATE OR REPLACE TABLE patient_visits AS
SELECT CAST(0 AS BIGINT) AS visit_id, '' AS source, '' AS visit, CAST(0 AS BIGINT) AS identity_id, CAST(0 AS BIGINT) AS patient_id,
    CAST(0 AS BIGINT) AS strict_id, '' AS patient_class, '' AS hospital_id, '' AS hospital, '' AS hospital_name, '' AS hospital_type,
    '' AS site_id, TIMESTAMP '2000-01-01' AS started_at, FALSE AS is_start_time_known, TIMESTAMP '2000-01-01' AS ended_at,
    FALSE AS is_end_time_known, TRUE AS is_start_day_known, FALSE AS is_part_a_stay, DATE '2000-01-01' AS first_day, DATE '2000-01-01' AS last_day WHERE FALSE;

CREATE OR REPLACE TABLE stays AS
SELECT CAST(0 AS BIGINT) AS stay_id, CAST(0 AS BIGINT) AS identity_id, CAST(0 AS BIGINT) AS patient_id, CAST(0 AS BIGINT) AS strict_id,
    '' AS hospital_id, '' AS hospital, '' AS hospital_name, '' AS hospital_type, TIMESTAMP '2000-01-01' AS admitted_at,
    FALSE AS is_admission_time_known, TIMESTAMP '2000-01-01' AS discharged_at, FALSE AS is_part_a_stay WHERE FALSE;

CREATE OR REPLACE TABLE feed_codes AS
SELECT '' AS code, '' AS hospital_id, '' AS site_id, '' AS site_type WHERE FALSE;
