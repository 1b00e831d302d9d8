-- run_facts: one row, this check.

CREATE OR REPLACE TABLE run_facts AS
SELECT
    CAST(0 AS BIGINT) AS row_id,
    run_date,
    code_set_read_date,
    run_date - code_set_read_date AS days_since_code_set_was_read,
    expired_setting_count,
    expired_settings
FROM run;
