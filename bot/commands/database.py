"""The database of a bot that was set up, for the commands that look into it or switch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.store.db import Store


def existing(*, first: bool = False) -> Store:
    """
    The bot's database, migrated; raises UserError where there is none, as in a wrong folder.

    *first*: one that DATABASE_URL names may be made, for what is said before the bot's first start.
    """
    from bot.rules.errors import UserError
    from bot.settings import Settings
    from bot.store.db import Store

    settings = Settings()
    store = Store(settings.database_url)
    if not store.path.exists() and not (first and "database_url" in settings.model_fields_set):
        raise UserError(
            f"There is no database at {store.path.absolute()}. Set DATABASE_URL to the bot's, or work in its folder: "
            "for example DATABASE_URL=sqlite:////var/lib/mlbot/mlbot.db"
        )
    store.migrate()
    return store
