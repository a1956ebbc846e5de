from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.browser.conftest import Page
from tests.browser.tables import HOSTILE, table

Open = Callable[..., Page]
ALL = ["features.steady", "features.flips", "features.hostile", "saving.unread", "appendix.last"]
UP, DOWN, LEFT, RIGHT, ENTER, ESCAPE, HOME, END = "\ue013\ue015\ue012\ue014\ue007\ue00c\ue011\ue010"
CONTROL = "\ue009"


def test_claims_stand_in_the_order_of_the_chapter_and_releases_in_that_of_the_table(open_page: Open) -> None:
    page = open_page()

    assert page.claims() == ALL
    assert page.releases() == [
        "TensorFlow 2.14",
        "TensorFlow 2.15",
        "TensorFlow 2.16 (incomplete)",
        "Keras on JAX",
        "Keras on CNTK (absent)",
    ]


@pytest.mark.parametrize(
    ("release", "sign", "words"),
    [
        ("TensorFlow 2.14", "✓", "held"),
        ("TensorFlow 2.15", "✗", "broken"),
        ("Keras on JAX", "–", "not applicable"),
        ("Keras on CNTK", "", "no verdict"),
    ],
)
def test_a_verdict_can_be_seen_without_colour_and_heard(open_page: Open, release: str, sign: str, words: str) -> None:
    cell = open_page().cell("features.flips", release)

    assert (cell.text, cell.accessible_name) == (sign, words)


def test_verdicts_differ_in_colour_too(open_page: Open) -> None:
    page = open_page()

    colours = {
        page.cell("features.flips", one).value_of_css_property("background-color")
        for one in ("TensorFlow 2.14", "TensorFlow 2.15", "Keras on JAX")
    }

    assert len(colours) == 3


def test_the_table_is_one_for_screen_readers_as_well(open_page: Open) -> None:
    page = open_page()

    roles = [
        page.cell(*place).find_element("xpath", "ancestor-or-self::*[self::td or self::th]").aria_role
        for place in (("features.flips", "TensorFlow 2.15"), ("features.flips", ""), ("", "TensorFlow 2.15"))
    ]

    assert (page.find("#grid").aria_role, roles) == ("grid", ["gridcell", "rowheader", "columnheader"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("FLIPS", ["features.flips"]),
        ("no adam", ["features.flips"]),
        ("moved optimizers", ["features.flips"]),
        ("mirror", ["saving.unread"]),
        ("nowhere to be found", []),
    ],
)
def test_text_is_searched_in_claims_evidence_causes_and_remedies(open_page: Open, text: str, left: list[str]) -> None:
    page = open_page()

    page.find("[name=text]").send_keys(text)

    assert page.claims() == left


def test_a_section_alone(open_page: Open) -> None:
    page = open_page()

    page.find("[name=section]").send_keys("Saving")

    assert page.claims() == ["saving.unread"]


@pytest.mark.parametrize(
    ("verdict", "left"),
    [
        ("broken", ["features.flips", "features.hostile"]),
        ("could_not_tell", ["saving.unread"]),
        ("unrecorded", ["features.hostile"]),
    ],
)
def test_claims_with_a_verdict_alone(open_page: Open, verdict: str, left: list[str]) -> None:
    page = open_page()

    page.tick("verdicts", verdict)

    assert page.claims() == left


def test_a_verdict_counts_only_on_the_releases_shown(open_page: Open) -> None:
    page = open_page()

    page.tick("series", "tensorflow")
    page.tick("verdicts", "not_applicable")
    page.tick("verdicts", "could_not_tell")

    assert page.claims() == ["saving.unread"]


def test_a_series_alone(open_page: Open) -> None:
    page = open_page()

    page.tick("series", "backend")

    assert page.releases() == ["Keras on JAX", "Keras on CNTK (absent)"]


def test_a_backend_alone(open_page: Open) -> None:
    page = open_page()

    page.tick("backends", "jax")

    assert page.releases() == ["Keras on JAX"]


def test_headings_over_several_releases_cover_those_that_are_left(open_page: Open) -> None:
    page = open_page()

    page.tick("backends", "jax")

    edges = "const edges = it => { const box = it.getBoundingClientRect(); return [box.left, box.right]; };"
    first = "const first = one => document.querySelector(`${one}:not([hidden])`);"
    heading, release = page.script(f"{edges} {first} return ['th.series', 'th.release'].map(one => edges(first(one)))")
    spans = page.script("return [...document.querySelectorAll('th.series:not([hidden])')].map(it => it.colSpan)")
    assert (heading, spans) == (release, [1])


