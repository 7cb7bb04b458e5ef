"""What Python knows of a figure: its files joined with the core, its controls bound to the link."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import streamlit as st

from dashboard import charts, state

T = TypeVar("T")

_DASHBOARD = Path(__file__).parents[1]
_CORE = Path(__file__).with_name("core.js")
_IMPORT = re.compile(r'^import \{([^}]*)\} from "[./a-z]*/core\.js"$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|function) (\w+))", re.MULTILINE)

# The colours of the charts, by name; what lies below and above zero is one pair everywhere.
_COLORS = {
    "orange": charts.ORANGE,
    "sky-blue": charts.SKY_BLUE,
    "green": charts.GREEN,
    "blue": charts.BLUE,
    "vermillion": charts.VERMILLION,
    "purple": charts.PURPLE,
    "grey": charts.GREY,
    "below": charts.SKY_BLUE,
    "above": charts.ORANGE,
    "insertion": charts.INSERTION_COLOR,
    "deletion": charts.DELETION_COLOR,
    **charts.TONE_COLORS,
}


@dataclass(frozen=True)
class Control(Generic[T]):
    """A control inside a figure that a link restores: ``field`` is its name in the link.

    ``parse`` reads what a link says and what the browser sends; None is no value. ``of`` names what
    the control is a place in: with something else shown it is at its default again.
    """

    field: str
    default: T
    parse: Callable[[str], T | None]
    encode: Callable[[T], str] = str
    of: str = ""

    def bind(self) -> T:
        """Make it a field of the link and return its value."""
        seen = f"{self.field}_of"
        if state.get(seen, self.of) != self.of and state.get(self.field, None) is not None:
            state.put(self.field, self.default)
        state.put(seen, self.of)
        return state.bind(self.field, self.default, self.parse, self.encode)

    def bind_for_browser(self) -> bool | int | float | str:
        """Bind it and return its value as the browser has it: what is no number is the link's."""
        value = self.bind()
        return value if isinstance(value, bool | int | float | str) else self.encode(value)


Controls = Mapping[str, Control[Any]]


def create_figure(name: str) -> Callable[..., None]:
    """Return what draws the figure whose .js and .css lie at ``name`` in the dashboard."""
    path = _DASHBOARD / name
    css = [_define_colors()]
    css += [each.with_suffix(".css").read_text(encoding="utf-8") for each in (_CORE, path)]
    mount = st.components.v2.component(
        f"glass_box_{path.name}",
        html=f'<div class="figure {path.name}"></div>\n<!-- filled by {path.name}.js -->',
        css="\n".join(css),
        js=join_core(path.with_suffix(".js").read_text(encoding="utf-8")),
    )

    def draw(
        data: Mapping[str, Any], key: str, controls: Controls | None = None, **more: Any
    ) -> None:
        """Draw ``data``; ``controls`` has the state that the .js changes, by its name there.

        Further arguments are Streamlit's: ``on_drawing_change`` for what is sent and in no link.
        """
        bound = controls or {}
        if bound:
            more["on_told_change"] = partial(_take, key, bound)
        places = {each: control.bind_for_browser() for each, control in bound.items()}
        of = {each: control.of for each, control in bound.items()}
        memory = "/".join(control.field for control in bound.values()) or key
        mount(data={**data, "key": memory, "state": places, "of": of}, key=key, **more)

    return draw


def join_core(figure: str) -> str:
    """Return a figure's module with the core in it: a browser gets one text, and no imports.

    The core stands in a function, so that no name of it meets one of the figure's.
    """
    core = _CORE.read_text(encoding="utf-8")
    names = ", ".join(_EXPORT.findall(core))
    function = f"const core = (() => {{\n{_EXPORT.sub('', core)}\nreturn {{ {names} }}\n}})()\n"
    return function + _IMPORT.sub(r"const {\1} = core", figure)


def _define_colors() -> str:
    return f".figure {{ {' '.join(f'--{name}: {color};' for name, color in _COLORS.items())} }}"


def _take(key: str, controls: Controls) -> None:
    for field, value in take_told(state.get(key, None), controls).items():
        state.put(field, value)


def take_told(sent: Any, controls: Controls) -> dict[str, Any]:
    """Return the fields that the browser told, without what means nothing."""
    told = getattr(sent, "told", None)
    if not isinstance(told, Mapping):
        return {}
    texts = {name: str(value) for name, value in told.items()}
    found = {
        control.field: control.parse(texts[name])
        for name, control in controls.items()
        if name in texts
    }
    return {field: value for field, value in found.items() if value is not None}
