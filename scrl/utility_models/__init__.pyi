from .ballot_sampling import sample_ranks as sample_ranks
from .ballot_table import BallotTable as BallotTable
from .ballot_table import tabulate as tabulate
from .tie_model import TieModel as TieModel
