from .density import Density as Density
from .density import fit_density as fit_density
from .fitted_run import Learnt as Learnt
from .model import Individual as Individual
from .model import fit_individual as fit_individual
