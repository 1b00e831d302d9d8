"""The condition grammar: SQL text of a rule page → a small tree, and what can be read off it.

Allowed: comparison, IN a list of literals, BETWEEN, AND/OR/NOT, CASE, + - *, TRUE and FALSE,
``LAW('path')``, ``x IN LAW('path')`` and documented fact columns. Anything else is refused when
the page is loaded, naming file, line and what to write instead. Nothing that can ask *whether* a
fact is unknown is allowed, so learning a fact can never turn a violation into clear or back.

The same tree gives the SQL the engine runs (`sql`), the facts whose absence decided (`missing_sql`)
and the walk `scrubjay explain` prints.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from scrubjay.errors import DefinitionError, near_miss
from scrubjay.reference.law import Law, date_matters_sql, law_sql
from scrubjay.tables import Column, Table

LONGEST = 4000  # characters of one condition
MOST_TOKENS = 500
DEEPEST = 30  # nested parentheses

_TOKEN = re.compile(r"'(?:[^']|'')*'|--|/\*|<>|<=|>=|!=|\w+(?:\.\w+)*|\S")
_GOOD_TOKEN = re.compile(r"'[\x20-\x7e]*'|<>|<=|>=|!=|\w+(?:\.\w+)*|[=<>+*(),-]")

Type = Literal["text", "number", "date", "boolean"]
_TYPES: dict[str, Type] = {
    "text": "text",
    "integer": "number",
    "decimal": "number",
    "amount": "number",
    "date": "date",
    "timestamp": "date",
    "boolean": "boolean",
}


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


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a condition or an expression.

    ``kind`` is *and*, *or*, *not* (with ``parts``), *case* (parts: w₁, a₁, w₂, a₂ …, else), or
    *leaf*: a comparison, a Boolean column, a law test, or a scalar expression. its SQL holds
    a slot for each of ``laws``; ``text`` is what the page says.
    """

    kind: Literal["and", "or", "not", "case", "leaf"]
    type: Type
    text: str
    parts: tuple[Node, ...] = ()
    template: str = ""
    columns: tuple[str, ...] = ()
    laws: tuple[LawTest, ...] = ()

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
            for number, test in enumerate(self.laws):
                sql = sql.replace(_slot(number), law_columns[test])
            return f"({sql})"
        parts = [part.sql(law_columns) for part in self.parts]
        if self.kind == "not":
            return f"(NOT {parts[0]})"
        if self.kind == "case":
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
                # Leaving the payer aside, a date counts only where the versions differ by it.
                by_date = f"{law_sql(replace(law, payers=()), test.operand)} IS NULL"
                causes = [f"{name} IS NULL" for name in self.columns if table[name].nullable]
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


def _slot(number: int) -> str:
    """What stands for a law test in the SQL of a leaf; no condition can hold these characters."""
    return f"\x00law {number}\x00"


def parse_condition(text: str, table: Table, laws: dict[str, Law], file: str, line: int | None) -> Node:
    """A Boolean condition over the columns of a table. Raises DefinitionError."""
    node = _Reader(table, laws, file, line).read(text)
    if node.type != "boolean":
        raise DefinitionError(
            f"'{_short(text)}' is {_a(node.type)}, not true or false",
            file=file,
            line=line,
            advice="compare it with something",
        )
    if any(leaf.template == "NULL" for leaf in node.leaves()):
        raise DefinitionError(
            f"'{_short(text)}' has a CASE without ELSE", file=file, line=line, advice="say what holds otherwise"
        )
    return node


def parse_expression(text: str, table: Table, laws: dict[str, Law], file: str, line: int | None) -> Node:
    """A value (exposure, fix) over the columns of a table. Raises DefinitionError."""
    return _Reader(table, laws, file, line).read(text)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "…"


def _a(type_: Type) -> str:
    return {"text": "a text", "number": "a number", "date": "a date", "boolean": "true or false"}[type_]


