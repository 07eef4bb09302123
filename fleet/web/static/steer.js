// Sends orders to the farm's API, with the token that this tab keeps until it is closed.
"use strict";

const KEPT = "fleet-token";
const order = document.getElementById("order");
const outcome = document.getElementById("outcome");
const token = document.getElementById("token");

token.value = sessionStorage.getItem(KEPT) || "";

function tell(text, failed) {
  outcome.textContent = text;
  outcome.classList.toggle("failed", failed);
}

async function send(change, fields) {
  if (!token.value.trim()) {
    tell("A token with scope control is needed.", true);
    token.focus();
    return;
  }
  sessionStorage.setItem(KEPT, token.value.trim());
  tell("Sending …", false);
  try {
    const answer = await fetch(`/api/v1/${change}`, {
      method: "POST",
      credentials: "omit",
      headers: { Authorization: `Bearer ${token.value.trim()}`, "Content-Type": "application/json" },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(15000),
    });
    const said = await answer.json();
    tell(answer.ok ? said.text.join(" ") : said.error, !answer.ok);
    if (answer.status === 401 || answer.status === 403) sessionStorage.removeItem(KEPT);
    if (answer.ok) refresh().catch(() => {});
  } catch {
    tell("The coordinator does not answer. Whether it followed the order is shown above once it does.", true);
  }
}

order.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(order);
  const fields = { kind: given.get("kind"), name: given.get("name").trim(), reason: given.get("reason").trim() };
  const end = given.get("for").trim();
  if (end) fields[end.includes(":") ? "until" : "for"] = end;
  send(given.get("change"), fields);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-resume]");
  if (button) send("resume", { kind: button.dataset.kind, name: button.dataset.name });
});
