-- Tests with two components, specimens, drugs and equipment, and the code of the site where a part was given.
--
-- component_indicator   CMS's PC/TC indicator on the service date: of the relative value file of that year, where one is
--                       loaded and names the code, else of the table of law. A code that the table does not name has
--                       none of 1 to 8; NULL before the table begins, for category III, which nobody lists, and for
--                       dental codes (D), which the table leaves out.
-- *_place_of_service    21 for a registered inpatient; else the code of the site that the encounters registry names.
--                       NULL: it names none, nothing is known of that site, or its code depends on more.

CREATE OR REPLACE TABLE component_codes AS
SELECT unnest(string_split(row['codes'], ' ')) AS procedure_code, row['indicator'] AS indicator, effective, until
FROM law_rows
WHERE path = 'us.cms.mpfs.component_indicators';

CREATE OR REPLACE TABLE component_periods AS SELECT DISTINCT effective, until FROM component_codes;

CREATE OR REPLACE TABLE site_type_codes AS
SELECT row['site_type'] AS site_type, row['code'] AS code, effective, until
FROM law_rows
WHERE path = 'us.hipaa.site_type_codes';

-- What a procedure is must be said of a line without a date, too: by the last version.
CREATE OR REPLACE MACRO speaks_of(effective, until, day) AS
    CASE WHEN day IS NULL THEN until IS NULL ELSE in_force(effective, until, day) END;

-- Of a laboratory test only the row with 26 has a price, and only that row says what it is (86320: X, with 26 A).
CREATE OR REPLACE TABLE fee_components AS
SELECT
    release_id,
    procedure_code,
    arg_min(
        component_indicator,
        CASE WHEN status_code NOT IN (SELECT code FROM law_code_sets WHERE path = 'us.cms.mpfs.priced_statuses')
                 AND status_code <> 'C' THEN 2
             WHEN modifier = '' THEN 0 ELSE 1 END
    ) AS indicator
FROM fee_relative_values
WHERE component_indicator IS NOT NULL
GROUP BY release_id, procedure_code;

CREATE OR REPLACE TABLE component_lines AS
WITH coded AS (
    SELECT
        l.row_id,
        coalesce(l.service_date, c.service_date) AS service_date,
        coalesce(l.procedure_code, '') AS procedure_code,
        p.effective IS NOT NULL AS is_listed_day,
        CASE WHEN l.procedure_code SIMILAR TO '[0-9]{4}T'
                 THEN 'the contractor prices codes of category III, and nobody lists them'
             WHEN l.procedure_code SIMILAR TO 'D[0-9]{4}' THEN 'the list of indicators leaves dental codes out'
        END AS unlisted_because
    FROM professional_lines AS l
    JOIN judged_claims AS c USING (claim_key)
    LEFT JOIN component_periods AS p ON in_force(p.effective, p.until, coalesce(l.service_date, c.service_date))
)
SELECT
    l.row_id,
    CASE WHEN v.indicator IS NOT NULL THEN v.indicator
         WHEN NOT l.is_listed_day OR l.unlisted_because IS NOT NULL THEN NULL
         ELSE coalesce(k.indicator, '0') END AS component_indicator,
    CASE WHEN v.indicator IS NOT NULL THEN NULL
         WHEN l.service_date IS NULL THEN 'the line has no readable service date'
         WHEN NOT l.is_listed_day THEN 'no list of indicators is loaded for that day'
         ELSE l.unlisted_because END AS component_because,
    l.procedure_code SIMILAR TO '[0-9]{4}T' AS is_category_three_procedure,
    coalesce(g.row['professional'], '') AS professional_component_code,
    EXISTS (
        FROM law_rows AS d
        WHERE d.path = 'us.cms.hcpcs.drug_codes' AND speaks_of(d.effective, d.until, l.service_date)
            AND length(l.procedure_code) = 5 AND l.procedure_code BETWEEN d.row['first'] AND d.row['last']
    ) AS is_drug_procedure,
    EXISTS (
        FROM law_rows AS d
        WHERE d.path = 'us.cms.hcpcs.equipment_codes' AND speaks_of(d.effective, d.until, l.service_date)
            AND length(l.procedure_code) = 5 AND l.procedure_code BETWEEN d.row['first'] AND d.row['last']
    ) AS is_equipment_procedure
