-- claim_facts: one row per professional or institutional claim, with what its lines say together.
--
-- service_location_count           different service locations its lines name; at least 1.
-- has_office_and_facility_lines    codes paid at the facility rate beside others. Telehealth codes
--                                  are left out: there the code follows the patient, not the building.
-- site_id                          NULL where the lines were given at several sites.
-- is_service_facility_in_pecos     NULL where the registry lacks the PECOS address of a site of the claim,
--                                  and where only upper and lower case differ.
-- is_off_campus_address_due        NULL where campus and off-campus lines are mixed.

CREATE OR REPLACE TABLE claim_places AS
WITH sums AS (
    SELECT
        claim_key,
        count(DISTINCT site_id) AS sites,
        count(*) FILTER (WHERE site_id IS NULL) AS unsited,
        min(site_id) AS site_id,
        min(site_name) AS site_name,
        min(site_because) AS site_because,
        CASE WHEN count(DISTINCT provider_number) = 1 THEN min(provider_number) END AS ptan,
        min(pecos_address) AS pecos_address,
        bool_and(coalesce(pecos_address IS NOT NULL, FALSE)) AS has_pecos_addresses,
        coalesce(bool_or(is_off_campus_department IS NULL), FALSE) AS has_unknown_line,
        bool_and(is_off_campus_department) AS is_off_campus,
        count(DISTINCT provider_number) > 1 AS has_two_hospitals,
        min(campus_because) AS campus_because,
        bool_or(is_off_campus_department) AS has_off_campus_line,
        bool_and(NOT is_at_billing_address) AS is_away_from_billing_address,
        -- a line with PO, PN or ER whose site is not known was not given on the campus
        coalesce(bool_or(CASE WHEN site_id IS NULL AND department_modifier <> '' THEN FALSE ELSE is_at_billing_address END
                         IS NULL), FALSE) AS has_line_somewhere,
        coalesce(bool_or(is_at_billing_address), FALSE) AS has_line_at_billing_address
    FROM (
        SELECT l.claim_key, t.department_modifier, w.*
        FROM institutional_lines AS l
        JOIN lines AS t USING (row_id)
        JOIN line_sites AS w USING (row_id)
    )
    GROUP BY claim_key
)
SELECT
    *,
    CASE WHEN site_because IS NOT NULL THEN site_because
         WHEN sites > 1 THEN 'its lines were given at several sites' END AS several_because,
    sites = 1 AND unsited = 0 AS has_one_site
FROM sums;

-- Practice locations of a provider number that equal the service facility of a claim on its from date.
CREATE OR REPLACE TABLE pecos_matches AS
SELECT
    c.claim_key,
    bool_or(sent = enrolled) AS is_exact,
    bool_or(upper(sent) = upper(enrolled)) AS is_exact_but_for_case
FROM (
    SELECT
        c.claim_key,
        p.ptan,
        j.service_date,
        exact_address(service_facility_address_line_1, service_facility_address_line_2, service_facility_city,
                      service_facility_state, service_facility_zip) AS sent
    FROM claims AS c
    JOIN judged_claims AS j USING (claim_key)
    JOIN claim_places AS p USING (claim_key)
    WHERE j.claim_type = 'institutional' AND service_facility_address_line_1 IS NOT NULL
) AS c
JOIN (
    SELECT
        provider_number,
        effective_from,
        effective_to,
        pecos_effective_from,
        pecos_effective_to,
        exact_address(pecos_address_line_1, pecos_address_line_2, pecos_city, pecos_state, replace(pecos_zip, '-', ''))
            AS enrolled
    FROM site_rows
    WHERE pecos_address_line_1 IS NOT NULL
) AS s
    ON s.provider_number IS NOT DISTINCT FROM c.ptan
    AND (s.pecos_effective_from IS NULL OR s.pecos_effective_from <= c.service_date)
    AND (s.pecos_effective_to IS NULL OR s.pecos_effective_to >= c.service_date)
    AND (s.effective_from IS NULL OR s.effective_from <= c.service_date)
    AND (s.effective_to IS NULL OR s.effective_to >= c.service_date)
GROUP BY c.claim_key;

-- Claims of hospitals whose number lies in the ranges of the address edit on the from date.
CREATE OR REPLACE TABLE address_edits AS
SELECT DISTINCT i.claim_key
FROM claim_places AS i
JOIN judged_claims AS j USING (claim_key)
JOIN law_rows AS l
    ON l.path = 'us.cms.fiss.address_edited_providers'
    AND l.effective <= j.service_date AND (l.until IS NULL OR l.until > j.service_date)
    AND try_cast(right(i.ptan, 4) AS INTEGER) BETWEEN CAST(l.row['first'] AS INTEGER) AND CAST(l.row['last'] AS INTEGER);

