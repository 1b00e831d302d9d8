"""The condition grammar: SQL text of a rule page → a small tree, and what can be read off it.

Allowed: comparison, IN a list of literals, BETWEEN, AND/OR/NOT, CASE, + - *, TRUE and FALSE,
``LAW('path')``, ``x IN LAW('path')`` and documented fact columns. Anything else is refused when
the page is loaded, naming file, line and what to write instead. Nothing that can ask *whether* a
fact is unknown is allowed, so learning a fact can never turn a violation into clear or back.

The same tree gives the SQL the engine runs (`sql`), the facts whose absence decided (`missing_sql`)
and the walk `scrubjay explain` prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, NamedTuple

from scrubjay.errors import DefinitionError, near_miss
from scrubjay.reference.law import Law, date_matters_sql, law_sql
from scrubjay.tables import Column, Table

LONGEST = 4000  # characters of one condition
MOST_TOKENS = 500
MOST_DIGITS = 38  # of a DECIMAL
DEEPEST = 30  # parentheses, NOTs and minus signs within each other

_FOREIGN = re.compile(r"[^\t\n\r -~]")
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\t\n\r]|'')*'(?!')) | (?P<number>\d{1,15}(?:\.\d{1,4})?(?![\w.]))
    | (?P<keyword>(?i:AND|OR|NOT|IN|BETWEEN|CASE|WHEN|THEN|ELSE|END|LAW)(?![\w.]))
    | (?P<boolean>(?i:TRUE|FALSE)(?![\w.])) | (?P<name>[\w.]+)
    | (?P<open>'[^\t\n\r]*) | (?P<quoted>"[^"]*"?) | (?P<sign><>|<=|>=|!=|::|--|/\*|\S)""",
    re.ASCII | re.VERBOSE,
)

# What people write that the grammar does not have: words, what is wrong with them, what to write instead.
_HABITS = (
    ("IS ISNULL NOTNULL NULL COALESCE IFNULL NVL", "asks whether something is unknown",
     "use a has_… column: what a claim leaves blank is known"),
    ("LIKE ILIKE SIMILAR GLOB REGEXP REGEXP_MATCHES ~", "matches a pattern",
     "list the codes in a law file, or let a fact say it"),
    (":: CAST TRY_CAST DATE TIMESTAMP INTERVAL CURRENT_DATE CURRENT_TIMESTAMP", "converts or holds a date",
     "put the date into a law file, or let a fact count the days"),
    ("SELECT FROM WITH EXISTS VALUES UNION ANY ALL", "reads a table", "a rule never joins: let a fact hold the answer"),
    ("/ %", "divides", "let a fact hold the ratio"),
    ("-- /* #", "begins a comment", "explain it below the front matter"),
    (";", "has a semicolon", "write one condition; join conditions with AND or OR"),
    ("open", "has no closing quote", "end the text with a single quote; write a quote inside it twice"),
    ("quoted `", "has the wrong quotes", "put texts in single quotes, and columns in none"),
)  # fmt: skip
_AFTER = ("", ")", "AND", "OR", "WHEN", "THEN", "ELSE", "END")
_NO_CODE = "''"  # what no code set holds
_LISTS = "list quoted codes or numbers, as in x IN ('11', '22'), or write x IN LAW('path')"
_REFUSED = {word: (problem, advice) for words, problem, advice in _HABITS for word in words.split()}

Type = Literal["text", "number", "date", "boolean"]
_LITERALS: dict[str, Type] = {"text": "text", "number": "number", "boolean": "boolean"}
_A = {"text": "a text", "number": "a number", "date": "a date", "boolean": "true or false"}
_TYPES: dict[str, Type] = {
    "text": "text",
    "integer": "number",
    "decimal": "number",
    "amount": "number",
    "date": "date",
    "timestamp": "date",
    "boolean": "boolean",
}

_SIZES = {"integer": (18, 0), "decimal": (18, 4), "amount": (18, 2)}


def type_of(column: Column) -> Type:
    """What kind of value a column holds, as conditions see it."""
    return _TYPES[column.type]


