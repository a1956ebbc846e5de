"""Texts of others in each language of an output."""

from __future__ import annotations

import json

import pytest

from pytest_kerasch2 import foreign
from pytest_kerasch2.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("a\n::error::x", "a : :error::x"),
        ("  ::error::x", "  : :error::x"),
        ("##[error]x", "# #[error]x"),
        ("t.py::error::x", "t.py: :error::x"),
        ("t.py::test_x[a::b]", "t.py::test_x[a::b]"),
        ("\u202eabc\ud800", "\\u202eabc\\ud800"),
        ("tab\tand\r\nline", "tab and line"),
        ("plain – ✓ é 漢", "plain – ✓ é 漢"),
    ],
)
def test_a_terminal_is_not_steered(text: str, shown: str) -> None:
    assert foreign.terminal(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b\nc", "a&#124;b c"),
        ("a & b &lt;", "a &#38; b &#38;lt;"),
        ("[x](y) <b> `c` *d* _e_ ~f~", "&#91;x&#93;(y) &#60;b&#62; &#96;c&#96; &#42;d&#42; &#95;e&#95; &#126;f&#126;"),
        ("@me #1 $x$", "&#64;me &#35;1 &#36;x&#36;"),
        ("http://a www.b", "http&#58;//a ww&#119;.b"),
        ("- a", "&#45; a"),
        ("1. a", "1&#46; a"),
        ("0.97", "0.97"),
        ("\x07", "&#92;u0007"),
    ],
)
def test_a_cell_of_markdown_has_no_markup(text: str, shown: str) -> None:
    assert foreign.cell(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("a.b-c", "`a.b-c`"), ("a`b", "<code>a&#96;b</code>"), ("", "<code></code>")]
)
def test_code_of_markdown_cannot_be_ended(text: str, shown: str) -> None:
    assert foreign.code(text) == shown


def test_a_block_of_code_is_fenced_by_more_than_it_holds() -> None:
    assert foreign.block("a\n````\nb\n", "python") == ["`````python", "a\n````\nb", "`````"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "/local", "x"])
def test_an_address_that_is_not_of_the_web_is_no_link(address: str) -> None:
    assert "](" not in foreign.link("source", address)


def test_an_address_of_the_web_cannot_end_its_link() -> None:
    assert foreign.link("source", "https://a/b)|<x> \n") == "[source](https://a/b%29%7C%3Cx%3E%20%0A)"


def test_printed_json_is_the_same_data_without_commands() -> None:
    plain = ["::error::x", "##[error]", "a :: b"]

    shown = foreign.in_json(json.dumps(plain))

    assert (json.loads(shown), "::error" in shown, "##[" in shown) == (plain, False, False)


def test_a_parameter_of_a_command_cannot_begin_another() -> None:
    assert foreign.parameter("a,b::c\nd%") == "a%2Cb%3A%3Ac%0Ad%25"


def test_a_formula_is_drawn_as_it_stands() -> None:
    assert foreign.label("$x^2$\x07") == r"\$x^2\$\u0007"


def test_an_attribute_cannot_be_ended() -> None:
    assert foreign.attribute("\"'<&>\x00") == "&quot;&#x27;&lt;&amp;&gt;\\u0000"


def test_an_error_is_one_line_that_steers_no_terminal() -> None:
    error = InvalidArgument("A file cannot be read", "name\x1b[2J\n::error::x", "name another")

    assert str(error) == "A file cannot be read: name\\u001b[2J : :error::x. Name another."
