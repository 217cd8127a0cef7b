"use strict";
// What the bridge's own parser knows, put here when the page is made.
const TABLES = /* TABLES */ null;

// The fields of one order of the alert, and those of the alert that has it. ``which``, ``named`` and
// ``paused`` are the form's own: in the message they stand under the names of the parser.
const LABELS = {
  action: "Do what", side: "Side", scope: "Which orders", which: "Named by", named: "The order",
  paused: "What stops", symbol: "Symbol", order_type: "Order type", price: "Price",
  stop_price: "Trigger", trail: "Trailing distance", trail_limit: "Limit from the trigger",
  display_volume: "Shown of it", quantity_type: "The size counts", volume: "Size", percent: "Percent of it",
  leverage: "Leverage", reduce_only: "Only reduce", take_profit: "Take profit", take_profit_limit: "Its limit",
  stop_loss: "Stop loss", stop_loss_limit: "The stop's limit",
  market_position: "Be", market_position_size: "Of this size",
  time_in_force: "How long", expires: "Expires", starts: "Starts", post_only: "Only as a maker",
  trigger_by: "Triggered by", fee_currency: "Fee in", self_trade: "Against own orders",
  confirm_fill: "Tell the fill", validate: "Only check it", strategy_name: "Strategy", token: "Token", id: "Unique id",
};
const OF_THE_ALERT = ["token", "strategy_name", "id", "confirm_fill", "validate"];
const HINTS = {
  token: "The value of WEBHOOK_TOKEN, or a token made for this strategy.",
  id: "Leave it empty in a plain alert. In a script: one that no other firing has.",
  price: "The limit where the type has one. Elsewhere only a reference, never sent to Kraken.",
  volume: "{{strategy.order.contracts}} is the script's own size. {{volume}} is the bar's volume, not yours.",
  stop_loss: "A price (55000) or a distance (2%). Kraken places it for what the entry fills.",
  take_profit: "A price (65000) or a distance (3%). An entry has one of the two exits.",
  stop_loss_limit: "Empty: it sells at the market once it is triggered.",
  take_profit_limit: "Empty: it sells at the market once it is triggered.",
  trail: "2% or 150, without a sign.",
  trail_limit: "With its sign: -50, +0.5% or +0.",
  expires: "+3600 is an hour from now; or a time with its zone.",
  starts: "Empty is at once; +3600 is in an hour.",
  symbol: "{{ticker}} is the chart's. It must be a pair of Kraken's.",
  named: "The id of the alert that placed it; Kraken's own id begins with an O.",
  validate: "Planned and checked by Kraken; nothing is traded.",
};
const GROUPS = {
  "The alert": ["action", "scope", "which", "named", "paused", "side", "symbol"],
  "Size": ["percent", "market_position", "market_position_size", "quantity_type", "volume", "leverage", "reduce_only"],
  "Order": ["order_type", "price", "stop_price", "trail", "trail_limit", "display_volume", "trigger_by"],
  "Exit that rides with it": ["take_profit", "take_profit_limit", "stop_loss", "stop_loss_limit"],
  "Terms": ["time_in_force", "expires", "starts", "post_only", "fee_currency", "self_trade"],
  "Who sends it": ["token", "strategy_name", "id", "confirm_fill", "validate"],
};
const FLAGS = ["reduce_only", "post_only", "confirm_fill", "validate"];
const ORDERS = ["buy", "sell", "strategy"];
const WHICH = { of_alert: "the id of its alert", order_id: "Kraken's order id", client_order_id: "its client order id" };
const CHOICES = {
  action: {
    buy: "buy", sell: "sell", strategy: "buy or sell, as the script says", close: "close the position",
    reverse: "turn the position round", target: "go to the script's position", cancel: "cancel open orders",
    amend: "change an open order", pause: "stop the alerts", resume: "let the alerts go on",
  },
  side: { "": "both", buy: "buys", sell: "sells" },
  order_type: same(Object.keys(TABLES.order_types)),
  quantity_type: {
    base: "the base asset", quote: "money (the quote currency)", percent_balance: "percent of what is free",
    percent_equity: "percent of what the account is worth", percent_position: "percent of the position",
    risk_percent: "percent of the account that the stop loss may lose",
  },
  market_position: { "{{strategy.market_position}}": "where the script is", long: "long", short: "short", flat: "flat" },
  scope: { symbol: "of this pair", strategy: "of this strategy", all: "all that the token may touch", one: "one order" },
  which: WHICH,
  paused: { strategy: "this strategy", all: "all of the account" },
  time_in_force: { "": "until canceled", GTD: "until it expires", IOC: "fill at once what can be", FOK: "all at once or nothing" },
  trigger_by: { "": "the last price", index: "the index" },
  fee_currency: { "": "as Kraken likes", base: "the base asset", quote: "the quote currency" },
  self_trade: { "": "as Kraken likes", ...same(TABLES.words.self_trade) },
};
const DEFAULTS = {
  action: "strategy", symbol: "{{ticker}}", order_type: "market", quantity_type: "base",
  volume: "{{strategy.order.contracts}}", price: "{{strategy.order.price}}", scope: "symbol",
  market_position: "{{strategy.market_position}}", market_position_size: "{{strategy.market_position_size}}",
  which: "of_alert", paused: "strategy",
};

