"""The start of a coordinator: every part is opened in order, and the loop is run."""
