// Keeps a screen live, when something on it moves. Everything it shows was written
// by the server: without this module the page is the same and reloads itself.

const silence = 20_000; // the server says something at least every 15 s

let stream, watch;
const paused = new Set(); // regions that somebody reads

const lost = (yes) => {
  document.body.toggleAttribute("data-lost", yes);
  document.getElementById("lost").hidden = !yes;
};

const heard = () => {
  lost(false);
  clearTimeout(watch);
  watch = setTimeout(lost, silence, true);
};

const patch = ({ data }) => {
  heard();
  for (const [name, html] of Object.entries(JSON.parse(data))) {
    const region = document.querySelector(`[data-live="${CSS.escape(name)}"]`);
    if (!region) return location.reload(); // a meter was added
    if (!paused.has(name)) region.innerHTML = html;
  }
};

const open = () => {
  stream = new EventSource(document.body.dataset.events);
  stream.addEventListener("hello", ({ data }) => {
    if (data !== document.body.dataset.build) location.reload(); // the device was updated
    heard();
  });
  stream.addEventListener("patch", patch);
  stream.addEventListener("beat", heard);
  stream.addEventListener("error", () => {
    lost(true);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10_000);
  });
};

// What the server computes from the past is asked for again now and then.
const refresh = async () => {
  if (document.hidden || !document.querySelector("[data-refresh]")) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const same = fresh.querySelector(`[data-refresh="${CSS.escape(part.dataset.refresh)}"]`);
    if (same) part.replaceChildren(...same.childNodes);
  }
  document.dispatchEvent(new Event("refreshed"));
};
setInterval(refresh, 300_000);

// A page nobody looks at asks nothing of the device.
document.addEventListener("visibilitychange", () => {
  if (!document.body.dataset.events) return;
  if (document.hidden) {
    stream?.close();
    clearTimeout(watch);
  } else if (!stream || stream.readyState === EventSource.CLOSED) {
    open();
  }
});

if (document.body.dataset.events && !document.hidden) open();

// Buttons that need this module are hidden without it.
for (const button of document.querySelectorAll("[data-pause], [data-copy]")) button.hidden = false;

document.addEventListener("click", ({ target }) => {
  const pause = target.closest("[data-pause]");
  if (pause) {
    const name = pause.dataset.pause;
    if (!paused.delete(name)) paused.add(name);
    pause.setAttribute("aria-pressed", paused.has(name));
  }
  const copy = target.closest("[data-copy]");
  if (copy) {
    const text = document.getElementById(copy.dataset.copy);
    text.closest("details").open = true; // what is not shown cannot be selected
    text.select();
    document.execCommand("copy"); // navigator.clipboard is for https alone
    copy.textContent = copy.dataset.copied;
  }
});
// A screen on a wall is given its code behind the # of the address, which no server is told.
const entry = document.querySelector("[data-token] form");
if (entry && location.hash.length > 1) {
  entry.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  entry.submit();
}
