
// -- the message: ``legs`` are the orders of the alert, one or several

// What tells two firings of one second apart, and a reversal from an entry.
const CONTEXT = Object.fromEntries([["order_id", "{{strategy.order.id}}"], ["interval", "{{interval}}"],
  ...["market_position", "market_position_size", "prev_market_position", "prev_market_position_size"]
    .map((name) => [name, `{{strategy.${name}}}`])]);

function messageOf(legs) {
  const first = legs[0];
  const message = { token: first.token || "put the value of WEBHOOK_TOKEN here" };
  for (const name of ["id", "strategy_name"]) if (first[name]) message[name] = first[name];
  if (legs.length === 1) Object.assign(message, orderOf(first));
  else message.orders = legs.map(orderOf);
  for (const name of ["confirm_fill", "validate"]) if (first[name] && isOpenInAlert(name, legs)) message[name] = true;
  message.fired_at = "{{timenow}}";
  return message;
}

function orderOf(state) {
  const order = {};
  const say = (name, value = state[name], as = name) => {
    if (!isOpen(name, state) || value === "" || value === undefined || value === false) return;
    order[as] = value;
  };
  say("symbol");
  if (state.action === "strategy") order.side = "{{strategy.order.action}}";
  else if (isOrder(state)) order.side = state.action;
  else order.action = state.action;
  if (state.action === "cancel") {
    say("side");
    say("scope", { strategy: "strategy", all: "all" }[state.scope] || "");
  }
  say("named", state.named, state.which);
  say("paused", state.paused, "scope");
  if (state.action === "target") {
    say("market_position");
    say("market_position_size");
    order.prev_market_position = "{{strategy.prev_market_position}}";
    order.prev_market_position_size = "{{strategy.prev_market_position_size}}";
  }
  if (state.action === "strategy") Object.assign(order, CONTEXT);
  for (const name of ["percent", "order_type", "volume"]) say(name);
  if (order.volume && state.quantity_type !== "base") say("quantity_type");
  for (const name of ["price", "stop_price", "trail", "trail_limit", "display_volume", "trigger_by", "leverage",
    "reduce_only", "take_profit", "take_profit_limit", "stop_loss", "stop_loss_limit", "time_in_force", "expires",
    "starts", "post_only", "fee_currency", "self_trade"]) say(name);
  return order;
}

// What the form lacks, or what will bite later.
function remarksOf(legs) {
  const bad = [], warn = [];
  legs.forEach((leg, at) => {
    const found = remarksOfLeg(leg);
    const place = legs.length > 1 ? `Order ${at + 1}: ` : "";
    bad.push(...found.bad.map((text) => place + text));
    warn.push(...found.warn.map((text) => place + text));
    if (place && !TABLES.leg_actions.includes(isOrder(leg) ? "order" : leg.action)) {
      bad.push(`${place}${CHOICES.action[leg.action]} is an alert of its own: beside other orders go buy, sell, close and cancel.`);
    }
  });
  const sized = legs.filter((leg) => leg.action === "close" || (isOrder(leg) && leg.quantity_type.includes("percent")));
  if (new Set(sized.map((leg) => `${leg.symbol} ${leg.leverage}`)).size > 1) {
    warn.push("Orders whose size follows from what is held must be of one pair, and of one leverage.");
  }
  const { token, id } = legs[0];
  if (!token) warn.push("Put your token in before you paste the message into TradingView.");
  else if (!token.startsWith("tk1.")) warn.push("A plain token may do all that the bridge allows. One made for this strategy can do less.");
  if (!id) warn.push("Without an id two firings of one second whose messages are equal count as one.");
  return { bad, warn };
}

