-- site_facts: one row per row of the sites registry at which lines of these files were given; every
-- row where the registry itself is checked.
--
-- has_distance_survey             FALSE where the registry says 'none', NULL where it is blank.
-- is_side_of_boundary_confirmed   TRUE with a survey on file, else NULL: a reading decides nothing there.
-- is_address_as_in_pecos          NULL where either address is blank.

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
    END AS is_address_as_in_pecos
FROM site_rows AS s
LEFT JOIN (SELECT row_number, count(*) AS lines FROM line_sites GROUP BY row_number) AS u USING (row_number)
CROSS JOIN run
WHERE u.lines > 0 OR run.is_of_registry;
