from .layers import Sizes as Sizes
from .layers import Table as Table
from .training import Phase as Phase
from .training import fit as fit