const AMOUNTS = ["volume", "percent", "market_position_size", "display_volume", "leverage"];
const PRICES = ["price", "stop_price", "take_profit", "take_profit_limit", "stop_loss", "stop_loss_limit", "trail", "trail_limit"];
function slipsOf(state) {
  const slips = [];
  for (const name of [...AMOUNTS, ...PRICES]) {
    const text = isOpen(name, state) ? state[name] : "";
    if (!text || /^\{\{.*\}\}%?$/.test(text)) continue;
    const number = PRICES.includes(name) ? text.replace(/^[+\-#]/, "").replace(/%$/, "") : text.replace(/%$/, "");
    if (!/^\d+(\.\d+)?([eE][+-]?\d{1,3})?$/.test(number)) {
      slips.push(`${LABELS[name]} ${text} is no number: the decimal sign is a point, as in 0.5, and nothing else stands in it.`);
    } else if (Number(number) === 0 && !["market_position_size", "trail_limit"].includes(name)) {
      slips.push(`${LABELS[name]} must be above zero.`);
    }
  }
  return slips;
}
function remarksOfLeg(state) {
  const bad = slipsOf(state), warn = [];
  const need = (name, why) => { if (isOpen(name, state) && !state[name]) bad.push(`${LABELS[name]} is missing: ${why}`); };
  if (!["amend", "cancel"].includes(state.action) || state.scope === "symbol") need("symbol", "which pair");
  if (namesOne(state)) need("named", "which order is meant");
  if (state.action === "amend" && !state.volume && !state.price && !state.stop_price) bad.push("Nothing changes: give a size, a price or a trigger.");
  if (state.action === "target") {
    need("market_position_size", "how much of it");
    if (!["base", "percent_equity"].includes(state.quantity_type) && isOpen("quantity_type", state)) bad.push("A target counts in the base asset, or in percent of what the account is worth.");
    if (inPercent(state) && state.market_position !== "flat") {
      need("volume", "how many percent");
      if (state.leverage) bad.push("A target in percent is for spot: leave the leverage out.");
    }
  }
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
  }
  if (isOpen("volume", state) && state.volume === "{{volume}}") bad.push("{{volume}} is the bar's volume: take {{strategy.order.contracts}} or a number.");
  if (state.action === "sell" && !state.leverage && !state.stop_loss && !state.take_profit) {
    warn.push("While a stop loss of an entry is open it holds what you want to sell, and a plain sell is refused. Close frees it first.");
  }
  if (state.action === "reverse" && !state.leverage) warn.push("Without leverage there is no short: a long position is sold, and no more.");
  if (state.action === "amend") warn.push("Kraken changes no order that has a take profit or a stop loss riding with it.");
  return { bad, warn };
}

function wordsOf(legs) {
  if (legs.length === 1) return wordsOfLeg(legs[0]);
  return [...legs.map((leg, at) => `${at + 1}. ${wordsOfLeg(leg).join(" ")}`),
    "They are sent in this order, each once the one before it was accepted."];
}
function wordsOfLeg(state) {
  const at = (price) => (price ? ` at ${price}` : "");
  const order = orderOf(state);
  const pair = state.symbol || "the pair";
  const lever = state.leverage ? ` on margin, ${state.leverage} times` : "";
  const one = `the order with ${WHICH[state.which]} ${state.named || "…"}`;
  if (state.action === "close") return [`Sells or buys back ${state.percent ? `${state.percent} % of ` : "all of "}what is held of ${pair}${lever}, at the market.`];
  if (state.action === "reverse") return [`Turns the position in ${pair} round${lever}, at the market.`];
  if (state.action === "target") {
    const size = order.quantity_type ? `with ${order.volume} % of what the account is worth` : order.market_position_size || "";
    return [`Buys or sells of ${pair} at the market until the account is ${state.market_position.startsWith("{{") ? `where the strategy is${order.quantity_type ? `, ${size}` : ""}` : `${state.market_position} ${size}`.trim()}${lever}. A repeat does nothing.`];
  }
  if (state.action === "cancel" && state.scope === "one") return [`Cancels ${one}.`];
  if (state.action === "cancel") {
    const of = state.scope === "strategy" && order.symbol ? `${CHOICES.scope.strategy} and of ${order.symbol}` : CHOICES.scope[state.scope];
    return [`Cancels the open orders ${of}${order.side ? `, ${CHOICES.side[state.side]} alone` : ""}.`];
  }
  if (state.action === "amend") {
    const changes = [["size", order.volume], ["limit", order.price], ["trigger", order.stop_price], ["shown part", order.display_volume]]
      .filter(([, value]) => value).map(([name, value]) => `${name} ${value}`);
    return [`Changes ${one}: ${changes.join(", ") || "nothing"}${order.post_only ? ", as a maker only" : ""}.`];
  }
  if (state.action === "pause") return [`Stops the alerts of ${CHOICES.paused[state.paused]}: none of them trades until one with "let the alerts go on", or the operator, ends it.`];
  if (state.action === "resume") return [`Lets the alerts of ${CHOICES.paused[state.paused]} trade again.`];
  const what = { buy: "Buys", sell: "Sells", strategy: "Buys or sells, as the script's order says," }[state.action];
  const size = state.volume ? `${state.volume} (${CHOICES.quantity_type[state.quantity_type]})` : "the strategy's configured size";
  const how = { market: "at the market", limit: `with the limit ${state.price}` }[state.order_type] || `as a ${state.order_type} order`;
  const words = [`${what} ${size} of ${pair}${lever}, ${how}.`];
  if (order.stop_price) words.push(`The order wakes up${at(order.stop_price)}.`);
  for (const name of ["take_profit", "stop_loss"]) {
    if (order[name]) words.push(`For what it fills Kraken places a ${LABELS[name].toLowerCase()}${at(order[name])}.`);
  }
  return words;
}

// alert() fills in no placeholders: what the script knows itself stands in their place.
const IN_PINE = {
  timenow: "str.tostring(timenow)", time: "str.tostring(time)", ticker: "syminfo.ticker", exchange: "syminfo.prefix",
  interval: "timeframe.period", "syminfo.currency": "syminfo.currency", "syminfo.basecurrency": "syminfo.basecurrency",
  "strategy.position_size": "str.tostring(strategy.position_size)",
  ...Object.fromEntries(["open", "high", "low", "close", "volume"].map((name) => [name, `str.tostring(${name})`])),
};
function pineOf(legs) {
  const id = legs[0].id;
  const message = JSON.stringify({ ...messageOf(legs), ...(id ? {} : { id: "ID" }) });
  const quoted = `'${message.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
  const unique = `syminfo.ticker + "/" + timeframe.period + "/" + str.tostring(time) + "/NAME"`;
  const text = quoted.replace('"id":"ID"', `"id":"' + ${unique} + '"`);
  const note = id ? "" : "// NAME: another one for each order of the script.\n";
  const exits = legs.some((leg) => ["sell", "close"].includes(leg.action));
  if (exits && legs.every((leg) => ["sell", "close", "cancel"].includes(leg.action))) return `${note}strategy.close("Long", alert_message = ${text})`;
  if (legs.some((leg) => isOrder(leg) || ["close", "target", "reverse"].includes(leg.action))) return `${note}strategy.entry("Long", strategy.long, alert_message = ${text})`;
  const own = text.replace(/\{\{([^{}]+)\}\}/g, (all, name) => (name in IN_PINE ? `' + ${IN_PINE[name]} + '` : all));
  const left = own.includes("{{") ? "// alert() fills in no placeholders: put a value of the script's in the place of each.\n" : "";
  return `${note}${left}alert(${own}, alert.freq_once_per_bar_close)`;
}
