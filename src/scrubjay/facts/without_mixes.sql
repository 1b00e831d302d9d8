-- In place of 58_site_mixes and 62_site_months where no site is registered: no line was given at a site, and nothing
-- is known of patterns. The fact tables of 62 are made empty beside it.

CREATE OR REPLACE TABLE site_mixes AS
SELECT CAST(0 AS BIGINT) AS row_number, FALSE AS is_provider_based, '' AS payer_program, '' AS payer_program_because,
    '' AS payer_name, '' AS rendering_provider_npi, DATE '2000-01-01' AS service_date, '' AS place_of_service_code,
    CAST(0 AS BIGINT) AS lines WHERE FALSE;

CREATE OR REPLACE TABLE site_changes AS
SELECT CAST(0 AS BIGINT) AS row_number, CAST(0 AS BIGINT) AS line_count_before, CAST(0 AS BIGINT) AS hospital_line_count_before,
    CAST(0 AS BIGINT) AS line_count_since, CAST(0 AS BIGINT) AS hospital_line_count_since, FALSE AS is_default_stale,
    '' AS default_because, CAST(0 AS BIGINT) AS line_count_after_end, CAST(0 AS BIGINT) AS hospital_line_count_after_end,
    FALSE AS is_default_stale_after_end, '' AS after_end_because WHERE FALSE;
