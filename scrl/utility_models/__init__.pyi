from .ballot_table import BallotTable as BallotTable
from .ballot_table import tabulate as tabulate
