"use strict";
// Times stand in UTC; beside them those of whoever looks. The page is read again each minute, unless
// something is being typed.
for (const time of document.querySelectorAll("time")) {
  const here = new Date(time.dateTime);
  time.title = here.toLocaleString();
  if (here.getTimezoneOffset()) time.append(` (${here.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })} here)`);
}
if (document.body.dataset.again) {
  setInterval(() => {
    const typed = [...document.querySelectorAll("input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
    if (!typed && !document.hidden) location.reload();
  }, 60000);
}
