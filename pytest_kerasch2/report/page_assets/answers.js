// What a reader gets who tells a release, an error or both: causes and lines that work, instead of the table.
const ask = document.getElementById("ask");
const answers = document.getElementById("answers");
const switching = document.getElementById("switch");
const DECIDED = ["held", "broken"];

const columnOf = (release) => (release ? data.releases.findIndex((one) => one.environment === release) : -1);

function drawAnswers(view) {
  const column = columnOf(view.release);
  const asked = column >= 0 || Boolean(view.error.trim());
  const answered = asked && !view.table;
  fitLines(ask.elements.error);
  answers.hidden = !answered;
  switching.hidden = !asked;
  switching.textContent = answered ? "Show the whole table" : "Show the answers";
  document.querySelector(".scroll").hidden = answered;
  document.querySelector(".filters").hidden = answered;
  document.getElementById("empty").hidden = answered || shown.rows.length > 0;
  const key = JSON.stringify([column, view.error]);
  if (!answered || answers.dataset.key === key) return;
  answers.dataset.key = key;
  answers.replaceChildren(...[answersFor(view.error, column), brokenOn(column)].flat(Infinity).filter(Boolean));
  answers.scrollTop = 0;
}

// As many lines as the text takes, a long one folded; what is more is scrolled to.
function fitLines(area) {
  area.rows = 1;
  const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(area);
  const height = area.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
  area.rows = Math.max(1, Math.min(6, Math.round(height / (parseFloat(lineHeight) || 18))));
}

function answersFor(error, column) {
  if (!error.trim()) return [];
  const { here, elsewhere } = answersTo(error, column);
  const release = data.releases[column]?.label;
  // An answer for the reader's own release is not drowned in those for others.
  const weak = !here.length || elsewhere[0]?.score > 1.3 * here[0].score;
  const shownElsewhere = column < 0 ? elsewhere : weak ? elsewhere.slice(0, 3) : [];
  const none = make("p", {}, "Nothing in the table speaks of this. ", column < 0 ? "Choose your release to see what is broken there." : "What is broken on this release stands below.");
  if (!here.length && !shownElsewhere.length) return [make("h2", {}, "No answer"), none];
  const unsure = here.length > 1 && here[1].score > 0.8 * here[0].score;
  const unmeasured = shownElsewhere.some((one) => !outcomeAt(one.claim, column).verdict);
  const otherwise = unmeasured ? `Not measured on ${release}; on others it is` : `Not seen on ${release}, but on others`;
  return [
    here.length ? [make("h2", {}, unsure ? `What it may be on ${release}` : `What it is on ${release}`), here.map((one) => answer(one.claim, column, null, one))] : null,
    shownElsewhere.length ? [make("h2", {}, column < 0 ? "What it may be" : otherwise), shownElsewhere.map((one) => answer(one.claim, one.columns.at(-1), one.columns, one))] : null,
  ];
}

// In the order of the chapter, under its headings.
function brokenOn(column) {
  if (column < 0) return [];
  const all = [...data.claims.keys()];
  const broken = all.filter((claim) => outcomeAt(claim, column).verdict === "broken");
  const [mistakes, changed] = [broken.filter(isMistake), broken.filter((claim) => !isMistake(claim))];
  const release = data.releases[column];
  const incomplete = release.complete ? null : make("p", { className: "alert" }, missing(release));
  return [
    make("h2", {}, `All that is broken on ${release.label}`),
    make("p", { className: "quiet" }, `${broken.length} of ${all.filter((claim) => DECIDED.includes(outcomeAt(claim, column).verdict)).length} statements: ${changed.length} by a release of TensorFlow or Keras, ${mistakes.length} by a mistake in the chapter.`),
    release.figures_of ? make("p", { className: "quiet" }, `Figures of training were not made here: they are those of ${release.figures_of}, whose first epochs are equal bit for bit.`) : null,
    incomplete,
    group("What TensorFlow or Keras does otherwise here", "Each of these holds on another release.", changed, column),
    group("Mistakes in the chapter", "These are broken on every release.", mistakes, column),
  ];
}

function group(title, meaning, claims, column) {
  if (!claims.length) return null;
  const sections = [...new Set(claims.map((claim) => data.claims[claim].section))];
  return make("section", { className: "broken-here" }, make("h3", {}, `${title} (${claims.length})`), make("p", { className: "quiet" }, meaning), sections.map((section) => [
    make("h4", {}, section),
    claims.filter((claim) => data.claims[claim].section === section).map((claim) => answer(claim, column)),
  ]));
}

const isMistake = (claim) => {
  const verdicts = data.claims[claim].outcomes.map((one) => one.verdict).filter((verdict) => DECIDED.includes(verdict));
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === "broken");
};

function answer(claim, column, columns = null, { seen = "", follows = "" } = {}) {
  const { id, statement } = data.claims[claim];
  const outcome = outcomeAt(claim, column);
  const cause = outcome.known_issue && data.texts[outcome.known_issue.cause];
  const from = outcome.known_issue && data.texts[outcome.known_issue.source];
  const other = outcome.verdict === "broken" ? "Lines to write instead are not known to us." : "";
  return make("article", { className: "answer" },
    make("p", { className: "place" }, badge(outcome.verdict), columns ? ` on ${spans(columns)} ` : " ", opener({ claim, column }, make("code", {}, id))),
    make("p", { className: "statement" }, make("span", { className: "quiet" }, "The chapter says: "), statement),
    follows ? make("p", {}, "The block with your error only follows: this block stands before it and fails first. Mend it, then run yours again.") : null,
    follows || seen ? make("p", { className: "seen" }, follows || seen) : null,
    cause ? make("p", {}, make("b", {}, "Cause: "), cause, " ", make("span", { className: "quiet" }, source(from))) : outcome === NOTHING || seen || follows ? null : make("p", { className: "seen" }, data.texts[outcome.evidence.at(-1)]),
    outcome.workarounds.length ? [make("p", {}, make("b", {}, "Write instead:")), outcome.workarounds.map((one) => instead(one, column))] : data.claims[claim].kind === "code" && other ? make("p", { className: "quiet" }, other) : null);
}
