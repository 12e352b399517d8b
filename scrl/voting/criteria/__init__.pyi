from .checker import CRITERIA as CRITERIA
from .checker import check_criterion as check_criterion
from .checker import is_testable as is_testable
from .counterexamples import PUBLISHED_CRITERIA as PUBLISHED_CRITERIA
from .counterexamples import TableCell as TableCell
from .counterexamples import satisfaction_table as satisfaction_table
from .violations import Violation as Violation
from .violations import recount_violation as recount_violation
