"""The stages of a network from top to bottom, as SVG: what each is and costs, and the shapes between."""

from html import escape
from typing import Final

from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report

WIDTH: Final = 320
_BOX: Final = 40
_GAP: Final = 26
_FONT: Final = "font-family='system-ui,-apple-system,Segoe UI,Roboto,sans-serif'"


def stage_diagram(report: Report, _: Language, *, ink: str, colour: str, paper: str, failed: str | None = None) -> str:
    """The diagram as SVG.

    Args:
        report: the network taken apart; its stages are drawn.
        ink: colour of text and lines.
        colour: the network's own colour; a box is tinted by its share of the parameters.
        paper: the background.
        failed: the path of the first layer that cannot work; its stage is marked.
    """
    rows = report.stages or (report.root,)
    height = _GAP + len(rows) * (_BOX + _GAP) + 4
    shapes = [_flow(0, report.input_shape, ink)]
    for index, row in enumerate(rows):
        top = _GAP + index * (_BOX + _GAP)
        share = row.parameters / report.parameters if report.parameters else 0
        broken = failed is not None and (failed == row.path or failed.startswith(f"{row.path}."))
        shapes.append(_stage(top, row, share, broken, _, ink, colour, paper))
        shapes.append(_flow(top + _BOX, row.output_shape, ink))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}'>"
        + "".join(shapes)
        + "</svg>"
    )


def describe_stages(report: Report, _: Language) -> str:
    """The diagram in words, for those who do not see it."""
    steps = [
        _("{stage} to {shape}", stage=row.name or row.type, shape=_.shape(row.output_shape[1:]))
        for row in report.stages
    ]
    return _("From {shape} through {steps}.", shape=_.shape(report.input_shape[1:]), steps=", ".join(steps))


def _flow(top: float, shape: tuple[int, ...], ink: str) -> str:
    """An arrow downwards with the shape that flows along it, the batch left out."""
    middle = WIDTH / 2
    label = "×".join(str(size) for size in shape[1:])
    return (
        f"<path d='M{middle} {top}v{_GAP - 7}m-4 0l4 6l4 -6z' stroke='{ink}' fill='{ink}' stroke-width='1.2'/>"
        f"<text x='{middle + 10}' y='{top + 17}' font-size='11.5' fill='{ink}' {_FONT}>{escape(label)}</text>"
    )


def _stage(
    top: float, row: LayerRow, share: float, broken: bool, _: Language, ink: str, colour: str, paper: str
) -> str:
    inner = WIDTH - 4
    cost = _("{parameters} parameters · {macs} MACs", parameters=_.compact(row.parameters), macs=_.compact(row.macs))
    mark = "✕ " if broken else ""
    return (
        f"<rect x='2' y='{top}' width='{inner}' height='{_BOX}' rx='6' fill='{paper}' stroke='{colour}' "
        f"stroke-width='{3 if broken else 1.6}' stroke-dasharray='{'6 4' if broken else 'none'}'/>"
        f"<rect x='2' y='{top}' width='{max(4.0, inner * share):.1f}' height='{_BOX}' rx='6' "
        f"fill='{colour}' opacity='.22'/>"
        f"<text x='12' y='{top + 17}' font-size='13.5' font-weight='600' fill='{ink}' {_FONT}>"
        f"{mark}{escape(row.name or row.type)}</text>"
        f"<text x='12' y='{top + 32}' font-size='11' fill='{ink}' {_FONT}>{escape(cost)}</text>"
    )
