"""Ask: a model of raters questions the visitor."""

from ui.latent import fitted_run, quiz, quiz_study
from ui.shared import navigation, page, predict_first

#: The example on which the page opens: its people vary, so that one answer does not tell all.
OPENING = "six-kinds"


def show() -> None:
    page.opening("ask")
    job, fitted = fitted_run.choose(OPENING)
    if fitted is not None:
        quiz.show(job.id, fitted)
    predict_first.switch()
    quiz_study.show()


navigation.ensure_navigation()
show()
