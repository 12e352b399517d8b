from .counts import ElectorateCounts as ElectorateCounts
from .counts import read_counts as read_counts
from .model_voters import VoterModel as VoterModel
from .model_voters import count_simulated_voters as count_simulated_voters
from .streamed_counting import count_electorate as count_electorate
from .streamed_counting import memory_of_contest as memory_of_contest
