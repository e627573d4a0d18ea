/** Picks this device's time zone in the sign-up form and puts the long list away until it is asked for. */
const select = document.querySelector("select[name=zone]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (select) {
  if (select.hasAttribute("data-zone-here") && [...select.options].some((option) => option.value === here)) select.value = here;
  const field = select.closest(".field");
  if (field && !field.classList.contains("field-wrong") && select.value === here) {
    const line = document.createElement("p");
    line.className = "zone-line small";
    const change = document.createElement("button");
    change.type = "button";
    change.className = "link-button";
    change.textContent = "Change";
    line.append(`Your time zone: ${select.selectedOptions[0].textContent}. `, change);
    field.hidden = true;
    field.before(line);
    change.addEventListener("click", () => {
      line.remove();
      field.hidden = false;
      select.focus();
    });
  }
}
