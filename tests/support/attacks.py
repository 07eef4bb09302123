"""Texts that a hostile server or worker might send: markup, control characters, formulas, templates, false labels."""

from __future__ import annotations

ATTACKS = {
    "script": "</td></title></textarea><script>alert(1)</script>",
    "handler": "<img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "end of an attribute": '"\' autofocus onfocus=alert(1) x="',
    "entity": "&lt;script&gt;&#60;b&#62;&amp;",
    "comment": "<!-- --!> ]]> <![CDATA[",
    "address": "javascript:alert(1)",
    "template": "{{ 7 * 7 }}{% raw %}${7*7}#{7}",
    "console markup": "[bold red]x[/bold red][link=file:///etc/passwd]y[/link] \\[",
    "cleared screen": "\x1b[2J\x1b[1;1H",
    "title of a window": "\x1b]0;owned\x07",
    "eight-bit control": "\x9b31m\x9d0;owned\x9c",
    "other lines": "\r\n[OK]     all is well\n",
    "lines of Unicode": "a\u2028b\u2029c\x85d",
    "turned direction": "\u202e\u2066gnp.exe",
    "end of a string of C": "\x00",
    "bell and backspaces": "\x07\x08\x08\x08",
    "false label": 'a"} 1\nneonet_ledger_nnet 9\nx{y="',
    "backslash": "\\",
    "formula": '=HYPERLINK("http://127.0.0.1")',
    "cells": 'a",=1+1,"b;c\td',
    "path": "../../../../etc/passwd%00",
    "format": "%s%n%(a)s{0.__class__}",
    "statement": "'; DROP TABLE entries; --",
    "tags that nobody sees": "a\U000e0041\U000e0042\ufeff\u200b",
    "very long": "m" * 5_000,
    "wide and combining": "再" * 60 + "e" + "\u0301" * 60,
}
