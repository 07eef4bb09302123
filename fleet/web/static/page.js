// Keeps the parts of a page that are marked data-live up to date: asks for the same page again and takes over what differs.
"use strict";

const EVERY_MS = 3000;
const PATIENCE_MS = 15000;

const connection = document.getElementById("connection");
let failedSince = null;

// Make `old` equal to `fresh` without replacing what is equal already, so that focus, selection and open details stay.
function takeOver(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.adoptNode(fresh));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  takeOverChildren(old, [...fresh.childNodes]);
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;
}

function takeOverChildren(old, fresh) {
  const keyed = new Map([...old.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  let place = old.firstChild;
  for (const next of fresh) {
    const known = keyed.get(keyOf(next));
    if (known && known !== place) old.insertBefore(known, place);
    const target = known || place;
    if (!target || (!known && keyOf(target))) {
      old.insertBefore(document.adoptNode(next), place);
      continue;
    }
    place = target.nextSibling;
    takeOver(target, next);
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function say(text) {
  if (connection.textContent !== text) connection.textContent = text;
  connection.hidden = text === "";
  document.body.classList.toggle("stale", text !== "");
}

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`the farm answers ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const part = fresh.getElementById(old.id);
    if (part) takeOver(old, part);
  }
}

async function turn() {
  if (!document.hidden) {
    try {
      await refresh();
      failedSince = null;
      say("");
    } catch {
      failedSince = failedSince || new Date().toISOString().slice(11, 19);
      say(`The coordinator does not answer since ${failedSince} UTC. The figures below are old.`);
    }
  }
  setTimeout(turn, EVERY_MS);
}

setTimeout(turn, EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh().catch(() => {});
});
