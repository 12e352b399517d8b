"""Whether a page stands there whole: nothing failed, every chart drawn, nothing cut off."""

from playwright.sync_api import expect

#: What a viewer would see cut off: the page itself, headings and labels, and charts beyond it.
CLIPPED = """() => {
  const found = [], main = document.querySelector('[data-testid=stMain]');
  if (main.scrollWidth > main.clientWidth + 1) found.push('the page scrolls sideways');
  const edge = main.getBoundingClientRect().right + 1;
  const words = 'h1, h2, h3, label p, [data-testid=stMetricLabel], [data-testid=stMetricValue], '
    + '[data-testid=stCaptionContainer], button p';
  for (const e of main.querySelectorAll(words)) {
    if (!e.checkVisibility({visibilityProperty: true}) || !e.clientWidth) continue;
    if (e.scrollWidth > e.clientWidth + 1) found.push('cut off: ' + e.innerText);
    if (e.getBoundingClientRect().right > edge) found.push('beyond the page: ' + e.innerText);
  }
  for (const e of main.querySelectorAll('.js-plotly-plot'))
    if (e.getBoundingClientRect().right > edge) found.push('a chart beyond the page');
  return found;
}"""
#: A drawn chart has a surface with something on it.
DRAWN = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(
  e => e.querySelector('.main-svg')?.getBoundingClientRect().height > 50)"""
#: The page stands still: the script has ended and nothing is a skeleton any more.
STILL = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState
  === 'notRunning' && !document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')"""


#: A property as computed of the first such element; null until there is one and it has the style.
STYLE = """([selector, property]) => {
  const e = document.querySelector(selector);
  return e && getComputedStyle(e)[property] || null;
}"""


def wait_until_drawn(page) -> None:
    """Until the script has ended and every chart is drawn."""
    page.wait_for_function(STILL)
    page.wait_for_function(DRAWN)


def computed_style(page, selector: str, property: str) -> str:
    """A CSS property of the first element of the drawn page.

    A chart that is drawn again replaces its elements, and a replaced element has no style.
    """
    wait_until_drawn(page)
    return page.wait_for_function(STYLE, arg=[selector, property]).json_value()


def assert_whole(page) -> None:
    """Nothing has failed on the page, every chart is drawn, and nothing is cut off."""
    wait_until_drawn(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(CLIPPED) == []