def test_only_what_changes(open_page: Open) -> None:
    page = open_page()

    page.tick("changes")

    assert page.claims() == ["features.flips"]


def _open_before(kind: str) -> Any:
    """Give the small table, in which what flips was left open on the first release."""
    made = table()
    flips = next(claim for claim in made["claims"] if claim["id"] == "features.flips")
    flips["kind"] = kind
    flips["outcomes"][0]["verdict"] = flips["outcomes"][0]["expected"] = "could_not_tell"
    return made


@pytest.mark.parametrize(("kind", "shown"), [("figure", []), ("prose", ["features.flips"])])
def test_a_figure_that_a_run_left_open_is_no_change(open_page: Open, kind: str, shown: list[str]) -> None:
    page = open_page("#backends=tensorflow", of=_open_before(kind))

    page.tick("changes")

    assert page.claims() == shown


@pytest.mark.parametrize(("kind", "told"), [("figure", 0), ("prose", 1)])
def test_nor_does_it_stand_among_what_changed(open_page: Open, kind: str, told: int) -> None:
    page = open_page("#open=@tf2.15", of=_open_before(kind))

    assert len(page.driver.find_elements("css selector", "#panel .changes li")) == told


def test_what_changes_depends_on_the_releases_shown(open_page: Open) -> None:
    page = open_page()

    page.tick("changes")
    page.tick("backends", "jax")

    assert page.claims() == []
    assert page.find("#empty").is_displayed()


def test_filters_are_cleared(open_page: Open) -> None:
    page = open_page("#text=nowhere&changes=1&backends=jax")

    page.find("#empty button").click()

    assert page.script("return new Promise(done => setTimeout(() => done(location.hash), 50))") == ""
    assert (page.claims(), len(page.releases())) == (ALL, 5)


def test_filters_do_not_fill_the_way_back(open_page: Open) -> None:
    page = open_page()
    first = page.driver.current_window_handle
    # A browser counts to 50 only, which the pages before this one may have come to.
    page.driver.switch_to.new_window("tab")
    page.open()
    before = page.script("return history.length")

    page.tick("changes")
    page.tick("changes")
    after = page.script("return [history.length, location.hash]")
    page.driver.close()
    page.driver.switch_to.window(first)

    assert before < 50
    assert after == [before, ""]


def test_the_number_shown_is_said(open_page: Open) -> None:
    page = open_page()

    page.tick("changes")
    page.tick("series", "tensorflow")

    status = page.find("#shown")
    assert (status.text, status.aria_role) == ("1 of 5 claims, 3 of 5 releases", "status")


@pytest.mark.parametrize(
    "said",
    [
        "broken on TensorFlow 2.15",
        "What features.flips states.",
        "AttributeError: no Adam",
        "the name moved to `optimizers`",
        "From 2.15 to now.",
        "TensorFlow 2.15 to TensorFlow 2.16",
        "tox run -e tf2.15 -- -k features.flips",
    ],
)
def test_a_cell_opens_all_that_is_known_of_it(open_page: Open, said: str) -> None:
    page = open_page()

    page.cell("features.flips", "TensorFlow 2.15").click()

    assert said in page.panel()


def test_the_cause_has_its_link(open_page: Open) -> None:
    page = open_page()

    page.cell("features.flips", "TensorFlow 2.15").click()

    assert page.find("#panel a").get_attribute("href") == "https://example.org/why?a=1&b=2"


def test_what_could_not_be_told_comes_with_what_to_do(open_page: Open) -> None:
    page = open_page()

    page.cell("saving.unread", "Keras on JAX").click()

    assert "name a mirror" in page.panel()


def test_a_verdict_that_is_not_as_recorded_says_so(open_page: Open) -> None:
    page = open_page()

    page.cell("features.hostile", "Keras on JAX").click()

    assert 'Not as recorded: the known deviations let expect "held".' in page.panel()


@pytest.mark.parametrize(
    ("release", "reason"),
    [("Keras on CNTK", "its wheel wants <libmpi.so.12>"), ("TensorFlow 2.16", "The run was interrupted")],
)
def test_a_cell_without_a_verdict_says_why(open_page: Open, release: str, reason: str) -> None:
    page = open_page()

    page.cell("saving.unread", release).click()

    assert "no verdict" in page.panel()
    assert reason in page.panel()


