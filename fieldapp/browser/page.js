// Send keys to the program from its first output on, and again when the window gets the focus back.
"use strict";
function take() {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys !== null) keys.focus();
}
window.addEventListener("focus", take);
window.addEventListener("DOMContentLoaded", () => {
  const seen = new MutationObserver(() => {
    if (document.body.classList.contains("-first-byte")) {
      seen.disconnect();
      take();
    }
  });
  seen.observe(document.body, { attributes: true, attributeFilter: ["class"] });
});
