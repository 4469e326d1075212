"""Text of strangers, as a terminal may show it."""

import unicodedata

LINE_CHARACTERS = 300

_BREAKS = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of what ends a line or moves a terminal's cursor, and of halves of characters."""

_DIRECTIONS = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))}
"""Marks that show what follows in another order than it is."""


def is_plain(text: str) -> bool:
    """Return whether a text is one line that looks like what it is."""
    return not any(letter in _DIRECTIONS or unicodedata.category(letter) in _BREAKS for letter in text)


def visible(text: str, most: int = LINE_CHARACTERS) -> str:
    """Return a text as one line that can be shown at a terminal, cut at so many characters."""
    line = " ".join(text[: 4 * most].split())
    shown = "".join(letter if is_plain(letter) else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
