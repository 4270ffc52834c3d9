// Send keys to the program from its first output on, and again when the window gets the focus back.
"use strict";
// A file is saved by a link: a window that opens by itself, seconds after a key, would be stopped.
const openWindow = window.open.bind(window);
window.open = (address, ...rest) => {
  if (!String(address).startsWith(`${location.origin}/download/`)) return openWindow(address, ...rest);
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
  return null;
};
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
