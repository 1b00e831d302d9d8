-- Where each service line was given, and what the row of the sites registry in force on its service
-- date says of that place.
--
-- Where a line was given, best word first:
--   1. the site that its row of a CSV file, or the encounters registry for this claim, names;
--   2. its own service facility (2420C), else the claim's (2310C, 2310E);
--   3. the billing provider's address, but only where the claim then means it: on a professional line
--      at a place of service where a practice works at its own address (a home visit without 2310C
--      was not given there), on an institutional line without PO, PN and ER.
-- A hospital names one service facility for a whole claim, so where its lines carry both PO and PN
-- that facility does not say where the lines with a modifier were given.
--
-- A location is looked up by site id, then by address with ZIP code, then by NPI (only where the
-- ZIP codes do not contradict). NULL site: no registry, no row, or several rows that fit equally.

CREATE OR REPLACE MACRO has_modifier(modifiers, modifier) AS contains(' ' || modifiers || ' ', ' ' || modifier || ' ');

CREATE OR REPLACE MACRO department_modifiers(modifiers) AS
    concat_ws(' ',
        CASE WHEN has_modifier(modifiers, 'PO') THEN 'PO' END,
        CASE WHEN has_modifier(modifiers, 'PN') THEN 'PN' END,
        CASE WHEN has_modifier(modifiers, 'ER') THEN 'ER' END);

-- On an ambulance line PN and ER are two letters of a journey.
CREATE OR REPLACE MACRO is_ambulance_revenue(revenue_code) AS coalesce(revenue_code BETWEEN '0540' AND '0549', FALSE);

-- A version of the law, or a row of a registry, that holds on a day.
CREATE OR REPLACE MACRO in_force(effective, until, day) AS effective <= day AND (until IS NULL OR until > day);

-- For which days somebody spoke of a hospital, where scrubjay.toml does not say so: runs of the days of this table (kind,
-- hospital_id, day) with at most three silent ones between.
CREATE OR REPLACE MACRO observed_days(spoken) AS TABLE
    SELECT kind, hospital_id, min(day) AS first_day, max(day) AS last_day
    FROM (
        SELECT kind, hospital_id, day, sum(CASE WHEN gap <= 4 THEN 0 ELSE 1 END) OVER (PARTITION BY kind, hospital_id ORDER BY day) AS run
        FROM (SELECT *, day - lag(day) OVER (PARTITION BY kind, hospital_id ORDER BY day) AS gap FROM query_table(spoken) WHERE day IS NOT NULL)
    )
    WHERE (hospital_id, kind) NOT IN (SELECT (hospital_id, kind) FROM declared_feeds)
    GROUP BY kind, hospital_id, run;

-- An address to be compared character for character, field by field.
CREATE OR REPLACE MACRO exact_address(line_1, line_2, city, state, zip) AS
    concat_ws('|', coalesce(line_1, ''), coalesce(line_2, ''), coalesce(city, ''), coalesce(state, ''), coalesce(zip, ''));

-- Main campus, remote location and satellite: always. A department: within its provider-based dates.
CREATE OR REPLACE MACRO is_hospital_space(site_type, since, until, day) AS CASE
    WHEN site_type IN ('main_campus', 'remote_location', 'satellite_facility') THEN TRUE
    WHEN site_type = 'provider_based_department' THEN day >= since AND day <= coalesce(until, day)
    WHEN site_type IS NOT NULL THEN FALSE
END;

-- Both kinds of lines, numbered in one row of numbers.
CREATE OR REPLACE TABLE lines AS
SELECT
    row_id,
    claim_key,
    line_number,
    service_date,
    concat_ws(' ', modifier_1, modifier_2, modifier_3, modifier_4) AS modifiers,
    '' AS department_modifier
FROM professional_lines
UNION ALL
SELECT
    l.row_id,
    l.claim_key,
    l.line_number,
    coalesce(l.service_date, c.service_date),
    concat_ws(' ', l.modifier_1, l.modifier_2, l.modifier_3, l.modifier_4) AS modifiers,
    CASE WHEN is_ambulance_revenue(l.revenue_code) THEN '' ELSE department_modifiers(modifiers) END
FROM institutional_lines AS l
JOIN judged_claims AS c USING (claim_key);

