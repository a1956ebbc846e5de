// The panel beside the table. All texts go in as text, never as markup.
const panel = document.getElementById("panel");

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const badge = (verdict, words = wordOf(verdict)) =>
  make("span", { className: `badge ${verdict || "nothing"}` }, make("b", { ariaHidden: "true" }, signOf(verdict)), ` ${words}`);
const part = (title, ...children) => make("section", {}, make("h3", {}, title), ...children);
const opener = (place, ...children) => make("button", { type: "button", className: "open", value: nameOf(place) }, ...children);

function source(address) {
  if (!address.startsWith("https://")) return make("span", {}, address);
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, address.replace("https://", ""));
}

// Lines of code are not broken; what is too wide is scrolled to, by keys too.
function copyable(text) {
  const code = make("pre", { tabIndex: 0, role: "group", ariaLabel: "Code" }, make("code", {}, text));
  return make("div", { className: "copyable" }, code, make("button", { type: "button", className: "copy", value: text }, "Copy"));
}

// A bound without a minor release is the last of its kind.
function lastOf(until) {
  return until ? until.replace(/^((?:Keras|TensorFlow) )?(\d+)$/, (_, name = "", number) => `the last ${name || "release of "}${number}`) : "now";
}

function why(known_issue) {
  if (!known_issue) return null;
  const known = Object.fromEntries(Object.entries(known_issue).map(([key, place]) => [key, data.texts[place]]));
  const span = known.since || known.until ? `From ${known.since || "the first release"} to ${lastOf(known.until)}. ` : "On every release. ";
  return part("Cause", make("p", {}, known.cause), make("p", { className: "quiet" }, span, source(known.source)));
}

function instead({ write, worked }, column) {
  const lines = data.texts[write];
  const where = `Run on ${data.releases[column].label}, behind the blocks before it`;
  const note = worked ? `${where}: it works.` : `${where}: it does not work.`;
  return [copyable(lines.trimEnd()), make("p", { className: worked ? "quiet" : "alert" }, note)];
}

