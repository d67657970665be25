"use strict";
// One signed receipt, readable. Data is shown as text, never as markup.

const byId = (id) => document.getElementById(id);

function el(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function link(href, text) {
  const node = el("a", "", text);
  node.href = href;
  return node;
}

function facts(pairs) {
  const list = el("dl", "facts wide");
  for (const [name, value] of pairs) {
    if (value === null || value === undefined) continue;
    const shown = typeof value === "string" && /^\w{20,}$/.test(value) ? el("code", "", value) : value;
    list.append(el("div", "", el("dt", "", name), el("dd", "", shown)));
  }
  return list;
}

function section(title, ...children) {
  return el("section", "", el("h2", "", title), ...children);
}

function show(answer) {
  const { signed, number } = answer;
  const said = signed.receipt;
  document.title = `Receipt ${number} · Kolo`;
  byId("summary").textContent = `Receipt no. ${number}`;
  byId("result").textContent = answer.genuine
    ? "✓ Signed by this operator, and nothing was changed"
    : "✗ The signature is not of this operator's present key";
  byId("result").className = answer.genuine ? "agree" : "differ";
  byId("page").append(
    section("What was paid", facts([
      ["what", answer.summary],
      ["amount", answer.amount],
      ["group", said.circle_name],
      ["round", said.round || null],
      ["account", said.party],
      ["when", answer.time],
      ["kept for the recipient", said.credited ? "yes, it could not be delivered at once" : null],
      ["contract", said.contract],
      ["transaction", link(`/tx/${said.tx}`, said.tx)],
      ["event", said.event],
    ])),
    section("The signature", facts([
      ["form", signed.form],
      ["key of this operator", answer.operator_key],
      ["signed with", signed.key],
      ["signature", signed.signature],
    ])),
    section("To hand on",
      el("p", "", link(`/receipt/${encodeURIComponent(number)}/file`, "Save the receipt as a file"),
        ". Anybody can check it with the key above, without this server:"),
      el("code", "", `kolo-server verify-receipt receipt-${number}.json --key ${answer.operator_key}`)),
  );
}

async function start() {
  try {
    const number = location.pathname.slice("/receipt/".length);
    const answer = await fetch(`/api/receipt/${number}`);
    if (answer.ok) return show(await answer.json());
    const { error } = await answer.json();
    byId("summary").textContent = "Not found";
    byId("result").textContent = error;
  } catch {
    byId("summary").textContent = "The server does not answer";
    byId("result").textContent = "Reload this page to try again.";
  }
}

start();
