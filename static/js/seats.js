// A workshop's button adds up while friends are named: "Take 3 seats, £75".
const button = document.querySelector("[data-seat-pence]");

function pounds(pence) {
  return `£${(pence / 100).toFixed(pence % 100 ? 2 : 0)}`;
}

function show(form) {
  const seats = 1 + [...form.querySelectorAll('input[name="friend"]')].filter((field) => field.value.trim()).length;
  const pence = Number(button.dataset.seatPence) * seats;
  button.textContent = `Take ${seats === 1 ? "a seat" : `${seats} seats`}${pence ? `, ${pounds(pence)}` : ""}`;
}

if (button) {
  button.form.addEventListener("input", () => show(button.form));
  show(button.form);
}
