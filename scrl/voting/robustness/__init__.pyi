from .electorate import CHANGES as CHANGES
from .margins import EXACT_RULES as EXACT_RULES
from .margins import MarginOfVictory as MarginOfVictory
from .margins import margin_of_victory as margin_of_victory
