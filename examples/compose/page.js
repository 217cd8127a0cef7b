
"use strict";
// What the bridge's own parser knows, put here when the page is made.
const TABLES = /* TABLES */ null;

const ORDERS = ["buy", "sell", "strategy"];
const LABELS = {
  action: "Do what", side: "Side", symbol: "Symbol", order_type: "Order type", price: "Price",
  stop_price: "Trigger", trail: "Trailing distance", trail_limit: "Limit from the trigger",
  display_volume: "Shown of it", quantity_type: "The size counts", volume: "Size", percent: "Percent of it",
  leverage: "Leverage", reduce_only: "Only reduce", take_profit: "Take profit", stop_loss: "Stop loss",
  market_position: "Be", market_position_size: "Of this size", scope: "Which orders",
  time_in_force: "How long", expires: "Expires", post_only: "Only as a maker", trigger_by: "Triggered by",
  confirm_fill: "Tell the fill", strategy_name: "Strategy", token: "Token", id: "Unique id",
};
const HINTS = {
  token: "The value of WEBHOOK_TOKEN, or a token made for this strategy.",
  id: "Leave it empty in a plain alert. In a script: one that no other firing has.",
  price: "The limit where the type has one. Elsewhere only a reference, never sent to Kraken.",
  volume: "{{strategy.order.contracts}} is the script's own size. {{volume}} is the bar's volume, not yours.",
  stop_loss: "A price (55000) or a distance (2%). Kraken places it for what the entry fills.",
  take_profit: "A price (65000) or a distance (3%). An entry has one of the two exits.",
  trail: "2% or 150, without a sign.",
  trail_limit: "With its sign: -50, +0.5% or +0.",
  expires: "+3600 is an hour from now; or a time with its zone.",
  symbol: "{{ticker}} is the chart's. It must be a pair of Kraken's.",
};
const GROUPS = {
  "The alert": ["action", "side", "symbol", "scope"],
  "Size": ["percent", "market_position", "market_position_size", "quantity_type", "volume", "leverage", "reduce_only"],
  "Order": ["order_type", "price", "stop_price", "trail", "trail_limit", "display_volume", "trigger_by"],
  "Exit that rides with it": ["take_profit", "stop_loss"],
  "Terms": ["time_in_force", "expires", "post_only", "confirm_fill"],
  "Who sends it": ["token", "strategy_name", "id"],
};
const FLAGS = ["reduce_only", "post_only", "confirm_fill"];
const CHOICES = {
  action: {
    buy: "buy", sell: "sell", strategy: "buy or sell, as the script says", close: "close the position",
    reverse: "turn the position round", target: "go to the script's position", cancel: "cancel open orders",
  },
  side: { "": "both", buy: "buys", sell: "sells" },
  order_type: same(Object.keys(TABLES.order_types)),
  quantity_type: {
    base: "the base asset", quote: "money (the quote currency)", percent_balance: "percent of what is free",
    percent_equity: "percent of what the account is worth", percent_position: "percent of the position",
    risk_percent: "percent of the account that the stop loss may lose",
  },
  market_position: { "{{strategy.market_position}}": "where the script is", long: "long", short: "short", flat: "flat" },
  scope: { symbol: "of this pair", strategy: "of this strategy", all: "all that the token may touch" },
  time_in_force: { "": "until canceled", GTD: "until it expires", IOC: "fill at once what can be", FOK: "all at once or nothing" },
  trigger_by: { "": "the last price", index: "the index" },
};
const DEFAULTS = {
  action: "strategy", symbol: "{{ticker}}", order_type: "market", quantity_type: "base",
  volume: "{{strategy.order.contracts}}", price: "{{strategy.order.price}}", scope: "symbol",
  market_position: "{{strategy.market_position}}", market_position_size: "{{strategy.market_position_size}}",
};

function same(names) { return Object.fromEntries(names.map((name) => [name, name])); }
function kindOf(state) { return TABLES.order_types[state.order_type] || TABLES.order_types.market; }
function isOrder(state) { return ORDERS.includes(state.action); }