FROM coded AS l
LEFT JOIN fee_days AS d ON d.service_date = l.service_date
LEFT JOIN fee_components AS v ON v.release_id = d.any_value_release AND v.procedure_code = l.procedure_code
LEFT JOIN component_codes AS k
    ON k.procedure_code = l.procedure_code AND in_force(k.effective, k.until, l.service_date)
LEFT JOIN law_rows AS g
    ON g.path = 'us.cms.mpfs.global_test_codes' AND g.row['global'] = l.procedure_code
    AND speaks_of(g.effective, g.until, l.service_date);

-- The sites that encounters name for a part of a service, each on each day.
CREATE OR REPLACE TABLE part_sites AS
WITH named AS (
    SELECT DISTINCT site_id, service_date
    FROM (
        SELECT unnest([e.technical_component_site_id, e.reader_site_id, e.specimen_site_id]) AS site_id, l.service_date
        FROM line_encounters AS f
        JOIN lines AS l USING (row_id)
        JOIN encounters AS e ON e.row_number = f.row_number AND f.fitting = 1
    )
    WHERE site_id IS NOT NULL
),
found AS (
    SELECT n.site_id, n.service_date, count(s.row_number) AS fitting, min(s.row_number) AS row_number
    FROM named AS n
    LEFT JOIN site_rows AS s
        ON s.site_id = n.site_id
        AND n.service_date IS NOT NULL
        AND (s.effective_from IS NULL OR s.effective_from <= n.service_date)
        AND (s.effective_to IS NULL OR s.effective_to >= n.service_date)
    GROUP BY n.site_id, n.service_date
),
based AS (
    SELECT
        f.site_id,
        f.service_date,
        f.fitting,
        s.site_type,
        s.hospital_id,
        s.campus_code,
        s.campus_because,
        s.is_dedicated_emergency_department,
        is_hospital_space(s.site_type, s.provider_based_from, s.provider_based_to, f.service_date) AS is_hospital_space
    FROM found AS f
    LEFT JOIN site_rows AS s ON s.row_number = f.row_number AND f.fitting = 1
)
SELECT
    b.*,
    -- why it is not known whether the site is hospital space
    CASE
        WHEN NOT run.has_sites THEN 'no sites registry is loaded'
        WHEN b.service_date IS NULL
            THEN 'the line has no service date, so no row of the sites registry can be chosen'
        WHEN b.fitting = 0 THEN 'the sites registry has no row on that day for the site ' || b.site_id
        WHEN b.fitting > 1 THEN 'the sites registry has several rows on that day for the site ' || b.site_id
        WHEN b.site_type IS NULL THEN 'the sites registry leaves site_type blank for the site ' || b.site_id
        WHEN is_hospital_space IS NULL THEN 'the sites registry leaves provider_based_from blank for the site ' || b.site_id
    END AS space_because,
    CASE
        WHEN space_because IS NOT NULL THEN space_because
        WHEN is_hospital_space AND campus_because IS NOT NULL THEN campus_because || ': ' || b.site_id
        ELSE 'the code of the site ' || b.site_id || ' depends on more than its kind'
    END AS code_because,
    CASE
        WHEN is_hospital_space AND is_dedicated_emergency_department THEN '23'
        WHEN is_hospital_space AND b.site_type = 'main_campus' THEN '22'
        WHEN is_hospital_space THEN campus_code
        WHEN NOT is_hospital_space AND b.site_type = 'provider_based_department' THEN '11'  -- not yet, or no more
        ELSE k.code
    END AS code
FROM based AS b
CROSS JOIN run
LEFT JOIN site_type_codes AS k ON k.site_type = b.site_type AND in_force(k.effective, k.until, b.service_date);
