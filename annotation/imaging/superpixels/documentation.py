"""The parameter tables of docs/superpixels.md, made from the registry.

`python -m annotation.imaging.superpixels.documentation` rewrites them; a test says when that is due.
"""

from pathlib import Path

from annotation.imaging.superpixels import ALGORITHMS, Algorithm, Parameter

PAGE = Path(__file__).resolve().parents[3] / "docs" / "superpixels.md"
BEGIN = "<!-- parameters of {name}, written by `python -m annotation.imaging.superpixels.documentation` -->"
END = "<!-- end -->"


def with_tables(page: str) -> str:
    """Return the text of the page with the present tables; raise ValueError if the place of one is missing."""
    for algorithm in ALGORITHMS.values():
        before, found, rest = page.partition(BEGIN.format(name=algorithm.name))
        _, closed, after = rest.partition(END)
        if not found or not closed:
            raise ValueError(f"The page has no place for the parameters of {algorithm.name}.")
        page = f"{before}{found}\n{table(algorithm)}\n{closed}{after}"
    return page


def table(algorithm: Algorithm) -> str:
    """Return the parameters as a Markdown table, the reference below."""
    lines = ["| parameter | default | range | |", "|---|---|---|---|"]
    for parameter in algorithm.parameters:
        name = f"{parameter.label} (`{parameter.name}`)"
        lines.append(f"| {name} | {_default(parameter)} | {_range(parameter)} | {parameter.help} |")
    return "\n".join([*lines, "", f"Reference: {algorithm.reference}."])


def _default(parameter: Parameter) -> str:
    if parameter.kind == "choice":
        return dict(parameter.choices)[str(parameter.default)]
    return f"{parameter.default:,g}"


def _range(parameter: Parameter) -> str:
    if parameter.kind == "choice":
        return ", ".join(f"{label} (`{value}`)" for value, label in parameter.choices)
    return parameter.range.removeprefix("from ")


def main() -> None:
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