// Which fields the choices leave open; what is hidden is not sent. The action decides first.
const OPEN = {
  side: (s) => s.action === "cancel" && s.scope !== "all",
  symbol: (s) => s.action !== "cancel" || s.scope === "symbol",
  market_position: (s) => s.action === "target",
  market_position_size: (s) => s.action === "target" && s.market_position !== "flat",
  quantity_type: isOrder,
  volume: (s) => isOrder(s) || s.action === "reverse",
  reduce_only: (s) => Boolean(s.leverage),
  order_type: isOrder,
  stop_price: (s) => kindOf(s).trigger,
  trail: (s) => kindOf(s).trail,
  trail_limit: (s) => kindOf(s).trail_limit,
  display_volume: (s) => kindOf(s).display,
  trigger_by: (s) => kindOf(s).trigger || kindOf(s).trail,
  take_profit: (s) => !s.stop_loss && !s.reduce_only && s.quantity_type !== "risk_percent",
  stop_loss: (s) => !(isOpen("take_profit", s) && s.take_profit) && !s.reduce_only,
  expires: (s) => s.time_in_force === "GTD",
  post_only: (s) => s.order_type === "limit" && !["IOC", "FOK"].includes(s.time_in_force),
};
function goes(name, action) {
  if (name === "token" || TABLES.everywhere.includes(name)) return true;
  return isOrder({ action }) ? !TABLES.not_with_an_order.includes(name) : TABLES.goes_with[action].includes(name);
}
function isOpen(name, state) { return goes(name, state.action) && (!OPEN[name] || OPEN[name](state)); }

// What tells two firings of one second apart, and a reversal from an entry.
const CONTEXT = Object.fromEntries([["order_id", "{{strategy.order.id}}"], ["interval", "{{interval}}"],
  ...["market_position", "market_position_size", "prev_market_position", "prev_market_position_size"]
    .map((name) => [name, `{{strategy.${name}}}`])]);

function messageOf(state) {
  const message = { token: state.token || "put the value of WEBHOOK_TOKEN here" };
  const say = (name, value = state[name]) => {
    if (!isOpen(name, state) || value === "" || value === undefined || value === false) return;
    message[name] = value;
  };
  if (state.id) message.id = state.id;
  say("strategy_name");
  say("symbol");
  if (state.action === "strategy") message.side = "{{strategy.order.action}}";
  else if (isOrder(state)) message.side = state.action;
  else message.action = state.action;
  if (state.action === "cancel") {
    say("side");
    say("scope", state.scope === "symbol" ? "" : state.scope);
  }
  if (state.action === "target") {
    say("market_position");
    say("market_position_size");
    message.prev_market_position = "{{strategy.prev_market_position}}";
    message.prev_market_position_size = "{{strategy.prev_market_position_size}}";
  }
  if (state.action === "strategy") Object.assign(message, CONTEXT);
  for (const name of ["percent", "order_type", "volume"]) say(name);
  if (message.volume && state.quantity_type !== "base") say("quantity_type");
  for (const name of ["price", "stop_price", "trail", "trail_limit", "display_volume", "trigger_by", "leverage",
    "reduce_only", "take_profit", "stop_loss", "time_in_force", "expires", "post_only", "confirm_fill"]) say(name);
  message.fired_at = "{{timenow}}";
  return message;
}

// What the form lacks, or what will bite later.
function remarksOf(state) {
  const bad = [], warn = [];
  const need = (name, why) => { if (isOpen(name, state) && !state[name]) bad.push(`${LABELS[name]} is missing: ${why}`); };
  need("symbol", "which pair");
  if (isOrder(state)) {
    if (kindOf(state).limit) need("price", "it is this order's limit");
    need("stop_price", "at which price the order wakes up");
    need("trail", "how far it stays behind the market");
    need("trail_limit", "how far its limit is from the trigger");
    need("display_volume", "how much of it the book shows");
    need("expires", "until when");
    need("volume", "or the strategy has a configured size");
    if (state.quantity_type === "risk_percent") need("stop_loss", "the distance to it makes the size");
    if (state.quantity_type !== "base" && kindOf(state).display) bad.push("An iceberg order needs a size in the base asset.");
    if (state.quantity_type === "percent_balance" && state.leverage) bad.push("Percent of what is free is for spot: take percent of what the account is worth.");
    if (state.time_in_force === "FOK" && state.order_type !== "limit") bad.push("All at once or nothing goes with a limit order.");
    if (state.time_in_force === "IOC" && !["market", "limit"].includes(state.order_type)) bad.push("Fill at once goes with market and limit orders.");
    if (state.time_in_force === "GTD" && state.order_type === "market") bad.push("A market order does not rest, so it can't expire.");
    if (state.volume === "{{volume}}") bad.push("{{volume}} is the bar's volume: take {{strategy.order.contracts}} or a number.");
  }
  if (state.action === "sell" && !state.leverage && !state.stop_loss && !state.take_profit) {
    warn.push("While a stop loss of an entry is open it holds what you want to sell, and a plain sell is refused. Close frees it first.");
  }
  if (state.action === "reverse" && !state.leverage) warn.push("Without leverage there is no short: a long position is sold, and no more.");
  if (!state.token) warn.push("Put your token in before you paste the message into TradingView.");
  else if (!state.token.startsWith("tk1.")) warn.push("A plain token may do all that the bridge allows. One made for this strategy can do less.");
  if (!state.id) warn.push("Without an id two firings of one second whose messages are equal count as one.");
  return { bad, warn };
}

