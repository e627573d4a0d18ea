// Tells the page which zone the device is in. A guessed zone is replaced at once; a chosen one only gets an offer.
const line = document.querySelector("[data-zone]");
const device = Intl.DateTimeFormat().resolvedOptions().timeZone;

function address(zone) {
  const url = new URL(window.location.href);
  url.searchParams.set("zone", zone);
  return url;
}

if (line && device && device !== line.dataset.zone) {
  const option = [...document.querySelectorAll(".zone-change option")].find((each) => each.value === device);
  const sameClock = line.dataset.offset === String(-new Date().getTimezoneOffset());
  if (line.dataset.guess === "yes" && (option || device === "UTC") && document.querySelector(".zone-change")?.dataset.page === "get") {
    if (!sameClock) window.location.replace(address(device));
  } else if (!sameClock && option) {
    const offer = line.querySelector("[data-offer]");
    offer.querySelector("a").href = address(device);
    offer.querySelector("b").textContent = option.textContent;
    offer.hidden = false;
  }
}

for (const select of document.querySelectorAll(".zone-change select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
