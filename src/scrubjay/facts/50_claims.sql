-- claim_facts: one row per professional claim, with what its lines say together.
--
-- service_location_count           different service locations its lines name; at least 1.
-- has_office_and_facility_lines    codes paid at the facility rate beside others. Telehealth codes
--                                  are left out: there the code follows the patient, not the building.

CREATE OR REPLACE TABLE claim_facts AS
WITH lines AS (
    SELECT
        f.claim_key,
        f.claim_place_of_service_code,
        f.place_of_service_code,
        f.has_place_of_service,
        f.line_place_of_service_code <> '' AND f.line_place_of_service_code = f.claim_place_of_service_code AS is_redundant,
        w.location_key,
        f.place_of_service_code IN (
            SELECT code FROM law_code_sets WHERE path = 'us.cms.mpfs.facility_rate_pos'
        ) AS is_facility,
        f.place_of_service_code IN (
            SELECT code FROM law_code_sets WHERE path = 'us.cms.telehealth.place_of_service_codes'
        ) AS is_telehealth
    FROM service_line_facts AS f
    LEFT JOIN line_sites AS w USING (row_id)
),
sums AS (
    SELECT
        claim_key,
        count(*) AS line_count,
        any_value(claim_place_of_service_code) AS claim_place_of_service_code,
        bool_and(is_redundant) AS has_redundant_line_place_of_service,
        min(location_key) <> max(location_key) AS has_several_locations,
        coalesce(bool_or(is_facility AND has_place_of_service AND NOT is_telehealth), FALSE)
            AND coalesce(bool_or(NOT is_facility AND has_place_of_service AND NOT is_telehealth), FALSE)
            AS has_office_and_facility_lines,
        min(place_of_service_code) FILTER (WHERE has_place_of_service) AS first_code,
        max(place_of_service_code) FILTER (WHERE has_place_of_service) AS last_code
    FROM lines
    GROUP BY claim_key
),
mixed AS (  -- only claims whose lines differ
    SELECT
        claim_key,
        count(DISTINCT location_key) AS locations,
        string_agg(DISTINCT place_of_service_code, ' ' ORDER BY place_of_service_code)
            FILTER (WHERE has_place_of_service) AS codes
    FROM lines
    SEMI JOIN (FROM sums WHERE has_several_locations OR first_code <> last_code) USING (claim_key)
    GROUP BY claim_key
)
SELECT
    row_number() OVER (ORDER BY p.claim_key) - 1 AS row_id,
    p.*,
    s.line_count,
    coalesce(m.codes, s.first_code, '') AS place_of_service_codes,
    s.claim_place_of_service_code,
    s.has_redundant_line_place_of_service,
    greatest(m.locations, 1) AS service_location_count,
    s.has_office_and_facility_lines
FROM professional_claims AS p
JOIN sums AS s USING (claim_key)
LEFT JOIN mixed AS m USING (claim_key);