function wordsOf(state) {
  const at = (price) => (price ? ` at ${price}` : "");
  const pair = state.symbol || "the pair";
  const lever = state.leverage ? ` on margin, ${state.leverage} times` : "";
  if (state.action === "close") return [`Sells or buys back ${state.percent ? `${state.percent} % of ` : "all of "}what is held of ${pair}${lever}, at the market.`];
  if (state.action === "reverse") return [`Turns the position in ${pair} round${lever}, at the market.`];
  if (state.action === "target") return [`Buys or sells of ${pair} at the market until the account is ${state.market_position.startsWith("{{") ? "where the strategy is" : `${state.market_position} ${messageOf(state).market_position_size || ""}`.trim()}${lever}. A repeat does nothing.`];
  if (state.action === "cancel") return [`Cancels the open orders ${CHOICES.scope[state.scope]}${messageOf(state).side ? `, ${CHOICES.side[state.side]} alone` : ""}.`];
  const what = { buy: "Buys", sell: "Sells", strategy: "Buys or sells, as the script's order says," }[state.action];
  const size = state.volume ? `${state.volume} (${CHOICES.quantity_type[state.quantity_type]})` : "the strategy's configured size";
  const how = { market: "at the market", limit: `with the limit ${state.price}` }[state.order_type] || `as a ${state.order_type} order`;
  const words = [`${what} ${size} of ${pair}${lever}, ${how}.`];
  const message = messageOf(state);
  if (message.stop_price) words.push(`The order wakes up${at(message.stop_price)}.`);
  for (const name of ["take_profit", "stop_loss"]) {
    if (message[name]) words.push(`For what it fills Kraken places a ${LABELS[name].toLowerCase()}${at(message[name])}.`);
  }
  return words;
}

