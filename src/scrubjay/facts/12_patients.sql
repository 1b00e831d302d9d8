-- patients: who is who, across claims, feeds and lists. One row per different way in which a patient
-- is named; patient_id is the same for all that are one person.
--
-- strict    the same member number, where birth date and (for numbers that are shared by a family) the
--           first letter of the first name do not tell two people apart; or the same medical record
--           number with last name and birth date; or two record numbers that a merge (A18, A40 …) made one.
-- fallback  last name, first name and birth date, where nothing contradicts: no second member number at
--           one payer, no second record number of one hospital, no other sex.
--
-- strict_id      the same for all that one strict key after the other holds together.
-- is_ambiguous   several people bear that name and birth date, or that member number, and this row does
--                not say which of them is meant: what one of them did may be another's.
--
-- Member numbers, record numbers and names are compared in capitals, without blanks, accents and
-- punctuation, and without leading zeros of a record number. Numbers such as 0000 or NONE are blank.
-- A number that stands for more than 50 different patients is no number of anybody.

CREATE OR REPLACE MACRO plain_number(number) AS (
    CASE WHEN length(regexp_replace(upper(number), '[^A-Z0-9]', '', 'g')) < 4
              OR regexp_full_match(upper(number), '[^A-Z0-9]*(NONE|UNKNOWN|SELF|SELFPAY|PENDING|TEST|0[0 -]*|9[9 -]*|X[X -]*|123456789)[^A-Z0-9]*')
         THEN NULL ELSE regexp_replace(upper(number), '[^A-Z0-9]', '', 'g') END
);

CREATE OR REPLACE MACRO plain_name(name) AS
    nullif(regexp_replace(regexp_replace(upper(strip_accents(name)), '[ ,]+(JR|SR|II|III|IV)\.?\s*$', ''), '[^A-Z]', '', 'g'), '');

-- A number that Medicare gives to one person alone.
CREATE OR REPLACE MACRO is_medicare_number(member) AS
    regexp_full_match(member, '[1-9][A-Z][A-Z0-9]\d[A-Z][A-Z0-9]\d[A-Z][A-Z]\d\d');

CREATE OR REPLACE TABLE identities AS
WITH told AS (
    SELECT
        'claim' AS source,
        claim_key AS record_id,
        member_id,
        payer_id AS issuer,
        medical_record_number,
        CAST(NULL AS VARCHAR) AS authority,
        patient_last_name,
        patient_first_name,
        patient_birth_date,
        patient_sex_code
    FROM claims
    WHERE claim_type IN ('professional', 'institutional')
    UNION ALL
    SELECT 'event', event_id, member_id, NULL, medical_record_number, coalesce(medical_record_authority, sending_facility),
        patient_last_name, patient_first_name, patient_birth_date, patient_sex_code
    FROM visit_events
    UNION ALL
    SELECT 'visit', visit_id, member_id, NULL, medical_record_number, hospital,
        patient_last_name, patient_first_name, patient_birth_date, patient_sex_code
    FROM visits
),
plain AS (
    SELECT
        plain_number(member_id) AS member,
        CASE WHEN plain_number(member_id) IS NULL THEN NULL
             WHEN is_medicare_number(plain_number(member_id)) THEN 'medicare' ELSE upper(issuer) END AS issuer,
        nullif(ltrim(plain_number(medical_record_number), '0'), '') AS record_number,
        CASE WHEN plain_number(medical_record_number) IS NOT NULL THEN upper(authority) END AS authority,
        plain_name(patient_last_name) AS last_name,
        plain_name(regexp_extract(trim(patient_first_name), '^\S+')) AS first_name,
        patient_birth_date AS birth_date,
        CASE WHEN upper(patient_sex_code) IN ('F', 'M') THEN upper(patient_sex_code) END AS sex,
        source,
        record_id
    FROM told
)
SELECT
    row_number() OVER () AS identity_id,
    *
FROM (
    SELECT * EXCLUDE (source, record_id), list(struct_pack(source := source, record_id := record_id)) AS record_list
    FROM plain
    GROUP BY ALL
);

-- What a member number, a record number with name and birth date, or a merge holds together.
CREATE OR REPLACE TABLE strict_keys AS
WITH parted AS (
    SELECT
        identity_id,
        member,
        CAST(birth_date AS VARCHAR) || CASE WHEN issuer = 'medicare' THEN '' ELSE '|' || left(first_name, 1) END AS part
    FROM identities
    WHERE member IS NOT NULL
),
members AS (SELECT member, count(DISTINCT part) AS parts FROM parted GROUP BY member),
given_up AS (
    SELECT DISTINCT
        coalesce(upper(coalesce(prior_medical_record_authority, medical_record_authority, sending_facility)), '') AS authority,
        nullif(ltrim(plain_number(prior_medical_record_number), '0'), '') AS prior,
        nullif(ltrim(plain_number(medical_record_number), '0'), '') AS kept
    FROM visit_events
    -- of a move (A43 to A45) the number that is given is another, living patient's
    WHERE prior_medical_record_number IS NOT NULL
        AND event_code IN ('A18', 'A30', 'A34', 'A36', 'A39', 'A40', 'A46', 'A47')
),
keys AS (
    SELECT identity_id, 'member ' || member || CASE WHEN parts > 1 THEN '|' || part ELSE '' END AS key
    FROM parted
    JOIN members USING (member)
    UNION ALL
    SELECT identity_id, concat_ws('|', 'record ' || record_number, last_name, birth_date)
    FROM identities
    WHERE record_number IS NOT NULL AND last_name IS NOT NULL AND birth_date IS NOT NULL
    UNION ALL
    SELECT identity_id, concat_ws('|', 'merged ' || authority, prior)
    FROM identities AS i
    JOIN given_up AS g USING (authority)
    WHERE i.record_number IN (g.prior, g.kept)
)
SELECT DISTINCT identity_id, key
FROM keys
WHERE key IS NOT NULL
QUALIFY count(*) OVER (PARTITION BY key) BETWEEN 2 AND 50;