function same(names) { return Object.fromEntries(names.map((name) => [name, name])); }
function kindOf(state) { return TABLES.order_types[state.order_type] || TABLES.order_types.market; }
function isOrder(state) { return ORDERS.includes(state.action); }
function namesOne(state) { return state.action === "amend" || (state.action === "cancel" && state.scope === "one"); }
function inPercent(state) { return state.action === "target" && state.quantity_type === "percent_equity"; }

// Which fields the choices leave open; what is hidden is not sent. The action decides first.
const OPEN = {
  scope: (s) => s.action === "cancel",
  which: namesOne,
  named: namesOne,
  paused: (s) => ["pause", "resume"].includes(s.action),
  side: (s) => s.action === "cancel" && ["symbol", "strategy"].includes(s.scope),
  symbol: (s) => s.action !== "cancel" || ["symbol", "strategy"].includes(s.scope),
  market_position: (s) => s.action === "target",
  market_position_size: (s) => s.action === "target" && s.market_position !== "flat" && !inPercent(s),
  quantity_type: (s) => isOrder(s) || (s.action === "target" && s.market_position !== "flat"),
  volume: (s) => isOrder(s) || ["reverse", "amend"].includes(s.action) || (inPercent(s) && s.market_position !== "flat"),
  reduce_only: (s) => Boolean(s.leverage),
  order_type: isOrder,
  stop_price: (s) => s.action === "amend" || kindOf(s).trigger,
  trail: (s) => kindOf(s).trail,
  trail_limit: (s) => kindOf(s).trail_limit,
  display_volume: (s) => s.action === "amend" || kindOf(s).display,
  trigger_by: (s) => kindOf(s).trigger || kindOf(s).trail,
  take_profit: (s) => !s.stop_loss && !s.reduce_only && s.quantity_type !== "risk_percent",
  take_profit_limit: (s) => isOpen("take_profit", s) && Boolean(s.take_profit),
  stop_loss: (s) => !(isOpen("take_profit", s) && s.take_profit) && !s.reduce_only,
  stop_loss_limit: (s) => isOpen("stop_loss", s) && Boolean(s.stop_loss),
  expires: (s) => s.time_in_force === "GTD",
  post_only: (s) => s.action === "amend" || (s.order_type === "limit" && !["IOC", "FOK"].includes(s.time_in_force)),
  confirm_fill: (s) => !["cancel", "amend", "pause", "resume"].includes(s.action),
  validate: (s) => !["pause", "resume"].includes(s.action),
};
const OF_THE_FORM = { which: ["cancel", "amend"], named: ["cancel", "amend"], paused: ["pause", "resume"] };
function goes(name, action) {
  if (name in OF_THE_FORM) return OF_THE_FORM[name].includes(action);
  if (name === "token" || TABLES.everywhere.includes(name)) return true;
  return isOrder({ action }) ? !TABLES.not_with_an_order.includes(name) : TABLES.goes_with[action].includes(name);
}
function isOpen(name, state) { return goes(name, state.action) && (!OPEN[name] || OPEN[name](state)); }
function isOpenInAlert(name, legs) { return legs.some((leg) => isOpen(name, leg)); }
