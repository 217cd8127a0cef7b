
// -- a message that is there already

function key(name) { return name.toLowerCase().replace(/[_\- ]/g, ""); }
const CANONICAL = {};
for (const [canonical, names] of Object.entries(TABLES.aliases)) for (const name of names) CANONICAL[key(name)] = canonical;
const SECRETS = ["token", "secret", "passphrase"];
// What decides nothing of the order: the form has no place for it, and a message may keep it.
const MERE_TEXT = ["alert_message", "custom_fields", "bar_time"];
const POSITIONS = ["market_position", "market_position_size", "prev_market_position", "prev_market_position_size"];

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

// The states that the form shows, null where it can show none; what is wrong with the message, and
// what it has that the form leaves out.
function readMessage(text) {
  const { parsed, fault } = objectOf(text);
  if (fault) return { states: null, faults: [fault], notes: [] };
  const faults = repeatedIn(text).map((name) => `${name} stands in it twice: the bridge takes neither.`);
  const said = sorted(parsed, faults, "");
  faults.push(...unknownPlaceholders(text));
  const legs = said.orders === undefined ? null : legsOf(said, parsed, faults);
  const states = legs || [stateOf(said, faults, "", true)];
  if (states.includes(null) || !states.length) return { states: null, faults, notes: [] };
  for (const state of states) for (const name of OF_THE_ALERT) state[name] = FLAGS.includes(name) ? isYes(said[name]) : said[name] || "";
  if (!said.token) faults.push("No token: without a proof nothing is traded.");
  if (!said.fired_at) faults.push('No fired_at: add "fired_at": "{{timenow}}", by which an old alert is refused.');
  const notes = MERE_TEXT.filter((name) => name in said)
    .map((name) => `${name} decides nothing: the form does not show it, and it may stay in your message.`);
  return { states, faults, notes };
}