-- The least identity that a chain of keys leads to.
CREATE OR REPLACE TABLE strict_ids AS
WITH RECURSIVE
edges AS (
    SELECT a.identity_id AS one, b.identity_id AS other
    FROM strict_keys AS a
    JOIN strict_keys AS b USING (key)
    WHERE a.identity_id <> b.identity_id
),
chain(identity_id, strict_id) USING KEY (identity_id) AS (
    SELECT identity_id, identity_id FROM identities
    UNION
    SELECT e.other, min(c.strict_id)
    FROM chain AS c
    JOIN edges AS e ON e.one = c.identity_id
    JOIN recurring.chain AS held ON held.identity_id = e.other
    WHERE c.strict_id < held.strict_id
    GROUP BY e.other
)
SELECT identity_id, strict_id FROM chain;

-- Names with a birth date that several strict ids bear, and whether they can be one person.
CREATE OR REPLACE TABLE namesakes AS
WITH named AS (
    SELECT strict_id, concat_ws('|', last_name, first_name, birth_date) AS name, i.*
    FROM identities AS i
    JOIN strict_ids USING (identity_id)
    WHERE last_name IS NOT NULL AND first_name IS NOT NULL AND birth_date IS NOT NULL
),
shared AS (SELECT name FROM named GROUP BY name HAVING min(strict_id) < max(strict_id)),
numbers AS (  -- different numbers of one issuer
    SELECT name
    FROM (
        SELECT name, 'member ' || issuer AS issued_by, member AS number, strict_id FROM named WHERE issuer IS NOT NULL
        UNION ALL
        SELECT name, 'record ' || authority, record_number, strict_id FROM named WHERE authority IS NOT NULL
    )
    SEMI JOIN shared USING (name)
    GROUP BY name, issued_by
    HAVING count(DISTINCT number) > 1 AND count(DISTINCT strict_id) > 1
)
SELECT DISTINCT
    n.strict_id,
    n.name,
    n.name IN (SELECT name FROM numbers) OR min(n.sex) OVER (PARTITION BY n.name) <> max(n.sex) OVER (PARTITION BY n.name)
        AS is_contradicted
FROM named AS n
SEMI JOIN shared USING (name);

CREATE OR REPLACE TABLE patients AS
WITH RECURSIVE
edges AS (
    SELECT a.strict_id AS one, b.strict_id AS other
    FROM namesakes AS a
    JOIN namesakes AS b USING (name)
    WHERE a.strict_id <> b.strict_id AND NOT coalesce(a.is_contradicted, FALSE)
),
chain(strict_id, patient_id) USING KEY (strict_id) AS (
    SELECT DISTINCT strict_id, strict_id FROM strict_ids
    UNION
    SELECT e.other, min(c.patient_id)
    FROM chain AS c
    JOIN edges AS e ON e.one = c.strict_id
    JOIN recurring.chain AS held ON held.strict_id = e.other
    WHERE c.patient_id < held.patient_id
    GROUP BY e.other
),
unparted AS (  -- a member number of several people, and nothing that says which
    SELECT DISTINCT i.identity_id
    FROM identities AS i
    JOIN (
        SELECT member FROM identities WHERE member IS NOT NULL
        GROUP BY member HAVING count(DISTINCT birth_date) > 1
    ) USING (member)
    WHERE i.birth_date IS NULL
)
SELECT
    i.* EXCLUDE record_list,
    s.strict_id,
    c.patient_id,
    coalesce(n.is_contradicted, FALSE) OR u.identity_id IS NOT NULL AS is_ambiguous,
    coalesce(i.member, i.record_number) IS NOT NULL OR (i.last_name IS NOT NULL AND i.birth_date IS NOT NULL) AS is_named
FROM identities AS i
JOIN strict_ids AS s USING (identity_id)
JOIN chain AS c USING (strict_id)
LEFT JOIN (SELECT strict_id, bool_or(is_contradicted) AS is_contradicted FROM namesakes GROUP BY strict_id) AS n
    USING (strict_id)
LEFT JOIN unparted AS u USING (identity_id);

-- Whose each claim, event and row of a list is.
CREATE OR REPLACE TABLE record_patients AS
SELECT one.source AS source, one.record_id AS record_id, identity_id
FROM (SELECT identity_id, unnest(record_list) AS one FROM identities);

-- Rows that may be one person and may be two: what one did may be the other's.
CREATE OR REPLACE TABLE doubles AS
WITH pairs AS (
    SELECT a.identity_id, b.identity_id AS other_identity_id
    FROM namesakes AS n
    JOIN namesakes AS o ON o.name = n.name AND o.strict_id <> n.strict_id AND n.is_contradicted
    JOIN patients AS a ON a.strict_id = n.strict_id
    JOIN patients AS b ON b.strict_id = o.strict_id
    UNION
    SELECT a.identity_id, b.identity_id
    FROM patients AS a
    JOIN patients AS b ON b.member = a.member AND b.patient_id <> a.patient_id
    WHERE a.is_ambiguous AND (a.birth_date IS NULL OR b.birth_date IS NULL)
)
SELECT p.*
FROM pairs AS p
JOIN patients AS a USING (identity_id)
JOIN patients AS b ON b.identity_id = p.other_identity_id
WHERE NOT coalesce(a.issuer = b.issuer AND a.member <> b.member, FALSE)
    AND NOT coalesce(a.authority = b.authority AND a.record_number <> b.record_number, FALSE)
    AND NOT coalesce(a.sex <> b.sex, FALSE);