function quoted(word) {
  return /^[\w.,:/=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function fillCell({ claim, column }) {
  const { id, statement, kind } = data.claims[claim];
  const release = data.releases[column];
  const outcome = outcomeAt(claim, column);
  const alike = [...data.releases.keys()].filter((other) => outcome !== NOTHING && outcomeAt(claim, other) === outcome);
  return [
    make("p", { className: "place" }, badge(outcome.verdict), " on ", opener({ claim: -1, column }, release.label)),
    make("h2", { id: "panel-title", tabIndex: -1 }, statement),
    make("p", { className: "quiet" }, opener({ claim, column: -1 }, make("code", {}, id)), ` · ${kind}`),
    outcome.verdict === outcome.expected ? null : make("p", { className: "alert" }, `Not as recorded: the known issues let expect "${wordOf(outcome.expected)}".`),
    outcome === NOTHING ? make("p", { className: "alert" }, missing(release)) : null,
    why(outcome.known_issue),
    outcome.workarounds.length ? part("Write instead", outcome.workarounds.map((one) => instead(one, column))) : null,
    data.texts[outcome.remedy] ? part("What to do", make("p", {}, data.texts[outcome.remedy])) : null,
    outcome === NOTHING ? null : part("Evidence", make("ul", { className: "evidence", tabIndex: 0 }, outcome.evidence.map((place) => make("li", {}, data.texts[place])))),
    alike.length > 1 ? part(`The same on ${alike.length} releases`, make("p", { className: "quiet" }, spans(alike))) : null,
    part("Repeat it", copyable(`tox run -e ${quoted(release.environment)} -- -k ${quoted(id)}`)),
  ];
}

function missing(release) {
  if (release.absent) return `This release could not be had: ${release.absent}`;
  return release.complete ? "This run did not look at the claim." : data.interrupted;
}

function fillRelease({ column }) {
  const release = data.releases[column];
  const facts = ["tensorflow", "keras", "backend", "python", "numpy", "platform", "environment"];
  const names = { tensorflow: "TensorFlow", keras: "Keras", backend: "Backend", python: "Python", numpy: "NumPy", platform: "Platform", environment: "tox environment" };
  return [
    make("p", { className: "place" }, data.series[release.series]),
    make("h2", { id: "panel-title", tabIndex: -1 }, release.label),
    release.absent || !release.complete ? make("p", { className: "alert" }, missing(release)) : null,
    make("dl", {}, facts.filter((fact) => release[fact]).map((fact) => [make("dt", {}, names[fact]), make("dd", {}, release[fact])])),
    release.absent ? null : make("p", { className: "counts" }, Object.entries(release.counts).map(([verdict, count]) => badge(verdict, `${count} ${wordOf(verdict)}`))),
    release.absent ? null : whatChanged(column, release.before),
    part("Repeat it", copyable(`tox run -e ${quoted(release.environment)}`)),
  ];
}

function whatChanged(column, before) {
  if (before < 0) return part("What changed", make("p", { className: "quiet" }, "It has no release before it to compare with."));
  const worst = ["broken", "inconclusive", "not_applicable", "held"];
  const pairs = [...data.claims.keys()].map((claim) => [outcomeAt(claim, before).verdict, outcomeAt(claim, column).verdict, claim]);
  const known = pairs.filter(([old, now]) => old && now);
  const told = known.filter(([, , claim]) => isTold(claim, before) && isTold(claim, column));
  const flipped = told.filter(([old, now]) => old !== now).sort((one, other) => worst.indexOf(one[1]) - worst.indexOf(other[1]) || worst.indexOf(one[0]) - worst.indexOf(other[0]));
  const items = flipped.map(([old, now, claim]) =>
    make("li", {}, make("p", {}, badge(old), " → ", badge(now)), opener({ claim, column }, data.claims[claim].statement), cause(claim, column)));
  const lost = pairs.filter(([old, now]) => Boolean(old) !== Boolean(now)).length;
  return part(`What changed since ${data.releases[before].label}`,
    make("p", { className: "quiet" }, `${flipped.length} of ${known.length} verdicts.`, lost ? ` ${lost} claims have a verdict on one of the two only.` : ""),
    make("ul", { className: "changes" }, items));
}

function cause(claim, column) {
  const { known_issue } = outcomeAt(claim, column);
  return known_issue ? make("p", { className: "quiet" }, data.texts[known_issue.cause]) : null;
}

function fillClaim({ claim }) {
  const { id, section, statement, kind } = data.claims[claim];
  const lines = Object.keys(data.series).map((series) => [series, [...data.releases.keys()].filter((column) => data.releases[column].series === series)]);
  return [
    make("p", { className: "place" }, `${section} · ${kind}`),
    make("h2", { id: "panel-title", tabIndex: -1 }, statement),
    make("p", { className: "quiet" }, make("code", {}, id)),
    lines.map(([series, columns]) => part(data.series[series], runsOf(claim, columns))),
  ];
}

function runsOf(claim, columns) {
  const runs = [];
  for (const column of columns) {
    const { verdict, known_issue } = outcomeAt(claim, column);
    const key = `${verdict} ${known_issue?.cause ?? ""}`;
    if (runs.at(-1)?.key === key) runs.at(-1).columns.push(column);
    else runs.push({ key, verdict, columns: [column] });
  }
  const strip = make("div", { className: "strip", ariaHidden: "true" }, runs.map((run) => {
    const bar = make("i", { className: run.verdict || "nothing" });
    bar.style.flexGrow = run.columns.length;
    return bar;
  }));
  const items = runs.map((run) =>
    make("li", {}, badge(run.verdict), " ", opener({ claim, column: run.columns[0] }, spans(run.columns)), cause(claim, run.columns[0])));
  return make("div", {}, strip, make("ol", { className: "runs" }, items));
}

// Neighbours are told by the first and the last of them.
function spans(columns) {
  const runs = [];
  for (const column of columns) {
    const last = runs.at(-1)?.at(-1);
    const next = last === column - 1 && data.releases[last].series === data.releases[column].series;
    if (next) runs.at(-1).push(column);
    else runs.push([column]);
  }
  const label = (column) => data.releases[column].label;
  return runs.map((run) => (run.length > 1 ? `${label(run[0])} to ${label(run.at(-1))}` : label(run[0]))).join(", ");
}

function fillPanel(place) {
  const fill = place.claim < 0 ? fillRelease : place.column < 0 ? fillClaim : fillCell;
  const close = make("button", { type: "button", className: "close", ariaLabel: "Close" }, "×");
  panel.replaceChildren(close, ...fill(place).flat(Infinity).filter(Boolean));
  openDialog();
  panel.scrollTop = 0;
}

// Where it covers the page, the page behind it is out of reach as well.
function openDialog() {
  if (panel.open) return;
  if (matchMedia("(max-width: 900px)").matches) panel.showModal();
  else panel.show();
}
