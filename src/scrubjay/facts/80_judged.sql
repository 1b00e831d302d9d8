-- Nothing is judged of the files that are only read along (files.is_kept): their rows leave the facts once everything
-- has been compared with them. A pair stays if one of its two claims is judged, a site if a line at it is.

CREATE OR REPLACE TABLE kept_claims AS
SELECT claim_key FROM claims SEMI JOIN (SELECT file_id FROM files WHERE is_kept) USING (file_id);

DELETE FROM claim_pair_facts
WHERE claim_key IN (FROM kept_claims) AND facility_file NOT IN (SELECT name FROM files WHERE NOT is_kept);
DELETE FROM service_line_facts WHERE claim_key IN (FROM kept_claims);
DELETE FROM institutional_line_facts WHERE claim_key IN (FROM kept_claims);
DELETE FROM claim_facts WHERE claim_key IN (FROM kept_claims);

CREATE OR REPLACE TABLE judged_sites AS
SELECT DISTINCT w.site_id
FROM line_sites AS w
JOIN lines USING (row_id)
ANTI JOIN kept_claims USING (claim_key)
WHERE w.site_id IS NOT NULL;

DELETE FROM site_facts WHERE site_id NOT IN (FROM judged_sites);
DELETE FROM site_month_facts WHERE site_id NOT IN (FROM judged_sites);
DELETE FROM site_payer_month_facts WHERE site_id NOT IN (FROM judged_sites);
DELETE FROM site_practitioner_facts WHERE site_id NOT IN (FROM judged_sites);
