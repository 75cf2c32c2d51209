// The window in which somebody logged in for the editor: tells it, and closes.

import { pageData } from "../ui/find.js";

const { person, expected } = pageData("signed-in");
if (person === expected) {
  new BroadcastChannel("labeler-sessions").postMessage(person);
  window.close();
}
