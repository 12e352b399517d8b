from .artifacts import load_streamed as load_streamed
from .artifacts import save_streamed as save_streamed
from .fitted import RaterEmbedding as RaterEmbedding
from .fitted import StreamedRaters as StreamedRaters
from .fitted import Voters as Voters
from .settings import StreamedConfig as StreamedConfig
from .sources import BallotSource as BallotSource
from .training import train_streamed as train_streamed
