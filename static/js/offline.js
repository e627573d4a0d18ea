/** Shows the line on top while the device has no signal, and holds back what needs one (`data-needs-signal`). */
const line = document.getElementById("offline");

function show() {
  const gone = navigator.onLine === false;
  if (line) line.hidden = !gone;
  for (const control of document.querySelectorAll("[data-needs-signal]")) control.disabled = gone;
}

addEventListener("online", show);
addEventListener("offline", show);
show();