def test_the_reasons_stand_below_the_table_too(open_page: Open) -> None:
    notes = open_page().find(".notes").text

    assert "Keras on CNTK could not be had: its wheel wants <libmpi.so.12>" in notes
    assert "TensorFlow 2.16 is incomplete." in notes


def test_a_release_opens_its_facts_and_what_changed_on_it(open_page: Open) -> None:
    page = open_page()

    page.cell("", "TensorFlow 2.15").click()

    lines = page.panel().splitlines()
    assert {"Python", "3.11.7", "What changed since TensorFlow 2.14", "1 of 5 verdicts."} <= set(lines)
    assert lines[lines.index("1 of 5 verdicts.") + 1 :][:2] == ["✓ held → ✗ broken", "What features.flips states."]


def test_a_claim_that_an_interrupted_run_did_not_reach_has_not_changed(open_page: Open) -> None:
    page = open_page()

    page.cell("", "TensorFlow 2.16").click()

    assert "0 of 4 verdicts. 1 claims have a verdict on one of the two only." in page.panel()


def test_a_claim_opens_its_history_as_runs(open_page: Open) -> None:
    page = open_page()

    page.cell("features.flips", "").click()

    told = [one.text.splitlines()[0] for one in page.driver.find_elements("css selector", ".runs li")]
    assert told == [
        "✓ held TensorFlow 2.14",
        "✗ broken TensorFlow 2.15 to TensorFlow 2.16",
        "– not applicable Keras on JAX",
        "no verdict Keras on CNTK",
    ]


def test_from_what_changed_to_the_cell_to_the_history(open_page: Open) -> None:
    page = open_page("#open=@tf2.15")

    page.find("#panel .changes .open").click()
    opened = page.script("return location.hash")
    page.find("#panel .quiet .open").click()

    assert opened == "#open=features.flips%40tf2.15"
    assert page.script("return location.hash") == "#open=features.flips%40"


def _focused(page: Page, *keys: str) -> str:
    page.script("document.querySelector('#grid [tabindex=\"0\"]').focus()")
    page.press(*keys)
    return page.focus()


@pytest.mark.parametrize(
    ("keys", "reached"),
    [
        ((DOWN, RIGHT), "broken"),
        ((DOWN, RIGHT, RIGHT, RIGHT), "not applicable"),
        ((UP,), "TensorFlow 2.14"),
        ((DOWN, LEFT), "What features.flips states.\nfeatures.flips"),
        ((END,), "no verdict"),
        ((DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, HOME), "What appendix.last states.\nappendix.last"),
        ((CONTROL, END), "no verdict"),
    ],
)
def test_arrow_keys_move_in_the_grid(open_page: Open, keys: tuple[str, ...], reached: str) -> None:
    assert _focused(open_page(), *keys) == reached


@pytest.mark.parametrize(("keys", "reached"), [((DOWN,), "saving.unread"), ((DOWN, UP), "features.flips")])
def test_arrow_keys_pass_over_what_is_filtered_away(open_page: Open, keys: tuple[str, ...], reached: str) -> None:
    page = open_page("#verdicts=could_not_tell&verdicts=not_applicable")

    _focused(page, *keys)

    row = "return document.activeElement.closest('tr').querySelector('code').textContent"
    assert page.script(row) == reached


def test_one_element_of_the_grid_is_in_the_order_of_the_tab_key(open_page: Open) -> None:
    page = open_page()

    _focused(page, DOWN, RIGHT)

    assert page.script("return document.querySelectorAll('#grid [tabindex=\"0\"]').length") == 1


def test_enter_opens_and_escape_closes_and_leads_back(open_page: Open) -> None:
    page = open_page()

    _focused(page, DOWN, RIGHT, ENTER)
    opened = (page.focus(), page.find("#panel").is_displayed())
    page.press(ESCAPE)

    assert opened == ("What features.flips states.", True)
    assert (page.focus(), page.find("#panel").is_displayed()) == ("broken", False)


def test_the_cell_with_the_focus_is_not_under_the_headings(open_page: Open) -> None:
    long = table()
    long["claims"] = [{**long["claims"][0], "id": f"features.no-{number}"} for number in range(60)]
    page = open_page(of=long)

    _focused(page, *[DOWN] * 50)
    _focused(page, *[UP] * 20)

    on_top = "const box = document.activeElement.getBoundingClientRect();"
    on_top += "return document.elementFromPoint(box.left + box.width / 2, box.top + 4) === document.activeElement"
    assert page.script(on_top)


