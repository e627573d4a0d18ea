/** A passkey that does not work is said on the page; the other ways stay open. */
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.getElementById("passkey-refused");
  if (notice) notice.hidden = false;
});
