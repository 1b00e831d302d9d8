-- Where each service line was given: the row of the sites registry in force on its service date.
--
-- A line's service location is the site its CSV row names; else its own service facility (2420C);
-- else the claim's (2310C); else the billing provider's address, but only at a place of service
-- where a practice works at its own address: a home visit without 2310C was not given there.
-- A location is looked up by site id, then by address with ZIP code, then by NPI (only where the
-- ZIP codes do not contradict). NULL site: no registry, no row, or several rows that fit equally.

CREATE OR REPLACE MACRO plain_address(line_1, line_2) AS
    trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(
        ' ' || upper(concat_ws(' ', line_1, line_2)) || ' ',
        '[.,#''"-]', ' ', 'g'),
        ' (SUITE|STE|UNIT|RM|ROOM) +', ' STE ', 'g'),
        ' STREET ', ' ST ', 'g'),
        ' AVENUE ', ' AVE ', 'g'),
        ' (BOULEVARD|BLVD) ', ' BLVD ', 'g'),
        ' (ROAD) ', ' RD ', 'g'),
        ' (DRIVE) ', ' DR ', 'g'),
        ' +', ' ', 'g'));

CREATE OR REPLACE VIEW located_lines AS
SELECT
    l.row_id,
    l.service_date,
    coalesce(l.site_id, c.site_id) AS site_id,
    coalesce(l.service_facility_npi, l.service_facility_address_line_1) IS NOT NULL AS is_line_facility,
    coalesce(c.service_facility_npi, c.service_facility_address_line_1) IS NOT NULL AS is_claim_facility,
    coalesce(l.place_of_service_code, c.place_of_service_code, '') IN
        ('11', '17', '19', '20', '22', '24', '49', '50', '53', '57', '58', '62', '65', '71', '72', '81')
        AS is_at_practice,
    is_line_facility OR is_claim_facility OR l.site_id IS NOT NULL OR c.site_id IS NOT NULL AS has_service_facility,
    CASE WHEN is_line_facility THEN l.service_facility_byte_offset
         WHEN is_claim_facility THEN c.service_facility_byte_offset END AS service_facility_byte_offset,
    CASE WHEN is_line_facility THEN l.service_facility_npi
         WHEN is_claim_facility THEN c.service_facility_npi
         WHEN is_at_practice THEN c.billing_provider_npi END AS npi,
    CASE WHEN is_line_facility THEN l.service_facility_address_line_1
         WHEN is_claim_facility THEN c.service_facility_address_line_1
         WHEN is_at_practice THEN c.billing_provider_address_line_1 END AS address_line_1,
    CASE WHEN is_line_facility THEN l.service_facility_address_line_2
         WHEN is_claim_facility THEN c.service_facility_address_line_2
         WHEN is_at_practice THEN c.billing_provider_address_line_2 END AS address_line_2,
    left(CASE WHEN is_line_facility THEN l.service_facility_zip
              WHEN is_claim_facility THEN c.service_facility_zip
              WHEN is_at_practice THEN c.billing_provider_zip END, 5) AS zip
FROM professional_lines AS l
JOIN claims AS c USING (claim_key)
JOIN professional_claims USING (claim_key);

CREATE OR REPLACE TABLE locations AS
SELECT
    row_number() OVER () AS location_id,
    site_id, npi, address_line_1, address_line_2, zip,
    plain_address(address_line_1, address_line_2) AS address
FROM (SELECT DISTINCT site_id, npi, address_line_1, address_line_2, zip FROM located_lines);

CREATE OR REPLACE TABLE site_rows AS
SELECT *, plain_address(address_line_1, address_line_2) AS address, left(zip, 5) AS zip_5,
       CASE WHEN npi <> 'none' THEN npi END AS own_npi
FROM sites;

-- Every row that fits a location by one of the three ways, best way first.
CREATE OR REPLACE TABLE location_candidates AS
SELECT l.location_id, s.row_number, 1 AS way, s.effective_from, s.effective_to
FROM locations AS l JOIN site_rows AS s ON s.site_id = l.site_id
UNION ALL
SELECT l.location_id, s.row_number, 2, s.effective_from, s.effective_to
FROM locations AS l JOIN site_rows AS s ON s.address = l.address AND s.zip_5 = l.zip AND l.address <> ''
WHERE l.site_id IS NULL
UNION ALL
SELECT l.location_id, s.row_number, 3, s.effective_from, s.effective_to
FROM locations AS l
JOIN site_rows AS s ON s.own_npi = l.npi AND (l.zip IS NULL OR s.zip_5 IS NULL OR s.zip_5 = l.zip)
WHERE l.site_id IS NULL;

CREATE OR REPLACE TABLE line_locations AS
SELECT t.row_id, t.service_date, l.location_id, t.has_service_facility, t.service_facility_byte_offset,
       coalesce(l.site_id, l.npi, nullif(l.address, '')) IS NOT NULL AS is_located
FROM located_lines AS t
JOIN locations AS l
    ON l.site_id IS NOT DISTINCT FROM t.site_id AND l.npi IS NOT DISTINCT FROM t.npi
    AND l.address_line_1 IS NOT DISTINCT FROM t.address_line_1
    AND l.address_line_2 IS NOT DISTINCT FROM t.address_line_2 AND l.zip IS NOT DISTINCT FROM t.zip;

CREATE OR REPLACE TABLE located_sites AS
WITH dated AS (
    SELECT DISTINCT location_id, service_date FROM line_locations WHERE is_located
),
fitting AS (
    SELECT d.location_id, d.service_date, c.row_number,
           c.way = min(c.way) OVER (PARTITION BY d.location_id, d.service_date) AS is_best
    FROM dated AS d
    JOIN location_candidates AS c
        ON c.location_id = d.location_id
        AND (c.effective_from IS NULL OR c.effective_from <= d.service_date)
        AND (c.effective_to IS NULL OR c.effective_to >= d.service_date)
)
SELECT location_id, service_date, count(*) AS fitting, min(row_number) AS row_number
FROM fitting
WHERE is_best
GROUP BY location_id, service_date;

CREATE OR REPLACE TABLE line_sites AS
SELECT
    t.row_id,
    t.location_id,
    t.has_service_facility,
    t.service_facility_byte_offset,
    t.is_located,
    CASE WHEN f.fitting = 1 THEN 'row ' || f.row_number
         WHEN t.is_located THEN coalesce(nullif(concat_ws(' ', nullif(l.address, ''), l.zip), ''), l.site_id, l.npi)
    END AS location_key,
    CASE WHEN f.fitting = 1 THEN f.row_number END AS site_row,
    CASE WHEN f.fitting = 1 THEN NULL
         WHEN NOT run.has_sites THEN 'no sites registry is loaded'
         WHEN NOT t.is_located THEN 'the claim does not say where the service was given'
         WHEN t.service_date IS NULL THEN 'the line has no service date, so no row of the sites registry can be chosen'
         WHEN f.fitting > 1 THEN 'several rows of the sites registry fit the service location on that day'
         ELSE 'no row of the sites registry fits the service location on that day'
    END AS site_because
FROM line_locations AS t
JOIN locations AS l USING (location_id)
CROSS JOIN run
LEFT JOIN located_sites AS f ON f.location_id = t.location_id AND f.service_date = t.service_date;
