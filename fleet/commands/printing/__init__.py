"""What several commands print: tables for people and for spreadsheets, and the screen of `fleet status`."""