CREATE OR REPLACE TABLE claim_facts AS
WITH coded AS (
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
    JOIN line_sites AS w USING (row_id)
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
    FROM coded
    GROUP BY claim_key
),
mixed AS (  -- only claims whose lines differ
    SELECT
        claim_key,
        count(DISTINCT location_key) AS locations,
        string_agg(DISTINCT place_of_service_code, ' ' ORDER BY place_of_service_code)
            FILTER (WHERE has_place_of_service) AS codes
    FROM coded
    SEMI JOIN (FROM sums WHERE has_several_locations OR first_code <> last_code) USING (claim_key)
    GROUP BY claim_key
),
hospital AS (
    SELECT claim_key, count(*) AS line_count, bool_or(department_modifier <> '') AS has_department_modifier
    FROM institutional_line_facts
    GROUP BY claim_key
)
SELECT
    row_number() OVER (ORDER BY p.claim_key) - 1 AS row_id,
    p.* EXCLUDE (payer_id, payer_day, payer_policy, policy_because),
    CASE WHEN p.service_date IS NULL THEN 'neither the claim nor a line has a readable date' END AS service_date_because,
    coalesce(s.line_count, h.line_count) AS line_count,
    coalesce(m.codes, s.first_code, '') AS place_of_service_codes,
    coalesce(s.claim_place_of_service_code, '') AS claim_place_of_service_code,
    coalesce(s.has_redundant_line_place_of_service, FALSE) AS has_redundant_line_place_of_service,
    greatest(m.locations, 1) AS service_location_count,
    coalesce(s.has_office_and_facility_lines, FALSE) AS has_office_and_facility_lines,
    coalesce(c.type_of_bill_code, '') AS type_of_bill_code,
    left(coalesce(c.type_of_bill_code, ''), 2) AS facility_type_code,
    coalesce(h.has_department_modifier, FALSE) AS has_department_modifier,
    coalesce(c.service_facility_npi, c.service_facility_address_line_1) IS NOT NULL AS has_service_facility,
    c.service_facility_byte_offset,
    CASE WHEN p.claim_type = 'institutional' THEN
        one_line_address(c.service_facility_address_line_1, c.service_facility_address_line_2, c.service_facility_city,
                         c.service_facility_state, c.service_facility_zip)
    ELSE '' END AS service_facility_address,
    CASE WHEN i.has_one_site THEN i.site_id END AS site_id,
    CASE WHEN i.has_one_site THEN i.site_name END AS site_name,
    i.several_because AS site_because,
    i.ptan,
    CASE WHEN i.ptan IS NOT NULL AND p.service_date IS NOT NULL THEN r.claim_key IS NOT NULL
    END AS is_address_edited_provider,
    CASE WHEN i.has_one_site THEN i.pecos_address END AS pecos_address,
    CASE
        WHEN x.is_exact THEN TRUE
        WHEN x.is_exact_but_for_case OR i.claim_key IS NULL OR i.has_two_hospitals OR NOT i.has_pecos_addresses
            OR p.service_date IS NULL THEN NULL
        ELSE FALSE
    END AS is_service_facility_in_pecos,
    CASE
        WHEN x.is_exact THEN NULL
        WHEN x.is_exact_but_for_case
            THEN 'it differs only in upper and lower case, and no text says whether the edit sees that'
        WHEN i.site_because IS NOT NULL THEN i.site_because
        WHEN NOT i.has_pecos_addresses THEN 'the PECOS address is blank in the registry'
        WHEN i.has_two_hospitals THEN i.several_because
        WHEN p.service_date IS NULL THEN 'neither the claim nor a line has a readable date'
    END AS pecos_because,
    CASE WHEN i.sites > 1 OR NOT i.is_off_campus OR NOT i.is_away_from_billing_address THEN FALSE
         WHEN i.has_one_site AND NOT i.has_unknown_line THEN i.is_off_campus AND i.is_away_from_billing_address
    END AS is_from_one_off_campus_department,
    CASE WHEN NOT i.has_unknown_line AND i.is_off_campus = i.has_off_campus_line THEN i.is_off_campus
    END AS is_off_campus_address_due,
    coalesce(
        i.site_because,
        CASE WHEN i.has_off_campus_line AND NOT i.is_off_campus
             THEN 'the claim mixes campus and off-campus lines, and no text says whether the edit spares it' END,
        CASE WHEN i.has_unknown_line THEN i.campus_because END
    ) AS address_due_because,
    CASE WHEN i.has_line_at_billing_address THEN TRUE WHEN NOT i.has_line_somewhere THEN FALSE
    END AS has_line_at_billing_address
FROM judged_claims AS p
JOIN claims AS c USING (claim_key)
LEFT JOIN sums AS s USING (claim_key)
LEFT JOIN mixed AS m USING (claim_key)
LEFT JOIN hospital AS h USING (claim_key)
LEFT JOIN claim_places AS i USING (claim_key)
LEFT JOIN pecos_matches AS x USING (claim_key)
LEFT JOIN address_edits AS r USING (claim_key)
WHERE coalesce(s.line_count, h.line_count) IS NOT NULL;
