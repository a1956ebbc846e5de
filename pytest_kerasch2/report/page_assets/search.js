// From an error or a line of code, as it is pasted, to the cells that explain it.
const LEAST = 0.3;
const FOLDED = { optimiser: "optimizer", optimisers: "optimizers", tensorflow_core: "tensorflow", _tf_keras: "keras", tf_keras: "keras" };
// They stand everywhere and tell nothing apart.
const PLAIN = new Set(["a", "an", "as", "at", "the", "is", "in", "of", "or", "to", "for", "and", "it", "line", "file", "block", "printed"]);
const ERROR = /^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Iteration)\b/;
const FRAME = /^\s*File ["'].*["'], line \d+|^\s*(?:Cell|Input) .*line \d+|^-+> ?\d+/;

// The error itself, and the reader's own line that raised it: of a traceback, the last line `Type: message` and what
// stands below its first frame. What is no traceback is taken as it is, and may be either.
function pasted(text) {
  const lines = text.replaceAll("\r", "").split("\n").filter((line) => line.trim());
  const last = lines.findLastIndex((line) => ERROR.test(line.trim()));
  if (last < 0) return { error: lines.join(" "), code: lines.join(" ") };
  const frames = [...lines.keys()].filter((at) => at < last && FRAME.test(lines[at]));
  const own = frames.find((at) => !/site-packages|dist-packages|lib[\\/]python/.test(lines[at])) ?? -1;
  const code = own < 0 ? "" : lines[own].startsWith("-") ? lines[own].replace(/^-+> ?\d+/, "") : lines[own + 1] ?? "";
  return { error: lines.slice(last).join(" ").trim(), code: own + 1 < last || lines[own]?.startsWith("-") ? code.trim() : "" };
}

// Names and words alone: no numbers, no quotes, and of a path what it leads to.
function wordsOf(text) {
  const bare = text.replace(/(?:[A-Za-z]:|\.{1,2})?[\\/](?:[\w.~-]+[\\/])*(?=[\w.-])/g, " ").replace(/\b0x[0-9a-f]+\b/gi, " ");
  const found = bare.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? [];
  return found.map((word) => FOLDED[word] ?? word).filter((word) => !PLAIN.has(word));
}

const worded = new Map();

function wordsAt(place) {
  if (!worded.has(place)) worded.set(place, new Set(wordsOf(data.texts[place])));
  return worded.get(place);
}

const placesOf = (outcome) => [...outcome.evidence, ...(outcome.known_issue ? [outcome.known_issue.cause] : []), ...outcome.workarounds.map((one) => one.write)];

// How much a word tells: the fewer of the texts about what is broken have it, the more.
let weights = null;

function weightOf(word) {
  if (!weights) {
    const broken = data.claims.flatMap((claim) => claim.outcomes.filter((one) => one.verdict === "broken"));
    const places = new Set(broken.flatMap(placesOf));
    const counts = new Map();
    for (const place of places) for (const one of wordsAt(place)) counts.set(one, (counts.get(one) ?? 0) + 1);
    weights = { counts, all: places.size };
  }
  return Math.log(1 + weights.all / (1 + (weights.counts.get(word) ?? 0)));
}

const weigh = (words) => words.reduce((sum, word) => sum + weightOf(word), 0);

// The share of what is asked that a text has, and a little of the share of the text that is asked for.
function likeness(asked, words, keys = []) {
  if (!asked.length) return 0;
  const common = weigh(asked.filter((word) => words.has(word)));
  if (!common) return 0;
  // An error is about the names that it quotes: without them, its wording is that of many others.
  const named = keys.length ? 0.3 + (0.7 * weigh(keys.filter((word) => words.has(word)))) / weigh(keys) : 1;
  return named * (common / weigh(asked)) * (0.75 + (0.25 * common) / weigh([...words]));
}

const union = (places) => new Set(places.flatMap((place) => [...wordsAt(place)]));
const statements = new Map();

function statementOf(claim) {
  const { id, section, statement } = data.claims[claim];
  if (!statements.has(claim)) statements.set(claim, new Set(wordsOf(`${id.replaceAll("-", " ")} ${section} ${statement}`)));
  return statements.get(claim);
}

// Whether lines make a name, as what stands under it would be missing where their block has failed.
function makes(lines, name) {
  return new RegExp(`^\\s*(?:class |def |.* as )?(?:\\w+, *)*${name}\\b *(?:,[^=]*)?(?:=(?!=)|$|\\(|:)`, "m").test(lines);
}

function query(text) {
  const { error, code } = pasted(text);
  const quoted = [...error.matchAll(/['"‘’“`]([\w.]+)['"’”`]/g)].map((found) => found[1]);
  // Of the two names of an AttributeError it is the second that is missing.
  const keys = (/has no attribute/.test(error) ? quoted.slice(-1) : quoted).flatMap(wordsOf);
  const missing = /name ['"‘’“`]?(\w+)['"’”`]? is not defined/.exec(error)?.[1] ?? "";
  return { error: [...new Set(wordsOf(error))], code: [...new Set(wordsOf(code))], keys: [...new Set(keys)], missing };
}

// The line of what was seen that is most like the error.
function likest(asked, outcome) {
  const lines = outcome.evidence.map((place) => ({ alike: likeness(asked.error, wordsAt(place), asked.keys), line: data.texts[place] }));
  return lines.reduce((one, other) => (other.alike > one.alike ? other : one), { alike: 0, line: "" });
}

function score(asked, claim, outcome) {
  const lines = outcome.workarounds.map((one) => data.texts[one.write]);
  const about = union([...(outcome.known_issue ? [outcome.known_issue.cause] : []), ...outcome.workarounds.map((one) => one.write)]);
  const seen = likest(asked, outcome).alike;
  const told = Math.max(likeness(asked.error, about, asked.keys), likeness(asked.error, statementOf(claim)));
  const typed = Math.max(likeness(asked.code, about), likeness(asked.code, statementOf(claim)), ...outcome.evidence.map((place) => 0.8 * likeness(asked.code, wordsAt(place))));
  // Blocks are what a reader has typed; what else speaks of the same error comes after them.
  const { id } = data.claims[claim];
  const made = asked.missing && id.startsWith("blocks.") && lines.some((text) => makes(text, asked.missing)) ? 0.9 : 0;
  const near = id.startsWith("blocks.") ? 0.12 : id.startsWith("session.") ? 0.08 : 0;
  // Where the line is pasted too, it says which of the blocks that lack this name is meant.
  const found = seen + 0.4 * told + (asked.missing && asked.code.length ? 1.2 : 0.4) * typed + made;
  return found < LEAST ? 0 : (found + near) * (outcome.verdict === "broken" ? 1 : 0.5);
}

// The chapter as one session names the block that raised an error. Where that block is broken by itself, in the same
// words, it is the answer; else it lacks what a block before it should have made: the nearest that is broken comes next.
function lift(found, asked, session) {
  const { claim, score, columns } = session;
  const outcome = outcomeAt(claim, columns[0]);
  const { line } = likest(asked, outcome);
  const own = brokenBlock(line, columns);
  const lines = outcome.evidence.map((place) => data.texts[place]);
  const before = lines.slice(0, lines.indexOf(line)).map((one) => brokenBlock(one, columns)).filter(Boolean).at(-1);
  if (own && likest(asked, outcomeAt(own.claim, own.columns[0])).alike > LEAST) put(found, own, score + 0.01);
  else if (line && before && mends(before, asked)) put(found, { ...before, follows: line }, score);
  else return line && before ? put(found, before, score - 0.01) : undefined;
  // It names the block that fails, and mends none: what is known of the block comes first.
  session.score = score / 2;
}

// Whether a block that is mended leaves what the error misses; where that is no name, nobody can say.
function mends({ claim, columns }, { missing }) {
  return !missing || outcomeAt(claim, columns[0]).workarounds.some((one) => makes(data.texts[one.write], missing));
}

function brokenBlock(line, columns) {
  const claim = data.claims.findIndex((one) => one.id === `blocks.${/^([\w-]+): /.exec(line)?.[1]}`);
  const broken = claim < 0 ? [] : columns.filter((column) => outcomeAt(claim, column).verdict === "broken");
  return broken.length ? { claim, columns: broken } : null;
}

function put(found, { claim, columns, follows = "" }, score) {
  const entry = found.find((one) => one.claim === claim);
  if (entry) entry.score = Math.max(entry.score, score);
  else found.push({ claim, score, columns, follows });
}

// What fits, best first: one entry for each claim, with the columns for which it is told.
function answersOn(asked, columns) {
  const found = [];
  for (const claim of data.claims.keys()) {
    const numbers = new Set(columns.map((column) => data.claims[claim].cells[column]).filter((number) => number >= 0));
    const scored = [...numbers].map((number) => [score(asked, claim, data.claims[claim].outcomes[number]), number]);
    const [best, number] = scored.reduce((one, other) => (other[0] > one[0] ? other : one), [0, -1]);
    if (best > 0) found.push({ claim, score: best, columns: columns.filter((column) => data.claims[claim].cells[column] === number) });
  }
  for (const one of found.filter((entry) => data.claims[entry.claim].id.startsWith("session."))) lift(found, asked, one);
  return found.sort((one, other) => other.score - one.score).filter((one) => one.score >= found[0].score * 0.4).slice(0, 8);
}

function answersTo(text, column) {
  const asked = query(text);
  const all = [...data.releases.keys()];
  const scored = column < 0 ? [] : answersOn(asked, [column]);
  const here = scored.filter((one) => outcomeAt(one.claim, column).verdict !== "held");
  const known = new Set(here.map((one) => one.claim));
  const elsewhere = answersOn(asked, all.filter((one) => one !== column)).filter((one) => {
    const { verdict } = outcomeAt(one.claim, one.columns[0]);
    return !known.has(one.claim) && (column < 0 || verdict === "broken");
  });
  for (const one of [...scored, ...elsewhere]) {
    const { alike, line } = likest(asked, outcomeAt(one.claim, one.columns[0]));
    one.seen = alike > LEAST ? line : "";
  }
  // What holds is an answer only where nothing is broken that could be meant.
  return { here: here.length || elsewhere.length ? here : scored, elsewhere };
}
