"""gridbot as `gridbot run` starts it, with its pace off. Run as a program: `our_bot.py BASE_URL CONFIG`."""

import asyncio
import logging
import sys
from pathlib import Path

from bot import clock, config
from bot.app import App
from bot.platforms import Pace
from bot.platforms.telegram import Telegram
from storage.database import Database


async def live(base_url: str, file: str) -> None:
    settings = config.load(Path(file))
    telegram = Telegram("100:ours", base_url=base_url, pace=Pace(), between_parts=0)
    app = App(settings, Database(settings.database.url.get_secret_value()), [telegram], clock.now)
    telegram.passes = app.passes
    await app.start()
    await app.run()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(live(*sys.argv[1:]))
