from .model import SummaryModel as SummaryModel
from .model import SummaryReader as SummaryReader
from .model import fit as fit
from .training import SummariesConfig as SummariesConfig
from .vocabulary import Sentence as Sentence
from .vocabulary import Vocabulary as Vocabulary
from .vocabulary import other_sentence as other_sentence
from .vocabulary import vocabulary_of as vocabulary_of