class _Reader:
    """Walks a SQLGlot tree once, refusing what the grammar does not have."""

    def __init__(self, table: Table, laws: dict[str, Law], file: str, line: int | None) -> None:
        self.table, self.laws, self.file, self.line = table, laws, file, line

    def refuse(self, problem: str, advice: str) -> DefinitionError:
        return DefinitionError(problem, file=self.file, line=self.line, advice=advice)

    def read(self, text: str) -> Node:
        import sqlglot

        self.refuse_shape(text)
        logger = logging.getLogger("sqlglot")
        level = logger.level
        logger.setLevel(logging.CRITICAL)  # what it cannot parse it would tell the terminal
        try:
            trees = sqlglot.parse(text, dialect="duckdb")
            if len(trees) != 1 or trees[0] is None:
                raise self.refuse("there must be exactly one condition", "join conditions with AND or OR")
            node = self.node(trees[0])
            self.refuse_signs(text)
            return node
        except sqlglot.errors.SqlglotError as error:
            first = str(error).splitlines()[0]
            raise self.refuse(
                f"'{_short(text)}' cannot be read: {_short(first)}", "look for a missing quote, word or parenthesis"
            ) from None
        except RecursionError:
            raise self.refuse("the condition is nested too deeply", "split the page, or let a fact say it") from None
        finally:
            logger.setLevel(level)

    def refuse_shape(self, text: str) -> None:
        """Refuse what need not be parsed to be refused: too long, too deep, foreign characters."""
        if len(text) > LONGEST:
            raise self.refuse(
                f"the condition has {len(text):,} characters", f"keep it under {LONGEST:,}; let a fact say more"
            )
        depth = deepest = 0
        for character in text:
            depth += (character == "(") - (character == ")")
            deepest = max(deepest, depth)
        if deepest > DEEPEST:
            raise self.refuse(f"parentheses are nested {deepest} deep", "remove those that are not needed")
        if not text.isascii():
            odd = next(character for character in text if not character.isascii())
            raise self.refuse(f"'{odd}' (U+{ord(odd):04X}) is no ASCII character", "type the condition in plain ASCII")
        if "--" in text or "/*" in text or "#" in text:
            raise self.refuse("a condition holds no comments", "explain it below the front matter")
        words = len(_TOKEN.findall(text))
        if words > MOST_TOKENS:
            raise self.refuse(f"the condition has {words:,} words and signs", f"keep them under {MOST_TOKENS}")

    def refuse_signs(self, text: str) -> None:
        """Refuse signs that the parser takes and the grammar does not have: ``;``, ``[ ]``, ``~``, ``,)``."""
        for before, sign in pairwise(["", *_TOKEN.findall(text)]):
            if not _GOOD_TOKEN.fullmatch(sign):
                raise self.refuse(f"'{sign}' is not in the grammar", "use = <> < <= > >= + - * ( ) and single quotes")
            if (before, sign) == (",", ")"):
                raise self.refuse("a list ends with a comma", "remove the comma, or add the value it waits for")

    def node(self, tree: object) -> Node:
        from sqlglot import exp

        assert isinstance(tree, exp.Expression)
        if isinstance(tree, exp.Paren):
            return self.node(tree.this)
        if isinstance(tree, exp.And | exp.Or):
            kind: Literal["and", "or"] = "and" if isinstance(tree, exp.And) else "or"
            parts = tuple(self.boolean(part) for part in (tree.left, tree.right))
            flat = tuple(one for part in parts for one in (part.parts if part.kind == kind else (part,)))
            return Node(kind, "boolean", tree.sql("duckdb"), flat)
        if isinstance(tree, exp.Not):
            return Node("not", "boolean", tree.sql("duckdb"), (self.boolean(tree.this),))
        if isinstance(tree, exp.Case):
            return self.case(tree)
        return self.leaf(tree)

    def boolean(self, tree: object) -> Node:
        node = self.node(tree)
        if node.type != "boolean":
            raise self.refuse(
                f"'{_short(node.text)}' is {_a(node.type)}, where true or false is needed", "compare it with something"
            )
        return node

    def case(self, tree: object) -> Node:
        from sqlglot import exp

        assert isinstance(tree, exp.Case)
        if any(inner is not tree for inner in tree.find_all(exp.Case)):
            raise self.refuse("a CASE stands inside a CASE", "write one CASE with more WHENs, or let a fact say it")
        if tree.this is not None:
            raise self.refuse("CASE x WHEN … is not taken", "write CASE WHEN x = … THEN … END")
        parts: list[Node] = []
        for branch in tree.args["ifs"]:
            parts += [self.boolean(branch.this), self.node(branch.args["true"])]
        default = tree.args.get("default")
        results = parts[1::2]
        types = {part.type for part in results}
        if default is not None:
            parts.append(self.node(default))
            types.add(parts[-1].type)
        else:
            parts.append(Node("leaf", results[0].type, "(not known)", template="NULL"))
        if len(types) > 1:
            raise self.refuse("the branches of a CASE give different types", "let every branch give the same type")
        return Node("case", results[0].type, tree.sql("duckdb"), tuple(parts))

    def leaf(self, tree: object) -> Node:
        """A comparison, IN, BETWEEN, a column, a literal, arithmetic, or a law test."""
        from sqlglot import exp

        assert isinstance(tree, exp.Expression)
        text = tree.sql("duckdb")
        if isinstance(tree, exp.Boolean):
            return Node("leaf", "boolean", text, template=text)
        if isinstance(tree, exp.Column):
            return self.column(tree)
        if isinstance(tree, exp.Literal):
            return Node("leaf", "text" if tree.is_string else "number", text, template=text)
        if isinstance(tree, exp.Neg):
            return self.joined("number", "-{0}", text, self.typed(tree.this, "number"))
        if isinstance(tree, exp.Add | exp.Sub | exp.Mul):
            sign = {"Add": "+", "Sub": "-", "Mul": "*"}[type(tree).__name__]
            return self.joined(
                "number",
                f"({{0}} {sign} {{1}})",
                text,
                self.typed(tree.left, "number"),
                self.typed(tree.right, "number"),
            )
        comparisons: dict[type, str] = {
            exp.EQ: "=",
            exp.NEQ: "<>",
            exp.GT: ">",
            exp.GTE: ">=",
            exp.LT: "<",
            exp.LTE: "<=",
        }
        if type(tree) in comparisons:
            left, right = self.node(tree.this), self.node(tree.expression)
            self.same_type(left, right)
            return self.joined("boolean", f"{{0}} {comparisons[type(tree)]} {{1}}", text, left, right)
        if isinstance(tree, exp.Between):
            if tree.args.get("symmetric"):
                raise self.refuse("BETWEEN SYMMETRIC is not in the grammar", "write the smaller value first")
            parts = [self.node(tree.this), self.node(tree.args["low"]), self.node(tree.args["high"])]
            self.same_type(parts[0], parts[1])
            self.same_type(parts[0], parts[2])
            return self.joined("boolean", "{0} BETWEEN {1} AND {2}", text, *parts)
        if isinstance(tree, exp.In):
            return self.membership(tree, text)
        if isinstance(tree, exp.Anonymous) and str(tree.this).upper() == "LAW":
            law = self.law(tree, "value")
            return Node("leaf", "number", text, template=_slot(0), laws=(LawTest(law.path),))
        raise self.refused(tree, text)

    def membership(self, tree: object, text: str) -> Node:
        from sqlglot import exp

        assert isinstance(tree, exp.In)
        operand = self.node(tree.this)
        field = tree.args.get("field")
        if field is not None:
            if not isinstance(tree.this, exp.Column) or operand.type != "text":
                raise self.refuse(f"'{_short(operand.text)}' stands before IN LAW", "put a text column there")
            law = self.law(field, "code_set")
            return Node(
                "leaf",
                "boolean",
                f"{operand.text} IN LAW('{law.path}')",
                template=_slot(0),
                columns=operand.columns,
                laws=(LawTest(law.path, operand.text),),
            )
        values = tree.expressions
        if not values or tree.args.get("query") is not None or tree.args.get("unnest") is not None:
            raise self.refuse(
                f"'{_short(text)}' has no list of literals", "write x IN ('11', '22'), or x IN LAW('path')"
            )
        parts = [operand]
        for value in values:
            if isinstance(value, exp.Anonymous) and str(value.this).upper() == "LAW":
                raise self.refuse(f"'{_short(text)}' puts LAW in a list", "write x IN LAW('path')")
            if not isinstance(value, exp.Literal):
                raise self.refuse(
                    f"'{_short(value.sql('duckdb'))}' in a list is no literal", "list quoted codes or numbers"
                )
            parts.append(self.node(value))
            self.same_type(operand, parts[-1])
        slots = ", ".join(f"{{{number}}}" for number in range(1, len(parts)))
        return self.joined("boolean", f"{{0}} IN ({slots})", text, *parts)

    def column(self, tree: object) -> Node:
        from sqlglot import exp

        assert isinstance(tree, exp.Column)
        name = tree.name
        if tree.args.get("table") is not None or tree.this.args.get("quoted"):
            raise self.refuse(f"'{tree.sql('duckdb')}' is quoted or qualified", "name the column alone, without quotes")
        if name not in self.table:
            raise self.refuse(
                f"there is no column '{name}' in {self.table.name}.{near_miss(name, list(self.table.names))}",
                "see docs/tables.md for the columns; texts stand in single quotes",
            )
        return Node("leaf", type_of(self.table[name]), name, template=name, columns=(name,))

    def law(self, tree: object, kind: str) -> Law:
        from sqlglot import exp

        if not isinstance(tree, exp.Anonymous) or str(tree.this).upper() != "LAW":
            raise self.refuse(
                "IN is followed by neither a list nor LAW", "write x IN ('11', '22'), or x IN LAW('path')"
            )
        arguments = tree.expressions
        if len(arguments) != 1 or not isinstance(arguments[0], exp.Literal) or not arguments[0].is_string:
            raise self.refuse("LAW takes one path in quotes", "write LAW('us.cms.mpfs.facility_rate_pos')")
        path = arguments[0].this
        if path not in self.laws:
            raise self.refuse(
                f"there is no law '{path}'.{near_miss(path, list(self.laws))}", "add the law file, or correct the path"
            )
        law = self.laws[path]
        if law.kind != kind:
            wanted = (
                "x IN LAW('…')"
                if law.kind == "code_set"
                else "LAW('…') as a number"
                if law.kind == "value"
                else "a fact"
            )
            raise self.refuse(f"the law '{path}' is a {law.kind}", f"use it through {wanted}")
        return law

    def typed(self, tree: object, type_: Type) -> Node:
        node = self.node(tree)
        if node.type != type_:
            raise self.refuse(
                f"'{_short(node.text)}' is {_a(node.type)}, where {_a(type_)} is needed", "compare like with like"
            )
        return node

    def same_type(self, left: Node, right: Node) -> None:
        if left.type != right.type:
            hint = (
                "put the code in single quotes"
                if {left.type, right.type} == {"text", "number"}
                else "compare like with like"
            )
            raise self.refuse(
                f"'{_short(left.text)}' is {_a(left.type)}, but '{_short(right.text)}' is {_a(right.type)}", hint
            )

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
                    moved[number] = self.joined(
                        type_, template, template.format(*(part.text for part in inner)), *inner
                    )
            return Node("case", type_, text, tuple(moved))
        laws: list[LawTest] = []
        columns: dict[str, None] = {}
        filled = []
        for part in parts:
            for leaf in part.leaves():
                columns |= dict.fromkeys(leaf.columns)
                laws += (test for test in leaf.laws if test not in laws)
            filled.append(part.sql({test: _slot(laws.index(test)) for leaf in part.leaves() for test in leaf.laws}))
        return Node("leaf", type_, text, template=template.format(*filled), columns=tuple(columns), laws=tuple(laws))

    def refused(self, tree: object, text: str) -> DefinitionError:
        from sqlglot import exp

        shown = f"'{_short(text)}'"
        if isinstance(tree, exp.Is | exp.Null | exp.Coalesce):
            return self.refuse(
                f"{shown} asks whether something is unknown", "use a has_… column: what a claim leaves blank is known"
            )
        if isinstance(tree, exp.Div | exp.Mod | exp.IntDiv):
            return self.refuse(f"{shown} divides", "let a fact hold the ratio")
        if isinstance(tree, exp.Query | exp.Subquery | exp.Exists):
            return self.refuse(f"{shown} reads a table", "a rule never joins: let a fact hold the answer")
        if isinstance(tree, exp.Block | exp.Command | exp.DDL | exp.DML):
            return self.refuse(f"{shown} is a statement", "write one condition")
        if isinstance(tree, exp.Alias):
            return self.refuse(f"{shown} gives a name", "join conditions with AND or OR")
        if isinstance(tree, exp.Cast | exp.Date | exp.Interval):
            return self.refuse(
                f"{shown} converts or holds a date", "put the date into a law file, or let a fact count the days"
            )
        if isinstance(tree, exp.Like | exp.ILike | exp.RegexpLike | exp.SimilarTo):
            return self.refuse(f"{shown} matches a pattern", "list the codes in a law file, or let a fact say it")
        if isinstance(tree, exp.Func):
            return self.refuse(f"{shown} calls a function", "only LAW('path') may be called; let a fact compute it")
        return self.refuse(
            f"{shown} is not in the grammar ({type(tree).__name__})", "see CONTRIBUTING.md, the condition grammar"
        )
