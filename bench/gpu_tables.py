"""What `bench.gpu` found, as Markdown that reads well on a terminal, too. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

Figures = Mapping[str, Any]
TOLERANCE = 1e-3
"""Between mels of the card and of the CPU, fp32 without TF32: they add the same numbers up in another order."""


def sections(found: Mapping[str, Figures]) -> list[str]:
    """A table or a line for all that was measured, by the names of the measurements; what failed is left out."""
    ours, upstream = found.get("ours", {}), found.get("upstream", {})
    tables = []
    if ours:
        tables += [_speaking(ours, upstream), _together(ours), _memory(ours, upstream), _equality(ours)]
    if "served" in found:
        tables += [_served(found["served"])]
    if "xtts" in found:
        tables += [_xtts(found["xtts"])]
    return tables


def missed(found: Mapping[str, Figures]) -> list[str]:
    """The promises that were not kept."""
    unlike = found.get("ours", {}).get("unlike_cpu", 0.0)
    return (
        [f"the mel is {unlike:.1e} from the CPU's, more than {TOLERANCE:.0e}"] if unlike > TOLERANCE else []
    )


def spread(values: Sequence[float], scale: float = 1.0) -> str:
    """The median, and from the least to the most."""
    least, middle, most = (f"{each / scale:.3g}" for each in (min(values), median(values), max(values)))
    return f"{middle} ({least} to {most})"


def _speaking(ours: Figures, upstream: Figures) -> str:
    tiers = list(ours["spoken"]["v1"]["seconds"])
    rows = [
        [label, *(spread(each["seconds"][tier], each["speech"]) for tier in tiers)]
        for label, each in _networks(ours, upstream)
    ]
    rows += [
        [f"{label}, beside ours", *(_ratio(each, ours["spoken"][label.split()[1]], t) for t in tiers)]
        for label, each in _networks({}, upstream)
    ]
    return _table("F5-TTS, real-time factor by steps", tiers, rows)


def _networks(ours: Figures, upstream: Figures) -> Iterator[tuple[str, Figures]]:
    for name, each in ours.get("spoken", {}).items():
        yield f"ours {name}", each
    for name, each in upstream.get("spoken", {}).items():
        yield f"f5-tts {name.split()[0]} in {each['type']}", each


def _ratio(one: Figures, other: Figures, tier: str) -> str:
    """Of the times for the same speech."""
    first, second = (median(each["seconds"][tier]) / each["speech"] for each in (one, other))
    return f"{first / second:.2f} x"


def _together(ours: Figures) -> str:
    alone = median(ours["together"][0])
    rows = [
        [str(texts), spread(seconds), f"{texts * alone / median(seconds):.2f} x"]
        for texts, seconds in enumerate(ours["together"], start=1)
    ]
    return _table("F5-TTS v1, texts together at 7 steps", ["seconds", "texts a second, beside one"], rows)


def _memory(ours: Figures, upstream: Figures) -> str:
    rows = [[label, *map(_megabytes, each["memory"])] for label, each in _networks(ours, upstream)]
    rows.append(["ours v1, 5 texts together", "", "", _megabytes(ours["together_peak"])])
    headings = ["held while loading", "tensors afterwards", "held while speaking"]
    return _table("F5-TTS, MB of the card, without CUDA's own context", headings, rows)


def _equality(ours: Figures) -> str:
    kept = "kept" if ours["unlike_cpu"] <= TOLERANCE else "MISSED"
    return (
        f"The mel of the device is within {ours['unlike_cpu']:.1e} of the CPU's (promised {TOLERANCE:.0e}, {kept}), "
        f"each of five texts together within {ours['unlike_alone']:.1e} of itself alone; fp32 without TF32."
    )


def _served(served: Figures) -> str:
    ready = (
        f"The F5 engine is ready {served['ready']:.1f} s after it is asked to load, its first sentence included; "
        f"a new voice takes {spread(served['new_voice'], 1e-3)} ms until its first step."
    )
    return "\n".join([ready, *map(_full, served["full"])])


def _full(squeezed: Figures) -> str:
    return (
        f"With {squeezed['room']:.0f} MB of the card for {squeezed['texts']} text(s) together, memory did not suffice "
        f"{squeezed['shortages']:.0f} times; then all were spoken, in {squeezed['batches']:.0f} batch(es) of "
        f"{' and '.join(squeezed['steps'])} steps, with {squeezed['on_card']:.0f} MB on the card afterwards."
    )


def _xtts(xtts: Figures) -> str:
    ours, upstream, speech = xtts["ours"], xtts["upstream"], xtts["speech"]
    rows = [
        ["one text", spread(ours["one"]), spread(upstream["one"])],
        ["one text, streamed", spread(ours["streamed"]), spread(upstream["streamed"])],
        ["until a stream's first sound", spread(ours["first_sound"]), spread(upstream["first_sound"])],
        ["5 texts one by one", spread(ours["one_by_one"]), ""],
        ["5 texts together", spread(ours["together"]), ""],
        ["hearing a voice in 12 s", spread(ours["hearing"]), ""],
        ["MB held while loading", *(_megabytes(each["memory"][0]) for each in (ours, upstream))],
        ["MB of tensors afterwards", *(_megabytes(each["memory"][1]) for each in (ours, upstream))],
        ["MB held while speaking", *(_megabytes(each["memory"][2]) for each in (ours, upstream))],
        ["the same, 5 texts together", _megabytes(ours["together_peak"]), ""],
    ]
    batch = median(ours["one_by_one"]) / median(ours["together"])
    stream = median(ours["streamed"]) / median(upstream["streamed"])
    return (
        _table(f"XTTS, lines of {speech:g} s, fp32, seconds", ["ours", "coqui-tts"], rows)
        + f"\n\nFive together: {batch:.2f} x the throughput. Streamed: {stream:.2f} of coqui-tts's time."
    )


def _megabytes(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _table(title: str, headings: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[title, *headings], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head, *body = (
        _line(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )
    return "\n".join([head, _line("-" * width for width in widths), *body])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
