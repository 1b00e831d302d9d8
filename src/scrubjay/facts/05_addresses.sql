-- Addresses: macros over the two address lines of one address, for comparison and for messages.
--
-- plain_address       the lines as one text in which case, punctuation and postal abbreviations do
--                     not matter: '100 Main Street, Suite 200' is '100 MAIN ST # 200'. '' when
--                     blank. To be compared, never printed. It looks every word up in address_words
--                     (`scrubjay.reference.addresses`), so call it on distinct addresses, in a
--                     SELECT list.
-- is_post_office_box  a post office box, lockbox or caller number, and no street beside it. FALSE
--                     when blank. A box on a rural route (RR 2 BOX 12) is no post office box.
-- one_line_address    the address as sent, in one line; '' when blank.

-- Capitals without accents; all signs but # are blanks; 'STE200', '3B' and '3-B' part letters from digits.
CREATE OR REPLACE MACRO address_text(line_1, line_2) AS
    regexp_replace(regexp_replace(regexp_replace(
        replace(replace(replace(replace(
            upper(strip_accents(concat_ws(' ', line_1,
                -- a number alone on the second line is a suite
                CASE WHEN regexp_full_match(trim(line_2), '\d+-?[A-Za-z]?|[A-Za-z]-?\d+') THEN '# ' || line_2
                     ELSE line_2 END))),
            '''', ''), '’', ''), '#', ' # '), '&', ' AND '),
        '[^\p{L}\p{N}#]+', ' ', 'g'),
        '(\p{L})(\d)', '\1 \2', 'g'),
        '\b(\d+)([A-Z])\b', '\1 \2', 'g');

-- Words that only together have a short form: 'TWENTY FIRST' is 21ST, 'STE NO 200' is a suite.
CREATE OR REPLACE MACRO address_words_of(line_1, line_2) AS
    string_split(trim(regexp_replace(regexp_replace(
        address_text(line_1, line_2),
        '\b((?:TWEN|THIR|FOR|FIF|SIX|SEVEN|EIGH|NINE)TY) (FIRST|SECOND|THIRD|FOURTH|FIFTH|SIXTH|SEVENTH|EIGHTH|NINTH)\b',
        '\1\2', 'g'),
        '\bNO (\d+)\b', '# \1', 'g')), ' ');

CREATE OR REPLACE MACRO plain_address(line_1, line_2) AS (
    SELECT
        regexp_replace(regexp_replace(regexp_replace(replace(
            coalesce(string_agg(coalesce(known.plain, said.word), ' ' ORDER BY said.place), ''),
            'POST OFC BOX', 'PO BOX'),
            -- letters that belong together, written apart
            '\b(?:([NS]) ([EW])|(U) (S)|(P) (O)|(M) (L) (K))\b', '\1\2\3\4\5\6\7\8\9', 'g'),
            '\b(\d+)(?:ST|ND|RD|TH) FL\b', 'FL \1', 'g'),
            '#(?: #)+', '#', 'g')
    FROM (
        SELECT unnest(words) AS word, generate_subscripts(words, 1) AS place
        FROM (SELECT address_words_of(line_1, line_2) AS words)
    ) AS said
    LEFT JOIN address_words AS known ON known.word = said.word
);

CREATE OR REPLACE MACRO spaced_line(line) AS
    ' ' || trim(regexp_replace(upper(coalesce(line, '')), '[^A-Z0-9]+', ' ', 'g')) || ' ';

-- The ways to write it are those of USPS Publication 28 § 283, and some that billers use.
CREATE OR REPLACE MACRO post_office_box_pattern() AS
    ' (?:(?:G ?)?P ?O ?B(?:OX)?|P ?O DRAWER|POST OFFICE (?:BOX|DRAWER)|LOCK ?BOX|CALL(?:ER)? BOX) '
    || '(?:(?:NO |NUMBER )?(?:[A-Z]{0,2} ?\d+[A-Z]?|[A-Z]) |$)'
    || '|^ (?:(?:FIRM )?CALLER|BIN|DRAWER|BOX|APARTADO) (?:NO |NUMBER )?[A-Z]{0,2} ?\d+[A-Z]? ';

-- A line with a street: it begins with a house number, ends with a street suffix, or names a route.
CREATE OR REPLACE MACRO has_street(line) AS
    regexp_matches(
        regexp_replace(spaced_line(line), post_office_box_pattern(), ' ', 'g'),
        '^ \d+[A-Z]?(?: \d+)* [A-Z0-9]*[A-Z]'
        || '| (?:HWY|HIGHWAY|ROUTE|RTE|RT|RR|HC|HCR|RFD|PSC|CMR) \d'
        || '| [A-Z0-9]+ (?:ST|STREET|AVE|AVENUE|AV|BLVD|BOULEVARD|RD|ROAD|DR|DRIVE|LN|LANE|HWY|HIGHWAY|PKWY|PARKWAY'
        || '|CT|COURT|PL|PLACE|WAY|CIR|CIRCLE|TER|TERRACE|TRL|TRAIL|TPKE|TURNPIKE|PIKE|SQ|SQUARE)'
        || '(?: (?:N|S|E|W|NE|NW|SE|SW|NORTH|SOUTH|EAST|WEST))?'
        || '(?: (?:STE|SUITE|UNIT|APT|RM|ROOM|FL|FLOOR|BLDG|BUILDING) .*)? $');

CREATE OR REPLACE MACRO is_post_office_box(line_1, line_2) AS
    (regexp_matches(spaced_line(line_1), post_office_box_pattern())
        OR regexp_matches(spaced_line(line_2), post_office_box_pattern()))
    AND NOT has_street(line_1) AND NOT has_street(line_2);

CREATE OR REPLACE MACRO one_line_address(line_1, line_2, city, state, zip) AS
    concat_ws(', ', nullif(trim(line_1), ''), nullif(trim(line_2), ''), nullif(trim(city), ''),
              nullif(concat_ws(' ', nullif(trim(state), ''), nullif(trim(zip), '')), ''));
