"""The Python module's docstrings as pages: one a module, each public name with its signature. Scripts/docs_pages.py asks for them."""

from __future__ import annotations

import dataclasses
import html
import importlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

#: Modules that a program imports, in the order of the reference.
MODULES = ("opsin", "opsin.hub", "opsin.ray")


@dataclass
class Reference:
    """Pages as (place, title, body), and what has no docstring."""

    pages: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def _signature(function: Any, name: str) -> str:
    """As one would write it, a parameter a line where it is long."""
    try:
        shown = inspect.signature(function)
    except (TypeError, ValueError):
        return f"{name}(...)"
    result = "" if shown.return_annotation is inspect.Signature.empty else f" -> {_type(shown.return_annotation)}"
    parts, keyword = [], False
    for parameter in shown.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword:
            parts.append("*")
        keyword = keyword or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        kind = "" if parameter.annotation is parameter.empty else f": {_type(parameter.annotation)}"
        value = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        parts.append(f"{stars}{parameter.name}{kind}{value}")
    line = f"{name}({', '.join(parts)}){result}"
    return line if len(line) <= 100 else f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def _type(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _commented(kind: type) -> dict[str, str]:
    """Attributes with a `#:` comment above them, and that comment."""
    found: dict[str, str] = {}
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):
        return found
    for comment, name in re.findall(r"((?:^ +#: .*\n)+) +(?:self\.)?(\w+)(?:: | = )", source, re.M):
        found[name] = " ".join(line.strip().removeprefix("#: ") for line in comment.strip().splitlines())
    return {name: text for name, text in found.items() if not name.startswith("_")}


def reference(rendered: Callable[[str], str]) -> Reference:
    """The pages of every module. ``rendered`` turns Markdown into HTML."""
    sys.path.insert(0, str(ROOT / "bindings/python"))
    out = Reference()

    def text_of(thing: Any, name: str) -> str:
        doc = inspect.getdoc(thing)
        if not doc:
            out.faults.append(f"{name} has no docstring")
            return ""
        doc = re.sub(r"``([^`]+)``", r"`\1`", doc)
        # A session at the prompt, up to the next empty line, is code.
        return rendered(re.sub(r"^>>> .*?(?=\n\n|\Z)", lambda prompt: f"```\n{prompt[0]}\n```", doc, flags=re.M | re.S))

    def block(signature: str) -> str:
        return f'<pre class="signature">{html.escape(signature)}</pre>'

    def members(kind: type, name: str) -> list[str]:
        body: list[str] = []
        if dataclasses.is_dataclass(kind):
            rows = [f"| `{member.name}` | `{_type(member.type)}` | {member_docs(kind).get(member.name, '')} |" for member in dataclasses.fields(kind)]
            body.append(rendered("\n".join(["| field | type | |", "|---|---|---|", *rows])))
        else:
            body += [f'<div class="member" id="{name}.{each}"><h3>{each}</h3>{rendered(text)}</div>' for each, text in member_docs(kind).items()]
        for each in sorted(dir(kind), key=lambda member: order(kind, member)):
            if each.startswith("_") and each not in ("__init__",) or each in ("args", "with_traceback", "add_note", "characters_written", "errno", "filename",
                                                                              "filename2", "strerror"):
                continue
            value = inspect.getattr_static(kind, each)
            where = next((base for base in kind.__mro__ if each in vars(base)), kind)
            if not where.__module__.startswith("opsin") or (each == "__init__" and (dataclasses.is_dataclass(kind) or where is not kind)):
                continue
            if isinstance(value, property):
                result = inspect.signature(value.fget).return_annotation if value.fget else ""
                body.append(f'<div class="member" id="{name}.{each}">{block(f"{each}: {_type(result)}")}{text_of(value, f"{name}.{each}")}</div>')
            elif inspect.isfunction(value) and each != "__init__":
                body.append(f'<div class="member" id="{name}.{each}">{block(_signature(value, each))}{text_of(value, f"{name}.{each}")}</div>')
        return body

    def member_docs(kind: type) -> dict[str, str]:
        found: dict[str, str] = {}
        for base in reversed(kind.__mro__):
            if base.__module__.startswith("opsin"):
                found |= _commented(base)
        return found

    def order(kind: type, member: str) -> tuple[int, int]:
        """As in the source: what the class has of its own first."""
        for distance, base in enumerate(kind.__mro__):
            if member in vars(base):
                return distance, list(vars(base)).index(member)
        return 99, 0

    modules: list[tuple[ModuleType, str]] = [(importlib.import_module(name), "index.html" if name == "opsin" else f"{name}.html") for name in MODULES]
    for module, place in modules:
        others = " · ".join(f'<a href="{other}">{each.__name__}</a>' for each, other in modules)
        body = [f"<p>{others}</p>", f"<h1>{module.__name__}</h1>", text_of(module, module.__name__)]
        names = list(getattr(module, "__all__", ()))
        functions = [name for name in names if inspect.isfunction(getattr(module, name))]
        functions.sort(key=lambda name: (getattr(module, name).__module__ != module.__name__, getattr(module, name).__code__.co_firstlineno))
        classes = [name for name in names if inspect.isclass(getattr(module, name))]
        errors = [name for name in classes if issubclass(getattr(module, name), BaseException)]
        for heading, chosen in (("Functions", functions), ("Classes", [name for name in classes if name not in errors]), ("Exceptions", errors)):
            if chosen:
                body.append(f"<h2>{heading}</h2><p>" + ", ".join(f'<a href="#{name}"><code>{name}</code></a>' for name in chosen) + "</p>")
            for name in chosen:
                value = getattr(module, name)
                if inspect.isfunction(value):
                    body.append(f'<h3 id="{name}">{name}</h3>{block(_signature(value, name))}{text_of(value, name)}')
                    continue
                bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object and not base.__name__.startswith("_"))
                plain = dataclasses.is_dataclass(value) or value.__init__ is object.__init__ or issubclass(value, (BaseException, dict))
                # What the library makes, programs do not: results and inputs begin with an address.
                plain = plain or "address" in inspect.signature(value.__init__).parameters
                head = f"class {name}" + (f"({bases})" if bases else "") if plain else "class " + _signature(value.__init__, name).removesuffix(" -> None")
                body.append(f'<h3 id="{name}">{name}</h3>{block(head)}{text_of(value, name)}')
                if name not in errors:
                    body += members(value, name)
        out.pages.append((place, module.__name__, "\n".join(body)))
    return out
