/** The assessment sheet: Enter goes down the column, and the field that was left tells at once whether it is outside. */
const sheet = document.querySelector("#sheet");

function column(field) {
  const cell = field.closest("td");
  return [...cell.parentElement.children].indexOf(cell);
}

function below(field) {
  let row = field.closest("tr");
  const place = column(field);
  while ((row = row.nextElementSibling)) {
    const next = row.children[place]?.querySelector("input, select") ?? row.querySelector(".m-in input, .m-in select");
    if (next && !row.matches(".m-says")) return next;
  }
  return null;
}

sheet?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches(".m-in input")) return;
  event.preventDefault();
  const next = below(event.target);
  if (next) {
    next.focus();
    next.select?.();
  } else {
    event.target.blur();
  }
});

/* A button pressed while the last field is still being saved waits for that save: the sheet must not overtake itself. */
window.addEventListener("submit", (event) => {
  if (event.target !== sheet || !sheet.classList.contains("htmx-request")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const again = () => setTimeout(() => sheet.requestSubmit(event.submitter));
  sheet.addEventListener("htmx:afterRequest", again, { once: true });
}, { capture: true });

/* The server's answer says which fields are outside or cannot be; the fields themselves keep what is typed and the focus. */
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!sheet || event.detail.requestConfig.elt !== sheet) return;
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  for (const field of sheet.querySelectorAll(".m-in input, .m-in select")) {
    const told = answer.querySelector(`[name="${CSS.escape(field.name)}"]`);
    if (!told || told.value !== field.value) continue;
    for (const state of ["v-amber", "is-invalid"]) field.classList.toggle(state, told.classList.contains(state));
    field.toggleAttribute("aria-invalid", told.classList.contains("is-invalid"));
  }
});

for (const event of ["focusin", "focusout"]) {
  sheet?.addEventListener(event, ({ target }) => {
    if (target.matches(".m-in input, .m-in select")) target.closest("tr").classList.toggle("is-live", event === "focusin");
  });
}

/* A button pressed while a field still saves itself waits for that save, so that both do not write at once. */
sheet?.addEventListener("submit", (event) => {
  if (!sheet.classList.contains("htmx-request")) return;
  event.preventDefault();
  const go = document.createElement("input");
  Object.assign(go, { type: "hidden", name: "go", value: event.submitter?.value ?? "stay" });
  sheet.append(go);
  sheet.addEventListener("htmx:afterRequest", () => sheet.submit(), { once: true });
});
