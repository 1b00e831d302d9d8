"""Policies of payers as data: what a policy file may say, what is refused, and for how long it is trusted."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from scrubjay.errors import DefinitionError, UsageError
from scrubjay.reference.policies import (
    CONFIDENCE,
    LEVELS,
    POLICY_FOLDER,
    TOPICS,
    Policy,
    Topic,
    code_rows,
    find_policy,
    load_policies,
    policy_rows,
    read_policy,
    topic_rows,
)
from scrubjay.tables import PAYER_PROGRAMS

D = dt.date
POLICIES = load_policies()
READ = {"retrieved": "2026-11-26", "source": "a manual", "confidence": "read"}


def topic(name: str, *lines: str, **changed: str | None) -> str:
    """A topic with these lines; its day, source and confidence are in order unless they are changed (None: left out)."""
    kept = {key: text for key, text in {**READ, **changed}.items() if text is not None}
    return f"  - topic: {name}\n" + "".join(
        f"    {line}\n" for line in (*lines, *(f"{key}: {text}" for key, text in kept.items()))
    )


def policy_text(*topics: str, head: str = "", level: str = "payer", title: str = "title: A payer\n") -> str:
    return f"{title}level: {level}\n{head}topics:\n" + "".join(topics)


def read(*topics: str, head: str = "", level: str = "payer") -> Policy:
    return read_policy(policy_text(*topics, head=head, level=level), "a_payer.yaml")


def read_topic(name: str, *lines: str, **changed: str | None) -> Topic:
    [one] = read(topic(name, *lines, **changed)).topics
    return one


def refusal(text: str, file: str = "a_payer.yaml") -> str:
    with pytest.raises(DefinitionError) as caught:
        read_policy(text, file)
    assert caught.value.file == file
    return str(caught.value)


PLACES = topic("place_of_service", 'takes: ["22"]', 'use: {"19": "22"}')

# --- what is read -------------------------------------------------------------------------------------


def test_a_policy_says_whose_it_is_and_whom_it_speaks_for() -> None:
    found = read(PLACES, level="state_program", head="matches: {payer_program: medicaid, state: OH}\n")
    assert (found.name, found.title, found.level, found.file) == ("a_payer", "A payer", "state_program", "a_payer.yaml")
    assert found.matches == {"payer_program": "medicaid", "state": "OH"}
    assert not found.inherits_medicare


@pytest.mark.parametrize("head", ["", "matches:\n", "matches: {}\n"])
def test_a_policy_without_a_match_speaks_for_those_who_name_it(head: str) -> None:
    assert read(PLACES, head=head).matches == {}


def test_a_policy_may_inherit_medicare() -> None:
    assert read(PLACES, head="inherits: medicare\n").inherits_medicare


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_taken(level: str) -> None:
    assert read(PLACES, level=level).level == level


@pytest.mark.parametrize("program", PAYER_PROGRAMS)
def test_every_program_is_taken(program: str) -> None:
    assert read(PLACES, head=f"matches: {{payer_program: {program}}}\n").matches == {"payer_program": program}


def test_a_policy_may_say_nothing_yet() -> None:
    assert read_policy("title: A payer\nlevel: payer\ntopics: []\n", "a_payer.yaml").topics == ()


def test_places_are_taken_or_wanted_under_another_code() -> None:
    found = read_topic("place_of_service", 'takes: ["22", "02"]', 'use: {"19": "22", "10": "02"}', "others: taken")
    assert found.codes == (
        ("place", "22", "22", "22"),
        ("place", "02", "02", "02"),
        ("place", "19", "19", "22"),
        ("place", "10", "10", "02"),
    )
    assert found.others == "taken"
    assert found.said() == "22, 02, 19 as 22, 10 as 02, others: taken"


def test_procedures_and_revenue_codes_may_be_ranges() -> None:
    fee = read_topic("facility_fee", 'procedures: ["G0463", "99202-99215"]', 'revenue_codes: ["0510-0519", "0761"]')
    assert fee.codes == (
        ("procedure", "G0463", "G0463", ""),
        ("procedure", "99202", "99215", ""),
        ("revenue", "0510", "0519", ""),
        ("revenue", "0761", "0761", ""),
    )
    assert fee.said() == "procedures G0463, procedures 99202–99215, revenue codes 0510–0519, revenue codes 0761"


@pytest.mark.parametrize(
    ("name", "line", "word"),
    [
        *(("telehealth", f"modifier: {word}", word) for word in ("required", "optional", "forbidden")),
        *(("service_facility", f"required: {word}", word) for word in ("true", "false")),
        *((name, "says: ask the plan first", "ask the plan first") for name, keys in TOPICS.items() if keys == ("says",)),
    ],
)  # fmt: skip
def test_a_topic_may_be_a_word(name: str, line: str, word: str) -> None:
    found = read_topic(name, line)
    assert (found.topic, found.word, found.codes, found.said()) == (name, word, (), word)


@pytest.mark.parametrize(
    ("name", "others"),
    [("place_of_service", "taken"), ("site_differential", "one_rate"), ("site_differential", "by_place")],
)
def test_a_topic_may_speak_of_all_codes_that_it_does_not_name(name: str, others: str) -> None:
    found = read_topic(name, f"others: {others}")
    assert (found.others, found.codes, found.said()) == (others, (), f"others: {others}")


@pytest.mark.parametrize("confidence", CONFIDENCE)
def test_a_topic_says_what_it_rests_on(confidence: str) -> None:
    found = read_topic("telehealth", "modifier: optional", confidence=confidence)
    assert (found.retrieved, found.source, found.confidence) == (D(2026, 11, 26), "a manual", confidence)


@pytest.mark.parametrize("blank", ["", "null"])
def test_a_topic_may_hold_always_or_for_a_time(blank: str) -> None:
    always = read_topic("telehealth", "modifier: optional", f"effective_from: {blank}", f"effective_to: {blank}")
    assert (always.effective_from, always.effective_to) == (None, None)
    dated = read_topic("telehealth", "modifier: optional", "effective_from: 2024-01-01", "effective_to: 2024-01-01")
    assert (dated.effective_from, dated.effective_to) == (D(2024, 1, 1), D(2024, 1, 1))


def test_the_versions_of_a_topic_follow_each_other_day_by_day() -> None:
    found = read(
        topic("telehealth", "modifier: optional", "effective_from: 2024-01-01"),
        topic("telehealth", "modifier: required", "effective_to: 2023-12-31"),
        topic("service_facility", "required: true"),
    )
    assert [one.word for one in found.topics] == ["optional", "required", "true"]


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", ["Acme.yaml", "acme-plan.yaml", "acme plan.yaml", "_acme.yaml", "acme__plan.yaml", ".yaml"]
)
def test_a_file_with_another_kind_of_name_is_refused(file: str) -> None:
    told = refusal(policy_text(PLACES), file)
    assert f"'{file.removesuffix('.yaml')}' is no name of a policy" in told
    assert "small letters, digits and underscores" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a policy file must be a mapping"),
        ("just words\n", "a policy file must be a mapping"),
        ("level: payer\ntopics: []\n", "a policy file has no 'title'"),
        ("title: A payer\ntopics: []\n", "a policy file has no 'level'"),
        ("title: A payer\nlevel: payer\n", "a policy file has no 'topics'"),
        ("title: A payer\nlevel: payer\ntopics: []\ntitel: B\n", "unknown key 'titel' in a policy file. Did you mean 'title'?"),
        ("title: A payer\ntitle: B\nlevel: payer\ntopics: []\n", "the key 'title' is given twice"),
        ("title: [A]\nlevel: payer\ntopics: []\n", "the title must be text"),
        ("title: A payer\nlevel: state\ntopics: []\n", "level is 'state'"),
        ("title: A payer\nlevel: payer\ntopics:\n", "topics must be a list"),
        ("title: A payer\nlevel: payer\ntopics: {a: b}\n", "topics must be a list"),
        ("title: A payer\nlevel: payer\ninherits: medicaid\ntopics: []\n", "inherits is 'medicaid'"),
        ("title: A payer\nlevel: payer\nmatches: [medicaid]\ntopics: []\n", "matches must be a mapping"),
        ("title: A payer\nlevel: payer\nmatches: []\ntopics: []\n", "matches must be a mapping"),
        ("title: A payer\nlevel: payer\nmatches: {program: medicaid}\ntopics: []\n", "unknown key 'program' in matches"),
        ("title: A payer\nlevel: payer\nmatches: {payer_program: medi_cal}\ntopics: []\n", "payer_program is 'medi_cal'"),
        ("title: A payer\nlevel: payer\nmatches: {state: California}\ntopics: []\n", "state is 'California'"),
        ("title: A payer\nlevel: payer\nmatches: {state: ca}\ntopics: []\n", "state is 'ca'"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused(text: str, words: str) -> None:
    assert words in refusal(text)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("  - telehealth\n", "there is no topic 'telehealth'."),
        ("  - modifier: optional\n", "there is no topic 'None'."),
        (topic("tele_health", "modifier: optional"), "there is no topic 'tele_health'. Did you mean 'telehealth'?"),
        (topic("telehealth", "modifier: optional", "required: true"), "unknown key 'required' in the topic telehealth"),
        (topic("place_of_service", 'procedures: ["99213"]'), "unknown key 'procedures' in the topic place_of_service"),
        (topic("audit", "say: nothing"), "unknown key 'say' in the topic audit. Did you mean 'says'?"),
        (topic("telehealth", "modifier: optional", "modifier: required"), "the key 'modifier' is given twice"),
        (topic("telehealth", "modifier: optional", retrieved=None), "the topic telehealth has no 'retrieved'"),
        (topic("telehealth", "modifier: optional", source=None), "the topic telehealth has no 'source'"),
        (topic("telehealth", "modifier: optional", confidence=None), "the topic telehealth has no 'confidence'"),
        (topic("telehealth", "modifier: optional", confidence="sure"), "confidence is 'sure'"),
        (topic("telehealth", "modifier: optional", retrieved=""), "the topic telehealth does not say when it was read"),
        (topic("telehealth", "modifier: optional", retrieved="null"), "the topic telehealth does not say when it was read"),
        (topic("telehealth", "modifier: optional", retrieved="last week"), "retrieved is 'last week', which is no date"),
        (topic("telehealth", "modifier: optional", "effective_from: 1/1/2024"), "effective_from is '1/1/2024', which is no date"),
        (topic("telehealth", "modifier: optional", "effective_to: 2023-02-29"), "effective_to is '2023-02-29', which is no date"),
        (topic("telehealth", "modifier: optional", "effective_from: 2024-01-02", "effective_to: 2024-01-01"),
         "the topic telehealth ends on 2024-01-01, before it begins"),
        (topic("telehealth", "modifier: sometimes"), "modifier is 'sometimes'"),
        (topic("service_facility", "required: yes"), "required is 'yes'"),
        (topic("place_of_service", "others: refused"), "others is 'refused'"),
        (topic("place_of_service", "others: by_place"), "others is 'by_place'"),
        (topic("site_differential", "others: taken"), "others is 'taken'"),
        (topic("telehealth"), "the topic telehealth says nothing"),
        (topic("place_of_service"), "the topic place_of_service says nothing"),
        (topic("place_of_service", "takes: []", "use:", "others:"), "the topic place_of_service says nothing"),
        (topic("audit", "says:"), "the topic audit says nothing"),
        (topic("place_of_service", "takes: 19"), "takes of the topic place_of_service must be a list of quoted codes"),
        (topic("place_of_service", 'takes: {"19": "22"}'), "takes of the topic place_of_service must be a list"),
        (topic("place_of_service", "takes: [[19]]"), "takes of the topic place_of_service must be a list"),
        (topic("place_of_service", 'takes: ["9"]'), "takes of the topic place_of_service must be a list"),
        (topic("place_of_service", 'takes: ["01-99"]'), "takes of the topic place_of_service must be a list"),
        (topic("place_of_service", 'takes: ["19", "22", "19"]'), "the topic place_of_service names '19' twice"),
        (topic("place_of_service", 'takes: ["19"]', 'use: {"19": "22"}'), "the topic place_of_service names '19' twice"),
        (topic("place_of_service", 'use: {"19": "22", "19": "11"}'), "the key '19' is given twice"),
        (topic("place_of_service", 'use: ["19"]'), "use of the topic place_of_service must be a mapping"),
        (topic("place_of_service", "use: 19"), "use of the topic place_of_service must be a mapping"),
        (topic("place_of_service", 'use: {"19": ""}'), "use of the topic place_of_service must be a mapping"),
        (topic("place_of_service", 'use: {"19": ["22"]}'), "use of the topic place_of_service must be a mapping"),
        (topic("place_of_service", 'use: {"nineteen": "22"}'), "use of the topic place_of_service must be a mapping"),
        (topic("site_differential", 'procedures: ["9921"]'), "procedures of the topic site_differential must be a list"),
        (topic("site_differential", 'procedures: ["10000–69999"]'), "procedures of the topic site_differential must be a list"),
        (topic("site_differential", 'procedures: ["10000-6999"]'), "procedures of the topic site_differential must be a list"),
        (topic("site_differential", 'procedures: ["g0463"]'), "procedures of the topic site_differential must be a list"),
        (topic("site_differential", 'procedures: ["69999-10000"]'), "a range that runs backwards: 69999-10000"),
        (topic("professional_revenue", 'revenue_codes: ["960"]'), "revenue_codes of the topic professional_revenue must be"),
        (topic("professional_revenue", 'revenue_codes: ["0960-989"]'), "revenue_codes of the topic professional_revenue must be"),
        (topic("professional_revenue", 'revenue_codes: ["0989-0960"]'), "a range that runs backwards: 0989-0960"),
        (topic("facility_fee", 'procedures: ["G0463"]'), "the topic facility_fee needs both procedures and revenue_codes"),
        (topic("facility_fee", 'revenue_codes: ["0761"]'), "the topic facility_fee needs both procedures and revenue_codes"),
    ],
)  # fmt: skip
def test_a_wrong_topic_is_refused(wrong: str, words: str) -> None:
    assert words in refusal(policy_text(wrong))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((), ()),
        (("effective_from: 2024-01-01",), ()),
        (("effective_from: 2024-01-01",), ("effective_from: 2025-01-01",)),
        (("effective_to: 2024-01-01",), ("effective_from: 2024-01-01",)),
        (("effective_from: 2024-01-01",), ("effective_to: 2024-01-01",)),
        (("effective_from: 2020-01-01", "effective_to: 2029-12-31"), ("effective_from: 2024-01-01", "effective_to: 2024-01-31")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_swapped", [False, True])
def test_two_versions_of_a_topic_may_not_hold_on_one_day(
    first: tuple[str, ...], second: tuple[str, ...], is_swapped: bool
) -> None:
    both = [topic("telehealth", "modifier: optional", *first), topic("telehealth", "modifier: required", *second)]
    told = refusal(policy_text(*(both[::-1] if is_swapped else both)))
    assert "two versions of the topic telehealth hold on one day" in told
    assert "end the first with effective_to on the day before the second" in told


def test_every_refusal_says_what_to_do() -> None:
    assert "use one of contract, product, contractor, state_program, payer" in refusal(
        policy_text(PLACES, level="plan")
    )
    assert "use one of " + ", ".join(TOPICS) in refusal(policy_text(topic("billing", "says: x")))
    assert "give takes, use, others" in refusal(policy_text(topic("place_of_service")))
    assert 'such as ["0760", "0960-0989"]' in refusal(
        policy_text(topic("professional_revenue", 'revenue_codes: ["960"]'))
    )


# --- trust --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retrieved", "last"),
    [
        ("2026-11-26", D(2027, 11, 26)),
        ("2026-12-31", D(2027, 12, 31)),
        ("2027-01-01", D(2028, 1, 1)),
        ("2027-02-28", D(2028, 2, 28)),
        ("2028-02-29", D(2029, 2, 28)),
        ("2026-11-30", D(2027, 11, 30)),
    ],
)
def test_a_topic_is_trusted_for_twelve_months(retrieved: str, last: dt.date) -> None:
    found = read(topic("telehealth", "modifier: optional", retrieved=retrieved))
    assert found.topics[0].trusted_until() == last
    policies = {"a_payer": found}
    day = dt.timedelta(days=1)
    assert [topic_rows(policies, on)[0][5] for on in (last - day, last, last + day)] == [False, False, True]


def test_what_only_repeats_the_law_is_trusted_as_the_law_is() -> None:
    found = read(topic("telehealth", "modifier: optional", retrieved="2000-01-01", confidence="law"))
    assert not topic_rows({"a_payer": found}, D(2999, 1, 1))[0][5]


# --- tables and folders -------------------------------------------------------------------------------


def test_policies_are_handed_on_as_three_tables() -> None:
    first = read(PLACES, level="contract", head="inherits: medicare\n")
    second = read(
        topic("audit", "says: look back two years", "effective_from: 2024-01-01", "effective_to: 2025-12-31"),
        topic("site_differential", 'procedures: ["10000-69999"]', "others: one_rate"),
        level="contractor",
        head="matches: {payer_program: medicare_part_b, state: OH, product: gold, contractor: ngs}\n",
    )
    policies = {"one": first, "two": second}
    assert policy_rows(policies) == [
        ("a_payer", 0, None, None, None, None, True),
        ("a_payer", 2, "medicare_part_b", "OH", "gold", "ngs", False),
    ]
    assert topic_rows(policies, D(2026, 11, 26)) == [
        (0, "a_payer", "place_of_service", None, None, False, "", ""),
        (1, "a_payer", "audit", D(2024, 1, 1), D(2025, 12, 31), False, "", "look back two years"),
        (2, "a_payer", "site_differential", None, None, False, "one_rate", ""),
    ]
    assert code_rows(policies) == [
        (0, "place", "22", "22", "22"),
        (0, "place", "19", "19", "22"),
        (2, "procedure", "10000", "69999", ""),
    ]


def test_a_folder_of_the_organisation_adds_policies_and_replaces_ours(tmp_path: Path) -> None:
    for name in ("acme", "horizon_bcbsnj"):
        (tmp_path / f"{name}.yaml").write_text(policy_text(PLACES), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no policy", encoding="utf-8")
    found = load_policies(tmp_path)
    assert found.keys() == POLICIES.keys() | {"acme"}
    assert found["acme"].title == found["horizon_bcbsnj"].title == "A payer"
    assert found["ngs"] == POLICIES["ngs"]


def test_a_policy_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_bytes(b"title: Caf\xe9\n")
    with pytest.raises(DefinitionError, match=r"acme.yaml: the file is not UTF-8.*save it as UTF-8"):
        load_policies(tmp_path)


def test_an_unknown_policy_is_answered_with_the_nearest() -> None:
    assert find_policy(POLICIES, "ngs") is POLICIES["ngs"]
    with pytest.raises(UsageError, match=r"no policy 'horizon_bcbsjn'. Did you mean 'horizon_bcbsnj'"):
        find_policy(POLICIES, "horizon_bcbsjn")


# --- the policies that ship with Scrubjay -------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
def test_a_shipped_policy_says_on_what_it_rests(policy: Policy) -> None:
    assert (POLICY_FOLDER / policy.file).is_file()
    if not policy.topics:  # then a comment says that it was looked for
        assert re.match(r"# Nothing was found", (POLICY_FOLDER / policy.file).read_text(encoding="utf-8"))
    for one in policy.topics:
        assert len(one.source) > 20
        assert D(2026, 11, 22) <= one.retrieved
        assert (one.confidence == "law") <= (policy.name == "medicare_ffs")
        assert one.confidence != "hearsay" or TOPICS[one.topic] == ("says",)  # hearsay decides nothing


def test_only_medicare_and_its_contractors_inherit_medicare() -> None:
    inheriting = {one.name for one in POLICIES.values() if one.inherits_medicare}
    assert inheriting == {"medicare_ffs", "ngs", "first_coast", "novitas"}


def test_what_the_shipped_policies_say() -> None:
    """The whole of it: nothing may be added without a source that was read."""
    said = {
        one.name: [
            (t.topic, str(t.effective_from or "always"), t.said()) for t in one.topics if TOPICS[t.topic] != ("says",)
        ]
        for one in POLICIES.values()
    }
    assert said == {
        "anthem_blue_cross_ca_commercial": [
            ("facility_fee", "2024-01-01", "procedures G0463, revenue codes 0760, revenue codes 0761, revenue codes 0769"),
            ("professional_revenue", "2024-01-01", "revenue codes 0960–0989"),
        ],
        "anthem_medicaid": [],
        "blue_shield_ca": [],
        "ca_workers_compensation": [
            ("site_differential", "2014-01-01", "others: by_place"),
            ("place_of_service", "always", "others: taken"),
        ],
        "first_coast": [("telehealth", "2024-01-01", "optional")],
        "health_net_ca": [],
        "horizon_bcbsnj": [
            ("site_differential", "2021-10-20", "procedures 10000–69999, others: one_rate"),
            ("place_of_service", "2021-10-20", "others: taken"),
        ],
        "indiana_commercial": [],
        "mainecare": [("place_of_service", "2023-10-01", "27")],
        "medi_cal": [],
        "medicare_ffs": [
            ("place_of_service", "always", "others: taken"),
            ("site_differential", "always", "others: by_place"),
        ],
        "ngs": [("telehealth", "2024-01-01", "optional")],
        "novitas": [("telehealth", "2024-01-01", "optional")],
    }  # fmt: skip
