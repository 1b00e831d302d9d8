-- site_facts: one row per row of the sites registry at which lines of these files were given; every
-- row where the registry itself is checked.
--
-- has_distance_survey             FALSE where the registry says 'none', NULL where it is blank.
-- is_side_of_boundary_confirmed   TRUE with a survey on file, else NULL: a reading decides nothing there.
-- is_address_as_in_pecos          NULL where either address is blank.
-- has_place_of_service_by_payer   office visits that are no telehealth, of two payers at least, each with one code of
--                                 its own on two lines or more, in weeks that overlap. Payers whose policy asks for
--                                 that code instead of another are left out.
-- is_default_stale                most lines of Medicare Part B since the first provider-based day carry another code than
--                                 the hospital's. NULL: no or too few lines, or so near to half that it may be chance.
-- is_default_stale_after_end      most lines after the last provider-based day still carry the hospital's.

CREATE OR REPLACE TABLE site_payers AS
SELECT
    w.row_number,
    coalesce(f.payer_name, f.payer_id, 'a payer without a name') AS payer,
    min(f.place_of_service_code) AS code,
    min(f.service_date) AS first_date,
    max(f.service_date) AS last_date
FROM service_line_facts AS f
JOIN line_sites AS w USING (row_id)
SEMI JOIN (SELECT code AS procedure_code FROM law_code_sets WHERE path = 'us.cpt.office_visits') USING (procedure_code)
WHERE NOT f.is_marked_as_telehealth AND f.has_place_of_service AND w.row_number IS NOT NULL
    AND f.place_of_service_code NOT IN ('21', '23')  -- these and the next go by the patient, not by the building
    AND f.place_of_service_code NOT IN (
        SELECT code FROM law_code_sets WHERE path = 'us.cms.provider_based.pos_judged_elsewhere'
    )
GROUP BY ALL
HAVING count(*) > 1 AND min(f.place_of_service_code) = max(f.place_of_service_code)
    AND NOT bool_or(f.is_place_of_service_asked_by_payer);

CREATE OR REPLACE TABLE site_payer_codes AS
SELECT row_number, string_agg(code || ' (' || payers || ')', ', ' ORDER BY code) AS codes
FROM (
    SELECT a.row_number, a.code, string_agg(DISTINCT a.payer, ', ' ORDER BY a.payer) AS payers
    FROM site_payers AS a
    JOIN site_payers AS b
        ON b.row_number = a.row_number AND b.code <> a.code
        AND b.first_date <= a.last_date AND a.first_date <= b.last_date
    GROUP BY a.row_number, a.code
)
GROUP BY row_number;

-- Which lines are to be looked through, in words.
CREATE OR REPLACE MACRO lines_within(first, last) AS
    CASE WHEN last IS NULL THEN 'all lines since ' || first ELSE 'all lines from ' || first || ' to ' || last END;

CREATE OR REPLACE TABLE site_facts AS
SELECT
    row_number() OVER (ORDER BY s.row_number) - 1 AS row_id,
    s.site_id,
    s.site_name,
    s.effective_from,
    s.row_number AS site_row_number,
    coalesce(u.lines, 0) AS site_line_count,
    s.site_type,
    s.distance_yards,
    s.is_near_campus_boundary,
    s.is_campus_settled_without_distance,
    s.distance_evidence <> 'none' AS has_distance_survey,
    CASE WHEN s.distance_evidence <> 'none' THEN TRUE END AS is_side_of_boundary_confirmed,
    CASE WHEN s.distance_evidence = 'none' THEN 'the registry says that no survey is on file'
         WHEN s.distance_evidence IS NULL THEN 'distance_evidence is blank in the registry' END AS boundary_because,
    nullif(s.claims_address, '') AS registered_address,
    s.pecos_address,
    CASE WHEN s.address_line_1 IS NOT NULL AND s.pecos_address IS NOT NULL THEN
        exact_address(s.address_line_1, s.address_line_2, s.city, s.state, replace(s.zip, '-', ''))
        = exact_address(s.pecos_address_line_1, s.pecos_address_line_2, s.pecos_city, s.pecos_state,
                        replace(s.pecos_zip, '-', ''))
    END AS is_address_as_in_pecos,
    p.codes IS NOT NULL AS has_place_of_service_by_payer,
    coalesce(p.codes, '') AS place_of_service_by_payer,
    s.campus_code AS outpatient_place_of_service_code,
    s.campus_because,
    CASE WHEN s.site_type = 'provider_based_department' AND s.provider_based_from < DATE '9999-12-31'
         THEN s.provider_based_from END AS provider_based_from,
    CASE WHEN s.site_type = 'provider_based_department' THEN s.provider_based_to END AS provider_based_to,
    coalesce(c.line_count_before, 0) AS line_count_before,
    coalesce(c.hospital_line_count_before, 0) AS hospital_line_count_before,
    coalesce(c.line_count_since, 0) AS line_count_since,
    coalesce(c.hospital_line_count_since, 0) AS hospital_line_count_since,
    c.is_default_stale,
    CASE WHEN c.is_default_stale IS NULL THEN coalesce(c.default_because, 'no lines since a first provider-based day') END
        AS default_because,
    coalesce(c.line_count_after_end, 0) AS line_count_after_end,
    coalesce(c.hospital_line_count_after_end, 0) AS hospital_line_count_after_end,
    c.is_default_stale_after_end,
    CASE WHEN c.is_default_stale_after_end IS NULL
         THEN coalesce(c.after_end_because, 'no lines after a last provider-based day') END AS after_end_because,
    CASE WHEN s.site_type = 'provider_based_department' AND s.provider_based_from < DATE '9999-12-31'
         THEN lines_within(s.provider_based_from, s.provider_based_to) END AS correction_scope
FROM site_rows AS s
LEFT JOIN site_changes AS c USING (row_number)
LEFT JOIN site_payer_codes AS p USING (row_number)
LEFT JOIN (SELECT row_number, count(*) AS lines FROM line_sites GROUP BY row_number) AS u USING (row_number)
CROSS JOIN run
WHERE u.lines > 0 OR run.is_of_registry;
