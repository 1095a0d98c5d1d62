"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const link = (e) => "#episode=" + encodeURIComponent(e.task_id) + "/" + e.trial;
const trials = Math.max(0, ...data.episodes.map((e) => e.trial));
const label = (e) => e.task_id + (trials ? " · " + e.trial : "");
for (const e of data.episodes)
  e.words = (label(e) + " " + data.tasks[e.task_id].request + " " + JSON.stringify([e.log, e.facts])).toLowerCase();

// an element with attributes and children; strings become text nodes, never markup
function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}
function draw(name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function options(id, values) {
  for (const value of [...new Set(values)].sort()) byId(id).append(make("option", { value }, value));
}
options("stop", data.episodes.map((e) => e.stop_reason));
options("error", data.episodes.flatMap((e) => Object.keys(e.errors)));
options("domain", Object.values(data.tasks).flatMap((t) => t.domains));

// why an episode is no success, in a few words; "" if it is one
function why(e) {
  if (e.success) return "";
  if (e.void) return "void: " + e.void;
  if (e.cause) return "policy error: " + e.cause;
  if (e.refused) return "facts refused: " + e.facts.filter((f) => f.share !== 1).map((f) => f.name).join(", ");
  const errors = Object.entries(e.errors).sort((a, b) => b[1] - a[1]).map(([kind, n]) => kind + (n > 1 ? " × " + n : ""));
  return errors.slice(0, 2).join(", ") || e.stop_reason;
}
const orders = { score: (e) => e.score, waste: (e) => -e.wasted_calls, turns: (e) => -e.turns, calls: (e) => -e.golden_calls };
const outcomes = { won: (e) => e.success, lost: (e) => !e.success && !e.void, void: (e) => e.void, refused: (e) => e.refused };

function list() {
  const words = byId("words").value.toLowerCase(), outcome = byId("outcome").value;
  const shown = data.episodes.filter((e) =>
    (!words || e.words.includes(words)) && (!outcome || outcomes[outcome](e)) &&
    (!byId("stop").value || e.stop_reason === byId("stop").value) &&
    (!byId("error").value || byId("error").value in e.errors) &&
    (!byId("domain").value || data.tasks[e.task_id].domains.includes(byId("domain").value)));
  const key = orders[byId("order").value];
  if (key) shown.sort((a, b) => key(a) - key(b));  // stable: ties stay in task order
  byId("list").replaceChildren(...shown.map((e) => {
    const a = make("a", { href: link(e), class: e.cause || e.void ? "broken" : e.success ? "won" : "lost" },
      make("div", {}, make("span", {}, label(e)), make("span", { class: "mono" }, e.score.toFixed(2))),
      make("small", {}, data.tasks[e.task_id].request), why(e) ? make("small", { class: "why" }, why(e)) : "");
    if (location.hash === link(e)) a.setAttribute("aria-current", "true");
    return a;
  }));
  byId("count").textContent = shown.length + " of " + data.episodes.length;
}

function dag(task, states) {
  const wide = 190, high = 54, box = 160, rows = {};
  const at = {};
  for (const call of task.golden) {
    rows[call.level] = (rows[call.level] || 0) + 1;
    at[call.id] = [call.level * wide + 4, (rows[call.level] - 1) * high + 4];
  }
  const width = Object.keys(rows).length * wide, height = Math.max(...Object.values(rows)) * high + 4;
  const svg = draw("svg", { width, height, id: "dag", role: "img", "aria-label": "Golden calls and their dependencies" });
  for (const call of task.golden) for (const needed of call.needs) {
    const [x1, y1] = at[needed], [x2, y2] = at[call.id], bend = (x2 - x1 - box) / 2;
    svg.append(draw("path", { class: "edge",
      d: `M${x1 + box} ${y1 + 20} C${x1 + box + bend} ${y1 + 20} ${x2 - bend} ${y2 + 20} ${x2} ${y2 + 20}` }));
  }
  for (const call of task.golden) {
    const [x, y] = at[call.id], state = states[call.id] || "missing";
    const group = draw("g", { "data-call": call.id, "data-state": state });
    group.append(draw("rect", { x, y, width: box, height: 40, rx: 6, class: "fill-" + state }));
    const name = call.tool.length > 20 ? call.tool.slice(0, 19) + "…" : call.tool;
    group.append(draw("text", { x: x + 8, y: y + 17, style: "fill:#fff;font-weight:600" }, name));
    group.append(draw("text", { x: x + 8, y: y + 33, style: "fill:#fff" }, call.id + " · " + state));
    group.append(draw("title", {}, call.tool + " " + JSON.stringify(call.arguments)));
    svg.append(group);
  }
  return make("div", { class: "scroll" }, svg);
}

// the golden calls that were not answered as they should be, with what was expected
function expected(task, states) {
  const rows = task.golden.filter((call) => states[call.id] !== "exact").map((call) => make("tr", {},
    make("td", {}, call.id), make("td", {}, states[call.id] || "missing"), make("td", { class: "mono" }, call.tool),
    make("td", { class: "mono" }, JSON.stringify(call.arguments))));
  if (!rows.length) return "";
  const head = ["call", "state", "tool", "expected arguments"].map((name) => make("th", {}, name));
  return make("div", { class: "scroll" }, make("table", { id: "expected" },
    make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
}

function rewards(log) {
  const wide = 34, zero = 62, svg = draw("svg", { width: Math.max(1, log.length) * wide + 10, height: 100, id: "rewards",
    role: "img", "aria-label": "Reward per step" });
  svg.append(draw("line", { x1: 0, y1: zero, x2: log.length * wide + 10, y2: zero, class: "edge" }));
  log.forEach((turn, i) => {
    const tall = Math.min(45, Math.abs(turn.reward) * 60), x = i * wide + 8;
    svg.append(draw("rect", { x, y: turn.reward >= 0 ? zero - tall : zero, width: 20, height: Math.max(1, tall),
      class: turn.reward >= 0 ? "plus" : "minus" }));
    svg.append(draw("text", { x: x - 4, y: turn.reward >= 0 ? zero - tall - 3 : zero + tall + 12 }, turn.reward.toFixed(2)));
    svg.append(draw("text", { x: x + 4, y: 98 }, String(i + 1)));
  });
  return make("div", { class: "scroll" }, svg);
}

function callBlock(call, states) {
  const state = call.credited_to ? states[call.credited_to] : "missing";
  const parts = [make("div", {}, make("strong", { class: "mono" }, call.tool || "(unparsable)"), " ",
    make("small", {}, call.code + (call.credited_to ? ", credited to " + call.credited_to : "")))];
  if (call.arguments) parts.push(make("pre", {}, call.arguments));
  for (const v of call.violations)
    parts.push(make("div", { class: "violation mono" }, `${v.pointer || "/"}: ${v.rule}: expected ${v.expected}, found ${v.found}`));
  parts.push(make("details", {}, make("summary", {}, "reply"), make("pre", {}, call.reply)));
  return make("div", { class: "call " + state }, ...parts);
}

// the final answer with what was read of each fact marked
function answerBlock(pieces) {
  const parts = pieces.map(([text, state, names]) =>
    state ? make("mark", { class: state, title: names + (state === "counted" ? "" : ": does not count in full") }, text) : text);
  return make("blockquote", { class: "answer" }, ...(parts.length ? parts : ["(empty answer)"]));
}

function factTable(facts) {
  const head = ["fact", "expected", "read", "share", "why not"].map((name) => make("th", name === "share" ? { class: "n" } : {}, name));
  const rows = facts.map((fact) => make("tr", { class: fact.share === 1 ? "counted" : "refused" },
    make("td", { class: "mono" }, fact.name), make("td", {}, fact.expected), make("td", {}, fact.read || "–"),
    make("td", { class: "n" }, fact.share === null ? "–" : String(Number(fact.share.toFixed(3)))), make("td", {}, fact.why)));
  return make("div", { class: "scroll" }, make("table", { class: "facts" },
    make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
}

function show() {
  const found = data.episodes.find((e) => link(e) === location.hash);
  list();
  if (!found) return;
  const task = data.tasks[found.task_id], errors = Object.entries(found.errors);
  const verdict = (found.success ? "success" : "no success") + ", " + found.stop_reason + ", score " + found.score.toFixed(3) +
    ", " + found.correct_calls + " of " + found.golden_calls + " calls, " + found.wasted_calls + " wasted, " + found.turns + " turns";
  byId("episode").replaceChildren(
    make("h3", {}, make("a", { href: link(found) }, label(found))),
    make("p", { class: "dim" }, verdict + (errors.length ? " · " + errors.map(([k, n]) => k + " " + n).join(", ") : "")),
    found.cause ? make("p", { class: "violation" }, found.cause) : "",
    make("blockquote", {}, task.request), dag(task, found.golden), expected(task, found.golden),
    make("h3", {}, "Reward per step"), rewards(found.log), make("h3", {}, "Conversation"),
    ...found.log.map((turn, i) => make("section", { class: "turn" },
      make("header", {}, make("span", {}, "turn " + (i + 1)),
        make("span", { class: "mono" }, (turn.reward >= 0 ? "+" : "") + turn.reward.toFixed(3) + " → " + turn.score.toFixed(3))),
      turn.content && turn.answer === null ? make("pre", { class: "dim" }, turn.content) : "",
      ...turn.calls.map((call) => callBlock(call, found.golden)),
      turn.answer !== null ? answerBlock(found.answer) : "")),
    found.facts.length ? make("h3", {}, "Facts of the answer") : "",
    found.facts.length ? factTable(found.facts) : "");
}

byId("filter").addEventListener("input", list);
if (byId("refused")) byId("refused").addEventListener("click", () => {
  byId("filter").reset();
  byId("outcome").value = "refused";
  location.hash = link(data.episodes.find((e) => e.refused));
  list();
  byId("browser").scrollIntoView();
});
addEventListener("hashchange", show);
if (!location.hash && data.episodes.length) history.replaceState(null, "", link(data.episodes[0]));
show();
