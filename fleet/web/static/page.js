// Keeps the parts of a page that are marked data-live up to date: asks for the same page again and takes over what differs.
"use strict";

const EVERY_MS = 3000;
const PATIENCE_MS = 15000;
const LATE_MS = 10000;

const connection = document.getElementById("connection");
let failed = false;
let seenAt = Date.now();
let asking = false;

// What the server answers in place of a page.
class Refused extends Error {
  constructor(status) {
    super(`the farm answers ${status}`);
    this.status = status;
  }
}

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

// The addresses of script and style hold digests of their content: others mean that another release runs now.
function releaseOf(page) {
  return [...page.querySelectorAll("script[src], link[rel=stylesheet]")]
    .map((node) => node.getAttribute("src") || node.getAttribute("href"))
    .join(" ");
}

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Refused(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (releaseOf(fresh) !== releaseOf(document)) {
    location.reload();
    return;
  }
  for (const old of document.querySelectorAll("[data-live]")) {
    const part = fresh.getElementById(old.id);
    if (part) takeOver(old, part);
  }
}

async function update() {
  if (document.hidden || asking) return;
  asking = true;
  // after a night's sleep, the figures are those of the evening until an answer comes
  if (!failed && Date.now() - seenAt > LATE_MS) say("The figures below are old. Asking for new ones.");
  try {
    await refresh();
    seenAt = Date.now();
    failed = false;
    say("");
  } catch (error) {
    failed = true;
    const what = error instanceof Refused ? `answers ${error.status}` : "does not answer";
    const at = document.getElementById("at");
    say(`The coordinator ${what}. The figures below are ${at ? `of ${at.textContent} (${at.dataset.zone})` : "old"}.`);
  }
  asking = false;
}

async function turn() {
  await update();
  setTimeout(turn, EVERY_MS);
}

setTimeout(turn, EVERY_MS);
document.addEventListener("visibilitychange", update);
