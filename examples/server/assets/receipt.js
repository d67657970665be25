"use strict";
// One signed receipt, readable.

function link(href, text) {
  const node = el("a", "", text);
  node.href = href;
  return node;
}

function show(answer) {
  const { signed, number } = answer;
  const said = signed.receipt;
  const verdict = answer.genuine
    ? "✓ Signed by this operator, and nothing was changed"
    : "✗ The signature is not of this operator's present key";
  headline(`Receipt ${number}`, `Receipt no. ${number}`, answer.genuine, verdict);
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

lookUp("/receipt/", show);
