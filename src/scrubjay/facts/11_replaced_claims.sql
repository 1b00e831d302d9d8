-- replaced_claims: one row per claim that counts no more where claims are matched and lines are counted, because these
-- files hold what took its place. Each is judged all the same: it may be the one that was paid.
--
-- * voided, or replaced by a later claim of the same id (CLM05-3 is 7 or 8)
-- * sent again: an original of the same id, biller and patient in a later transmission, with a line of the same day and
--   procedure. Where both were made on one day, only if their lines have the same place of service too: then it is
--   no matter which of them counts, and the name of the file decides. Many practices use one claim id (CLM01) for all
--   claims of a patient; therefore a line must be the same.

CREATE OR REPLACE TABLE sent_claims AS
SELECT
    c.claim_key, c.claim_id, c.billing_provider_npi, c.claim_type, c.claim_frequency_code, c.transaction_date,
    coalesce(c.claim_frequency_code, '1') IN ('1', '') AS is_original,
    concat_ws('|', coalesce(c.member_id, ''), upper(coalesce(c.patient_last_name, '')), coalesce(CAST(c.patient_birth_date AS VARCHAR), ''),
              coalesce(c.payer_responsibility_code, '')) AS patient,
    c.place_of_service_code,
    c.file_id || ' ' || coalesce(c.transaction_control_number, '') AS transmission,
    concat_ws(' ', coalesce(f.name, ''), printf('%019d', coalesce(c.byte_offset, c.row_number))) AS place_in_files
FROM claims AS c
SEMI JOIN (
    SELECT claim_id, billing_provider_npi FROM claims WHERE claim_id IS NOT NULL GROUP BY ALL HAVING count(*) > 1
) AS m ON m.claim_id = c.claim_id AND m.billing_provider_npi = c.billing_provider_npi
LEFT JOIN files AS f USING (file_id)
WHERE c.claim_type <> 'dental';

CREATE OR REPLACE TABLE replaced_claims AS
WITH sent_lines AS (
    SELECT l.claim_key, l.service_date, l.procedure_code, coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code
    FROM professional_lines AS l JOIN sent_claims AS c USING (claim_key)
    UNION ALL
    SELECT l.claim_key, coalesce(l.service_date, c.statement_from_date), coalesce(l.procedure_code, l.revenue_code), NULL
    FROM institutional_lines AS l JOIN claims AS c USING (claim_key) SEMI JOIN sent_claims USING (claim_key)
),
again AS (
    SELECT a.claim_key, b.claim_key AS later_key, a.transaction_date < b.transaction_date AS is_later
    FROM sent_claims AS a
    JOIN sent_claims AS b USING (claim_id, billing_provider_npi, claim_type, patient)
    WHERE a.transmission <> b.transmission AND a.is_original AND b.is_original
        AND (a.transaction_date < b.transaction_date
             OR a.transaction_date IS NOT DISTINCT FROM b.transaction_date AND a.place_in_files < b.place_in_files)
)
SELECT DISTINCT a.claim_key
FROM sent_claims AS a
JOIN sent_claims AS b USING (claim_id, billing_provider_npi, claim_type)
WHERE b.claim_key <> a.claim_key AND b.claim_frequency_code IN ('7', '8')
    AND (b.transaction_date > a.transaction_date OR b.transaction_date IS NOT DISTINCT FROM a.transaction_date AND a.is_original)
UNION
SELECT claim_key FROM claims WHERE claim_frequency_code = '8'
UNION
SELECT a.claim_key
FROM again AS a
JOIN sent_lines AS l USING (claim_key)
JOIN sent_lines AS o ON o.claim_key = a.later_key AND o.service_date = l.service_date AND o.procedure_code = l.procedure_code
WHERE a.is_later OR o.place_of_service_code IS NOT DISTINCT FROM l.place_of_service_code;