def test_the_opened_cell_is_not_hidden_by_what_it_opens(open_page: Open) -> None:
    wide = table()
    wide["releases"] = [{**wide["releases"][0], "environment": f"e{number}"} for number in range(60)]
    page = open_page(of=wide)

    edge = "const edge = it => it.getBoundingClientRect().right;"
    last = "const it = [...document.querySelectorAll('td.held')].findLast(it => edge(it) < 1400);"
    before = page.script(f"{edge} {last} const was = edge(it); it.click(); return was")
    after, frame = page.script(f"{edge} return ['td.opened', '.scroll'].map(one => edge(document.querySelector(one)))")

    assert after <= frame < before


def test_headings_stay_when_the_table_is_scrolled(open_page: Open) -> None:
    big = table()
    big["claims"] = [{**big["claims"][0], "id": f"features.no-{number}"} for number in range(60)]
    big["releases"] = [{**big["releases"][0], "environment": f"e{number}"} for number in range(60)]
    page = open_page(of=big)

    places = "const box = s => document.querySelector(s).getBoundingClientRect();"
    places += "return [box('thead').top, box('[scope=row]').left, box('tbody td').left]"
    before = page.script(places)
    page.script("document.querySelector('.scroll').scrollTo(400, 60)")
    after = page.script(places)

    assert after == [before[0], before[1], before[2] - 400]


LINK = "#text=states&verdicts=broken&verdicts=held&series=tensorflow&changes=1&open=features.flips%40tf2.15"


def test_a_link_holds_the_whole_view(open_page: Open) -> None:
    page = open_page()

    page.find("[name=text]").send_keys("states")
    page.tick("verdicts", "broken")
    page.tick("verdicts", "held")
    page.tick("series", "tensorflow")
    page.tick("changes")
    page.cell("features.flips", "TensorFlow 2.15").click()

    assert set(page.script("return location.hash")[1:].split("&")) == set(LINK[1:].split("&"))


def test_a_link_restores_the_whole_view(open_page: Open) -> None:
    page = open_page(LINK)

    assert (page.claims(), len(page.releases())) == (["features.flips"], 3)
    assert "broken on TensorFlow 2.15" in page.panel()
    assert page.find("[name=text]").get_attribute("value") == "states"
    assert len(page.driver.find_elements("css selector", "#filters :checked")) == 5


def test_a_section_with_signs_of_markup_is_restored_too(open_page: Open) -> None:
    page = open_page("#section=Appendix+%3Cb%3E%26%22")

    assert page.claims() == ["appendix.last"]


def test_a_link_that_is_followed_on_the_page_is_obeyed(open_page: Open) -> None:
    page = open_page("#changes=1")

    page.script("location.hash = 'text=mirror'; return new Promise(done => setTimeout(done, 50))")

    assert page.claims() == ["saving.unread"]


def test_an_old_link_shows_what_there_still_is_and_says_so(open_page: Open) -> None:
    page = open_page("#section=Gone&series=gone&verdicts=gone&open=gone%40gone")

    assert (page.claims(), page.panel()) == (ALL, "")
    assert page.find("#said").get_attribute("textContent").startswith("The link names something")


def _paper(page: Page) -> str:
    return str(page.find("body").value_of_css_property("background-color"))


def _system(page: Page, scheme: str) -> None:
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgba(255, 255, 255, 1)"), ("dark", "rgba(20, 23, 28, 1)")])
def test_the_page_is_as_light_as_the_system(open_page: Open, scheme: str, paper: str) -> None:
    page = open_page()

    _system(page, scheme)

    assert _paper(page) == paper


def _wait_for_theme(page: Page, kept: str | None) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    # The browser hands what a page keeps to the next one a moment later.
    WebDriverWait(page.driver, 10).until(
        lambda _: page.open().script("return localStorage.getItem('kerasch2-theme')") == kept
    )


