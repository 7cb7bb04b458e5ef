"""Fundamentals: one neuron, a small network that learns, the way down, and learning too much."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import streamlit as st

from dashboard import cache, state
from dashboard.figures.base import Control
from dashboard.learning.activations import ACTIVATIONS
from dashboard.learning.frames import (
    WALKS,
    Lesson,
    Walk,
    compute_descent,
    create_descent_scene,
    create_fit_scene,
    create_network_scene,
)
from dashboard.learning.problems import PROBLEMS
from dashboard.learning.surfaces import SURFACES, Surface, get_surface
from dashboard.parsing import parse_option, parse_real
from dashboard.views.base import PERCEIVE, View
from dashboard.views.fundamentals import text as words
from dashboard.views.fundamentals.degree_player import draw_degrees
from dashboard.views.fundamentals.descent_player import draw_descent
from dashboard.views.fundamentals.network_player import draw_network
from dashboard.views.fundamentals.neuron_figure import draw_neuron
from dashboard.widgets.lesson import draw_question, draw_sources, draw_theory
from dashboard.widgets.option_select import select_option, select_seed, slide_option

PARTS = {
    "neuron": "One neuron",
    "network": "A network learns",
    "descent": "The way down",
    "fit": "Too little, too much",
}
NETWORK_RATES = (0.1, 0.3, 1.0, 3.0, 10.0)
RATES: tuple[float, ...] = (
    0.0001,
    0.0003,
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.03,
    0.05,
    0.07,
    0.08,
    0.1,
)
RATES += (0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 6.0, 10.0, 20.0)
MOMENTA = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SIZES, NOISES = (15, 30, 100), (0.1, 0.2, 0.4)


def render(model_name: str) -> None:
    """Draw the page; it is about no network of the zoo."""
    del model_name
    part = state.bind("part", "neuron", parse_option(tuple(PARTS)))
    st.segmented_control(
        "Part",
        tuple(PARTS),
        format_func=PARTS.__getitem__,
        key="part",
        required=True,
        persist_state="session",
    )
    _DRAW[part]()


def _make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("fundamentals", *what)


def _draw_neuron() -> None:
    draw_neuron()
    st.markdown(words.BESIDE)
    draw_question(words.Q_NEURON)
    draw_theory(words.T_NEURON)
    draw_sources(words.S_NEURON)


def _draw_network() -> None:
    lesson = _select_lesson()
    with st.spinner("Training …", show_time=True):
        scene = cache.get_results().get_or_compute(
            _make_key("network", lesson), lambda: create_network_scene(lesson)
        )
    if scene["diverged"]:
        st.info("The weights grew without bound: the rate is too large. It ends where they did.")
    draw_network(scene)
    draw_question(words.Q_NETWORK)
    draw_theory(words.T_NETWORK)
    draw_sources(words.S_NETWORK)


def _select_lesson() -> Lesson:
    problems = {each.name: each.label for each in PROBLEMS}
    activations = {each.name: each.label for each in ACTIVATIONS}
    default = Lesson()
    columns = st.columns(4)
    with columns[0]:
        problem = select_option(
            "net.problem", "Problem", default.problem, tuple(problems), problems.get
        )
    with columns[1]:
        activation = select_option(
            "net.activation", "Activation", default.activation, tuple(activations), activations.get
        )
    with columns[2]:
        rate = select_option(
            "net.rate", "Learning rate", default.rate, NETWORK_RATES, "{:g}".format
        )
    with columns[3]:
        seed = select_seed("net.seed", default.seed)
    return Lesson(problem, activation, rate, seed)


def _draw_descent() -> None:
    st.caption("Blindfolded on a mountain, only the slope underfoot is known. Try a walk:")
    with st.container(horizontal=True):
        for walk in WALKS:
            st.button(walk.label, key=f"walk_{walk.name}", on_click=_take_walk, args=(walk,))
    surface, start, rate, momentum = _select_walk()
    scene = cache.get_results().get_or_compute(
        _make_key("descent", surface.name, start, rate, momentum),
        lambda: create_descent_scene(compute_descent(surface.name, start, rate, momentum), surface),
    )
    axes = {axis: _create_coordinate(surface, i) for i, axis in enumerate("xy")}
    draw_descent(scene, axes, "/".join(map(str, (surface.name, start, rate, momentum))))
    draw_question(words.Q_DESCENT)
    draw_theory(words.T_DESCENT)
    draw_sources(words.S_DESCENT)


def _select_walk() -> tuple[Surface, tuple[float, float], float, float]:
    first = WALKS[0]
    labels = {each.name: each.label for each in SURFACES}
    columns = st.columns([3, 2, 2, 3, 3])
    with columns[0]:
        name = select_option(
            "descent.surface",
            "Mountain",
            first.surface,
            tuple(labels),
            labels.get,
            on_change=_reset_walk,
        )
    surface = get_surface(name)
    start = []
    for axis, column in enumerate(columns[1:3]):
        with column:
            start.append(_select_coordinate(surface, axis))
    with columns[3]:
        rate = slide_option("descent.rate", "Learning rate", surface.rate, RATES)
    with columns[4]:
        momentum = slide_option("descent.momentum", "Momentum", 0.0, MOMENTA)
    st.caption(surface.summary)
    return surface, (start[0], start[1]), rate, momentum


def _create_coordinate(surface: Surface, axis: int) -> Control[float]:
    parse = parse_real(*surface.domain[axis])
    return Control(f"descent.{'xy'[axis]}", surface.start[axis], parse)


def _select_coordinate(surface: Surface, axis: int) -> float:
    control, (low, high) = _create_coordinate(surface, axis), surface.domain[axis]
    value, label = control.bind(), f"Start, {surface.axes[axis]}"
    st.number_input(label, low, high, step=0.1, key=control.field, persist_state="session")
    return value


def _reset_walk() -> None:
    surface = get_surface(state.get("descent.surface", WALKS[0].surface))
    _put_walk(surface, surface.start, surface.rate, 0.0)


def _take_walk(walk: Walk) -> None:
    _put_walk(get_surface(walk.surface), walk.start, walk.rate, walk.momentum)


def _put_walk(surface: Surface, start: tuple[float, float], rate: float, momentum: float) -> None:
    values = {"surface": surface.name, "x": start[0], "y": start[1]}
    for name, value in {**values, "rate": rate, "momentum": momentum}.items():
        state.put(f"descent.{name}", value)


def _draw_fit() -> None:
    columns = st.columns(3)
    with columns[0]:
        n_train = select_option("fit.samples", "Samples to learn from", SIZES[0], SIZES, str)
    with columns[1]:
        noise = select_option("fit.noise", "Noise", NOISES[1], NOISES, str)
    with columns[2]:
        seed = select_seed("fit.seed", 1)
    scene = cache.get_results().get_or_compute(
        _make_key("fit", n_train, noise, seed),
        lambda: create_fit_scene(n_train, noise, seed),
    )
    draw_question(words.Q_FIT)
    draw_degrees(scene)
    draw_theory(words.T_FIT)
    draw_sources(words.S_FIT)


_DRAW: dict[str, Callable[[], None]] = {
    "neuron": _draw_neuron,
    "network": _draw_network,
    "descent": _draw_descent,
    "fit": _draw_fit,
}

VIEW = View(
    slug="fundamentals",
    title="Fundamentals",
    icon="🧠",
    help="One neuron, a small network that learns, gradient descent, under- and overfitting.",
    render=render,
    look_for="a neuron multiplies, adds and bends; a network learns by sending its error back "
    "along the same edges. Every number here is computed as you watch.",
    group=PERCEIVE,
    has_model=False,
)
