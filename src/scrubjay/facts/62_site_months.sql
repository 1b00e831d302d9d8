-- site_month_facts: one row of the sites registry in one month, in one status and for one programme: the
-- professional lines given there whose code goes by the building (see 58_site_mixes).
-- site_payer_month_facts: the same for one payer, beside the other payers of that month.
-- site_practitioner_facts: the same for one practitioner over all months, beside the others.
--
-- A month in which the status of the site changes has two rows, each with its own lines. Shares are those of
-- POS 19 and 22 together; which of them is due is the business of other pages.
--
-- is_hospital_share_too_low    FALSE: the share is at least the limit. TRUE: enough lines, and even the upper limit of
--                              the Wilson interval lies below. NULL: anything else, such as few lines with one wrong.
-- is_hospital_share_too_high   the same from the other side.
-- …_other_…                    the lines of the other payers (practitioners) in the same row but for that.
-- is_share_worse_than_others   in hospital space a lower share, outside it a higher one. TRUE: the intervals do not meet.
--                              FALSE: not worse than theirs, or in order by itself. NULL: worse, but it may be chance.

CREATE OR REPLACE TABLE mix_rows AS
WITH codes AS (
    SELECT
        row_number,
        is_provider_based,
        payer_program,
        min(payer_program_because) AS payer_program_because,
        payer_name,
        rendering_provider_npi,
        strftime(service_date, '%Y-%m') AS service_month,
        place_of_service_code AS code,
        sum(lines) AS lines,
        min(service_date) AS service_date,
        max(service_date) AS last_service_date,
        grouping(payer_name, rendering_provider_npi) AS level  -- 3: month, 1: payer, 2: practitioner
    FROM site_mixes
    GROUP BY GROUPING SETS (
        (row_number, is_provider_based, payer_program, strftime(service_date, '%Y-%m'), place_of_service_code),
        (row_number, is_provider_based, payer_name, strftime(service_date, '%Y-%m'), place_of_service_code),
        (row_number, is_provider_based, payer_program, rendering_provider_npi, place_of_service_code)
    )
),
sums AS (
    SELECT
        level,
        row_number,
        is_provider_based,
        payer_program,
        min(payer_program_because) AS payer_program_because,
        payer_name,
        rendering_provider_npi,
        service_month,
        min(service_date) AS service_date,
        max(last_service_date) AS last_service_date,
        first(code ORDER BY lines DESC, code) AS place_of_service_code,
        string_agg(lines || ' at ' || code, ', ' ORDER BY lines DESC, code) AS mix,
        CAST(sum(lines) AS BIGINT) AS n,
        CAST(coalesce(sum(lines) FILTER (code IN ('19', '22')), 0) AS BIGINT) AS k,
        CAST(coalesce(sum(lines) FILTER (code = '11'), 0) AS BIGINT) AS office_line_count
    FROM codes
    GROUP BY ALL
),
beside AS (
    SELECT
        *,
        CAST(sum(n) OVER same - n AS BIGINT) AS other_n,
        CAST(sum(k) OVER same - k AS BIGINT) AS other_k
    FROM sums
    WINDOW same AS (PARTITION BY level, row_number, is_provider_based, payer_program, service_month)
),
shares AS (
    SELECT
        *,
        percent(k, n) AS share,
        wilson(k, n, -1) AS at_least,
        wilson(k, n, 1) AS at_most,
        percent(other_k, nullif(other_n, 0)) AS other_share,
        wilson(other_k, nullif(other_n, 0), -1) AS other_at_least,
        wilson(other_k, nullif(other_n, 0), 1) AS other_at_most
    FROM beside
),
compared AS (
    SELECT
        c.*,
        p.share_percent,
        c.n >= p.least_lines AND c.other_n >= p.least_lines AS has_enough_lines,
        CASE WHEN c.share >= p.share_percent THEN FALSE
             WHEN c.n >= p.least_lines AND c.at_most < p.share_percent THEN TRUE END AS is_low,
        CASE WHEN c.share <= 100 - p.share_percent THEN FALSE
             WHEN c.n >= p.least_lines AND c.at_least > 100 - p.share_percent THEN TRUE END AS is_high,
        CASE WHEN c.share >= p.share_percent OR c.share >= c.other_share THEN FALSE
             WHEN has_enough_lines AND c.at_most < c.other_at_least THEN TRUE END AS is_below,
        CASE WHEN c.share <= 100 - p.share_percent OR c.share <= c.other_share THEN FALSE
             WHEN has_enough_lines AND c.at_least > c.other_at_most THEN TRUE END AS is_above,
        CASE WHEN c.n < p.least_lines THEN few ELSE 'so few lines of other codes may be chance' END AS small,
        CASE WHEN has_enough_lines THEN 'the difference from the others may be chance' ELSE few END AS small_beside
    FROM shares AS c, (SELECT *, 'fewer than ' || least_lines || ' lines' AS few FROM pattern_limits) AS p
)
SELECT
    c.level,
    c.row_number,
    c.service_month,
    c.payer_name,
    c.rendering_provider_npi,
    s.site_id,
    s.site_name,
    s.effective_from,
    s.row_number AS site_row_number,
    s.site_type,
    c.is_provider_based,
    CASE WHEN c.is_provider_based IS NOT NULL THEN NULL
         WHEN s.site_type IS NULL THEN 'the kind of the site is blank in the registry'
         ELSE 'the first day of its provider-based status is blank in the registry' END AS status_because,
    c.payer_program,
    c.payer_program_because,
    c.service_date,
    c.last_service_date,
    c.place_of_service_code,
    c.mix,
    c.n AS line_count,
    c.k AS hospital_line_count,
    c.office_line_count,
    c.share AS hospital_percent,
    c.at_least AS hospital_percent_at_least,
    c.at_most AS hospital_percent_at_most,
    c.is_low AS is_hospital_share_too_low,
    CASE WHEN c.is_low IS NULL THEN c.small END AS low_because,
    c.is_high AS is_hospital_share_too_high,
    CASE WHEN c.is_high IS NULL THEN c.small END AS high_because,
    s.campus_code AS outpatient_place_of_service_code,
    s.campus_because,
    CASE WHEN s.site_type = 'provider_based_department' AND c.is_provider_based
             THEN lines_within(s.provider_based_from, s.provider_based_to)
         WHEN s.site_type = 'provider_based_department' AND c.service_date > s.provider_based_to
             THEN lines_within(s.provider_based_to + 1, NULL)
         WHEN c.service_month IS NOT NULL THEN 'all lines of ' || c.service_month
         ELSE 'all lines' END AS correction_scope,
    c.other_n AS other_line_count,
    c.other_k AS other_hospital_line_count,
    c.has_enough_lines,
    c.is_worse AS is_share_worse_than_others,
    CASE WHEN c.is_worse IS NULL THEN coalesce(status_because, c.small_beside) END AS worse_because
