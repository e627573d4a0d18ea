/** Tells the server this device's time zone, so that a visitor reads times in their own. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}
for (const field of document.querySelectorAll("[data-zone-guess]")) {
  if (zone && !field.value) field.value = zone;
}
