"""Pauses, drains and retries that an operator or a schedule orders. Pure; the ledger keeps them.

The interface, for whoever offers controls (command line, HTTP API, page, schedules):

- `fleet.control.control` has the values: a `Target`, a `Control` in force, a `LogEntry` of a change.
- `fleet.control.request.ControlRequest` is a change that somebody asks for. `fleet.ledger.controls.ControlBook.ask`
  checks it against what is in force, writes control and log in one transaction, and returns what it did.
  `ControlRefused` says in a sentence why it can't be followed, and what there is.
- `fleet.control.known.Known` says what exists; `fleet.status.control_desk.known_targets` gathers it.
- `fleet.control.in_force.Controls` answers what is paused, by which control; `fleet.control.wording` says it in words.

A running coordinator follows a change within a second; otherwise the next start does.
"""