CREATE OR REPLACE TABLE several_departments AS
SELECT claim_key
FROM lines
GROUP BY claim_key
HAVING bool_or(department_modifier = 'PO') AND bool_or(department_modifier = 'PN');

-- The site that the encounters registry names for a claim, or for one of its lines.
CREATE OR REPLACE TABLE encounter_sites AS
SELECT claim_id, line_number, min(site_id) AS site_id
FROM encounters
WHERE claim_id IS NOT NULL AND site_id IS NOT NULL
GROUP BY claim_id, line_number
HAVING count(DISTINCT site_id) = 1;

CREATE OR REPLACE VIEW located_lines AS
SELECT
    l.row_id,
    l.service_date,
    coalesce(l.site_id, c.site_id, by_line.site_id, by_claim.site_id) AS site_id,
    coalesce(l.site_id, c.site_id) AS named_site_id,
    coalesce(l.service_facility_npi, l.service_facility_address_line_1) IS NOT NULL AS is_line_facility,
    coalesce(c.service_facility_npi, c.service_facility_address_line_1) IS NOT NULL AS is_claim_facility,
    is_line_facility OR is_claim_facility OR named_site_id IS NOT NULL AS has_service_facility,
    CASE WHEN is_line_facility THEN l.service_facility_byte_offset
         WHEN is_claim_facility THEN c.service_facility_byte_offset END AS service_facility_byte_offset,
    CASE WHEN is_line_facility THEN l.service_facility_npi ELSE c.service_facility_npi END AS npi,
    CASE WHEN is_line_facility THEN l.service_facility_address_line_1
         ELSE c.service_facility_address_line_1 END AS address_line_1,
    CASE WHEN is_line_facility THEN l.service_facility_address_line_2
         ELSE c.service_facility_address_line_2 END AS address_line_2,
    CASE WHEN is_line_facility THEN l.service_facility_city ELSE c.service_facility_city END AS city,
    CASE WHEN is_line_facility THEN l.service_facility_state ELSE c.service_facility_state END AS state,
    CASE WHEN is_line_facility THEN l.service_facility_zip ELSE c.service_facility_zip END AS zip,
    c.billing_provider_npi,
    c.billing_provider_address_line_1,
    c.billing_provider_address_line_2,
    c.billing_provider_zip,
    has_service_facility AS means_service_facility,
    coalesce(l.place_of_service_code, c.place_of_service_code, '') IN
        ('11', '17', '19', '20', '22', '24', '49', '50', '53', '57', '58', '62', '65', '71', '72', '81')
        AS means_billing_address,
    coalesce(l.place_of_service_code, c.place_of_service_code, '') IN ('02', '10') AS is_given_from_afar
FROM professional_lines AS l
JOIN claims AS c USING (claim_key)
JOIN judged_claims USING (claim_key)
LEFT JOIN encounter_sites AS by_line ON by_line.claim_id = c.claim_id AND by_line.line_number = l.line_number
LEFT JOIN encounter_sites AS by_claim ON by_claim.claim_id = c.claim_id AND by_claim.line_number IS NULL
UNION ALL
SELECT
    l.row_id,
    t.service_date,
    coalesce(c.site_id, by_line.site_id, by_claim.site_id),
    c.site_id,
    FALSE,
    coalesce(c.service_facility_npi, c.service_facility_address_line_1) IS NOT NULL AS is_claim_facility,
    is_claim_facility OR c.site_id IS NOT NULL,
    CASE WHEN is_claim_facility THEN c.service_facility_byte_offset END,
    c.service_facility_npi,
    c.service_facility_address_line_1,
    c.service_facility_address_line_2,
    c.service_facility_city,
    c.service_facility_state,
    c.service_facility_zip,
    c.billing_provider_npi,
    c.billing_provider_address_line_1,
    c.billing_provider_address_line_2,
    c.billing_provider_zip,
    is_claim_facility AND (t.department_modifier = '' OR m.claim_key IS NULL),
    t.department_modifier = '',
    FALSE
FROM institutional_lines AS l
JOIN lines AS t USING (row_id)
JOIN claims AS c ON c.claim_key = l.claim_key
JOIN judged_claims AS j ON j.claim_key = l.claim_key
LEFT JOIN several_departments AS m ON m.claim_key = l.claim_key
LEFT JOIN encounter_sites AS by_line ON by_line.claim_id = c.claim_id AND by_line.line_number = l.line_number
LEFT JOIN encounter_sites AS by_claim ON by_claim.claim_id = c.claim_id AND by_claim.line_number IS NULL;

