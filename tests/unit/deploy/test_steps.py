"""What ``model add`` shows of a step while it works."""

import io
import sys
import threading

import pytest

from deploy.models import steps


class Terminal(io.StringIO):
    """A terminal, which says when a step's time was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.ticked = threading.Event()

    def isatty(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Keep a text."""
        if text.startswith("\r"):
            self.ticked.set()
        return super().write(text)


def test_terminal_shows_how_long_a_step_takes(monkeypatch):
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setattr(steps, "TICK_SECONDS", 0.01)
    before = threading.enumerate()
    with pytest.raises(ValueError, match="no"), steps.step("Comparing"):
        assert terminal.ticked.wait(30)
        raise ValueError("no")
    assert terminal.getvalue().startswith("Comparing …\rComparing … 0 s")
    assert terminal.getvalue().endswith("\rComparing … 0.0 s\n")
    assert threading.enumerate() == before


def test_pipe_gets_one_line(monkeypatch, capsys):
    monkeypatch.setattr(steps, "TICK_SECONDS", 0)
    with steps.step("Comparing"):
        pass
    assert capsys.readouterr().out == "Comparing … 0.0 s\n"
