from .choice_models.leaderboard_fits import fit_bradley_terry as fit_bradley_terry
from .choice_models.leaderboard_fits import fit_plackett_luce as fit_plackett_luce
from .choice_models.leaderboards import Leaderboard as Leaderboard
from .config import Config as Config
from .data.frames import ratings_from_frame as ratings_from_frame
from .data.readers import load_ratings as load_ratings
from .evaluation.held_out_accuracy import evaluate as evaluate
from .pipeline import Experiment as Experiment
from .pipeline import run as run
from .runs.report import to_dict as to_dict
from .scenarios.parsing import load_scenario as load_scenario
from .scenarios.scenario import Scenario as Scenario
from .scenarios.shipped import gallery as gallery
from .social.artifacts import load as load
from .social.artifacts import save as save
from .social.artifacts import score as score
from .types import Ballots as Ballots
from .types import InputError as InputError
from .types import Ratings as Ratings
from .voting import RULES as RULES
from .voting import Profile as Profile
from .voting import aggregate as aggregate

__version__: str
