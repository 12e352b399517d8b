from .explanations import explain as explain
from .steps import Bars as Bars
from .steps import Explanation as Explanation
from .steps import Fit as Fit
from .steps import Graph as Graph
from .steps import Matrix as Matrix
from .steps import Rounds as Rounds
