"""What any engine must pass. An engine is done when it does.

It needs the extra `treadle[testing]`. To run it against your engine, write a test module:

    from treadle.testing.conformance import *

    @pytest.fixture
    def opener(tmp_path: Path) -> Opener:
        @asynccontextmanager
        async def open_engine() -> AsyncIterator[Engine]:
            engine = await open_mine(tmp_path)
            try:
                yield engine
            finally:
                await engine.close()

        return open_engine

The async tests need anyio's pytest plugin: `anyio_mode = "auto"` in pytest's configuration, and an `anyio_backend`
fixture where they are to run on one loop only. `pytest.register_assert_rewrite("treadle.testing")` in a `conftest.py`,
before anything of it is imported, makes failures speak. A capability that the engine does not name skips what needs it.

Times are passed to every verb that takes one, so no test waits for a lease; they start at the engine's own clock.
"""

from treadle.testing.conformance.access import TestAccess, TestAudit
from treadle.testing.conformance.affinity import TestAffinity
from treadle.testing.conformance.asides import TestStandingAside
from treadle.testing.conformance.backup import TestBackup
from treadle.testing.conformance.bulk import TestBulkActions, TestSelections
from treadle.testing.conformance.cancelling import TestCancel
from treadle.testing.conformance.chains import TestChains, TestTriggers
from treadle.testing.conformance.claiming import TestClaim
from treadle.testing.conformance.clashes import TestDebounce, TestUnique
from treadle.testing.conformance.dependencies import TestCascades, TestConditions, TestDependencies, TestFamilies
from treadle.testing.conformance.documents import TestDocuments
from treadle.testing.conformance.enqueuing import TestEnqueue, TestUnchanged
from treadle.testing.conformance.events import TestEvents
from treadle.testing.conformance.failures import TestFailureGroups
from treadle.testing.conformance.keys import TestKeys
from treadle.testing.conformance.kv import TestKv, TestKvFence
from treadle.testing.conformance.lanes import TestLanes, TestLimits, TestPreemption, TestSeveralLanes
from treadle.testing.conformance.leases import TestLeases
from treadle.testing.conformance.letters import TestDeadLetters
from treadle.testing.conformance.logs import TestLogs
from treadle.testing.conformance.messages import TestConsumers, TestInbox, TestInboxOfProcesses
from treadle.testing.conformance.notices import TestNotices
from treadle.testing.conformance.opening import Opener, drive, engine
from treadle.testing.conformance.overlapping import TestOverlap
from treadle.testing.conformance.processes import TestProcesses
from treadle.testing.conformance.pruning import TestIdleLimits, TestPruning
from treadle.testing.conformance.queues import TestQueues
from treadle.testing.conformance.rates import TestQueueRates
from treadle.testing.conformance.reading import TestReading
from treadle.testing.conformance.schedules import TestSchedules
from treadle.testing.conformance.searching import TestSearching
from treadle.testing.conformance.settling import TestSettle
from treadle.testing.conformance.sharing import TestSharing
from treadle.testing.conformance.start_rates import TestRates
from treadle.testing.conformance.stats import TestRecent, TestStanding, TestStats
from treadle.testing.conformance.steps import TestSteps
from treadle.testing.conformance.suspects import TestSuspects
from treadle.testing.conformance.waits import TestWaits

__all__ = [
    "Opener",
    "TestAccess",
    "TestAudit",
    "TestAffinity",
    "TestBackup",
    "TestBulkActions",
    "TestCancel",
    "TestCascades",
    "TestChains",
    "TestClaim",
    "TestConditions",
    "TestConsumers",
    "TestDebounce",
    "TestDependencies",
    "TestDeadLetters",
    "TestDocuments",
    "TestEnqueue",
    "TestEvents",
    "TestFailureGroups",
    "TestFamilies",
    "TestIdleLimits",
    "TestInbox",
    "TestInboxOfProcesses",
    "TestKeys",
    "TestKv",
    "TestKvFence",
    "TestLanes",
    "TestLeases",
    "TestLimits",
    "TestLogs",
    "TestNotices",
    "TestOverlap",
    "TestPreemption",
    "TestProcesses",
    "TestPruning",
    "TestQueueRates",
    "TestQueues",
    "TestRates",
    "TestReading",
    "TestRecent",
    "TestSchedules",
    "TestSearching",
    "TestSelections",
    "TestSettle",
    "TestSeveralLanes",
    "TestSharing",
    "TestStanding",
    "TestStats",
    "TestSteps",
    "TestStandingAside",
    "TestSuspects",
    "TestTriggers",
    "TestUnchanged",
    "TestUnique",
    "TestWaits",
    "drive",
    "engine",
]
