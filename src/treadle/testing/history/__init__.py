"""Judges what an installation did, afterwards, by three sources: what clients were told, the log of events, and a
ledger that handlers wrote themselves. No engine is judged by its own tables alone.

`judge` names each violation by its invariant:

I1   an accepted run is there, once, is ended, and is completed only where its handler came to its end
I2   what is final stays final, and is not executed again
I3   what is written carries the token of the claim that stands; nothing is executed under one that nobody gave
I4   no two claims hold a run at one time, and none is executed twice
I5   attempts keep to their maximum, and are counted one by one: a failure or loss spends one, what is given back none
I6   no lane has more runs in it than its limit lets
I7   a slot of a schedule is fired once, or recorded as skipped
I8   in a line, the first start of a run is overtaken by so many later ones at most
I9   a child starts only once its parents have completed
I10  a key names one run, and no run is there that nobody asked for
I11  after an accepted cancel no attempt begins, and the run ends cancelled, or completed
I12  nothing starts before it is due
I13  the events of a run have no gap, and who follows the log gets each event once, in order
"""

from treadle.testing.history.executions import append as append
from treadle.testing.history.executions import read as read
from treadle.testing.history.judging import judge as judge
from treadle.testing.history.records import Answer as Answer
from treadle.testing.history.records import Cancelled as Cancelled
from treadle.testing.history.records import Entry as Entry
from treadle.testing.history.records import History as History
from treadle.testing.history.records import Submitted as Submitted
from treadle.testing.history.records import Verdict as Verdict
from treadle.testing.history.records import Violation as Violation
from treadle.testing.history.records import Word as Word
