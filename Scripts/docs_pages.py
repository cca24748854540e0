#!/usr/bin/env python3
"""The pages of docs/ and the Python module's docstrings as HTML around the references of C and Swift, and a look at every link. Scripts/docs runs it.

    docs_pages.py --site FOLDER --symbols FOLDER

FOLDER of the symbols: what `swift symbolgraph-extract` wrote. Exits with 1, one line a fault, when a public declaration of Swift or Python has no comment, or
when a link of any page leads nowhere.
"""

import argparse
import html
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import markdown

from python_reference import reference

ROOT = Path(__file__).resolve().parent.parent

#: Pages by the menu's heading: where a page comes from, under which name it goes into the site.
MENU = {
    "Begin": {
        "docs/getting-started.md": "Getting started", "docs/models.md": "Models", "docs/devices.md": "Devices", "docs/my-output-differs.md": "My output differs",
    },
    "Use": {
        "docs/command.md": "The command", "docs/c-api.md": "The C interface", "docs/python.md": "The Python module",
        "docs/quantisation.md": "Models on bytes",
    },
    "Know": {
        "docs/benchmarks.md": "Benchmarks", "docs/cpu.md": "CPUs", "docs/gpu.md": "GPUs", "docs/dependencies.md": "Dependencies", "CHANGELOG.md": "Changes",
    },
    "Help": {"README.md": "The repository", "CONTRIBUTING.md": "Contributing", "Benchmarks/README.md": "Running the benchmark"},
}
#: Pages that others link to, outside of the menu.
MORE = ("docs/index.md", "bindings/README.md", "bindings/python/README.md", "Shaders/README.md")
REFERENCES = {"c/index.html": "C and C++", "python/index.html": "Python", "swift/documentation/opsin/index.html": "Swift"}


def name_of(source: str) -> str:
    """Where a page of the tree lies in the site: docs/cpu.md becomes cpu.html."""
    stem = source.removeprefix("docs/").removesuffix(".md")
    return stem.removesuffix("/README").replace("/", "-").lower() + ".html"


PAGES = {source: name_of(source) for group in MENU.values() for source in group} | {source: name_of(source) for source in MORE}


def page(title: str, body: str, here: str) -> str:
    """A whole page: the menu beside the body. ``here`` is its place in the site."""
    up = "../" * here.count("/")

    def link(target: str, name: str) -> str:
        mark = ' class="here"' if target == here else ""
        return f'<a{mark} href="{up}{target}">{html.escape(name)}</a>'

    menu = [f'<a class="name" href="{up}index.html">Opsin</a>']
    for heading, entries in MENU.items():
        menu += [f"<strong>{heading}</strong>", *(link(PAGES[source], name) for source, name in entries.items())]
    menu += ["<strong>References</strong>", *(link(target, name) for target, name in REFERENCES.items())]
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>{html.escape(title)}</title>\n'
        f'<link rel="stylesheet" href="{up}style.css">\n<nav>\n' + "\n".join(menu) + f"\n</nav>\n<main>\n{body}\n</main>\n</html>\n")


def rendered(text: str) -> str:
    """Markdown as GitHub reads it: tables, fences, headings with an anchor."""
    return markdown.markdown(text, extensions=["tables", "fenced_code", "toc", "sane_lists"])


def relinked(body: str, source: str, site: Path) -> str:
    """Links between files of the tree, turned to where these lie in the site: pages to pages, other files copied below tree/."""

    def target(match: re.Match) -> str:
        attribute, link = match[1], html.unescape(match[2])
        parts = urlsplit(link)
        if parts.scheme or link.startswith("#") or (site / parts.path).exists():
            return match[0]
        found = (ROOT / source).parent.joinpath(unquote(parts.path)).resolve()
        if not found.is_relative_to(ROOT) or not found.exists():
            return match[0]
        inside = str(found.relative_to(ROOT))
        if inside in PAGES:
            place = PAGES[inside]
        elif found.is_file():
            place = f"tree/{inside}"
            (site / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, site / place)
        else:
            return match[0]
        return f'{attribute}="{html.escape(place + ("#" + parts.fragment if parts.fragment else ""))}"'

    return re.sub(r'(href|src)="([^"]*)"', target, body)


class Links(HTMLParser):
    """What a page links to, and what may be linked to in it."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value and tag != "base":
                self.targets.append(value)
            if value and (name == "id" or (name == "name" and tag == "a")):
                self.anchors.add(value)


def broken_links(site: Path) -> list[str]:
    """Each link to a file or an anchor of the site that is not there. DocC checks its own."""
    read: dict[Path, Links] = {}

    def links_of(file: Path) -> Links:
        if file not in read:
            read[file] = Links()
            read[file].feed(file.read_text(errors="replace"))
        return read[file]

    faults = []
    for file in sorted(site.rglob("*.html")):
        if (site / "swift") in file.parents:
            continue
        for target in links_of(file).targets:
            parts = urlsplit(target)
            if parts.scheme in ("http", "https", "mailto", "data", "javascript"):
                continue
            found = (file.parent / unquote(parts.path)) if parts.path else file
            if not found.exists() or found.is_dir():
                faults.append(f"{file.relative_to(site)}: {target} is not there")
            elif parts.fragment and found.suffix == ".html" and (site / "swift") not in found.resolve().parents:
                if unquote(parts.fragment) not in links_of(found).anchors:
                    faults.append(f"{file.relative_to(site)}: {target}: no such anchor")
    return faults


def undocumented_swift(folder: Path) -> list[str]:
    """Public declarations of the Swift module without a comment; what the compiler makes by itself needs none."""
    faults = []
    symbols = json.loads((folder / "Opsin.symbols.json").read_text())["symbols"]
    for symbol in symbols:
        written = "location" in symbol and "::SYNTHESIZED::" not in symbol["identifier"]["precise"]
        if written and not symbol.get("docComment", {}).get("lines"):
            place = Path(urlsplit(symbol["location"]["uri"]).path)
            faults.append(f"{place.name}:{symbol['location']['position']['line'] + 1}: {'.'.join(symbol['pathComponents'])} has no comment")
    return faults if len(symbols) > 100 else ["the Swift module has next to no symbols: nothing was checked"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", type=Path, required=True)
    parser.add_argument("--symbols", type=Path, required=True)
    given = parser.parse_args()
    site: Path = given.site
    shutil.copy(ROOT / "docs/site/style.css", site / "style.css")
    (site / "python").mkdir(exist_ok=True)
    faults = undocumented_swift(given.symbols)
    for place, title, text in (found := reference(rendered)).pages:
        (site / "python" / place).write_text(page(title, text, f"python/{place}"))
    faults += found.faults
    for source, place in PAGES.items():
        text = (ROOT / source).read_text()
        title = text.lstrip().splitlines()[0].lstrip("# ")
        (site / place).write_text(page(title, relinked(rendered(text), source, site), place))
    faults += broken_links(site)
    for fault in faults:
        print(f"docs: {fault}", file=sys.stderr)
    if faults:
        sys.exit(f"docs: {len(faults)} faults")
    print(f"docs: {sum(1 for _ in site.rglob('*.html'))} pages in {site}, every link leads somewhere")


if __name__ == "__main__":
    main()
