"""Ask: a model of raters questions the visitor."""

from ui.latent import fitted_run, quiz
from ui.shared import navigation, page, precompute, predict_first


def show() -> None:
    page.opening("ask")
    page.start_runtime()
    job, fitted = fitted_run.choose()
    if fitted is None:
        return
    precompute.start(job.id, fitted, ("where",))
    predict_first.switch()
    quiz.show(job.id, fitted)


navigation.ensure_navigation()
show()
