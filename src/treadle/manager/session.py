"""The services, open in a thread of their own."""

from __future__ import annotations

from treadle.bootstrap import make_data_folder, wire
from treadle.client.portal import Portal
from treadle.engines.open import open_engine
from treadle.events.hub import Hub
from treadle.meters.tally import Tally
from treadle.settings import Settings
from treadle.system import SystemClock


class Session:
    """Services for sync code: `session.call(session.services.runs.get(…))`. Closed by hand."""

    def __init__(self, settings: Settings) -> None:
        """Raises InvalidInput, SchemaTooNew and Unavailable as the engine does."""
        make_data_folder(settings)
        clock = SystemClock()
        self.call = Portal("treadle-manager")
        self.call.open()
        try:
            engine = self.call(open_engine(settings.engine_url, clock))
        except BaseException:
            self.call.close()
            raise
        self.services = wire(settings, engine, Hub(engine), clock, Tally())

    def close(self) -> None:
        """Let go of the engine, and end the thread."""
        self.call(self.services.engine.close())
        self.call.close()
