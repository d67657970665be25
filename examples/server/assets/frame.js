"use strict";
// What the pages of one thing share: a receipt, a transaction.

/** Names and values; long values without blanks (keys, hashes) are set as code. */
function facts(pairs, shown = (value) => (isKey(value) ? el("code", "", value) : value)) {
  const list = el("dl", "facts wide");
  for (const [name, value] of pairs) {
    if (value === null || value === undefined) continue;
    list.append(el("div", "", el("dt", "", name), el("dd", "", shown(value))));
  }
  return list;
}

const isKey = (value) => typeof value === "string" && /^\w{20,}$/.test(value);

function section(title, ...children) {
  return el("section", "", el("h2", "", title), ...children);
}

/** The headline, and the verdict below it: in words, not by a colour alone. */
function headline(title, summary, good, verdict) {
  document.title = `${title} · Kolo`;
  byId("summary").textContent = summary;
  byId("result").textContent = verdict;
  byId("result").className = good ? "agree" : "differ";
}

/** Asks for what this page is of (its path below `root`) and shows it, or says what is wrong. */
async function lookUp(root, show) {
  try {
    const answer = await fetch(`/api${root}${location.pathname.slice(root.length)}`);
    if (answer.ok) return show(await answer.json());
    const { error } = await answer.json();
    byId("summary").textContent = "Not found";
    byId("result").textContent = error;
  } catch {
    byId("summary").textContent = "The server does not answer";
    byId("result").textContent = "Reload this page to try again.";
  }
}
