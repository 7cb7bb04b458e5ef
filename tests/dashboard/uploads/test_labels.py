"""Names of classes: lists that people have lying about, and lists that make no sense."""

import json

import pytest

from dashboard.uploads.labels import (
    LabelError,
    check_count,
    decode_labels,
    name_classes,
    parse_labels,
)

IMAGENET = tuple(f"thing {index}" for index in range(1000))


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\nblue whale",
        "cat\r\ndog\r\nblue whale\r\n",
        "  cat \n\tdog\nblue   whale\n\n",
        '["cat", "dog", "blue whale"]',
        '{"0": "cat", "1": "dog", "2": "blue whale"}',
        '{"2": "blue whale", "0": "cat", "1": "dog"}',
        '{"0": ["n01", "cat"], "1": ["n02", "dog"], "2": ["n03", "blue whale"]}',
    ],
)
def test_lists_as_people_have_them(text: str) -> None:
    assert parse_labels(text) == ("cat", "dog", "blue whale")


def test_a_file_with_a_byte_order_mark() -> None:
    assert decode_labels("Kätzchen\nHund".encode("utf-8-sig")) == ("Kätzchen", "Hund")


def test_an_empty_line_in_the_middle_keeps_its_class() -> None:
    assert parse_labels("cat\n\ndog") == ("cat", "(no name)", "dog")


def test_long_and_strange_names_are_tidied() -> None:
    (label,) = parse_labels("a\x00b\u202ec" + "x" * 1000)
    assert label.startswith("a b c")
    assert len(label) == 120


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("[]", "is empty"),
        ("[1, 2]", "JSON list of texts"),
        ('{"0": "cat", "2": "dog"}', "from 0 upwards"),
        ('["cat",', "begins like JSON"),
        ("[" * 100_000, "begins like JSON"),
        ("x\n" * 100_001, "100,001 labels are too many"),
    ],
)
def test_lists_that_make_no_sense(text: str, sentence: str) -> None:
    with pytest.raises(LabelError, match=sentence):
        parse_labels(text)


@pytest.mark.parametrize(
    ("data", "sentence"), [(b"\xff\xfe\x00", "no text"), (b"x" * (5 << 20), "larger than 4 MB")]
)
def test_files_that_are_no_lists(data: bytes, sentence: str) -> None:
    with pytest.raises(LabelError, match=sentence):
        decode_labels(data)


def test_one_label_for_each_class() -> None:
    check_count(("cat", "dog"), 2)
    with pytest.raises(LabelError, match="has 2 labels, and the network 3 classes"):
        check_count(("cat", "dog"), 3)


def test_imagenet_s_names_are_offered_where_their_number_fits() -> None:
    assert name_classes(1000, IMAGENET) == IMAGENET
    assert name_classes(1001, IMAGENET) == ("background", *IMAGENET)
    assert name_classes(2, IMAGENET) == ("class 0", "class 1")
    assert name_classes(3, ()) == ("class 0", "class 1", "class 2")
    assert len(json.dumps(name_classes(1000))) > 1000  # without the list: numbers
