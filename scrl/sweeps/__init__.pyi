from .store import SweepStore as SweepStore
from .table import SweepRow as SweepRow
from .table import SweepTable as SweepTable
from .table import read_result as read_result
from .table import read_sweep as read_sweep