-- The form in which addresses are compared, of each different one once: to plan this costs more than to do it.
CREATE OR REPLACE TABLE plain_addresses AS
SELECT line_1, line_2, plain_address(line_1, line_2) AS plain
FROM (
    SELECT service_facility_address_line_1 AS line_1, service_facility_address_line_2 AS line_2 FROM claims
    UNION SELECT billing_provider_address_line_1, billing_provider_address_line_2 FROM claims
    UNION SELECT service_facility_address_line_1, service_facility_address_line_2 FROM professional_lines
    UNION SELECT address_line_1, address_line_2 FROM sites
    UNION SELECT pecos_address_line_1, pecos_address_line_2 FROM sites
    UNION SELECT NULL, NULL
);

-- Every different way in which lines say where they were given, with all that can be said of it once.
CREATE OR REPLACE TABLE locations AS
WITH grouped AS (
    SELECT
        * EXCLUDE (row_id, service_date, service_facility_byte_offset, is_line_facility),
        list(struct_pack(row_id := row_id, service_date := service_date, byte_offset := service_facility_byte_offset))
            AS line_list
    FROM located_lines
    GROUP BY ALL
),
plain AS (
    SELECT
        g.*,
        NOT means_service_facility AND NOT has_service_facility AND means_billing_address AS is_at_billing,
        f.plain AS facility_address,
        left(zip, 5) AS facility_zip,
        b.plain AS billing_address,
        left(billing_provider_zip, 5) AS billing_zip
    FROM grouped AS g
    JOIN plain_addresses AS f
        ON f.line_1 IS NOT DISTINCT FROM g.address_line_1 AND f.line_2 IS NOT DISTINCT FROM g.address_line_2
    JOIN plain_addresses AS b
        ON b.line_1 IS NOT DISTINCT FROM g.billing_provider_address_line_1
        AND b.line_2 IS NOT DISTINCT FROM g.billing_provider_address_line_2
)
SELECT
    row_number() OVER () AS location_id,
    line_list,
    site_id,
    has_service_facility,
    coalesce(npi, '') AS service_facility_npi,
    one_line_address(address_line_1, address_line_2, city, state, zip) AS service_facility_address,
    coalesce(is_post_office_box(address_line_1, address_line_2), FALSE) AS is_service_facility_post_office_box,
    address_line_1 IS NOT NULL AND state IS NOT NULL AND coalesce(regexp_full_match(zip, '[0-9-]+'), FALSE)
        AS has_service_facility_street,
    coalesce(length(regexp_replace(zip, '[^0-9]', '', 'g')) = 9, FALSE) AS has_service_facility_zip_of_nine_digits,
    coalesce(npi = billing_provider_npi, FALSE) AS is_service_facility_npi_of_billing_provider,
    facility_address,
    facility_zip,
    billing_address,
    billing_zip,
    -- where Medicare looks up the locality; of telehealth it is the practitioner's
    regexp_replace(CASE WHEN has_service_facility THEN zip
                        WHEN means_billing_address OR is_given_from_afar THEN billing_provider_zip END,
                   '[^0-9]', '', 'g') AS priced_zip,
    -- what the registry is searched with
    CASE WHEN site_id IS NOT NULL THEN NULL WHEN means_service_facility THEN npi
         WHEN is_at_billing THEN billing_provider_npi END AS sought_npi,
    CASE WHEN site_id IS NOT NULL THEN NULL WHEN means_service_facility THEN facility_address
         WHEN is_at_billing THEN billing_address END AS sought_address,
    CASE WHEN means_service_facility THEN facility_zip WHEN is_at_billing THEN billing_zip END AS sought_zip,
    coalesce(site_id, sought_npi, nullif(sought_address, '')) IS NOT NULL AS is_located,
    -- the location as the claim names it, whatever registries know; NULL: it names none
    CASE WHEN named_site_id IS NOT NULL THEN 'site ' || named_site_id
         WHEN has_service_facility THEN concat_ws(' ', coalesce(nullif(facility_address, ''), npi), facility_zip)
         WHEN means_billing_address THEN concat_ws(' ', coalesce(nullif(billing_address, ''), billing_provider_npi), billing_zip)
    END AS location_key