FROM (
    SELECT *, CASE WHEN is_provider_based THEN is_below WHEN NOT is_provider_based THEN is_above
                   WHEN NOT is_below AND NOT is_above THEN FALSE END AS is_worse
    FROM compared
) AS c
JOIN site_rows AS s USING (row_number);

CREATE OR REPLACE TABLE site_month_facts AS
SELECT
    row_number() OVER (ORDER BY row_number, service_month, is_provider_based, payer_program) - 1 AS row_id,
    service_month,
    * EXCLUDE (level, row_number, service_month, payer_name, rendering_provider_npi, other_line_count,
               other_hospital_line_count, has_enough_lines, is_share_worse_than_others, worse_because)
FROM mix_rows
WHERE level = 3;

CREATE OR REPLACE TABLE site_payer_month_facts AS
SELECT
    row_number() OVER (ORDER BY m.row_number, service_month, is_provider_based, payer_name) - 1 AS row_id,
    payer_name,
    service_month,
    m.* EXCLUDE (level, row_number, service_month, payer_name, rendering_provider_npi, payer_program, payer_program_because,
                 is_hospital_share_too_low, low_because, is_hospital_share_too_high, high_because),
    p.has_place_of_service_by_payer
FROM mix_rows AS m
JOIN (SELECT site_row_number AS row_number, has_place_of_service_by_payer FROM site_facts) AS p USING (row_number)
WHERE level = 1;

CREATE OR REPLACE TABLE site_practitioner_facts AS
SELECT
    row_number() OVER (ORDER BY row_number, rendering_provider_npi, is_provider_based, payer_program) - 1 AS row_id,
    rendering_provider_npi,
    * EXCLUDE (level, row_number, service_month, payer_name, rendering_provider_npi, is_hospital_share_too_low, low_because,
               is_hospital_share_too_high, high_because)
FROM mix_rows
WHERE level = 2;
