"""Many pictures, not one: which method is best for a network, and does the test itself hold?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from dashboard import cache
from dashboard.attribution import METHODS
from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.zoo import ZooError
from export.evidence import Evidence, MethodFigures, NetworkFigures, tabulate_evidence

FEW = 50  # pictures: below this no order of the methods is claimed
BLUNT = 0.3  # of the maps of the best method: green less often, the test is blunt
_KNOWN = {
    "linear": "a linear sum",
    "squares": "a sum of two squares",
    "cue": "the network that reads a mark",
}
_LABELS = {method.name: method.label for method in METHODS}


def draw_evidence(name: str) -> None:
    """Draw the table of methods for the network called ``name``, and the test's own evidence."""
    evidence = cache.get_evidence()
    found = evidence.networks.get(name) if evidence else None
    if evidence is None or found is None:
        st.caption(
            "How the methods do on many pictures was not measured for this network: "
            "`python -m export.benchmark.verdict` measures those of the zoo."
        )
    else:
        st.markdown(describe_best(found))
        with st.expander(f"{len(found.methods)} methods on {found.judged:,} pictures"):
            st.markdown(tabulate_methods(found.methods))
            st.caption(
                "Agreement: with what the network loses, mean over the pictures with its 95 % "
                "interval. Believable and depends: shares of its maps. Inputs: how many the "
                "network sees for a map, forward + differentiated; seconds of one CPU core."
            )
    if evidence:
        _draw_test(evidence)


def describe_best(found: NetworkFigures) -> str:
    """Return the sentences on the best method, and on how sharp the test is on this network."""
    if found.best is None:
        return "No method's map could be tested on this network."
    best = found.methods[found.best]
    green = max(each.believable.mean for each in found.methods.values())
    told = (
        f"On {tell_count(found.judged, 'picture')}, **{_label(found.best)}** is the best for this "
        f"network by agreement and time together: {best.score.mean:+.2f} on average, believable on "
        f"{tell_share(best.believable.mean)} of them. No method scores clearly higher, and what is "
        "cheaper scores clearly lower."
    )
    if found.judged < FEW:
        told = (
            f"Only {tell_count(found.judged, 'picture')} could be tested on this network: too few "
            f"to rank the methods. {_label(found.best)} has {best.score.mean:+.2f} on average."
        )
    if green < BLUNT:
        told += (
            f" The test is blunt here: even the best method's maps are believable on "
            f"{tell_share(green)} of the pictures only, so *no better than blind* often means that "
            "nothing was shown, not that the map is wrong."
        )
    if found.seeds_agree is not None:
        told += (
            f" Asked again with other probes, the verdict stays the same for "
            f"{tell_share(found.seeds_agree.mean)} of the maps."
        )
    return told


def tabulate_methods(methods: Mapping[str, MethodFigures]) -> str:
    """Return the methods as a table, the highest score first."""
    order = sorted(methods.items(), key=lambda item: -item[1].score.mean)
    rows = [
        f"| {_label(name)} | {each.score.mean:+.2f} [{each.score.low:+.2f}, {each.score.high:+.2f}]"
        f" | {tell_share(each.believable.mean)} | {tell_share(each.depends.mean)} "
        f"| {each.forward:,.0f} + {each.gradients:,.0f} | {each.seconds:.2f} |"
        for name, each in order
    ]
    head = "| Explained by | Agreement | Believable | Depends | Inputs | Seconds |"
    return "\n".join([head, "|---|--:|--:|--:|--:|--:|", *rows])


def _draw_test(evidence: Evidence) -> None:
    with st.expander("Does the test itself hold? Its own evidence"):
        st.markdown(tabulate_evidence(evidence, _name_networks(evidence)))
        st.caption(
            "Shares with their 95 % intervals over pictures. Noise: random maps, of which 5 % "
            "should pass one removal by luck. Believable though wrong: maps of noise, of the same "
            "network with its weights shuffled, and blind maps that nothing bars; these should be "
            "near 0. Of another picture: garments are centred, so such a map may know something. "
            "Right: maps that are right by construction, where the network's rule is known. "
            f"`{evidence.command}` measures all of it."
        )


def _name_networks(evidence: Evidence) -> dict[str, str]:
    titles = dict(_KNOWN)
    for name in evidence.networks.keys() - _KNOWN.keys():
        with suppress(ZooError):  # else it keeps its name
            titles[name] = cache.get_model_card(name).title
    return titles


def _label(name: str) -> str:
    return _LABELS.get(name, name)
