"""One line of a batch, answered: text in, the JSON of the contract out."""

from __future__ import annotations

from datetime import date

import estimator
from data import Catalog
from estimator.answer import answer
from estimator.candidates import Estimator
from estimator.contract import Json, to_json, unclear_json
from estimator.line import identity, read
from estimator.line_work import work_of
from estimator.parse_keys import Unclear


def answer_line(line: str, catalog: Catalog, today: date, *, estimate: Estimator = estimator.estimate) -> Json:
    """The answer to a line of JSON, or the error that names its field."""
    try:
        name, asked = read(line)
        return to_json(answer(work_of(asked, catalog), catalog, today, estimate=estimate), name)
    except Unclear as unclear:
        return unclear_json(unclear, identity(line))
