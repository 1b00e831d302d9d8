-- Who gave a service, and what the providers registry says of the people on the claim.
--
-- rendering NPI        of the line, else of the claim, else the billing provider.
-- performer            performed_by_type of the encounter, else the type of performed_by_npi in the registry.
-- kind                 what a type counts as: a table of law. A type that is not in it is 'other'.
-- NULL                 no registry, no row for that NPI on that day, or rows that disagree; the kind also where no law
--                      is in force on the day, or the line has none.

CREATE OR REPLACE TABLE practitioner_kinds AS
SELECT upper(row['type']) AS type, row['kind'] AS kind, effective, until
FROM law_rows
WHERE path = 'us.cms.mpfs.practitioner_kinds';

CREATE OR REPLACE TABLE kind_periods AS SELECT DISTINCT effective, until FROM practitioner_kinds;

CREATE OR REPLACE TABLE line_people AS
SELECT
    l.row_id,
    l.service_date,
    coalesce(l.rendering_provider_npi, c.rendering_provider_npi, c.billing_provider_npi) AS rendering_npi,
    c.billing_provider_npi AS billing_npi,
    e.performed_by_npi,
    upper(e.performed_by_type) AS performed_by_type
FROM professional_lines AS l
JOIN claims AS c USING (claim_key)
JOIN judged_claims USING (claim_key)
LEFT JOIN line_encounters AS f USING (row_id)
LEFT JOIN encounters AS e ON e.row_number = f.row_number AND f.fitting = 1;

-- What each person is, on each day on which the files name the person.
CREATE OR REPLACE TABLE person_days AS
WITH named AS (
    SELECT DISTINCT npi, service_date
    FROM (
        SELECT unnest([rendering_npi, billing_npi, performed_by_npi]) AS npi, service_date FROM line_people
    )
    WHERE npi IS NOT NULL
)
SELECT
    n.npi,
    n.service_date,
    CASE WHEN count(DISTINCT upper(p.provider_type)) = 1 THEN upper(min(p.provider_type)) END AS type,
    CASE WHEN count(DISTINCT p.is_qualifying_participant) = 1 THEN bool_or(p.is_qualifying_participant) END
        AS is_qualifying_participant,
    bool_and(coalesce(p.is_participating, TRUE)) AS is_participating,
    CASE
        WHEN count(p.npi) = 0 AND n.service_date IS NULL
            THEN 'the line has no readable service date, and the providers registry has no row without dates for '
        WHEN count(p.npi) = 0 THEN 'the providers registry has no row on that day for '
        WHEN count(p.provider_type) = 0 THEN 'the providers registry leaves the type blank of '
        ELSE 'the providers registry has several types for '
    END AS no_type
FROM named AS n
LEFT JOIN providers AS p
    ON p.npi = n.npi
    AND (p.effective_from IS NULL OR p.effective_from <= n.service_date)
    AND (p.effective_to IS NULL OR p.effective_to >= n.service_date)
GROUP BY n.npi, n.service_date;

CREATE OR REPLACE TABLE line_practitioners AS
WITH typed AS (
    SELECT
        l.row_id,
        l.service_date,
        coalesce(l.rendering_npi, '') AS rendering_provider_npi,
        r.type AS rendering_provider_type,
        b.type AS billing_provider_type,
        coalesce(l.performed_by_type, p.type) AS performer_type,
        coalesce(l.performed_by_type, l.performed_by_npi) IS NOT NULL AS has_performer_on_record,
        k.effective IS NOT NULL AS has_law,
        CASE WHEN k.effective IS NOT NULL THEN NULL
             WHEN l.service_date IS NULL THEN 'the line has no readable service date'
             ELSE 'no law on types of practitioners is loaded for that day' END AS no_kind,
        CASE WHEN r.type IS NOT NULL THEN no_kind
             WHEN NOT run.has_providers THEN 'no providers registry is loaded'
             WHEN l.rendering_npi IS NULL THEN 'the claim names no rendering provider'
             ELSE r.no_type || l.rendering_npi END AS rendering_because,
        CASE WHEN b.type IS NOT NULL THEN no_kind
             WHEN NOT run.has_providers THEN 'no providers registry is loaded'
             WHEN l.billing_npi IS NULL THEN 'the claim names no billing provider by NPI'
             ELSE b.no_type || l.billing_npi END AS billing_because,
        CASE WHEN performer_type IS NOT NULL THEN no_kind
             WHEN l.performed_by_npi IS NULL THEN NULL
             WHEN NOT run.has_providers THEN 'no providers registry is loaded'
             ELSE p.no_type || l.performed_by_npi END AS performer_because
    FROM line_people AS l
    CROSS JOIN run
    LEFT JOIN kind_periods AS k ON in_force(k.effective, k.until, l.service_date)
    LEFT JOIN person_days AS r ON r.npi = l.rendering_npi AND r.service_date IS NOT DISTINCT FROM l.service_date
    LEFT JOIN person_days AS b ON b.npi = l.billing_npi AND b.service_date IS NOT DISTINCT FROM l.service_date
    LEFT JOIN person_days AS p ON p.npi = l.performed_by_npi AND p.service_date IS NOT DISTINCT FROM l.service_date
)
SELECT
    t.* EXCLUDE (service_date, billing_provider_type, has_law, no_kind),
    CASE WHEN t.has_law AND t.rendering_provider_type IS NOT NULL THEN coalesce(r.kind, 'other') END AS rendering_provider_kind,
    CASE WHEN t.has_law AND t.billing_provider_type IS NOT NULL THEN coalesce(b.kind, 'other') END AS billing_provider_kind,
    CASE WHEN t.has_law AND t.performer_type IS NOT NULL THEN coalesce(p.kind, 'other') END AS performer_kind
FROM typed AS t
LEFT JOIN practitioner_kinds AS r
    ON r.type = t.rendering_provider_type AND in_force(r.effective, r.until, t.service_date)
LEFT JOIN practitioner_kinds AS b
    ON b.type = t.billing_provider_type AND in_force(b.effective, b.until, t.service_date)
LEFT JOIN practitioner_kinds AS p
    ON p.type = t.performer_type AND in_force(p.effective, p.until, t.service_date);
