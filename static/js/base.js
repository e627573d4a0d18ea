/** What every page does: say when there is no signal, keep a form from being sent twice, tell the server the zone, offer undo. */
import "./offline.js";
import "./once.js";
import "./zone.js";
import "./undo.js";
