from . import metrics as metrics
from .held_out_sets import MEASURES as MEASURES
from .latent_health import health as health
