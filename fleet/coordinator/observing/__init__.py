"""The observers of the loop: snapshot, health, metrics, traces and alerts, and the thread that serves them."""
