from .checker import CRITERIA as CRITERIA
from .checker import check as check
from .checker import judged as judged
from .counterexamples import PUBLISHED as PUBLISHED
from .counterexamples import Cell as Cell
from .counterexamples import table as table
from .violations import Violation as Violation
from .violations import recount as recount
