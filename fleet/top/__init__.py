"""The full-screen view of `fleet top`. Needs Textual, the extra `top`."""