FROM plain;

-- Every location on every day on which lines were given there.
CREATE OR REPLACE TABLE places AS
SELECT
    row_number() OVER () AS place_id,
    location_id,
    one.service_date AS service_date,
    list(struct_pack(row_id := one.row_id, byte_offset := one.byte_offset)) AS line_list
FROM (SELECT location_id, unnest(line_list) AS one FROM locations)
GROUP BY location_id, one.service_date;

CREATE OR REPLACE TABLE line_places AS
SELECT place_id, one.row_id AS row_id, one.byte_offset AS service_facility_byte_offset
FROM (SELECT place_id, unnest(line_list) AS one FROM places);

-- The rows of the registry, with what does not depend on the day.
--
-- campus_code      22 on campus, 19 beyond it (42 CFR 413.65(a)(2)): CMS determination first, then the
--                  straight-line distance. A driving distance beyond the boundary proves nothing. No text
--                  says which code a remote location or satellite takes, or space near one: NULL.
-- is_near_campus_boundary   within 5 yards: a reading, not a survey, decides there (dossier S11B).
-- is_near_remote_location   a blank distance means that there is no remote location near.
CREATE OR REPLACE TABLE site_rows AS
WITH yards AS (
    SELECT arg_max(value, effective) AS boundary FROM law_values, run
    WHERE path = 'us.cms.provider_based.campus_distance_yards' AND effective <= run_date
),
plain AS (
    SELECT
        s.*,
        boundary,
        a.plain AS address,
        left(zip, 5) AS zip_5,
        p.plain AS pecos_plain_address,
        left(pecos_zip, 5) AS pecos_zip_5,
        CASE WHEN npi <> 'none' THEN npi END AS own_npi,
        one_line_address(address_line_1, address_line_2, city, state, zip) AS claims_address,
        CASE WHEN pecos_address_line_1 IS NOT NULL THEN
            one_line_address(pecos_address_line_1, pecos_address_line_2, pecos_city, pecos_state, pecos_zip)
        END AS pecos_address,
        coalesce(site_type = 'main_campus' OR has_cms_campus_determination OR is_on_hospital_campus, FALSE)
            AS is_campus_settled_without_distance,
        coalesce(remote_location_distance_yards <= boundary, FALSE) AS is_near_remote_location,
        coalesce(site_type IN ('remote_location', 'satellite_facility'), FALSE) AS is_remote,
        coalesce(ptan, ccn) AS provider_number,
        coalesce(npi IN (SELECT h.npi FROM sites AS h WHERE h.site_type = 'main_campus' AND h.hospital_id = s.hospital_id)
                 AND site_type <> 'main_campus', FALSE) AS is_hospital_npi
    FROM sites AS s
    CROSS JOIN yards
    JOIN plain_addresses AS a
        ON a.line_1 IS NOT DISTINCT FROM s.address_line_1 AND a.line_2 IS NOT DISTINCT FROM s.address_line_2
    JOIN plain_addresses AS p
        ON p.line_1 IS NOT DISTINCT FROM s.pecos_address_line_1 AND p.line_2 IS NOT DISTINCT FROM s.pecos_address_line_2
)
SELECT
    *,
    coalesce(abs(distance_yards - boundary) <= 5 AND site_type = 'provider_based_department', FALSE)
        AND NOT is_campus_settled_without_distance AS is_near_campus_boundary,
    CASE
        WHEN is_campus_settled_without_distance THEN '22'
        WHEN is_remote THEN NULL
        WHEN distance_yards <= boundary THEN '22'
        WHEN is_near_remote_location THEN NULL
        WHEN distance_method = 'straight_line' AND distance_yards > boundary THEN '19'
    END AS campus_code,
    CASE
        WHEN campus_code IS NOT NULL THEN NULL
        WHEN is_remote THEN 'no text says which code a remote location or satellite takes'
        WHEN is_near_remote_location THEN 'the site is near a remote location, and no text says which code it takes'
        WHEN distance_yards IS NULL THEN 'its distance is blank in the registry'
        WHEN distance_method IS NULL THEN 'how its distance was measured is blank in the registry'
        ELSE 'its distance was driven, and a road proves nothing beyond the boundary'
    END AS campus_because
FROM plain;

