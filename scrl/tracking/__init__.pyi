from .export import Exported as Exported
from .export import to_mlflow as to_mlflow
from .export import to_wandb as to_wandb
from .measures import curves_of as curves_of
from .measures import metrics_of as metrics_of
from .records import TrackedGroup as TrackedGroup
from .records import TrackedRun as TrackedRun
from .sources import tracked as tracked
