"""Python source as a small tree of calls, laid out the way `ruff format` would.

Calls are enough: the body of a network is calls within calls. A value is either a literal number or the name of a
variable, so the same function writes `nn.Conv2d(1, 6, 5)` for a network and `nn.Conv2d(in_channels, out_channels, 3)`
for the inside of a block.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Union

WIDTH: Final = 120
_INDENT: Final = 4

Value = Union["Call", str, int, float, bool, tuple["Value", ...]]
"""What stands in a call: another call, a literal, or source text such as a variable's name (a `str`)."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its name ("" if it is positional), its value and the comment behind it."""

    name: str
    value: Value
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments.

    Attributes:
        function: its name, dotted.
        arguments: positional ones first.
        open: one argument a line even where they would fit on one.
        brackets: "()", or "[]" for a list, which is laid out like the call of a function without a name.
    """

    function: str
    arguments: tuple[Argument, ...] = ()
    open: bool = False
    brackets: str = "()"


def call(function: str, *values: Value, **named: Value) -> Call:
    """`function(*values, **named)`."""
    positional = (Argument("", value) for value in values)
    return Call(function, (*positional, *(Argument(name, value) for name, value in named.items())))


def named(parts: Iterable[tuple[str, Value]]) -> Call:
    """Modules in order, under their names, by the helper `NAMED` of the exported code."""
    return Call("named", tuple(Argument(name, value) for name, value in parts))


def write(value: Value) -> str:
    """The source of a value on one line."""
    if isinstance(value, Call):
        inside = ", ".join(_prefix(argument) + write(argument.value) for argument in value.arguments)
        return f"{value.function}{value.brackets[0]}{inside}{value.brackets[1]}"
    if isinstance(value, tuple):
        return f"({', '.join(map(write, value))}{',' if len(value) == 1 else ''})"
    return value if isinstance(value, str) else repr(value)


def lay_out(value: Value, *, before: str = "", after: str = "", comment: str = "", indent: int = 0) -> str:
    """The source of a value, on one line if it fits and otherwise one argument a line.

    Args:
        value: what to write.
        before: in front of it, such as "return ".
        after: behind it, such as ",".
        comment: at the end of its last line, without the "#".
        indent: spaces in front of every line.
    """
    return "\n".join(_lines(value, before, after, comment, indent))


def _lines(value: Value, before: str, after: str, comment: str, indent: int) -> Iterator[str]:
    space, after = " " * indent, after + (f"  # {comment}" if comment else "")
    flat = space + before + write(value) + after
    if not isinstance(value, Call) or not value.arguments or (len(flat) <= WIDTH and not _opens(value)):
        yield flat
        return
    yield f"{space}{before}{value.function}{value.brackets[0]}"
    for argument in value.arguments:
        yield from _lines(argument.value, _prefix(argument), ",", argument.comment, indent + _INDENT)
    yield f"{space}{value.brackets[1]}{after}"


def _opens(value: Value) -> bool:
    return isinstance(value, Call) and (value.open or any(_opens(argument.value) for argument in value.arguments))


def _prefix(argument: Argument) -> str:
    return f"{argument.name}=" if argument.name else ""


def calls(value: Value) -> Iterator[Call]:
    """Every call in a value, the outer ones first."""
    if isinstance(value, Call):
        yield value
        for argument in value.arguments:
            yield from calls(argument.value)


def parse(node: ast.expr) -> Value:
    """The value in a syntax tree, so that source from elsewhere can be laid out like the rest."""
    match node:
        case ast.Call():
            arguments = [Argument("", parse(value)) for value in node.args]
            arguments += [Argument(keyword.arg or "", parse(keyword.value)) for keyword in node.keywords]
            return Call(ast.unparse(node.func), tuple(arguments))
        case ast.List():
            return Call("", tuple(Argument("", parse(value)) for value in node.elts), brackets="[]")
        case ast.Tuple():
            return tuple(parse(value) for value in node.elts)
        case ast.Constant(value=str() as text):
            return json.dumps(text, ensure_ascii=False)
    return ast.unparse(node)


NAMED: Final = '''\
def named(**modules: nn.Module) -> nn.Sequential:
    """Modules one after another, under their names."""
    return nn.Sequential(OrderedDict(modules))
'''