function pineOf(state) {
  const message = JSON.stringify({ ...messageOf(state), ...(state.id ? {} : { id: "ID" }) });
  const quoted = `'${message.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
  const unique = `syminfo.ticker + "/" + timeframe.period + "/" + str.tostring(time) + "/NAME"`;
  const text = quoted.replace('"id":"ID"', `"id":"' + ${unique} + '"`);
  const note = state.id ? "" : "// NAME: another one for each order of the script.\n";
  if (state.action === "cancel") {  // alert() fills in no placeholders
    const own = text.replace("{{timenow}}", `' + str.tostring(timenow) + '`).replace("{{ticker}}", `' + syminfo.ticker + '`);
    return `${note}alert(${own}, alert.freq_once_per_bar_close)`;
  }
  if (["sell", "close"].includes(state.action)) return `${note}strategy.close("Long", alert_message = ${text})`;
  return `${note}strategy.entry("Long", strategy.long, alert_message = ${text})`;
}

// -- a message that is there already

function key(name) { return name.toLowerCase().replace(/[_\- ]/g, ""); }
const CANONICAL = {};
for (const [canonical, names] of Object.entries(TABLES.aliases)) for (const name of names) CANONICAL[key(name)] = canonical;

function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[other.length];
}
function nearest(name) {
  const found = Object.keys(CANONICAL).map((known) => [distance(key(name), known), CANONICAL[known]]);
  found.sort((a, b) => a[0] - b[0]);
  return found[0][0] <= 2 && key(name).length > 3 ? found[0][1] : null;
}

function readMessage(text) {
  let parsed;
  try { parsed = JSON.parse(text); } catch (error) {
    const quotes = /[\u201c\u201d\u2018\u2019]/.test(text) ? " It has typographic quotes: write plain ones." : "";
    return { state: null, faults: [`This is no JSON: ${error.message}.${quotes}`] };
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) {
    return { state: null, faults: ["The message must be one JSON object, in braces."] };
  }
  const faults = [], said = {};
  for (const [name, value] of Object.entries(parsed)) {
    const canonical = ["token", "secret", "passphrase"].includes(key(name)) ? "token" : CANONICAL[key(name)];
    if (canonical === undefined) {
      if (TABLES.context.includes(key(name)) || key(name).startsWith("syminfo") || key(name).startsWith("plot")) continue;
      const near = nearest(name);
      faults.push(near ? `${name} is no field of the bridge's: did you mean ${near}?`
        : `${name} is no field of the bridge's. If it speaks of an order the alert is refused; what is only for you goes into custom_fields.`);
    } else if (canonical === "orders") faults.push("orders: the form has one order; several legs are written by hand.");
    else if (value !== null && value !== "") said[canonical] = typeof value === "boolean" ? value : String(value);
  }
  const state = { ...Object.fromEntries(Object.keys(LABELS).map((name) => [name, FLAGS.includes(name) ? false : ""])) };
  const word = said.action === undefined ? undefined : TABLES.actions[said.action.toLowerCase().replace(/[- ]/g, "_")];
  if (said.action !== undefined && word === undefined) faults.push(`action ${said.action} is none: ${Object.keys(CHOICES.action).join(", ")}`);
  if (word !== undefined && !(word in CHOICES.action)) return { state: null, faults: [...faults, `${word}: the form writes no such message.`] };
  const sides = { buy: "buy", sell: "sell", "{{strategy.order.action}}": "strategy" };
  const side = said.side === undefined ? undefined : sides[said.side.toLowerCase()];
  if (said.side !== undefined && side === undefined) faults.push(`side must be buy or sell, not ${said.side}`);
  state.action = ["buy", "sell"].includes(word) ? word : word || side || "strategy";
  if (word === undefined && said.side === undefined) faults.push("Neither side nor action: the bridge would not know what to do.");
  for (const [name, value] of Object.entries(said)) {
    if (["action", "side"].includes(name) || !(name in LABELS)) continue;
    if (FLAGS.includes(name)) state[name] = value === true || String(value).toLowerCase() === "true";
    else if (name === "order_type") state[name] = String(value).toLowerCase().replace(/[_ ]/g, "-");
    else if (name === "quantity_type") state[name] = TABLES.quantity_types[key(String(value))] || String(value);
    else if (name === "time_in_force") state[name] = String(value).toUpperCase().replace("GTC", "");
    else if (name === "trigger_by") state[name] = String(value).toLowerCase().replace("last", "");
    else state[name] = String(value);
  }
  if (state.action === "cancel") state.side = side || "";
  for (const [name, value] of [["order_type", "market"], ["quantity_type", "base"], ["scope", "symbol"]]) state[name] = state[name] || value;
  for (const name of Object.keys(CHOICES)) {
    if (state[name] && !(state[name] in CHOICES[name])) { faults.push(`${name} ${state[name]} is none of ${Object.keys(CHOICES[name]).filter(Boolean).join(", ")}`); state[name] = DEFAULTS[name] || ""; }
  }
  for (const [name, value] of Object.entries(said)) {
    if (name in LABELS && !["action", "side", ...TABLES.everywhere].includes(name) && value !== false && !isOpen(name, state)) faults.push(`${name} does not go with the rest of this message.`);
  }
  if (!said.token) faults.push("No token: without a proof nothing is traded.");
  if (!said.fired_at) faults.push('No fired_at: add "fired_at": "{{timenow}}", by which an old alert is refused.');
  return { state, faults };
}

