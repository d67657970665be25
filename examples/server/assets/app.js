"use strict";
// The phone page.

const hidden = (text) => el("span", "hidden", text);

// ---------------------------------------------------------------- talking to the server

/** A request that got an answer saying no. */
class Refused extends Error {}

/** Posts JSON; throws Refused on 4xx and any other error when it is worth trying again. */
async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.ok) return answer.json();
  const { error } = await answer.json().catch(() => ({}));
  const text = error || `the server answered ${answer.status}`;
  throw answer.status < 500 ? new Refused(text) : new Error(text);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let looking = null;
let lookAgain = false;

/** Fetches the state and shows it; done when something at least as new as the call is shown. */
function look() {
  lookAgain = true;
  looking ??= lookUntilCurrent().finally(() => (looking = null));
  return looking;
}

async function lookUntilCurrent() {
  while (lookAgain) {
    lookAgain = false;
    try {
      const answer = await fetch("/api/state", { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
      offline("");
    } catch (error) {
      console.warn("no state", error);
      offline("The server does not answer. Trying again…");
      await pause(1000);
      lookAgain = true;
    }
  }
}

function offline(text) {
  byId("offline").hidden = !text;
  if (byId("offline").textContent !== text) byId("offline").textContent = text;
}

function listen() {
  const events = new EventSource("/api/events");
  events.addEventListener("open", look);
  events.addEventListener("change", look);
  events.addEventListener("error", () => {
    look();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

// ---------------------------------------------------------------- phones

const phones = new Map();

class PhoneView {
  constructor(phone) {
    this.number = phone.number;
    this.name = phone.name;
    this.shown = new Map();
    this.outbox = [];
    this.awaited = null;
    this.lastDay = "";
    this.root = byId("phone-template").content.firstElementChild.cloneNode(true);
    this.root.dataset.number = phone.number;
    this.root.setAttribute("aria-label", `${phone.name}’s phone`);
    this.find(".owner-name").textContent = phone.name;
    this.find(".owner-number").textContent = spaced(phone.number);
    this.chat = this.find(".chat");
    this.chat.setAttribute("aria-label", `Chat of ${phone.name} with Kolo`);
    this.typing = this.find(".typing");
    const [label, input] = [this.find("label"), this.find("input")];
    input.id = `text-${phone.number}`;
    label.htmlFor = input.id;
    label.textContent = `Message from ${phone.name}`;
    this.find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!input.value.trim()) return;
      this.send(input.value, null);
      input.value = "";
    });
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  update(phone) {
    const atEnd = this.isAtEnd();
    for (const message of phone.messages) this.showMessage(message);
    this.tick(phone.messages);
    this.showTyping(phone.messages);
    this.find(".start").hidden = this.shown.size > 0;
    this.find(".wallet").replaceChildren(...wallet(phone.wallet));
    if (atEnd) this.toEnd();
  }

  isAtEnd() {
    return this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 60;
  }

  toEnd() {
    this.chat.scrollTop = this.chat.scrollHeight;
  }

  /** Adds a message, or moves an own one that was shown before the server had it to its place. */
  showMessage(message) {
    if (this.shown.get(message.id)?.settled) return;
    this.shown.get(message.id)?.row.remove();
    const [day, time] = message.time.split(", ");
    if (day !== this.lastDay) {
      this.insert(el("p", "day", day));
      this.lastDay = day;
    }
    const row = this.bubble(message, time.replace(" UTC", ""));
    this.shown.set(message.id, { row, settled: true });
    this.insert(row);
  }

  /** Before what is not at the server yet. */
  insert(node) {
    const pending = [...this.shown.values()].find((entry) => !entry.settled && entry.row.isConnected);
    this.chat.insertBefore(node, pending ? pending.row : this.typing);
  }

  bubble(message, time) {
    const row = el("div", message.mine ? "row mine" : "row");
    const bubble = el("div", "bubble", hidden(message.mine ? `${this.name}: ` : "Kolo: "));
    bubble.append(el("div", "words", formatted(message.text)), el("span", "meta", time));
    if (message.mine) bubble.lastChild.append(el("span", "ticks"));
    row.append(bubble);
    for (const { id, label } of message.buttons || []) {
      const button = el("button", "reply", label);
      button.type = "button";
      button.dataset.button = id;
      button.addEventListener("click", () => this.send(label, id));
      row.append(button);
    }
    return row;
  }

  /** Two ticks for what the server has, blue for what was answered. */
  tick(messages) {
    let answered = false;
    for (const message of [...messages].reverse()) {
      if (!message.mine) answered = true;
      else setTicks(this.shown.get(message.id).row, answered ? "read" : "delivered");
    }
  }

  /** From an own message until the next of the bot. */
  showTyping(messages) {
    const awaited = this.awaited && messages.findIndex((message) => message.id === this.awaited.id);
    const came = awaited >= 0 && messages.slice(awaited + 1).some((message) => !message.mine);
    if (this.awaited && (came || Date.now() - this.awaited.since > 30000)) this.awaited = null;
    this.typing.hidden = !this.awaited;
    this.find(".presence").textContent = this.awaited ? "typing…" : "online";
  }

  send(text, button) {
    const said = { text, button, id: crypto.randomUUID() };
    const row = this.bubble({ ...said, mine: true, buttons: [] }, "");
    this.shown.set(said.id, { row, settled: false });
    this.chat.insertBefore(row, this.typing);
    this.find(".start").hidden = true;
    setTicks(row, "sending");
    this.awaited = { id: said.id, since: Date.now() };
    this.showTyping([]);
    this.toEnd();
    this.outbox.push(said);
    if (this.outbox.length === 1) this.deliver();
  }

  /** One after the other, each until the server has it: again with the same id, so it counts once. */
  async deliver() {
    for (let wait = 500; this.outbox.length > 0; ) {
      const said = this.outbox[0];
      const body = said.button ? said : { text: said.text, id: said.id };
      try {
        await post(`/api/phones/${encodeURIComponent(this.number)}/messages`, body);
        setTicks(this.shown.get(said.id).row, "delivered");
      } catch (error) {
        if (!(error instanceof Refused)) {
          await pause(wait);
          wait = Math.min(wait * 2, 8000);
          continue;
        }
        this.shown.get(said.id).row.append(el("p", "error", `Not sent: ${error.message}`));
        this.awaited = null;
        this.showTyping([]);
      }
      wait = 500;
      this.outbox.shift();
    }
    look();
  }
}

const TICKS = {
  sending: ["✓", "sent"],
  delivered: ["✓✓", "delivered"],
  read: ["✓✓", "read"],
};

function setTicks(row, state) {
  const ticks = row.querySelector(".ticks");
  if (ticks.dataset.state === state) return;
  const [sign, words] = TICKS[state];
  const shape = el("span", "", sign);
  shape.setAttribute("aria-hidden", "true");
  ticks.dataset.state = state;
  ticks.title = words;
  ticks.replaceChildren(shape, hidden(words));
}

/** WhatsApp's *bold* and _italic_, as elements around text. */
function formatted(text) {
  const out = document.createDocumentFragment();
  const address = /https?:\/\/\S+/.exec(text);
  if (address) {
    const link = el("a", "", address[0]);
    link.href = address[0];
    [link.target, link.rel] = ["_blank", "noopener noreferrer"];
    const after = text.slice(address.index + address[0].length);
    out.append(formatted(text.slice(0, address.index)), link, formatted(after));
    return out;
  }
  const mark = /(^|[^\p{L}\p{N}])([*_])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/u;
  for (let rest = text; rest; ) {
    const found = mark.exec(rest);
    if (!found) {
      out.append(rest);
      break;
    }
    out.append(rest.slice(0, found.index) + found[1]);
    out.append(el(found[2] === "*" ? "strong" : "em", "", formatted(found[3])));
    rest = rest.slice(found.index + found[0].length);
  }
  return out;
}

const spaced = (number) => number.replace(/^(\+\d{3})(\d{3})(\d{3})(\d+)$/, "$1 $2 $3 $4");

function wallet(wallet) {
  if (!wallet) return [el("span", "no-wallet", "No wallet yet: say hi")];
  return [
    figure("Books", wallet.books),
    figure("Chain", wallet.chain ?? "not there yet"),
    agreement(wallet.agree),
    ...wallet.others.flatMap(other),
  ];
}

/** Money of another kind, where there is some. */
function other(wallet) {
  if (wallet.agree && Number(wallet.books) === 0) return [];
  return [el("span", "figure", `${wallet.asset} `, el("b", "", wallet.books)), agreement(wallet.agree)];
}

const figure = (name, value) => el("span", "figure", `${name} `, el("b", name.toLowerCase(), value));

/** In words, not by a colour alone. */
function agreement(agree) {
  return el("span", agree ? "agree" : "differ", agree ? "✓ same" : "≠ differ");
}

byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const say = (text) => (byId("add-error").textContent = text);
  const [name, number] = [form.elements.namedItem("name"), form.elements.namedItem("number")];
  say("");
  try {
    if (!name.value.trim()) throw new Refused("Whose phone is it? Write a name.");
    if (!number.value.trim()) throw new Refused("Write the number with its country, like +234 803 100 0004.");
    const phone = await post("/api/phones", { name: name.value, number: number.value });
    form.reset();
    await look();
    phones.get(phone.number)?.find("input").focus();
  } catch (error) {
    say(error instanceof Refused ? error.message : "The server does not answer. Try again.");
  }
});

// ---------------------------------------------------------------- the clock

let moving = false;

for (const button of document.querySelectorAll("[data-move]")) {
  button.addEventListener("click", () => moveClock(button));
}

async function moveClock(button) {
  if (moving) return;
  setMoving(true);
  byId("clock-said").textContent = `Moving the clock: ${button.textContent}…`;
  try {
    await post("/api/clock", { by: button.dataset.move });
    byId("clock-said").textContent = "";
  } catch (error) {
    const text = error instanceof Refused ? error.message : "the server does not answer: try again";
    byId("clock-said").textContent = text[0].toUpperCase() + text.slice(1);
  }
  await look();
  setMoving(false);
  // A disabled button loses the focus; whoever is elsewhere by now stays there.
  if (document.activeElement === document.body) button.focus();
}

function setMoving(now) {
  moving = now;
  byId("clock-progress").hidden = !now;
  for (const button of document.querySelectorAll("[data-move]")) button.disabled = now;
}

// ---------------------------------------------------------------- circles and the chain

function circle(circle, asset) {
  const root = el("article", "circle");
  root.dataset.circle = circle.id;
  root.dataset.stage = circle.stage;
  const facts = el("dl", "facts");
  const fact = (name, ...value) => facts.append(el("div", "", el("dt", "", name), el("dd", "", ...value)));
  fact("Pot", el("b", "pot", circle.pot), ` of ${circle.full_pot} ${asset}`);
  if (circle.round) fact("Round", `${circle.round} of ${circle.rounds}`);
  fact("Each pays", `${circle.contribution} ${asset}`);
  fact("Places", `${circle.members.length} of ${circle.seats} taken`);
  if (circle.payout_date && circle.stage === "active") fact("Next payout", circle.payout_date);
  const vault = el("p", "vault", "Held by the contract: ");
  vault.append(
    figure("Books", circle.vault_books),
    figure("Chain", circle.vault_chain ?? "not there yet"),
    agreement(circle.agree),
  );
  const address = el("p", "address", "Contract ", el("code", "", circle.address));
  root.append(
    el("header", "", el("h3", "", circle.name), el("span", "stage", circle.stage)),
    facts,
    members(circle, asset),
    ...contributions(circle, asset),
    vault,
    address,
  );
  return root;
}

function members(circle, asset) {
  const head = ["Turn", "Member", "This round", "Books", "Chain"];
  return table("members", `Members of ${circle.name}, amounts in ${asset}`, head, circle.members.map(memberRow));
}

function table(kind, caption, head, rows) {
  const root = el("table", kind, el("caption", "hidden", caption));
  root.append(el("thead", "", el("tr", "", ...head.map((name) => heading("col", name)))));
  root.append(el("tbody", "", ...rows));
  return el("div", "scroll", root);
}

function heading(scope, name) {
  const cell = el("th", "", name);
  cell.scope = scope;
  return cell;
}

/** Which circles' contributions somebody has unfolded: they stay so when the circle is drawn again. */
const unfolded = new Set();

/** What was shown of them last, by circle: there at once, until the server has answered anew. */
const sheets = new Map();

/** Who paid what, round by round; nothing until somebody has paid, and asked for only when unfolded. */
function contributions(circle, asset) {
  if (!circle.contributed) return [];
  const root = el("details", "contributions", el("summary", "", "Who paid what, round by round"));
  const place = el("div", "");
  root.append(place);
  const last = sheets.get(circle.id);
  if (last) place.append(sheet(circle, asset, last));
  root.open = unfolded.has(circle.id);
  // Also comes when it is drawn unfolded.
  root.addEventListener("toggle", () => {
    if (!root.open) return unfolded.delete(circle.id);
    unfolded.add(circle.id);
    fetchSheet(circle, asset, place);
  });
  return [root];
}

async function fetchSheet(circle, asset, place) {
  try {
    const answer = await fetch(`/api/circles/${circle.id}/contributions`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const { rows } = await answer.json();
    sheets.set(circle.id, rows);
    place.replaceChildren(sheet(circle, asset, rows));
  } catch {
    place.replaceChildren(el("p", "", "The server does not answer. Fold this and unfold it to try again."));
  }
}

function sheet(circle, asset, paid) {
  const rounds = (paid[0]?.by_round ?? []).map((_, at) => String(at + 1));
  const rows = paid.map((row) =>
    el(
      "tr",
      "",
      heading("row", row.name),
      ...row.by_round.map((paid) => el("td", "money", paid || "–")),
      el("td", "money", el("b", "", row.total)),
    ),
  );
  const caption = `Contributions to ${circle.name} by round, in ${asset}`;
  return table("rounds", caption, ["Member", ...rounds, "In all"], rows);
}

function memberRow(member) {
  const name = heading("row", member.name);
  const debt = Number(member.debt) > 0 ? `, owes ${member.debt}` : "";
  name.append(el("small", "", `in ${member.paid}, out ${member.received}${debt}`));
  const round = member.paid_out ? [member.this_round, el("small", "", "has had the pot")] : [member.this_round || "–"];
  const chain = el("td", "money", member.wallet?.chain ?? "–");
  if (member.wallet) chain.append(el("small", "", agreement(member.wallet.agree)));
  return el(
    "tr",
    "",
    el("td", "", String(member.turn ?? "–")),
    name,
    el("td", "", ...round),
    el("td", "money", member.wallet?.books ?? "–"),
    chain,
  );
}

function transaction(transaction) {
  const link = el("a", "", el("span", "summary", transaction.summary));
  link.href = `/tx/${transaction.hash}`;
  if (!transaction.successful) link.append(el("span", "failed", transaction.result));
  link.append(el("span", "when", `${transaction.time} · ledger ${transaction.ledger}`));
  return el("li", "", link);
}

/** Replaces children only when they are others: a focus or a selection is not lost for nothing. */
function refresh(parent, data, children) {
  const mark = JSON.stringify(data);
  if (parent.dataset.mark === mark) return;
  parent.dataset.mark = mark;
  const focused = parent.contains(document.activeElement) ? document.activeElement.href : null;
  parent.replaceChildren(...children());
  if (focused) parent.querySelector(`a[href="${CSS.escape(new URL(focused).pathname)}"]`)?.focus();
}

// ---------------------------------------------------------------- all of it

function show(state) {
  byId("clock-now").textContent = state.clock.text;
  for (const phone of state.phones) {
    if (!phones.has(phone.number)) {
      const view = new PhoneView(phone);
      phones.set(phone.number, view);
      byId("phones").insertBefore(view.root, byId("add"));
      view.update(phone);
      view.toEnd();
    } else {
      phones.get(phone.number).update(phone);
    }
  }
  byId("no-circles").hidden = state.circles.length > 0;
  refresh(byId("circles"), state.circles, () => state.circles.map((one) => circle(one, one.asset)));
  refresh(byId("transactions"), state.transactions, () => state.transactions.map(transaction));
}

look();
listen();
// The clock goes on by itself, and the chain may do something nobody hears of.
setInterval(() => document.hidden || look(), 5000);
