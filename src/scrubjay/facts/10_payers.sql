-- judged_claims: one row per professional or institutional claim: whose rules apply, and the dates
-- the payer would use.
--
-- payer_program    from the payers registry (payer_id, on the claim's first service date), else from
--                  the claim filing code (SBR09). NULL: neither says so. A payer whose policy says that it
--                  inherits Medicare counts as Medicare: its rules are the ones that apply.
-- service_date     statement from date, else the first service date of its lines.
-- receipt_date     from the claim table (a mapped column, later 835 and 277CA), else --received.
-- *_earliest       no claim is received before its service or the making of its file, none is
--                  finished before it was received. NULL only when nothing at all is dated.
-- is_paper_claim   NULL: a CSV that does not say how its claims are sent.

CREATE OR REPLACE TABLE claim_dates AS
SELECT
    claim_key,
    min(service_date) AS first_service_date,
    max(greatest(service_date, service_through_date)) AS last_service_date
FROM (
    SELECT claim_key, service_date, service_through_date FROM professional_lines
    UNION ALL
    SELECT claim_key, service_date, service_through_date FROM institutional_lines
)
GROUP BY claim_key;

-- The row of the payers registry for each claim; NULL where several fit, or none.
CREATE OR REPLACE TABLE payer_rows AS
SELECT
    c.claim_key,
    CASE WHEN count(*) = 1 THEN min(p.row_number) END AS payer_row,
    CASE WHEN count(DISTINCT p.payer_program) = 1 THEN min(p.payer_program) END AS registered_program
FROM claims AS c
JOIN claim_dates AS d USING (claim_key)
JOIN payers AS p
    ON p.payer_id = c.payer_id
    AND (p.effective_from IS NULL OR p.effective_from <= coalesce(c.statement_from_date, d.first_service_date))
    AND (p.effective_to IS NULL OR p.effective_to >= coalesce(c.statement_from_date, d.first_service_date))
GROUP BY c.claim_key;

-- Claim filing indicator codes that name a programme; the others (MI, DS, ZZ …) do not.
CREATE OR REPLACE MACRO program_of_filing_code(code) AS CASE
    WHEN code = 'MB' THEN 'medicare_part_b'
    WHEN code = 'MA' THEN 'medicare_part_a'
    WHEN code = '16' THEN 'medicare_advantage'
    WHEN code = 'MC' THEN 'medicaid'
    WHEN code IN ('CI', 'BL', '12', '13', '14', '15', 'HM', 'AM', 'LM') THEN 'commercial'
    WHEN code = 'WC' THEN 'workers_compensation'
    WHEN code IN ('CH', 'VA', 'FI', 'OF', 'TV', '11') THEN 'other_government'
END;

-- Each payer on each day on which something was billed to it, and the policies that speak for it then.
CREATE OR REPLACE TABLE claim_payers AS
SELECT
    c.claim_key,
    c.claim_type,
    coalesce(c.statement_from_date, d.first_service_date) AS service_date,
    p.payer_row,
    coalesce(p.registered_program, program_of_filing_code(c.claim_filing_code)) AS payer_program,
    p.claim_key IS NOT NULL AS has_row
FROM claims AS c
LEFT JOIN claim_dates AS d USING (claim_key)
LEFT JOIN payer_rows AS p USING (claim_key)
WHERE c.claim_type IN ('professional', 'institutional');

CREATE OR REPLACE TABLE payer_days AS
SELECT row_number() OVER () AS payer_day, *
FROM (SELECT DISTINCT payer_row, payer_program, service_date FROM claim_payers);

-- A policy fits where the payers registry names it, else where program, state, product and contractor do. One
-- that inherits Medicare is followed by Medicare's own, which answers last.
CREATE OR REPLACE TABLE payer_day_policies AS
WITH fitting AS (
    SELECT
        d.payer_day,
        d.service_date,
        p.policy,
        p.rank,
        coalesce(p.policy = r.policy, FALSE) AS is_named,
        p.inherits_medicare
    FROM payer_days AS d
    LEFT JOIN payers AS r ON r.row_number = d.payer_row
    JOIN policies AS p
        ON p.policy = r.policy
        OR (coalesce(p.match_program, p.match_state, p.match_product, p.match_contractor) IS NOT NULL
            AND (p.match_program IS NULL OR p.match_program = d.payer_program
                OR p.match_program = 'medicare_part_b' AND d.payer_program = 'medicare_part_a')
            AND (p.match_state IS NULL OR p.match_state = r.state)
            AND (p.match_product IS NULL OR lower(p.match_product) = lower(r.product))
            AND (p.match_contractor IS NULL OR lower(p.match_contractor) = lower(r.contractor)))
)
SELECT * FROM fitting
UNION ALL
SELECT payer_day, any_value(service_date), 'medicare_ffs', 5, FALSE, TRUE
FROM fitting
GROUP BY payer_day
HAVING bool_or(inherits_medicare) AND NOT bool_or(policy = 'medicare_ffs');

-- For each topic the version in force of the most special policy; one that is not trusted any more hides
-- those below it, and answers nothing.
CREATE OR REPLACE TABLE payer_day_topics AS
WITH fitting AS (
    SELECT
        d.payer_day,
        t.*,
        row_number() OVER (PARTITION BY d.payer_day, t.topic ORDER BY d.rank, d.is_named DESC, d.policy) AS place
    FROM payer_day_policies AS d
    JOIN policy_topics AS t USING (policy)
    WHERE (t.effective_from IS NULL OR t.effective_from <= d.service_date)
        AND (t.effective_to IS NULL OR t.effective_to >= d.service_date)
)
SELECT * FROM fitting WHERE place = 1;

-- What the policies say of a payer on a day, in one row.
CREATE OR REPLACE TABLE payer_policies AS
WITH names AS (
    SELECT payer_day, string_agg(policy, ', ' ORDER BY rank, is_named DESC, policy) AS payer_policy, bool_or(inherits_medicare) AS inherits
    FROM payer_day_policies
    GROUP BY payer_day
),
topics AS (
    SELECT
        payer_day,
        bool_or(is_expired) AS has_expired,
        string_agg(DISTINCT policy, ', ' ORDER BY policy) FILTER (WHERE is_expired) AS expired,
        max(topic_id) FILTER (WHERE topic = 'place_of_service' AND NOT is_expired) AS place_topic,
        max(others) FILTER (WHERE topic = 'place_of_service' AND NOT is_expired) AS place_others,
        max(topic_id) FILTER (WHERE topic = 'site_differential' AND NOT is_expired) AS differential_topic,
        max(others) FILTER (WHERE topic = 'site_differential' AND NOT is_expired) AS differential_others,
        max(word) FILTER (WHERE topic = 'telehealth' AND NOT is_expired) AS telehealth_modifier,
        max(word) FILTER (WHERE topic = 'service_facility' AND NOT is_expired) AS service_facility,
        max(word) FILTER (WHERE topic = 'payment_window' AND NOT is_expired) AS payment_window,
        bool_or(topic = 'service_facility') AS has_service_facility_policy,
        bool_or(topic = 'facility_fee') AS has_facility_fee_policy,
        bool_or(topic = 'professional_revenue') AS has_professional_revenue_policy,
        max(topic_id) FILTER (WHERE topic = 'facility_fee' AND NOT is_expired) AS facility_fee_topic,
        max(topic_id) FILTER (WHERE topic = 'professional_revenue' AND NOT is_expired) AS revenue_topic
    FROM payer_day_topics
    GROUP BY payer_day
)
SELECT
    d.payer_day,
    d.payer_row,
    d.payer_program,
    d.service_date,
    n.payer_policy,
    coalesce(n.inherits, FALSE) AS inherits_medicare,
    CASE
        WHEN t.has_expired
            THEN 'the source of the policy ' || t.expired || ' was last read more than twelve months ago'
        WHEN r.policy IS NOT NULL AND r.policy NOT IN (SELECT policy FROM policies)
            THEN 'the payers registry names the policy ' || r.policy || ', which is not on file'
        WHEN n.payer_policy IS NOT NULL THEN 'the policy ' || n.payer_policy || ' does not say'
        WHEN d.payer_program IS NULL AND d.payer_row IS NULL THEN 'the payer is not known, so no policy fits'
        ELSE 'no policy is on file for this payer'
    END AS policy_because,
    t.* EXCLUDE payer_day
FROM payer_days AS d
LEFT JOIN payers AS r ON r.row_number = d.payer_row
LEFT JOIN names AS n USING (payer_day)
LEFT JOIN topics AS t USING (payer_day);

CREATE OR REPLACE TABLE judged_claims AS
WITH known AS (
    SELECT
        c.*,
        p.service_date,
        greatest(c.statement_from_date, c.statement_through_date, d.last_service_date) AS last_service_date,
        CASE WHEN NOT y.inherits_medicare THEN p.payer_program
             WHEN p.claim_type = 'professional' THEN 'medicare_part_b'
             WHEN p.payer_program = 'medicare_part_b' THEN p.payer_program
             ELSE 'medicare_part_a' END AS payer_program,
        y.payer_day,
        y.payer_policy,
        y.policy_because,
        coalesce(c.receipt_date, run.received) AS known_receipt_date,
        CASE WHEN p.has_row THEN 'the payers registry leaves the programme of its payer blank'
             WHEN run.has_payers THEN 'the payers registry has no row for its payer'
             ELSE 'no payers registry is loaded' END AS no_row
    FROM claims AS c
    CROSS JOIN run
    JOIN claim_payers AS p USING (claim_key)
    LEFT JOIN claim_dates AS d USING (claim_key)
    JOIN payer_policies AS y
        ON y.payer_row IS NOT DISTINCT FROM p.payer_row AND y.payer_program IS NOT DISTINCT FROM p.payer_program
        AND y.service_date IS NOT DISTINCT FROM p.service_date
)
SELECT
    claim_key,
    claim_type,
    service_date,
    file_id,
    claim_id,
    byte_offset AS claim_byte_offset,
    row_number AS claim_row_number,
    transaction_control_number,
    billing_provider_npi,
    payer_name,
    payer_id,
    payer_day,
    payer_policy,
    policy_because,
    payer_program,
    CASE WHEN payer_program IS NOT NULL THEN NULL
         WHEN claim_filing_code IS NULL
             THEN 'the claim has no claim filing code, and ' || no_row
         ELSE 'the claim filing code names no programme, and ' || no_row
    END AS payer_program_because,
    known_receipt_date AS receipt_date,
    CASE WHEN known_receipt_date IS NULL THEN 'no receipt date was given' END AS receipt_date_because,
    greatest(known_receipt_date, last_service_date, transaction_date) AS receipt_date_earliest,
    paid_date,
    CASE WHEN paid_date IS NULL THEN 'no remittance was given' END AS paid_date_because,
    greatest(paid_date, known_receipt_date, last_service_date, transaction_date) AS paid_date_earliest,
    CASE claim_form WHEN 'paper' THEN TRUE WHEN 'electronic' THEN FALSE END AS is_paper_claim,
    CASE WHEN claim_form IS NULL THEN 'the file does not say how its claims are sent' END AS is_paper_claim_because
FROM known;
