from .artifacts import load as load
from .artifacts import save as save
from .artifacts import score as score
from .fitting import fit_social as fit_social
from .fitting import fit_vanilla as fit_vanilla
from .network import Reward as Reward
