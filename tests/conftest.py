"""The order of the tests, and what is printed after them: which leaves of the oracles are covered, and why not."""

from __future__ import annotations

import pytest

LONGEST = ("test_spinerisk_privacy.py", "test_guide.py")
"""Files whose fixtures take minutes: begun first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    rows = sorted(value for report in reports for name, value in report.user_properties if name == "oracle")
    if not rows:
        return
    terminalreporter.section("oracles: leaves that hold")
    for name, covered, total, absent, reasons in rows:
        data = f", {absent} whose data are absent here" if absent else ""
        terminalreporter.write_line(f"{name:28} {covered:4} of {total:4}{data}")
        for reason, count in reasons.items():
            terminalreporter.write_line(f"{'':28} {count:4} without: {reason}")
    covered, total = (sum(row[k] for row in rows) for k in (1, 2))
    terminalreporter.write_line(f"{'all':28} {covered:4} of {total:4}")
