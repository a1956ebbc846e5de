// What is asked for: a plain object that a link holds, and the rows and columns that fit it.
const data = JSON.parse(document.getElementById("data").textContent);
const NOTHING = { verdict: "", expected: "", evidence: [], known_issue: null, workarounds: [], remedy: 0 };
const TEXTS = ["release", "error", "text", "section", "open"];
const LISTS = ["verdicts", "series", "backends"];

// What is left out in the data of an outcome is as in NOTHING, but for the verdict that is expected.
for (const claim of data.claims)
  claim.outcomes = claim.outcomes.map((one) => ({ ...NOTHING, expected: one.verdict, ...one }));

const outcomeAt = (claim, column) => data.claims[claim].outcomes[data.claims[claim].cells[column]] ?? NOTHING;
const wordOf = (verdict) => (verdict ? data.verdicts[verdict].word : "no verdict");
const signOf = (verdict) => (verdict ? data.verdicts[verdict].sign : "");

function viewOf(link) {
  const asked = new URLSearchParams(link.replace(/^#/, ""));
  const view = Object.fromEntries(TEXTS.map((name) => [name, asked.get(name) ?? ""]));
  for (const name of LISTS) view[name] = asked.getAll(name);
  view.changes = asked.has("changes");
  view.table = asked.has("table");
  return view;
}

// A link is given to others: it has the end of what was pasted, and no folders of the reader's machine.
function shared(error) {
  return error.replace(/(File ["'])[^"'\n]*[\\/]/g, "$1").slice(-600);
}

function linkOf(view) {
  const asked = new URLSearchParams();
  for (const name of TEXTS.slice(0, -1)) if (view[name]) asked.set(name, name === "error" ? shared(view.error) : view[name]);
  for (const name of LISTS) for (const value of view[name]) asked.append(name, value);
  if (view.changes) asked.set("changes", "1");
  if (view.table) asked.set("table", "1");
  if (view.open) asked.set("open", view.open);
  return asked.size ? `#${asked}` : "";
}

function columnsOf(view) {
  const fits = (chosen, value) => !chosen.length || chosen.includes(value);
  return [...data.releases.keys()].filter((column) => {
    const release = data.releases[column];
    return fits(view.series, release.series) && fits(view.backends, release.backend);
  });
}

function rowsOf(view, columns) {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  return [...data.claims.keys()].filter((claim) => {
    if (view.section && data.claims[claim].section !== view.section) return false;
    if (view.verdicts.length && !columns.some((column) => isOneOf(view.verdicts, outcomeAt(claim, column)))) return false;
    if (view.changes && !changes(claim, columns)) return false;
    return !words.length || words.every((word) => searchable(claim).includes(word));
  });
}

// As Python's `is_explained` has it: what to write instead must work too.
function isUnrecorded(outcome) {
  return outcome.verdict !== outcome.expected || outcome.workarounds.some((one) => !one.worked);
}

function isOneOf(verdicts, outcome) {
  return verdicts.includes(outcome.verdict) || (isUnrecorded(outcome) && verdicts.includes("unrecorded"));
}

// As Python's `is_untold` has it: a figure that a run left open, because it did not train, says nothing of the release.
function isTold(claim, column) {
  const { verdict } = outcomeAt(claim, column);
  return Boolean(verdict) && !(data.claims[claim].kind === "figure" && verdict === "inconclusive");
}

function changes(claim, columns) {
  const seen = new Set(columns.filter((column) => isTold(claim, column)).map((column) => outcomeAt(claim, column).verdict));
  return seen.size > 1;
}

const searched = new Map();

function searchable(claim) {
  if (!searched.has(claim)) {
    const { id, statement, outcomes } = data.claims[claim];
    const places = outcomes.flatMap((one) => [...one.evidence, one.remedy, one.known_issue?.cause ?? one.remedy, ...one.workarounds.map((workaround) => workaround.write)]);
    const texts = [...new Set(places)].map((place) => data.texts[place]);
    searched.set(claim, [id, statement, ...texts].join("\n").toLowerCase());
  }
  return searched.get(claim);
}

// What is open stands in a link as `claim@environment`, `claim@` or `@environment`.
function placeOf(open) {
  const cut = open.indexOf("@");
  return {
    claim: data.claims.findIndex((one) => one.id === open.slice(0, cut)),
    column: data.releases.findIndex((one) => one.environment === open.slice(cut + 1)),
  };
}

function nameOf({ claim, column }) {
  return `${data.claims[claim]?.id ?? ""}@${data.releases[column]?.environment ?? ""}`;
}
