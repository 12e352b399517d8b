from .bradley_terry import PairCounts as PairCounts
from .bradley_terry import pair_counts as pair_counts
from .rank_metrics import pairs_right as pairs_right