// -- the form

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}
function control(name) {
  if (FLAGS.includes(name)) return element("input", { type: "checkbox", id: name, name });
  if (!(name in CHOICES)) return element("input", { type: "text", id: name, name, spellcheck: "false", "aria-describedby": `${name}-hint` });
  const options = Object.entries(CHOICES[name]).map(([value, label]) => element("option", { value }, label));
  return element("select", { id: name, name }, ...options);
}
function build() {
  const form = document.getElementById("form");
  for (const [title, names] of Object.entries(GROUPS)) {
    const fields = names.map((name) => {
      const hint = element("p", { class: "hint", id: `${name}-hint` }, HINTS[name] || "");
      return element("div", { class: "field", "data-field": name }, element("label", { for: name }, LABELS[name]), control(name), hint);
    });
    form.append(element("fieldset", {}, element("legend", {}, title), ...fields));
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("copy").addEventListener("click", copy);
  document.getElementById("read").addEventListener("click", readIn);
  setState({ ...DEFAULTS });
}
function getState() {
  return Object.fromEntries(Object.keys(LABELS).map((name) => {
    const field = document.getElementById(name);
    return [name, FLAGS.includes(name) ? field.checked : field.value.trim()];
  }));
}
function setState(state) {
  for (const name of Object.keys(LABELS)) {
    const field = document.getElementById(name);
    if (FLAGS.includes(name)) field.checked = Boolean(state[name]);
    else field.value = state[name] || (name in CHOICES ? Object.keys(CHOICES[name])[0] : "");
    if (name in CHOICES && name in DEFAULTS && !state[name]) field.value = DEFAULTS[name];
  }
  show();
}
function list(id, rows) {
  document.getElementById(id).replaceChildren(...rows.map(([text, kind]) => element("li", kind ? { class: kind } : {}, text)));
}
function show() {
  const state = getState();
  for (const field of document.querySelectorAll("[data-field]")) field.hidden = !isOpen(field.dataset.field, state);
  const { bad, warn } = remarksOf(state);
  list("words", [...wordsOf(state).map((text) => [text]), ...bad.map((text) => [text, "bad"]), ...warn.map((text) => [text, "warn"])]);
  document.getElementById("message").value = JSON.stringify(messageOf(state), null, 2);
  document.getElementById("pine").textContent = pineOf(state);
  list("dialog", [["Condition: your strategy, order fills only (an indicator: once per bar close)."],
    ["Message: the text above; or, where the script sends it, nothing but {{strategy.order.alert_message}}."],
    ["Notifications, webhook URL: https://YOUR-FUNCTION-URL/webhook/tradingview"]]);
  document.getElementById("copied").textContent = "";
}
async function copy() {
  const message = document.getElementById("message");
  message.select();
  try { await navigator.clipboard.writeText(message.value); } catch { document.execCommand("copy"); }
  document.getElementById("copied").textContent = "Copied.";
}
function readIn() {
  const { state, faults } = readMessage(document.getElementById("existing").value);
  if (state) setState(state);
  list("faults", faults.length ? faults.map((text) => [text, "bad"]) : [["Read: nothing is wrong with it that this page can see."]]);
}

// -- with the operator's login: the server signs tokens, and tries the message; from disk there is none

let proof = "";
async function openLogin() {
  if (!location.protocol.startsWith("http")) return;
  const session = await (await fetch("/operator/compose")).json().catch(() => ({}));
  if (!session.proof) return;
  proof = session.proof;
  document.getElementById("with-login").hidden = false;
  document.getElementById("mints").hidden = !session.mints;
  document.getElementById("mint-expires").value = session.expires;
  document.getElementById("try").addEventListener("click", tryIt);
  document.getElementById("mint").addEventListener("click", mint);
}
function filled(text) {
  const now = new Date().toISOString().replace(/\.\d+/, "");
  return text.replace(/\{\{([^{}]+)\}\}/g, (all, name) => (name === "timenow" ? now : TABLES.placeholders[name] ?? all));
}
async function tryIt() {
  const body = filled(document.getElementById("message").value);
  const answer = await fetch("/webhook/tradingview/validate", { method: "POST", body, credentials: "omit" });
  const said = await answer.json();
  const orders = (said.orders || []).filter((order) => order.request)
    .map((order) => [Object.entries(order.request).map(([name, value]) => `${name}=${value}`).join(", ")]);
  list("tried", [[`${answer.status} ${said.code}: ${said.error || said.message}`, answer.ok ? "" : "bad"], ...orders,
    ...(said.warnings || []).map((text) => [text, "warn"])]);
}
async function mint() {
  const said = (id) => document.getElementById(id).value.trim();
  const body = new URLSearchParams({ proof, strategy: said("strategy_name"), expires: said("mint-expires"),
    pairs: said("mint-pairs"), max_cost: said("mint-cost") });
  const answer = await (await fetch("/operator/compose/token", { method: "POST", body })).json();
  document.getElementById("minted").textContent = answer.token ? "It is in the message now." : answer.error || answer.message;
  if (answer.token) setState({ ...getState(), token: answer.token });
}
build();
openLogin();