@dataclass(frozen=True, slots=True)
class LawTest:
    """One question to the law: ``operand IN LAW(path)``, or the value of LAW(path) (operand '')."""

    path: str
    operand: str = ""

    @property
    def text(self) -> str:
        return f"{self.operand} IN LAW('{self.path}')" if self.operand else f"LAW('{self.path}')"

    @property
    def slot(self) -> str:
        """What stands for the test in the SQL of a leaf; no condition can hold these characters."""
        return f"\x00{self.text}\x00"


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a condition or an expression.

    ``kind`` is *and*, *or*, *not* (with ``parts``), *case* (parts: w₁, a₁, w₂, a₂ …, else), or
    *leaf*: a comparison, a Boolean column, a law test, or a scalar expression. The SQL of a leaf
    holds a slot for each of ``laws``; ``text`` is what the page says, on one line.
    """

    kind: Literal["and", "or", "not", "case", "leaf"]
    type: Type
    text: str
    parts: tuple[Node, ...] = ()
    template: str = ""
    columns: tuple[str, ...] = ()
    laws: tuple[LawTest, ...] = ()
    digits: int = 0  # of a number: how many it can have, before and behind the point
    scale: int = 0  # how many of them stand behind it

    def leaves(self) -> Iterator[Node]:
        """Every leaf below this node, in the order of the page."""
        if self.kind == "leaf":
            yield self
        for part in self.parts:
            yield from part.leaves()

    def sql(self, law_columns: dict[LawTest, str]) -> str:
        """The node as SQL; ``law_columns`` names the column that holds each law test."""
        if self.kind == "leaf":
            sql = self.template
            for test in self.laws:
                sql = sql.replace(test.slot, law_columns[test])
            return f"({sql})"
        parts = [part.sql(law_columns) for part in self.parts]
        if self.kind == "not":
            return f"(NOT {parts[0]})"
        if self.kind == "case":
            if self.type == "number":  # the database would take the scale of one branch for all
                decimal = f"DECIMAL({MOST_DIGITS}, {_size(self)[1]})"
                for at in (*range(1, len(parts), 2), len(parts) - 1):
                    parts[at] = f"CAST({parts[at]} AS {decimal})"
            whens = "".join(
                f" WHEN {when} IS NULL THEN NULL WHEN {when} THEN {then}"
                for when, then in zip(parts[:-1:2], parts[1:-1:2], strict=True)
            )
            return f"(CASE{whens} ELSE {parts[-1]} END)"
        return "(" + f" {self.kind.upper()} ".join(parts) + ")"

    def missing_sql(self, law_columns: dict[LawTest, str], laws: dict[str, Law], table: Table) -> dict[str, str]:
        """For each fact that may be missing: SQL that is true where its absence decided.

        To be read only on rows where this node is NULL. Of an AND or OR only the unknown branches
        count, of a leaf its NULL columns. A law test whose inputs are all known and that is NULL
        all the same is named as ``LAW('path')``: the law is silent.
        """
        if self.kind == "leaf":
            missing = {name: [f"{name} IS NULL"] for name in self.columns if table[name].nullable}
            for test in self.laws:
                law = laws[test.path]
                bare = replace(law, payers=())
                # Leaving the payer aside, a date counts only where the versions differ by it …
                by_date = f"{law_sql(bare, test.operand)} IS NULL"
                causes = [f"{name} IS NULL" for name in self.columns if table[name].nullable]
                if test.operand:  # … and a code only from the day of the first version.
                    too_early = f"({law.versions[0].keyed_on} IS NOT NULL AND {law_sql(bare, _NO_CODE)} IS NULL)"
                    causes = [f"({cause} AND NOT {too_early})" for cause in causes]
                    missing = dict.fromkeys(missing, causes[:])
                for name in (name for name in law.key_columns if table[name].nullable):
                    cause = f"{name} IS NULL"
                    if name != "payer_program":
                        cause += f" AND {by_date} AND {date_matters_sql(law, test.operand, name)}"
                    missing.setdefault(name, []).append(f"({cause})")
                    causes.append(f"({cause})")
                silent = f"{law_columns[test]} IS NULL" + "".join(f" AND NOT {cause}" for cause in causes)
                missing[f"LAW('{test.path}')"] = [f"({silent})"]
            return {name: "(" + " OR ".join(found) + ")" for name, found in missing.items()}
        conditions: dict[str, list[str]] = {}
        for part, reached in self._deciding(law_columns):
            unknown = f"{reached}{part.sql(law_columns)} IS NULL"
            for name, sql in part.missing_sql(law_columns, laws, table).items():
                conditions.setdefault(name, []).append(f"({unknown} AND {sql})")
        return {name: "(" + " OR ".join(found) + ")" for name, found in conditions.items()}

    def _deciding(self, law_columns: dict[LawTest, str]) -> Iterator[tuple[Node, str]]:
        """The parts that can make this node unknown, each with the SQL (… AND) of when it is asked."""
        if self.kind != "case":
            yield from ((part, "") for part in self.parts)
            return
        before = ""
        for when, then in zip(self.parts[:-1:2], self.parts[1:-1:2], strict=True):
            yield when, before
            yield then, f"{before}{when.sql(law_columns)} AND "
            before += f"NOT {when.sql(law_columns)} AND "
        yield self.parts[-1], before


def parse_condition(text: str, table: Table, laws: dict[str, Law], file: str, line: int | None) -> Node:
    """A Boolean condition over the columns of a table. Raises DefinitionError."""
    reader = _Reader(text, table, laws, file, line)
    node = reader.read()
    if node.type != "boolean":
        raise reader.refuse(f"'{_short(text)}' is {_A[node.type]}, not true or false", "compare it with something")
    if any(leaf.template == "NULL" for leaf in node.leaves()):
        raise reader.refuse(f"'{_short(text)}' has a CASE without ELSE", "say what holds otherwise")
    return node


def parse_expression(text: str, table: Table, laws: dict[str, Law], file: str, line: int | None) -> Node:
    """A value (exposure, fix) over the columns of a table. Raises DefinitionError."""
    return _Reader(text, table, laws, file, line).read()


def _size(node: Node) -> tuple[int, int]:
    """How many digits a number can have, and how many of them behind the point; of a CASE, in any branch."""
    return max(leaf.digits for leaf in node.leaves()), max(leaf.scale for leaf in node.leaves())


def _with_size(node: Node, digits: int, scale: int) -> Node:
    """The node, and each branch of a CASE, with so many digits."""
    parts = tuple(_with_size(part, digits, scale) for part in node.parts)
    return replace(node, digits=digits, scale=scale, parts=parts)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "…"


def _unlike(one: Type, other: Type) -> str:
    if "date" in (one, other):
        return _REFUSED["DATE"][1]
    return "put the code in single quotes" if {one, other} == {"text", "number"} else "compare like with like"


class _Token(NamedTuple):
    """A word or a sign of the condition: keywords in capitals, <> for !=."""

    word: str
    kind: str  # the group of _TOKEN
    start: int
    end: int


class _Reader:
    """Reads one condition by recursive descent: each method is one line of the grammar.

    either      both [OR both]…
    both        negation [AND negation]…
    negation    NOT negation, or a comparison
    comparison  sums [= sums | IN (list) | IN LAW('path') | BETWEEN sums AND sums]
    sums        products [+ products | - products]…
    products    value [* value]…
    value       'text', 1.5, TRUE, a column, LAW('path'), CASE … END, - value, (either)
    """

    def __init__(self, text: str, table: Table, laws: dict[str, Law], file: str, line: int | None) -> None:
        self.text, self.table, self.laws, self.file, self.line = text, table, laws, file, line
        self.tokens: list[_Token] = []
        self.at = self.depth = 0
        self.in_case = False

    def read(self) -> Node:
        self.split()
        node = self.either()
        if self.word:
            raise self.unexpected("AND, OR or the end")
        return node

    def split(self) -> None:
        """Fill ``tokens``; after the last word stands an empty one."""
        size = len(self.text)
        if size > LONGEST:
            raise self.refuse(f"the condition has {size:,} characters", f"keep it under {LONGEST:,}: let a fact say it")
        if odd := _FOREIGN.search(self.text):
            shown = f"'{odd[0]}' (U+{ord(odd[0]):04X})" if odd[0].isprintable() else f"U+{ord(odd[0]):04X}"
            raise self.refuse(f"{shown} is no plain ASCII character", "type the condition in plain ASCII")
        for found in _TOKEN.finditer(self.text):
            word, kind = found[0], found.lastgroup or ""
            if kind in ("keyword", "boolean"):
                word = word.upper()
            self.tokens.append(_Token("<>" if word == "!=" else word, kind, *found.span()))
        count = len(self.tokens)
        if not count:
            raise self.refuse("there is no condition", "write one, such as TRUE")
        if count > MOST_TOKENS:
            raise self.refuse(f"the condition has {count:,} words and signs", f"keep them under {MOST_TOKENS}")
        self.tokens.append(_Token("", "", size, size))

    @property
    def word(self) -> str:
        return self.tokens[self.at].word

    def take(self, *words: str) -> str:
        """The word at hand if it is one of these, stepping over it; else the empty string."""
        word = self.word
        if word not in words:
            return ""
        self.at += 1
        return word

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise self.unexpected(f"'{word}'")

    def said(self, start: int) -> str:
        """What the page says from a token up to here, on one line."""
        text, end = "", self.tokens[start].start
        for token in self.tokens[start : self.at]:
            gap = token.start > end and not text.endswith("(") and token.word not in (")", ",")
            text, end = text + " " * gap + token.word, token.end
        return text

    def refuse(self, problem: str, advice: str) -> DefinitionError:
        return DefinitionError(problem, file=self.file, line=self.line, advice=advice)

    def unexpected(self, wanted: str) -> DefinitionError:
        """Why the word at hand cannot stand where it does."""
        token = self.tokens[self.at]
        around = self.tokens[max(self.at - 1, 0) : self.at + 2]
        if around[-1].word == "(":
            around.pop()
        near = f"'{_short(self.text[around[0].start : around[-1].end])}'"
        if known := _REFUSED.get(token.word.upper()) or _REFUSED.get(token.kind):
            return self.refuse(f"{near} {known[0]}", known[1])
        instead = f", not '{_short(token.word)}'" if token.word else " after it"
        advice = "look for a missing quote, word or parenthesis"
        return self.refuse(f"{near} cannot be read: {wanted} is expected{instead}", advice)

    def deeper(self, read: Callable[[], Node]) -> Node:
        """What ``read`` reads, one level down; levels are counted, so that Python's stack never ends first."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.refuse(f"more than {DEEPEST} levels are nested", "split the page, or let a fact say it")
        node = read()
        self.depth -= 1
        return node

    def either(self) -> Node:
        return self.joining("or", self.both)

    def both(self) -> Node:
        return self.joining("and", self.negation)

    def joining(self, kind: Literal["and", "or"], read: Callable[[], Node]) -> Node:
        start, parts = self.at, [read()]
        while self.take(kind.upper()):
            parts.append(read())
        if len(parts) == 1:
            return parts[0]
        flat = [part.parts if part.kind == kind else (self.typed(part, "boolean"),) for part in parts]
        return Node(kind, "boolean", self.said(start), tuple(chain.from_iterable(flat)))

    def negation(self) -> Node:
        start = self.at
        if not self.take("NOT"):
            return self.comparison()
        part = self.typed(self.deeper(self.negation), "boolean")
        return Node("not", "boolean", self.said(start), (part,))

    def comparison(self) -> Node:
        start = self.at
        left = self.sums()
        if sign := self.take("=", "<>", "<", "<=", ">", ">="):
            right = self.alike(left, self.sums())
            return self.joined("boolean", f"{{0}} {sign} {{1}}", self.said(start), left, right)
        operand, denied, verb = self.said(start), self.take("NOT"), self.at
        if self.take("IN"):
            node = self.membership(left, operand)
        elif self.take("BETWEEN"):
            low = self.alike(left, self.sums())
            self.expect("AND")
            high = self.alike(left, self.sums())
            node = self.joined("boolean", "{0} BETWEEN {1} AND {2}", f"{operand} {self.said(verb)}", left, low, high)
        elif denied or self.word not in _AFTER:  # before the type is judged: x IS NULL is no wrong type
            raise self.unexpected("IN or BETWEEN" if denied else "a comparison, AND or OR")
        else:
            return left
        return Node("not", "boolean", self.said(start), (node,)) if denied else node

    def membership(self, operand: Node, text: str) -> Node:
        """What follows IN: a list of literals, or LAW."""
        if self.word == "LAW":
            if operand.type != "text" or operand.kind != "leaf":
                raise self.refuse(f"'{_short(text)}' stands before IN LAW", "put a text column or a quoted code there")
            test = LawTest(self.law("code_set").path, operand.template)
            return Node("leaf", "boolean", test.text, template=test.slot, columns=operand.columns, laws=(test,))
        start = self.at - 1
        if not self.take("("):
            raise self.refuse("IN is followed by neither a list nor LAW", _LISTS)
        parts = [operand]
        while len(parts) == 1 or self.take(","):
            if self.tokens[self.at].kind not in ("text", "number"):
                raise self.refuse(f"'{_short(self.word)}' stands in a list where a literal should", _LISTS)
            parts.append(self.alike(operand, self.value()))
        self.expect(")")
        slots = ", ".join(f"{{{number}}}" for number in range(1, len(parts)))
        return self.joined("boolean", f"{{0}} IN ({slots})", f"{text} {self.said(start)}", *parts)

    def sums(self) -> Node:
        return self.arithmetic(("+", "-"), self.products)

    def products(self) -> Node:
        return self.arithmetic(("*",), self.value)

    def arithmetic(self, signs: tuple[str, ...], read: Callable[[], Node]) -> Node:
        """Sums or products, the first operand as wide as a number can be, so that nothing ever overflows."""
        start = self.at
        left = read()
        while self.word in signs:
            self.typed(left, "number")
            sign = self.take(*signs)
            right = self.typed(read(), "number")
            (one, scale), (two, other) = _size(left), _size(right)
            digits = one + two if sign == "*" else max(one, two) + 1
            text = self.said(start)
            if digits > MOST_DIGITS:
                raise self.refuse(f"'{_short(text)}' can have more than {MOST_DIGITS} digits", "let a fact say it")
            wide = f"(CAST({{0}} AS DECIMAL({MOST_DIGITS}, {scale})) {sign} {{1}})"
            node = self.joined("number", wide, text, left, right)
            left = _with_size(node, digits, scale + other if sign == "*" else max(scale, other))
        return left

    def value(self) -> Node:
        start, token, word = self.at, self.tokens[self.at], self.word
        if word == "LAW":
            test = LawTest(self.law("value").path)
            return Node("leaf", "number", test.text, template=test.slot, laws=(test,), digits=18, scale=4)
        if self.take("("):
            node = self.deeper(self.either)
            self.expect(")")
            return node
        if self.take("CASE"):
            return self.case()
        if self.take("-"):
            part = self.typed(self.deeper(self.value), "number")
            return _with_size(self.joined("number", "-{0}", self.said(start), part), *_size(part))
        if literal := _LITERALS.get(token.kind):
            self.at += 1
            digits, scale = sum(map(str.isdigit, word)), len(word.partition(".")[2])
            return Node("leaf", literal, word, template=word, digits=digits, scale=scale)
        if word in self.table:
            self.at += 1
            column = self.table[word]
            digits, scale = _SIZES.get(column.type, (0, 0))
            return Node("leaf", type_of(column), word, template=word, columns=(word,), digits=digits, scale=scale)
        if token.kind != "name" or word.upper() in _REFUSED:
            raise self.unexpected("a value")
        shown = f"'{_short(word)}'"
        if self.tokens[self.at + 1].word == "(":
            raise self.refuse(f"{shown} calls a function", "only LAW('path') may be called; let a fact compute it")
        hint = near_miss(word.rpartition(".")[2], list(self.table.names))
        advice = "see docs/tables.md for the columns; texts stand in single quotes"
        raise self.refuse(f"there is no column {shown} in {self.table.name}.{hint}", advice)

    def case(self) -> Node:
        start = self.at - 1
        if self.in_case:
            raise self.refuse("a CASE stands inside a CASE", "write one CASE with more WHENs, or let a fact say it")
        if self.word != "WHEN":
            raise self.refuse("CASE is not followed by WHEN", "write CASE WHEN x = … THEN … ELSE … END")
        self.in_case = True
        parts: list[Node] = []
        while self.take("WHEN"):
            parts.append(self.typed(self.either(), "boolean"))
            self.expect("THEN")
            parts.append(self.either())
        unknown = Node("leaf", parts[1].type, "(not known)", template="NULL")
        parts.append(self.either() if self.take("ELSE") else unknown)
        self.expect("END")
        self.in_case = False
        if len({part.type for part in (*parts[1::2], parts[-1])}) > 1:
            raise self.refuse("the branches of a CASE give different types", "let every branch give the same type")
        return Node("case", parts[1].type, self.said(start), tuple(parts))

    def law(self, kind: str) -> Law:
        """The law of LAW('path'), which must be of this kind."""
        self.expect("LAW")
        opened, path = self.take("("), self.tokens[self.at]
        if not opened or path.kind != "text" or self.tokens[self.at + 1].word != ")":
            raise self.refuse("LAW takes one path in quotes", "write LAW('us.cms.mpfs.facility_rate_pos')")
        self.at += 2
        name = path.word[1:-1]
        if name not in self.laws:
            hint = near_miss(name, list(self.laws))
            raise self.refuse(f"there is no law '{_short(name)}'.{hint}", "add the law file, or correct the path")
        law = self.laws[name]
        if law.kind != kind:
            uses = {"code_set": "x IN LAW('…')", "value": "LAW('…') as a number"}
            raise self.refuse(f"the law '{name}' is a {law.kind}", f"use it through {uses.get(law.kind, 'a fact')}")
        return law

    def typed(self, node: Node, type_: Type) -> Node:
        if node.type != type_:
            advice = "compare it with something" if type_ == "boolean" else _unlike(node.type, type_)
            raise self.refuse(f"'{_short(node.text)}' is {_A[node.type]}, where {_A[type_]} is needed", advice)
        return node

    def alike(self, left: Node, right: Node) -> Node:
        """The right operand, which must be of the type of the left one."""
        if left.type != right.type:
            problem = f"'{_short(left.text)}' is {_A[left.type]}, but '{_short(right.text)}' is {_A[right.type]}"
            raise self.refuse(problem, _unlike(left.type, right.type))
        return right

    def joined(self, type_: Type, template: str, text: str, *parts: Node) -> Node:
        """A leaf out of smaller ones. A CASE among them moves outwards, so that it stops at unknown."""
        cases = [at for at, part in enumerate(parts) if part.kind == "case"]
        if len(cases) > 1 or any(part.kind not in ("case", "leaf") for part in parts):
            raise self.refuse(f"'{_short(text)}' compares conditions", "put CASE, AND and OR around comparisons")
        if cases:
            at = cases[0]
            moved = list(parts[at].parts)
            for number in (*range(1, len(moved) - 1, 2), len(moved) - 1):
                branch = moved[number]
                if branch.template == "NULL":
                    moved[number] = replace(branch, type=type_)
                else:
                    inner = (*parts[:at], branch, *parts[at + 1 :])
                    bare = branch.type != type_ or branch.template == branch.text
                    shown = branch.text if bare else f"({branch.text})"
                    moved[number] = self.joined(type_, template, text.replace(parts[at].text, shown), *inner)
            return Node("case", type_, text, tuple(moved))
        sql = template.format(*(f"({part.template})" for part in parts))
        columns = dict.fromkeys(name for part in parts for name in part.columns)
        laws = dict.fromkeys(test for part in parts for test in part.laws)
        return Node("leaf", type_, text, template=sql, columns=tuple(columns), laws=tuple(laws))
