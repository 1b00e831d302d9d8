-- What the encounters registry says about a line: the row for its claim and line, else for
-- its claim, else for the patient on that day at that site, else for the patient on that day.
-- NULL: no registry, no row, or several rows of the same rank.

CREATE OR REPLACE TABLE line_encounters AS
WITH sited AS (
    SELECT l.row_id, c.claim_id, l.line_number, c.member_id, l.service_date, w.site_id
    FROM lines AS l
    JOIN claims AS c USING (claim_key)
    JOIN line_sites AS w USING (row_id)
),
fitting AS (
    SELECT l.row_id, e.row_number, CASE WHEN e.line_number IS NULL THEN 2 ELSE 1 END AS way
    FROM sited AS l
    JOIN encounters AS e ON e.claim_id = l.claim_id AND (e.line_number IS NULL OR e.line_number = l.line_number)
    UNION ALL
    SELECT l.row_id, e.row_number, CASE WHEN e.site_id IS NULL THEN 4 ELSE 3 END
    FROM sited AS l
    JOIN encounters AS e
        ON e.claim_id IS NULL AND e.member_id = l.member_id AND e.service_date = l.service_date
        AND (e.site_id IS NULL OR e.site_id = l.site_id)
),
best AS (
    SELECT row_id, row_number, way = min(way) OVER (PARTITION BY row_id) AS is_best FROM fitting
)
SELECT row_id, count(*) AS fitting, min(row_number) AS row_number
FROM best
WHERE is_best
GROUP BY row_id;
