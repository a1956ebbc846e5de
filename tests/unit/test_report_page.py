from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.report import compatibility_table, page
from tests.browser.tables import CAUSE, HOSTILE, JAX, MIDDLE, table

pytest.importorskip("jinja2", reason="the page is made with Jinja2, of the extra `report`")


class Outline(HTMLParser):
    """The tags of a page, and the text of its cells and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.tags[-1][0] if self.tags else "", data))


def _data(text: str) -> Any:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    return json.loads(match.group(1))


def test_the_table_of_these_tests_is_one_that_the_page_may_get() -> None:
    compatibility_table.check(table())


def test_the_same_table_gives_the_same_page() -> None:
    assert page.render(table()) == page.render(json.loads(json.dumps(table())))


def test_the_page_is_the_same_in_another_process() -> None:
    script = "from pytest_kerasch2.report import page; from tests.browser.tables import table; "
    script += "import sys; sys.stdout.buffer.write(page.render(table()).encode())"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    assert done.stdout == page.render(table()).encode()


def test_a_table_is_not_changed_by_being_shown() -> None:
    shown = table()

    page.render(shown)

    assert shown == table()


def test_nothing_in_a_table_becomes_a_tag() -> None:
    harmless = table()
    for claim in harmless["claims"]:
        claim["section"], claim["statement"] = claim["section"].split(" <")[0], "a statement"
        for outcome in claim["outcomes"]:
            outcome["evidence"] = ["evidence"]
    hostile = table()
    for claim in hostile["claims"]:
        claim["statement"] = HOSTILE[0] + HOSTILE[1]
    harmless["releases"][4]["absent"], hostile["releases"][4]["absent"] = "a reason", HOSTILE[0]
    hostile["releases"][0]["label"] = "\"><script>'"

    tags = [[tag for tag, _ in Outline(page.render(one)).tags] for one in (harmless, hostile)]

    assert tags[0] == tags[1]


def test_the_data_come_out_as_they_went_in() -> None:
    data = _data(page.render(table()))

    hostile = next(claim for claim in data["claims"] if claim["id"] == "features.hostile")
    evidence = [data["texts"][place] for place in hostile["outcomes"][0]["evidence"]]
    assert (evidence[0], evidence[1], evidence[3]) == (HOSTILE[0], HOSTILE[1], HOSTILE[3])


def test_the_data_hold_no_sign_that_could_end_them() -> None:
    text = page.render(table())

    block = text.split('id="data">')[1].split("</script>")[0]

    assert [sign for sign in "<>&" if sign in block] == []


@pytest.mark.parametrize("code", [0x00, 0x1B, 0x85, 0x200B, 0x200F, 0x2028, 0x202E, 0x2066, 0xFEFF, 0xD800])
def test_what_cannot_be_seen_is_shown_by_its_code(code: int) -> None:
    shown = table()
    shown["claims"][0]["statement"] = f"before{chr(code)}after"

    text = page.render(shown)

    assert chr(code) not in text
    assert f"before\\u{code:04x}after" in text


@pytest.mark.parametrize("kept", ["\n", "\t", "é", "日本", "✓", "𝛼"])
def test_what_can_be_seen_stays(kept: str) -> None:
    shown = table()
    shown["claims"][0]["statement"] = f"before{kept}after"

    assert f"before{kept}after" in page.render(shown)


def test_nothing_is_fetched() -> None:
    outline = Outline(page.render(table()))

    fetching = {"src", "srcset", "href", "action", "poster", "data"}
    assert [(tag, set(attrs) & fetching) for tag, attrs in outline.tags if set(attrs) & fetching] == []
    assert "link" not in {tag for tag, _ in outline.tags}


def test_styles_and_scripts_name_no_other_file() -> None:
    own = "".join((page.ASSETS / name).read_text(encoding="utf-8") for name in (*page.STYLES, *page.SCRIPTS))

    assert re.findall(r"@import|url\(|\bimport\b|fetch\(|XMLHttpRequest|</script|</style", own) == []


def test_every_asset_is_in_the_page() -> None:
    used = {*page.STYLES, *page.SCRIPTS, "theme.js", "page.html"}

    assert {path.name for path in page.ASSETS.iterdir()} == used


def test_just_the_scripts_of_the_page_may_run() -> None:
    text = page.render(table())

    policy = next(attrs["content"] for tag, attrs in Outline(text).tags if tag == "meta" and "http-equiv" in attrs)
    scripts = re.findall(r"<script(?: type=\"module\")?>(.*?)</script>", text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    assert policy.split("script-src ")[1].split() == [f"'sha256-{digest}'" for digest in digests]


def test_cells_say_their_verdict_by_class_sign_and_word() -> None:
    row = page.render(table()).split("<code>features.flips</code>")[1].split("<tr>")[0]

    cells = re.findall(r'<td class="(.*?)" aria-label="(.*?)">(.*)', row.replace("<td", "\n<td"))

    broken = ("broken", "broken", "✗")
    absent = ("nothing", "no verdict", "")
    assert cells == [("held", "held", "✓"), broken, broken, ("not_applicable", "not applicable", "–"), absent]


def test_headings_have_their_scope() -> None:
    scopes = [attrs.get("scope") for tag, attrs in Outline(page.render(table())).tags if tag == "th"]

    assert [scopes.count(one) for one in ("colgroup", "col", "rowgroup", "row", None)] == [2, 5, 3, 5, 0]


def test_cells_of_the_data_lead_to_their_outcome() -> None:
    claim = next(one for one in _data(page.render(table()))["claims"] if one["id"] == "features.flips")

    assert claim["cells"] == [0, 1, 1, 2, -1]


def test_a_release_knows_the_place_of_the_one_before_it() -> None:
    assert [one["before"] for one in _data(page.render(table()))["releases"]] == [-1, 0, 1, -1, -1]


def test_sections_stand_in_the_order_of_the_table() -> None:
    shown = table()
    shown["claims"].reverse()

    order = [claim["section"] for claim in _data(page.render(shown))["claims"]]

    assert list(dict.fromkeys(order)) == ['Appendix <b>&"', "Saving and loading", "Features"]


def test_a_text_stands_in_the_data_once() -> None:
    shown = table()
    outcomes = [outcome for claim in shown["claims"] for outcome in claim["outcomes"]]
    for outcome in outcomes:
        outcome.update(evidence=["the very same line"] * 3, known_issue=CAUSE)

    text = page.render(shown)

    assert (text.count("the very same line"), text.count(CAUSE["source"].split("?")[0])) == (1, 1)


def test_the_size_grows_by_little_per_cell() -> None:
    def sized(releases: int) -> int:
        shown = table()
        first = shown["releases"][0]
        names = [f"2.{number}/x/tensorflow" for number in range(releases)]
        shown["releases"] = [{**first, "name": name, "environment": name} for name in names]
        shown["claims"] = [{**shown["claims"][0], "id": f"features.no-{number}"} for number in range(100)]
        for claim in shown["claims"]:
            claim["outcomes"] = [{**claim["outcomes"][0], "releases": names}]
        return len(page.render(shown).encode())

    per_cell = (sized(60) - sized(10)) / (50 * 100)

    # 257 claims x 53 releases at this rate take less than half of 1.5 MB; texts have the other half.
    assert per_cell < 50


def test_a_table_of_one_series_and_one_backend_offers_no_filter_for_them() -> None:
    shown = table()
    shown["releases"] = shown["releases"][:3]
    for claim in shown["claims"]:
        for outcome in claim["outcomes"]:
            outcome["releases"] = [name for name in outcome["releases"] if name != JAX]

    names = {attrs.get("name") for tag, attrs in Outline(page.render(shown)).tags if tag == "input"}

    assert names == {"text", "verdicts", "changes"}


def test_the_filter_for_what_is_not_as_recorded_is_there_only_where_something_is() -> None:
    shown = table()
    for claim in shown["claims"]:
        for outcome in claim["outcomes"]:
            outcome["expected"] = outcome["verdict"]

    assert ['value="unrecorded"' in page.render(one) for one in (table(), shown)] == [True, False]


def test_a_series_without_a_title_of_its_own_is_called_by_its_name() -> None:
    shown = table()
    shown["releases"][0]["series"] = "nightly & new"

    assert "<span>nightly &amp; new</span>" in page.render(shown)


def test_claims_that_a_release_has_no_verdict_of_are_not_counted_as_any() -> None:
    text = page.render(table())

    counts = re.findall(r'value="(\w+)"><b aria-hidden="true">.</b> [\w ]+ <small>(\d+)</small>', text)

    expected = {"held": "9", "broken": "6", "not_applicable": "1", "inconclusive": "3", "unrecorded": "4"}
    assert dict(counts) == expected


def test_without_jinja_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)

    with pytest.raises(InvalidArgument) as caught:
        page.render(table())

    assert str(caught.value) == (
        "The page cannot be made: no module jinja2. Install pytest-kerasch2[report], or leave --html out."
    )


def test_loading_the_module_brings_in_no_jinja() -> None:
    script = "import sys, pytest_kerasch2.report.page; print({'jinja2', 'markupsafe'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    assert done.stdout.decode().strip() == "set()"


def test_the_name_of_a_release_is_all_that_ties_a_cell_to_its_column() -> None:
    shown = table()
    shown["releases"][1], shown["releases"][3] = shown["releases"][3], shown["releases"][1]

    claim = next(one for one in _data(page.render(shown))["claims"] if one["id"] == "features.flips")

    assert shown["releases"][3]["name"] == MIDDLE
    assert claim["cells"] == [0, 2, 1, 1, -1]


def test_a_reader_chooses_among_the_releases_that_could_be_had_the_newest_first() -> None:
    tags = Outline(page.render(table())).tags

    values = [attrs["value"] for tag, attrs in tags if tag == "option" and "value" in attrs]
    groups = [attrs["label"] for tag, attrs in tags if tag == "optgroup"]
    # The first two say that nothing is chosen: of the releases, and of the sections.
    assert [one for one in values if one] == ["tf2.16", "tf2.15", "tf2.14", "jax"]
    assert groups == ["TensorFlow, newest Keras", "Other backends"]
