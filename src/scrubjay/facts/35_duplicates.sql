-- duplicate_lines: professional lines that stand twice with two places of service.
--
-- The same patient, payer, provider, service date, procedure and modifiers, on original claims
-- (CLM05-3 is not 7 or 8), and no modifier that marks a repeated or distinct service. Sums of text
-- are compared first, the texts themselves only where those agree.

CREATE OR REPLACE VIEW duplicate_keys AS
SELECT
    l.row_id,
    c.claim_id,
    coalesce(l.place_of_service_code, c.place_of_service_code, '') AS place_of_service_code,
    l.service_date IS NOT NULL AND l.procedure_code IS NOT NULL AND (
        c.member_id IS NOT NULL OR (c.patient_last_name IS NOT NULL AND c.patient_birth_date IS NOT NULL)
    ) AS is_comparable,
    coalesce(c.claim_frequency_code, '1') IN ('1', '') AS is_original,
    struct_pack(
        member := c.member_id,
        last_name := upper(c.patient_last_name),
        first_name := upper(c.patient_first_name),
        birth_date := c.patient_birth_date,
        payer := coalesce(c.payer_id, c.payer_name),
        responsibility := c.payer_responsibility_code,
        provider := coalesce(l.rendering_provider_npi, c.rendering_provider_npi, c.billing_provider_npi),
        service_date := l.service_date,
        procedure_code := l.procedure_code,
        modifiers := t.modifiers
    ) AS key
FROM professional_lines AS l
JOIN claims AS c USING (claim_key)
JOIN lines AS t USING (row_id);

CREATE OR REPLACE TABLE duplicate_lines AS
WITH marked AS (
    SELECT DISTINCT row_id
    FROM (SELECT row_id, unnest(string_split(modifiers, ' ')) AS modifier FROM lines WHERE modifiers <> '')
    SEMI JOIN (SELECT code AS modifier FROM law_code_sets WHERE path = 'us.cpt.distinct_service_modifiers') USING (modifier)
),
candidates AS (
    SELECT row_id, hash(key) AS sum, place_of_service_code
    FROM duplicate_keys
    ANTI JOIN marked USING (row_id)
    WHERE is_comparable AND is_original AND place_of_service_code <> ''
),
suspects AS (
    SELECT row_id
    FROM candidates
    SEMI JOIN (
        SELECT sum FROM candidates GROUP BY sum HAVING min(place_of_service_code) <> max(place_of_service_code)
    ) USING (sum)
),
keys AS (
    SELECT * FROM duplicate_keys SEMI JOIN suspects USING (row_id)
)
SELECT a.row_id, min(b.place_of_service_code) AS other_place_of_service_code, arg_min(b.claim_id, b.row_id) AS other_claim_id
FROM keys AS a
JOIN keys AS b ON a.key = b.key AND a.place_of_service_code <> b.place_of_service_code
GROUP BY a.row_id;
