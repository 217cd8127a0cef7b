
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
  document.getElementById("action").addEventListener("change", leaveOutDefaults);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("add").addEventListener("click", () => setLegs([...getLegs(), { ...DEFAULTS, action: "close" }], legs.length));
  document.getElementById("remove").addEventListener("click", () => setLegs(getLegs().filter((_, at) => at !== shown), Math.max(0, shown - 1)));
  document.getElementById("copy").addEventListener("click", copy);
  document.getElementById("read").addEventListener("click", readIn);
  setState({ ...DEFAULTS });
}
// An amendment says what changes: the script's own size and price are not what is meant.
function leaveOutDefaults() {
  for (const name of ["volume", "price"]) {
    const field = document.getElementById(name);
    if (document.getElementById("action").value === "amend" && field.value === DEFAULTS[name]) field.value = "";
    else if (field.value === "") field.value = DEFAULTS[name];
  }
  show();
}

// The orders of the alert, of which the form shows one. What is of the alert is the same in all.
let legs = [{}], shown = 0;
function getState() {
  return Object.fromEntries(Object.keys(LABELS).map((name) => {
    const field = document.getElementById(name);
    return [name, FLAGS.includes(name) ? field.checked : field.value.trim()];
  }));
}
function getLegs() {
  const state = getState();
  const ofTheAlert = Object.fromEntries(OF_THE_ALERT.map((name) => [name, state[name]]));
  return legs.map((leg, at) => (at === shown ? state : { ...leg, ...ofTheAlert }));
}
function setState(state) { setLegs([state]); }
function setLegs(states, at = 0) {
  const ofTheAlert = Object.fromEntries(OF_THE_ALERT.map((name) => [name, states[0][name] || ""]));
  legs = states.map((state) => ({ ...state, ...ofTheAlert }));
  shown = at;
  const state = legs[shown];
  for (const name of Object.keys(LABELS)) {
    const field = document.getElementById(name);
    if (FLAGS.includes(name)) field.checked = Boolean(state[name]);
    else field.value = state[name] || (name in CHOICES ? DEFAULTS[name] || Object.keys(CHOICES[name])[0] : "");
  }
  show();
}
function showLegs(all) {
  const choose = all.map((leg, at) => {
    const button = element("button", { type: "button", "aria-pressed": String(at === shown) }, `Order ${at + 1}`);
    button.addEventListener("click", () => setLegs(getLegs(), at));
    return button;
  });
  document.getElementById("legs").replaceChildren(...(all.length > 1 ? choose : []));
  document.getElementById("remove").hidden = all.length < 2;
  document.getElementById("add").hidden = all.length >= TABLES.most_legs;
}
function list(id, rows) {
  document.getElementById(id).replaceChildren(...rows.map(([text, kind]) => element("li", kind ? { class: kind } : {}, text)));
}
function show() {
  const all = getLegs();
  for (const field of document.querySelectorAll("[data-field]")) {
    const name = field.dataset.field;
    field.hidden = !(OF_THE_ALERT.includes(name) ? isOpenInAlert(name, all) : isOpen(name, all[shown]));
  }
  showLegs(all);
  const { bad, warn } = remarksOf(all);
  list("words", [...wordsOf(all).map((text) => [text]), ...bad.map((text) => [text, "bad"]), ...warn.map((text) => [text, "warn"])]);
  document.getElementById("message").value = JSON.stringify(messageOf(all), null, 2);
  document.getElementById("pine").textContent = pineOf(all);
  list("dialog", [["Condition: your strategy, order fills only (an indicator: once per bar close)."],
    ["Message: the text above; or, where the script sends it, nothing but {{strategy.order.alert_message}}."],
    [`Notifications, webhook URL: ${isServed() ? location.origin : "https://YOUR-FUNCTION-URL"}/webhook/tradingview`]]);
  document.getElementById("copied").textContent = "";
}
async function copy() {
  const message = document.getElementById("message");
  message.select();
  try { await navigator.clipboard.writeText(message.value); } catch { document.execCommand("copy"); }
  document.getElementById("copied").textContent = "Copied.";
}
function readIn() {
  const { states, faults, notes } = readMessage(document.getElementById("existing").value);
  if (states) setLegs(states);
  if (states) faults.push(...remarksOf(getLegs()).bad);
  const good = states && !faults.length ? ["Read: nothing is wrong with it that this page can see."] : [];
  list("faults", [...faults.map((text) => [text, "bad"]), ...[...good, ...notes].map((text) => [text])]);
}

// -- with the operator's login: the server signs tokens, and tries the message; from disk there is none

let proof = "";
function isServed() { return location.protocol.startsWith("http"); }
async function openLogin() {
  if (!isServed()) return;
  const session = await (await fetch("/operator/compose")).json().catch(() => ({}));
  if (!session.proof) return;
  proof = session.proof;
  document.getElementById("with-login").hidden = false;
  document.getElementById("mints").hidden = !session.mints;
  document.getElementById("mint-expires").value = session.expires;
  document.getElementById("try").addEventListener("click", () => tryIt("message", "tried"));
  document.getElementById("as-it-is").hidden = false;
  document.getElementById("try-existing").addEventListener("click", () => tryIt("existing", "tried-existing"));
  document.getElementById("mint").addEventListener("click", mint);
}
function filled(text) {
  const now = new Date().toISOString().replace(/\.\d+/, "");
  return text.replace(/\{\{([^{}]+)\}\}/g, (all, name) => (name === "timenow" ? now : TABLES.placeholders[name] ?? all));
}
async function tryIt(from, to) {
  const body = filled(document.getElementById(from).value);
  const answer = await fetch("/webhook/tradingview/validate", { method: "POST", body, credentials: "omit" });
  const said = await answer.json();
  const orders = (said.orders || []).filter((order) => order.request)
    .map((order) => [Object.entries(order.request).map(([name, value]) => `${name}=${value}`).join(", ")]);
  list(to, [[`${answer.status} ${said.code}: ${said.error || said.message}`, answer.ok ? "" : "bad"], ...orders,
    ...(said.warnings || []).map((text) => [text, "warn"])]);
}
async function mint() {
  const said = (id) => document.getElementById(id).value.trim();
  const body = new URLSearchParams({ proof, strategy: said("strategy_name"), expires: said("mint-expires"),
    pairs: said("mint-pairs"), max_cost: said("mint-cost") });
  const answer = await (await fetch("/operator/compose/token", { method: "POST", body })).json();
  document.getElementById("minted").textContent = answer.token ? "It is in the message now." : answer.error || answer.message;
  if (answer.token) { document.getElementById("token").value = answer.token; show(); }
}
build();
openLogin();