-- Every row that fits a location by one of the three ways, best way first.
CREATE OR REPLACE TABLE location_candidates AS
SELECT l.location_id, s.row_number, 1 AS way, s.effective_from, s.effective_to
FROM locations AS l JOIN site_rows AS s ON s.site_id = l.site_id
UNION ALL
SELECT l.location_id, s.row_number, 2, s.effective_from, s.effective_to
FROM locations AS l JOIN site_rows AS s ON s.address = l.sought_address AND s.zip_5 = l.sought_zip
WHERE l.sought_address <> ''
UNION ALL
SELECT l.location_id, s.row_number, 3, s.effective_from, s.effective_to
FROM locations AS l
JOIN site_rows AS s
    ON s.own_npi = l.sought_npi AND (l.sought_zip IS NULL OR s.zip_5 IS NULL OR s.zip_5 = l.sought_zip);

-- What is known of a location on a day: the facts of `scrubjay.tables` about its site.
CREATE OR REPLACE TABLE place_facts AS
WITH fitting AS (
    SELECT d.place_id, c.row_number, c.way = min(c.way) OVER (PARTITION BY d.place_id) AS is_best
    FROM places AS d
    JOIN location_candidates AS c
        ON c.location_id = d.location_id
        AND d.service_date IS NOT NULL
        AND (c.effective_from IS NULL OR c.effective_from <= d.service_date)
        AND (c.effective_to IS NULL OR c.effective_to >= d.service_date)
),
found AS (
    SELECT place_id, count(*) AS fitting, min(row_number) AS row_number
    FROM fitting
    WHERE is_best
    GROUP BY place_id
),
excepted AS (
    SELECT CAST(row['before'] AS DATE) AS cutoff
    FROM law_rows, run
    WHERE path = 'us.cms.opps.excepted_department'
        AND effective <= run_date AND (until IS NULL OR until > run_date)
),
sited AS (
    SELECT
        d.place_id,
        d.service_date,
        l.* EXCLUDE (location_id, line_list, site_id),
        s.* EXCLUDE (effective_from, effective_to),
        CASE WHEN f.fitting = 1 THEN NULL
             WHEN NOT run.has_sites THEN 'no sites registry is loaded'
             WHEN NOT l.is_located THEN 'the claim does not say where the service was given'
             WHEN d.service_date IS NULL THEN 'the line has no service date, so no row of the sites registry can be chosen'
             WHEN f.fitting > 1 THEN 'several rows of the sites registry fit the service location on that day'
             ELSE 'no row of the sites registry fits the service location on that day'
        END AS site_because,
        is_hospital_space(s.site_type, s.provider_based_from, s.provider_based_to, d.service_date) AS is_provider_based,
        e.cutoff,
        -- Section 603 where nobody has settled it. 'none' is the date 9999-12-31.
        s.first_opps_service_date < e.cutoff AS was_furnished_before,
        s.mid_build_certification_date < DATE '9999-12-31' AS has_mid_build,
        CASE WHEN s.hospital_type <> 'cancer' THEN FALSE
             ELSE s.cancer_hospital_attestation_date < DATE '9999-12-31' END AS has_cancer_attestation,
        s.relocated_date BETWEEN e.cutoff AND d.service_date AND NOT s.has_relocation_exception AS was_moved,
        s.ownership_changed_date BETWEEN e.cutoff AND d.service_date AND NOT s.is_whole_hospital_sale AS was_sold
    FROM places AS d
    JOIN locations AS l USING (location_id)
    CROSS JOIN run
    CROSS JOIN excepted AS e
    LEFT JOIN found AS f USING (place_id)
    LEFT JOIN site_rows AS s ON s.row_number = f.row_number AND f.fitting = 1
)
SELECT
    *,
    coalesce(pecos_address, nullif(claims_address, '')) AS registered_address,
    CASE
        WHEN site_id IS NULL OR service_facility_address = '' THEN NULL
        WHEN pecos_address IS NOT NULL
            THEN facility_address = pecos_plain_address AND coalesce(facility_zip, '') = pecos_zip_5
        WHEN address_line_1 IS NOT NULL THEN facility_address = address AND coalesce(facility_zip, '') = zip_5
    END AS is_service_facility_at_registered_address,
    CASE WHEN address_line_1 IS NOT NULL THEN address = billing_address AND zip_5 = coalesce(billing_zip, '')
    END AS is_at_billing_address,
    enrolled_location_type IN ('main_campus', 'provider_based_department', 'remote_location', 'satellite_facility')
        AND service_date >= coalesce(pecos_effective_from, service_date)
        AND service_date <= coalesce(pecos_effective_to, service_date) AS is_enrolled_hospital_location,
    CASE
        WHEN NOT is_provider_based OR site_type IN ('main_campus', 'remote_location', 'satellite_facility') THEN FALSE
        WHEN is_near_remote_location OR campus_code = '22' THEN FALSE
        WHEN is_provider_based IS NULL THEN NULL
        ELSE campus_code = '19'
    END AS is_off_campus_department,
    CASE
        WHEN excepted_status IS NOT NULL THEN excepted_status = 'excepted'
        ELSE is_dedicated_emergency_department
            OR (was_furnished_before OR has_mid_build OR has_cancer_attestation) AND NOT (was_moved OR was_sold)
    END AS is_excepted_department,
    CASE
        WHEN is_excepted_department IS NOT NULL THEN NULL
        WHEN site_id IS NULL THEN site_because
        WHEN NOT coalesce(was_furnished_before OR has_mid_build OR has_cancer_attestation, FALSE)
                OR coalesce(was_moved OR was_sold, FALSE) THEN
            'excepted_status is blank in the registry, and so is '
            || CASE WHEN NOT (was_furnished_before OR has_mid_build OR has_cancer_attestation) OR was_moved OR was_sold
                        THEN 'is_dedicated_emergency_department'
                    WHEN was_furnished_before IS NULL THEN 'first_opps_service_date'
                    WHEN has_mid_build IS NULL THEN 'mid_build_certification_date'
                    ELSE 'cancer_hospital_attestation_date' END
        ELSE 'excepted_status is blank in the registry, and so is '
            || CASE WHEN was_moved IS NULL AND relocated_date IS NULL THEN 'relocated_date'
                    WHEN was_moved IS NULL THEN 'has_relocation_exception'
                    WHEN ownership_changed_date IS NULL THEN 'ownership_changed_date'
                    ELSE 'is_whole_hospital_sale' END
    END AS excepted_because,
    CASE
        WHEN excepted_status IS NOT NULL THEN 'the registry says ' || excepted_status
        WHEN is_dedicated_emergency_department THEN 'a dedicated emergency department'
        WHEN was_moved THEN 'moved on ' || relocated_date || ' without an exception'
        WHEN was_sold THEN 'changed hands on ' || ownership_changed_date || ' without the whole hospital'
        WHEN has_mid_build THEN 'mid-build certificate of ' || mid_build_certification_date
        WHEN has_cancer_attestation THEN 'attestation of a cancer hospital of ' || cancer_hospital_attestation_date
        WHEN first_opps_service_date IS NOT NULL THEN 'first covered service on ' || first_opps_service_date
    END AS excepted_reason
