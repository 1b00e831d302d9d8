-- judged_claims: one row per professional or institutional claim: whose rules apply, and the dates
-- the payer would use.
--
-- payer_program    from the payers registry (payer_id, on the claim's first service date), else from
--                  the claim filing code (SBR09). NULL: neither says so.
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

CREATE OR REPLACE TABLE payer_programs AS
SELECT
    c.claim_key,
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

CREATE OR REPLACE TABLE judged_claims AS
WITH known AS (
    SELECT
        c.*,
        coalesce(c.statement_from_date, d.first_service_date) AS service_date,
        greatest(c.statement_from_date, c.statement_through_date, d.last_service_date) AS last_service_date,
        coalesce(p.registered_program, program_of_filing_code(c.claim_filing_code)) AS payer_program,
        coalesce(c.receipt_date, run.received) AS known_receipt_date,
        CASE WHEN p.claim_key IS NOT NULL THEN 'the payers registry leaves the programme of its payer blank'
             WHEN run.has_payers THEN 'the payers registry has no row for its payer'
             ELSE 'no payers registry is loaded' END AS no_row
    FROM claims AS c
    CROSS JOIN run
    LEFT JOIN claim_dates AS d USING (claim_key)
    LEFT JOIN payer_programs AS p USING (claim_key)
    WHERE c.claim_type IN ('professional', 'institutional')
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
