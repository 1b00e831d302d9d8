-- Which release of each fee file prices a service, by its day.
--
-- Of the releases of that calendar year the last that had taken effect; where none had, the first that did later: CMS
-- publishes a year's values anew each quarter, and an amount of another quarter is still one of that year's rule. Never a
-- release of another year: NULL, and amounts are not known.

CREATE OR REPLACE TABLE fee_days AS
WITH days AS (SELECT DISTINCT service_date FROM lines WHERE service_date IS NOT NULL),
fitting AS (
    SELECT
        d.service_date,
        r.kind,
        r.is_for_qualifying_participants AS is_qualifying,
        r.release_id,
        row_number() OVER (
            PARTITION BY d.service_date, r.kind, r.is_for_qualifying_participants
            ORDER BY r.effective_from > d.service_date, abs(r.effective_from - d.service_date), r.release_id
        ) AS place
    FROM days AS d
    JOIN fee_releases AS r ON year(r.effective_from) = year(d.service_date)
)
SELECT
    d.service_date,
    max(release_id) FILTER (kind = 'relative_values' AND is_qualifying IS NULL) AS plain_release,
    max(release_id) FILTER (kind = 'relative_values' AND NOT is_qualifying) AS nonqualifying_release,
    max(release_id) FILTER (kind = 'relative_values' AND is_qualifying) AS qualifying_release,
    coalesce(nonqualifying_release, qualifying_release) IS NOT NULL AS has_two_factors,
    coalesce(plain_release, nonqualifying_release, qualifying_release) AS any_value_release,
    max(release_id) FILTER (kind = 'gpci') AS gpci_release,
    max(release_id) FILTER (kind = 'zip5') AS zip5_release,
    max(release_id) FILTER (kind = 'zip9') AS zip9_release,
    max(release_id) FILTER (kind = 'counties') AS county_release,
    max(release_id) FILTER (kind = 'anesthesia' AND is_qualifying IS NOT TRUE) AS anesthesia_release,
    max(release_id) FILTER (kind = 'anesthesia' AND is_qualifying) AS qualifying_anesthesia_release,
    max(release_id) FILTER (kind = 'oppscap') AS cap_release,
    max(release_id) FILTER (kind = 'pfall' AND is_qualifying IS NOT TRUE) AS published_release,
    max(release_id) FILTER (kind = 'pfrev' AND is_qualifying IS NOT TRUE) AS revised_release,
    max(release_id) FILTER (kind = 'pfall' AND is_qualifying) AS qualifying_published_release,
    max(release_id) FILTER (kind = 'pfrev' AND is_qualifying) AS qualifying_revised_release,
    max(release_id) FILTER (kind = 'addendum_b') AS outpatient_release,
    max(release_id) FILTER (kind = 'addendum_a') AS apc_release
FROM days AS d
LEFT JOIN fitting AS f ON f.service_date = d.service_date AND f.place = 1
GROUP BY d.service_date;

-- What Medicare pays below the outpatient rate at an excepted off-campus department; a fact also without fee files.
CREATE OR REPLACE TABLE neutral_items AS
SELECT
    row['procedure_code'] AS procedure_code,
    CAST(row['percent'] AS DECIMAL(9, 2)) AS percent,
    CAST(row['rural_sole_community_percent'] AS DECIMAL(9, 2)) AS rural_percent,
    effective,
    until
FROM law_rows
WHERE path = 'us.cms.opps.site_neutral_items';