function objectOf(text) {
  let parsed;
  // A number stays as it is written: none is rounded on the way into the form.
  const asWritten = (_, value, context) => (typeof value === "number" && context ? context.source : value);
  try { parsed = JSON.parse(text, asWritten); } catch (error) {
    const quotes = /[\u201c\u201d\u2018\u2019]/.test(text) ? " It has typographic quotes: write plain ones." : "";
    return { fault: `This is no JSON: ${error.message}.${quotes} If it is another tool's text, the bridge may take it as it is.` };
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return { fault: "The message must be one JSON object, in braces." };
  return { parsed };
}

// Names that stand twice in one object: JSON.parse takes the last, and the bridge refuses them.
function repeatedIn(text) {
  const open = [], twice = new Set();
  for (const [token, string] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (string && open.length) {
      const name = JSON.parse(string);
      if (open.at(-1).has(name)) twice.add(name);
      open.at(-1).add(name);
    }
  }
  return [...twice];
}

function unknownPlaceholders(text) {
  const names = [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([, name]) => name);
  const known = (name) => name in TABLES.placeholders || ["time", "timenow"].includes(name) || /^plot(_\d+|\(.*\))$/.test(name);
  return [...new Set(names.filter((name) => !known(name)))].map((name) => `{{${name}}}: TradingView fills in nothing of that name, and the bridge refuses it.`);
}

// By canonical name, as text or flag; ``place`` stands before what is said of a leg.
function sorted(parsed, faults, place) {
  const said = {};
  const isAnothers = Object.keys(parsed).filter((name) => TABLES.marks.includes(name));
  if (isAnothers.length) faults.push(`${place}${isAnothers.join(", ")}: this looks like another tool's message. The bridge may take it as it is; try it, or see what explain says of it.`);
  for (const [name, value] of Object.entries(parsed)) {
    const canonical = SECRETS.includes(key(name)) ? "token" : CANONICAL[key(name)];
    if (canonical === undefined) {
      if (TABLES.context.includes(key(name)) || key(name).startsWith("syminfo") || key(name).startsWith("plot")) continue;
      const near = nearest(name);
      faults.push(place + (near ? `${name} is no field of the bridge's: did you mean ${near}?`
        : `${name} is no field of the bridge's. If it speaks of an order the alert is refused; what is only for you goes into custom_fields.`));
    } else if (value !== null && value !== "") {
      const given = typeof value === "object" || typeof value === "boolean" ? value : String(value).trim();
      if (canonical in said && String(said[canonical]) !== String(given)) faults.push(`${place}${name} says ${canonical} a second time, and something else.`);
      if (canonical === "token" && "token" in said) faults.push(`${place}${name}: one proof is enough, and the bridge takes no second one.`);
      said[canonical] = given;
    }
  }
  return said;
}
function isYes(value) { return value === true || String(value).toLowerCase() === "true"; }

function legsOf(said, parsed, faults) {
  if (!Array.isArray(said.orders) || !said.orders.length || said.orders.length > TABLES.most_legs) {
    faults.push(`orders must be a list of 1 to ${TABLES.most_legs} orders.`);
    return [];
  }
  for (const name of Object.keys(said)) {
    if (name !== "token" && !TABLES.beside_legs.includes(name)) faults.push(`${name} belongs into the orders: beside them only symbol may stand, for all of them.`);
  }
  return said.orders.map((leg, at) => {
    const place = `orders[${at}]: `;
    if (leg === null || typeof leg !== "object" || Array.isArray(leg)) { faults.push(`${place}must be a JSON object.`); return null; }
    const own = sorted(leg, faults, place);
    for (const name of ["token", "id", "fired_at", "validate", "strategy_name", "confirm_fill", "orders"]) {
      if (name in own) { faults.push(`${place}${name} belongs to the alert.`); delete own[name]; }
    }
    const needsPair = own.scope !== "all" && !Object.keys(WHICH).some((name) => name in own);
    if (own.symbol === undefined && said.symbol !== undefined && needsPair) own.symbol = said.symbol;
    return stateOf(own, faults, place, false);
  });
}

function stateOf(said, faults, place, implied) {
  const fault = (text) => { faults.push(place + text); };
  const state = Object.fromEntries(Object.keys(LABELS).map((name) => [name, FLAGS.includes(name) ? false : ""]));
  state.action = actionOf(said, fault, implied);
  if (state.action === null) return null;
  for (const [name, value] of Object.entries(said)) {
    if (["action", "side", "scope", "orders"].includes(name) || !(name in LABELS) || typeof value === "object") continue;
    if (FLAGS.includes(name)) state[name] = isYes(value);
    else if (name === "order_type") state[name] = String(value).toLowerCase().replace(/[_ ]/g, "-");
    else if (name === "quantity_type") state[name] = TABLES.quantity_types[key(String(value))] || String(value);
    else if (name === "time_in_force") state[name] = String(value).toUpperCase().replace("GTC", "");
    else if (["trigger_by", "self_trade", "market_position"].includes(name)) state[name] = String(value).toLowerCase().replace(/^last$/, "");
    else if (name === "fee_currency") state[name] = { fcib: "base", fciq: "quote" }[value] || String(value).toLowerCase();
    else state[name] = String(value);
  }
  if (state.action === "cancel" || state.action === "amend") readWhich(said, state, fault);
  if (state.action === "close" && said.scope) fault("scope: the form can't show a close of every position, and writes one of a pair.");
  if (["pause", "resume"].includes(state.action)) state.paused = (said.scope || "strategy").toLowerCase();
  if (state.expires && !state.time_in_force) state.time_in_force = "GTD";
  if (state.action === "close" && state.volume && state.quantity_type === "percent_position" && !state.percent) {
    state.percent = state.volume.replace(/%$/, "");
    delete said.volume; delete said.quantity_type; state.volume = ""; state.quantity_type = "";
  }
  return checked(state, said, fault);
}

// null where the message is of no action at all.
function actionOf(said, fault, implied) {
  const word = said.action === undefined ? undefined : TABLES.actions[String(said.action).toLowerCase().replace(/[- ]/g, "_")];
  const isScripts = said.action === "{{strategy.order.action}}";
  if (said.action !== undefined && word === undefined && !isScripts) fault(`action ${said.action} is none: ${Object.keys(CHOICES.action).filter((name) => name !== "strategy").join(", ")}`);
  const sides = { buy: "buy", sell: "sell", "{{strategy.order.action}}": "strategy" };
  const side = said.side === undefined ? undefined : sides[String(said.side).toLowerCase()];
  if (said.side !== undefined && side === undefined) fault(`side must be buy or sell, not ${said.side}`);
  if (isOrder({ action: word }) && side !== undefined && side !== word) fault(`action ${word} and side ${said.side} say two things.`);
  if (word !== undefined) return word;
  if (isScripts || side !== undefined) return side || "strategy";
  if (implied && said.action === undefined && said.side === undefined && said.market_position !== undefined) return "target";
  if (said.action === undefined && said.side === undefined) fault("Neither side nor action: the bridge would not know what to do.");
  return "strategy";
}

function readWhich(said, state, fault) {
  const ids = Object.keys(WHICH).filter((name) => said[name] !== undefined);
  if (ids.length > 1) fault(`${ids.join(" and ")} each name the order: one of them is enough.`);
  state.scope = ids.length && state.action === "cancel" ? "one" : String(said.scope || "symbol").toLowerCase();
  if (state.scope === "symbol" && !said.symbol && state.action === "cancel") fault("scope or symbol is missing: which orders are canceled?");
  [state.which] = ids;
  state.named = ids.length ? said[ids[0]] : "";
  if (state.action === "cancel" && state.scope !== "one") state.side = { buy: "buy", sell: "sell" }[String(said.side || "").toLowerCase()] || "";
  if (state.scope === "one" && (said.scope || said.side)) fault("scope and side do not go with the id of an order.");
  if (state.scope === "all" && (said.symbol || said.side)) fault("scope all cancels every order: symbol and side narrow it.");
}

function checked(state, said, fault) {
  for (const [name, value] of Object.entries(DEFAULTS)) if (!(name in { action: 0, symbol: 0, volume: 0, price: 0, market_position_size: 0 })) state[name] = state[name] || value;
  for (const name of Object.keys(CHOICES)) {
    if (state[name] && !(state[name] in CHOICES[name])) {
      fault(`${name} ${state[name]} is none of ${Object.keys(CHOICES[name]).filter(Boolean).join(", ")}`);
      state[name] = DEFAULTS[name] || "";
    }
  }
  const context = ["order_id", ...POSITIONS];
  for (const [name, value] of Object.entries(said)) {
    if (["action", "side", "scope", ...OF_THE_ALERT, ...Object.keys(WHICH), ...MERE_TEXT, "fired_at", "orders"].includes(name)) {
      if (name in WHICH && name !== "order_id" && !namesOne(state)) fault(`${name} does not go with the rest of this message.`);
      continue;
    }
    if (context.includes(name) && (state.action !== "target" || name.startsWith("prev"))) continue;
    if (state.action === "close" && name === "order_type" && state.order_type === "market") continue;
    if (!(name in LABELS)) fault(`${name}: the form can't show it, and writes a message without it.`);
    else if (value !== false && !(FLAGS.includes(name) && !isYes(value)) && !isOpen(name, state)) fault(`${name} does not go with the rest of this message.`);
  }
  return state;
}
