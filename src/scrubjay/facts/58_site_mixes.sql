-- site_mixes: how many professional lines with each place of service code were given at each row of the
-- sites registry, by day, payer and practitioner. Patterns are made of it: 60_sites and 62_site_months.
--
-- A line counts where its code goes by the building. Left out are claims that others took the place of, telehealth, readings (modifier 26), codes that
-- go by the patient (21, 23, homes of strangers, those that other pages judge), registered inpatients, registered
-- outpatients who were seen outside hospital space, codes that are not assigned, and codes that a policy of the
-- payer asks for in place of another.
--
-- site_changes: of each department the lines of Medicare Part B in the days before its first provider-based day, since
-- then, and after its last. Lines before and after may stand in another row of the registry for the same site. A default
-- is what most lines carry. NULL: too few lines, or so near to half of them that it may be chance.

-- One limit of the Wilson score interval at 95 percent (z = 1.96), in percent, for k of n lines: way 1 gives the upper.
CREATE OR REPLACE MACRO wilson(k, n, way) AS CAST(
    100 * greatest(0, least(1, (k / n + 1.9208 / n + way * 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / n / n))
                               / (1 + 3.8416 / n))) AS DECIMAL(18,4));
CREATE OR REPLACE MACRO percent(k, n) AS CAST(100 * k / n AS DECIMAL(18,4));

CREATE OR REPLACE TABLE pattern_limits AS
SELECT
    CAST(row['share_percent'] AS DECIMAL(18,4)) AS share_percent,
    CAST(row['least_lines'] AS BIGINT) AS least_lines,
    CAST(row['default_percent'] AS DECIMAL(18,4)) AS default_percent,
    CAST(row['days_before'] AS BIGINT) AS days_before
FROM law_rows, run
WHERE path = 'us.cms.provider_based.pattern_limits' AND effective <= run_date AND (until IS NULL OR until > run_date);

CREATE OR REPLACE TABLE site_mixes AS
SELECT
    d.row_number,
    f.is_provider_based,
    f.payer_program,
    f.payer_program_because,
    coalesce(f.payer_name, f.payer_id, 'a payer without a name') AS payer_name,
    f.rendering_provider_npi,
    f.service_date,
    f.place_of_service_code,
    count(*) AS lines
FROM service_line_facts AS f
JOIN line_places AS l USING (row_id)
JOIN place_facts AS d USING (place_id)
ANTI JOIN replaced_claims AS x ON x.claim_key = f.claim_key
WHERE d.row_number IS NOT NULL AND f.is_place_of_service_assigned
    AND NOT f.is_marked_as_telehealth AND NOT f.is_professional_component AND NOT f.is_place_of_service_asked_by_payer
    AND f.place_of_service_code NOT IN ('21', '23')
    AND f.place_of_service_code NOT IN (
        SELECT code FROM law_code_sets
        WHERE path IN ('us.cms.provider_based.pos_judged_elsewhere', 'us.cms.provider_based.pos_in_strangers_houses')
    )
    AND f.is_registered_inpatient IS DISTINCT FROM TRUE
    AND (f.is_registered_outpatient IS DISTINCT FROM TRUE OR f.is_provider_based IS DISTINCT FROM FALSE)
GROUP BY ALL;

CREATE OR REPLACE TABLE site_changes AS
WITH codes AS (
    SELECT
        s.row_number,
        CASE WHEN m.is_provider_based THEN 'since' WHEN m.service_date > s.provider_based_to THEN 'after' ELSE 'before' END
            AS side,
        m.place_of_service_code AS code,
        CAST(sum(m.lines) AS BIGINT) AS lines
    FROM site_rows AS s
    JOIN site_rows AS other USING (site_id)
    JOIN site_mixes AS m ON m.row_number = other.row_number
    CROSS JOIN pattern_limits AS p
    WHERE s.site_type = 'provider_based_department' AND m.payer_program = 'medicare_part_b'
        AND CASE WHEN m.is_provider_based THEN m.row_number = s.row_number
                 ELSE m.service_date >= s.provider_based_from - CAST(p.days_before AS INTEGER)
                      AND (m.service_date < s.provider_based_from OR m.service_date > s.provider_based_to) END
    GROUP BY ALL
),
counted AS (
    SELECT
        row_number,
        CAST(coalesce(sum(lines) FILTER (side = 'before'), 0) AS BIGINT) AS line_count_before,
        CAST(coalesce(sum(lines) FILTER (side = 'before' AND code IN ('19', '22')), 0) AS BIGINT) AS hospital_line_count_before,
        CAST(coalesce(sum(lines) FILTER (side = 'since'), 0) AS BIGINT) AS line_count_since,
        CAST(coalesce(sum(lines) FILTER (side = 'since' AND code IN ('19', '22')), 0) AS BIGINT) AS hospital_line_count_since,
        CAST(coalesce(sum(lines) FILTER (side = 'after'), 0) AS BIGINT) AS line_count_after_end,
        CAST(coalesce(sum(lines) FILTER (side = 'after' AND code IN ('19', '22')), 0) AS BIGINT) AS hospital_line_count_after_end
    FROM codes
    GROUP BY row_number
)
SELECT
    c.*,
    CASE
        WHEN percent(hospital_line_count_since, nullif(line_count_since, 0)) >= share_percent THEN FALSE
        WHEN line_count_since < least_lines THEN NULL
        WHEN wilson(hospital_line_count_since, line_count_since, 1) < default_percent THEN TRUE
        WHEN wilson(hospital_line_count_since, line_count_since, -1) >= default_percent THEN FALSE
    END AS is_default_stale,
    CASE WHEN is_default_stale IS NOT NULL OR line_count_since = 0 THEN NULL
         WHEN line_count_since < least_lines THEN 'fewer than ' || least_lines || ' lines'
         ELSE 'the share of hospital codes lies so near to the limit that it may be chance' END AS default_because,
    CASE
        WHEN percent(hospital_line_count_after_end, nullif(line_count_after_end, 0)) <= 100 - share_percent THEN FALSE
        WHEN line_count_after_end < least_lines THEN NULL
        WHEN wilson(hospital_line_count_after_end, line_count_after_end, -1) > default_percent THEN TRUE
        WHEN wilson(hospital_line_count_after_end, line_count_after_end, 1) <= default_percent THEN FALSE
    END AS is_default_stale_after_end,
    CASE WHEN is_default_stale_after_end IS NOT NULL OR line_count_after_end = 0 THEN NULL
         WHEN line_count_after_end < least_lines THEN 'fewer than ' || least_lines || ' lines'
         ELSE 'the share of hospital codes lies so near to the limit that it may be chance' END AS after_end_because
FROM counted AS c, pattern_limits;
