"""A small made-up health system with its claims, and the answer key to the faults planted in them.

* system.py    Riverbend Health: its sites, practitioners, payers and patients
* claims.py    a claim as a billing office thinks of it
* x12.py       claims as 837 text; archive.csv, for what no 837 carries: paper, and the dates of the payer
* feeds.py     visits as HL7 messages (adt.hl7), and as a list of stays (stays.csv)
* book.py      the ordinary claims of the house
* pairs.py     the hospital's bill beside a practitioner's claim, and the other way round
* fees.py      an excerpt of CMS's fee files; fee_files.py lays such files out
* faults/      what is planted: faults, look-alikes, and what nobody can know
* generate.py  all of it into a folder, with the key
* demo.py      ``make demo``: checks the folder and compares the findings with the key

Everything is invented. The same seed gives the same bytes.
"""
