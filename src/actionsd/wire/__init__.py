"""What the admin API and actionsctl say to each other: frozen structs, JSON on the wire, names in camel case.

Both sides import this module, so an answer that one side writes the other can read. Slugs name things here; ids of the
store stay inside. Times are aware datetimes (UTC), durations seconds, sizes bytes.
"""

from actionsd.wire.base import Done as Done
from actionsd.wire.base import Errors as Errors
from actionsd.wire.base import Problem as Problem
from actionsd.wire.base import Wire as Wire
from actionsd.wire.base import moment as moment
from actionsd.wire.explain import Explanation as Explanation
from actionsd.wire.explain import Explanations as Explanations
from actionsd.wire.explain import Step as Step
from actionsd.wire.ledger import Choice as Choice
from actionsd.wire.ledger import DeadLetter as DeadLetter
from actionsd.wire.ledger import DeadPage as DeadPage
from actionsd.wire.ledger import DeadRow as DeadRow
from actionsd.wire.ledger import PassedOver as PassedOver
from actionsd.wire.ledger import RetryPage as RetryPage
from actionsd.wire.ledger import RetryRow as RetryRow
from actionsd.wire.operation import Backup as Backup
from actionsd.wire.operation import BackupRequest as BackupRequest
from actionsd.wire.operation import CheckResult as CheckResult
from actionsd.wire.operation import PluginStatus as PluginStatus
from actionsd.wire.replays import Preview as Preview
from actionsd.wire.replays import ReplayPlan as ReplayPlan
from actionsd.wire.replays import ReplayRequest as ReplayRequest
from actionsd.wire.replays import ReplayStatus as ReplayStatus
from actionsd.wire.status import DestinationStatus as DestinationStatus
from actionsd.wire.status import JournalStatus as JournalStatus
from actionsd.wire.status import Listeners as Listeners
from actionsd.wire.status import MappingStatus as MappingStatus
from actionsd.wire.status import SourceStatus as SourceStatus
from actionsd.wire.status import Status as Status
from actionsd.wire.tail import Answered as Answered
from actionsd.wire.tail import Exchange as Exchange
from actionsd.wire.tail import Failure as Failure
from actionsd.wire.tail import Seen as Seen
from actionsd.wire.tail import Sent as Sent
from actionsd.wire.tokens import Lifetime as Lifetime
from actionsd.wire.tokens import NewToken as NewToken
from actionsd.wire.tokens import Role as Role
from actionsd.wire.tokens import TokenName as TokenName
from actionsd.wire.tokens import TokenPage as TokenPage
from actionsd.wire.tokens import TokenRequest as TokenRequest
from actionsd.wire.tokens import TokenRow as TokenRow
from actionsd.wire.workspace import DestinationChange as DestinationChange
from actionsd.wire.workspace import DestinationCreate as DestinationCreate
from actionsd.wire.workspace import DestinationDetail as DestinationDetail
from actionsd.wire.workspace import FieldChange as FieldChange
from actionsd.wire.workspace import FilterChange as FilterChange
from actionsd.wire.workspace import FilterCreate as FilterCreate
from actionsd.wire.workspace import FilterDetail as FilterDetail
from actionsd.wire.workspace import HistoryPage as HistoryPage
from actionsd.wire.workspace import HistoryRow as HistoryRow
from actionsd.wire.workspace import KeyRequest as KeyRequest
from actionsd.wire.workspace import MappingChange as MappingChange
from actionsd.wire.workspace import MappingCreate as MappingCreate
from actionsd.wire.workspace import MappingDetail as MappingDetail
from actionsd.wire.workspace import Place as Place
from actionsd.wire.workspace import SourceChange as SourceChange
from actionsd.wire.workspace import SourceCreate as SourceCreate
from actionsd.wire.workspace import SourceDetail as SourceDetail
