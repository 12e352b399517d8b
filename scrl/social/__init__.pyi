from .artifacts import load as load
from .artifacts import save as save
from .artifacts import score as score
from .comparisons import social_comparisons as social_comparisons
from .reward_model import Reward as Reward
from .reward_model import fit_social as fit_social
from .reward_model import fit_vanilla as fit_vanilla