@pytest.mark.parametrize(("scheme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_switch_wins_over_the_system_and_is_kept(open_page: Open, scheme: str, other: str) -> None:
    page = open_page()
    _system(page, scheme)
    before = _paper(page)

    page.find("#theme").click()
    switched = _paper(page)
    _wait_for_theme(page, other)
    kept = _paper(page)
    page.script("localStorage.clear()")
    _wait_for_theme(page, None)

    assert before != switched == kept
    assert _paper(page) == before


CONTRAST = """
const channel = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = c => {
  const [r, g, b] = c.match(/\\d+/g).map(v => channel(v / 255));
  return 0.2126*r + 0.7152*g + 0.0722*b;
};
const style = getComputedStyle(arguments[0]);
const [low, high] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
return (high + 0.05) / (low + 0.05);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("claim", "release"),
    [
        ("features.steady", "TensorFlow 2.14"),
        ("features.flips", "TensorFlow 2.15"),
        ("features.flips", "Keras on JAX"),
        ("saving.unread", "TensorFlow 2.14"),
    ],
)
def test_signs_can_be_read(open_page: Open, scheme: str, claim: str, release: str) -> None:
    page = open_page()
    _system(page, scheme)

    contrast = page.script(CONTRAST, page.cell(claim, release))

    # What WCAG 2.2, level AA, asks of text.
    assert contrast >= 4.5


def test_evidence_is_shown_and_not_obeyed(open_page: Open) -> None:
    page = open_page()

    page.cell("features.hostile", "TensorFlow 2.14").click()

    lines = page.script("return [...document.querySelectorAll('.evidence li')].map(e => e.textContent)")
    visible = "left \\u202edlorw\\u202c right \\u2028 \\ud800 \\u0000"
    assert lines == [HOSTILE[0], HOSTILE[1], visible, HOSTILE[3]]
    assert page.script("return window.hacked") is None


def test_long_evidence_stays_in_the_panel(open_page: Open) -> None:
    page = open_page()

    page.cell("features.hostile", "TensorFlow 2.14").click()

    boxes = "return [...document.querySelectorAll('#panel, .evidence li')].map(it => it.scrollWidth - it.clientWidth)"
    assert set(page.script(boxes)) == {0}


def _walk(page: Page) -> None:
    page.tick("changes")
    page.cell("features.flips", "TensorFlow 2.15").click()
    page.cell("", "TensorFlow 2.15").click()
    page.cell("features.flips", "").click()
    page.cell("", "Keras on CNTK").click()
    page.find("#panel .close").click()


def test_the_console_stays_empty(open_page: Open) -> None:
    page = open_page()

    _walk(page)

    assert page.logs("browser") == []


def test_nothing_is_asked_of_the_network(open_page: Open) -> None:
    page = open_page()

    _walk(page)

    assert page.requests() == []


def test_a_script_or_a_picture_that_got_in_would_be_refused_and_seen(open_page: Open, tmp_path: Any) -> None:
    page = open_page()
    smuggled = "<script>window.hacked = true</script><img src='https://example.org/x.png'>"
    file = tmp_path / "table.html"
    file.write_text(file.read_text(encoding="utf-8").replace("<main>", smuggled + "<main>"), encoding="utf-8")

    page.open()

    refused = [entry["message"] for entry in page.logs("browser")]
    assert [sum(word in one for one in refused) for word in ("script-src", "default-src")] == [1, 1]
    assert page.script("return window.hacked") is None


def test_a_request_would_be_seen(driver: Any, tmp_path: Any) -> None:
    file = tmp_path / "asks.html"
    file.write_text("<img src='http://127.0.0.1:9/x.png'>", encoding="utf-8")

    page = Page(driver, file.as_uri()).open()

    assert page.requests() == ["http://127.0.0.1:9/x.png"]


def test_a_print_has_the_whole_table_and_no_controls(open_page: Open) -> None:
    page = open_page()
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    hidden = [not page.find(selector).is_displayed() for selector in (".filters", ".tools")]
    scrolled = page.find(".scroll").value_of_css_property("overflow")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    assert (hidden, scrolled) == ([True, True], "visible")


def test_a_small_screen_shows_the_table_first(open_page: Open) -> None:
    page = open_page()
    small = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}

    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
    page.open()
    folded = page.find("details.filters").get_attribute("open")
    overflow = page.script("return document.documentElement.scrollWidth - innerWidth")
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert (folded, overflow) == (None, 0)


def test_what_to_write_instead_keeps_its_lines_and_says_that_it_was_run(open_page: Open) -> None:
    page = open_page()

    page.cell("features.flips", "TensorFlow 2.15").click()

    lines, note = page.script(
        "const parts = [...document.querySelectorAll('#panel section')];"
        "const it = parts.find(part => part.firstChild.textContent == 'Write instead');"
        "return [it.querySelector('code').textContent, it.querySelector('p').textContent]"
    )
    assert lines == "adam = tf.optimizers.Adam()\nnetwork.compile(adam)"
    assert note == "Run on this release: it works."
