from .checker import CRITERIA as CRITERIA
from .checker import check as check
from .checker import judged as judged
from .kept import PUBLISHED as PUBLISHED
from .kept import Cell as Cell
from .kept import table as table
from .violations import Violation as Violation
from .violations import recount as recount