FROM sited;

-- What both kinds of lines say of their site.
CREATE OR REPLACE VIEW place_sites AS
SELECT
    place_id,
    site_id,
    site_id IS NOT NULL AS is_site_known,
    site_name,
    site_because,
    site_type,
    hospital_name,
    is_provider_based,
    coalesce(is_on_hospital_campus, campus_code = '22') AS is_on_hospital_campus,
    campus_code AS outpatient_place_of_service_code,
    coalesce(site_because, campus_because) AS campus_because,
    distance_yards,
    coalesce(is_near_campus_boundary, FALSE) AS is_near_campus_boundary,
    is_enrolled_hospital_location
FROM place_facts;

CREATE OR REPLACE VIEW line_sites AS
SELECT l.row_id, l.service_facility_byte_offset, d.*
FROM line_places AS l
JOIN place_facts AS d USING (place_id);

-- The hospitals of the registry; a type only where all rows of the hospital agree on it.
CREATE OR REPLACE TABLE hospitals AS
SELECT hospital_id, any_value(hospital_name ORDER BY row_number) AS hospital_name,
    CASE WHEN count(DISTINCT hospital_type) = 1 THEN min(hospital_type) END AS hospital_type
FROM sites
WHERE hospital_id IS NOT NULL AND site_type IN ('main_campus', 'provider_based_department', 'remote_location', 'satellite_facility',
                                                'inpatient_psychiatric_facility', 'inpatient_rehabilitation_facility')
GROUP BY hospital_id;
