// Pages of free times: a zone nobody chose gives way to the device's at once; a chosen one only gets an offer.
// Without script the select under "Change zone" does the same.
const line = document.querySelector("[data-zone]");
const device = Intl.DateTimeFormat().resolvedOptions().timeZone;

function address(zone) {
  const url = new URL(window.location.href);
  url.searchParams.set("zone", zone);
  return url;
}

if (line && device && device !== line.dataset.zone && Number(line.dataset.offset) !== -new Date().getTimezoneOffset()) {
  const known = [...document.querySelectorAll(".zone-change option")].find((option) => option.value === device);
  const offer = line.querySelector("[data-offer]");
  if (known && line.dataset.guess === "yes") {
    window.location.replace(address(device));
  } else if (known) {
    offer.querySelector("a").href = address(device);
    offer.querySelector("b").textContent = known.textContent;
    offer.hidden = false;
  }
}
