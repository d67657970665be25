"use strict";
// One transaction of the chain, readable.

/** A text with the names of the addresses in it. */
function named(text, names) {
  const known = [...text.matchAll(/\b[GC][A-Z2-7]{55}\b/g)].filter(([address]) => names[address]);
  const out = el("span");
  let at = 0;
  for (const match of known) {
    const [address] = match;
    out.append(text.slice(at, match.index), el("b", "", names[address]), " ", el("code", "", address));
    at = match.index + address.length;
  }
  const rest = text.slice(at);
  out.append(known.length || !isKey(rest) ? rest : el("code", "", rest));
  return out;
}

const factsOf = (pairs, names) => facts(pairs, (value) => named(String(value), names));

function operation(operation, index, names) {
  const fields = operation.fields.map(({ name, value }) => [name, value]);
  const card = el("article", "card", el("h3", "", `${index + 1}. ${operation.summary}`));
  card.append(factsOf([["kind", operation.kind], ["acts for", operation.source], ...fields, ["result", operation.result]], names));
  return card;
}

function event(event, names) {
  const card = el("article", "card", el("h3", "", event.meaning || event.name || "event"));
  const topics = event.topics.map((topic, index) => [`topic ${index + 1}`, topic]);
  card.append(factsOf([["when", event.stage], ["contract", event.contract], ...topics, ["data", event.data]], names));
  return card;
}

function show(tx) {
  const names = tx.names;
  headline(tx.summary, tx.summary, tx.successful, tx.successful ? "✓ Succeeded" : `✗ ${tx.result}`);
  const bump = tx.fee_bump;
  byId("page").append(
    section("The transaction", factsOf([
      ["hash", tx.hash],
      ["ledger", tx.ledger],
      ["closed", tx.time],
      ["source", tx.source],
      ["sequence", tx.sequence],
      ["fee charged", tx.fee_charged],
      ["fee at most", tx.fee_limit],
      ["memo", tx.memo],
      ["fee paid by", bump?.fee_source],
      ["inner transaction", bump?.inner_hash],
      ["returned", tx.returned],
    ], names)),
    section("Operations", ...tx.operations.map((one, index) => operation(one, index, names))),
    section("Events", ...(tx.events.length ? tx.events.map((one) => event(one, names)) : [el("p", "", "None.")])),
  );
  if (tx.errors.length) {
    byId("page").append(section("What the contract host noted", ...tx.errors.map((text) => el("p", "", named(text, names)))));
  }
}

lookUp("/tx/", show);
