"""AppTest with a browser's memory: it keeps the name of an option, not the option.

Streamlit's own AppTest looks an option up anew before each run, so that it never sends a name
which the page has since given up. A browser does, until the page gives the control a value.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup, InitialValue, Selectbox

Memory = dict[str, list[str]]  # control -> names of what is chosen


def _show(memory: Memory, control: Any) -> list[str]:
    """Return the names that the browser has for a control that the page has just drawn."""
    proto, is_list = control.proto, isinstance(control, Selectbox)
    if proto.set_value:
        memory[control.id] = [proto.raw_value] if is_list else list(proto.raw_values)
    elif control.id not in memory:
        first = [proto.default] if is_list else list(proto.default)
        memory[control.id] = [control.options[index] for index in first]
    return memory[control.id]


def _name(control: Any) -> list[str]:
    """Return the names of what the test has chosen."""
    if isinstance(control, Selectbox):
        return [control.format_func(control._value)]
    chosen = control._value if isinstance(control._value, list) else [control._value]
    return [control.format_func(each) for each in chosen]


@contextmanager
def remember_names() -> Iterator[None]:
    """Let every select box and every row of pills send what a browser would."""
    memory: Memory = {}

    def send(control: Any) -> WidgetState:
        names = _show(memory, control)
        if not isinstance(control._value, InitialValue):
            names = memory[control.id] = _name(control)
        state = WidgetState()
        state.id = control.id
        if isinstance(control, Selectbox):
            state.string_value = names[0]
        else:
            state.string_array_value.data[:] = names
        return state

    with (
        patch.object(Selectbox, "_widget_state", property(send)),
        patch.object(ButtonGroup, "_widget_state", property(send)),
    ):
        yield


def list_choices(app: AppTest) -> list[Any]:
    """Return all controls on the page that have options."""
    return [*app.selectbox, *app.get("button_group")]
