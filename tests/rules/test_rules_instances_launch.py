"""What came of a verb on every machine of a request, in words."""

from __future__ import annotations

import pytest

from bot.rules.instances_launch import Came, summed

NOTE = "Its disks and addresses still cost $8.00 a month."


@pytest.mark.parametrize(
    ("came", "says"),
    [
        ([], "no machine of it is left."),
        ([Came("i-1", "done", notes=(NOTE,))], f"1 is being stopped. {NOTE}"),
        (
            [
                *(Came(f"i-{n}", "done", notes=(NOTE,)) for n in range(6)),
                Came("i-7", "stopped"),
                Came("i-8", "refused", "no."),
            ],
            f"6 are being stopped, 1 was stopped already, 1 refused: no. 6 x: {NOTE}",
        ),
        (
            [Came("i-1", "refused", "no."), Came("i-2", "refused", "no."), Came("i-3", "terminated")],
            "1 was terminated already, 2 refused: no.",
        ),
    ],
)
def test_each_result_is_told(came: list[Came], says: str) -> None:
    assert summed("stop", came) == says
