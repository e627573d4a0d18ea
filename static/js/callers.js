/** Booking for a caller by keyboard: who fits appears as one types, Enter takes the best, and nothing typed is lost on the way. */
const WAIT = 140;
const form = () => document.querySelector("#booking");
let later = 0;
let asked = 0;

async function find() {
  const mine = (asked += 1);
  const answer = await fetch(form().dataset.who, { method: "POST", body: new FormData(form()), credentials: "same-origin" });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#found");
  if (!found || mine !== asked) return;
  document.querySelector("#found")?.replaceWith(document.adoptNode(found));
  const details = form().querySelector("details");
  if (!details || found.querySelector("button") || !found.textContent.trim()) return;
  details.open = true;
  copyOver(form().querySelector("#q").value.trim());
}

/** Nobody was found: what was typed begins the new caller's details, in the field it belongs to, unless that was typed by hand. */
function copyOver(words) {
  const place = words.includes("@") ? "email" : /\d/.test(words) ? "phone" : "name";
  for (const field of ["name", "email", "phone"].map((name) => form().elements[name])) {
    if (field.value !== (field.dataset.heard ?? "")) continue;
    field.value = field.dataset.heard = field.name === place ? words : "";
  }
}

/** Ask for the page with what is typed and put its form in place; the focus goes where the page says, or stays. */
async function turn(data, focus) {
  const answer = await fetch(form().action, { method: "POST", body: data, credentials: "same-origin" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#booking");
  if (!fresh) return form().submit();
  form().replaceWith(document.adoptNode(fresh));
  const target = focus ? document.getElementById(focus) : form().querySelector("[autofocus]");
  target?.focus();
  return target;
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(later);
  later = setTimeout(find, WAIT);
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-times]")) return;
  const data = new FormData(form());
  data.set("do", "times");
  turn(data, event.target.id);
});

document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  const deed = event.submitter?.value ?? "";
  if (deed === "book" || deed === "different") return;
  event.preventDefault();
  turn(new FormData(form(), event.submitter), deed === "find" ? "q" : null);
});

document.addEventListener("keydown", async (event) => {
  const choices = [...document.querySelectorAll("#found button")];
  const here = choices.indexOf(event.target);
  if (event.target.id === "q" && event.key === "Enter") {
    event.preventDefault();
    clearTimeout(later);
    await find();
    document.querySelector("#found button")?.click();
  } else if (event.key === "ArrowDown" && (here >= 0 || event.target.id === "q") && choices[here + 1]) {
    event.preventDefault();
    choices[here + 1].focus();
  } else if (event.key === "ArrowUp" && here >= 0) {
    event.preventDefault();
    (choices[here - 1] ?? document.querySelector("#q")).focus();
  } else if (event.key === "Enter" && event.target.matches("#booking input:not([id=q])")) {
    event.preventDefault();
    form().requestSubmit(form().querySelector(".btn-primary"));
  }
});
